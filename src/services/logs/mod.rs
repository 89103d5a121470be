//! CloudWatch Logs: groups and streams, the events in them, and what is made of those.

pub mod account_policies;
pub mod destinations;
pub mod events;
pub mod exports;
pub mod faults;
pub mod forwarding;
pub mod groups;
pub mod listing;
pub mod metric_filters;
pub mod metrics;
pub mod naming;
mod paging;
pub mod pattern;
pub mod policies;
pub mod queries;
pub mod query_definitions;
pub mod streams;
pub mod subscriptions;
pub mod tags;
pub mod tails;
pub mod targets;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::world::op::Op;

use account_policies::AccountPolicy;
use destinations::Destination;
use exports::Exports;
use policies::ResourcePolicy;
use queries::Queries;
use query_definitions::QueryDefinition;
use tails::Tail;

pub use groups::Group;
pub use streams::Stream;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    account_policies::OPS,
    destinations::OPS,
    events::filter::OPS,
    events::get::OPS,
    events::put::OPS,
    events::record::OPS,
    exports::listing::OPS,
    exports::tasks::OPS,
    groups::OPS,
    listing::OPS,
    metric_filters::OPS,
    policies::OPS,
    queries::fields::OPS,
    queries::listing::OPS,
    queries::results::OPS,
    queries::start::OPS,
    query_definitions::OPS,
    streams::OPS,
    subscriptions::OPS,
    tags::OPS,
    tails::OPS,
];

/// An account's logs in one Region.
#[derive(Debug, Default)]
pub struct Store {
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// Resource policies of the account, by name.
    pub resource_policies: BTreeMap<String, ResourcePolicy>,
    /// Queries of Logs Insights that run or have run.
    pub queries: Queries,
    /// Export tasks.
    pub exports: Exports,
    /// Query definitions by id.
    pub query_definitions: BTreeMap<String, QueryDefinition>,
    /// Destinations by name.
    pub destinations: BTreeMap<String, Destination>,
    /// Account policies by name.
    pub account_policies: BTreeMap<String, AccountPolicy>,
    /// What is on its way, by the ARN of its destination.
    pub forwards: BTreeMap<String, forwarding::Queue>,
    /// Sessions of Live Tail.
    pub tails: Vec<Tail>,
    /// The batch of events that came in last.
    pub last_batch: events::BatchId,
}
