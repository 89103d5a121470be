//! Pictures of metrics as PNG: pure functions of what is to be seen.
//!
//! [`plotters`] draws, with a font of our own, so that the bytes are the same on every machine. Everything is drawn some
//! times as large and then made smaller, since plotters knows whole pixels only.

mod bars;
mod canvas;
mod gauge;
mod graph;
mod legend;
mod marks;
mod numbers;
mod pie;
pub mod png;
mod scale;
mod theme;

use canvas::{Canvas, Frame, Side};

pub use theme::{Color, PALETTE};

/// What is to be seen.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub dark: bool,
    pub title: String,
    pub view: View,
    pub legend: Legend,
    /// Where the graph begins and ends, in seconds.
    pub span: (i64, i64),
    /// How far the clock is ahead of UTC, in seconds.
    pub zone: i64,
    pub left: Axis,
    pub right: Axis,
    pub curves: Vec<Curve>,
    pub horizontal: Vec<Mark>,
    pub vertical: Vec<Mark>,
}

/// How it is to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Lines,
    Stacked,
    Bars,
    Pie,
    Gauge,
    Numbers {
        /// With a small graph below each.
        sparkline: bool,
        /// With all digits.
        exact: bool,
    },
}

/// Where the legend is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    #[default]
    Bottom,
    Right,
    Hidden,
}

/// An axis for values.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// What stands above it.
    pub label: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// A series.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    pub label: String,
    pub color: Color,
    pub on_right: bool,
    /// Seconds between points.
    pub period: i64,
    /// Moments, in seconds, and values.
    pub points: Vec<(i64, f64)>,
    /// The lower edge, where the curve is a band.
    pub lower: Option<Vec<(i64, f64)>>,
    /// The value where there is to be one alone.
    pub value: Option<f64>,
    /// Not all its points could be had.
    pub is_partial: bool,
}

/// A line across the graph, or a band between two.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    /// A value, or a moment in seconds.
    pub at: f64,
    pub label: String,
    /// The other edge, and its label.
    pub to: Option<(f64, String)>,
    pub color: Color,
    pub fill: Fill,
    pub on_right: bool,
}

/// Which side of a line is shaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    #[default]
    None,
    /// Below, or before.
    Less,
    /// Above, or after.
    More,
}

/// Space around everything.
const EDGE: f64 = 8.0;
const TITLE: f64 = 16.0;

/// Draws a picture.
pub fn draw(picture: &Picture) -> Vec<u8> {
    let canvas = canvas::paint((picture.width, picture.height), theme::of(picture.dark), |canvas| {
        let whole = Frame::new(0.0, 0.0, f64::from(picture.width), f64::from(picture.height)).shrink(EDGE);
        let below_title = title(picture, whole, canvas);
        let frame = legend::draw(picture, below_title, canvas);
        match picture.view {
            View::Lines | View::Stacked => graph::draw(picture, frame, canvas),
            View::Bars => bars::draw(picture, frame, canvas),
            View::Pie => pie::draw(picture, frame, canvas),
            View::Gauge => gauge::draw(picture, frame, canvas),
            View::Numbers { sparkline, exact } => numbers::draw(picture, (sparkline, exact), frame, canvas),
        }
    });
    png::encode((picture.width, picture.height), &canvas)
}

/// Writes the title, and answers what is left below it.
fn title(picture: &Picture, frame: Frame, canvas: &mut Canvas) -> Frame {
    if picture.title.is_empty() {
        return frame;
    }
    let text = canvas.fit(&picture.title, TITLE, frame.width());
    let middle = (frame.left + frame.right) / 2.0;
    canvas.text(&text, (middle, frame.top + TITLE), TITLE, canvas.theme.text, Side::Middle);
    Frame { top: frame.top + TITLE + EDGE, ..frame }
}
