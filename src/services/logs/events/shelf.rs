//! Where the events of all streams lie: in memory up to a limit, the oldest sealed ones in files.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::segment::Segment;

/// Bytes after which the next spill file is begun: a file goes when all its segments are gone.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Uncompressed bytes that may wait for compression. Beyond, callers compress what they seal themselves, so that
/// ingestion cannot outrun it.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// Segments that are gone are cleared from the queue when it has grown to twice what was left, and to this at least.
const QUEUE_MIN: usize = 1024;

/// Keeps account of what events take in memory, and moves the oldest segments to files beyond the limit. Shared by
/// the streams and the work beside the lock.
#[derive(Debug)]
pub struct Shelf {
    /// Bytes of compressed segments in memory beyond which the oldest go to files.
    limit: usize,
    folder: PathBuf,
    packed: AtomicUsize,
    /// Bytes of tails, over all streams.
    tails: AtomicUsize,
    /// Bytes that wait to be compressed.
    waiting: AtomicUsize,
    spill: Mutex<Spill>,
}

/// Segments in memory in the order of their sealing, and the file that the next ones go to.
#[derive(Debug, Default)]
struct Spill {
    queue: VecDeque<Weak<Segment>>,
    /// Length at which the queue is cleared of segments that are gone.
    clear_at: usize,
    file: Option<(Arc<SpillFile>, u64)>,
    /// Numbers file names.
    files: u64,
}

/// A file of compressed segments, one after the other; removed when nobody reads it any more.
#[derive(Debug)]
struct SpillFile {
    path: PathBuf,
    file: Mutex<File>,
}

/// A part of a spill file.
#[derive(Clone, Debug)]
pub struct Spilled {
    file: Arc<SpillFile>,
    offset: u64,
    length: usize,
}

impl Shelf {
    /// `memory` is for all events: a quarter of it for tails, the rest for sealed segments.
    pub fn new(memory: usize, folder: PathBuf) -> Shelf {
        Shelf {
            limit: memory - memory / 4,
            folder,
            packed: AtomicUsize::new(0),
            tails: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            spill: Mutex::default(),
        }
    }

    /// Bytes of compressed segments in memory.
    pub fn packed_bytes(&self) -> usize {
        self.packed.load(Ordering::Relaxed)
    }

    /// Bytes that wait to be compressed.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether tails take more than their part: some are to be sealed before they are full.
    pub fn tails_are_full(&self) -> bool {
        self.tails.load(Ordering::Relaxed) > self.limit / 3
    }

    pub(super) fn tail_grew(&self, bytes: usize) {
        self.tails.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn tail_shrank(&self, bytes: usize) {
        self.tails.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Work that compresses a segment; `None` when so much waits already that it has been done at once.
    pub fn pack_later(self: &Arc<Shelf>, segment: Arc<Segment>) -> Option<Box<dyn FnOnce() + Send>> {
        let bytes = segment.bytes as usize;
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) > WAITING_BYTES {
            self.pack(&segment);
            return None;
        }
        let shelf = Arc::clone(self);
        Some(Box::new(move || shelf.pack(&segment)))
    }

    /// Compresses a segment, and spills the oldest ones beyond the limit.
    fn pack(&self, segment: &Arc<Segment>) {
        let packed = segment.pack();
        self.waiting.fetch_sub(segment.bytes as usize, Ordering::Relaxed);
        self.packed.fetch_add(packed, Ordering::Relaxed);
        let mut spill = self.spill.lock().unwrap_or_else(PoisonError::into_inner);
        spill.push(Arc::downgrade(segment));
        while self.packed_bytes() > self.limit {
            // The last reference may go here: whoever drops a segment takes no lock.
            let Some(oldest) = spill.queue.pop_front() else { return };
            let Some(oldest) = oldest.upgrade() else { continue };
            let Some(bytes) = oldest.packed() else { continue };
            match spill.write(&self.folder, &bytes) {
                Ok(place) => {
                    oldest.moved(place);
                    self.released(bytes.len());
                }
                Err(error) => {
                    tracing::error!(%error, folder = %self.folder.display(), "log events stay in memory");
                    spill.queue.push_front(Arc::downgrade(&oldest));
                    return;
                }
            }
        }
    }

    /// Compressed bytes are no longer in memory.
    pub(super) fn released(&self, bytes: usize) {
        self.packed.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Spill {
    fn push(&mut self, segment: Weak<Segment>) {
        if self.queue.len() >= self.clear_at {
            self.queue.retain(|segment| segment.strong_count() > 0);
            self.clear_at = (2 * self.queue.len()).max(QUEUE_MIN);
        }
        self.queue.push_back(segment);
    }

    fn write(&mut self, folder: &Path, bytes: &[u8]) -> io::Result<Spilled> {
        let (file, offset) = match self.file.take() {
            Some((file, length)) if length < FILE_BYTES => (file, length),
            _ => (self.next_file(folder)?, 0),
        };
        let written = file.append(offset, bytes);
        // What a failed write left behind is written over by the next one.
        let length = offset + if written.is_ok() { bytes.len() as u64 } else { 0 };
        self.file = Some((Arc::clone(&file), length));
        written.map(|()| Spilled { file, offset, length: bytes.len() })
    }

    /// Readers of before a reset may still hold files: their names are left alone.
    fn next_file(&mut self, folder: &Path) -> io::Result<Arc<SpillFile>> {
        fs::create_dir_all(folder)?;
        loop {
            self.files += 1;
            let path = folder.join(format!("{:06}.lz4", self.files));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Arc::new(SpillFile { path, file: Mutex::new(file) })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl SpillFile {
    fn append(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "a file of log events was gone before its time");
        }
    }
}

impl Spilled {
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        let mut file = self.file.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.offset))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
