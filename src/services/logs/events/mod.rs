//! The events of log streams: how they are kept, written and read.
//!
//! [`put`](put::put) takes a [`Batch`] into the tail of a stream's [`Log`]. Full tails become [`Segment`]s, which the
//! [`Shelf`] compresses beside the lock and moves to files beyond the memory limit. Readers take a [`Snapshot`] under
//! the lock, which costs a reference for each part in the time range, and walk it outside.

pub mod batch;
pub mod expire;
pub mod filter;
pub mod get;
pub mod id;
pub mod log;
mod merge;
pub mod page;
pub mod pointer;
pub mod put;
pub mod record;
pub mod segment;
pub mod shelf;
pub mod snapshot;
#[cfg(test)]
mod tests;

pub use batch::{Arrivals, Batch, EventRef};
pub use id::{BatchId, EventId};
pub use log::Log;
pub use put::{key_attributes_flaw, put};
pub use segment::Segment;
pub use shelf::Shelf;
pub use snapshot::{Pick, Range, Snapshot, snapshot};

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::naming::GroupPlace;

/// What the world keeps for the events of all streams.
#[derive(Debug)]
pub struct Keeping {
    pub shelf: Arc<Shelf>,
    /// Streams whose tails take memory, those that were queued first in front. Some may be gone, or sealed since.
    tails: VecDeque<(GroupPlace, String)>,
}

impl Keeping {
    /// `memory` is in bytes; files go to `logs/` in the data directory.
    pub fn new(memory: usize, data_dir: &Path) -> Keeping {
        Keeping { shelf: Arc::new(Shelf::new(memory, data_dir.join("logs"))), tails: VecDeque::new() }
    }
}
