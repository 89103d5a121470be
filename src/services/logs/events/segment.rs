//! Sealed events: compressed, in memory or in a file, opened by whoever reads them.

use std::sync::{Arc, PoisonError, RwLock};

use super::batch::{Batch, Run};
use super::id::{BatchId, EventId};
use super::shelf::{Shelf, Spilled};

/// Bytes of memory at which a stream's tail is sealed. Larger segments hardly compress better, and a reader has
/// to open a whole one for any event of it.
pub const SEGMENT_BYTES: usize = 256 * 1024;

/// Events of one stream that will not change: shared by the stream and its readers. It is compressed, and later
/// moved to a file, while others read it.
#[derive(Debug)]
pub struct Segment {
    pub first: EventId,
    pub last: EventId,
    /// As AWS counts them: [`Batch::bytes`].
    pub bytes: u64,
    place: RwLock<Place>,
    shelf: Arc<Shelf>,
}

/// Where the events are.
#[derive(Debug)]
enum Place {
    /// As they came in, waiting to be compressed.
    Open(Vec<Arc<Batch>>),
    Memory(Packed),
    File(Spilled, Size),
}

/// Compressed events.
#[derive(Clone, Debug)]
pub struct Packed {
    pub bytes: Arc<[u8]>,
    size: Size,
}

/// What compressed bytes become.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Bytes of the messages, which come first.
    text: usize,
    /// Bytes of the messages and of the columns after them.
    whole: usize,
}

impl Segment {
    /// Seals batches; they stay as they are until [`Shelf::pack`] is done with the segment. Without events, `None`.
    pub fn new(mut batches: Vec<Arc<Batch>>, shelf: &Arc<Shelf>) -> Option<Arc<Segment>> {
        batches.retain(|batch| !batch.is_empty());
        let first = batches.iter().map(|batch| batch.first()).min()?;
        let last = batches.iter().map(|batch| batch.last()).max()?;
        let bytes = batches.iter().map(|batch| batch.bytes()).sum();
        let place = RwLock::new(Place::Open(batches));
        Some(Arc::new(Segment { first, last, bytes, place, shelf: Arc::clone(shelf) }))
    }

    /// The events.
    pub fn open(&self) -> Arc<Batch> {
        // What is cloned is shared, so that nobody waits for a reader.
        let packed = match &*self.place.read().unwrap_or_else(PoisonError::into_inner) {
            Place::Open(batches) => Err(batches.clone()),
            Place::Memory(packed) => Ok((Ok(packed.bytes.clone()), packed.size)),
            Place::File(spilled, size) => Ok((Err(spilled.clone()), *size)),
        };
        match packed {
            Err(batches) => match &batches[..] {
                [batch] => Arc::clone(batch),
                batches => Arc::new(Batch::merged(batches)),
            },
            Ok((bytes, size)) => {
                let batch = match bytes {
                    Ok(bytes) => unpack(&bytes, size),
                    Err(spilled) => spilled.read().ok().and_then(|bytes| unpack(&bytes, size)),
                };
                if batch.is_none() {
                    tracing::error!(first = %self.first, "log events cannot be read back");
                }
                Arc::new(batch.unwrap_or_default())
            }
        }
    }

    /// Compresses the events if that is still to be done, and answers the bytes that takes in memory.
    pub(super) fn pack(&self) -> usize {
        let events = self.open();
        let packed = Packed::of(&events);
        let length = packed.bytes.len();
        let mut place = self.place.write().unwrap_or_else(PoisonError::into_inner);
        match *place {
            Place::Open(_) => *place = Place::Memory(packed),
            Place::Memory(_) | Place::File(..) => return 0,
        }
        length
    }

    /// The compressed bytes, if they are in memory.
    pub(super) fn packed(&self) -> Option<Arc<[u8]>> {
        match &*self.place.read().unwrap_or_else(PoisonError::into_inner) {
            Place::Memory(packed) => Some(packed.bytes.clone()),
            Place::Open(_) | Place::File(..) => None,
        }
    }

    /// The compressed bytes are in a file now.
    pub(super) fn moved(&self, to: Spilled) {
        let mut place = self.place.write().unwrap_or_else(PoisonError::into_inner);
        if let Place::Memory(packed) = &*place {
            *place = Place::File(to, packed.size);
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if let Place::Memory(packed) = self.place.get_mut().unwrap_or_else(PoisonError::into_inner) {
            self.shelf.released(packed.bytes.len());
        }
    }
}

impl Packed {
    fn of(events: &Batch) -> Packed {
        let mut plain = Vec::with_capacity(events.text.len() + events.len() * 4 + events.runs.len() * 24);
        plain.extend_from_slice(events.text.as_bytes());
        write_columns(events, &mut plain);
        let size = Size { text: events.text.len(), whole: plain.len() };
        Packed { bytes: lz4_flex::block::compress(&plain).into(), size }
    }
}

fn unpack(bytes: &[u8], size: Size) -> Option<Batch> {
    let mut plain = lz4_flex::block::decompress(bytes, size.whole).ok()?;
    let (runs, timestamps, ends) = read_columns(&mut plain.get(size.text..)?)?;
    plain.truncate(size.text);
    let text = String::from_utf8(plain).ok()?;
    (ends.last().copied().unwrap_or(0) as usize == text.len()).then_some(Batch { runs, timestamps, ends, text })
}

/// The lengths of the messages, the steps from each timestamp to the next, and the runs.
fn write_columns(events: &Batch, out: &mut Vec<u8>) {
    write_number(events.len() as u64, out);
    let mut before = 0;
    for end in &events.ends {
        write_number(u64::from(end - before), out);
        before = *end;
    }
    let mut before = 0;
    for timestamp in &events.timestamps {
        write_number(timestamp.abs_diff(before), out);
        before = *timestamp;
    }
    write_number(events.runs.len() as u64, out);
    for run in &events.runs {
        write_number(u64::from(run.start), out);
        write_number(u64::from(run.index), out);
        out.extend_from_slice(&run.batch.ingestion_ms.to_le_bytes());
        out.extend_from_slice(&run.batch.random.to_le_bytes());
    }
}

type Columns = (Box<[Run]>, Box<[i64]>, Box<[u32]>);

fn read_columns(source: &mut &[u8]) -> Option<Columns> {
    let events = read_number(source)? as usize;
    let mut ends = Vec::with_capacity(events);
    let mut end: u32 = 0;
    for _ in 0..events {
        end = end.checked_add(read_number(source)? as u32)?;
        ends.push(end);
    }
    let mut timestamps = Vec::with_capacity(events);
    let mut timestamp: i64 = 0;
    for _ in 0..events {
        timestamp = timestamp.checked_add_unsigned(read_number(source)?)?;
        timestamps.push(timestamp);
    }
    let runs = (0..read_number(source)?).map(|_| read_run(source)).collect::<Option<Vec<Run>>>()?;
    Some((runs.into(), timestamps.into(), ends.into()))
}

fn read_run(source: &mut &[u8]) -> Option<Run> {
    let (start, index) = (read_number(source)? as u32, read_number(source)? as u16);
    let ingestion_ms = u64::from_le_bytes(*source.split_off(..8)?.first_chunk()?);
    let random = u64::from_le_bytes(*source.split_off(..8)?.first_chunk()?);
    Some(Run { start, index, batch: BatchId { ingestion_ms, random } })
}

/// Seven bits a byte, the lowest first; the highest bit tells that there are more.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(source: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *source.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
