//! Calls that wait for something to happen, and what tells them that it has.
//!
//! A handler that has nothing to answer yet asks to wait, with [`Outside::wait`](super::outside::Outside::wait), for the
//! resource of an ARN. The shell gives the lock back and runs the call again when the resource was woken, or when its
//! time is over.

use super::time::Time;

/// What a call waits for.
#[derive(Clone, Debug)]
pub struct Wait {
    /// ARN of the resource.
    pub on: String,
    /// When it waits no longer.
    pub until: Time,
}

/// How many of those who wait are woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    One,
    All,
}

/// What has happened in a step for others to hear of.
#[derive(Debug, Default)]
pub struct Waits {
    woken: Vec<(String, Reach)>,
}

impl Waits {
    /// Wakes one of those who wait on a resource: there is something for one.
    pub fn wake_one(&mut self, on: &str) {
        self.woken.push((on.to_owned(), Reach::One));
    }

    /// Wakes all who wait on a resource.
    pub fn wake_all(&mut self, on: &str) {
        self.woken.push((on.to_owned(), Reach::All));
    }

    /// Takes who is to be woken.
    pub fn take(&mut self) -> Vec<(String, Reach)> {
        std::mem::take(&mut self.woken)
    }
}
