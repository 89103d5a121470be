//! EC2.

use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[];

/// State of EC2.
#[derive(Default)]
pub struct Store {}
