//! `PutLogEvents`: events come in.

use std::ops::Range;
use std::sync::Arc;

use crate::contract::{Contract, ShapeId};
use crate::services::logs::groups::GROUP;
use crate::services::logs::naming::GroupPlace;
use crate::services::logs::{Stream, faults, forwarding, metrics, tails};
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::Op;

use super::batch::{Arrivals, Batch, EVENT_OVERHEAD};
use super::expire;

/// AWS records no calls of this
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html>).
pub const OPS: &[Op] = &[crate::op!(Write "PutLogEvents" put_log_events).resources(&[GROUP]).unrecorded()];

/// Bytes of a batch, and since 2025 of an event too, each event counted with 26 bytes beside its message.
const BATCH_BYTES: u64 = 1_048_576;

/// Events of a batch.
const BATCH_EVENTS: usize = 10_000;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Events may be this much older than the moment they come in.
const OLDEST_MS: i64 = 14 * DAY_MS;

/// Events may be this much newer than the moment they come in.
const NEWEST_MS: i64 = 2 * HOUR_MS;

crate::record! {
    struct PutLogEvents {
        group: String = "logGroupName",
        stream: String = "logStreamName",
        events: Arrivals = "logEvents",
        entity: Option<Value> = "entity",
    }
    struct InputLogEvent {
        timestamp: i64 = "timestamp",
        message: String = "message",
    }
    struct PutLogEventsAnswer {
        next_sequence_token: String = "nextSequenceToken",
        rejected: Option<Rejected> = "rejectedLogEventsInfo",
        rejected_entity: Option<RejectedEntity> = "rejectedEntityInfo",
    }
    /// Which events of a batch were not taken, by index.
    #[derive(PartialEq)]
    pub struct Rejected {
        /// The first one that is too new.
        too_new_start: Option<i64> = "tooNewLogEventStartIndex",
        /// Behind the last one that is older than 14 days.
        too_old_end: Option<i64> = "tooOldLogEventEndIndex",
        /// Behind the last one that is older than the group's retention.
        expired_end: Option<i64> = "expiredLogEventEndIndex",
    }
    struct RejectedEntity { error: String = "errorType" }
}

/// What became of a batch.
#[derive(Debug)]
pub struct Outcome {
    /// Goes unread: any is accepted, or none.
    pub next_sequence_token: String,
    /// `None` when every event was taken.
    pub rejected: Option<Rejected>,
}

fn put_log_events(cx: &mut Cx, input: PutLogEvents) -> Result<PutLogEventsAnswer, Fault> {
    let place = GroupPlace::new(&cx.account, cx.region, &input.group);
    let Outcome { next_sequence_token, rejected } = put_arrivals(cx.world, &place, &input.stream, input.events)?;
    let rejected_entity = input.entity.and_then(|entity| entity_error(&entity));
    let rejected_entity = rejected_entity.map(|error| RejectedEntity { error: error.to_owned() });
    Ok(PutLogEventsAnswer { next_sequence_token, rejected, rejected_entity })
}

/// Puts events (timestamps in milliseconds, and messages) into a stream, as `PutLogEvents` does.
///
/// # Errors
/// Those of `PutLogEvents`: the group or stream is not there, or the batch breaks a limit.
pub fn put(
    world: &mut World,
    place: &GroupPlace,
    stream: &str,
    events: impl IntoIterator<Item = (i64, String)>,
) -> Result<Outcome, Fault> {
    put_arrivals(world, place, stream, events.into_iter().collect())
}

fn put_arrivals(world: &mut World, place: &GroupPlace, stream: &str, events: Arrivals) -> Result<Outcome, Fault> {
    check_sizes(&events)?;
    check_order(&events)?;
    let now = world.now.timestamp_millis();
    let group = place.find(world).ok_or_else(faults::no_such_group)?;
    if !group.streams.contains_key(stream) {
        return Err(faults::no_such_stream());
    }
    let (kept, rejected) = judge(&events.timestamps, now, expire::cutoff_ms(group, world.now));
    check_span(&events.timestamps[kept.clone()])?;
    let random = u64::from_le_bytes(world.ids.bytes());
    let next_sequence_token = format!("49{}", world.ids.text(b"0123456789", 54));
    if !kept.is_empty() {
        let logs = &mut world.regional(&place.account, place.region).logs;
        logs.last_batch = logs.last_batch.next(now.max(0).unsigned_abs(), random);
        let batch = Arc::new(events.into_batch(logs.last_batch, kept));
        keep(world, place, stream, &batch, &next_sequence_token)?;
        ingested(world, place, stream, &batch);
    }
    Ok(Outcome { next_sequence_token, rejected })
}

/// Adds a batch to its stream, and has tails sealed that are full.
fn keep(world: &mut World, place: &GroupPlace, name: &str, batch: &Arc<Batch>, token: &str) -> Result<(), Fault> {
    let shelf = Arc::clone(&world.log_keeping.shelf);
    let stream = find(world, place, name).ok_or_else(faults::no_such_stream)?;
    stream.log.upload_token = token.to_owned();
    let full = stream.log.append(Arc::clone(batch), &shelf);
    if !std::mem::replace(&mut stream.log.queued, true) {
        queue_tail(world, place, name);
    }
    world.background.extend(full.and_then(|segment| shelf.pack_later(segment)));
    while shelf.tails_are_full() && seal_oldest_tail(world) {}
    expire::schedule_for(world, place, batch.first().timestamp_ms as i64);
    Ok(())
}

/// Queues a stream as one whose tail takes memory. Streams that are gone do not pile up in front.
fn queue_tail(world: &mut World, place: &GroupPlace, name: &str) {
    let mut tails = std::mem::take(&mut world.log_keeping.tails);
    while tails.pop_front_if(|(place, name)| find(world, place, name).is_none()).is_some() {}
    tails.push_back((place.clone(), name.to_owned()));
    world.log_keeping.tails = tails;
}

/// Seals the tail of the stream that was queued first; false when there is none.
fn seal_oldest_tail(world: &mut World) -> bool {
    let Some((place, name)) = world.log_keeping.tails.pop_front() else { return false };
    if let Some(stream) = find(world, &place, &name) {
        stream.log.queued = false;
        let segment = stream.log.seal();
        let work = segment.and_then(|segment| world.log_keeping.shelf.pack_later(segment));
        world.background.extend(work);
    }
    true
}

fn find<'w>(world: &'w mut World, place: &GroupPlace, name: &str) -> Option<&'w mut Stream> {
    place.group(world).ok()?.streams.get_mut(name)
}

/// Tells those who wait for events of a batch that was taken.
fn ingested(world: &mut World, place: &GroupPlace, stream: &str, batch: &Arc<Batch>) {
    tails::ingested(world, place, stream, batch);
    metrics::ingested(world, place, stream, batch);
    forwarding::ingested(world, place, stream, batch);
}

fn check_sizes(events: &Arrivals) -> Result<(), Fault> {
    if events.len() > BATCH_EVENTS {
        return Err(faults::too_many_events(events.len()));
    }
    let sizes = || events.sizes().map(|size| size as u64 + EVENT_OVERHEAD);
    if let Some(size) = sizes().find(|size| *size > BATCH_BYTES) {
        return Err(faults::event_too_large(size, BATCH_BYTES));
    }
    let size = sizes().sum();
    if size > BATCH_BYTES { Err(faults::batch_too_large(size, BATCH_BYTES)) } else { Ok(()) }
}

fn check_order(events: &Arrivals) -> Result<(), Fault> {
    if events.timestamps.is_sorted() { Ok(()) } else { Err(faults::not_in_order()) }
}

/// The events that are taken span 24 hours at most.
fn check_span(timestamps: &[i64]) -> Result<(), Fault> {
    let span = timestamps.last().zip(timestamps.first()).map_or(0, |(last, first)| last - first);
    if span > DAY_MS { Err(faults::span_too_long()) } else { Ok(()) }
}

/// Which of some ordered events are taken at a moment, and what is said of the others.
fn judge(timestamps: &[i64], now: i64, retained_since: Option<i64>) -> (Range<usize>, Option<Rejected>) {
    let before = |bound: i64| timestamps.partition_point(|time| *time < bound);
    let too_old = before(now - OLDEST_MS);
    let expired = retained_since.map_or(0, before);
    let too_new = before(now + NEWEST_MS + 1);
    let some = |index: usize, is: bool| is.then_some(index as i64);
    let rejected = Rejected {
        too_new_start: some(too_new, too_new < timestamps.len()),
        too_old_end: some(too_old, too_old > 0),
        expired_end: some(expired, expired > 0),
    };
    let start = too_old.max(expired).min(too_new);
    (start..too_new, Some(rejected).filter(|rejected| *rejected != Rejected::default()))
}

/// What is wrong with the entity that events are said to come from. The events are taken all the same
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/adding-your-own-related-telemetry.html>).
fn entity_error(entity: &Value) -> Option<&'static str> {
    let Some(keys) = entity.get("keyAttributes").and_then(Value::as_map) else { return Some("MissingRequiredFields") };
    key_attributes_flaw(keys)
}

/// What is wrong with the attributes that say which entity is meant.
pub fn key_attributes_flaw(keys: &Map) -> Option<&'static str> {
    const NAMES: [&str; 5] = ["Type", "ResourceType", "Identifier", "Name", "Environment"];
    if keys.iter().any(|(name, _)| !NAMES.contains(&name)) {
        return Some("InvalidKeyAttributes");
    }
    let required: &[&str] = match keys.get("Type").and_then(Value::as_str) {
        Some("Service") => &["Name", "Environment"],
        Some("AWS::Service" | "RemoteService") => &["Name"],
        Some("Resource" | "AWS::Resource") => &["ResourceType", "Identifier"],
        Some(_) => return Some("InvalidTypeValue"),
        None => return Some("MissingRequiredFields"),
    };
    let missing = required.iter().any(|name| !keys.contains(name));
    missing.then_some("MissingRequiredFields")
}

/// A list of input events, read straight into one text.
impl Field for Arrivals {
    fn read(value: Option<&Value>) -> Arrivals {
        let events = value.and_then(Value::as_list).unwrap_or_default();
        let message = |event: &Value| event.get("message").and_then(Value::as_str).map_or(0, str::len);
        let mut arrivals = Arrivals::with_capacity(events.len(), events.iter().map(message).sum());
        for event in events.iter().filter_map(Value::as_map) {
            let timestamp = i64::read(event.get("timestamp"));
            arrivals.push(timestamp, event.get("message").and_then(Value::as_str).unwrap_or_default());
        }
        arrivals
    }

    fn write(self) -> Value {
        let sizes: Vec<usize> = self.sizes().collect();
        let mut rest = self.text.as_str();
        let events = self.timestamps.iter().zip(sizes).map(|(timestamp, size)| {
            let (message, others) = rest.split_at(size);
            rest = others;
            InputLogEvent { timestamp: *timestamp, message: message.to_owned() }.write()
        });
        Value::List(events.collect())
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        Vec::<InputLogEvent>::misfits(contract, shape, path, out);
    }
}
