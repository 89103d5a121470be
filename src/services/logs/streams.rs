//! Log streams.

use crate::world::op::Op;
use crate::world::time::Time;

/// The operations on log streams.
pub const OPS: &[Op] = &[];

/// A log stream.
#[derive(Debug)]
pub struct Stream {
    pub name: String,
    pub created: Time,
}
