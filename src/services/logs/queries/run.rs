//! A query at work: outside the lock, over a snapshot, in parallel.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::query::{Bounds, Execution, Found, Line, Query, Results};
use crate::services::logs::events::pointer::Pointer;
use crate::services::logs::events::{EventRef, Snapshot};
use crate::services::logs::naming::{GroupPlace, group_identifier};

/// Bytes that one thread takes at a time. It does not depend on the machine, because floating-point sums do on what
/// is added to what.
const CHUNK_BYTES: u64 = 8 << 20;
/// The most pieces of one snapshot: each has results of its own until they are merged.
const CHUNKS_MAX: usize = 64;
/// Events between two looks at whether to go on.
const STEP: u64 = 1024;

/// What a query reads and does.
#[derive(Debug)]
pub struct Work {
    pub query: Query,
    pub bounds: Bounds,
    pub groups: Vec<Events>,
    /// What the queries inside of it read.
    pub inner: Vec<Vec<Events>>,
}

/// The events of a group in one of the query's times.
#[derive(Debug)]
pub struct Events {
    pub place: GroupPlace,
    pub snapshot: Snapshot,
}

/// A query on its way to an end. It is shared by those who look at it and the thread that works on it.
#[derive(Debug)]
pub struct Running {
    state: Mutex<State>,
    /// Told when there is an end.
    ended: Condvar,
    stopped: AtomicBool,
    records: AtomicU64,
    bytes: AtomicU64,
    /// Bytes of memory that the results take, about.
    results: AtomicUsize,
}

#[derive(Debug)]
enum State {
    Scheduled(Box<Work>),
    Running,
    Ended(Ending),
}

/// How a query ended.
#[derive(Clone, Debug)]
pub enum Ending {
    Complete(Arc<Results>),
    Cancelled,
    Failed,
    Timeout,
}

/// What has been read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub records: u64,
    pub bytes: u64,
}

impl Running {
    pub fn new(work: Work) -> Running {
        Running {
            state: Mutex::new(State::Scheduled(Box::new(work))),
            ended: Condvar::new(),
            stopped: AtomicBool::new(false),
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            results: AtomicUsize::new(0),
        }
    }

    /// Does the work, unless somebody has begun it.
    pub fn run(&self) {
        let work = {
            let mut state = self.state();
            if !matches!(*state, State::Scheduled(_)) {
                return;
            }
            let State::Scheduled(work) = std::mem::replace(&mut *state, State::Running) else { return };
            work
        };
        // Nobody would ever learn of an end if a mistake of ours took the thread with it.
        let done = catch_unwind(AssertUnwindSafe(|| self.execute(&work)));
        drop(work);
        let ending = done.ok().flatten().map_or(Ending::Failed, |results| {
            self.results.store(results.rows.iter().map(|row| row_bytes(row)).sum(), Ordering::Relaxed);
            Ending::Complete(Arc::new(results))
        });
        if !self.stop(ending) {
            self.results.store(0, Ordering::Relaxed);
        }
    }

    /// Waits for the end, and helps to come there: work that nobody has begun is done here.
    pub fn wait(&self) -> Ending {
        self.run();
        let mut state = self.state();
        loop {
            match &*state {
                State::Ended(ending) => return ending.clone(),
                _ => state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Ends the query like this if it has not ended yet; answers whether it did.
    pub fn stop(&self, ending: Ending) -> bool {
        let mut state = self.state();
        let goes_on = !matches!(*state, State::Ended(_));
        if goes_on {
            self.stopped.store(true, Ordering::Relaxed);
            *state = State::Ended(ending);
            self.ended.notify_all();
        }
        goes_on
    }

    /// `None` while there is work to do.
    pub fn ending(&self) -> Option<Ending> {
        match &*self.state() {
            State::Ended(ending) => Some(ending.clone()),
            State::Scheduled(_) | State::Running => None,
        }
    }

    /// The status as AWS names it.
    pub fn status(&self) -> &'static str {
        match &*self.state() {
            State::Scheduled(_) => "Scheduled",
            State::Running => "Running",
            State::Ended(ending) => ending.name(),
        }
    }

    pub fn progress(&self) -> Progress {
        Progress { records: self.records.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Bytes of memory that the results take, about.
    pub fn result_bytes(&self) -> usize {
        self.results.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing if the queries inside found more than there may be.
    fn execute(&self, work: &Work) -> Option<Results> {
        if work.query.inner().is_empty() {
            return Some(self.scan(&work.query, work.bounds, &work.groups).finish());
        }
        let inner = work.query.inner().iter().zip(&work.inner);
        let found: Vec<Found> = inner.map(|(query, groups)| self.scan(query, work.bounds, groups).found()).collect();
        let query = work.query.resolved(&found).ok()?;
        let mut results = self.scan(&query, work.bounds, &work.groups).finish();
        results.records_scanned += found.iter().map(|found| found.records_scanned).sum::<u64>();
        results.bytes_scanned += found.iter().map(|found| found.bytes_scanned).sum::<u64>();
        Some(results)
    }

    fn scan(&self, query: &Query, bounds: Bounds, groups: &[Events]) -> Execution {
        let mut whole = query.execution(bounds);
        let parts: Vec<Execution> = chunks(groups).par_iter().map(|chunk| self.read(query, bounds, chunk)).collect();
        parts.into_iter().for_each(|part| whole.merge(part));
        whole
    }

    /// Reads some events, the newest first: queries mostly show those.
    fn read(&self, query: &Query, bounds: Bounds, events: &Events) -> Execution {
        let mut part = query.execution(bounds);
        let log = group_identifier(&events.place.account, &events.place.name);
        let mut read = Progress::default();
        events.snapshot.for_each_back(|event| {
            feed(&mut part, &events.place, &log, event);
            read.records += 1;
            read.bytes += event.message.len() as u64;
            if read.records % STEP == 0 {
                self.note(std::mem::take(&mut read));
            }
            if part.satisfied() || self.stopped.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        self.note(read);
        part
    }

    fn note(&self, read: Progress) {
        self.records.fetch_add(read.records, Ordering::Relaxed);
        self.bytes.fetch_add(read.bytes, Ordering::Relaxed);
    }
}

/// Pieces for as many threads as there are, always the same ones in the same order.
fn chunks(groups: &[Events]) -> Vec<Events> {
    let pieces = |events: &Events| {
        let wanted = (events.snapshot.bytes() / CHUNK_BYTES) as usize;
        let pieces = events.snapshot.chunks(wanted.clamp(1, CHUNKS_MAX));
        let place = events.place.clone();
        pieces.into_iter().map(move |snapshot| Events { place: place.clone(), snapshot })
    };
    groups.iter().flat_map(pieces).collect()
}

impl Ending {
    /// The status as AWS names it.
    pub fn name(&self) -> &'static str {
        match self {
            Ending::Complete(_) => "Complete",
            Ending::Cancelled => "Cancelled",
            Ending::Failed => "Failed",
            Ending::Timeout => "Timeout",
        }
    }
}

/// Gives an event to a query.
pub fn feed(run: &mut Execution, place: &GroupPlace, log: &str, event: EventRef) {
    let ptr = || Pointer { group: place.clone(), stream: event.stream.to_owned(), id: event.id }.print();
    run.feed(&Line {
        timestamp_ms: event.timestamp_ms,
        ingestion_ms: event.ingestion_ms,
        message: event.message,
        stream: event.stream,
        log,
        ptr: &ptr,
    });
}

fn row_bytes(row: &[(String, String)]) -> usize {
    row.iter().map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len()).sum()
}
