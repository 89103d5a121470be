//! The log of recorded events: append-only, compressed in sealed segments, read by position.

use std::ops::Range;

use crate::world::time::Time;

use super::event::Event;

/// Where an event stands in the [`Log`]: a running number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// Events in a sealed segment. Records resemble each other, so a few dozen compress well together, to a fifth;
/// more would make reading a single one slow, and a page of `LookupEvents` may have to open fifty segments.
const SEGMENT_EVENTS: usize = 32;

/// Between a record and what `LookupEvents` knows of it beyond. Not in JSON text.
const SEPARATOR: char = '\n';

/// Rendered records in the order they happened. Older ones are held compressed.
#[derive(Debug, Default)]
pub struct Log {
    sealed: Vec<Segment>,
    /// The newest events, less than a segment.
    tail: Vec<Box<str>>,
    /// Segments dropped from the front.
    forgotten: usize,
}

/// What the log has of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Position,
    /// The record as JSON text.
    pub record: String,
    /// Types and names of resources, for `LookupEvents`.
    pub resources: Vec<(String, String)>,
}

#[derive(Debug)]
struct Segment {
    compressed: Box<[u8]>,
    /// Where each event ends in the uncompressed text.
    ends: Box<[u32]>,
    /// Time of the newest event.
    newest: Time,
}

impl Log {
    /// Appends an event and answers its position.
    pub fn append(&mut self, event: &Event) -> Position {
        let mut text = event.to_json();
        if !event.lookup_resources.is_empty() {
            text.push(SEPARATOR);
            // A list of texts has no failing case.
            text.push_str(&serde_json::to_string(&event.lookup_resources).unwrap_or_default());
        }
        self.push(text, event.event_time)
    }

    /// Appends a text of one line that is no record, such as an archived event.
    pub fn push(&mut self, text: String, time: Time) -> Position {
        let at = self.end();
        self.tail.push(text.into_boxed_str());
        if self.tail.len() == SEGMENT_EVENTS {
            self.sealed.push(Segment::seal(&self.tail, time));
            self.tail.clear();
        }
        at
    }

    /// The position that the next event will have.
    pub fn end(&self) -> Position {
        Position(((self.forgotten + self.sealed.len()) * SEGMENT_EVENTS + self.tail.len()) as u64)
    }

    /// The first position that is still held.
    pub fn start(&self) -> Position {
        Position((self.forgotten * SEGMENT_EVENTS) as u64)
    }

    /// The record at a position as JSON text; `None` outside of what is held.
    pub fn get(&self, at: Position) -> Option<String> {
        self.read([at]).next().map(|entry| entry.record)
    }

    /// What is held at some positions, in their order. Neighbours cost little: a segment stays open until an event
    /// of another one is wanted.
    pub fn read(&self, positions: impl IntoIterator<Item = Position>) -> impl Iterator<Item = Entry> {
        let mut open: Option<(usize, Opened)> = None;
        positions.into_iter().filter_map(move |at| {
            let index = usize::try_from(at.0).ok()?.checked_sub(self.forgotten * SEGMENT_EVENTS)?;
            let segment = index / SEGMENT_EVENTS;
            let Some(sealed) = self.sealed.get(segment) else {
                let text = self.tail.get(index - self.sealed.len() * SEGMENT_EVENTS)?;
                return Some(Entry::parse(at, text));
            };
            if open.as_ref().is_none_or(|(number, _)| *number != segment) {
                open = Some((segment, sealed.open()?));
            }
            let (_, opened) = open.as_ref()?;
            Some(Entry::parse(at, opened.text(index % SEGMENT_EVENTS)?))
        })
    }

    /// Everything held from a position on.
    pub fn iter_from(&self, from: Position) -> impl Iterator<Item = Entry> {
        self.read((from.max(self.start()).0..self.end().0).map(Position))
    }

    /// A position that no event at or after `time` stands before.
    pub fn position_of(&self, time: Time) -> Position {
        let older = self.sealed.partition_point(|segment| segment.newest < time);
        Position(((self.forgotten + older) * SEGMENT_EVENTS) as u64)
    }

    /// Drops events older than `time` that stand before `keep`, in whole segments.
    pub fn forget(&mut self, time: Time, keep: Position) {
        let position = self.position_of(time).min(keep);
        let segments = (position.0 as usize / SEGMENT_EVENTS).saturating_sub(self.forgotten).min(self.sealed.len());
        self.sealed.drain(..segments);
        self.forgotten += segments;
    }
}

impl Entry {
    fn parse(at: Position, text: &str) -> Entry {
        let (record, resources) = text.split_once(SEPARATOR).unwrap_or((text, "[]"));
        Entry { at, record: record.to_owned(), resources: serde_json::from_str(resources).unwrap_or_default() }
    }
}

/// An uncompressed segment.
struct Opened<'a> {
    text: String,
    ends: &'a [u32],
}

impl Segment {
    fn seal(events: &[Box<str>], newest: Time) -> Segment {
        let text: String = events.iter().map(AsRef::as_ref).collect();
        let ends = events.iter().scan(0, |end, event| {
            *end += event.len() as u32;
            Some(*end)
        });
        let ends = ends.collect();
        Segment { compressed: lz4_flex::compress_prepend_size(text.as_bytes()).into(), ends, newest }
    }

    fn open(&self) -> Option<Opened<'_>> {
        let bytes = lz4_flex::decompress_size_prepended(&self.compressed).ok()?;
        Some(Opened { text: String::from_utf8(bytes).ok()?, ends: &self.ends })
    }
}

impl Opened<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        let range: Range<usize> = start as usize..*self.ends.get(index)? as usize;
        self.text.get(range)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn filled(events: usize) -> Log {
        let mut log = Log::default();
        for number in 0..events {
            log.push(format!("{{\"number\":{number}}}"), Time::UNIX_EPOCH + TimeDelta::minutes(number as i64));
        }
        log
    }

    #[test]
    fn reads_what_was_appended() {
        let log = filled(200);
        assert_eq!(log.end(), Position(200));
        for number in [0, 1, 63, 64, 127, 191, 192, 199] {
            assert_eq!(log.get(Position(number)), Some(format!("{{\"number\":{number}}}")));
        }
        assert_eq!(log.get(Position(200)), None);
        let all: Vec<_> = log.iter_from(Position(60)).map(|entry| entry.at.0).collect();
        assert_eq!(all, (60..200).collect::<Vec<_>>());
    }

    #[test]
    fn resources_stand_beside_the_record() {
        let mut log = Log::default();
        let at = log.push("{}\n[[\"AWS::S3::Bucket\",\"a\\nb\"]]".into(), Time::UNIX_EPOCH);
        let entry = log.read([at]).next().unwrap();
        assert_eq!(entry.record, "{}");
        assert_eq!(entry.resources, [("AWS::S3::Bucket".to_owned(), "a\nb".to_owned())]);
    }

    #[test]
    fn forgets_whole_segments() {
        let mut log = filled(200);
        let at = |number| Time::UNIX_EPOCH + TimeDelta::minutes(number);
        assert_eq!(log.position_of(at(64)), Position(64));
        assert_eq!(log.position_of(at(63)), Position(32));
        log.forget(at(150), Position(u64::MAX));
        assert_eq!((log.start(), log.end()), (Position(128), Position(200)));
        assert_eq!(log.get(Position(127)), None);
        assert_eq!(log.get(Position(130)), Some("{\"number\":130}".into()));
        log.forget(at(10_000), Position(5));
        assert_eq!(log.start(), Position(128));
    }
}
