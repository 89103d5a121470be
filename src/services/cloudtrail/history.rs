//! Event history: 90 days of management events, and `LookupEvents`.

use crate::world::World;
use crate::world::op::Op;
use crate::world::record::{Event, Position};

/// The operations on the event history.
pub const OPS: &[Op] = &[];

/// One account's event history in one Region.
#[derive(Debug, Default)]
pub struct History {}

/// Adds a management event to the history of its account and Region.
pub fn add(_world: &mut World, _event: &Event, _at: Position) {}

/// Drops events that are older than 90 days.
pub fn expire(_world: &mut World) {}
