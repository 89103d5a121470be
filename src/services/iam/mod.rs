//! IAM.

use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[];

/// State of IAM.
#[derive(Default)]
pub struct Store {}
