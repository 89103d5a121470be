//! What SQS counts, and what it looks at each minute: metrics of `AWS/SQS`, by queue
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>).

use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};

use crate::world::time::Time;

use super::naming::Place;
use super::queues::Queue;

/// Counts something that happened to messages of a queue.
pub fn count(world: &mut World, place: &Place, name: &str, count: usize) {
    publish(world, place, name, count as f64, "Count");
}

/// Takes down the size of a message, in bytes.
pub fn size(world: &mut World, place: &Place, bytes: usize) {
    publish(world, place, "SentMessageSize", bytes as f64, "Bytes");
}

/// "A queue is considered active by CloudWatch for up to six hours from the last activity (that is, any API call)."
const ACTIVE: TimeDelta = TimeDelta::hours(6);

/// Takes down that a queue was used.
pub fn touch(world: &mut World, place: &Place) {
    let now = world.now;
    if let Some(queue) = place.find_mut(world) {
        queue.used = now;
    }
    let store = &mut world.regional(&place.account, place.region).sqs;
    if !std::mem::replace(&mut store.is_gauged, true) {
        schedule(world, &place.account, place.region);
    }
}

fn schedule(world: &mut World, account: &AccountId, region: Region) {
    let minute = TimeDelta::minutes(1);
    let next = world.now.duration_trunc(minute).unwrap_or(world.now) + minute;
    world.jobs.at(next, Job::QueueGauges { account: account.clone(), region });
}

/// Reports how many messages active queues have, each minute while there are any.
pub fn gauge(world: &mut World, account: &AccountId, region: Region) {
    let now = world.now;
    let store = &mut world.regional(account, region).sqs;
    let active = store.queues.iter_mut().filter(|(_, queue)| now - queue.used <= ACTIVE);
    let gauges: Vec<_> = active.map(|(name, queue)| (name.clone(), queue.gauges(now))).collect();
    store.is_gauged = !gauges.is_empty();
    if gauges.is_empty() {
        return;
    }
    for (queue, figures) in gauges {
        let place = Place { account: account.clone(), region, queue };
        for (name, value, unit) in figures {
            publish(world, &place, name, value, unit);
        }
    }
    schedule(world, account, region);
}

impl Queue {
    /// Names, values and units. Those of groups are of FIFO queues alone.
    fn gauges(&mut self, now: Time) -> Vec<(&'static str, f64, &'static str)> {
        self.advance(now);
        let counts = self.backlog.counts();
        let age = self.backlog.oldest().map_or(0, |came| (now - came).num_seconds());
        let mut gauges = vec![
            ("ApproximateNumberOfMessagesVisible", counts.visible as f64, "Count"),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight as f64, "Count"),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed as f64, "Count"),
            ("ApproximateAgeOfOldestMessage", age as f64, "Seconds"),
        ];
        let groups = self.backlog.groups_in_flight().map(|groups| groups as f64);
        gauges.extend(groups.map(|groups| ("ApproximateNumberOfGroupsWithInflightMessages", groups, "Count")));
        gauges
    }
}

fn publish(world: &mut World, place: &Place, name: &str, value: f64, unit: &str) {
    let at = (&place.account, place.region);
    cloudwatch::publish(world, at, ("AWS/SQS", name), &[("QueueName", &place.queue)], value, unit);
}
