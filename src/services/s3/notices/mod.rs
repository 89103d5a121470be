//! What happens to objects, on its way to topics, queues and EventBridge.
//!
//! Handlers say what happened, [`happened`]; nothing more is done where nobody wants to know. Messages wait in an outbox
//! for each destination of a bucket, and a job sends them: at once, and again for a day while that fails.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>

mod message;

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;

use crate::services::{events, sqs};
use crate::wire::{Fault, Map};
use crate::world::World;
use crate::world::call::{Call, Cx, perform, request_id};
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::config::notification::{Kind, Route};
use super::objects::NULL_VERSION;
use super::{access, faults};

use message::Cause;

/// The name S3 calls others by.
const SELF: &str = "s3.amazonaws.com";
/// What notifications are headed on a topic.
const SUBJECT: &str = "Amazon S3 Notification";

/// How long it is tried to tell a destination, in which time it may be made or opened again. AWS does not say.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Messages that wait for one destination of a bucket.
const WAITING_MAX: usize = 10_000;
/// Messages that are sent in one step, so that calls get in between.
const SENT_AT_ONCE_MAX: usize = 100;

/// What was done to an object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Put,
    Copy,
    CompleteMultipartUpload,
    /// Removed for good.
    Delete,
    /// Hidden behind a delete marker.
    Mark,
    /// Removed for good by a lifecycle rule.
    Expire,
    /// Hidden behind a delete marker by a lifecycle rule.
    ExpireMark,
    PutTags,
    DeleteTags,
    PutRetention,
}

/// Something that happened to a version of an object.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    pub deed: Deed,
    pub key: &'a str,
    /// The version's id; `null` is not told.
    pub version: &'a str,
    /// Bytes, of what is there afterwards.
    pub size: Option<u64>,
    /// Without its quotes.
    pub etag: Option<&'a str>,
    /// Mode and end.
    pub retention: Option<(&'a str, Time)>,
}

/// A deletion that did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    pub version: String,
    /// A delete marker was made, and nothing removed.
    pub marked: bool,
}

/// What topics and queues are still to be told.
#[derive(Debug, Default)]
pub struct Notices {
    outboxes: BTreeMap<Address, Outbox>,
    /// The last sequencer.
    sequence: u64,
}

/// A destination of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub bucket: String,
    /// ARN of the topic or queue.
    pub destination: String,
}

#[derive(Debug, Default)]
struct Outbox {
    waiting: VecDeque<Notice>,
    /// Attempts that failed in a row.
    failures: u32,
}

#[derive(Clone, Debug)]
struct Notice {
    text: String,
    since: Time,
    recipient: Recipient,
}

/// Who is told, and who tells.
#[derive(Clone, Debug)]
struct Recipient {
    kind: Kind,
    arn: String,
    bucket: String,
    owner: AccountId,
    region: Region,
}

impl<'a> Happening<'a> {
    /// What a deletion by an API call did.
    pub fn removal(key: &'a str, removal: &'a Removal) -> Happening<'a> {
        Happening::gone(if removal.marked { Deed::Mark } else { Deed::Delete }, key, removal)
    }

    /// What a deletion by a lifecycle rule did.
    pub fn expiry(key: &'a str, removal: &'a Removal) -> Happening<'a> {
        Happening::gone(if removal.marked { Deed::ExpireMark } else { Deed::Expire }, key, removal)
    }

    fn gone(deed: Deed, key: &'a str, removal: &'a Removal) -> Happening<'a> {
        let etag = removal.marked.then_some(message::MARKER_ETAG);
        Happening { deed, key, version: &removal.version, size: None, etag, retention: None }
    }

    /// The version's id, as it is told.
    fn shown_version(&self) -> Option<&'a str> {
        Some(self.version).filter(|version| *version != NULL_VERSION)
    }
}

/// Tells whom a bucket's notifications name that a call did something to an object.
pub fn happened(cx: &mut Cx<'_>, bucket: &str, happening: &Happening<'_>) {
    if is_told_of(cx.world, bucket) {
        let cause = Cause::of_call(cx);
        tell(cx.world, bucket, happening, &cause);
    }
}

/// Tells whom a bucket's notifications name that a lifecycle rule did something to an object.
pub fn expired(world: &mut World, bucket: &str, happening: &Happening<'_>) {
    if is_told_of(world, bucket) {
        let cause = Cause::of_lifecycle(request_id(world, "s3"));
        tell(world, bucket, happening, &cause);
    }
}

fn is_told_of(world: &World, bucket: &str) -> bool {
    world.s3.buckets.get(bucket).is_some_and(|bucket| bucket.config.notifications.is_some())
}

fn tell(world: &mut World, name: &str, happening: &Happening<'_>, cause: &Cause) {
    let now = world.now;
    let sequencer = world.s3.notices.sequencer(now);
    let Some(bucket) = world.s3.buckets.get(name) else { return };
    let Some(notifications) = &bucket.config.notifications else { return };
    let event = format!("s3:{}", happening.deed.name());
    let told = notifications.routes.iter().filter(|route| route.takes(&event, happening.key));
    let notices: Vec<_> = told
        .map(|route| {
            let text = message::record(bucket, &route.id, happening, cause, &sequencer, now);
            let recipient = Recipient::new(route, name, &bucket.owner, bucket.region);
            Notice { text, since: now, recipient }
        })
        .collect();
    let detail = notifications.event_bridge.then(|| message::event(bucket, happening, cause, &sequencer));
    let (owner, region) = (bucket.owner.clone(), bucket.region);
    notices.into_iter().for_each(|notice| send_soon(world, notice));
    if let Some(event) = detail {
        events::tell(world, &owner, region, event);
    }
}

impl Notices {
    /// A text that sorts behind all before it: the moment, and what makes it the later one of a moment.
    fn sequencer(&mut self, now: Time) -> String {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let fraction = u64::from(now.timestamp_subsec_millis()) * (u64::from(u32::MAX) / 1000);
        self.sequence = ((seconds << 32) | fraction).max(self.sequence + 1);
        format!("00{:016X}", self.sequence)
    }
}

/// Puts a message into its outbox, to be sent before the call is answered.
fn send_soon(world: &mut World, notice: Notice) {
    let address = notice.recipient.address();
    let outbox = world.s3.notices.outboxes.entry(address.clone()).or_default();
    outbox.waiting.push_back(notice);
    if outbox.waiting.len() > WAITING_MAX {
        outbox.waiting.pop_front();
        lost(&address, "too many wait");
    }
    // While it fails, another attempt is on its way.
    if outbox.failures == 0 {
        world.jobs.at_once(Job::BucketNotice(address));
    }
}

/// Sends what waits for a destination, in its order, until that fails. Much is sent in several steps.
pub fn deliver(world: &mut World, address: &Address) {
    for _ in 0..SENT_AT_ONCE_MAX {
        if !deliver_next(world, address) {
            return;
        }
    }
    world.jobs.at_once(Job::BucketNotice(address.clone()));
}

/// Sends the first message that waits for a destination; tells whether to go on.
fn deliver_next(world: &mut World, address: &Address) -> bool {
    let first = world.s3.notices.outboxes.get(address).and_then(|outbox| outbox.waiting.front());
    let Some(notice) = first.cloned() else {
        world.s3.notices.outboxes.remove(address);
        return false;
    };
    let outcome = notice.recipient.send(world, &notice.text);
    let now = world.now;
    let Some(outbox) = world.s3.notices.outboxes.get_mut(address) else { return false };
    match outcome {
        Ok(()) => outbox.failures = 0,
        Err(fault) if now - notice.since >= KEPT || is_about_the_message(&fault) => lost(address, &fault.code),
        Err(fault) => {
            tracing::debug!(?address, code = fault.code, "a notification waits");
            outbox.failures += 1;
            let failures = outbox.failures;
            let due = world.retry(failures);
            world.jobs.at(due, Job::BucketNotice(address.clone()));
            return false;
        }
    }
    outbox.waiting.pop_front();
    true
}

/// Tries at once to send all that waits.
pub fn flush(world: &mut World) {
    let addresses: Vec<_> = world.s3.notices.outboxes.keys().cloned().collect();
    addresses.iter().for_each(|address| deliver(world, address));
}

/// A destination that refuses what it is told, and will tomorrow: a queue for short messages.
fn is_about_the_message(fault: &Fault) -> bool {
    fault.code.starts_with("InvalidParameter") || fault.code == "InvalidMessageContents"
}

fn lost(address: &Address, reason: &str) {
    let Address { bucket, destination } = address;
    tracing::warn!(bucket, destination, reason, "a notification is lost");
}

/// Sends each destination the test message, as S3 does before it takes them. Destinations that could never be told
/// anything are refused even where no such message is wanted.
///
/// # Errors
/// `InvalidArgument`, with the reason for each destination that did not take its message.
pub fn validate(cx: &mut Cx<'_>, bucket: &str, routes: &[Route], is_skipped: bool) -> Result<(), Fault> {
    let Some(known) = cx.world.s3.buckets.get(bucket) else { return Ok(()) };
    let (owner, region) = (known.owner.clone(), known.region);
    let mut refused: Vec<_> = routes.iter().filter_map(unreachable).collect();
    if refused.is_empty() && !is_skipped {
        let text = message::test(bucket, cx.request_id, cx.world.now);
        for route in routes {
            let recipient = Recipient::new(route, bucket, &owner, region);
            if let Err(fault) = recipient.send(cx.world, &text) {
                refused.push((route.arn.clone(), why_not(route.kind, &fault)));
            }
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(faults::destinations_not_valid(refused)) }
}

/// What no configuration may name: functions, since there is no Lambda, and what keeps an order.
fn unreachable(route: &Route) -> Option<(String, String)> {
    let is_fifo = route.arn.ends_with(".fifo");
    match route.kind {
        Kind::Function => Some((format!("{}, null", route.arn), faults::function_closed(&route.arn))),
        Kind::Topic => is_fifo.then(|| (route.arn.clone(), faults::destination_fifo("SNS", "topic"))),
        Kind::Queue => is_fifo.then(|| (route.arn.clone(), faults::destination_fifo("SQS", "queue"))),
    }
}

fn why_not(kind: Kind, fault: &Fault) -> String {
    let resource = if kind == Kind::Topic { "topic" } else { "queue" };
    match fault.code.as_str() {
        "QueueDoesNotExist" | "NotFoundException" => faults::destination_missing(resource),
        _ => faults::destination_closed(resource),
    }
}

impl Recipient {
    fn new(route: &Route, bucket: &str, owner: &AccountId, region: Region) -> Recipient {
        Recipient { kind: route.kind, arn: route.arn.clone(), bucket: bucket.to_owned(), owner: owner.clone(), region }
    }

    fn address(&self) -> Address {
        Address { bucket: self.bucket.clone(), destination: self.arn.clone() }
    }

    /// Sends a message for the bucket's owner.
    fn send(&self, world: &mut World, text: &str) -> Result<(), Fault> {
        let mut input = Map::new();
        let operation = match self.kind {
            Kind::Topic => {
                input.push("TopicArn", self.arn.as_str());
                input.push("Message", text);
                input.push("Subject", SUBJECT);
                ("sns", "Publish")
            }
            Kind::Queue | Kind::Function => {
                let queue = sqs::Place::parse(&self.arn);
                let queue = queue.ok_or_else(|| Fault::new("InternalError", "no ARN of a queue"))?;
                input.push("QueueUrl", queue.url(""));
                input.push("MessageBody", text);
                ("sqs", "SendMessage")
            }
        };
        let call = Call::by_service(SELF, self.owner.clone(), self.region, operation, input, Upload::default());
        let call = call.ok_or_else(|| Fault::new("InternalError", "no such operation"))?;
        perform(world, call.working_for(&access::arn(&self.bucket))).outcome.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that was seen, `006A6EF6F74389E232`, belongs to 07:51:19.26: the seconds in hexadecimal, and a fraction.
    #[test]
    fn sequencers_grow() {
        let mut notices = Notices::default();
        let mut last = String::new();
        let mut check = |time: &str, seconds: &str| {
            let sequencer = notices.sequencer(time.parse().unwrap());
            assert!(sequencer > last && sequencer.len() == 18, "{time}: {sequencer} after {last}");
            assert!(sequencer.starts_with(seconds), "{time}: {sequencer}");
            last = sequencer;
        };
        check("2026-08-02T07:51:19Z", "006A6EF6F7");
        check("2026-08-02T07:51:19Z", "006A6EF6F7");
        check("2026-08-02T07:51:19.264Z", "006A6EF6F743");
        check("2026-08-02T07:51:19.999Z", "006A6EF6F7FF");
        // Another of the same moment, and a moment that must not come before.
        check("2026-08-02T07:51:19.999Z", "006A6EF6F7FF");
        check("2026-08-02T07:51:19.001Z", "006A6EF6F7FF");
        check("2026-08-02T07:51:20Z", "006A6EF6F8");
    }
}
