//! Export tasks: a log group's events as files in a bucket
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>).
//!
//! [`tasks`] checks the bucket and leaves a task that waits; [`run`] starts it a little later and writes one file a
//! step, which [`files`] packs beside the lock, from events as they were when the task started.

mod bucket;
mod files;
pub mod listing;
mod run;
pub mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::world::World;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::naming::GroupPlace;
use files::Step;

pub use run::{preparation, run};

/// Tasks that an account keeps in a Region: beyond that, the oldest go. AWS has no such limit.
const KEPT_MAX: usize = 10_000;

/// The export tasks of an account in a Region, in the order in which they were created.
#[derive(Debug, Default)]
pub struct Exports {
    kept: VecDeque<Task>,
    /// How many there have been.
    created: u64,
}

/// An export.
#[derive(Debug)]
struct Task {
    id: String,
    /// Its place among all.
    number: u64,
    name: Option<String>,
    group: GroupPlace,
    /// Which streams are exported; `None` for all.
    streams: Option<String>,
    /// Timestamps of the first and of the last event to be exported, in milliseconds.
    from_ms: i64,
    to_ms: i64,
    bucket: String,
    /// What the keys of its objects begin with, up to the slash.
    prefix: String,
    created: Time,
    /// When it ended.
    ended: Option<Time>,
    state: State,
}

/// How far a task is.
#[derive(Clone, Debug)]
enum State {
    Pending,
    Running(Arc<Step>),
    Completed,
    /// With the reason.
    Failed(String),
    Cancelled,
}

/// Where a task is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    /// The task's id.
    pub task: String,
}

impl Place {
    fn find<'w>(&self, world: &'w World) -> Option<&'w Task> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.logs.exports.find(&self.task)
    }

    fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Task> {
        let account = world.accounts.get_mut(&self.account)?;
        account.regions.get_mut(&self.region)?.logs.exports.find_mut(&self.task)
    }
}

impl Exports {
    /// Whether a task is on its way. New ones wait for its end, so it is the last.
    fn is_busy(&self) -> bool {
        self.kept.back().is_some_and(|task| task.is_active())
    }

    fn add(&mut self, task: Task) {
        self.created += 1;
        self.kept.push_back(Task { number: self.created, ..task });
        if self.kept.len() > KEPT_MAX {
            self.kept.pop_front();
        }
    }

    fn find(&self, id: &str) -> Option<&Task> {
        self.kept.iter().rev().find(|task| task.id == id)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.kept.iter_mut().rev().find(|task| task.id == id)
    }
}

impl Task {
    fn is_active(&self) -> bool {
        matches!(self.state, State::Pending | State::Running(_))
    }

    fn end(&mut self, state: State, now: Time) {
        self.state = state;
        self.ended = Some(now);
    }
}

impl State {
    /// The code as AWS names it. Nothing is left to be done once a task is cancelled, so `PENDING_CANCEL` is never seen.
    fn code(&self) -> &'static str {
        match self {
            State::Pending => "PENDING",
            State::Running(_) => "RUNNING",
            State::Completed => "COMPLETED",
            State::Failed(_) => "FAILED",
            State::Cancelled => "CANCELLED",
        }
    }

    /// The sentence that AWS shows with the code; it is not known for tasks that wait.
    fn message(&self) -> Option<&str> {
        match self {
            State::Pending => None,
            State::Running(_) => Some("Started Successfully"),
            State::Completed => Some("Completed successfully"),
            State::Failed(reason) => Some(reason),
            State::Cancelled => Some("Cancelled by user"),
        }
    }
}
