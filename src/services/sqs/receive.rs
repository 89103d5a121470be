//! Receiving, with the wait for messages to come; deleting; and hiding for longer or shorter.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

use super::backlog::{INVISIBLE_MAX, Message, Receipt, Received, Refusal, Wish};
use super::contents::Attribute;
use super::naming::{Place, Target};
use super::queues::{QUEUE, watch};
use super::{digests, faults, metrics, send};

/// The operations on messages that are in a queue.
pub const OPS: &[Op] = &[
    op!(Write "ChangeMessageVisibility" change_message_visibility).data().resources(QUEUE),
    op!(Write "DeleteMessage" delete_message).data().resources(QUEUE),
    op!(Read "ReceiveMessage" receive_message).data().resources(QUEUE),
];

const MESSAGES_MAX: i64 = 10;
const VISIBILITY_MAX: i64 = 43_200;
const WAIT_MAX: i64 = 20;
/// Messages in flight that a queue may have
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>).
const IN_FLIGHT_MAX: usize = 120_000;

/// System attributes that a message may have.
const SYSTEM_NAMES: [&str; 9] = [
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

record! {
    struct ReceiveMessage {
        names: Vec<String> = "AttributeNames",
        system_names: Vec<String> = "MessageSystemAttributeNames",
        attribute_names: Vec<String> = "MessageAttributeNames",
        count: Option<i64> = "MaxNumberOfMessages",
        visibility: Option<i64> = "VisibilityTimeout",
        wait: Option<i64> = "WaitTimeSeconds",
        attempt: Option<String> = "ReceiveRequestAttemptId",
    }

    struct ReceivedMessages { messages: Option<Vec<Shown>> = "Messages" }

    struct Shown {
        id: String = "MessageId",
        receipt: String = "ReceiptHandle",
        body_digest: String = "MD5OfBody",
        body: String = "Body",
        attributes: Option<BTreeMap<String, String>> = "Attributes",
        attributes_digest: Option<String> = "MD5OfMessageAttributes",
        message_attributes: Option<BTreeMap<String, Attribute>> = "MessageAttributes",
    }

    struct Held { receipt: String = "ReceiptHandle" }

    struct Visibility { seconds: i64 = "VisibilityTimeout" }
}

fn receive_message(cx: &mut Cx, (target, input): (Target, ReceiveMessage)) -> Result<ReceivedMessages, Fault> {
    let place = target.enter(cx)?;
    let now = cx.world.now;
    input.check(&place)?;
    if cx.outside.is_abandoned() {
        return Ok(ReceivedMessages::default());
    }
    let receives_max = receives_max(cx.world, &place);
    let queue = place.queue(cx.world)?;
    queue.advance(now);
    let wait = TimeDelta::seconds(input.wait.unwrap_or(queue.attributes.wait));
    let in_flight = queue.backlog.counts().in_flight;
    if in_flight >= IN_FLIGHT_MAX && wait.is_zero() && !place.is_fifo() {
        return Err(faults::over_limit());
    }
    let wanted = usize::try_from(input.count.unwrap_or(1)).unwrap_or_default();
    let wish = Wish {
        count: wanted.min(IN_FLIGHT_MAX.saturating_sub(in_flight)),
        visibility: TimeDelta::seconds(input.visibility.unwrap_or(queue.attributes.visibility)),
        receives_max,
        attempt: input.attempt.as_deref(),
    };
    let Received { messages, dead } = queue.backlog.receive(now, &wish);
    let left = queue.backlog.ready();
    bury(cx.world, &place, dead);
    if messages.is_empty() {
        let Some((until, pause)) = cx.outside.wait(now, place.arn(), wait) else {
            metrics::count(cx.world, &place, "NumberOfEmptyReceives", 1);
            return Ok(ReceivedMessages::default());
        };
        if let Some(queue) = place.find_mut(cx.world) {
            queue.polled_until = queue.polled_until.max(Some(until));
        }
        watch(cx.world, &place);
        return Err(pause);
    }
    metrics::count(cx.world, &place, "NumberOfMessagesReceived", messages.len());
    if left > 0 {
        // Others who wait are woken one after the other.
        cx.world.waits.wake_one(&place.arn());
    }
    watch(cx.world, &place);
    let shown = messages.into_iter().map(|(receipt, message)| input.show(&place, receipt, message));
    Ok(ReceivedMessages { messages: Some(shown.collect()) })
}

impl ReceiveMessage {
    fn check(&self, place: &Place) -> Result<(), Fault> {
        let within = |name: &str, value: Option<i64>, least: i64, most: i64, reason: &str| match value {
            Some(value) if !(least..=most).contains(&value) => Err(faults::invalid(name, &value.to_string(), reason)),
            _ => Ok(()),
        };
        within("MaxNumberOfMessages", self.count, 1, MESSAGES_MAX, "Must be between 1 and 10, if provided.")?;
        check_visibility(self.visibility)?;
        within("WaitTimeSeconds", self.wait, 0, WAIT_MAX, "Must be >= 0 and <= 20, if provided.")?;
        if let Some(attempt) = self.attempt.as_ref().filter(|_| !place.is_fifo()) {
            return Err(faults::wrong_queue_type("ReceiveRequestAttemptId", attempt));
        }
        let is_known = |name: &&String| *name == "All" || SYSTEM_NAMES.contains(&name.as_str());
        match self.names.iter().chain(&self.system_names).find(|name| !is_known(name)) {
            Some(unknown) => Err(faults::unknown_attribute(unknown)),
            None => Ok(()),
        }
    }

    /// A message as its receiver has asked for it.
    fn show(&self, place: &Place, receipt: Receipt, message: Message) -> Shown {
        let is_asked = |name: &&str| {
            let mut asked = self.names.iter().chain(&self.system_names);
            asked.any(|asked| asked == "All" || asked == name)
        };
        let names = SYSTEM_NAMES.into_iter().filter(is_asked);
        let attributes: BTreeMap<_, _> =
            names.filter_map(|name| Some((name.to_owned(), system(&message, name)?))).collect();
        let fits = |name: &String| {
            self.attribute_names.iter().any(|asked| {
                let prefix = asked.strip_suffix(".*");
                asked == "All" || asked == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
            })
        };
        let named: BTreeMap<_, _> = message.contents.attributes.into_iter().filter(|(name, _)| fits(name)).collect();
        Shown {
            receipt: handle(place, receipt, &message.id),
            id: message.id,
            body_digest: message.digests.body,
            body: message.contents.body,
            attributes: (!attributes.is_empty()).then_some(attributes),
            attributes_digest: digests::of_attributes(&named),
            message_attributes: (!named.is_empty()).then_some(named),
        }
    }
}

fn check_visibility(seconds: Option<i64>) -> Result<(), Fault> {
    match seconds {
        Some(seconds) if !(0..=VISIBILITY_MAX).contains(&seconds) => Err(faults::invalid(
            "VisibilityTimeout",
            &seconds.to_string(),
            &format!("Must be >= 0 and <= {VISIBILITY_MAX}, if provided."),
        )),
        _ => Ok(()),
    }
}

/// What SQS says of a message.
fn system(message: &Message, name: &str) -> Option<String> {
    let millis = |time: Time| time.timestamp_millis().to_string();
    match name {
        "SenderId" => Some(message.sender.clone()),
        "SentTimestamp" => Some(millis(message.sent)),
        "ApproximateReceiveCount" => Some(message.receive_count.to_string()),
        "ApproximateFirstReceiveTimestamp" => message.first_received.map(millis),
        "SequenceNumber" => message.sequence.map(|number| number.to_string()),
        "MessageDeduplicationId" => message.deduplication.clone(),
        "MessageGroupId" => message.contents.group.clone(),
        "AWSTraceHeader" => message.contents.trace().map(str::to_owned),
        "DeadLetterQueueSourceArn" => message.source.clone(),
        _ => None,
    }
}

/// After how many receives messages are dead letters; never while there is no queue that takes them.
fn receives_max(world: &World, place: &Place) -> Option<u32> {
    let redrive = place.find(world)?.attributes.redrive.as_ref()?;
    let target = redrive.target.find(world)?;
    let takes_them = target.attributes.redrive_allow.as_ref().is_none_or(|allow| allow.admits(place));
    takes_them.then_some(redrive.receives_max)
}

/// Puts dead letters where they go. They keep their ids; in standard queues they age on, in FIFO queues they are as if
/// sent now, and told from others by their ids
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>).
fn bury(world: &mut World, place: &Place, dead: Vec<Message>) {
    let redrive = place.find(world).and_then(|queue| queue.attributes.redrive.as_ref());
    let Some(target) = redrive.map(|redrive| redrive.target.clone()).filter(|_| !dead.is_empty()) else { return };
    let now = world.now;
    for mut message in dead {
        let Some(queue) = target.find_mut(world) else { return };
        message.source = Some(place.arn());
        if target.is_fifo() {
            message.sequence = Some(queue.next_sequence());
            message.deduplication = Some(message.id.clone());
        }
        let since = if target.is_fifo() { now } else { message.sent };
        queue.backlog.add(message, now, TimeDelta::zero(), since);
    }
    send::announce(world, &target);
}

/// A receipt as clients hold it.
fn handle(place: &Place, receipt: Receipt, id: &str) -> String {
    STANDARD.encode(format!("{} {} {} {id}", place.queue, receipt.order, receipt.count))
}

/// Reads a handle of this queue.
///
/// # Errors
/// `ReceiptHandleIsInvalid`
fn receipt(place: &Place, handle: &str) -> Result<Receipt, Fault> {
    if handle.is_empty() {
        return Err(faults::missing("ReceiptHandle"));
    }
    let text = STANDARD.decode(handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let read = |text: &str| {
        let mut parts = text.split(' ');
        let (queue, order, count) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (queue == place.queue).then_some(Receipt { order, count })
    };
    text.as_deref().and_then(read).ok_or_else(|| faults::invalid_receipt(handle))
}

fn delete_message(cx: &mut Cx, (target, held): (Target, Held)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    delete(cx.world, &place, &held.receipt)
}

/// Deletes a message by its receipt handle.
///
/// # Errors
/// `ReceiptHandleIsInvalid`; `InvalidParameterValue` for an expired handle of a FIFO queue.
pub fn delete(world: &mut World, place: &Place, handle: &str) -> Result<(), Fault> {
    let now = world.now;
    let receipt = receipt(place, handle)?;
    let queue = place.queue(world)?;
    queue.advance(now);
    queue.backlog.delete(receipt).map_err(|_| faults::expired_receipt(handle))?;
    metrics::count(world, place, "NumberOfMessagesDeleted", 1);
    // The next message of its group may be received now.
    send::announce(world, place);
    Ok(())
}

fn change_message_visibility(cx: &mut Cx, (target, held, visibility): (Target, Held, Visibility)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    hide(cx.world, &place, &held.receipt, visibility.seconds)
}

/// Hides a message for so many seconds from now.
///
/// # Errors
/// `ReceiptHandleIsInvalid`, `InvalidParameterValue`, `MessageNotInflight`
pub fn hide(world: &mut World, place: &Place, handle: &str, seconds: i64) -> Result<(), Fault> {
    let now = world.now;
    check_visibility(Some(seconds))?;
    let receipt = receipt(place, handle)?;
    let queue = place.queue(world)?;
    queue.advance(now);
    queue.backlog.change_visibility(receipt, now, TimeDelta::seconds(seconds)).map_err(|refusal| match refusal {
        Refusal::TooLong => faults::invisible_too_long(seconds, INVISIBLE_MAX.num_seconds()),
        Refusal::Expired | Refusal::NotInFlight => faults::not_in_flight(handle),
    })?;
    send::announce(world, place);
    Ok(())
}

/// The job that tells those who wait of messages that have become visible.
pub fn show(world: &mut World, place: &Place) {
    let now = world.now;
    if let Some(queue) = place.find_mut(world) {
        queue.advance(now);
        send::announce(world, place);
    }
}
