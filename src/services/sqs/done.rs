//! Being done with messages: deleting them, or changing when they are visible again.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::batch::{self, Outcome};
use super::message::Number;
use super::receipt::Receipt;
use super::receive::VISIBILITY_MAX;
use super::{BY_URL, Place, Queue, address, faults, is_fifo, rouse, seconds};

/// The operations on received messages.
pub const OPS: &[Op] = &[
    op!(Write "ChangeMessageVisibility" change).data().resources(BY_URL),
    op!(Write "ChangeMessageVisibilityBatch" change_batch).data().resources(BY_URL),
    op!(Write "DeleteMessage" delete).data().resources(BY_URL),
    op!(Write "DeleteMessageBatch" delete_batch).data().resources(BY_URL),
];

record! {
    struct QueueUrl { url: String = "QueueUrl" }
    struct Handle { handle: String = "ReceiptHandle" }
    struct Visibility { handle: String = "ReceiptHandle", visibility: Option<i64> = "VisibilityTimeout" }
    struct EntryId { id: String = "Id" }
    struct DeleteMessageBatch { url: String = "QueueUrl", entries: Vec<(EntryId, Handle)> = "Entries" }
    struct ChangeMessageVisibilityBatch { url: String = "QueueUrl", entries: Vec<(EntryId, Visibility)> = "Entries" }
}

fn delete(cx: &mut Cx, (of, message): (QueueUrl, Handle)) -> Result<(), Fault> {
    let place = address::reach(cx, &of.url, "DeleteMessage")?;
    delete_one(cx.world, &place, &message.handle)?;
    rouse(cx.world, &place);
    Ok(())
}

fn delete_batch(cx: &mut Cx, input: DeleteMessageBatch) -> Result<Outcome, Fault> {
    let place = address::reach(cx, &input.url, "DeleteMessage")?;
    batch::check("DeleteMessageBatchRequestEntry", input.entries.iter().map(|(entry, _)| entry.id.as_str()))?;
    let id = |(entry, _): &(EntryId, Handle)| entry.id.clone();
    let outcome = Outcome::of(input.entries, id, |(_, message)| delete_one(cx.world, &place, &message.handle));
    rouse(cx.world, &place);
    Ok(outcome)
}

/// Messages that are gone count as deleted. So do those that were received again since, but they stay: only the last
/// handle deletes.
fn delete_one(world: &mut World, place: &Place, handle: &str) -> Result<(), Fault> {
    let now = world.now;
    let queue = place.find_mut(world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    let receipt = read(queue, handle)?;
    match held(queue, receipt) {
        Some(Held { in_flight: false, .. }) if is_fifo(&place.name) => return Err(faults::receipt_expired(handle)),
        Some(Held { number, last: true, .. }) => drop(queue.messages.remove(number)),
        Some(_) if is_fifo(&place.name) => return Err(faults::receipt_expired(handle)),
        Some(_) | None => {}
    }
    Ok(())
}

fn read(queue: &Queue, handle: &str) -> Result<Receipt, Fault> {
    if handle.is_empty() {
        return Err(faults::missing("ReceiptHandle"));
    }
    Receipt::read(handle, queue.messages.seal).ok_or_else(|| faults::receipt_handle(handle))
}

/// A message that a handle stands for.
struct Held {
    number: Number,
    /// The handle is that of its last receive.
    last: bool,
    in_flight: bool,
}

fn held(queue: &Queue, receipt: Receipt) -> Option<Held> {
    let message = queue.messages.get(receipt.number)?;
    let last = message.receive_count == receipt.count;
    Some(Held { number: receipt.number, last, in_flight: message.is_in_flight() })
}

fn change(cx: &mut Cx, (of, message): (QueueUrl, Visibility)) -> Result<(), Fault> {
    let place = address::reach(cx, &of.url, "ChangeMessageVisibility")?;
    change_one(cx.world, &place, &message)?;
    rouse(cx.world, &place);
    Ok(())
}

fn change_batch(cx: &mut Cx, input: ChangeMessageVisibilityBatch) -> Result<Outcome, Fault> {
    let place = address::reach(cx, &input.url, "ChangeMessageVisibility")?;
    let ids = input.entries.iter().map(|(entry, _)| entry.id.as_str());
    batch::check("ChangeMessageVisibilityBatchRequestEntry", ids)?;
    let id = |(entry, _): &(EntryId, Visibility)| entry.id.clone();
    let outcome = Outcome::of(input.entries, id, |(_, message)| change_one(cx.world, &place, &message));
    rouse(cx.world, &place);
    Ok(outcome)
}

/// Counts from now. In a standard queue the last handle stays good after its time, until somebody else receives the
/// message.
fn change_one(world: &mut World, place: &Place, asked: &Visibility) -> Result<(), Fault> {
    let now = world.now;
    let timeout = asked.visibility.ok_or_else(|| faults::missing("VisibilityTimeout"))?;
    if !(0..=VISIBILITY_MAX).contains(&timeout) {
        return Err(faults::visibility(timeout));
    }
    let queue = place.find_mut(world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    let receipt = read(queue, &asked.handle)?;
    let unavailable = || faults::not_available(&asked.handle);
    let held = held(queue, receipt).filter(|held| held.last).ok_or_else(unavailable)?;
    if !held.in_flight && is_fifo(&place.name) {
        return Err(unavailable());
    }
    let received = queue.messages.get(held.number).and_then(|message| message.last_received);
    if received.is_some_and(|received| now + seconds(timeout) - received > seconds(VISIBILITY_MAX)) {
        return Err(faults::visibility_beyond_limit(timeout));
    }
    queue.messages.hide(held.number, now + seconds(timeout));
    queue.messages.reveal(now);
    Ok(())
}
