//! Batches: up to ten messages in a call, each of which may fail by itself.

use std::collections::BTreeSet;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::{op, record};

use super::contents::{BYTES_MAX, Contents};
use super::naming::Target;
use super::queues::QUEUE;
use super::send::Sent;
use super::{faults, receive, send};

/// The operations on batches.
pub const OPS: &[Op] = &[
    op!(Write "ChangeMessageVisibilityBatch" change_message_visibility_batch).data().resources(QUEUE),
    op!(Write "DeleteMessageBatch" delete_message_batch).data().resources(QUEUE),
    op!(Write "SendMessageBatch" send_message_batch).data().resources(QUEUE),
];

const ENTRIES_MAX: usize = 10;
const ID_MAX: usize = 80;

record! {
    struct Identified { id: String = "Id" }

    struct Sends { entries: Vec<(Identified, Contents)> = "Entries" }

    struct Deletes { entries: Vec<(Identified, Held)> = "Entries" }

    struct Held { receipt: String = "ReceiptHandle" }

    struct Changes { entries: Vec<(Identified, Held, Visibility)> = "Entries" }

    struct Visibility { seconds: Option<i64> = "VisibilityTimeout" }

    struct Failed {
        id: String = "Id",
        by_sender: bool = "SenderFault",
        code: String = "Code",
        message: String = "Message",
    }

    struct SentBatch { successful: Vec<(Identified, Sent)> = "Successful", failed: Option<Vec<Failed>> = "Failed" }

    struct DoneBatch { successful: Vec<Identified> = "Successful", failed: Option<Vec<Failed>> = "Failed" }
}

fn send_message_batch(cx: &mut Cx, (target, input): (Target, Sends)) -> Result<SentBatch, Fault> {
    let place = target.enter(cx)?;
    check(input.entries.iter().map(|(entry, _)| entry), "SendMessageBatchRequestEntry")?;
    let bytes = input.entries.iter().map(|(_, contents)| contents.bytes()).sum();
    if bytes > usize::try_from(BYTES_MAX).unwrap_or_default() {
        return Err(faults::batch_too_long(bytes, BYTES_MAX));
    }
    let queue = place.queue(cx.world)?;
    for (_, contents) in &input.entries {
        send::check_fifo(queue, contents)?;
    }
    let sender = send::sender(cx);
    let outcomes = input.entries.into_iter().map(|(entry, contents)| {
        let outcome = send::enqueue(cx.world, &place, contents, &sender);
        (entry, outcome)
    });
    let (successful, failed) = split(outcomes);
    Ok(SentBatch { successful, failed })
}

fn delete_message_batch(cx: &mut Cx, (target, input): (Target, Deletes)) -> Result<DoneBatch, Fault> {
    let place = target.enter(cx)?;
    check(input.entries.iter().map(|(entry, _)| entry), "DeleteMessageBatchRequestEntry")?;
    let outcomes = input.entries.into_iter().map(|(entry, held)| {
        let outcome = receive::delete(cx.world, &place, &held.receipt);
        (entry, outcome)
    });
    Ok(done(split(outcomes)))
}

fn change_message_visibility_batch(cx: &mut Cx, (target, input): (Target, Changes)) -> Result<DoneBatch, Fault> {
    let place = target.enter(cx)?;
    check(input.entries.iter().map(|(entry, ..)| entry), "ChangeMessageVisibilityBatchRequestEntry")?;
    let outcomes = input.entries.into_iter().map(|(entry, held, visibility)| {
        let seconds = visibility.seconds.ok_or_else(|| faults::missing("VisibilityTimeout"));
        let outcome = seconds.and_then(|seconds| receive::hide(cx.world, &place, &held.receipt, seconds));
        (entry, outcome)
    });
    Ok(done(split(outcomes)))
}

/// Checks what is wrong with a batch as a whole.
fn check<'e>(entries: impl Iterator<Item = &'e Identified>, entry: &str) -> Result<(), Fault> {
    let ids: Vec<&str> = entries.map(|entry| entry.id.as_str()).collect();
    if ids.is_empty() {
        return Err(faults::empty_batch(entry));
    }
    if ids.len() > ENTRIES_MAX {
        return Err(faults::too_many_entries(ids.len(), ENTRIES_MAX));
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if ids.iter().any(|id| id.is_empty() || id.len() > ID_MAX || !id.bytes().all(good)) {
        return Err(faults::invalid_id());
    }
    let mut known = BTreeSet::new();
    match ids.into_iter().find(|id| !known.insert(*id)) {
        Some(id) => Err(faults::repeated_id(id)),
        None => Ok(()),
    }
}

type Outcomes<T> = (Vec<(Identified, T)>, Option<Vec<Failed>>);

fn split<T>(outcomes: impl Iterator<Item = (Identified, Result<T, Fault>)>) -> Outcomes<T> {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (entry, outcome) in outcomes {
        match outcome {
            Ok(result) => successful.push((entry, result)),
            Err(Fault { code, message, .. }) => failed.push(Failed { id: entry.id, by_sender: true, code, message }),
        }
    }
    (successful, (!failed.is_empty()).then_some(failed))
}

fn done((successful, failed): Outcomes<()>) -> DoneBatch {
    DoneBatch { successful: successful.into_iter().map(|(entry, ())| entry).collect(), failed }
}
