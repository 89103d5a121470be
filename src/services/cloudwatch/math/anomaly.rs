//! `ANOMALY_DETECTION_BAND`: what a metric is expected to be.
//!
//! AWS trains a model on up to two weeks of a metric and tells little of it. Ours is plain, so that tests can say what
//! it comes to: a moment is expected to be as the same time of day was on the days before, on average; where there is
//! no such time, as the metric was on average. The band is so many standard deviations to either side.

use std::collections::BTreeMap;

use super::series::Series;

const DAY: i64 = 86_400;
/// How far back the model looks, in seconds.
pub const HISTORY: i64 = 14 * DAY;

/// What is known of a time of day.
#[derive(Clone, Copy, Default)]
struct Past {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Past {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(self) -> f64 {
        self.sum / self.count
    }

    fn deviation(self) -> f64 {
        (self.squares / self.count - self.mean().powi(2)).max(0.0).sqrt()
    }
}

/// The lower and the upper edge of what is expected at some moments, from what came before each.
pub fn band(history: &Series, moments: impl Iterator<Item = i64>, width: f64, of: &Series) -> [Series; 2] {
    let (mut all, mut by_time) = (Past::default(), BTreeMap::<i64, Past>::new());
    let mut known = history.points.iter().peekable();
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for moment in moments {
        while let Some((at, value)) = known.next_if(|(at, _)| *at < moment) {
            all.add(*value);
            by_time.entry(at.rem_euclid(DAY)).or_default().add(*value);
        }
        // One day is no pattern yet.
        let same_time = by_time.get(&moment.rem_euclid(DAY)).filter(|past| past.count >= 2.0);
        let past = same_time.copied().unwrap_or(all);
        lower.push((moment, past.mean() - width * past.deviation()));
        upper.push((moment, past.mean() + width * past.deviation()));
    }
    [of.with(lower), of.with(upper)]
}
