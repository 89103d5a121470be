//! The RSA keys that sign digests, per Region and period.

use crate::world::op::Op;

/// The operations on keys.
pub const OPS: &[Op] = &[];
