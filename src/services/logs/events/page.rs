//! The first events of a snapshot that match something: what answers have room for.

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::batch::{EVENT_OVERHEAD, EventRef};
use super::id::EventId;
use super::snapshot::{Direction, Snapshot, Source};

/// Bytes of events in one answer
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
pub const PAGE_BYTES: u64 = 1_048_576;

/// Events in one answer, unless the caller wants fewer.
pub const PAGE_EVENTS: usize = 10_000;

/// Bytes that one call looks at: with few matches, an answer may be short of events while there are more.
const SCAN_BYTES: u64 = 1 << 30;

/// An event that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub id: EventId,
    pub timestamp_ms: i64,
    pub stream: Arc<str>,
    pub message: String,
}

/// The first matches, in the direction of the search.
#[derive(Debug, Default)]
pub struct Page {
    pub events: Vec<Found>,
    /// Up to here, and with it, everything has been looked at; `None` at the end.
    pub searched: Option<EventId>,
}

/// What is searched for.
pub struct Matcher {
    test: Box<dyn Fn(&str) -> bool + Send + Sync>,
    needle: Option<String>,
}

impl Matcher {
    pub fn new(test: impl Fn(&str) -> bool + Send + Sync + 'static) -> Matcher {
        Matcher { test: Box::new(test), needle: None }
    }

    /// Every message.
    pub fn all() -> Matcher {
        Matcher::new(|_| true)
    }

    /// Names a text that every match contains: a part is searched for it at once, and only messages that have it are
    /// tested.
    pub fn with_needle(self, needle: impl Into<String>) -> Matcher {
        Matcher { needle: Some(needle.into()).filter(|needle| !needle.is_empty()), ..self }
    }
}

/// What a page has room for.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub events: usize,
    pub bytes: u64,
    /// Bytes to look at before giving up.
    pub scan: u64,
}

impl Room {
    pub fn for_events(events: Option<i64>) -> Room {
        let events = events.and_then(|events| usize::try_from(events).ok()).unwrap_or(PAGE_EVENTS);
        Room { events: events.clamp(1, PAGE_EVENTS), bytes: PAGE_BYTES, scan: SCAN_BYTES }
    }
}

impl Found {
    fn new(event: EventRef, stream: &Arc<str>) -> Found {
        let message = event.message.to_owned();
        Found { id: event.id, timestamp_ms: event.timestamp_ms, stream: Arc::clone(stream), message }
    }

    pub fn ingestion_ms(&self) -> i64 {
        self.id.batch.ingestion_ms as i64
    }
}

/// Finds the first matches. Parts are searched in the order of their near ends, several at a time, until no further
/// one can have anything that belongs before what was found.
pub fn page(snapshot: &Snapshot, direction: Direction, room: Room, matcher: &Matcher) -> Page {
    let mut sources: Vec<&Source> = snapshot.sources.iter().collect();
    sources.sort_by_key(|source| std::cmp::Reverse(direction.near(source)));
    let near = |at: usize| sources.get(at).map(|source| direction.near(source));
    let mut best = Best::new(direction, room);
    let (mut done, mut scanned) = (0, 0);
    while done < sources.len() {
        // A page mostly comes from the first part; a search goes on with as many as there are threads, and more.
        let round = &sources[done..sources.len().min(done + done.clamp(1, 4 * rayon::current_num_threads()))];
        let found: Vec<Best> = match round {
            [source] => vec![best.search(snapshot, source, matcher)],
            round => round.par_iter().map(|source| best.search(snapshot, source, matcher)).collect(),
        };
        found.into_iter().for_each(|found| best.merge(found));
        done += round.len();
        scanned += round.iter().map(|source| source.part.bytes()).sum::<u64>();
        let Some(next) = near(done) else { break };
        if best.worst().is_some_and(|worst| best.full && worst > next) {
            break;
        }
        // What stands before all parts to come is decided: enough of a day's work if that is anything new.
        if scanned >= room.scan && near(0).is_some_and(|first| next < first) {
            return best.cut(next);
        }
    }
    best.finish()
}

/// The best matches so far, in order, as many as there is room for.
struct Best {
    direction: Direction,
    room: Room,
    events: Vec<Found>,
    bytes: u64,
    /// There were more than there is room for, or exactly as many.
    full: bool,
}

impl Best {
    fn new(direction: Direction, room: Room) -> Best {
        Best { direction, room, events: Vec::new(), bytes: 0, full: false }
    }

    /// The rank of the last one.
    fn worst(&self) -> Option<EventId> {
        self.events.last().map(|found| self.direction.rank(found.id))
    }

    /// The matches in a part that have a chance.
    fn search(&self, snapshot: &Snapshot, source: &Source, matcher: &Matcher) -> Best {
        let mut found = Best::new(self.direction, self.room);
        let worst = self.worst().filter(|_| self.full);
        if worst.is_some_and(|worst| self.direction.near(source) < worst) {
            return found;
        }
        let (batch, positions) = snapshot.open(source);
        let stream = snapshot.name(source);
        let mut look = |event: EventRef| {
            if found.full || worst.is_some_and(|worst| self.direction.rank(event.id) < worst) {
                return ControlFlow::Break(());
            }
            if (matcher.test)(event.message) {
                found.push(Found::new(event, stream));
            }
            ControlFlow::Continue(())
        };
        let _ = match &matcher.needle {
            None => self.direction.each(batch.events(stream, positions), &mut look),
            Some(needle) => {
                let holders = batch.holders(positions, needle);
                let events = holders.into_iter().flat_map(|at| batch.events(stream, at..at + 1));
                self.direction.each(events, &mut look)
            }
        };
        found
    }

    /// Appends a match that comes after those that are there. The first one always has room.
    fn push(&mut self, found: Found) {
        let bytes = found.message.len() as u64 + EVENT_OVERHEAD;
        self.full |= !self.events.is_empty() && self.bytes + bytes > self.room.bytes;
        if !self.full {
            self.bytes += bytes;
            self.events.push(found);
            self.full = self.events.len() == self.room.events;
        }
    }

    fn merge(&mut self, found: Best) {
        if found.events.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.events);
        all.extend(found.events);
        all.sort_by_key(|found| std::cmp::Reverse(self.direction.rank(found.id)));
        let was_full = self.full || found.full;
        *self = Best::new(self.direction, self.room);
        let count = all.len();
        all.into_iter().for_each(|found| self.push(found));
        self.full |= was_full || self.events.len() < count;
    }

    /// The page, if nothing before `next` in rank has been missed: what stands after it is left for the next call.
    fn cut(mut self, next: EventId) -> Page {
        self.events.retain(|found| self.direction.rank(found.id) > next);
        // Ranks are mirrored ids in one direction, and ids in the other: either way the neighbour is above.
        let searched = match self.direction {
            Direction::OldestFirst => next.after().mirrored(),
            Direction::NewestFirst => next.after(),
        };
        Page { events: self.events, searched: Some(searched) }
    }

    fn finish(self) -> Page {
        let searched = self.events.last().map(|found| found.id).filter(|_| self.full);
        Page { events: self.events, searched }
    }
}
