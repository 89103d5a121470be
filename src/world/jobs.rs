//! Everything that happens later: one queue, ordered by time.

use std::collections::BTreeMap;

use crate::services::firehose;
use crate::services::logs::naming::GroupPlace;

use super::scope::{AccountId, Region};
use super::streams::StreamId;
use super::time::Time;

/// Work to come. A job is idempotent and takes no input beyond its id: when it runs, it looks at the
/// state and does what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Write the pending events of a trail in one Region to its bucket.
    TrailDelivery { account: AccountId, trail: String, region: Region },
    /// Write the pending events of a trail to its log group.
    TrailLogDelivery { account: AccountId, trail: String },
    /// Close the digest period of a trail in one Region.
    TrailDigest { account: AccountId, trail: String, region: Region },
    /// Write a Firehose stream's buffered records to its bucket.
    FirehoseDelivery(firehose::Place),
    /// Finish the creation or deletion of a Firehose stream.
    FirehoseTransition(firehose::Place),
    /// Drop events older than 90 days from the event history.
    HistoryExpiry,
    /// Apply a bucket's lifecycle rules.
    BucketLifecycle { bucket: String },
    /// Drop events older than a log group keeps them.
    LogRetention { place: GroupPlace },
    /// Deliver what subscription filters have for a destination.
    LogForward { account: AccountId, region: Region, destination: String },
    /// Show a Live Tail session what has come in the last second.
    LogTail { account: AccountId, region: Region, session: StreamId },
}

/// The queue. Jobs of one moment run in the order they were scheduled in.
#[derive(Debug, Default)]
pub struct Jobs {
    queue: BTreeMap<(Time, u64), Job>,
    counter: u64,
}

impl Jobs {
    /// Schedules a job; an equal job that is already due no later stays as it is.
    pub fn at(&mut self, time: Time, job: Job) {
        if self.queue.iter().take_while(|((due, _), _)| *due <= time).any(|(_, queued)| *queued == job) {
            return;
        }
        self.counter += 1;
        self.queue.insert((time, self.counter), job);
    }

    /// When the next job is due.
    pub fn next_due(&self) -> Option<Time> {
        self.queue.keys().next().map(|(time, _)| *time)
    }

    /// The job that is due first.
    pub fn next(&self) -> Option<(Time, &Job)> {
        self.iter().next()
    }

    /// Takes the next job that is due at or before `now`.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, Job)> {
        let key = *self.queue.keys().next().filter(|(time, _)| *time <= now)?;
        self.queue.remove(&key).map(|job| (key.0, job))
    }

    /// Takes every queued job that `pick` selects, whenever it is due: what a flush runs at once.
    pub fn take(&mut self, pick: impl Fn(&Job) -> bool) -> Vec<Job> {
        let keys: Vec<_> = self.queue.iter().filter(|(_, job)| pick(job)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| self.queue.remove(&key)).collect()
    }

    /// What will happen, when.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &Job)> {
        self.queue.iter().map(|((time, _), job)| (*time, job))
    }
}
