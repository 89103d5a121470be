//! Events in memory, in the order of their ids.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::id::{BatchId, EventId};

/// Bytes that AWS counts for an event beside its message.
pub const EVENT_OVERHEAD: u64 = 26;

/// Events of a stream in the order of their ids, with their messages in one text: those of one call, or of many.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// Who came with whom.
    pub(super) runs: Box<[Run]>,
    pub(super) timestamps: Box<[i64]>,
    /// Where each message ends in the text.
    pub(super) ends: Box<[u32]>,
    pub(super) text: String,
}

/// Neighbours that came in one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// The position of the first one.
    pub start: u32,
    pub batch: BatchId,
    /// Its index in the call.
    pub index: u16,
}

/// An event that is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventRef<'a> {
    pub id: EventId,
    pub timestamp_ms: i64,
    pub ingestion_ms: i64,
    pub stream: &'a str,
    pub message: &'a str,
}

/// Timestamps and messages as a caller sends them.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    pub(super) timestamps: Vec<i64>,
    pub(super) ends: Vec<u32>,
    pub(super) text: String,
}

impl Arrivals {
    /// Room for `events` with `bytes` of messages.
    pub fn with_capacity(events: usize, bytes: usize) -> Arrivals {
        Arrivals {
            timestamps: Vec::with_capacity(events),
            ends: Vec::with_capacity(events),
            text: String::with_capacity(bytes),
        }
    }

    pub fn push(&mut self, timestamp_ms: i64, message: &str) {
        self.timestamps.push(timestamp_ms);
        self.text.push_str(message);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// Bytes of each message.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| (end - start) as usize)
    }

    /// What is kept of a call: some of its events, under their indexes in it.
    pub fn into_batch(mut self, batch: BatchId, kept: Range<usize>) -> Batch {
        let text = |end: usize| end.checked_sub(1).map_or(0, |last| self.ends[last] as usize);
        let (start, end) = (text(kept.start), text(kept.end));
        self.text.truncate(end);
        self.text.drain(..start);
        self.timestamps.truncate(kept.end);
        self.timestamps.drain(..kept.start);
        self.ends.truncate(kept.end);
        self.ends.drain(..kept.start);
        if start > 0 {
            self.ends.iter_mut().for_each(|end| *end -= start as u32);
        }
        Batch {
            runs: Box::new([Run { start: 0, batch, index: kept.start as u16 }]),
            timestamps: self.timestamps.into(),
            ends: self.ends.into(),
            text: self.text,
        }
    }
}

impl FromIterator<(i64, String)> for Arrivals {
    fn from_iter<I: IntoIterator<Item = (i64, String)>>(events: I) -> Arrivals {
        let events: Vec<_> = events.into_iter().collect();
        let mut arrivals = Arrivals::with_capacity(events.len(), events.iter().map(|(_, message)| message.len()).sum());
        events.iter().for_each(|(timestamp_ms, message)| arrivals.push(*timestamp_ms, message));
        arrivals
    }
}

impl Batch {
    /// All events of some batches, in order.
    pub fn merged(batches: &[Arc<Batch>]) -> Batch {
        let events: usize = batches.iter().map(|batch| batch.len()).sum();
        let mut order = Vec::with_capacity(events);
        for batch in batches {
            order.extend(batch.ids(0..batch.len()).enumerate().map(|(at, id)| (id, batch, at)));
        }
        order.sort_unstable_by_key(|(id, ..)| *id);
        let mut merged = Builder::with_capacity(events, batches.iter().map(|batch| batch.text.len()).sum());
        order.into_iter().for_each(|(id, batch, at)| merged.push(id, batch.timestamps[at], batch.message(at)));
        merged.finish()
    }

    /// The events from an id on.
    pub fn from(&self, first: EventId) -> Batch {
        let kept = self.range(first, EventId::MAX);
        let mut rest = Builder::with_capacity(kept.len(), self.text.len());
        let ids = self.ids(kept.clone());
        kept.zip(ids).for_each(|(at, id)| rest.push(id, self.timestamps[at], self.message(at)));
        rest.finish()
    }

    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// What AWS counts as stored: the messages, and 26 bytes for each event.
    pub fn bytes(&self) -> u64 {
        self.text.len() as u64 + self.len() as u64 * EVENT_OVERHEAD
    }

    /// Bytes of memory, about.
    pub fn footprint(&self) -> usize {
        // Beside the batch itself: counts of references, and what the allocator needs for four boxes.
        let fixed = size_of::<Batch>() + 64;
        fixed
            + self.text.len()
            + self.len() * (size_of::<i64>() + size_of::<u32>())
            + self.runs.len() * size_of::<Run>()
    }

    pub fn first(&self) -> EventId {
        self.id(0)
    }

    pub fn last(&self) -> EventId {
        self.id(self.len().saturating_sub(1))
    }

    /// The message of an event. The position must be one of an event.
    pub fn message(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[at] as usize]
    }

    /// The positions of the events from one id up to but without another.
    pub fn range(&self, from: EventId, until: EventId) -> Range<usize> {
        let position = |bound: EventId| {
            let earlier = self.timestamps.partition_point(|time| EventId::at(*time).timestamp_ms < bound.timestamp_ms);
            let same = self.timestamps[earlier..]
                .partition_point(|time| EventId::at(*time).timestamp_ms == bound.timestamp_ms);
            let (mut low, mut high) = (earlier, earlier + same);
            while low < high {
                let middle = usize::midpoint(low, high);
                if self.id(middle) < bound { low = middle + 1 } else { high = middle }
            }
            low
        };
        let start = if from <= self.first() { 0 } else { position(from) };
        let end = if until > self.last() { self.len() } else { position(until) };
        start..end.max(start)
    }

    /// The ids of a range of positions.
    pub fn ids(&self, positions: Range<usize>) -> impl DoubleEndedIterator<Item = EventId> + ExactSizeIterator {
        let mut run = self.run_of(positions.start);
        positions.map(move |at| {
            // Neighbours are mostly of one run, in either direction.
            let of_run = |run: usize| {
                let next = self.runs.get(run + 1).map_or(usize::MAX, |next| next.start as usize);
                (self.runs[run].start as usize..next).contains(&at)
            };
            if !of_run(run) {
                run = self.run_of(at);
            }
            self.id_in(run, at)
        })
    }

    /// The id of an event; the least id when there are no events.
    pub fn id(&self, at: usize) -> EventId {
        if at >= self.len() { EventId::MIN } else { self.id_in(self.run_of(at), at) }
    }

    fn run_of(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.start as usize <= at).saturating_sub(1)
    }

    fn id_in(&self, run: usize, at: usize) -> EventId {
        let Run { start, batch, index } = self.runs[run];
        let index = u32::from(index) + at as u32 - start;
        EventId { batch, index: index as u16, ..EventId::at(self.timestamps[at]) }
    }

    /// The positions, of a range, of events that may contain a text: all that do, and those it begins in to end in
    /// the next.
    pub fn holders(&self, positions: Range<usize>, needle: &str) -> Vec<usize> {
        let end = positions.end.checked_sub(1).map_or(0, |last| self.ends[last] as usize);
        let finder = memmem::Finder::new(needle);
        let mut from = positions.start.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let mut holders = Vec::new();
        while from < end {
            let Some(hit) = finder.find(&self.text.as_bytes()[from..end]) else { break };
            let at = self.ends.partition_point(|end| *end as usize <= from + hit);
            holders.push(at);
            from = self.ends[at] as usize;
        }
        holders
    }

    /// Looks at the events of a range of positions.
    pub fn events<'a>(
        &'a self,
        stream: &'a str,
        positions: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = EventRef<'a>> {
        let ids = self.ids(positions.clone());
        positions.zip(ids).map(move |(at, id)| EventRef {
            id,
            timestamp_ms: self.timestamps[at],
            ingestion_ms: id.batch.ingestion_ms as i64,
            stream,
            message: self.message(at),
        })
    }
}

/// Collects events that come in order.
struct Builder {
    runs: Vec<Run>,
    next: Option<(BatchId, u32)>,
    events: Arrivals,
}

impl Builder {
    fn with_capacity(events: usize, bytes: usize) -> Builder {
        Builder { runs: Vec::new(), next: None, events: Arrivals::with_capacity(events, bytes) }
    }

    fn push(&mut self, id: EventId, timestamp_ms: i64, message: &str) {
        if self.next != Some((id.batch, u32::from(id.index))) {
            self.runs.push(Run { start: self.events.len() as u32, batch: id.batch, index: id.index });
        }
        self.next = Some((id.batch, u32::from(id.index) + 1));
        self.events.push(timestamp_ms, message);
    }

    fn finish(self) -> Batch {
        let Arrivals { timestamps, ends, text } = self.events;
        Batch { runs: self.runs.into(), timestamps: timestamps.into(), ends: ends.into(), text }
    }
}
