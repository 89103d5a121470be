//! Sending: into a queue, once inside the window in which FIFO queues know duplicates.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::hex::hex;
use crate::world::op::Op;
use crate::{op, record};

use super::attributes::FifoAttributes;
use super::backlog::Message;
use super::contents::{BYTES_MAX, Contents, Digests};
use super::naming::{Place, Target};
use super::queues::{QUEUE, Queue};
use super::{faults, metrics};

/// The operation that sends one message.
pub const OPS: &[Op] = &[op!(Write "SendMessage" send_message).data().resources(QUEUE)];

const DELAY_MAX: i64 = 900;
const ID_MAX: usize = 128;
/// How SNS is called as a sender in every AWS account.
const SNS_SENDER: &str = "AIDAIT2UOQQY3AUEKVGXU";

record! {
    /// What a sender is told.
    pub struct Sent {
        id: String = "MessageId",
        body: String = "MD5OfMessageBody",
        attributes: Option<String> = "MD5OfMessageAttributes",
        system: Option<String> = "MD5OfMessageSystemAttributes",
        sequence: Option<String> = "SequenceNumber",
    }
}

fn send_message(cx: &mut Cx, (target, contents): (Target, Contents)) -> Result<Sent, Fault> {
    let place = target.enter(cx)?;
    let sender = sender(cx);
    enqueue(cx.world, &place, contents, &sender)
}

/// `SenderId`: who sends.
pub fn sender(cx: &Cx) -> String {
    match cx.caller.principal {
        Principal::Service("sns.amazonaws.com") => SNS_SENDER.to_owned(),
        Principal::Service(name) => name.to_owned(),
        _ => cx.caller.principal_id().unwrap_or_else(|| "Anonymous".to_owned()),
    }
}

/// Puts a message into a queue.
///
/// # Errors
/// What is wrong with the message, for this queue.
pub fn enqueue(world: &mut World, place: &Place, contents: Contents, sender: &str) -> Result<Sent, Fault> {
    let now = world.now;
    contents.check()?;
    let queue = place.queue(world)?;
    let delay = delay(queue, &contents)?;
    let limit = queue.attributes.maximum_size.min(BYTES_MAX);
    if contents.bytes() > usize::try_from(limit).unwrap_or_default() {
        return Err(faults::message_too_long(limit));
    }
    let deduplication = deduplication(queue, &contents)?;
    queue.advance(now);
    let (digests, bytes) = (contents.digests(), contents.bytes());
    if let Some((_, key)) = &deduplication
        && let Some((id, sequence)) = queue.backlog.duplicate(key)
    {
        let answer = sent(id.clone(), digests, Some(*sequence));
        metrics::count(world, place, "NumberOfDeduplicatedSentMessages", 1);
        return Ok(answer);
    }
    let id = world.ids.uuid().to_string();
    let mut message = Message::new(id.clone(), contents, digests.clone(), sender.to_owned(), now);
    let queue = place.queue(world)?;
    if let Some((deduplication, key)) = deduplication {
        let sequence = queue.next_sequence();
        queue.backlog.remember(now, key, &id, sequence);
        message.sequence = Some(sequence);
        message.deduplication = Some(deduplication);
    }
    let sequence = message.sequence;
    queue.backlog.add(message, now, delay, now);
    metrics::count(world, place, "NumberOfMessagesSent", 1);
    metrics::size(world, place, bytes);
    announce(world, place);
    Ok(sent(id, digests, sequence))
}

/// Tells one of those who wait that there may be a message, and sees to it that they hear of those that come later.
pub fn announce(world: &mut World, place: &Place) {
    let Some(queue) = place.find(world) else { return };
    if queue.backlog.ready() > 0 {
        world.waits.wake_one(&place.arn());
    }
    super::queues::watch(world, place);
}

fn sent(id: String, digests: Digests, sequence: Option<u128>) -> Sent {
    let Digests { body, attributes, system } = digests;
    Sent { id, body, attributes, system, sequence: sequence.map(|number| number.to_string()) }
}

/// FIFO queues have one delay for all messages, which keeps them in order.
fn delay(queue: &Queue, contents: &Contents) -> Result<TimeDelta, Fault> {
    let Some(delay) = contents.delay else { return Ok(TimeDelta::seconds(queue.attributes.delay)) };
    if !(0..=DELAY_MAX).contains(&delay) {
        return Err(faults::invalid(
            "DelaySeconds",
            &delay.to_string(),
            &format!("DelaySeconds must be >= 0 and <= {DELAY_MAX}."),
        ));
    }
    match queue.attributes.fifo {
        Some(_) if delay > 0 => Err(faults::wrong_queue_type("DelaySeconds", &delay.to_string())),
        Some(_) => Ok(TimeDelta::seconds(queue.attributes.delay)),
        None => Ok(TimeDelta::seconds(delay)),
    }
}

/// Checks of a batch's message what a FIFO queue needs of all: the batch is sent as a whole or not at all.
///
/// # Errors
/// `InvalidParameterValue`
pub fn check_fifo(queue: &Queue, contents: &Contents) -> Result<(), Fault> {
    let Some(fifo) = &queue.attributes.fifo else { return Ok(()) };
    if contents.group.is_none() {
        return Err(faults::no_group_in_batch());
    }
    let is_told = fifo.content_based || contents.deduplication.is_some();
    if is_told { Ok(()) } else { Err(faults::no_deduplication()) }
}

/// The deduplication id of a message to a FIFO queue, and the key under which duplicates are found.
fn deduplication(queue: &Queue, contents: &Contents) -> Result<Option<(String, String)>, Fault> {
    for (name, id) in [("MessageGroupId", &contents.group), ("MessageDeduplicationId", &contents.deduplication)] {
        let is_good = |id: &String| (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(id) = id.as_ref().filter(|id| !is_good(id)) {
            return Err(faults::invalid(
                name,
                id,
                &format!("{name} can only include alphanumeric and punctuation characters. 1 to {ID_MAX} in length."),
            ));
        }
    }
    let Some(fifo) = &queue.attributes.fifo else {
        return match &contents.deduplication {
            Some(id) => Err(faults::wrong_queue_type("MessageDeduplicationId", id)),
            None => Ok(None),
        };
    };
    let group = contents.group.as_ref().ok_or_else(|| faults::missing("MessageGroupId"))?;
    let id = match &contents.deduplication {
        Some(id) => id.clone(),
        None if fifo.content_based => hex(&Sha256::digest(&contents.body)),
        None => return Err(faults::no_deduplication()),
    };
    let key = key(fifo, group, &id);
    Ok(Some((id, key)))
}

fn key(fifo: &FifoAttributes, group: &str, id: &str) -> String {
    if fifo.scope_is_group { format!("{group} {id}") } else { id.to_owned() }
}
