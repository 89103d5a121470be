//! Where numbers and times stand at axes, and how they are written.

use chrono::{DateTime, Datelike, Months, Timelike, Utc};

use super::canvas::Point;

/// A stretch of values or times, laid over a stretch of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub from: f64,
    pub to: f64,
    /// Where the ends are.
    pub start: f64,
    pub end: f64,
}

impl Scale {
    /// Where a value is.
    pub fn place(&self, value: f64) -> f64 {
        let part = (value - self.from) / (self.to - self.from);
        self.start + part * (self.end - self.start)
    }

    /// Where it is, but no farther than the ends.
    pub fn within(&self, value: f64) -> f64 {
        self.place(value.max(self.from).min(self.to))
    }
}

/// Values for an axis: from a little below the least to a little above the greatest, round numbers between.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    pub from: f64,
    pub to: f64,
    pub step: f64,
}

/// Values beyond are not drawn: axes need room to reckon in.
const GREATEST: f64 = 1e300;

impl Ticks {
    /// Ticks for values, about `count` of them. Ends that are fixed stay where they are.
    pub fn new(values: impl Iterator<Item = f64>, fixed: (Option<f64>, Option<f64>), count: f64) -> Ticks {
        let ends = values.filter(|value| value.abs() <= GREATEST).fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
        });
        let (mut from, mut to) = ends.unwrap_or((0.0, 1.0));
        let fixed = (fixed.0.filter(|end| end.abs() <= GREATEST), fixed.1.filter(|end| end.abs() <= GREATEST));
        from = fixed.0.unwrap_or(from);
        to = fixed.1.unwrap_or(to);
        if from >= to {
            // One value alone, or ends that leave nothing between.
            let room = if from == 0.0 { 1.0 } else { from.abs() / 2.0 };
            match fixed {
                (Some(_), None) => to = from + room,
                (None, Some(_)) => from = to - room,
                _ => (from, to) = (from - room / 2.0, from + room / 2.0),
            }
        }
        let step = step((to - from) / count.max(1.0));
        let from = if fixed.0.is_none() { (from / step).floor() * step } else { from };
        let to = if fixed.1.is_none() { (to / step).ceil() * step } else { to };
        // Values that lie closer together than numbers can tell.
        if from < to { Ticks { from, to, step } } else { Ticks { from, to: from + step.max(1.0), step: step.max(1.0) } }
    }

    /// The values to be shown.
    pub fn values(&self) -> Vec<f64> {
        let first = (self.from / self.step - 1e-9).ceil();
        let count = ((self.to - self.from) / self.step).clamp(0.0, 100.0) as usize + 1;
        let values = (0..count).map(|n| (first + n as f64) * self.step);
        values.take_while(|value| *value <= self.to + self.step * 1e-9).map(|value| value + 0.0).collect()
    }
}

/// The next of 1, 2, 2.5, 5 and 10, and these times powers of ten.
fn step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.abs().max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(rough)
}

/// A number in few letters: `0.25`, `12.5k`, `3M`, `9E-3`.
pub fn number(value: f64) -> String {
    const UNITS: [(f64, &str); 5] = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(0.01..1e18).contains(&size) {
        return scientific(value);
    }
    // What rounds to a thousand is one of the next unit.
    let unit = UNITS.iter().find(|(unit, _)| rounded(size / unit).abs() >= 1.0);
    match unit {
        Some((unit, letter)) => format!("{}{letter}", rounded(value / unit)),
        None => rounded(value).to_string(),
    }
}

/// Three digits that count, or all those before the point.
fn rounded(value: f64) -> f64 {
    let digits = 2 - value.abs().max(f64::MIN_POSITIVE).log10().floor() as i32;
    let factor = 10_f64.powi(digits.clamp(0, 6));
    (value * factor).round() / factor
}

fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}E{power}")
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps between times, in seconds, up to weeks.
const STEPS: [i64; 21] = [
    1,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Moments to be shown between two, at most `count`, and how they are written on the clock of a zone.
pub fn moments((start, end): (i64, i64), zone: i64, count: f64) -> Vec<(i64, String)> {
    let rough = (end - start) as f64 / count.max(1.0);
    let Some(step) = STEPS.into_iter().find(|step| *step as f64 >= rough) else {
        return months((start, end), zone, (rough / (30 * DAY) as f64).ceil() as u32);
    };
    let first = start + (-(start + zone)).rem_euclid(step);
    (0..).map(|n| first + n * step).take_while(|at| *at <= end).map(|at| (at, moment(at + zone, step))).collect()
}

fn moment(at: i64, step: i64) -> String {
    let Some(time) = DateTime::<Utc>::from_timestamp(at, 0) else { return String::new() };
    let form = match step {
        DAY.. => "%m/%d",
        _ if time.num_seconds_from_midnight() == 0 => "%m/%d",
        MINUTE.. => "%H:%M",
        _ if time.second() == 0 => "%H:%M",
        _ => "%H:%M:%S",
    };
    time.format(form).to_string()
}

/// The first days of every so many months.
fn months((start, end): (i64, i64), zone: i64, step: u32) -> Vec<(i64, String)> {
    let step = [1, 2, 3, 6].into_iter().find(|months| *months >= step).unwrap_or_else(|| step.div_ceil(12) * 12);
    let first = DateTime::<Utc>::from_timestamp(start + zone, 0).and_then(|time| {
        let day = time.date_naive().with_day(1)?.with_month0(time.month0() / step.min(12) * step.min(12))?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    });
    let all = (0..600).filter_map(|n| first?.checked_add_months(Months::new(n * step)));
    let all = all.map(|time| (time.timestamp() - zone, time.format("%Y-%m").to_string()));
    all.skip_while(|(at, _)| *at < start).take_while(|(at, _)| *at <= end).collect()
}

/// The part of a line between two points that is between two heights; nothing where it is beyond.
pub fn clip(from: Point, to: Point, top: f64, bottom: f64) -> Option<(Point, Point)> {
    let at = |y: f64| from.0 + (to.0 - from.0) * (y - from.1) / (to.1 - from.1);
    let cut = |point: Point| match point.1 {
        y if y < top => (at(top), top),
        y if y > bottom => (at(bottom), bottom),
        _ => point,
    };
    let is_beyond = from.1.max(to.1) < top || from.1.min(to.1) > bottom;
    (!is_beyond).then(|| (cut(from), cut(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, wanted) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (64.66666, "64.7"),
            (0.25, "0.25"),
            (0.01234, "0.0123"),
            (999.9, "1k"),
            (999.0, "999"),
            (1500.0, "1.5k"),
            (1_750_000.0, "1.75M"),
            (-2e9, "-2G"),
            (999_999_999.0, "1G"),
            (3.2e12, "3.2T"),
            (5e15, "5P"),
            (0.009, "9E-3"),
            (0.000_125, "1.25E-4"),
            (1e100, "1E100"),
        ] {
            assert_eq!(number(value), wanted, "{value}");
        }
    }

    #[test]
    fn ticks_are_round_numbers() {
        let check = |values: &[f64], fixed, wanted: &[f64]| {
            let ticks = Ticks::new(values.iter().copied(), fixed, 4.0);
            assert_eq!(ticks.values(), wanted, "{values:?} {fixed:?}");
        };
        let free = (None, None);
        check(&[15.0, 75.0], free, &[0.0, 20.0, 40.0, 60.0, 80.0]);
        check(&[0.0, 1.0], free, &[0.0, 0.25, 0.5, 0.75, 1.0]);
        check(&[-3.0, 3.0], free, &[-4.0, -2.0, 0.0, 2.0, 4.0]);
        check(&[], free, &[0.0, 0.25, 0.5, 0.75, 1.0]);
        check(&[100.0], free, &[60.0, 80.0, 100.0, 120.0, 140.0]);
        check(&[0.0], free, &[-0.5, -0.25, 0.0, 0.25, 0.5]);
        // Ends that are fixed stay where they are.
        check(&[15.0, 75.0], (Some(20.0), Some(60.0)), &[20.0, 30.0, 40.0, 50.0, 60.0]);
        check(&[15.0, 75.0], (Some(0.5), None), &[20.0, 40.0, 60.0, 80.0]);
        check(&[15.0, 75.0], (Some(100.0), None), &[100.0, 120.0, 140.0, 160.0]);
        check(&[f64::NAN, f64::INFINITY, 1.0], (Some(0.0), Some(2.0)), &[0.0, 0.5, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn ticks_of_values_that_axes_have_no_room_for() {
        let greatest = f64::MAX;
        let next = f64::from_bits(1.0_f64.to_bits() + 1);
        for values in [&[greatest][..], &[-greatest, greatest], &[1e300, -1e300], &[1.0, next], &[f64::NAN]] {
            for fixed in [(None, None), (Some(greatest), None), (None, Some(-greatest)), (Some(next), Some(1.0))] {
                let ticks = Ticks::new(values.iter().copied(), fixed, 4.0);
                assert!(ticks.from < ticks.to, "{values:?} {fixed:?} {ticks:?}");
                let scale = Scale { from: ticks.from, to: ticks.to, start: 0.0, end: 100.0 };
                assert!((0.0..=100.0).contains(&scale.within(0.0)), "{values:?} {fixed:?}");
            }
        }
    }

    #[test]
    fn times_of_a_zone() {
        let check = |start: &str, end: &str, zone, wanted: &[&str]| {
            let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time").timestamp();
            let shown = moments((at(start), at(end)), zone, 6.0);
            assert_eq!(shown.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), wanted, "{start} {end} {zone}");
        };
        let day = ("2026-01-15T09:00:00Z", "2026-01-15T12:00:00Z");
        let half_hours = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"];
        check(day.0, day.1, 0, &half_hours);
        check(day.0, day.1, 5400, &["10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30"]);
        // An hour begins elsewhere where clocks are half an hour off.
        check(
            "2026-01-15T09:10:00Z",
            "2026-01-15T15:10:00Z",
            1800,
            &["10:00", "11:00", "12:00", "13:00", "14:00", "15:00"],
        );
        check(
            "2026-01-14T21:00:00Z",
            "2026-01-15T03:00:00Z",
            0,
            &["21:00", "22:00", "23:00", "01/15", "01:00", "02:00", "03:00"],
        );
        check(
            "2026-01-10T00:00:00Z",
            "2026-01-16T00:00:00Z",
            0,
            &["01/10", "01/11", "01/12", "01/13", "01/14", "01/15", "01/16"],
        );
        check(
            "2026-01-15T09:00:00Z",
            "2026-01-15T09:01:00Z",
            0,
            &["09:00", "09:00:10", "09:00:20", "09:00:30", "09:00:40", "09:00:50", "09:01"],
        );
        check(
            "2025-01-20T00:00:00Z",
            "2026-01-15T00:00:00Z",
            0,
            &["2025-03", "2025-05", "2025-07", "2025-09", "2025-11", "2026-01"],
        );
        check(
            "2000-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            0,
            &["2000-01", "2005-01", "2010-01", "2015-01", "2020-01", "2025-01"],
        );
    }

    #[test]
    fn lines_end_where_the_graph_ends() {
        let check = |from, to, wanted| assert_eq!(clip(from, to, 10.0, 20.0), wanted, "{from:?} {to:?}");
        check((0.0, 12.0), (1.0, 18.0), Some(((0.0, 12.0), (1.0, 18.0))));
        check((0.0, 0.0), (2.0, 20.0), Some(((1.0, 10.0), (2.0, 20.0))));
        check((0.0, 0.0), (4.0, 40.0), Some(((1.0, 10.0), (2.0, 20.0))));
        check((0.0, 0.0), (1.0, 9.0), None);
        check((0.0, 21.0), (1.0, 30.0), None);
    }
}
