//! Each metric's part of all.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::canvas::{Canvas, Frame, Point, Side};
use super::{Color, Curve, Picture};

const SIZE: f64 = 12.0;
/// Parts that are smaller than this have no number in them.
const LABELLED: f64 = 0.04;
/// A corner of the circle every so many radians.
const ARC: f64 = 0.02;

pub fn draw(picture: &Picture, frame: Frame, canvas: &mut Canvas) {
    // There are no negative parts.
    let parts = picture.curves.iter().filter_map(|curve| Some((curve, curve.value.filter(|value| *value > 0.0)?)));
    let parts: Vec<(&Curve, f64)> = parts.collect();
    let all: f64 = parts.iter().map(|(_, value)| value).sum();
    let center = frame.middle();
    let radius = (frame.width().min(frame.height()) / 2.0 - 4.0).max(1.0);
    if all <= 0.0 || !all.is_finite() {
        let circle = arc(center, (radius, radius - 1.5), (0.0, TAU));
        canvas.area(&circle, canvas.theme.grid, 1.0);
        return;
    }
    // From the top, clockwise.
    let mut angle = -FRAC_PI_2;
    for (curve, value) in &parts {
        let end = angle + TAU * value / all;
        canvas.area(&arc(center, (radius, 0.0), (angle, end)), curve.color, 1.0);
        angle = end;
    }
    let mut angle = -FRAC_PI_2;
    for (curve, value) in &parts {
        let end = angle + TAU * value / all;
        if parts.len() > 1 {
            canvas.line(center, on(center, radius, angle), 1.0, canvas.theme.back);
        }
        if value / all >= LABELLED {
            let (x, y) = on(center, radius * 0.7, (angle + end) / 2.0);
            let text = format!("{:.1}%", 100.0 * value / all);
            canvas.text(&text, (x, y + SIZE * 0.35), SIZE, readable_on(curve.color), Side::Middle);
        }
        angle = end;
    }
}

/// The corners of a part of a ring, or of a circle.
pub fn arc(center: Point, (outer, inner): (f64, f64), (from, to): (f64, f64)) -> Vec<Point> {
    let steps = ((to - from).abs() / ARC).ceil().max(1.0) as usize;
    let angles: Vec<f64> = (0..=steps).map(|n| from + (to - from) * n as f64 / steps as f64).collect();
    let edge = angles.iter().map(|angle| on(center, outer, *angle));
    let back = angles.iter().rev().map(|angle| on(center, inner, *angle));
    if inner > 0.0 { edge.chain(back).collect() } else { edge.chain([center]).collect() }
}

/// A point of a circle.
pub fn on((x, y): Point, radius: f64, angle: f64) -> Point {
    (x + radius * angle.cos(), y + radius * angle.sin())
}

/// Black or white, whichever can be read on a colour.
fn readable_on(Color(red, green, blue): Color) -> Color {
    let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if light > 140.0 { Color(0, 0, 0) } else { Color(255, 255, 255) }
}
