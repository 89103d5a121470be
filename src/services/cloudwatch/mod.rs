//! CloudWatch metrics: data points come in, statistics come out.

pub mod alarms;
pub mod dashboards;
pub mod data;
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
pub mod usage;
pub mod window;

use crate::world::World;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

pub use names::is_dimension_value;
pub use store::{Store, roll_up};

use store::{MetricId, Report, Sample};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &{
    let [describe, history, mute, put_composite, put_metric, set, tags] = alarms::OPS;
    [
        dashboards::OPS,
        data::OPS,
        get_statistics::OPS,
        image::OPS,
        list::OPS,
        put::OPS,
        describe,
        history,
        mute,
        put_composite,
        put_metric,
        set,
        tags,
    ]
};

/// Reports a value of this minute for a metric of AWS's own.
pub fn publish(
    world: &mut World,
    (account, region): (&AccountId, Region),
    (namespace, name): (&str, &str),
    dimensions: &[(&str, &str)],
    value: f64,
    unit: &str,
) {
    let second = world.now.timestamp();
    let metric = MetricId::new(namespace, name, dimensions.iter().copied());
    let at = second - second.rem_euclid(60);
    store::add(
        world,
        account,
        region,
        [Report { metric, at, unit: store::unit(Some(unit)), sample: Sample::One(value) }],
    );
}
