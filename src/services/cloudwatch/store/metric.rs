//! Which metric is meant, and what is kept of it.

use std::ops::Range;

use crate::world::time::Time;

use super::sample::Sample;
use super::series::{Series, Snapshot};

/// What makes a metric one of its own: each combination of dimensions is another
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension>).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId {
    pub namespace: Box<str>,
    pub name: Box<str>,
    /// Names and values, by name.
    pub dimensions: Box<[(Box<str>, Box<str>)]>,
}

impl MetricId {
    /// The order of dimensions does not matter.
    pub fn new<'a>(namespace: &str, name: &str, dimensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> MetricId {
        let mut dimensions: Vec<_> =
            dimensions.into_iter().map(|(name, value)| (Box::from(name), Box::from(value))).collect();
        dimensions.sort();
        MetricId { namespace: namespace.into(), name: name.into(), dimensions: dimensions.into() }
    }

    /// The value of a dimension.
    pub fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions.iter().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
    }
}

/// The unit of values that were reported without one.
pub const NO_UNIT: &str = "None";

/// Units, as the contract lists them (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
const UNITS: [&str; 27] = [
    "Bits",
    "Bits/Second",
    "Bytes",
    "Bytes/Second",
    "Count",
    "Count/Second",
    "Gigabits",
    "Gigabits/Second",
    "Gigabytes",
    "Gigabytes/Second",
    "Kilobits",
    "Kilobits/Second",
    "Kilobytes",
    "Kilobytes/Second",
    "Megabits",
    "Megabits/Second",
    "Megabytes",
    "Megabytes/Second",
    "Microseconds",
    "Milliseconds",
    NO_UNIT,
    "Percent",
    "Seconds",
    "Terabits",
    "Terabits/Second",
    "Terabytes",
    "Terabytes/Second",
];

/// The unit of that name; of others, none.
pub fn unit(name: Option<&str>) -> &'static str {
    let known = name.and_then(|name| UNITS.into_iter().find(|unit| *unit == name));
    known.unwrap_or(NO_UNIT)
}

/// What is kept of a metric.
#[derive(Clone, Debug)]
pub struct Metric {
    /// When it was last reported.
    pub reported: Time,
    /// Points by unit, in the order of units' names: AWS keeps units apart and does not convert them.
    units: Vec<(&'static str, Series)>,
}

impl Metric {
    pub fn new(now: Time) -> Metric {
        Metric { reported: now, units: Vec::with_capacity(1) }
    }

    /// Adds what was reported for a moment, in seconds.
    pub fn add(&mut self, unit: &'static str, at: i64, sample: &Sample) {
        let at_unit = match self.units.binary_search_by(|(known, _)| (*known).cmp(unit)) {
            Ok(index) => index,
            Err(index) => {
                self.units.insert(index, (unit, Series::default()));
                index
            }
        };
        self.units[at_unit].1.add(at, sample);
    }

    /// The points of a time, by unit; of one unit if it is named.
    pub fn snapshots(&self, unit: Option<&str>, range: Range<i64>) -> Vec<(&'static str, Snapshot)> {
        let wanted = self.units.iter().filter(|(known, _)| unit.is_none_or(|unit| unit == *known));
        let snapshots = wanted.map(|(unit, series)| (*unit, series.snapshot(range.clone())));
        snapshots.filter(|(_, snapshot)| !snapshot.is_empty()).collect()
    }

    /// Rolls up and drops what has become old enough; false when nothing is left.
    pub fn roll_up(&mut self, now: i64) -> bool {
        self.units.iter_mut().for_each(|(_, series)| series.roll_up(now));
        self.units.retain(|(_, series)| !series.is_empty());
        !self.units.is_empty()
    }

    /// Bytes its points take.
    pub fn footprint(&self) -> usize {
        let unit = |(_, series): &(&str, Series)| size_of::<(&str, Series)>() + series.footprint();
        self.units.iter().map(unit).sum()
    }
}
