//! Curves over time, as lines or stacked on each other.

use std::collections::{BTreeMap, BTreeSet};

use super::canvas::{Canvas, Frame, Point, Side};
use super::scale::{self, Scale, Ticks};
use super::{Axis, Color, Curve, Picture, View, marks};

const SIZE: f64 = 11.0;
/// Between numbers and the graph.
const GAP: f64 = 6.0;
/// For the times below, and for the labels above the axes.
const BELOW: f64 = 18.0;
const ABOVE: f64 = 16.0;
/// Between one number of the axis and the next, about, and between times.
const VALUE_ROOM: f64 = 40.0;
const TIME_ROOM: f64 = 64.0;
/// Lines, and points that stand alone.
const LINE: f64 = 1.4;
const DOT: f64 = 2.0;
/// Points that are no more periods apart than this belong together.
const JOINED: f64 = 1.5;

/// Where everything of a graph is.
pub struct Plot {
    pub frame: Frame,
    pub time: Scale,
    pub left: Scale,
    pub right: Scale,
}

impl Plot {
    /// The axis of a side.
    pub fn axis(&self, on_right: bool) -> &Scale {
        if on_right { &self.right } else { &self.left }
    }
}

/// A curve that lies on others: its edges, by moment.
struct Layer<'p> {
    curve: &'p Curve,
    below: Vec<(i64, f64)>,
    above: Vec<(i64, f64)>,
}

pub fn draw(picture: &Picture, frame: Frame, canvas: &mut Canvas) {
    let layers = [false, true].map(|on_right| layers(picture, on_right));
    let has = |on_right: bool| {
        picture.curves.iter().any(|curve| curve.on_right == on_right)
            || picture.horizontal.iter().any(|mark| mark.on_right == on_right)
    };
    let has_right = has(true);
    // A graph of nothing has an axis, too.
    let has_left = has(false) || !has_right;
    let labels = (has_left && !picture.left.label.is_empty()) || (has_right && !picture.right.label.is_empty());
    let top = frame.top + if labels { ABOVE } else { SIZE / 2.0 };
    let bottom = frame.bottom - BELOW;
    let count = ((bottom - top) / VALUE_ROOM).clamp(2.0, 8.0);
    let [left, right] = [false, true].map(|on_right| ticks(picture, &layers, on_right, count));
    let room = |ticks: &Ticks, shown: bool, canvas: &Canvas| match shown {
        true => ticks.values().iter().map(|v| canvas.width(&scale::number(*v), SIZE)).fold(0.0, f64::max) + GAP,
        false => SIZE,
    };
    let inner = Frame {
        left: frame.left + room(&left, has_left, canvas),
        top,
        right: (frame.right - room(&right, has_right, canvas)).max(frame.left + 1.0),
        bottom,
    };
    let (start, end) = picture.span;
    let time = Scale { from: start as f64, to: (end.max(start + 1)) as f64, start: inner.left, end: inner.right };
    let of = |ticks: &Ticks| Scale { from: ticks.from, to: ticks.to, start: inner.bottom, end: inner.top };
    let plot = Plot { frame: inner, time, left: of(&left), right: of(&right) };

    draw_grid(&plot, if has_left { &left } else { &right }, !has_left, canvas);
    marks::draw_areas(picture, &plot, canvas);
    if picture.view == View::Stacked {
        layers.iter().flatten().for_each(|layer| draw_layer(layer, &plot, canvas));
    }
    picture.curves.iter().for_each(|curve| draw_curve(picture, curve, &plot, canvas));
    draw_axes(picture, &plot, (has_left.then_some(&left), has_right.then_some(&right)), canvas);
    marks::draw_lines(picture, &plot, canvas);
}

/// Curves of a side from the lowest to the highest. Where one has no point it is as high as nothing.
fn layers(picture: &Picture, on_right: bool) -> Vec<Layer<'_>> {
    if picture.view != View::Stacked {
        return Vec::new();
    }
    let curves = picture.curves.iter().filter(|curve| curve.on_right == on_right && curve.lower.is_none());
    let curves: Vec<&Curve> = curves.collect();
    let moments: BTreeSet<i64> = curves.iter().flat_map(|curve| curve.points.iter().map(|(at, _)| *at)).collect();
    // Of many moments no more are looked at than there are places in the picture.
    let step = moments.len() / (2 * picture.width as usize + 1) + 1;
    let mut below: Vec<(i64, f64)> = moments.into_iter().step_by(step).map(|at| (at, 0.0)).collect();
    let mut layers = Vec::new();
    for curve in curves {
        let values: BTreeMap<i64, f64> = curve.points.iter().copied().collect();
        let above: Vec<_> =
            below.iter().map(|(at, sum)| (*at, sum + values.get(at).copied().unwrap_or_default())).collect();
        layers.push(Layer { curve, below: std::mem::replace(&mut below, above.clone()), above });
    }
    layers
}

/// What the axis of a side has to show: its curves and its lines.
fn ticks(picture: &Picture, layers: &[Vec<Layer>; 2], on_right: bool, count: f64) -> Ticks {
    let axis: &Axis = if on_right { &picture.right } else { &picture.left };
    let is_shown = |curve: &&Curve| curve.on_right == on_right;
    let points = |points: &[(i64, f64)]| points.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let mut values: Vec<f64> = Vec::new();
    if picture.view == View::Stacked {
        let side = layers.get(usize::from(on_right)).into_iter().flatten();
        side.for_each(|layer| values.extend(points(&layer.below).into_iter().chain(points(&layer.above))));
    } else {
        picture.curves.iter().filter(is_shown).for_each(|curve| values.extend(points(&curve.points)));
    }
    for curve in picture.curves.iter().filter(is_shown) {
        values.extend(curve.lower.iter().flat_map(|lower| points(lower)));
    }
    for mark in picture.horizontal.iter().filter(|mark| mark.on_right == on_right) {
        values.push(mark.at);
        values.extend(mark.to.iter().map(|(to, _)| *to));
    }
    Ticks::new(values.into_iter(), (axis.min, axis.max), count)
}

fn draw_grid(plot: &Plot, ticks: &Ticks, on_right: bool, canvas: &mut Canvas) {
    for value in ticks.values() {
        let y = plot.axis(on_right).place(value);
        canvas.line((plot.frame.left, y), (plot.frame.right, y), 1.0, canvas.theme.grid);
    }
}

fn draw_axes(picture: &Picture, plot: &Plot, (left, right): (Option<&Ticks>, Option<&Ticks>), canvas: &mut Canvas) {
    let (frame, faint) = (plot.frame, canvas.theme.faint);
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), 1.0, canvas.theme.axis);
    for (ticks, axis, x, side) in
        [(left, &plot.left, frame.left - GAP, Side::Right), (right, &plot.right, frame.right + GAP, Side::Left)]
    {
        for value in ticks.into_iter().flat_map(Ticks::values) {
            canvas.text(&scale::number(value), (x, axis.place(value) + SIZE * 0.35), SIZE, faint, side);
        }
    }
    let half = if left.is_some() && right.is_some() { frame.width() / 2.0 } else { frame.width() } + frame.left;
    if left.is_some() {
        let text = canvas.fit(&picture.left.label, SIZE, half - GAP);
        canvas.text(&text, (EDGE_OF_PICTURE, frame.top - 8.0), SIZE, faint, Side::Left);
    }
    if right.is_some() {
        let end = f64::from(picture.width) - EDGE_OF_PICTURE;
        let end = if picture.legend == super::Legend::Right { frame.right + GAP } else { end };
        let text = canvas.fit(&picture.right.label, SIZE, half - GAP);
        canvas.text(&text, (end, frame.top - 8.0), SIZE, faint, Side::Right);
    }
    draw_times(picture, plot, canvas);
}

const EDGE_OF_PICTURE: f64 = super::EDGE;

/// Times below the graph; none beyond its ends, and none over another.
fn draw_times(picture: &Picture, plot: &Plot, canvas: &mut Canvas) {
    let (frame, faint) = (plot.frame, canvas.theme.faint);
    let mut free = 0.0;
    for (at, text) in scale::moments(picture.span, picture.zone, frame.width() / TIME_ROOM) {
        let (x, width) = (plot.time.place(at as f64), canvas.width(&text, SIZE));
        canvas.line((x, frame.bottom), (x, frame.bottom + 4.0), 1.0, canvas.theme.axis);
        let start = (x - width / 2.0).min(f64::from(picture.width) - width - 1.0).max(1.0);
        if start >= free {
            canvas.text(&text, (start, frame.bottom + BELOW - 3.0), SIZE, faint, Side::Left);
            free = start + width + GAP;
        }
    }
}

fn draw_curve(picture: &Picture, curve: &Curve, plot: &Plot, canvas: &mut Canvas) {
    match &curve.lower {
        Some(lower) => draw_band(&curve.points, lower, curve, plot, canvas),
        None if picture.view == View::Stacked => {}
        None => draw_line(&curve.points, curve, plot, canvas),
    }
}

fn draw_layer(Layer { curve, below, above }: &Layer, plot: &Plot, canvas: &mut Canvas) {
    fill_between(above, below, (curve.color, 0.75), plot, curve.on_right, canvas);
    draw_line(above, curve, plot, canvas);
}

fn draw_band(upper: &[(i64, f64)], lower: &[(i64, f64)], curve: &Curve, plot: &Plot, canvas: &mut Canvas) {
    fill_between(upper, lower, (curve.color, 0.3), plot, curve.on_right, canvas);
}

fn fill_between(
    upper: &[(i64, f64)],
    lower: &[(i64, f64)],
    (color, opacity): (Color, f64),
    plot: &Plot,
    on_right: bool,
    canvas: &mut Canvas,
) {
    let place = |(at, value): &(i64, f64)| (plot.time.within(*at as f64), plot.axis(on_right).within(*value));
    let edge = |points: &[(i64, f64)]| thin(points.iter().map(place).collect());
    let edge: Vec<Point> = edge(upper).into_iter().chain(edge(lower).into_iter().rev()).collect();
    if upper.len() > 1 {
        canvas.area(&edge, color, opacity);
    }
}

/// Neighbours are joined; points without any are dots; what lies beyond the graph is cut off.
fn draw_line(points: &[(i64, f64)], curve: &Curve, plot: &Plot, canvas: &mut Canvas) {
    let axis = plot.axis(curve.on_right);
    let gap = (curve.period as f64 * JOINED) as i64;
    for run in points.chunk_by(|(before, _), (after, _)| after - before <= gap) {
        let places = run.iter().map(|(at, value)| (plot.time.place(*at as f64), axis.place(*value)));
        let places = thin(places.collect());
        if let [alone] = places[..] {
            if (plot.frame.top - DOT..=plot.frame.bottom + DOT).contains(&alone.1) {
                canvas.circle(alone, DOT, curve.color);
            }
            continue;
        }
        let mut path: Vec<Point> = Vec::new();
        for pair in places.windows(2) {
            let [from, to] = *pair else { continue };
            match scale::clip(from, to, plot.frame.top, plot.frame.bottom) {
                Some((from, to)) if path.last() == Some(&from) => path.push(to),
                Some((from, to)) => {
                    canvas.path(&path, LINE, curve.color);
                    path = vec![from, to];
                }
                None => {}
            }
        }
        canvas.path(&path, LINE, curve.color);
    }
}

/// The same line with no more points than can be told apart: the first, the highest, the lowest and the last of those
/// that are a point of the picture apart.
pub fn thin(points: Vec<Point>) -> Vec<Point> {
    let mut kept = Vec::new();
    for column in points.chunk_by(|(before, _), (after, _)| before.floor() == after.floor()) {
        if column.len() <= 4 {
            kept.extend_from_slice(column);
            continue;
        }
        let places = column.iter().enumerate();
        let high = places.clone().min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1)).map(|(place, _)| place);
        let low = places.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1)).map(|(place, _)| place);
        let wanted: BTreeSet<usize> = [Some(0), high, low, Some(column.len() - 1)].into_iter().flatten().collect();
        kept.extend(wanted.into_iter().filter_map(|place| column.get(place).copied()));
    }
    kept
}
