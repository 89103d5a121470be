//! CloudWatch Logs: groups and streams, the events in them, and what is made of those.

pub mod events;
pub mod faults;
pub mod groups;
pub mod listing;
pub mod naming;
mod paging;
pub mod streams;
pub mod tags;

use std::collections::BTreeMap;

use crate::world::op::Op;

pub use groups::Group;
pub use streams::Stream;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    groups::OPS,
    listing::OPS,
    streams::OPS,
    tags::OPS,
    events::put::OPS,
    events::get::OPS,
    events::filter::OPS,
    events::record::OPS,
];

/// An account's logs in one Region.
#[derive(Debug, Default)]
pub struct Store {
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// The batch of events that came in last.
    pub last_batch: events::BatchId,
}
