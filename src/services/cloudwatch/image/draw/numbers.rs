//! Metrics as numbers, each with its label and, as is wanted, a small graph.

use super::canvas::{Canvas, Frame, Point, Side};
use super::graph::thin;
use super::scale::{self, Scale, Ticks};
use super::{Curve, Picture, gauge};

const LABEL: f64 = 16.0;

pub fn draw(picture: &Picture, (sparkline, exact): (bool, bool), frame: Frame, canvas: &mut Canvas) {
    for (curve, cell) in picture.curves.iter().zip(frame.grid(picture.curves.len())) {
        let cell = cell.shrink(6.0);
        let (number, graph) = match sparkline {
            true => {
                let middle = cell.top + cell.height() * 0.62;
                (Frame { bottom: middle, ..cell }, Some(Frame { top: middle + 4.0, ..cell }))
            }
            false => (cell, None),
        };
        draw_number(curve, exact, number, canvas);
        graph.into_iter().for_each(|frame| draw_sparkline(picture, curve, frame, canvas));
    }
}

fn draw_number(curve: &Curve, exact: bool, cell: Frame, canvas: &mut Canvas) {
    let write = |value: f64| if exact { value.to_string() } else { scale::number(value) };
    let text = curve.value.map_or("--".to_owned(), write);
    let (middle, center) = cell.middle();
    let wanted = ((cell.height() - LABEL) * 0.6).clamp(10.0, 64.0);
    let width = canvas.width(&text, wanted);
    let size = (wanted * (cell.width() / width.max(1.0)).min(1.0)).max(8.0);
    let y = center + size * 0.3 - LABEL / 2.0;
    canvas.text(&text, (middle, y), size, canvas.theme.text, Side::Middle);
    gauge::label(curve, (middle, (y + size * 0.2 + LABEL).min(cell.bottom - 1.0)), cell.width(), canvas);
}

/// The points of the whole time, without axes.
fn draw_sparkline(picture: &Picture, curve: &Curve, frame: Frame, canvas: &mut Canvas) {
    let ticks = Ticks::new(curve.points.iter().map(|(_, value)| *value), (None, None), 4.0);
    let (start, end) = picture.span;
    let time = Scale { from: start as f64, to: end.max(start + 1) as f64, start: frame.left, end: frame.right };
    let axis = Scale { from: ticks.from, to: ticks.to, start: frame.bottom, end: frame.top };
    let points = curve.points.iter().map(|(at, value)| (time.within(*at as f64), axis.within(*value)));
    let points: Vec<Point> = thin(points.collect());
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let foot = [(last.0, frame.bottom), (first.0, frame.bottom)];
    if points.len() > 1 {
        canvas.area(&[&points[..], &foot].concat(), curve.color, 0.2);
        canvas.path(&points, 1.4, curve.color);
    } else {
        canvas.circle(*first, 2.0, curve.color);
    }
}
