//! From what waits for a subscription to its endpoint: at once, then as often as the delivery policy says, then to the
//! queue for dead letters.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;

use crate::services::{Preparation, firehose, sqs};
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::jobs::Job;
use crate::world::outbox::{Asker, Outcome};
use crate::world::payload::Upload;
use crate::world::time::Time;

use super::delivery_policy::{Effective, MANAGED, Retries};
use super::http::{self, Handover};
use super::message::{Kind, Message};
use super::protocol::Protocol;
use super::subscription_attributes::role_visit;
use super::{SELF, SubscriptionPlace, letters, metrics};

/// Bytes of messages that wait for one subscription.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Deliveries that one job tries; others get in between.
const DELIVERIES_A_JOB: usize = 100;
/// Posts that are under way to one HTTP endpoint at a time.
const POSTS_MAX: usize = 4;

/// What waits for a subscription.
#[derive(Debug, Default)]
pub struct Pending {
    /// By when it is to be delivered, then in the order of arrival.
    waiting: BTreeMap<(Time, u64), Parcel>,
    /// Handed to the outbox.
    under_way: BTreeMap<u64, Parcel>,
    /// Nothing is delivered before: the first has failed and keeps its place, or enough were delivered in this second.
    held_until: Option<Time>,
    counter: u64,
    bytes: usize,
    /// A second, and the deliveries in it.
    window: Option<(Time, u32)>,
}

/// A message for one subscription.
#[derive(Clone, Debug)]
struct Parcel {
    message: Arc<Message>,
    failures: u32,
}

/// How a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Done,
    /// It may go better another time.
    Failed(String),
    /// It will never go better.
    Refused(String),
}

impl Pending {
    /// Adds a message that is to be delivered now.
    pub fn add(&mut self, message: Arc<Message>, now: Time) {
        self.counter += 1;
        self.bytes += message.footprint();
        self.waiting.insert((now, self.counter), Parcel { message, failures: 0 });
    }

    /// Whether there is no room for another message.
    pub fn is_full(&self) -> bool {
        self.bytes >= WAITING_BYTES_MAX
    }

    /// When there is something to deliver.
    fn due(&self) -> Option<Time> {
        let (due, _) = self.waiting.keys().next().filter(|_| self.under_way.len() < POSTS_MAX)?;
        Some(self.held_until.map_or(*due, |held| held.max(*due)))
    }

    /// The first that is due.
    fn take(&mut self, now: Time) -> Option<(u64, Parcel)> {
        self.due().filter(|due| *due <= now)?;
        self.held_until = None;
        let ((_, number), parcel) = self.waiting.pop_first()?;
        Some((number, parcel))
    }

    /// What is due now and not signed yet.
    fn unsigned(&self, now: Time) -> Vec<Arc<Message>> {
        let due = self.waiting.range(..=(now, u64::MAX)).take(DELIVERIES_A_JOB).map(|(_, parcel)| &parcel.message);
        due.filter(|message| message.needs_signature() && !message.is_signed()).cloned().collect()
    }

    /// Puts off what has failed; in an ordered subscription, everything behind it too.
    fn put_back(&mut self, number: u64, parcel: Parcel, due: Time, is_ordered: bool) {
        if is_ordered {
            self.held_until = Some(due);
        }
        self.waiting.insert((if is_ordered { Time::UNIX_EPOCH } else { due }, number), parcel);
    }

    fn forget(&mut self, parcel: &Parcel) {
        self.bytes = self.bytes.saturating_sub(parcel.message.footprint());
    }

    /// Makes everything due.
    fn hurry(&mut self) {
        self.held_until = None;
        self.window = None;
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting = waiting.into_iter().map(|((_, number), parcel)| ((Time::UNIX_EPOCH, number), parcel)).collect();
    }

    /// Counts a delivery of this second; what is over the rate waits for the next one.
    fn count(&mut self, now: Time, rate: Option<u32>) {
        let Some(rate) = rate else { return };
        let (start, count) = match self.window {
            Some((start, count)) if now < start + TimeDelta::seconds(1) => (start, count + 1),
            _ => (now, 1),
        };
        self.window = Some((start, count));
        if count >= rate {
            self.held_until = Some(start + TimeDelta::seconds(1));
        }
    }
}

/// Sees to the next delivery of a subscription.
pub(super) fn schedule(world: &mut World, place: &SubscriptionPlace) {
    match place.find(world).and_then(|subscription| subscription.pending.due()) {
        Some(due) if due <= world.now => world.jobs.at_once(Job::SnsDelivery(place.clone())),
        Some(due) => world.jobs.at(due, Job::SnsDelivery(place.clone())),
        None => {}
    }
}

/// Signs what is to be delivered next: what takes long, and does not need the world.
pub fn preparation(world: &World, place: &SubscriptionPlace, due: Time) -> Option<Preparation> {
    let subscription = place.find(world)?;
    let is_bare = matches!(subscription.protocol, Protocol::Email | Protocol::Sms | Protocol::Firehose);
    let mut messages = subscription.pending.unsigned(world.now.max(due));
    messages.retain(|message| !is_bare && (!subscription.settings.raw || message.kind != Kind::Notification));
    if messages.is_empty() {
        return None;
    }
    let signer = world.message_signer.clone();
    Some(Box::new(move || {
        for message in messages {
            message.signature(&signer);
        }
    }))
}

/// Delivers what is due for a subscription.
pub fn deliver(world: &mut World, place: &SubscriptionPlace) {
    for _ in 0..DELIVERIES_A_JOB {
        let now = world.now;
        let Some(subscription) = place.find(world) else { return };
        let is_http = subscription.protocol.is_http();
        let is_due = subscription.pending.due().is_some_and(|due| due <= now);
        if is_http && is_due && !world.outbox.has_room_for(place) {
            return;
        }
        let Some((number, parcel)) = place.find_mut(world).and_then(|subscription| subscription.pending.take(now))
        else {
            break;
        };
        if is_http {
            hand_over(world, place, number, parcel);
        } else {
            let outcome = attempt(world, place, &parcel.message);
            settle(world, place, number, parcel, outcome);
        }
    }
    schedule(world, place);
}

/// Gives a message for an HTTP endpoint to the outbox.
fn hand_over(world: &mut World, place: &SubscriptionPlace, number: u64, parcel: Parcel) {
    let now = world.now;
    let signer = world.message_signer.clone();
    let Some(topic) = place.topic.find_mut(world) else { return };
    let policy = topic.settings.delivery.clone();
    let Some(subscription) = topic.subscriptions.get_mut(&place.id) else { return };
    let effective = Effective::of(policy.as_ref(), subscription.settings.delivery.as_ref());
    let post = http::post(place, subscription, &parcel.message, &effective, &signer);
    subscription.pending.count(now, effective.throttle);
    subscription.pending.under_way.insert(number, parcel);
    let handover = Handover { place: place.clone(), parcel: number };
    world.outbox.send(post, Asker::Sns(handover));
}

/// Takes down how a post to an HTTP endpoint went.
pub fn posted(world: &mut World, handover: &Handover, outcome: &Outcome) {
    let Handover { place, parcel: number } = handover;
    let parcel = place.find_mut(world).and_then(|subscription| subscription.pending.under_way.remove(number));
    if let Some(parcel) = parcel {
        settle(world, place, *number, parcel, http::judge(outcome));
        schedule(world, place);
    }
}

/// What comes of an attempt: nothing more to do, another attempt, or the queue for dead letters.
fn settle(world: &mut World, place: &SubscriptionPlace, number: u64, mut parcel: Parcel, outcome: Delivery) {
    let now = world.now;
    let why = match outcome {
        Delivery::Done => {
            count(world, place, &parcel, "NumberOfNotificationsDelivered");
            forget(world, place, &parcel);
            return;
        }
        Delivery::Failed(why) => {
            parcel.failures += 1;
            if let Some(delay) = retries(world, place).delay(parcel.failures) {
                tracing::debug!(subscription = %place.arn(), %why, "delivery failed");
                // Of HTTP endpoints every attempt counts, of others the last one.
                if place.find(world).is_some_and(|subscription| subscription.protocol.is_http()) {
                    count(world, place, &parcel, "NumberOfNotificationsFailed");
                }
                let is_ordered = place.topic.is_fifo();
                if let Some(subscription) = place.find_mut(world) {
                    subscription.pending.put_back(number, parcel, now + delay, is_ordered);
                }
                return;
            }
            why
        }
        Delivery::Refused(why) => why,
    };
    tracing::debug!(subscription = %place.arn(), %why, "delivery given up");
    count(world, place, &parcel, "NumberOfNotificationsFailed");
    bury(world, place, &parcel.message);
    forget(world, place, &parcel);
}

/// Counts how a notification went; a request to confirm is none.
fn count(world: &mut World, place: &SubscriptionPlace, parcel: &Parcel, name: &str) {
    if parcel.message.kind == Kind::Notification {
        metrics::count(world, &place.topic, name, 1);
    }
}

fn forget(world: &mut World, place: &SubscriptionPlace, parcel: &Parcel) {
    if let Some(subscription) = place.find_mut(world) {
        subscription.pending.forget(parcel);
    }
}

/// The retries of the subscription's protocol; only HTTP endpoints have a choice.
fn retries(world: &World, place: &SubscriptionPlace) -> Retries {
    let topic = place.topic.find(world);
    let subscription = place.find(world);
    let is_http = subscription.is_some_and(|subscription| subscription.protocol.is_http());
    if !is_http {
        return MANAGED;
    }
    let policy = topic.and_then(|topic| topic.settings.delivery.as_ref());
    Effective::of(policy, subscription.and_then(|subscription| subscription.settings.delivery.as_ref())).retries
}

/// Sends what could not be delivered to the subscription's queue for dead letters, if it has one. Requests to confirm
/// do not go there.
fn bury(world: &mut World, place: &SubscriptionPlace, message: &Message) {
    let redrive = place.find(world).and_then(|subscription| subscription.settings.redrive.clone());
    let Some(redrive) = redrive.filter(|_| message.kind == Kind::Notification) else { return };
    let outcome = send(world, place, &redrive.queue, message);
    let name = match outcome {
        Delivery::Done => "NumberOfNotificationsRedrivenToDlq",
        _ => "NumberOfNotificationsFailedToRedriveToDlq",
    };
    metrics::count(world, &place.topic, name, 1);
    if let Delivery::Failed(code) | Delivery::Refused(code) = outcome {
        tracing::warn!(subscription = %place.arn(), %code, "a message is lost: the dead-letter queue refused it");
    }
}

/// Delivers a message to anything but an HTTP endpoint.
fn attempt(world: &mut World, place: &SubscriptionPlace, message: &Message) -> Delivery {
    let Some(subscription) = place.find(world) else { return Delivery::Done };
    match subscription.protocol {
        Protocol::Sqs => match sqs::Place::parse(&subscription.endpoint) {
            Some(queue) => send(world, place, &queue, message),
            None => Delivery::Refused("InvalidAddress".to_owned()),
        },
        Protocol::Firehose => put(world, place, message),
        _ => {
            letters::send(world, place, message);
            Delivery::Done
        }
    }
}

/// The body as the subscription wants it.
fn body(world: &World, place: &SubscriptionPlace, message: &Message) -> (String, bool) {
    let Some(subscription) = place.find(world) else { return (message.text.clone(), true) };
    if subscription.settings.raw && message.kind == Kind::Notification {
        return (message.text.clone(), true);
    }
    (message.envelope(&world.message_signer, &place.arn(), &subscription.base_url), false)
}

/// Sends a message to a queue, whose policy must let SNS in for this topic.
fn send(world: &mut World, place: &SubscriptionPlace, queue: &sqs::Place, message: &Message) -> Delivery {
    let (body, is_raw) = body(world, place, message);
    let mut input = Map::new();
    input.push("QueueUrl", queue.url(""));
    input.push("MessageBody", body);
    if is_raw && !message.attributes.is_empty() {
        input.push("MessageAttributes", message.queue_attributes());
    }
    if let Some(order) = &message.order {
        if queue.is_fifo() {
            input.push("MessageDeduplicationId", order.deduplication.as_str());
        }
        // Of ordered messages, standard queues do not learn the groups; of others they do, to be fair.
        if queue.is_fifo() || !place.topic.is_fifo() {
            input.push("MessageGroupId", order.group.as_str());
        }
    }
    let account = place.topic.account.clone();
    let call = Call::by_service(SELF, account, queue.region, ("sqs", "SendMessage"), input, Upload::default());
    let Some(call) = call else { return Delivery::Refused("InternalError".to_owned()) };
    judge(perform(world, call.working_for(&place.topic.arn())).outcome.map(|_| ()))
}

/// Puts a message into a Firehose stream, as the subscription's role.
fn put(world: &mut World, place: &SubscriptionPlace, message: &Message) -> Delivery {
    let Some(subscription) = place.find(world) else { return Delivery::Done };
    let stream = firehose::Place::parse(&subscription.endpoint);
    let (Some(role), Some(stream)) = (subscription.settings.role.clone(), stream) else {
        return Delivery::Refused("InvalidAddress".to_owned());
    };
    let mut line = match subscription.settings.raw {
        true => message.text.clone(),
        false => message.line(&place.arn(), &subscription.base_url),
    };
    line.push('\n');
    let known = subscription.session.clone();
    let begun = role_visit(&place.topic, &role, &place.topic.arn()).begin(world, known);
    let (caller, session) = match begun {
        Ok(begun) => begun,
        Err(code) => return Delivery::Refused(code),
    };
    if let Some(subscription) = place.find_mut(world) {
        subscription.session = Some(session);
    }
    let mut record = Map::new();
    record.push("Data", Value::Blob(Bytes::from(line)));
    let mut input = Map::new();
    input.push("DeliveryStreamName", stream.stream.as_str());
    input.push("Record", record);
    let to = ("firehose", "PutRecord");
    let call = Call::by_service(SELF, place.topic.account.clone(), stream.region, to, input, Upload::default());
    let Some(call) = call else { return Delivery::Refused("InternalError".to_owned()) };
    judge(perform(world, call.on_behalf_of(&caller)).outcome.map(|_| ()))
}

/// Failures of the other service are tried again, its refusals are not.
fn judge(outcome: Result<(), Fault>) -> Delivery {
    const FAILURES: [&str; 8] = [
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "OverLimit",
        "RequestThrottled",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottlingException",
    ];
    match outcome {
        Ok(()) => Delivery::Done,
        Err(fault) if fault.status.is_some_and(|status| status >= 500) => Delivery::Failed(fault.code),
        Err(fault) if FAILURES.contains(&fault.code.as_str()) => Delivery::Failed(fault.code),
        Err(fault) => Delivery::Refused(fault.code),
    }
}

/// Tries everything that waits, whenever it would be due.
pub fn flush(world: &mut World) {
    for job in world.jobs.take(|job| matches!(job, Job::SnsDelivery(_))) {
        let Job::SnsDelivery(place) = job else { continue };
        if let Some(subscription) = place.find_mut(world) {
            subscription.pending.hurry();
        }
        deliver(world, &place);
    }
}
