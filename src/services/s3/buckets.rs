//! Buckets: create, head, list, delete, location.

use crate::world::op::Op;

/// The operations on buckets.
pub const OPS: &[Op] = &[];
