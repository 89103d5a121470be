//! The shell around the world: the only lock, the only clock, the only background task.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{Datelike, SubsecRound, TimeDelta, Utc};
use tokio::sync::Notify;

use crate::config::Clock;
use crate::services;
use crate::world::call::{Answer, Call, perform};
use crate::world::time::{Time, YEARS};
use crate::world::{Settings, World};

/// A running emulator. Two in one process never meet.
pub struct Emulator {
    /// A blocking lock, because a step is short and never waits: it is never held across an await.
    inner: Mutex<Inner>,
    /// Tells the background task that the next due time has changed.
    wake: Notify,
    /// What `reset` goes back to.
    origin: (Settings, Clock),
}

struct Inner {
    world: World,
    clock: Ticker,
}

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
        Emulator { inner: Mutex::new(inner), wake: Notify::new(), origin: (settings, clock) }
    }

    /// Runs one call at the present moment.
    pub fn call(&self, call: Call) -> Answer {
        self.step(|world| perform(world, call))
    }

    /// Looks at or changes the world at the present moment.
    pub fn step<T>(&self, step: impl FnOnce(&mut World) -> T) -> T {
        let mut inner = self.lock();
        inner.tick();
        let due = inner.world.jobs.next_due();
        let result = step(&mut inner.world);
        let changed = inner.world.jobs.next_due() != due;
        drop(inner);
        if changed {
            self.wake.notify_one();
        }
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
        while self.run_next_job(target) {}
        let mut inner = self.lock();
        inner.world.now = inner.world.now.max(target);
        inner.move_to_now();
        drop(inner);
        self.wake.notify_one();
        Ok(target)
    }

    /// Stops the clock, or lets it run on from where it is.
    pub fn set_manual(&self, manual: bool) {
        let mut inner = self.lock();
        inner.tick();
        inner.clock = if manual { Ticker::Manual } else { Ticker::System { offset: TimeDelta::zero() } };
        inner.move_to_now();
        drop(inner);
        self.wake.notify_one();
    }

    /// Everything back to the first moment.
    pub fn reset(&self) {
        let (settings, clock) = self.origin.clone();
        let mut inner = self.lock();
        inner.world.s3.erase();
        *inner = Inner::new(settings, clock);
        drop(inner);
        self.wake.notify_one();
    }

    /// Runs jobs as they fall due, for as long as the process lives.
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
            // One job at a time, so that calls get in between.
            while !stands_still && self.run_next_job(now) {
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
        let next = self.lock().world.jobs.next().filter(|(due, _)| *due <= until).map(|(due, job)| (due, job.clone()));
        let Some((due, job)) = next else { return false };
        let prepare = services::preparation(&self.lock().world, &job, due);
        prepare();
        let mut inner = self.lock();
        let Some((due, job)) = inner.world.jobs.pop_due(until) else { return false };
        inner.world.now = inner.world.now.max(due);
        tracing::debug!(?job, %due, "job runs");
        services::run(&mut inner.world, job);
        true
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
        Inner { world: World::new(settings, now), clock }
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

fn system_time() -> Time {
    Utc::now().trunc_subsecs(3)
}
