//! A half ring a metric: how far its value is from one end to the other.

use std::f64::consts::PI;

use super::canvas::{Canvas, Frame, Side};
use super::legend::swatch;
use super::pie::{arc, on};
use super::scale::{self, Scale};
use super::{Color, Curve, Picture, marks};

const SIZE: f64 = 12.0;
/// The ring's breadth, as a part of its radius; and that of the ring outside, which shows annotations.
const BROAD: f64 = 0.22;
const OUTSIDE: f64 = 0.05;

pub fn draw(picture: &Picture, frame: Frame, canvas: &mut Canvas) {
    for (curve, cell) in picture.curves.iter().zip(frame.grid(picture.curves.len())) {
        draw_one(picture, curve, cell.shrink(6.0), canvas);
    }
}

fn draw_one(picture: &Picture, curve: &Curve, cell: Frame, canvas: &mut Canvas) {
    let below = SIZE * 3.2;
    let radius = (cell.width() / 2.0 - 16.0).min(cell.height() - below).max(1.0);
    let (middle, _) = cell.middle();
    let room = (cell.height() - below - radius).max(0.0) / 2.0;
    let center = (middle, cell.top + room + radius);
    let (from, to) = (picture.left.min.unwrap_or(0.0), picture.left.max.unwrap_or(100.0));
    // From the left over the top to the right.
    let axis = Scale { from, to: if to > from { to } else { from + 1.0 }, start: PI, end: 2.0 * PI };
    let ring = (radius, radius * (1.0 - BROAD));

    canvas.area(&arc(center, ring, (axis.start, axis.end)), canvas.theme.grid, 1.0);
    if let Some(value) = curve.value {
        let end = axis.within(value);
        canvas.area(&arc(center, ring, (axis.start, end)), color_at(picture, curve, value), 1.0);
    }
    let outside = (radius * (1.0 + OUTSIDE * 1.5), radius * (1.0 + OUTSIDE * 0.5));
    for mark in &picture.horizontal {
        if let Some((low, high)) = marks::shaded(mark, (axis.from, axis.to)) {
            canvas.area(&arc(center, outside, (axis.within(low), axis.within(high))), mark.color, 1.0);
        } else if (axis.from..=axis.to).contains(&mark.at) {
            let angle = axis.place(mark.at);
            canvas.line(on(center, ring.1, angle), on(center, outside.0, angle), 2.0, mark.color);
        }
    }
    write(curve, &axis, (center, radius), cell, canvas);
}

/// The colour of the annotation that a value lies in, else that of the metric.
fn color_at(picture: &Picture, curve: &Curve, value: f64) -> Color {
    let holds = |ends: (f64, f64)| ends.0 <= value && value <= ends.1;
    let mut marks = picture.horizontal.iter().rev();
    let found = marks.find(|mark| marks::shaded(mark, (f64::NEG_INFINITY, f64::INFINITY)).is_some_and(holds));
    found.map_or(curve.color, |mark| mark.color)
}

fn write(curve: &Curve, axis: &Scale, (center, radius): ((f64, f64), f64), cell: Frame, canvas: &mut Canvas) {
    let text = curve.value.map_or("--".to_owned(), scale::number);
    let size = (radius * 0.36).clamp(10.0, 48.0);
    canvas.text(&text, (center.0, center.1 - radius * 0.08), size, canvas.theme.text, Side::Middle);
    let (at, y) = (radius * (1.0 - BROAD / 2.0), center.1 + SIZE + 4.0);
    canvas.text(&scale::number(axis.from), (center.0 - at, y), SIZE, canvas.theme.faint, Side::Middle);
    canvas.text(&scale::number(axis.to), (center.0 + at, y), SIZE, canvas.theme.faint, Side::Middle);
    label(curve, (center.0, y + SIZE + 4.0), cell.width(), canvas);
}

/// A metric's label below its value, with its colour.
pub fn label(curve: &Curve, (middle, y): (f64, f64), width: f64, canvas: &mut Canvas) {
    let text = canvas.fit(&curve.label, SIZE, width - 20.0);
    let wide = canvas.width(&text, SIZE) + 16.0;
    swatch((middle - wide / 2.0, y), curve.color, canvas);
    canvas.text(&text, (middle - wide / 2.0 + 16.0, y), SIZE, canvas.theme.faint, Side::Left);
}
