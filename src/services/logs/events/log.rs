//! The events of one stream.

use std::sync::Arc;

use super::batch::Batch;
use super::id::EventId;
use super::segment::{SEGMENT_BYTES, Segment};
use super::shelf::Shelf;

/// The events of one stream: sealed segments and, as they came, the newest batches. Batches may hold older events
/// than batches before them; readers merge.
#[derive(Debug, Default)]
pub struct Log {
    sealed: Vec<Arc<Segment>>,
    tail: Vec<Arc<Batch>>,
    /// Bytes of memory of the tail.
    tail_size: usize,
    /// What AWS counts as stored, in bytes.
    pub stored_bytes: u64,
    /// Timestamp of the oldest event, in milliseconds.
    pub first_event_ms: Option<i64>,
    /// Timestamp of the newest event, in milliseconds.
    pub last_event_ms: Option<i64>,
    /// When events last came in, in milliseconds.
    pub last_ingestion_ms: Option<i64>,
    /// What the last `PutLogEvents` answered as `nextSequenceToken`.
    pub upload_token: String,
    /// Waits among the streams whose tails may be sealed before they are full.
    pub(super) queued: bool,
    shelf: Option<Arc<Shelf>>,
}

/// Events of a stream as readers share them.
#[derive(Clone, Debug)]
pub enum Part {
    Sealed(Arc<Segment>),
    Tail(Arc<Batch>),
}

impl Part {
    pub fn first(&self) -> EventId {
        match self {
            Part::Sealed(segment) => segment.first,
            Part::Tail(batch) => batch.first(),
        }
    }

    pub fn last(&self) -> EventId {
        match self {
            Part::Sealed(segment) => segment.last,
            Part::Tail(batch) => batch.last(),
        }
    }

    /// As AWS counts them.
    pub fn bytes(&self) -> u64 {
        match self {
            Part::Sealed(segment) => segment.bytes,
            Part::Tail(batch) => batch.bytes(),
        }
    }

    pub fn open(&self) -> Arc<Batch> {
        match self {
            Part::Sealed(segment) => segment.open(),
            Part::Tail(batch) => Arc::clone(batch),
        }
    }
}

impl Log {
    /// Takes a batch, which is not empty. Answers a segment to be packed when the tail is full with it.
    pub fn append(&mut self, batch: Arc<Batch>, shelf: &Arc<Shelf>) -> Option<Arc<Segment>> {
        self.note(&batch);
        let size = batch.footprint();
        self.tail_size += size;
        self.shelf.get_or_insert_with(|| Arc::clone(shelf)).tail_grew(size);
        self.tail.push(batch);
        if self.tail_size < SEGMENT_BYTES { None } else { self.seal() }
    }

    fn note(&mut self, batch: &Batch) {
        let (first, last) = (batch.first().timestamp_ms as i64, batch.last().timestamp_ms as i64);
        self.stored_bytes += batch.bytes();
        self.first_event_ms = Some(self.first_event_ms.map_or(first, |known| known.min(first)));
        self.last_event_ms = Some(self.last_event_ms.map_or(last, |known| known.max(last)));
        self.last_ingestion_ms = Some(batch.last().batch.ingestion_ms as i64);
    }

    /// Seals the tail, however short. Answers the segment, to be packed.
    pub fn seal(&mut self) -> Option<Arc<Segment>> {
        let shelf = self.shelf.as_ref()?;
        shelf.tail_shrank(std::mem::take(&mut self.tail_size));
        let segment = Segment::new(std::mem::take(&mut self.tail), shelf)?;
        self.sealed.push(Arc::clone(&segment));
        Some(segment)
    }

    /// Everything there is, in no order.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let sealed = self.sealed.iter().cloned().map(Part::Sealed);
        sealed.chain(self.tail.iter().cloned().map(Part::Tail))
    }

    /// Drops events before a time. Answers segments that were written anew, to be packed.
    pub fn expire(&mut self, before_ms: i64) -> Vec<Arc<Segment>> {
        let bound = EventId::at(before_ms);
        if self.parts().all(|part| part.first() >= bound) {
            return Vec::new();
        }
        let rewritten = self.expire_sealed(bound);
        self.expire_tail(bound);
        self.stored_bytes = self.parts().map(|part| part.bytes()).sum();
        self.first_event_ms = self.parts().map(|part| part.first().timestamp_ms as i64).min();
        self.last_event_ms = self.parts().map(|part| part.last().timestamp_ms as i64).max();
        rewritten
    }

    fn expire_sealed(&mut self, bound: EventId) -> Vec<Arc<Segment>> {
        let mut rewritten = Vec::new();
        self.sealed.retain_mut(|segment| {
            if segment.first >= bound {
                return true;
            }
            let rest = if segment.last < bound { None } else { self.shelf.as_ref() };
            let rest = rest.and_then(|shelf| Segment::new(vec![Arc::new(segment.open().from(bound))], shelf));
            if let Some(rest) = &rest {
                *segment = Arc::clone(rest);
            }
            rewritten.extend(rest.clone());
            rest.is_some()
        });
        rewritten
    }

    fn expire_tail(&mut self, bound: EventId) {
        self.tail.retain_mut(|batch| {
            if batch.first() < bound && batch.last() >= bound {
                *batch = Arc::new(batch.from(bound));
            }
            batch.last() >= bound
        });
        let size = self.tail.iter().map(|batch| batch.footprint()).sum();
        let before = std::mem::replace(&mut self.tail_size, size);
        if let Some(shelf) = &self.shelf {
            shelf.tail_shrank(before.saturating_sub(size));
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(shelf) = &self.shelf {
            shelf.tail_shrank(self.tail_size);
        }
    }
}
