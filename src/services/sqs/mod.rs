//! Amazon SQS: queues of messages.

use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[];

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {}
