//! Log streams.

use crate::world::op::Op;
use crate::world::time::Time;

use super::events::Log;

/// The operations on log streams.
pub const OPS: &[Op] = &[];

/// A log stream.
#[derive(Debug)]
pub struct Stream {
    pub name: String,
    pub created: Time,
    /// Its events.
    pub log: Log,
}
