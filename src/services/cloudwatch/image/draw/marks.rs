//! Annotations: lines across the graph, what they shade, and what is written at them.

use super::canvas::{Canvas, Frame, Side};
use super::graph::Plot;
use super::{Color, Fill, Mark, Picture};

const SIZE: f64 = 11.0;
const SHADE: f64 = 0.2;
const LINE: f64 = 1.4;
const GAP: f64 = 4.0;

/// Shades, which lie below the curves.
pub fn draw_areas(picture: &Picture, plot: &Plot, canvas: &mut Canvas) {
    let frame = plot.frame;
    for mark in &picture.horizontal {
        let axis = plot.axis(mark.on_right);
        let Some((from, to)) = shaded(mark, (axis.from, axis.to)) else { continue };
        let frame = Frame { top: axis.within(to), bottom: axis.within(from), ..frame };
        canvas.rectangle(frame, mark.color, SHADE);
    }
    for mark in &picture.vertical {
        let Some((from, to)) = shaded(mark, (plot.time.from, plot.time.to)) else { continue };
        let frame = Frame { left: plot.time.within(from), right: plot.time.within(to), ..frame };
        canvas.rectangle(frame, mark.color, SHADE);
    }
}

/// From where to where a mark shades.
pub fn shaded(mark: &Mark, (least, most): (f64, f64)) -> Option<(f64, f64)> {
    match (&mark.to, mark.fill) {
        (Some((to, _)), _) => Some((mark.at.min(*to), mark.at.max(*to))),
        (None, Fill::Less) => Some((least, mark.at.max(least))),
        (None, Fill::More) => Some((mark.at.min(most), most)),
        (None, Fill::None) => None,
    }
}

/// Lines with their labels, which lie above the curves. A label goes where no other is, and no line.
pub fn draw_lines(picture: &Picture, plot: &Plot, canvas: &mut Canvas) {
    let frame = plot.frame;
    let mut taken = lines(picture, plot);
    for (at, label, mark) in picture.vertical.iter().flat_map(edges) {
        if (plot.time.from..=plot.time.to).contains(&at) {
            let x = plot.time.place(at);
            canvas.line((x, frame.top), (x, frame.bottom), LINE, mark.color);
            write(label, mark.color, &beside(x, label, plot, canvas), &mut taken, canvas);
        }
    }
    for (at, label, mark) in picture.horizontal.iter().flat_map(edges) {
        let axis = plot.axis(mark.on_right);
        if (axis.from..=axis.to).contains(&at) {
            let y = axis.place(at);
            canvas.line((frame.left, y), (frame.right, y), LINE, mark.color);
            write(label, mark.color, &along(y, label, plot, canvas), &mut taken, canvas);
        }
    }
}

/// All lines, as places where nothing is to be written.
fn lines(picture: &Picture, plot: &Plot) -> Vec<Frame> {
    let upright = picture.vertical.iter().flat_map(edges).map(|(at, ..)| plot.time.place(at));
    let level = picture.horizontal.iter().flat_map(edges).map(|(at, _, mark)| plot.axis(mark.on_right).place(at));
    let upright = upright.map(|x| Frame { left: x - LINE, right: x + LINE, ..plot.frame });
    upright.chain(level.map(|y| Frame { top: y - LINE, bottom: y + LINE, ..plot.frame })).collect()
}

/// One line, or the two of a band.
fn edges(mark: &Mark) -> impl Iterator<Item = (f64, &str, &Mark)> {
    let other = mark.to.iter().map(move |(at, label)| (*at, label.as_str(), mark));
    std::iter::once((mark.at, mark.label.as_str(), mark)).chain(other)
}

/// Where a label of an upright line may stand: right of it, else left, in one row or another.
fn beside(x: f64, label: &str, plot: &Plot, canvas: &Canvas) -> Vec<Frame> {
    let frame = plot.frame;
    let width = canvas.width(label, SIZE).min(frame.width());
    let rows = ((frame.height() / (SIZE + GAP)) as usize).min(12);
    let sides = [x + GAP, x - GAP - width];
    let fits = |left: &f64| *left >= frame.left && left + width <= frame.right + 1.0;
    let place = |(row, left): (usize, f64)| {
        let top = frame.top + 2.0 + row as f64 * (SIZE + GAP);
        Frame::new(left, top, left + width, top + SIZE)
    };
    let places = (0..rows).flat_map(|row| sides.into_iter().filter(fits).map(move |left| (row, left)));
    places.map(place).collect()
}

/// Where a label of a level line may stand: above it or below, at the right end, else farther left.
fn along(y: f64, label: &str, plot: &Plot, canvas: &Canvas) -> Vec<Frame> {
    let frame = plot.frame;
    let width = canvas.width(label, SIZE).min(frame.width() - 2.0 * GAP);
    let rows = [y - GAP - SIZE + 2.0, y + GAP - 2.0];
    let fits = |top: &f64| *top >= frame.top - SIZE && top + SIZE <= frame.bottom;
    let columns = (0..6).map(|n| frame.right - GAP - width - f64::from(n) * frame.width() / 6.0);
    let columns = columns.filter(|left| *left >= frame.left + GAP - 1.0);
    let places = columns.flat_map(|left| rows.into_iter().filter(fits).map(move |top| (left, top)));
    places.map(|(left, top)| Frame::new(left, top, left + width, top + SIZE)).collect()
}

/// Writes a label at the first place that is free, else at the first.
fn write(label: &str, color: Color, places: &[Frame], taken: &mut Vec<Frame>, canvas: &mut Canvas) {
    if label.is_empty() {
        return;
    }
    let is_free = |place: &&Frame| !taken.iter().any(|other| overlap(place, other));
    let Some(place) = places.iter().find(is_free).or(places.first()).copied() else { return };
    let text = canvas.fit(label, SIZE, place.width() + 1.0);
    canvas.rectangle(place, canvas.theme.back, 0.6);
    canvas.text(&text, (place.left, place.bottom - 2.0), SIZE, color, Side::Left);
    taken.push(place);
}

fn overlap(a: &Frame, b: &Frame) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
