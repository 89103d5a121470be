//! The shell around the world: the only lock, the only clock, the only background task.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{Datelike, SubsecRound, TimeDelta, Utc};
use tokio::sync::{Notify, watch};

use crate::config::Clock;
use crate::services::{self, Preparation};
use crate::wire::Fault;
use crate::world::call::{Answer, Call, attempt};
use crate::world::jobs::AT_ONCE;
use crate::world::outbox::{Outcome, Post, PostId};
use crate::world::outside::{Outside, Patience, Pause};
use crate::world::streams::{Event, StreamId};
use crate::world::time::{Time, YEARS};
use crate::world::waits::{Reach, Wait};
use crate::world::{Settings, World};

/// A running emulator. Two in one process never meet.
pub struct Emulator {
    /// A blocking lock, because a step is short and never waits: it is never held across an await.
    inner: Mutex<Inner>,
    /// Tells the background task that the next due time has changed.
    wake: Notify,
    /// Tells readers of streams that something was pushed: the count of changes.
    streamed: watch::Sender<u64>,
    /// Tells calls that wait that the clock was moved, or that the process stops.
    moved: watch::Sender<Moved>,
    /// Tells who performs posts that there are some.
    posting: Notify,
    /// Whether somebody performs posts.
    has_poster: AtomicBool,
    /// Tells those who wait for posts that all have come to their end.
    quiet: Condvar,
    /// What `reset` goes back to.
    origin: (Settings, Clock),
}

struct Inner {
    world: World,
    clock: Ticker,
    /// The due time that the background task was last woken for.
    announced: Option<Time>,
    /// Calls that wait, by the ARN of what they wait for.
    waiting: HashMap<String, Arc<Notify>>,
}

/// What those who wait for time to pass have to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Moved {
    #[default]
    Clock,
    Stopping,
}

/// How long anybody waits for posts: several can follow one another, each ended by its own timeout.
const POSTS_TIMEOUT: Duration = Duration::from_secs(60);

/// Where the time comes from.
#[derive(Clone, Copy)]
enum Ticker {
    /// The machine's clock, moved by an offset.
    System { offset: TimeDelta },
    /// Stands still until it is moved.
    Manual,
}

/// Why the clock could not be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// Time only goes forward.
    Backward,
    /// Farther than [`Emulator::FARTHEST_STEP`] at once.
    TooFar,
    /// Out of the [`YEARS`].
    BeyondCalendar,
}

impl Emulator {
    /// The farthest move of the clock in one step: a hundred years, so that sums of times stay in range.
    pub const FARTHEST_STEP: TimeDelta = TimeDelta::days(36_525);

    pub fn new(settings: Settings, clock: Clock) -> Emulator {
        let inner = Inner::new(settings.clone(), clock);
        let (streamed, moved) = (watch::Sender::new(0), watch::Sender::new(Moved::Clock));
        Emulator {
            inner: Mutex::new(inner),
            wake: Notify::new(),
            streamed,
            moved,
            posting: Notify::new(),
            has_poster: AtomicBool::new(false),
            quiet: Condvar::new(),
            origin: (settings, clock),
        }
    }

    /// How often others may overtake the long work of a call, before that is done under the lock.
    const ATTEMPTS_MAX: usize = 8;

    /// How many jobs a call may set off before it is answered; the others are done soon after. Rules and topics can
    /// feed themselves for ever.
    const JOBS_AT_ONCE_MAX: usize = 1000;

    /// Runs one call at the present moment, to its end. It does not wait for what may come.
    pub fn call(&self, mut call: Call) -> Answer {
        let mut outside = Outside::default();
        let mut attempts = 1..Self::ATTEMPTS_MAX;
        let mut answer = loop {
            match self.step(|world| attempt(world, &mut call, &mut outside)) {
                Ok(answer) => break answer,
                Err(Pause::Work(work)) => outside.take_in(work.run()),
                Err(Pause::Wait(_)) => outside.set_patience(Patience::Over),
            }
            if attempts.next().is_none() {
                outside.do_at_once();
            }
        };
        if let Some(scan) = answer.take_scan() {
            answer.finish(scan.run());
        }
        self.settle_here();
        answer
    }

    /// Changes the world at the present moment, with all that this sets off. It may take long.
    pub fn act<T>(&self, step: impl FnOnce(&mut World) -> T) -> T {
        let result = self.step(step);
        self.settle_here();
        result
    }

    /// Delivers everything pending now, and waits for the answers to what was posted; answers what was delivered.
    pub fn flush(&self) -> Vec<String> {
        let delivered = self.act(services::flush);
        self.await_posts();
        delivered
    }

    /// Runs one call at the present moment; what takes long is done outside the lock, by a thread that may take long.
    /// A call that waits for something is abandoned when its client is `gone`.
    pub async fn answer(&self, mut call: Box<Call>, gone: Pin<&mut impl Future<Output = ()>>) -> Answer {
        let mut answer = self.attempts(gone, |world, outside| attempt(world, &mut call, outside)).await;
        let unsettled = Unsettled(self);
        if let Some(scan) = answer.take_scan() {
            let scanned = tokio::task::spawn_blocking(|| scan.run()).await;
            match scanned {
                Ok(scanned) => answer.finish(scanned),
                Err(_) => {
                    answer.outcome =
                        Err(Fault::new("InternalFailure", "The request could not be completed.").status(500))
                }
            }
        }
        self.settle().await;
        unsettled.settled();
        answer
    }

    /// As [`Emulator::settle`], on a thread that may take long.
    fn settle_here(&self) {
        for _ in 0..Self::JOBS_AT_ONCE_MAX {
            if !self.run_next_job(AT_ONCE) {
                return;
            }
        }
        self.wake.notify_one();
    }

    /// Does what a call has set off, so that who has its answer finds it done.
    async fn settle(&self) {
        for _ in 0..Self::JOBS_AT_ONCE_MAX {
            let Some((due, preparation)) = self.next_job(AT_ONCE) else { return };
            if let Some(prepare) = preparation {
                // A preparation that panicked is missed by its job, which says so.
                let _ = tokio::task::spawn_blocking(prepare).await;
            }
            self.run_job(due);
        }
        self.wake.notify_one();
    }

    /// Attempts a step until the long work it needs is done, and what it waits for has come.
    async fn attempts<T>(
        &self,
        mut gone: Pin<&mut impl Future<Output = ()>>,
        mut attempt: impl FnMut(&mut World, &mut Outside) -> Result<T, Pause>,
    ) -> T {
        let mut outside = Outside::default();
        let mut attempts = 1..Self::ATTEMPTS_MAX;
        let mut place = None;
        loop {
            let work = match self.step(|world| attempt(world, &mut outside)) {
                Ok(done) => return done,
                Err(Pause::Work(work)) => work,
                Err(Pause::Wait(wait)) => {
                    // What came before there was a place to wait is seen by one more attempt.
                    match &place {
                        None => place = Some(self.place_to_wait(&wait.on)),
                        Some(place) => outside.set_patience(self.wait(place, &wait, gone.as_mut()).await),
                    }
                    continue;
                }
            };
            // Work that panicked is asked for again.
            if let Ok(done) = tokio::task::spawn_blocking(|| work.run()).await {
                outside.take_in(done);
            }
            if attempts.next().is_none() {
                outside.do_at_once();
            }
        }
    }

    /// Waits until something has come, or the clock was moved, or it is time to give up. While the clock stands still, a
    /// wait ends after the same span of real time: a client would wait for ever otherwise.
    async fn wait(&self, place: &Notify, wait: &Wait, gone: Pin<&mut impl Future<Output = ()>>) -> Patience {
        let mut moved = self.moved.subscribe();
        if *moved.borrow_and_update() == Moved::Stopping {
            return Patience::Over;
        }
        let span = (wait.until - self.clock().0).to_std().unwrap_or_default();
        tokio::select! {
            // Looked at first: what has come is for others then, and they are woken in its place.
            biased;
            () = gone => Patience::Gone,
            () = place.notified() => Patience::Waits,
            () = tokio::time::sleep(span) => Patience::Over,
            _ = moved.changed() => match *moved.borrow() {
                Moved::Clock => Patience::Waits,
                Moved::Stopping => Patience::Over,
            },
        }
    }

    /// Where calls wait on a resource. Places that nobody waits at any more are given up on the way.
    fn place_to_wait(&self, on: &str) -> Arc<Notify> {
        let waiting = &mut self.lock().waiting;
        if !waiting.contains_key(on) {
            waiting.retain(|_, place| Arc::strong_count(place) > 1);
        }
        Arc::clone(waiting.entry(on.to_owned()).or_default())
    }

    /// The next events of a stream, as soon as there are some; `None` when it is over.
    pub async fn events(&self, id: StreamId) -> Option<Vec<Event>> {
        let mut changes = self.streamed.subscribe();
        loop {
            changes.mark_unchanged();
            let events = self.step(|world| world.streams.take(id))?;
            if !events.is_empty() {
                return Some(events);
            }
            changes.changed().await.ok()?;
        }
    }

    /// The posts to perform next, as soon as there are some. From now on, those who move the clock wait for posts.
    pub async fn posts(&self) -> Vec<(PostId, Post)> {
        self.has_poster.store(true, Ordering::Release);
        loop {
            let posts = self.step(|world| world.outbox.take());
            if !posts.is_empty() {
                return posts;
            }
            self.posting.notified().await;
        }
    }

    /// Takes down how a post went, and does what that sets off.
    pub async fn posted(&self, id: PostId, outcome: Outcome) {
        self.step(|world| services::posted(world, id, &outcome));
        self.settle().await;
        self.quiet.notify_all();
    }

    /// Waits until every post that was sent has come to its end. It takes a little longer than an endpoint may take.
    fn await_posts(&self) {
        if !self.has_poster.load(Ordering::Acquire) {
            return;
        }
        let busy = |inner: &mut Inner| !inner.world.outbox.is_idle();
        loop {
            let waited = self.quiet.wait_timeout_while(self.lock(), POSTS_TIMEOUT, busy);
            let is_over = waited.map_or(true, |(_, timeout)| timeout.timed_out());
            // Who has an answer may try again at once.
            self.settle_here();
            if is_over || self.lock().world.outbox.is_idle() {
                return;
            }
        }
    }

    /// Ends all streams, so that nobody waits for them when the process stops.
    pub fn end_streams(&self) {
        self.step(|world| world.streams = std::mem::take(&mut world.streams).ended());
        self.moved.send_replace(Moved::Stopping);
    }

    /// Looks at or changes the world at the present moment.
    pub fn step<T>(&self, step: impl FnOnce(&mut World) -> T) -> T {
        let mut inner = self.lock();
        inner.tick();
        let result = step(&mut inner.world);
        self.leave(inner);
        result
    }

    /// What the emulator was started with.
    pub fn settings(&self) -> &Settings {
        &self.origin.0
    }

    /// The present moment, and whether the clock stands still.
    pub fn clock(&self) -> (Time, bool) {
        let mut inner = self.lock();
        inner.tick();
        (inner.world.now, matches!(inner.clock, Ticker::Manual))
    }

    /// Moves the clock forward by `delta`; every job due on the way has run, in order, when this returns.
    pub fn advance(&self, delta: TimeDelta) -> Result<Time, ClockError> {
        let (now, _) = self.clock();
        if delta > Self::FARTHEST_STEP {
            return Err(ClockError::TooFar);
        }
        self.advance_to(now + delta)
    }

    /// Moves the clock forward to a time; every job due on the way has run, in order, when this returns.
    pub fn advance_to(&self, target: Time) -> Result<Time, ClockError> {
        let target = target.trunc_subsecs(3);
        {
            let mut inner = self.lock();
            inner.tick();
            if target < inner.world.now {
                return Err(ClockError::Backward);
            }
            if target - inner.world.now > Self::FARTHEST_STEP {
                return Err(ClockError::TooFar);
            }
            if !YEARS.contains(&target.year()) {
                return Err(ClockError::BeyondCalendar);
            }
        }
        // What is posted on the way has its answer before time goes on.
        self.await_posts();
        while self.run_next_job(target) {
            self.await_posts();
        }
        let mut inner = self.lock();
        inner.world.now = inner.world.now.max(target);
        inner.move_to_now();
        drop(inner);
        self.wake.notify_one();
        self.moved.send_replace(Moved::Clock);
        Ok(target)
    }

    /// Stops the clock, or lets it run on from where it is.
    pub fn set_manual(&self, manual: bool) {
        let mut inner = self.lock();
        inner.tick();
        inner.clock = if manual { Ticker::Manual } else { Ticker::System { offset: TimeDelta::zero() } };
        inner.world.clock_stands_still = manual;
        inner.move_to_now();
        drop(inner);
        self.wake.notify_one();
    }

    /// Everything back to the first moment.
    pub fn reset(&self) {
        let (settings, clock) = self.origin.clone();
        let mut inner = self.lock();
        inner.world.s3.erase();
        let streams = std::mem::take(&mut inner.world.streams).ended();
        let outbox = inner.world.outbox.emptied();
        *inner = Inner::new(settings, clock);
        inner.world.streams = streams;
        inner.world.outbox = outbox;
        self.leave(inner);
        self.quiet.notify_all();
        self.wake.notify_one();
        self.moved.send_replace(Moved::Clock);
    }

    /// Runs jobs as they fall due, for as long as the process lives. It needs a runtime of several threads.
    pub async fn drive(&self) {
        loop {
            let wait = self.until_next_job();
            let woken = self.wake.notified();
            match wait {
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, woken).await;
                }
                None => woken.await,
            }
            // While the clock stands still, jobs wait for it to be moved: they would otherwise get in between the
            // calls at moments that nobody can repeat.
            let (now, stands_still) = self.clock();
            // One job at a time, so that calls get in between. A job may take long to prepare; calls that wait for the
            // same thread go to another meanwhile.
            while !stands_still && tokio::task::block_in_place(|| self.run_next_job(now)) {
                tokio::task::yield_now().await;
            }
        }
    }

    /// How long until the next job is due; `None` without jobs, or while the clock stands still.
    fn until_next_job(&self) -> Option<Duration> {
        let mut inner = self.lock();
        inner.tick();
        if matches!(inner.clock, Ticker::Manual) {
            return None;
        }
        let due = inner.world.jobs.next_due()?;
        Some((due - inner.world.now).to_std().unwrap_or(Duration::ZERO))
    }

    /// Runs the first job due at or before `until`, at the moment it is due.
    fn run_next_job(&self, until: Time) -> bool {
        let Some((_, preparation)) = self.next_job(until) else { return false };
        if let Some(prepare) = preparation {
            prepare();
        }
        self.run_job(until)
    }

    /// When the first job is due, at or before `until`, and what must be prepared for it.
    fn next_job(&self, until: Time) -> Option<(Time, Option<Preparation>)> {
        let inner = self.lock();
        let (due, job) = inner.world.jobs.next().filter(|(due, _)| *due <= until)?;
        Some((due, services::preparation(&inner.world, job, due)))
    }

    /// Runs the first job due at or before `until`, prepared or not.
    fn run_job(&self, until: Time) -> bool {
        let mut inner = self.lock();
        let Some((due, job)) = inner.world.jobs.pop_due(until) else { return false };
        inner.world.now = inner.world.now.max(due);
        tracing::debug!(?job, %due, "job runs");
        services::run(&mut inner.world, job);
        self.leave(inner);
        true
    }

    /// Gives the lock back, and sees to what the step left behind: jobs, background work, posts, and events for those who
    /// wait. What is to be done at once is up to who took the step: waking another thread for it costs more than doing it.
    fn leave(&self, mut inner: MutexGuard<'_, Inner>) {
        let due = inner.world.jobs.next_due().filter(|due| *due != AT_ONCE);
        let is_news = due.is_some() && std::mem::replace(&mut inner.announced, due) != due;
        let background = std::mem::take(&mut inner.world.background);
        let changes = inner.world.streams.changes;
        for (on, reach) in inner.world.waits.take() {
            match (inner.waiting.get(&on), reach) {
                (Some(place), Reach::One) => place.notify_one(),
                (Some(place), Reach::All) => {
                    place.notify_waiters();
                    place.notify_one();
                }
                (None, _) => {}
            }
        }
        let has_posts = inner.world.outbox.has_waiting();
        drop(inner);
        if is_news {
            self.wake.notify_one();
        }
        if has_posts {
            self.posting.notify_one();
        }
        background.into_iter().for_each(rayon::spawn);
        self.streamed.send_if_modified(|known| std::mem::replace(known, changes) != changes);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A handler that panicked has been checked to change nothing before it is sure; the world stays usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn new(settings: Settings, clock: Clock) -> Inner {
        let (now, clock) = match clock {
            Clock::System => (system_time(), Ticker::System { offset: TimeDelta::zero() }),
            Clock::Manual(time) => (time.map_or_else(system_time, |time| time.trunc_subsecs(3)), Ticker::Manual),
        };
        let mut world = World::new(settings, now);
        world.clock_stands_still = matches!(clock, Ticker::Manual);
        Inner { world, clock, announced: None, waiting: HashMap::new() }
    }

    /// Brings the world's time up to the clock's. Time never goes back, even if the machine's clock does.
    fn tick(&mut self) {
        if let Ticker::System { offset } = self.clock {
            self.world.now = self.world.now.max(system_time() + offset);
        }
    }

    /// Sets the clock to the world's time.
    fn move_to_now(&mut self) {
        if let Ticker::System { offset } = &mut self.clock {
            *offset = self.world.now - system_time();
        }
    }
}

/// Whoever goes away before it has done what it set off leaves it to the background task.
struct Unsettled<'e>(&'e Emulator);

impl Unsettled<'_> {
    fn settled(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        self.0.wake.notify_one();
    }
}

/// The machine's time.
pub fn system_time() -> Time {
    Utc::now().trunc_subsecs(3)
}

#[cfg(test)]
mod tests {
    use std::future;
    use std::pin::pin;
    use std::sync::mpsc;

    use super::*;
    use crate::world::Cadence;
    use crate::world::scope::{AccountId, Region};

    fn emulator() -> Emulator {
        let settings = Settings {
            account: AccountId::parse("000000000000").unwrap(),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Fast,
            data_dir: std::env::temp_dir().join(format!("trailcam-emulator-{}", std::process::id())),
            log_memory: 0,
        };
        Emulator::new(settings, Clock::Manual(None))
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    /// Bytes that are too many for work under the lock.
    const LARGE: u64 = 1 << 30;

    #[test]
    fn others_are_answered_while_long_work_is_done() {
        let emulator = emulator();
        let (begun, has_begun) = mpsc::channel::<()>();
        let (answered, was_answered) = mpsc::channel();
        let mut work = Some(move || {
            begun.send(()).unwrap();
            was_answered.recv_timeout(Duration::from_secs(60)).is_ok()
        });
        std::thread::scope(|scope| {
            let emulator = &emulator;
            scope.spawn(move || {
                has_begun.recv().unwrap();
                emulator.step(|world| world.ids.uuid());
                answered.send(()).unwrap();
            });
            let was_answered = run(emulator.attempts(pin!(future::pending()), |_, outside| {
                let asked = work.take();
                let done = outside.take((), LARGE, move || asked.is_some_and(|work| work()));
                done.map_err(|_| outside.take_pause().unwrap())
            }));
            assert!(was_answered, "the other step did not get in between");
        });
    }

    #[test]
    fn work_that_is_always_overtaken_comes_to_an_end() {
        let mut runs = 0;
        run(emulator().attempts(pin!(future::pending()), |_, outside| {
            runs += 1;
            outside.take(runs, LARGE, || ()).map_err(|_| outside.take_pause().unwrap())
        }));
        assert_eq!(runs, Emulator::ATTEMPTS_MAX + 1);
    }
}
