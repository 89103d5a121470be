//! From events to the files of an export: `STREAM/000000.gz`, lines of a time and a message.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::services::logs::events::{EventId, EventRef, Snapshot};
use crate::world::gzip::gzip;
use crate::world::payload::{Body, Upload};
use crate::world::time::Time;

/// What an export reads: streams with what they held when it started.
#[derive(Debug)]
pub struct Source {
    streams: Vec<Stream>,
    file_bytes: usize,
}

#[derive(Debug)]
struct Stream {
    /// The stream's name without slashes, which would make folders.
    folder: String,
    events: Snapshot,
}

/// Where in its source an export stands: what it writes next follows from this alone.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// The stream, and the first event of it that is in no file yet.
    stream: usize,
    from: EventId,
    /// Files of the folder so far.
    files: usize,
}

/// The next thing to write.
#[derive(Debug)]
pub struct Step {
    source: Arc<Source>,
    position: Position,
    /// Packed by the first who asks, mostly beside the lock.
    file: OnceLock<Option<File>>,
}

/// A file, compressed and hashed.
#[derive(Debug)]
pub struct File {
    /// `STREAM/000000.gz`
    pub name: String,
    content: Bytes,
    upload: Upload,
    next: Position,
}

impl Source {
    /// `events` of the streams that are exported. Files are closed at some bytes before compression, with a whole event;
    /// what is left of a stream goes into further files.
    pub fn new(events: &Snapshot, file_bytes: usize) -> Source {
        let streams = events.by_stream().into_iter();
        let mut streams: Vec<_> =
            streams.map(|(name, events)| Stream { folder: name.replace('/', "-"), events }).collect();
        // Streams that share a folder, such as `a/b` and `a-b`, come one after the other and number their files on.
        streams.sort_by(|a, b| a.folder.cmp(&b.folder));
        Source { streams, file_bytes }
    }

    /// The first file from a position on; `None` when no events are left.
    fn pack(&self, position: Position) -> Option<File> {
        let mut position = position;
        while let Some(stream) = self.streams.get(position.stream) {
            let (text, rest) = lines(&stream.events, position.from, self.file_bytes);
            let next = match rest {
                Some(from) => Position { from, files: position.files + 1, ..position },
                None => self.after(position, usize::from(!text.is_empty())),
            };
            if !text.is_empty() {
                return Some(File::new(format!("{}/{:06}.gz", stream.folder, position.files), &text, next));
            }
            position = next;
        }
        None
    }

    /// The start of the stream after the one at a position, which gets some more files.
    fn after(&self, position: Position, files: usize) -> Position {
        let folder = |at: usize| self.streams.get(at).map(|stream| &stream.folder);
        let stream = position.stream + 1;
        let shared = folder(stream) == folder(position.stream);
        Position { stream, from: EventId::MIN, files: if shared { position.files + files } else { 0 } }
    }
}

impl Step {
    /// The first step of an export.
    pub fn new(source: Source) -> Step {
        Step::at(Arc::new(source), Position { stream: 0, from: EventId::MIN, files: 0 })
    }

    fn at(source: Arc<Source>, position: Position) -> Step {
        Step { source, position, file: OnceLock::new() }
    }

    /// The file to be written; `None` when all are.
    pub fn file(&self) -> Option<&File> {
        self.file.get_or_init(|| self.source.pack(self.position)).as_ref()
    }

    /// The step after this one, which has written a file.
    pub fn after(&self, file: &File) -> Step {
        Step::at(Arc::clone(&self.source), file.next)
    }
}

impl File {
    fn new(name: String, text: &str, next: Position) -> File {
        let content = gzip(text.as_bytes());
        File { name, upload: Upload::of(content.clone()), content, next }
    }

    pub fn upload(&self) -> Upload {
        let Upload { length, md5, ref checksum, .. } = self.upload;
        let body = Body::Memory(self.content.clone());
        Upload { body, length, md5, checksum: checksum.clone(), ..Upload::default() }
    }
}

/// Bytes of the longest key under a prefix, which a stream with a name of one byte has.
pub fn key_bytes(prefix: &str) -> usize {
    prefix.len() + "/00000000-0000-0000-0000-000000000000/s/000000.gz".len()
}

/// Lines of the events from one on, of some bytes; and which event is the first without a line.
fn lines(events: &Snapshot, from: EventId, bytes: usize) -> (String, Option<EventId>) {
    let (mut text, mut rest) = (String::new(), None);
    events.since(from).for_each(|event| {
        if text.len() >= bytes {
            rest = Some(event.id);
            return ControlFlow::Break(());
        }
        push_line(&mut text, &event);
        ControlFlow::Continue(())
    });
    (text, rest)
}

/// `2026-01-15T10:00:00.000Z MESSAGE`
fn push_line(text: &mut String, event: &EventRef) {
    if let Some(time) = Time::from_timestamp_millis(event.timestamp_ms) {
        text.push_str(&time.format("%Y-%m-%dT%H:%M:%S%.3fZ ").to_string());
    }
    text.push_str(event.message);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use serde_json::json;

    use crate::services::logs::events::{Pick, Range, snapshot};
    use crate::services::logs::naming::GroupPlace;
    use crate::services::logs::tests::{call, world};
    use crate::world::World;
    use crate::world::scope::Region;

    use super::*;

    fn put(world: &mut World, stream: &str, events: &[(i64, &str)]) {
        let now = world.now.timestamp_millis();
        let events = events.iter().map(|(age, message)| json!({"timestamp": now - age, "message": message}));
        let events: Vec<_> = events.collect();
        let stream = json!({"logGroupName": "g", "logStreamName": stream});
        let _ = call(world, "CreateLogStream", stream.clone());
        let mut batch = stream;
        batch["logEvents"] = json!(events);
        call(world, "PutLogEvents", batch).unwrap();
    }

    /// Names and contents of all files, of streams whose names start with something.
    fn files(world: &World, prefix: &str, bytes: usize) -> Vec<(String, String)> {
        let place = GroupPlace::new(&world.settings.account, Region::US_EAST_1, "g");
        let source = Source::new(&snapshot(world, &place, Pick::Prefix(prefix), Range::ALL), bytes);
        let (mut step, mut files) = (Step::new(source), Vec::new());
        while let Some(file) = step.file() {
            let mut text = String::new();
            GzDecoder::new(&file.content[..]).read_to_string(&mut text).unwrap();
            files.push((file.name.clone(), text));
            step = step.after(file);
        }
        files
    }

    #[test]
    fn files_of_streams() {
        let mut world = world();
        call(&mut world, "CreateLogGroup", json!({"logGroupName": "g"})).unwrap();
        call(&mut world, "CreateLogStream", json!({"logGroupName": "g", "logStreamName": "empty"})).unwrap();
        put(&mut world, "web/1/[$LATEST]", &[(2500, "b"), (1, "d")]);
        put(&mut world, "web/1/[$LATEST]", &[(3000, "a"), (1000, "c\nd ")]);
        put(&mut world, "x/y", &[(0, "slash")]);
        put(&mut world, "x/yz", &[(0, "longer")]);
        put(&mut world, "x-y", &[(0, "dash")]);
        let check = |prefix: &str, bytes: usize, wanted: &[(&str, &str)]| {
            let wanted: Vec<_> = wanted.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
            assert_eq!(files(&world, prefix, bytes), wanted, "{prefix} {bytes}");
        };
        let (a, b) = ("2025-12-31T23:59:57.000Z a\n", "2025-12-31T23:59:57.500Z b\n");
        let (c, d) = ("2025-12-31T23:59:59.000Z c\nd \n", "2025-12-31T23:59:59.999Z d\n");
        let [zero, one, two] = [0, 1, 2].map(|number| format!("web-1-[$LATEST]/{number:06}.gz"));
        check("empty", 1000, &[]);
        check("none", 1000, &[]);
        check("web", 1000, &[(&zero, &[a, b, c, d].concat())]);
        check("web", a.len(), &[(&zero, a), (&one, b), (&two, c), ("web-1-[$LATEST]/000003.gz", d)]);
        check("web", c.len() + 1, &[(&zero, &[a, b].concat()), (&one, &[c, d].concat())]);
        let (dash, slash) = ("2026-01-01T00:00:00.000Z dash\n", "2026-01-01T00:00:00.000Z slash\n");
        let longer = "2026-01-01T00:00:00.000Z longer\n";
        check("x", 1, &[("x-y/000000.gz", dash), ("x-y/000001.gz", slash), ("x-yz/000000.gz", longer)]);
    }

    #[test]
    fn names_of_files_are_counted() {
        let key = "exportedlogs/7a1d0e9c-0c55-4f2b-8f5b-2f1f3a8f7c11/s/000000.gz";
        assert_eq!(key_bytes("exportedlogs"), key.len());
    }
}
