//! Time spans cut into periods, as `GetMetricStatistics` and `GetMetricData` document them under `StartTime` and `Period`.

use std::collections::BTreeMap;

use crate::world::time::Time;

use super::statistics::{Statistic, Tally};
use super::store::{KEPT, Snapshot, resolution};

const MINUTE: i64 = 60;
/// The oldest moment that is looked at, in seconds before now: nothing before it is kept.
const REACH: i64 = KEPT + 86_400;

/// A time span, in seconds: from the start of its first period to its end, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub start: i64,
    pub end: i64,
    pub period: i64,
    now: i64,
}

/// Whether data can be asked for in such periods, in seconds.
pub fn is_period(period: i64) -> bool {
    matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % MINUTE == 0)
}

impl Window {
    /// The start is rounded down to what its age, or a period below a minute, allows.
    pub fn new(start: Time, end: Time, period: i64, now: Time) -> Window {
        let (now, start) = (now.timestamp(), start.timestamp());
        let age = now - start;
        let step = match resolution(age) {
            _ if period < MINUTE => period,
            Some(seconds) => seconds.max(MINUTE),
            None => 3600,
        };
        let start = start - start.rem_euclid(step.max(1));
        // Whole periods before all that is kept can be left out.
        let skipped = (now - REACH - start).max(0) / period.max(1);
        let end = end.timestamp() + i64::from(end.timestamp_subsec_nanos() > 0);
        Window { start: start + skipped * period, end: end.min(now + REACH), period, now }
    }

    /// How many periods there are.
    pub fn periods(&self) -> i64 {
        let period = self.period.max(1);
        (self.end - self.start).max(0).saturating_add(period - 1) / period
    }

    /// The moments that periods start at.
    pub fn moments(&self) -> impl DoubleEndedIterator<Item = i64> + use<> {
        let Window { start, period, .. } = *self;
        (0..self.periods()).map(move |n| start + n * period)
    }

    /// Whether data of a moment can be had in these periods: the older it is, the longer they must be.
    fn shows(&self, at: i64) -> bool {
        resolution(self.now - at).is_some_and(|seconds| match seconds {
            1 => true,
            _ => self.period % seconds == 0,
        })
    }

    /// The statistic of each period that has one.
    pub fn series(&self, snapshot: &Snapshot, statistic: Statistic) -> Vec<(i64, f64)> {
        let mut series = Vec::new();
        self.tallies(snapshot, statistic, |at, tally| {
            if let Some(value) = tally.value(statistic) {
                series.push((at, value));
            }
        });
        series
    }

    /// The same of several metrics together.
    pub fn merged(&self, snapshots: &[Snapshot], statistic: Statistic) -> Vec<(i64, f64)> {
        let mut tallies: BTreeMap<i64, Tally> = BTreeMap::new();
        for snapshot in snapshots {
            snapshot.each(|at, sample| {
                if let Some(bucket) = self.bucket(at) {
                    tallies.entry(bucket).or_insert_with(|| Tally::of(statistic)).add(sample);
                }
            });
        }
        tallies.into_iter().filter_map(|(at, tally)| Some((at, tally.value(statistic)?))).collect()
    }

    /// The start of the period that a moment lies in.
    fn bucket(&self, at: i64) -> Option<i64> {
        let within = at >= self.start && at < self.end && self.shows(at);
        within.then(|| at - (at - self.start) % self.period)
    }

    /// Adds up each period that has data.
    fn tallies(&self, snapshot: &Snapshot, statistic: Statistic, mut look: impl FnMut(i64, &Tally)) {
        let mut open: Option<(i64, Tally)> = None;
        snapshot.each(|at, sample| {
            let Some(bucket) = self.bucket(at) else { return };
            match &mut open {
                Some((start, tally)) if *start == bucket => tally.add(sample),
                _ => {
                    if let Some((start, tally)) = &open {
                        look(*start, tally);
                    }
                    let mut tally = Tally::of(statistic);
                    tally.add(sample);
                    open = Some((bucket, tally));
                }
            }
        });
        if let Some((start, tally)) = &open {
            look(*start, tally);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    /// The examples of the API reference.
    #[test]
    fn starts_are_rounded_down() {
        let check = |now: &str, start: &str, period, rounded: &str| {
            let window = Window::new(time(start), time(now), period, time(now));
            assert_eq!(window.start, time(rounded).timestamp(), "{start} in periods of {period}");
        };
        let now = "2026-03-31T13:00:00Z";
        check(now, "2026-03-31T12:32:34Z", 60, "2026-03-31T12:32:00Z");
        check(now, "2026-03-01T12:32:34Z", 60, "2026-03-01T12:30:00Z");
        check(now, "2025-12-31T12:32:34Z", 60, "2025-12-31T12:00:00Z");
        check(now, "2026-03-31T01:05:23Z", 10, "2026-03-31T01:05:20Z");
        check(now, "2026-03-31T12:02:17Z", 5, "2026-03-31T12:02:15Z");
        // Periods begin with the span, not with the clock.
        check(now, "2026-03-31T10:18:00Z", 3600, "2026-03-31T10:18:00Z");
    }

    #[test]
    fn periods() {
        let check = |start: &str, end: &str, period, count| {
            let window = Window::new(time(start), time(end), period, time("2026-03-31T13:00:00Z"));
            assert_eq!(window.periods(), count, "{start} to {end} by {period}");
        };
        check("2026-03-31T12:00:00Z", "2026-03-31T12:10:00Z", 60, 10);
        check("2026-03-31T12:00:00Z", "2026-03-31T12:10:01Z", 60, 11);
        check("2026-03-31T12:00:00Z", "2026-03-31T12:10:00Z", 3600, 1);
        check("2026-03-31T12:00:00Z", "2026-03-31T11:00:00Z", 60, 0);
        // No longer than what is kept, however long the span is.
        assert!(
            Window::new(time("1970-01-01T00:00:00Z"), time("9999-01-01T00:00:00Z"), 1, time("2026-03-31T13:00:00Z"))
                .periods()
                < 100_000_000
        );
        for (period, is) in [
            (1, true),
            (5, true),
            (30, true),
            (60, true),
            (61, false),
            (2, false),
            (0, false),
            (-60, false),
            (86_400, true),
        ] {
            assert_eq!(is_period(period), is, "{period}");
        }
    }
}
