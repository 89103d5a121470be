//! What is drawn on: lines, areas and letters by points of the picture.

use std::sync::LazyLock;

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle, register_font};

use super::theme::{Color, Theme};

/// Roboto, Latin, Greek and Cyrillic: <https://github.com/googlefonts/roboto>, Apache-2.0, cut down to these letters.
const FONT: &[u8] = include_bytes!("Roboto-Regular.ttf");
const FAMILY: &str = "roboto";

/// Pictures of up to so many pixels are drawn three times as large, others twice.
const SMALL: u64 = 1_000_000;

/// Plotters keeps fonts for the whole process.
static REGISTERED: LazyLock<bool> = LazyLock::new(|| register_font(FAMILY, FontStyle::Normal, FONT).is_ok());

/// A point, from the left and from the top.
pub type Point = (f64, f64);

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Which part of a text stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Middle,
    Right,
}

pub struct Canvas<'b> {
    pub theme: Theme,
    backend: BitMapBackend<'b>,
    /// Pixels that are drawn for one of the picture, in each direction.
    scale: u32,
}

impl Frame {
    pub fn new(left: f64, top: f64, right: f64, bottom: f64) -> Frame {
        Frame { left, top, right, bottom }
    }

    pub fn width(&self) -> f64 {
        (self.right - self.left).max(0.0)
    }

    pub fn height(&self) -> f64 {
        (self.bottom - self.top).max(0.0)
    }

    pub fn middle(&self) -> Point {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub fn shrink(self, by: f64) -> Frame {
        Frame::new(self.left + by, self.top + by, self.right - by, self.bottom - by)
    }

    /// Cut into so many frames beside and below each other, each rather wide than high.
    pub fn grid(self, count: usize) -> Vec<Frame> {
        let shape = (self.width() / self.height().max(1.0)).max(0.01);
        let columns = ((count as f64 * shape / 1.2).sqrt().round().max(1.0) as usize).min(count.max(1));
        let rows = count.div_ceil(columns);
        let (width, height) = (self.width() / columns as f64, self.height() / rows.max(1) as f64);
        let cell = |n: usize| {
            let (left, top) = (self.left + (n % columns) as f64 * width, self.top + (n / columns) as f64 * height);
            Frame::new(left, top, left + width, top + height)
        };
        (0..count).map(cell).collect()
    }
}

/// Draws on an empty picture, and answers its pixels.
pub fn paint((width, height): (u32, u32), theme: Theme, draw: impl FnOnce(&mut Canvas)) -> Vec<u8> {
    let scale = if u64::from(width) * u64::from(height) <= SMALL { 3 } else { 2 };
    let Color(red, green, blue) = theme.back;
    let (wide, high) = (width * scale, height * scale);
    let mut pixels = [red, green, blue].repeat(wide as usize * high as usize);
    if *REGISTERED {
        let mut canvas = Canvas { theme, backend: BitMapBackend::with_buffer(&mut pixels, (wide, high)), scale };
        draw(&mut canvas);
    }
    smaller(&pixels, width as usize, scale as usize)
}

/// Each pixel is the mean of those that were drawn for it.
fn smaller(pixels: &[u8], width: usize, scale: usize) -> Vec<u8> {
    let mut small = Vec::with_capacity(pixels.len() / (scale * scale));
    let row = width * scale * 3;
    let mut sums = vec![0_u16; width * 3];
    for rows in pixels.chunks_exact((row * scale).max(1)) {
        sums.fill(0);
        for row in rows.chunks_exact(row) {
            for (sums, drawn) in sums.chunks_exact_mut(3).zip(row.chunks_exact(scale * 3)) {
                for pixel in drawn.chunks_exact(3) {
                    sums.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += u16::from(*part));
                }
            }
        }
        let count = (scale * scale) as u16;
        small.extend(sums.iter().map(|sum| ((sum + count / 2) / count) as u8));
    }
    small
}

impl Canvas<'_> {
    pub fn line(&mut self, from: Point, to: Point, width: f64, color: Color) {
        self.path(&[from, to], width, color);
    }

    /// A line through points.
    pub fn path(&mut self, points: &[Point], width: f64, color: Color) {
        let style = rgb(color).stroke_width(((width * f64::from(self.scale)).round() as u32).max(1));
        let points: Vec<_> = points.iter().map(|point| self.place(*point)).collect();
        // The buffer takes everything.
        self.backend.draw_path(points, &style).ok();
    }

    /// A shape, filled; all of it where `opacity` is 1.
    pub fn area(&mut self, points: &[Point], color: Color, opacity: f64) {
        let points: Vec<_> = points.iter().map(|point| self.place(*point)).collect();
        self.backend.fill_polygon(points, &filled(color, opacity)).ok();
    }

    pub fn rectangle(&mut self, frame: Frame, color: Color, opacity: f64) {
        let (left, top) = self.place((frame.left, frame.top));
        let (right, bottom) = self.place((frame.right, frame.bottom));
        if right > left && bottom > top {
            // Both corners are part of what plotters draws.
            self.backend.draw_rect((left, top), (right - 1, bottom - 1), &filled(color, opacity), true).ok();
        }
    }

    pub fn circle(&mut self, center: Point, radius: f64, color: Color) {
        let radius = (radius * f64::from(self.scale)).round().max(1.0) as u32;
        let center = self.place(center);
        self.backend.draw_circle(center, radius, &filled(color, 1.0), true).ok();
    }

    /// Letters, with the line they stand on at the point.
    pub fn text(&mut self, text: &str, at: Point, size: f64, color: Color, side: Side) {
        let (at, width) = (at, self.width(text, size));
        let left = match side {
            Side::Left => at.0,
            Side::Middle => at.0 - width / 2.0,
            Side::Right => at.0 - width,
        };
        // Plotters has the line half a letter's height below the point.
        let place = self.place((left, at.1 - size / 2.0));
        let style = self.style(size, color);
        self.backend.draw_text(text, &style, place).ok();
    }

    /// How wide a text is.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        let (width, _) = self.backend.estimate_text_size(text, &self.style(size, self.theme.text)).unwrap_or_default();
        f64::from(width) / f64::from(self.scale)
    }

    /// As much of a text as is no wider than this, with dots where there is more.
    pub fn fit(&self, text: &str, size: f64, width: f64) -> String {
        // No letter is much narrower than a point, so no more than this has to be looked at.
        let letters: Vec<char> = text.chars().take(2 * width.max(0.0) as usize).collect();
        let whole: String = letters.iter().collect();
        if whole.len() == text.len() && self.width(&whole, size) <= width {
            return whole;
        }
        let short = |count: usize| letters.iter().take(count).collect::<String>().trim_end().to_owned() + "…";
        let (mut fits, mut is_too_much) = (0, letters.len() + 1);
        while is_too_much - fits > 1 {
            let count = (fits + is_too_much) / 2;
            if self.width(&short(count), size) <= width { fits = count } else { is_too_much = count }
        }
        if fits == 0 { String::new() } else { short(fits) }
    }

    fn style(&self, size: f64, color: Color) -> TextStyle<'static> {
        let font = (FAMILY, size * f64::from(self.scale)).into_font();
        TextStyle { font, color: rgb(color).to_backend_color(), pos: Pos::new(HPos::Left, VPos::Top) }
    }

    /// Where plotters has a point. Nothing is farther away than a few pictures.
    fn place(&self, (x, y): Point) -> (i32, i32) {
        let whole = |place: f64| (place * f64::from(self.scale)).round().clamp(-20_000.0, 20_000.0) as i32;
        (whole(x), whole(y))
    }
}

fn rgb(Color(red, green, blue): Color) -> RGBColor {
    RGBColor(red, green, blue)
}

fn filled(color: Color, opacity: f64) -> ShapeStyle {
    let color: RGBAColor = rgb(color).mix(opacity);
    color.filled()
}
