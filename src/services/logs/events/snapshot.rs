//! What readers of events work with, outside the lock.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::services::logs::Stream;
use crate::services::logs::naming::GroupPlace;
use crate::world::World;

use super::batch::{Batch, EventRef};
use super::expire;
use super::id::EventId;
use super::log::Part;
use super::merge;

/// Which streams of a group are read.
#[derive(Clone, Copy, Debug)]
pub enum Pick<'a> {
    All,
    /// Names that there are no streams of pick nothing.
    Names(&'a [String]),
    Prefix(&'a str),
}

/// The events from one id up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: EventId,
    pub until: EventId,
}

/// Which way events are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    OldestFirst,
    NewestFirst,
}

/// Events of some streams as they were at a moment, shared with the store: it costs little to take and to keep, and
/// does not change.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Names of the streams.
    streams: Arc<[Arc<str>]>,
    pub(super) sources: Vec<Source>,
    pub(super) range: Range,
}

/// A part of a stream.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Position of the stream's name.
    pub stream: usize,
    /// No event in range stands before this, or behind `last`.
    pub first: EventId,
    pub last: EventId,
    pub part: Part,
}

impl Range {
    pub const ALL: Range = Range { from: EventId::MIN, until: EventId::MAX };

    /// Timestamps from `start` up to but without `end`, in milliseconds; `None` is open.
    pub fn of_times(start: Option<i64>, end: Option<i64>) -> Range {
        Range { from: start.map_or(EventId::MIN, EventId::at), until: end.map_or(EventId::MAX, EventId::at) }
    }

    /// What is in both.
    pub fn and(self, other: Range) -> Range {
        Range { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

/// Takes a snapshot of streams of a group. Events that the group's retention has ended for are not in it, whether
/// they have been removed yet or not; of a group that there is none of, it is empty.
pub fn snapshot(world: &World, place: &GroupPlace, pick: Pick, range: Range) -> Snapshot {
    let Some(group) = place.find(world) else { return Snapshot::default() };
    let range = range.and(Range { from: expire::oldest_kept(group, world.now), until: EventId::MAX });
    match pick {
        Pick::All => Snapshot::of(group.streams.values(), range),
        Pick::Names(names) => {
            let mut names: Vec<&String> = names.iter().collect();
            names.sort_unstable();
            names.dedup();
            Snapshot::of(names.into_iter().filter_map(|name| group.streams.get(name)), range)
        }
        Pick::Prefix(prefix) => {
            let from = group.streams.range(prefix.to_owned()..);
            Snapshot::of(from.map(|(_, stream)| stream).take_while(|stream| stream.name.starts_with(prefix)), range)
        }
    }
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot { streams: Arc::new([]), sources: Vec::new(), range: Range::ALL }
    }
}

impl Snapshot {
    fn of<'s>(streams: impl Iterator<Item = &'s Stream>, range: Range) -> Snapshot {
        let (mut names, mut sources) = (Vec::new(), Vec::new());
        for stream in streams {
            let reached = stream.log.parts().filter_map(|part| Source::new(names.len(), part, range));
            sources.extend(reached);
            names.push(Arc::from(stream.name.as_str()));
        }
        Snapshot { streams: names.into(), sources, range }
    }

    /// Looks at every event, in the order of ids, until told to stop.
    ///
    /// Parts of different streams that overlap in time are open at once, some 256 KiB each.
    pub fn for_each(&self, look: impl FnMut(EventRef) -> ControlFlow<()>) {
        merge::walk(self, Direction::OldestFirst, look);
    }

    /// [`for_each`](Snapshot::for_each), the newest event first.
    pub fn for_each_back(&self, look: impl FnMut(EventRef) -> ControlFlow<()>) {
        merge::walk(self, Direction::NewestFirst, look);
    }

    /// Looks at the event with an id, if it is there.
    pub fn find<T>(&self, id: EventId, look: impl FnOnce(EventRef) -> T) -> Option<T> {
        let near = self.sources.iter().filter(|source| (source.first..=source.last).contains(&id));
        let mut opened = near.map(|source| (self.name(source), source.part.open()));
        let (stream, batch) = opened.find(|(_, batch)| !batch.range(id, id.after()).is_empty())?;
        batch.events(stream, batch.range(id, id.after())).next().map(look)
    }

    /// Parts of the snapshot that together are all of it, for as many threads: each some stretch of time, and about
    /// the same number of bytes.
    pub fn chunks(&self, wanted: usize) -> Vec<Snapshot> {
        let mut sources = self.sources.clone();
        sources.sort_by_key(|source| (source.first, source.stream));
        let share = self.bytes().div_ceil(wanted.max(1) as u64).max(1);
        let mut chunks: Vec<Vec<Source>> = Vec::new();
        let mut taken = 0;
        for source in sources {
            if chunks.is_empty() || taken >= share * chunks.len() as u64 {
                chunks.push(Vec::new());
            }
            taken += source.part.bytes();
            chunks.last_mut().into_iter().for_each(|chunk| chunk.push(source.clone()));
        }
        chunks.into_iter().map(|sources| Snapshot { sources, ..self.clone() }).collect()
    }

    /// Bytes of the parts that are looked at, as AWS counts them. At the ends of the time range that is more than
    /// the events in it.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.part.bytes()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    pub(super) fn name(&self, source: &Source) -> &Arc<str> {
        &self.streams[source.stream]
    }

    /// Opens a part, and answers it with the positions of the events that are in range.
    pub(super) fn open(&self, source: &Source) -> (Arc<Batch>, std::ops::Range<usize>) {
        let batch = source.part.open();
        let positions = batch.range(self.range.from, self.range.until);
        (batch, positions)
    }
}

impl Source {
    fn new(stream: usize, part: Part, range: Range) -> Option<Source> {
        let (first, last) = (part.first().max(range.from), part.last().min(range.until.before()));
        (first <= last).then_some(Source { stream, first, last, part })
    }
}

impl Direction {
    /// Greater for what is walked earlier.
    pub(super) fn rank(self, id: EventId) -> EventId {
        match self {
            Direction::OldestFirst => id.mirrored(),
            Direction::NewestFirst => id,
        }
    }

    /// Walks a part of events that stand in the order of ids.
    pub(super) fn each<T>(
        self,
        mut events: impl DoubleEndedIterator<Item = T>,
        look: impl FnMut(T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self {
            Direction::OldestFirst => events.try_for_each(look),
            Direction::NewestFirst => events.rev().try_for_each(look),
        }
    }

    /// The rank of what is walked first of a part.
    pub(super) fn near(self, source: &Source) -> EventId {
        match self {
            Direction::OldestFirst => self.rank(source.first),
            Direction::NewestFirst => self.rank(source.last),
        }
    }
}
