//! What the colours stand for.

use super::canvas::{Canvas, Frame, Point, Side};
use super::theme::{Color, WARNING};
use super::{Curve, Legend, Picture, View};

const SIZE: f64 = 12.0;
const ROW: f64 = 17.0;
/// A square of a colour, and the space around it.
const SWATCH: f64 = 10.0;
const GAP: f64 = 6.0;
/// Between an entry and the next.
const APART: f64 = 14.0;

/// Writes the legend, and answers what is left beside it.
pub fn draw(picture: &Picture, frame: Frame, canvas: &mut Canvas) -> Frame {
    // Numbers have their labels with them.
    if picture.curves.is_empty() || matches!(picture.view, View::Numbers { .. } | View::Gauge) {
        return frame;
    }
    match picture.legend {
        Legend::Hidden => frame,
        Legend::Right => draw_right(picture, frame, canvas),
        Legend::Bottom => draw_below(picture, frame, canvas),
    }
}

fn draw_right(picture: &Picture, frame: Frame, canvas: &mut Canvas) -> Frame {
    let widest = picture.curves.iter().map(|curve| entry_width(curve, canvas)).fold(0.0, f64::max);
    let width = widest.min(frame.width() * 0.4);
    let left = frame.right - width;
    let room = ((frame.height() / ROW) as usize).max(1);
    let shown = if picture.curves.len() > room { room - 1 } else { room };
    let mut y = frame.top + ROW;
    for curve in picture.curves.iter().take(shown) {
        entry(curve, (left, y), width, canvas);
        y += ROW;
    }
    more(picture.curves.len().saturating_sub(shown), (left, y), canvas);
    Frame { right: left - APART, ..frame }
}

/// Entries in rows, which take no more than a third of the space.
fn draw_below(picture: &Picture, frame: Frame, canvas: &mut Canvas) -> Frame {
    let most = ((frame.height() / 3.0 / ROW) as usize).max(1);
    let (mut rows, mut used): (Vec<Vec<&Curve>>, f64) = (vec![Vec::new()], 0.0);
    for curve in &picture.curves {
        let width = entry_width(curve, canvas).min(frame.width());
        if used > 0.0 && used + width > frame.width() {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += width + APART;
        rows.last_mut().into_iter().for_each(|row| row.push(curve));
    }
    let left_out: usize = rows.iter().skip(most).map(Vec::len).sum();
    rows.truncate(most);
    let lines = rows.len() + usize::from(left_out > 0);
    let top = frame.bottom - lines as f64 * ROW;
    let mut y = top + ROW - 4.0;
    for row in &rows {
        let mut x = frame.left;
        for curve in row {
            let width = entry_width(curve, canvas).min(frame.width());
            entry(curve, (x, y), width, canvas);
            x += width + APART;
        }
        y += ROW;
    }
    more(left_out, (frame.left, y), canvas);
    Frame { bottom: top - 4.0, ..frame }
}

fn entry_width(curve: &Curve, canvas: &Canvas) -> f64 {
    let warning = if curve.is_partial { SWATCH + GAP } else { 0.0 };
    SWATCH + GAP + warning + canvas.width(&curve.label, SIZE).ceil() + 1.0
}

fn entry(curve: &Curve, (mut x, y): Point, width: f64, canvas: &mut Canvas) {
    let end = x + width;
    swatch((x, y), curve.color, canvas);
    x += SWATCH + GAP;
    if curve.is_partial {
        triangle((x, y), canvas);
        x += SWATCH + GAP;
    }
    let text = canvas.fit(&curve.label, SIZE, end - x);
    canvas.text(&text, (x, y), SIZE, canvas.theme.faint, Side::Left);
}

/// A square before a text that stands on a line.
pub fn swatch((x, y): Point, color: Color, canvas: &mut Canvas) {
    canvas.rectangle(Frame::new(x, y - SWATCH + 1.0, x + SWATCH, y + 1.0), color, 1.0);
}

/// An exclamation mark in a triangle: "any metric on the graph could not load all the requested data points".
fn triangle((x, y): Point, canvas: &mut Canvas) {
    let corners = [(x + SWATCH / 2.0, y - SWATCH + 1.0), (x + SWATCH, y + 1.0), (x, y + 1.0)];
    canvas.area(&corners, WARNING, 1.0);
    canvas.text("!", (x + SWATCH / 2.0, y), 9.0, canvas.theme.back, Side::Middle);
}

fn more(count: usize, at: Point, canvas: &mut Canvas) {
    if count > 0 {
        canvas.text(&format!("{count} more"), at, SIZE, canvas.theme.faint, Side::Left);
    }
}
