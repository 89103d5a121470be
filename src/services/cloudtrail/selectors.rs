//! Event selectors: which events a trail takes.

use crate::world::op::Op;
use crate::world::record::Event;

/// The operations on selectors.
pub const OPS: &[Op] = &[];

/// A trail's selection. The default is all management events.
#[derive(Clone, Debug, Default)]
pub struct Selectors {}

impl Selectors {
    /// Whether the trail takes the event; the Region and the global-service rule are the trail's to judge.
    pub fn is_custom(&self) -> bool {
        false
    }

    pub fn select(&self, event: &Event) -> bool {
        event.management_event
    }
}
