//! Amazon SNS: topics, and what is published to them.

use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[];

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {}
