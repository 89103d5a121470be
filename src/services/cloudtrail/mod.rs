//! CloudTrail: event history, trails, log files and digests.

pub mod delivery;
pub mod destination;
pub mod digest;
mod digest_file;
pub mod events;
pub mod faults;
pub mod history;
pub mod index;
pub mod insights;
pub mod keys;
pub mod log_group;
pub mod logging;
pub mod naming;
pub mod network_activity;
pub mod selectors;
pub mod tags;
pub mod topic;
pub mod trails;

#[cfg(test)]
mod tests;

use crate::world::World;
use crate::world::op::Op;
use crate::world::record::{Event, Position};

pub use delivery::flush;
pub use history::History;
pub use keys::Keys;
pub use trails::{Trail, Trails};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] =
    &[history::OPS, insights::OPS, keys::OPS, logging::OPS, selectors::OPS, tags::OPS, trails::OPS];

/// Takes notice of a new event: into the event history, and onto the pending list of each trail that selects it.
pub fn recorded(world: &mut World, event: &Event, at: Position) {
    history::add(world, event, at);
    delivery::enqueue(world, event, at);
}
