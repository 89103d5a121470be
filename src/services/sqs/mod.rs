//! Amazon SQS: queues of messages.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html>

pub mod address;
mod attributes;
mod batch;
mod contents;
mod done;
pub mod faults;
mod message;
mod messages;
pub mod moves;
mod permissions;
mod queues;
mod receipt;
mod receive;
mod redrive;
mod send;
mod tags;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::world::World;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use messages::Messages;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] =
    &[queues::OPS, attributes::OPS, permissions::OPS, tags::OPS, send::OPS, receive::OPS, done::OPS, moves::OPS];

/// What records call a queue.
const QUEUE: &str = "AWS::SQS::Queue";
const BY_URL: &[(&str, &str)] = &[(QUEUE, "QueueUrl")];

/// An account's queues in one Region, by name.
#[derive(Debug, Default)]
pub struct Store {
    pub queues: BTreeMap<String, Queue>,
    /// When queues were deleted whose names cannot be used again yet.
    deleted: BTreeMap<String, Time>,
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    settings: attributes::Settings,
    tags: BTreeMap<String, String>,
    created: Time,
    modified: Time,
    purged: Option<Time>,
    messages: Messages,
    /// Tasks that move messages out of it, the newest last.
    moves: Vec<moves::Task>,
}

/// Where a queue is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    /// The queue's name.
    pub name: String,
}

impl Place {
    /// Reads `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub fn parse(arn: &str) -> Option<Place> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", "aws", "sqs", region, account, name] = parts[..] else { return None };
        let is_name = !name.is_empty() && !name.contains([':', '/']);
        Some(Place {
            account: AccountId::parse(account)?,
            region: Region::parse(region)?,
            name: is_name.then(|| name.to_owned())?,
        })
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:sqs:{}:{}:{}", self.region, self.account, self.name)
    }

    /// The queue, unless there is none.
    pub fn find<'a>(&self, world: &'a World) -> Option<&'a Queue> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.sqs.queues.get(&self.name)
    }

    /// The queue, to change it.
    pub fn find_mut<'a>(&self, world: &'a mut World) -> Option<&'a mut Queue> {
        world.accounts.get_mut(&self.account)?.regions.get_mut(&self.region)?.sqs.queues.get_mut(&self.name)
    }
}

/// Whether a name is a FIFO queue's: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html>.
fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// Wakes as many of those who wait at a queue as there is something for, and sees to it that they are woken when
/// messages become visible.
pub fn rouse(world: &mut World, place: &Place) {
    if !world.waits.has(place) {
        return;
    }
    let now = world.now;
    let Some(queue) = place.find_mut(world) else { return world.waits.rouse_all(place) };
    queue.settle(now);
    let (available, next) = (queue.messages.available(), queue.messages.next_visible());
    world.waits.rouse(place, available);
    if let Some(next) = next.filter(|_| world.waits.has(place)) {
        world.jobs.at(next, Job::QueueWake(place.clone()));
    }
}

/// Drops messages that have been kept as long as their queue keeps them, and comes back for the next.
pub fn expire(world: &mut World, place: &Place) {
    let now = world.now;
    if let Some(queue) = place.find_mut(world) {
        queue.settle(now);
        queue.messages.retention_due = None;
    }
    schedule_expiry(world, place);
}

/// Sees to it that messages are dropped in time. One job a queue is enough.
fn schedule_expiry(world: &mut World, place: &Place) {
    let Some(queue) = place.find_mut(world) else { return };
    let retention = queue.settings.retention();
    let Some(due) = queue.messages.oldest().map(|sent| sent + retention) else { return };
    if queue.messages.retention_due.is_none_or(|planned| due < planned) {
        queue.messages.retention_due = Some(due);
        world.jobs.at(due, Job::QueueRetention(place.clone()));
    }
}

impl Queue {
    /// Brings the messages up to the present: some are too old, others have become visible.
    fn settle(&mut self, now: Time) {
        self.messages.expire(now, self.settings.retention());
        self.messages.reveal(now);
    }
}

/// A whole number of seconds.
fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}
