//! Receiving messages, at once or by waiting for them.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::contents::{self, Attributes};
use super::message::Message;
use super::messages::Received;
use super::receipt::Receipt;
use super::send::transfer;
use super::{BY_URL, Place, Queue, address, faults, is_fifo, rouse, seconds};

/// The operations that receive.
pub const OPS: &[Op] = &[op!(Read "ReceiveMessage" receive).data().resources(BY_URL)];

/// Messages in flight of a queue of either type
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>).
const IN_FLIGHT_MAX: usize = 120_000;
/// Messages of one answer, seconds of a wait, and seconds of invisibility.
const COUNT_MAX: i64 = 10;
const WAIT_MAX: i64 = 20;
pub(super) const VISIBILITY_MAX: i64 = 43_200;

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
        url: String = "QueueUrl",
        old_names: Vec<String> = "AttributeNames",
        system_names: Vec<String> = "MessageSystemAttributeNames",
        names: Vec<String> = "MessageAttributeNames",
        count: Option<i64> = "MaxNumberOfMessages",
        visibility: Option<i64> = "VisibilityTimeout",
        wait: Option<i64> = "WaitTimeSeconds",
        attempt: Option<String> = "ReceiveRequestAttemptId",
    }
    struct ReceivedMessages { messages: Option<Vec<MessageView>> = "Messages" }
    struct MessageView {
        id: String = "MessageId",
        handle: String = "ReceiptHandle",
        body_md5: String = "MD5OfBody",
        body: String = "Body",
        system: Option<BTreeMap<String, String>> = "Attributes",
        attributes_md5: Option<String> = "MD5OfMessageAttributes",
        attributes: Option<Attributes> = "MessageAttributes",
    }
}

fn receive(cx: &mut Cx, input: ReceiveMessage) -> Result<ReceivedMessages, Fault> {
    let place = address::reach(cx, &input.url, "ReceiveMessage")?;
    let queue = place.find(cx.world).ok_or_else(faults::no_such_queue)?;
    let asked = Asked::check(queue, &place, input)?;
    cx.outside.wake(&mut cx.world.waits);
    if cx.outside.is_unwanted() {
        rouse(cx.world, &place);
        return Ok(ReceivedMessages::default());
    }
    let received = take(cx.world, &place, &asked)?;
    if received.is_empty() {
        cx.outside.wait(&mut cx.world.waits, cx.world.now, &place, seconds(asked.wait))?;
    }
    // There may be more for others, and what was taken comes back some time.
    rouse(cx.world, &place);
    let queue = place.find(cx.world).ok_or_else(faults::no_such_queue)?;
    let views: Vec<MessageView> = received.iter().filter_map(|received| view(queue, received, &asked)).collect();
    Ok(ReceivedMessages { messages: Some(views).filter(|views| !views.is_empty()) })
}

/// What a request asks for, with the queue's defaults filled in.
struct Asked {
    system: Vec<String>,
    names: Vec<String>,
    count: usize,
    visibility: i64,
    wait: i64,
    attempt: Option<String>,
}

impl Asked {
    fn check(queue: &Queue, place: &Place, input: ReceiveMessage) -> Result<Asked, Fault> {
        let count = input.count.unwrap_or(1);
        if !(1..=COUNT_MAX).contains(&count) {
            return Err(faults::message_count(count));
        }
        let wait = input.wait.unwrap_or(queue.settings.wait());
        if !(0..=WAIT_MAX).contains(&wait) {
            return Err(faults::wait_time(wait));
        }
        let visibility = input.visibility.unwrap_or(queue.settings.visibility());
        if !(0..=VISIBILITY_MAX).contains(&visibility) {
            return Err(faults::visibility(visibility));
        }
        if let Some(attempt) = input.attempt.as_ref().filter(|_| !is_fifo(&place.name)) {
            return Err(faults::not_for_this_type(attempt, "ReceiveRequestAttemptId"));
        }
        let system = [input.old_names, input.system_names].concat();
        let is_known = |name: &String| name == "All" || SYSTEM_NAMES.contains(&name.as_str());
        if let Some(unknown) = system.iter().find(|name| !is_known(name)) {
            return Err(faults::unknown_attribute(unknown));
        }
        let count = usize::try_from(count).unwrap_or_default();
        Ok(Asked { system, names: input.names, count, visibility, wait, attempt: input.attempt })
    }
}

/// Takes messages that are there. Those that were received too often go to the dead-letter queue instead.
fn take(world: &mut World, place: &Place, asked: &Asked) -> Result<Vec<Received>, Fault> {
    let now = world.now;
    let dead_letters = dead_letter_queue(world, place);
    let queue = place.find_mut(world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    let until = now + seconds(asked.visibility);
    if let Some(attempt) = &asked.attempt {
        let received = queue.messages.attempt(now, attempt);
        if !received.is_empty() {
            received.iter().for_each(|received| queue.messages.hide(received.number, until));
            return Ok(received);
        }
    }
    let room = IN_FLIGHT_MAX.saturating_sub(queue.messages.in_flight());
    if room == 0 && asked.wait == 0 && !is_fifo(&place.name) {
        return Err(faults::over_limit());
    }
    let count_max = dead_letters.as_ref().map(|(_, count_max)| *count_max);
    let taken = queue.messages.take(now, asked.count.min(room), until, count_max);
    if let Some(attempt) = asked.attempt.clone().filter(|_| !taken.received.is_empty()) {
        queue.messages.remember_attempt(now, attempt, taken.received.clone());
    }
    if let Some((target, _)) = dead_letters {
        taken.dead.into_iter().for_each(|message| bury(world, place, &target, message));
    }
    Ok(taken.received)
}

/// Where a queue's dead letters go now, and after how many receives. One that is gone, or lets them in no more, is none.
fn dead_letter_queue(world: &World, place: &Place) -> Option<(Place, u32)> {
    let redrive = place.find(world)?.settings.redrive()?;
    let target = redrive.target.find(world)?;
    let admits = target.settings.admits_dead_letters(&place.arn());
    admits.then(|| (redrive.target.clone(), redrive.count_max))
}

/// A dead letter keeps its id. Of a FIFO queue it is as if sent now, and is told from others by its id
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>).
fn bury(world: &mut World, from: &Place, to: &Place, message: Message) {
    let fifo = is_fifo(&to.name);
    let message = Message {
        sent: if fifo { world.now } else { message.sent },
        deduplication_id: message.deduplication_id.map(|_| message.id.clone()),
        dead_letter_source: Some(from.arn()),
        ..message
    };
    transfer(world, to, message);
}

fn view(queue: &Queue, received: &Received, asked: &Asked) -> Option<MessageView> {
    let message = queue.messages.get(received.number)?;
    let receipt = Receipt { number: received.number, count: received.count };
    let attributes: Attributes = message
        .attributes
        .iter()
        .filter(|(name, _)| asked.names.iter().any(|pattern| picks(pattern, name)))
        .map(|(name, attribute)| (name.clone(), attribute.clone()))
        .collect();
    Some(MessageView {
        id: message.id.clone(),
        handle: receipt.write(queue.messages.seal),
        body_md5: message.body_md5.clone(),
        body: message.body.clone(),
        system: Some(system_attributes(message, &asked.system)).filter(|system| !system.is_empty()),
        attributes_md5: contents::attributes_md5(attributes.iter()),
        attributes: Some(attributes).filter(|attributes| !attributes.is_empty()),
    })
}

/// Whether a name in a request stands for an attribute: `All`, the name itself, or a beginning and `.*`.
fn picks(pattern: &str, name: &str) -> bool {
    pattern == "All" || pattern == name || pattern.strip_suffix(".*").is_some_and(|start| name.starts_with(start))
}

fn system_attributes(message: &Message, asked: &[String]) -> BTreeMap<String, String> {
    let is_asked = |name: &&str| asked.iter().any(|asked| asked == "All" || asked == name);
    let names = SYSTEM_NAMES.into_iter().filter(is_asked);
    names.filter_map(|name| Some((name.to_owned(), system_attribute(message, name)?))).collect()
}

fn system_attribute(message: &Message, name: &str) -> Option<String> {
    let millis = |time: Time| time.timestamp_millis().to_string();
    match name {
        "SenderId" => Some(message.sender.clone()),
        "SentTimestamp" => Some(millis(message.sent)),
        "ApproximateReceiveCount" => Some(message.receive_count.to_string()),
        "ApproximateFirstReceiveTimestamp" => message.first_received.map(millis),
        "SequenceNumber" => message.sequence.clone(),
        "MessageDeduplicationId" => message.deduplication_id.clone(),
        "MessageGroupId" => message.group.as_deref().map(str::to_owned),
        "AWSTraceHeader" => message.trace.clone(),
        "DeadLetterQueueSourceArn" => message.dead_letter_source.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes() {
        let check = |pattern: &str, expected: [bool; 3]| {
            assert_eq!(["Hello", "Help.Me", "General"].map(|name| picks(pattern, name)), expected, "{pattern}");
        };
        check("All", [true; 3]);
        check(".*", [true; 3]);
        check("Hel.*", [true, true, false]);
        check("Help.*", [false, true, false]);
        check("Hello", [true, false, false]);
        check("hello", [false; 3]);
        check("AWS.", [false; 3]);
    }
}
