//! A bar a metric, from left to right.

use super::canvas::{Canvas, Frame, Side};
use super::scale::{self, Scale, Ticks};
use super::{Curve, Picture, marks};

const SIZE: f64 = 11.0;
const GAP: f64 = 6.0;
const BELOW: f64 = 18.0;
const ABOVE: f64 = 16.0;
/// Between a number of the axis and the next, about.
const ROOM: f64 = 70.0;
/// How much of a bar's place it takes, and how high it is at most.
const PART: f64 = 0.6;
const HIGH: f64 = 40.0;

pub fn draw(picture: &Picture, frame: Frame, canvas: &mut Canvas) {
    let label_width = |curve: &Curve| canvas.width(&curve.label, SIZE);
    let labels = picture.curves.iter().map(label_width).fold(0.0, f64::max).min(frame.width() * 0.3);
    let top = frame.top + if picture.left.label.is_empty() { GAP } else { ABOVE };
    // The number at the end of a bar may stand beyond the last of the axis.
    let inner = Frame { left: frame.left + labels + GAP, top, right: frame.right - 40.0, bottom: frame.bottom - BELOW };
    let values = picture.curves.iter().filter_map(|curve| curve.value);
    let lines = picture.horizontal.iter().flat_map(|mark| [Some(mark.at), mark.to.as_ref().map(|(to, _)| *to)]);
    let values = values.chain(lines.flatten()).chain([0.0]);
    let ticks = Ticks::new(values, (picture.left.min, picture.left.max), inner.width() / ROOM);
    let axis = Scale { from: ticks.from, to: ticks.to, start: inner.left, end: inner.right.max(inner.left + 1.0) };

    canvas.text(&picture.left.label, (frame.left, top - 6.0), SIZE, canvas.theme.faint, Side::Left);
    for value in ticks.values() {
        let x = axis.place(value);
        canvas.line((x, inner.top), (x, inner.bottom), 1.0, canvas.theme.grid);
        let y = inner.bottom + BELOW - 3.0;
        canvas.text(&scale::number(value), (x, y), SIZE, canvas.theme.faint, Side::Middle);
    }
    let place = inner.height() / picture.curves.len().max(1) as f64;
    let high = (place * PART).min(HIGH);
    for (n, curve) in picture.curves.iter().enumerate() {
        let middle = inner.top + (n as f64 + 0.5) * place;
        let row = Frame { top: middle - high / 2.0, bottom: middle + high / 2.0, ..inner };
        draw_bar(curve, &axis, row, frame.left + labels, canvas);
    }
    draw_marks(picture, &axis, inner, canvas);
    let zero = axis.within(0.0);
    canvas.line((zero, inner.top), (zero, inner.bottom), 1.0, canvas.theme.axis);
}

fn draw_bar(curve: &Curve, axis: &Scale, row: Frame, label_end: f64, canvas: &mut Canvas) {
    let (_, middle) = row.middle();
    let y = middle + SIZE * 0.35;
    let width = label_end - super::EDGE;
    if row.height() > 4.0 {
        let label = canvas.fit(&curve.label, SIZE, width + 1.0);
        canvas.text(&label, (label_end, y), SIZE, canvas.theme.faint, Side::Right);
    }
    let Some(value) = curve.value else { return };
    let (zero, end) = (axis.within(0.0), axis.within(value));
    canvas.rectangle(Frame { left: zero.min(end), right: zero.max(end), ..row }, curve.color, 1.0);
    if row.height() > 4.0 {
        let x = zero.max(end) + GAP;
        canvas.text(&scale::number(value), (x, y), SIZE, canvas.theme.text, Side::Left);
    }
}

/// Lines for values stand upright here.
fn draw_marks(picture: &Picture, axis: &Scale, frame: Frame, canvas: &mut Canvas) {
    for mark in &picture.horizontal {
        if let Some((from, to)) = marks::shaded(mark, (axis.from, axis.to)) {
            let shade = Frame { left: axis.within(from), right: axis.within(to), ..frame };
            canvas.rectangle(shade, mark.color, 0.2);
        }
        for (at, label) in [(mark.at, &mark.label)].into_iter().chain(mark.to.iter().map(|(at, label)| (*at, label))) {
            if (axis.from..=axis.to).contains(&at) {
                let x = axis.place(at);
                canvas.line((x, frame.top), (x, frame.bottom), 1.4, mark.color);
                let text = canvas.fit(label, SIZE, frame.width());
                canvas.text(&text, (x - 3.0, frame.top + SIZE), SIZE, mark.color, Side::Right);
            }
        }
    }
}
