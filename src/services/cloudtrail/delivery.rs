//! Log files: from pending events to objects in the trail's bucket.

use crate::world::World;
use crate::world::record::{Event, Position};
use crate::world::scope::{AccountId, Region};

/// A trail's deliveries in one Region.
#[derive(Debug, Default)]
pub struct Shipping {
    /// Selected events that are in no delivered file yet.
    pub pending: Vec<Position>,
}

/// Adds an event to the pending list of each trail that selects it, and sees to a delivery job.
pub fn enqueue(_world: &mut World, _event: &Event, _at: Position) {}

/// Writes a trail's pending events in a Region as log files.
pub fn deliver(_world: &mut World, _account: &AccountId, _trail: &str, _region: Region) {}
