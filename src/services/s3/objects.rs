//! Objects.

use crate::world::op::Op;

/// The operations on objects.
pub const OPS: &[Op] = &[];

/// The objects of a bucket.
#[derive(Debug, Default)]
pub struct Objects {}
