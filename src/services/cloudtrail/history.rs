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

/// Which recorded events the admin API lists.
#[derive(Debug, Default)]
pub struct Filter {}

impl Filter {
    /// Reads the arguments of `GET /_trailcam/events`.
    pub fn parse(_arguments: &std::collections::BTreeMap<String, String>) -> Result<Filter, String> {
        Ok(Filter {})
    }
}

/// Recorded events that fit, as JSON text, oldest first.
pub fn matching(world: &World, _filter: &Filter) -> impl Iterator<Item = String> {
    world.events.iter_from(world.events.start()).map(|(_, text)| text)
}
