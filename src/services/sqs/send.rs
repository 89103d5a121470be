//! Sending messages.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::caller::{Caller, Principal};
use crate::world::op::Op;
use crate::world::outside::BYTES_AT_ONCE_MAX;
use crate::world::time::Time;

use super::batch::{self, Failure, some};
use super::contents::{self, Attributes};
use super::message::{Message, Number, State};
use super::messages::Sent;
use super::{BY_URL, Place, Queue, address, faults, is_fifo, rouse, schedule_expiry, seconds};

/// The operations that send.
pub const OPS: &[Op] = &[
    op!(Write "SendMessage" send).data().resources(BY_URL),
    op!(Write "SendMessageBatch" send_batch).data().resources(BY_URL),
];

/// Bytes of all messages of a batch, their attributes included
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
const BATCH_BYTES_MAX: usize = 1_048_576;
/// Seconds for which a message may be delayed.
const DELAY_MAX: i64 = 900;
/// Characters of a group's or deduplication id.
const FIFO_ID_MAX: usize = 128;
/// Where sequence numbers start, and how far they are apart: they have twenty digits, and follow one another at
/// distances.
const SEQUENCE_START: u128 = 18_850_000_000_000_000_000;
const SEQUENCE_STEP: u128 = 256;

record! {
    struct Parts {
        body: String = "MessageBody",
        delay: Option<i64> = "DelaySeconds",
        attributes: Attributes = "MessageAttributes",
        system: Attributes = "MessageSystemAttributes",
        deduplication_id: Option<String> = "MessageDeduplicationId",
        group: Option<String> = "MessageGroupId",
    }
    struct QueueUrl { url: String = "QueueUrl" }
    struct SentMessage {
        id: String = "MessageId",
        body_md5: String = "MD5OfMessageBody",
        attributes_md5: Option<String> = "MD5OfMessageAttributes",
        system_md5: Option<String> = "MD5OfMessageSystemAttributes",
        sequence: Option<String> = "SequenceNumber",
    }
    struct EntryId { id: String = "Id" }
    struct SendMessageBatch { url: String = "QueueUrl", entries: Vec<(EntryId, Parts)> = "Entries" }
    struct SentBatch { successful: Option<Vec<(EntryId, SentMessage)>> = "Successful", failed: Option<Vec<Failure>> = "Failed" }
}

fn send(cx: &mut Cx, (to, parts): (QueueUrl, Parts)) -> Result<SentMessage, Fault> {
    let place = address::reach(cx, &to.url, "SendMessage")?;
    let queue = place.find(cx.world).ok_or_else(faults::no_such_queue)?;
    let checked = check(queue, &place, parts)?;
    let digests = digests(cx, std::iter::once(&checked))?;
    let answer = put(cx.world, cx.caller, &place, checked, digests.into_iter().next().unwrap_or_default());
    has_come(cx.world, &place);
    answer
}

/// Each message is sent or not by itself, but a batch that is too large, or lacks what its queue needs of all, is not
/// sent at all.
fn send_batch(cx: &mut Cx, input: SendMessageBatch) -> Result<SentBatch, Fault> {
    let place = address::reach(cx, &input.url, "SendMessage")?;
    batch::check("SendMessageBatchRequestEntry", input.entries.iter().map(|(entry, _)| entry.id.as_str()))?;
    let queue = place.find(cx.world).ok_or_else(faults::no_such_queue)?;
    check_batch(queue, &place, &input.entries)?;
    let checked: Vec<(EntryId, Result<Checked, Fault>)> =
        input.entries.into_iter().map(|(id, parts)| (id, check(queue, &place, parts))).collect();
    let digests = digests(cx, checked.iter().filter_map(|(_, checked)| checked.as_ref().ok()))?;
    let mut digests = digests.into_iter();
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (entry, checked) in checked {
        let sent = checked.and_then(|checked| {
            let digest = digests.next().unwrap_or_default();
            put(cx.world, cx.caller, &place, checked, digest)
        });
        match sent {
            Ok(sent) => successful.push((entry, sent)),
            Err(fault) => failed.push(Failure::new(entry.id, fault)),
        }
    }
    has_come(cx.world, &place);
    Ok(SentBatch { successful: some(successful), failed: some(failed) })
}

fn check_batch(queue: &Queue, place: &Place, entries: &[(EntryId, Parts)]) -> Result<(), Fault> {
    let bytes: usize =
        entries.iter().map(|(_, parts)| parts.body.len() + contents::attributes_size(&parts.attributes)).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(faults::batch_too_long(BATCH_BYTES_MAX, bytes));
    }
    if is_fifo(&place.name) {
        if entries.iter().any(|(_, parts)| parts.group.is_none()) {
            return Err(faults::group_missing_in_batch());
        }
        let tells_duplicates = queue.settings.deduplicates_by_content();
        if !tells_duplicates && entries.iter().any(|(_, parts)| parts.deduplication_id.is_none()) {
            return Err(faults::no_deduplication_id());
        }
    }
    Ok(())
}

/// A message that may be sent.
struct Checked {
    parts: Parts,
    trace: Option<String>,
    /// The queue tells duplicates by content, and the message does not say otherwise.
    by_content: bool,
}

fn check(queue: &Queue, place: &Place, parts: Parts) -> Result<Checked, Fault> {
    let settings = &queue.settings;
    if parts.body.is_empty() {
        return Err(faults::missing("MessageBody"));
    }
    let bytes = parts.body.len() + contents::attributes_size(&parts.attributes);
    if i64::try_from(bytes).is_ok_and(|bytes| bytes > settings.size_max()) {
        return Err(faults::too_long(settings.size_max()));
    }
    if !contents::is_xml_text(&parts.body) {
        return Err(faults::characters());
    }
    contents::check_attributes(&parts.attributes)?;
    let trace = contents::trace_header(&parts.system)?;
    if let Some(delay) = parts.delay.filter(|delay| !(0..=DELAY_MAX).contains(delay)) {
        return Err(faults::delay(delay, DELAY_MAX));
    }
    let by_content = match is_fifo(&place.name) {
        true => check_fifo(settings.deduplicates_by_content(), &parts)?,
        false => check_standard(&parts)?,
    };
    Ok(Checked { parts, trace, by_content })
}

fn check_fifo(by_content: bool, parts: &Parts) -> Result<bool, Fault> {
    if let Some(delay) = parts.delay.filter(|delay| *delay > 0) {
        return Err(faults::not_for_this_type(delay, "DelaySeconds"));
    }
    let group = parts.group.as_deref().ok_or_else(|| faults::missing("MessageGroupId"))?;
    check_id(group, "MessageGroupId")?;
    match &parts.deduplication_id {
        Some(id) => check_id(id, "MessageDeduplicationId").map(|()| false),
        None if by_content => Ok(true),
        None => Err(faults::no_deduplication_id()),
    }
}

fn check_standard(parts: &Parts) -> Result<bool, Fault> {
    if let Some(id) = &parts.deduplication_id {
        return Err(faults::not_for_this_type(id, "MessageDeduplicationId"));
    }
    parts.group.as_deref().map_or(Ok(()), |group| check_id(group, "MessageGroupId"))?;
    Ok(false)
}

fn check_id(id: &str, parameter: &str) -> Result<(), Fault> {
    let is_right = !id.is_empty() && id.len() <= FIFO_ID_MAX && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_right { Ok(()) } else { Err(faults::fifo_id(id, parameter)) }
}

/// What is computed of a body.
#[derive(Clone, Debug, Default)]
struct Digests {
    md5: String,
    /// Deduplication ids by content are SHA-256 digests.
    sha256: Option<String>,
}

/// The digests of bodies: outside the lock, if they are long.
fn digests<'a>(cx: &mut Cx, checked: impl Iterator<Item = &'a Checked> + Clone) -> Result<Vec<Digests>, Fault> {
    let bytes = checked.clone().map(|checked| checked.parts.body.len() as u64).sum();
    if bytes <= BYTES_AT_ONCE_MAX {
        return Ok(checked.map(|checked| Digests::of(&checked.parts.body, checked.by_content)).collect());
    }
    let bodies: Vec<(String, bool)> = checked.map(|checked| (checked.parts.body.clone(), checked.by_content)).collect();
    let which: Vec<(usize, bool)> = bodies.iter().map(|(body, by_content)| (body.len(), *by_content)).collect();
    // A call's bodies are the same in each run; which of them are sent may not be.
    let digest = move || bodies.iter().map(|(body, by_content)| Digests::of(body, *by_content)).collect::<Vec<_>>();
    cx.outside.take(which, bytes, digest)
}

impl Digests {
    fn of(body: &str, by_content: bool) -> Digests {
        Digests { md5: contents::md5_hex(body.as_bytes()), sha256: by_content.then(|| hex_sha256(body)) }
    }
}

fn hex_sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a message into the queue, unless it is a duplicate: then it is answered as if it had been put.
fn put(
    world: &mut World,
    caller: &Caller,
    place: &Place,
    checked: Checked,
    digests: Digests,
) -> Result<SentMessage, Fault> {
    let Checked { parts, trace, .. } = checked;
    let now = world.now;
    let id = world.ids.uuid().to_string();
    let queue = place.find_mut(world).ok_or_else(faults::no_such_queue)?;
    let group: Option<Arc<str>> = parts.group.as_deref().map(Arc::from);
    let deduplication_id = parts.deduplication_id.or(digests.sha256);
    let mut answer = SentMessage {
        id,
        body_md5: digests.md5,
        attributes_md5: contents::attributes_md5(parts.attributes.iter()),
        system_md5: contents::attributes_md5(parts.system.iter()),
        sequence: None,
    };
    let scope = group.clone().filter(|_| queue.settings.deduplicates_within_groups());
    if let Some(key) = &deduplication_id {
        if let Some(Sent { id, sequence }) = queue.messages.duplicate(now, &scope, key) {
            return Ok(SentMessage { id, sequence, ..answer });
        }
        answer.sequence = Some(queue.messages.next_sequence());
    }
    let delay = parts.delay.filter(|_| !is_fifo(&place.name)).unwrap_or(queue.settings.delay());
    let message = Message {
        id: answer.id.clone(),
        body: parts.body,
        body_md5: answer.body_md5.clone(),
        attributes: parts.attributes,
        trace,
        sender: sender_id(caller),
        sent: now,
        group,
        deduplication_id: deduplication_id.clone(),
        sequence: answer.sequence.clone(),
        receive_count: 0,
        first_received: None,
        last_received: None,
        dead_letter_source: None,
        state: state(now, delay),
    };
    queue.messages.add(message);
    if let Some(key) = deduplication_id {
        let sent = Sent { id: answer.id.clone(), sequence: answer.sequence.clone() };
        queue.messages.remember(now, scope, key, sent);
    }
    Ok(answer)
}

fn state(now: Time, delay: i64) -> State {
    if delay > 0 { State::Delayed { until: now + seconds(delay) } } else { State::Visible }
}

/// A sequence number by its rank in the queue.
pub(super) fn sequence(number: Number) -> String {
    (SEQUENCE_START + SEQUENCE_STEP * u128::from(number)).to_string()
}

/// A user's or role's unique id, the account of root; services are told by their names.
fn sender_id(caller: &Caller) -> String {
    match caller.principal {
        Principal::Service(name) => name.to_owned(),
        _ => caller.principal_id().unwrap_or_else(|| "Anonymous".to_owned()),
    }
}

/// Takes in what comes from another queue: a dead letter, or a message that is moved.
pub(super) fn transfer(world: &mut World, place: &Place, message: Message) {
    let now = world.now;
    let Some(queue) = place.find_mut(world) else { return };
    let sequence = message.deduplication_id.as_ref().map(|_| queue.messages.next_sequence());
    let state = state(now, queue.settings.delay());
    queue.messages.add(Message {
        sequence,
        state,
        receive_count: 0,
        first_received: None,
        last_received: None,
        ..message
    });
    has_come(world, place);
}

/// Sees to what follows from new messages.
fn has_come(world: &mut World, place: &Place) {
    schedule_expiry(world, place);
    rouse(world, place);
}
