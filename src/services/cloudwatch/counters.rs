//! What services and calls count while they work: adding to a counter costs little. Counters become data points of their
//! minute when somebody looks at metrics, or when the next minute counts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::world::World;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::store::{self, MetricId, Report, Sample};
use super::usage;

/// Names and values that a metric is told apart by, shared by all that is counted for a resource.
pub type Dimensions = Arc<[(&'static str, Box<str>)]>;

/// An account's counters in one Region.
#[derive(Debug, Default)]
pub struct Counters {
    /// In seconds.
    minute: i64,
    /// By namespace, name and dimensions, with the unit.
    counts: HashMap<(&'static str, &'static str, Dimensions), (&'static str, Sample)>,
    calls: usage::Calls,
}

impl Counters {
    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.calls.is_empty()
    }

    fn reports(self) -> Vec<Report> {
        let at = self.minute;
        let counted = self.counts.into_iter().map(|((namespace, name, dimensions), (unit, sample))| {
            let dimensions = dimensions.iter().map(|(name, value)| (*name, &**value));
            Report { metric: MetricId::new(namespace, name, dimensions), at, unit, sample }
        });
        let mut reports: Vec<_> = counted.collect();
        usage::report(&self.calls, at, &mut reports);
        reports
    }
}

/// The same for each resource of a kind: `dimensions([("QueueName", "jobs")])`.
pub fn dimensions<const N: usize>(pairs: [(&'static str, &str); N]) -> Dimensions {
    pairs.into_iter().map(|(name, value)| (name, Box::from(value))).collect()
}

/// Counts a value of this minute for a metric of AWS's own.
pub fn count(
    world: &mut World,
    place: (&AccountId, Region),
    metric: (&'static str, &'static str),
    dimensions: &Dimensions,
    value: f64,
    unit: &'static str,
) {
    let counters = current(world, place);
    let key = (metric.0, metric.1, Arc::clone(dimensions));
    let sample = Sample::One(value);
    counters
        .counts
        .entry(key)
        .and_modify(|(_, known)| known.merge(&sample))
        .or_insert((store::unit(Some(unit)), sample));
}

/// Counts a call.
pub fn count_call(world: &mut World, place: (&AccountId, Region), operation: usage::Operation, failed: bool) {
    usage::add(&mut current(world, place).calls, operation, failed);
}

/// The counters of this minute.
fn current<'w>(world: &'w mut World, (account, region): (&AccountId, Region)) -> &'w mut Counters {
    let second = world.now.timestamp();
    let minute = second - second.rem_euclid(60);
    if world.regional(account, region).cloudwatch.counters.minute != minute {
        settle(world, account, region);
    }
    let counters = &mut world.regional(account, region).cloudwatch.counters;
    counters.minute = minute;
    counters
}

/// Makes data points of what has been counted. Who looks at metrics calls this before.
pub fn settle(world: &mut World, account: &AccountId, region: Region) {
    let counters = &mut world.regional(account, region).cloudwatch.counters;
    if counters.is_empty() {
        return;
    }
    let counters = std::mem::take(counters);
    let counted = Time::from_timestamp(counters.minute, 0).unwrap_or(world.now);
    store::add_as_of(world, account, region, counted, counters.reports());
}
