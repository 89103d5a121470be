//! Long work that a call needs done before it can go on, done outside the lock.
//!
//! A handler asks for it, with [`Outside::result`] or [`Outside::take`], once it has checked everything and before it
//! changes anything. The first time it gets a fault instead, which it hands on; the shell gives the lock back, does the
//! work, and runs the call again from its beginning, as if it had not run before: everything is checked once more, ids
//! and times are those of this run. Now the result is there, if the handler still asks for the same: what the work was
//! `about` says so. Else others were faster, and the work is done anew.
//!
//! So the world changes in the last run only, and which ids are drawn does not depend on how often a call had to run.
//!
//! In the same way a handler that has nothing to give yet asks to wait, with [`Outside::wait`]: the shell gives the lock
//! back and runs the call again when there may be something, or when it has waited long enough.

use std::any::Any;
use std::fmt;

use chrono::TimeDelta;

use crate::services::sqs::Place;
use crate::wire::Fault;

use super::time::Time;
use super::waits::{WaitId, Waits};

/// Work on fewer bytes is done at once: it takes less than asking for it does.
pub const BYTES_AT_ONCE_MAX: u64 = 64 * 1024;

/// What was done outside the lock for a call, and what is still to be done.
#[derive(Debug, Default)]
pub struct Outside {
    /// Pairs: what the work was about, and what it came to.
    results: Vec<Box<dyn Any + Send>>,
    wanted: Option<Pending>,
    /// Nothing is put off.
    at_once: bool,
    /// The wait of this call, once it has asked for one.
    wait: Option<Wait>,
    patience: Patience,
}

/// What a call needs before it can go on.
#[derive(Debug)]
pub enum Pending {
    Work(Work),
    Wait(Wait),
}

/// A call that waits for something to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub id: WaitId,
    /// When it has waited long enough.
    pub until: Time,
    /// How long that is. While the world's clock stands still, the shell goes by its own.
    pub span: TimeDelta,
}

/// Whether a call waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    #[default]
    Waits,
    /// It takes what there is, or goes without.
    Over,
    /// Nobody wants the answer any more.
    Gone,
}

/// Work that a handler has asked for.
pub struct Work(Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>);

/// What [`Work`] came to.
#[derive(Debug)]
pub struct Done(Box<dyn Any + Send>);

impl Work {
    /// Does it; not under the lock.
    pub fn run(self) -> Done {
        Done((self.0)())
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl Outside {
    /// What work on so many bytes comes to. It stays for further runs of the call.
    ///
    /// # Errors
    /// The work is to be done first. The handler hands the fault on; no client sees it.
    pub fn result<A, T>(&mut self, about: A, bytes: u64, work: impl FnOnce() -> T + Send + 'static) -> Result<&T, Fault>
    where
        A: PartialEq + Send + 'static,
        T: Send + 'static,
    {
        let at = self.find(about, bytes, work)?;
        let found = self.results.get(at).and_then(|result| result.downcast_ref::<(A, T)>());
        found.map(|(_, result)| result).ok_or_else(unfinished)
    }

    /// What work on so many bytes comes to, for the handler to keep. It is the last that may be asked for.
    ///
    /// # Errors
    /// As [`Outside::result`].
    pub fn take<A, T>(&mut self, about: A, bytes: u64, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault>
    where
        A: PartialEq + Send + 'static,
        T: Send + 'static,
    {
        let at = self.find(about, bytes, work)?;
        let found = self.results.swap_remove(at).downcast::<(A, T)>();
        found.map(|pair| pair.1).map_err(|_| unfinished())
    }

    /// Where the result is.
    fn find<A, T>(&mut self, about: A, bytes: u64, work: impl FnOnce() -> T + Send + 'static) -> Result<usize, Fault>
    where
        A: PartialEq + Send + 'static,
        T: Send + 'static,
    {
        let is_it = |result: &(A, T)| result.0 == about;
        if let Some(at) = self.results.iter().position(|result| result.downcast_ref().is_some_and(is_it)) {
            return Ok(at);
        }
        if self.at_once || bytes <= BYTES_AT_ONCE_MAX {
            self.results.push(Box::new((about, work())));
            return Ok(self.results.len() - 1);
        }
        // What others have overtaken is of no use any more, and may be a large file.
        self.results.retain(|result| !result.is::<(A, T)>());
        self.wanted = Some(Pending::Work(Work(Box::new(move || Box::new((about, work()))))));
        Err(unfinished())
    }

    /// From now on work is done where it is asked for, however large: the next run is the last.
    pub fn do_at_once(&mut self) {
        self.at_once = true;
    }

    /// What the last run asked for.
    pub fn take_pending(&mut self) -> Option<Pending> {
        self.wanted.take()
    }

    /// Waits until something comes to the queue, but no longer than `span` from the first time it is asked for.
    ///
    /// # Errors
    /// The call is to wait. The handler hands the fault on; no client sees it.
    pub fn wait(&mut self, waits: &mut Waits, now: Time, place: &Place, span: TimeDelta) -> Result<(), Fault> {
        let patient = self.patience == Patience::Waits && waits.is_open() && span > TimeDelta::zero();
        if !patient || self.wait.is_some_and(|wait| wait.until <= now) {
            return Ok(());
        }
        let wait = *self.wait.get_or_insert_with(|| Wait { id: waits.number(), until: now + span, span });
        waits.join(wait.id, place, wait.until);
        self.wanted = Some(Pending::Wait(wait));
        Err(unfinished())
    }

    /// Ends the sleep of this call, if it slept: it looks for itself now.
    pub fn wake(&mut self, waits: &mut Waits) {
        if let Some(wait) = self.wait {
            waits.leave(wait.id);
        }
    }

    /// Whether nobody wants the answer any more, so that nothing is to be taken for it.
    pub fn is_unwanted(&self) -> bool {
        self.patience == Patience::Gone
    }

    /// Says whether the call waits from now on.
    pub fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Keeps what work came to for the next run.
    pub fn take_in(&mut self, done: Done) {
        self.results.push(done.0);
    }
}

/// Stands for the answer of a run that is not the last.
fn unfinished() -> Fault {
    Fault::new("InternalError", "The call has not come to its end.").status(500)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: u64 = BYTES_AT_ONCE_MAX + 1;

    /// Runs what was asked for, as the shell does.
    fn go_on(outside: &mut Outside) {
        let Some(Pending::Work(work)) = outside.take_pending() else { panic!("work was asked for") };
        outside.take_in(work.run());
    }

    #[test]
    fn large_work_is_done_between_two_runs() {
        let mut outside = Outside::default();
        assert!(outside.result("file", LARGE, || 1).is_err());
        go_on(&mut outside);
        assert_eq!(outside.result("file", LARGE, || 2), Ok(&1));
        assert_eq!(outside.take("file", LARGE, || 3), Ok(1));
        assert!(outside.take_pending().is_none());
    }

    #[test]
    fn small_work_is_done_at_once_and_large_work_if_need_be() {
        let mut outside = Outside::default();
        assert_eq!(outside.take("file", BYTES_AT_ONCE_MAX, || 1), Ok(1));
        outside.do_at_once();
        assert_eq!(outside.take("file", LARGE, || 2), Ok(2));
        assert!(outside.take_pending().is_none());
    }

    #[test]
    fn work_about_something_else_is_done_anew() {
        let mut outside = Outside::default();
        assert!(outside.take("one", LARGE, || 1).is_err());
        go_on(&mut outside);
        assert!(outside.take("other", LARGE, || 2).is_err());
        go_on(&mut outside);
        assert_eq!(outside.take("other", LARGE, || 3), Ok(2));
        assert!(outside.take("one", LARGE, || 4).is_err(), "it was thrown away");
    }

    #[test]
    fn a_call_waits_once_and_no_longer_than_it_said() {
        let account = crate::world::scope::AccountId::parse("000000000000").unwrap();
        let place = Place { account, region: crate::world::scope::Region::US_EAST_1, name: "q".to_owned() };
        let time = |second: i64| Time::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let (mut waits, span) = (Waits::default(), TimeDelta::seconds(20));
        let mut outside = Outside::default();
        let mut until = |outside: &mut Outside, second| match outside.wait(&mut waits, time(second), &place, span) {
            Ok(()) => None,
            Err(_) => match outside.take_pending() {
                Some(Pending::Wait(wait)) => Some(wait.until),
                _ => panic!("it waits"),
            },
        };
        assert_eq!(until(&mut outside, 0), Some(time(20)));
        assert_eq!(until(&mut outside, 7), Some(time(20)), "woken, and nothing there");
        assert_eq!(until(&mut outside, 20), None);
        for patience in [Patience::Over, Patience::Gone] {
            let mut outside = Outside::default();
            outside.set_patience(patience);
            assert_eq!(until(&mut outside, 0), None);
        }
    }

    #[test]
    fn a_call_may_need_several_kinds_of_work() {
        let mut outside = Outside::default();
        let run = |outside: &mut Outside| -> Result<(u8, &str), Fault> {
            let first = *outside.result("hash", LARGE, || 1_u8)?;
            let second = outside.take("copy", LARGE, || "copied")?;
            Ok((first, second))
        };
        assert!(run(&mut outside).is_err());
        go_on(&mut outside);
        assert!(run(&mut outside).is_err());
        go_on(&mut outside);
        assert_eq!(run(&mut outside), Ok((1, "copied")));
    }
}
