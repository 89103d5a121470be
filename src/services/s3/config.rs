//! Bucket configuration: policy, versioning, tagging, encryption, lifecycle, ….

use crate::world::op::Op;

/// The operations on bucket configuration.
pub const OPS: &[Op] = &[];

/// What `PutBucket…` set.
#[derive(Debug, Default)]
pub struct Config {}
