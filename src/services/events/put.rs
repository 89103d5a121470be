//! `PutEvents`: events come in.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>

use std::collections::BTreeSet;

use crate::op;
use crate::record;
use crate::wire::{Fault, Map, Value};
use crate::world::access;
use crate::world::call::{Cx, Resource};
use crate::world::op::Op;
use crate::world::payload::Body;
use crate::world::time::Time;

use super::event::{self, Envelope, Event, Hops, Parts};
use super::place::store;
use super::{BusPlace, RulePlace, faults, metrics, routing};

/// Putting events is a data event.
pub const OPS: &[Op] = &[op!(Write "PutEvents" put_events).data()];

/// Bytes of all entries of a call.
const ENTRIES_BYTES_MAX: usize = 1 << 20;

/// What the time of an entry counts.
const TIME_BYTES: usize = 14;

/// Characters of a detail type.
const DETAIL_TYPE_MAX: usize = 128;

record! {
    struct PutEvents { entries: Vec<Entry> = "Entries", endpoint: Option<String> = "EndpointId" }
    struct Entry {
        time: Option<Time> = "Time",
        source: Option<String> = "Source",
        resources: Vec<String> = "Resources",
        detail_type: Option<String> = "DetailType",
        detail: Option<String> = "Detail",
        bus: Option<String> = "EventBusName",
        trace: Option<String> = "TraceHeader",
    }
    struct Taken { failed: i64 = "FailedEntryCount", entries: Vec<TakenOrNot> = "Entries" }
    struct TakenOrNot {
        id: Option<String> = "EventId",
        error: Option<String> = "ErrorCode",
        sentence: Option<String> = "ErrorMessage",
    }
}

impl Entry {
    fn size(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let time = if self.time.is_some() { TIME_BYTES } else { 0 };
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + length(&self.source) + length(&self.detail_type) + length(&self.detail) + resources
    }
}

/// Each entry is taken or not by itself; only what nobody may do, or too much at once, fails as a whole.
fn put_events(cx: &mut Cx, input: PutEvents) -> Result<Taken, Fault> {
    if input.endpoint.is_some() {
        return Err(faults::not_built("EndpointId"));
    }
    if input.entries.iter().map(Entry::size).sum::<usize>() > ENTRIES_BYTES_MAX {
        return Err(faults::entries_too_large());
    }
    let places: Vec<_> =
        input.entries.iter().map(|entry| BusPlace::named(cx, entry.bus.as_deref())).collect::<Result<_, _>>()?;
    let handed_over = take_handed_over(cx)?;
    for (place, entry) in places.iter().zip(&input.entries) {
        check_access(cx, place, entry, handed_over.as_ref().map(|(rule, _)| rule))?;
    }
    note_buses(cx, &places);
    let mut taken = Taken::default();
    for (place, entry) in places.iter().zip(&input.entries) {
        let outcome = match &handed_over {
            Some((_, event)) => receive_handed_over(cx, place, event, entry),
            None => receive(cx, place, entry),
        };
        taken.entries.push(match outcome {
            Ok(id) => TakenOrNot { id: Some(id), ..TakenOrNot::default() },
            Err(fault) => {
                taken.failed += 1;
                TakenOrNot { id: None, error: Some(fault.code), sentence: Some(fault.message) }
            }
        });
    }
    metrics::entries(cx.world, (&cx.account, cx.region), input.entries.len(), taken.failed as usize);
    Ok(taken)
}

/// Whether the bus lets the caller put such an event on it, perhaps for a rule of another bus
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html>).
fn check_access(cx: &Cx, place: &BusPlace, entry: &Entry, rule: Option<&RulePlace>) -> Result<(), Fault> {
    const ACTION: &str = "events:PutEvents";
    if access::is_owner(cx, &place.account) {
        return Ok(());
    }
    let is_from_bus = if rule.is_some() { "true" } else { "false" };
    let mut context = vec![("events:eventBusInvocation", is_from_bus)];
    let rule_arn = rule.map(RulePlace::arn);
    context.extend(rule_arn.as_deref().map(|arn| ("aws:SourceArn", arn)));
    context.extend(rule.map(|rule| ("aws:SourceAccount", rule.bus.account.as_str())));
    context.extend(entry.source.as_deref().map(|source| ("events:source", source)));
    context.extend(entry.detail_type.as_deref().map(|detail_type| ("events:detail-type", detail_type)));
    let arn = place.arn();
    if place.admits(cx, ACTION, &arn, &context) { Ok(()) } else { Err(faults::access_denied(cx.caller, ACTION, &arn)) }
}

/// The record names each bus once.
fn note_buses(cx: &mut Cx, places: &[BusPlace]) {
    let mut seen = BTreeSet::new();
    for place in places.iter().filter(|place| seen.insert(*place)) {
        let kind = "AWS::Events::EventBus";
        cx.note.resources.push(Resource { account: None, kind, arn: place.arn(), is_prefix: false });
        if place.account != cx.account {
            cx.note.owner = Some(place.account.clone());
        }
    }
}

/// Takes an entry, and answers the event's id. On a bus that is not there nobody listens, and nobody is told.
fn receive(cx: &mut Cx, place: &BusPlace, entry: &Entry) -> Result<String, Fault> {
    let source = required(&entry.source, "Source")?;
    let detail_type = required(&entry.detail_type, "DetailType")?;
    let detail = required(&entry.detail, "Detail")?;
    if source.starts_with("aws.") {
        return Err(faults::reserved_source());
    }
    if detail_type.chars().count() > DETAIL_TYPE_MAX {
        return Err(faults::detail_type_too_long(DETAIL_TYPE_MAX));
    }
    let detail = event::compact(detail).ok_or_else(faults::malformed_detail)?;
    check_room(cx, place)?;
    let id = cx.world.ids.uuid().to_string();
    let event = Event::new(&Parts {
        id: id.clone(),
        source,
        detail_type,
        account: &cx.account,
        time: entry.time.unwrap_or(cx.world.now),
        region: place.region,
        resources: &entry.resources,
        detail: &detail,
    });
    routing::receive(cx.world, place, Event { trace: entry.trace.clone(), ..event });
    Ok(id)
}

fn required<'a>(member: &'a Option<String>, name: &str) -> Result<&'a str, Fault> {
    member.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| faults::required_argument(name))
}

/// What is accepted is delivered: nothing is accepted while too much waits.
fn check_room(cx: &Cx, place: &BusPlace) -> Result<(), Fault> {
    let is_full = store(cx.world, &place.account, place.region).is_some_and(|store| store.deliveries.is_full());
    if is_full { Err(faults::slow_down()) } else { Ok(()) }
}

// Events that come from another bus are put on the next one by the same operation, so that the bus's policy applies and
// a record is written. But they stay the events that they are: EventBridge hands them over whole, beside the entry that
// the record shows.

/// Marks in front of an event that is handed over: what it remembers beside its text.
const SAME_REGION: char = 's';
const OTHER_REGION: char = 'o';
const READ_ONLY: char = 'r';

/// What is handed over with the entry of an event that goes on: marks, the rule, the event.
pub(super) fn handed_over(event: &Event, hops: Hops, rule: &RulePlace) -> String {
    let marks = [(SAME_REGION, hops.same_region), (OTHER_REGION, hops.other_region), (READ_ONLY, event.read_only)];
    let marks: String = marks.iter().filter(|(_, is_set)| *is_set).map(|(mark, _)| mark).collect();
    format!("{marks}\n{}\n{}", rule.arn(), event.text)
}

/// The entry of an event that goes on to another bus.
pub(super) fn entry_of(event: &Event, bus: &BusPlace) -> Option<Map> {
    let envelope = event.envelope()?;
    let mut entry = Map::new();
    entry.push("Time", event.time);
    entry.push("Source", envelope.source.as_ref());
    entry.push("Resources", envelope.resources);
    entry.push("DetailType", envelope.detail_type.as_ref());
    entry.push("Detail", envelope.detail.get());
    entry.push("EventBusName", bus.arn());
    if let Some(trace) = &event.trace {
        entry.push("TraceHeader", trace.as_str());
    }
    let mut input = Map::new();
    input.push("Entries", Value::List(vec![Value::Map(entry)]));
    Some(input)
}

/// The event that was handed over, if one was, and the rule that sends it.
fn take_handed_over(cx: &mut Cx) -> Result<Option<(RulePlace, Event)>, Fault> {
    let upload = cx.take_upload()?;
    let Body::Memory(bytes) = &upload.body else { return Ok(None) };
    let mut parts = std::str::from_utf8(bytes).unwrap_or_default().splitn(3, '\n');
    let (Some(marks), Some(rule), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return Ok(None) };
    let Some(rule) = RulePlace::parse(rule) else { return Ok(None) };
    let envelope: Envelope = serde_json::from_str(text).map_err(|_| faults::malformed_detail())?;
    let time = envelope.time().unwrap_or(cx.world.now);
    let event = Event {
        hops: Hops { same_region: marks.contains(SAME_REGION), other_region: marks.contains(OTHER_REGION) },
        read_only: marks.contains(READ_ONLY),
        replayed: envelope.replay_name.is_some(),
        ..Event::of_text(text.to_owned(), time)
    };
    Ok(Some((rule, event)))
}

/// Takes an event from another bus, and answers its id.
fn receive_handed_over(cx: &mut Cx, place: &BusPlace, event: &Event, entry: &Entry) -> Result<String, Fault> {
    if !place.is_there(cx.world) {
        return Err(faults::no_bus(&place.name));
    }
    check_room(cx, place)?;
    let id = event.envelope().map(|envelope| envelope.id.into_owned()).unwrap_or_default();
    routing::receive(cx.world, place, Event { trace: entry.trace.clone(), ..event.clone() });
    Ok(id)
}
