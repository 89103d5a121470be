//! Long work that a call needs done before it can go on, done outside the lock.
//!
//! A handler asks for it, with [`Outside::result`] or [`Outside::take`], once it has checked everything and before it
//! changes anything. The first time it gets a fault instead, which it hands on; the shell gives the lock back, does the
//! work, and runs the call again from its beginning, as if it had not run before: everything is checked once more, ids
//! and times are those of this run. Now the result is there, if the handler still asks for the same: what the work was
//! `about` says so. Else others were faster, and the work is done anew.
//!
//! So the world changes in the last run only, and which ids are drawn does not depend on how often a call had to run.

use std::any::Any;
use std::fmt;

use chrono::TimeDelta;

use crate::wire::Fault;

use super::time::Time;
use super::waits::Wait;

/// Work on fewer bytes is done at once: it takes less than asking for it does.
const BYTES_AT_ONCE_MAX: u64 = 64 * 1024;

/// What was done outside the lock for a call, and what is still to be done.
#[derive(Debug, Default)]
pub struct Outside {
    /// Pairs: what the work was about, and what it came to.
    results: Vec<Box<dyn Any + Send>>,
    wanted: Option<Work>,
    /// Nothing is put off.
    at_once: bool,
    /// Until when the call waits, once it has begun to.
    deadline: Option<Time>,
    waits: Option<Wait>,
    /// The call does not wait any longer.
    is_impatient: bool,
}

/// What a call needs before it can go on.
#[derive(Debug)]
pub enum Pause {
    Work(Work),
    Wait(Wait),
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
        self.wanted = Some(Work(Box::new(move || Box::new((about, work())))));
        Err(unfinished())
    }

    /// Waits on a resource for a span of time, counted from the call's first run. Answers until when, and the fault that
    /// the handler hands on; `None` once the time is over, or where a call cannot wait: the handler answers what it has.
    pub fn wait(&mut self, now: Time, on: String, span: TimeDelta) -> Option<(Time, Fault)> {
        let until = *self.deadline.get_or_insert(now + span);
        if self.at_once || self.is_impatient || now >= until {
            return None;
        }
        self.waits = Some(Wait { on, until });
        Some((until, unfinished()))
    }

    /// From now on work is done where it is asked for, however large, and nothing is waited for: the next run is the
    /// last.
    pub fn do_at_once(&mut self) {
        self.at_once = true;
    }

    /// From now on nothing is waited for.
    pub fn wait_no_longer(&mut self) {
        self.is_impatient = true;
    }

    /// What the last run asked for.
    pub fn take_pause(&mut self) -> Option<Pause> {
        let wait = self.waits.take().map(Pause::Wait);
        self.wanted.take().map(Pause::Work).or(wait)
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
        let Some(Pause::Work(work)) = outside.take_pause() else { panic!("no work was asked for") };
        outside.take_in(work.run());
    }

    #[test]
    fn large_work_is_done_between_two_runs() {
        let mut outside = Outside::default();
        assert!(outside.result("file", LARGE, || 1).is_err());
        go_on(&mut outside);
        assert_eq!(outside.result("file", LARGE, || 2), Ok(&1));
        assert_eq!(outside.take("file", LARGE, || 3), Ok(1));
        assert!(outside.take_pause().is_none());
    }

    #[test]
    fn small_work_is_done_at_once_and_large_work_if_need_be() {
        let mut outside = Outside::default();
        assert_eq!(outside.take("file", BYTES_AT_ONCE_MAX, || 1), Ok(1));
        outside.do_at_once();
        assert_eq!(outside.take("file", LARGE, || 2), Ok(2));
        assert!(outside.take_pause().is_none());
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
