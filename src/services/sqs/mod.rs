//! Amazon SQS: queues of messages.

mod attributes;
mod backlog;
mod batch;
mod contents;
mod digests;
pub mod faults;
mod metrics;
mod moves;
mod naming;
mod permissions;
mod queues;
mod receive;
mod redrive;
mod send;
mod tags;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::world::op::Op;
use crate::world::time::Time;

pub use metrics::gauge;
pub use moves::run as move_messages;
pub use naming::Place;
pub use queues::Queue;
pub use receive::show;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] =
    &[batch::OPS, moves::OPS, permissions::OPS, queues::OPS, receive::OPS, redrive::OPS, send::OPS, tags::OPS];

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {
    pub queues: BTreeMap<String, Queue>,
    /// Queues are looked at each minute.
    is_gauged: bool,
    /// When queues were deleted whose names cannot be used again yet.
    deleted: BTreeMap<String, Time>,
    /// Message-move tasks, the newest last.
    tasks: Vec<moves::Task>,
}
