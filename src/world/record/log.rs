//! The log of recorded events: append-only, compressed in sealed segments, read by position.

use super::event::Event;

/// Where an event stands in the [`Log`]: a running number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// Events in a sealed segment. Records resemble each other, so a few dozen compress well together.
const SEGMENT_EVENTS: usize = 64;

/// Rendered records in the order they happened. Older ones are held compressed.
#[derive(Debug, Default)]
pub struct Log {
    sealed: Vec<Segment>,
    tail: Vec<Box<str>>,
    /// Segments dropped from the front.
    forgotten: usize,
}

#[derive(Debug)]
struct Segment {
    compressed: Box<[u8]>,
    /// Where each record ends in the uncompressed text.
    ends: Box<[u32]>,
}

impl Log {
    /// Appends an event and answers its position.
    pub fn append(&mut self, event: &Event) -> Position {
        let at = self.end();
        self.tail.push(event.to_json().into_boxed_str());
        if self.tail.len() == SEGMENT_EVENTS {
            self.sealed.push(Segment::seal(&self.tail));
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
        let index = usize::try_from(at.0).ok()?.checked_sub(self.forgotten * SEGMENT_EVENTS)?;
        match self.sealed.get(index / SEGMENT_EVENTS) {
            Some(segment) => segment.open()?.nth(index % SEGMENT_EVENTS),
            None => self.tail.get(index - self.sealed.len() * SEGMENT_EVENTS).map(|text| text.to_string()),
        }
    }

    /// Every held record from `from` on, opening each segment once.
    pub fn iter_from(&self, from: Position) -> impl Iterator<Item = (Position, String)> {
        let first = from.max(self.start());
        let skip = (first.0 as usize / SEGMENT_EVENTS).saturating_sub(self.forgotten);
        let base = ((self.forgotten + skip.min(self.sealed.len())) * SEGMENT_EVENTS) as u64;
        let sealed = self.sealed.iter().skip(skip).filter_map(Segment::open).flatten();
        let texts = sealed.chain(self.tail.iter().map(|text| text.to_string()));
        (base..).map(Position).zip(texts).filter(move |(at, _)| *at >= first)
    }

    /// Drops events before `position`, in whole segments.
    pub fn forget_before(&mut self, position: Position) {
        let segments = (position.0 as usize / SEGMENT_EVENTS).saturating_sub(self.forgotten).min(self.sealed.len());
        self.sealed.drain(..segments);
        self.forgotten += segments;
    }
}

impl Segment {
    fn seal(records: &[Box<str>]) -> Segment {
        let mut text = String::with_capacity(records.iter().map(|record| record.len()).sum());
        let ends = records.iter().map(|record| {
            text.push_str(record);
            text.len() as u32
        });
        let ends = ends.collect();
        Segment { compressed: lz4_flex::compress_prepend_size(text.as_bytes()).into(), ends }
    }

    fn open(&self) -> Option<impl Iterator<Item = String>> {
        let bytes = lz4_flex::decompress_size_prepended(&self.compressed).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges: Vec<_> = starts.zip(self.ends.iter().copied()).collect();
        Some(ranges.into_iter().map(move |(start, end)| text[start as usize..end as usize].to_owned()))
    }
}
