//! CloudWatch metrics: data points come in, statistics come out.

pub mod alarms;
pub mod counters;
pub mod dashboards;
pub mod data;
pub mod detectors;
mod entities;
pub mod faults;
mod get_statistics;
pub mod image;
pub mod insights;
mod list;
pub mod math;
mod names;
mod put;
pub mod search;
pub mod statistics;
pub mod store;
pub mod streams;
mod tags;
pub mod usage;
pub mod window;

use std::ops::Range;

use crate::world::World;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

pub use names::is_dimension_value;
pub use store::{Store, roll_up};

use store::{MetricId, Report, Sample};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &{
    let [contributors, describe, history, mute, put_composite, put_metric, set] = alarms::OPS;
    let [describe_detectors, put_detector] = detectors::OPS;
    let [put_stream, stream_states] = streams::OPS;
    [
        dashboards::OPS,
        data::OPS,
        get_statistics::OPS,
        image::OPS,
        list::OPS,
        put::OPS,
        tags::OPS,
        contributors,
        describe,
        history,
        mute,
        put_composite,
        put_metric,
        set,
        describe_detectors,
        put_detector,
        put_stream,
        stream_states,
    ]
};

/// An account's metrics in a Region, with all that has been counted until now: who looks at metrics looks here.
pub fn metrics<'w>(world: &'w mut World, account: &AccountId, region: Region) -> &'w mut Store {
    counters::settle(world, account, region);
    &mut world.regional(account, region).cloudwatch
}

/// The sum of a metric without dimensions over a time, in seconds.
pub fn sum(store: &Store, (namespace, name): (&str, &str), span: Range<i64>) -> f64 {
    let metric = store.metrics.get(&MetricId::new(namespace, name, []));
    let mut sum = 0.0;
    for (_, snapshot) in metric.map(|metric| metric.snapshots(None, span)).unwrap_or_default() {
        snapshot.each(|_, sample| sum += sample.totals().sum);
    }
    sum
}

/// Reports a value of this minute for a metric of AWS's own.
pub fn publish(
    world: &mut World,
    (account, region): (&AccountId, Region),
    (namespace, name): (&str, &str),
    dimensions: &[(&str, &str)],
    value: f64,
    unit: &str,
) {
    let now = world.now;
    publish_at(world, (account, region), now, (namespace, name), dimensions, value, unit);
}

/// Reports a value of a past minute for a metric of AWS's own.
pub fn publish_at(
    world: &mut World,
    (account, region): (&AccountId, Region),
    at: Time,
    (namespace, name): (&str, &str),
    dimensions: &[(&str, &str)],
    value: f64,
    unit: &str,
) {
    let second = at.timestamp();
    let metric = MetricId::new(namespace, name, dimensions.iter().copied());
    let at = second - second.rem_euclid(60);
    store::add(
        world,
        account,
        region,
        [Report { metric, at, unit: store::unit(Some(unit)), sample: Sample::One(value) }],
    );
}
