//! Everything that happens later: one queue, ordered by time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::services::cloudwatch::alarms;
use crate::services::logs::exports;
use crate::services::logs::naming::GroupPlace;
use crate::services::s3::notices;
use crate::services::{ec2, events, firehose, sns, sqs};

use super::scope::{AccountId, Region};
use super::streams::StreamId;
use super::time::Time;

/// Work to come. A job is idempotent and takes no input beyond its id: when it runs, it looks at the
/// state and does what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Write the pending events of a trail in one Region to its bucket.
    TrailDelivery { account: AccountId, trail: String, region: Region },
    /// Write the pending events of a trail to its log group.
    TrailLogDelivery { account: AccountId, trail: String },
    /// Announce the log files of a trail in one Region on its topic.
    TrailAnnouncement { account: AccountId, trail: String, region: Region },
    /// Deliver the last events of a trail that was stopped.
    TrailStop { account: AccountId, trail: String },
    /// Close the digest period of a trail in one Region.
    TrailDigest { account: AccountId, trail: String, region: Region },
    /// Write a Firehose stream's buffered records to its bucket.
    FirehoseDelivery(firehose::Place),
    /// Bring an instance, a gateway or a connection of EC2 to its next state.
    Ec2Transition(ec2::Place),
    /// Finish the creation or deletion of a Firehose stream.
    FirehoseTransition(firehose::Place),
    /// Bring events to targets of an account's rules in a Region.
    EventDelivery { account: AccountId, region: Region },
    /// Send the event of a rule's schedule.
    EventSchedule(events::RulePlace),
    /// Put archived events on their bus again.
    EventReplay(events::ReplayPlace),
    /// Report what passed instances and NAT gateways of an account in a Region.
    NetworkFigures { account: AccountId, region: Region },
    /// Evaluate the metric alarms of an account in a Region.
    AlarmEvaluation { account: AccountId, region: Region },
    /// Look at a composite alarm's rule, and at what keeps it from acting.
    AlarmReaction(alarms::Place),
    /// Take the actions of alarms whose state has changed.
    AlarmActions { account: AccountId, region: Region },
    /// Let alarms act again that no mute rule mutes any more.
    AlarmUnmute { account: AccountId, region: Region },
    /// Send an account's metrics in a Region to where its metric streams lead.
    MetricStreams { account: AccountId, region: Region },
    /// Roll up and drop old data points of an account's metrics in a Region.
    MetricRollUp { account: AccountId, region: Region },
    /// Read what an account has used, and report its charges.
    Billing { account: AccountId },
    /// Drop events older than 90 days from the event history.
    HistoryExpiry,
    /// Apply a bucket's lifecycle rules.
    BucketLifecycle { bucket: String },
    /// Report how much buckets hold.
    BucketMetrics,
    /// Tell a topic or queue what happened to objects of a bucket.
    BucketNotice(notices::Address),
    /// Report the default values of a log group's metric filters for the minutes that are over.
    LogMetrics { place: GroupPlace },
    /// Drop events older than a log group keeps them.
    LogRetention { place: GroupPlace },
    /// Deliver what subscription filters have for a destination.
    LogForward { account: AccountId, region: Region, destination: String },
    /// Report how many messages the queues of an account have in a Region.
    QueueGauges { account: AccountId, region: Region },
    /// Tell those who wait for messages of a queue that some have become visible.
    QueueMessages(sqs::Place),
    /// Move the next messages of a message-move task.
    QueueMove { account: AccountId, region: Region, task: String },
    /// Close the windows of a flow log that are over.
    FlowLogWindow(ec2::Place),
    /// Deliver a flow log's records.
    FlowLogDelivery(ec2::Place),
    /// Finish an analysis of Reachability Analyzer, or remove an old one.
    ReachabilityAnalysis(ec2::Place),
    /// Start an export of log events, or write its next file.
    LogExport(exports::Place),
    /// Deliver what waits for a subscription to a topic.
    SnsDelivery(sns::SubscriptionPlace),
    /// Forget a subscription that nobody has confirmed in time.
    SnsExpiry(sns::SubscriptionPlace),
    /// Show a Live Tail session what has come in the last second.
    LogTail { account: AccountId, region: Region, session: StreamId },
}

/// When jobs are due that belong to the call or job before them: earlier than any other.
pub const AT_ONCE: Time = Time::UNIX_EPOCH;

/// The queue. Jobs of one moment run in the order they were scheduled in.
#[derive(Debug, Default)]
pub struct Jobs {
    queue: BTreeMap<Key, Job>,
    keys: HashMap<Job, BTreeSet<Key>>,
    counter: u64,
}

/// When a job is due, and how many were scheduled before it.
type Key = (Time, u64);

impl Jobs {
    /// Schedules a job; an equal job that is already due no later stays as it is.
    pub fn at(&mut self, time: Time, job: Job) {
        let keys = self.keys.entry(job.clone()).or_default();
        if keys.first().is_some_and(|(due, _)| *due <= time) {
            return;
        }
        self.counter += 1;
        keys.insert((time, self.counter));
        self.queue.insert((time, self.counter), job);
    }

    /// Schedules what a call or a job sets off. It is done before the call is answered and before time goes on, even
    /// while the clock stands still.
    pub fn at_once(&mut self, job: Job) {
        self.at(AT_ONCE, job);
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
        self.remove(key).map(|job| (key.0, job))
    }

    /// Takes every queued job that `pick` selects, whenever it is due: what a flush runs at once.
    pub fn take(&mut self, pick: impl Fn(&Job) -> bool) -> Vec<Job> {
        let keys: Vec<_> = self.queue.iter().filter(|(_, job)| pick(job)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    fn remove(&mut self, key: Key) -> Option<Job> {
        let job = self.queue.remove(&key)?;
        if let Some(keys) = self.keys.get_mut(&job) {
            keys.remove(&key);
            if keys.is_empty() {
                self.keys.remove(&job);
            }
        }
        Some(job)
    }

    /// What will happen, when.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &Job)> {
        self.queue.iter().map(|((time, _), job)| (*time, job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(bucket: &str) -> Job {
        Job::BucketLifecycle { bucket: bucket.to_owned() }
    }

    #[test]
    fn jobs_come_in_the_order_of_their_times() {
        let second = |second: i64| Time::from_timestamp(1_700_000_000 + second, 0).expect("a time");
        let mut jobs = Jobs::default();
        jobs.at(second(2), job("late"));
        jobs.at(second(1), job("early"));
        jobs.at(second(1), job("next"));
        jobs.at_once(job("late"));
        // An equal job that comes no later is as good; an earlier one comes beside the later.
        jobs.at(second(3), job("early"));
        jobs.at_once(job("late"));
        let order = [(AT_ONCE, "late"), (second(1), "early"), (second(1), "next"), (second(2), "late")];
        for (time, bucket) in order {
            assert_eq!(jobs.pop_due(second(2)), Some((time, job(bucket))));
        }
        assert_eq!(jobs.pop_due(second(9)), None);
        jobs.at(second(3), job("early"));
        assert_eq!(jobs.pop_due(second(2)), None);
        assert_eq!(jobs.take(|_| true), [job("early")]);
        assert_eq!(jobs.next_due(), None);
    }
}
