//! Event history: 90 days of management events, and `LookupEvents`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DurationRound, TimeDelta};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::record::{Entry, Event, Position};
use crate::world::time::Time;
use crate::{op, record};

use super::index::{self, Attribute, Query};
use super::{Trail, faults};

pub use super::index::History;

/// The operations on the event history.
pub const OPS: &[Op] = &[op!(Read "LookupEvents" lookup_events)];

/// How long the history keeps events.
const DAYS: TimeDelta = TimeDelta::days(90);
const PAGE_MAX: i64 = 50;

/// Adds a management event to the history of its account and Region.
pub fn add(world: &mut World, event: &Event, at: Position) {
    if !event.management_event {
        return;
    }
    let history = &mut world.regional(&event.recipient_account_id, event.aws_region).history;
    let first = history.oldest().is_none();
    history.add(event, at);
    if first {
        world.jobs.at(expiry(event.event_time), Job::HistoryExpiry);
    }
}

/// Drops events that are older than 90 days.
pub fn expire(world: &mut World) {
    let limit = world.now - DAYS;
    let mut oldest: Option<Time> = None;
    for regional in world.accounts.values_mut().flat_map(|account| account.regions.values_mut()) {
        regional.history.forget(limit);
        oldest = oldest.into_iter().chain(regional.history.oldest()).min();
    }
    let trails = world.accounts.values().flat_map(|account| account.trails.values());
    let keep = trails.filter_map(Trail::oldest_pending).min().unwrap_or(world.events.end());
    world.events.forget(limit, keep);
    if let Some(oldest) = oldest {
        world.jobs.at(expiry(oldest), Job::HistoryExpiry);
    }
}

/// When to drop an event: an hour's worth at a time. Lookups themselves do not show what is past its 90 days.
fn expiry(event: Time) -> Time {
    let due = event + DAYS;
    let hour = TimeDelta::hours(1);
    due.duration_trunc(hour).map_or(due, |start| start + hour)
}

record! {
    struct LookupEvents {
        attributes: Vec<LookupAttribute> = "LookupAttributes",
        start: Option<Time> = "StartTime",
        end: Option<Time> = "EndTime",
        category: Option<String> = "EventCategory",
        max_results: Option<i64> = "MaxResults",
        token: Option<String> = "NextToken",
    }

    struct LookupAttribute { key: String = "AttributeKey", value: String = "AttributeValue" }

    struct Page { events: Vec<Found> = "Events", token: Option<String> = "NextToken" }

    struct Found {
        id: String = "EventId",
        name: String = "EventName",
        read_only: String = "ReadOnly",
        access_key: Option<String> = "AccessKeyId",
        time: Time = "EventTime",
        source: String = "EventSource",
        username: Option<String> = "Username",
        resources: Vec<FoundResource> = "Resources",
        record: String = "CloudTrailEvent",
    }

    struct FoundResource { kind: String = "ResourceType", name: String = "ResourceName" }
}

fn lookup_events(cx: &mut Cx, input: LookupEvents) -> Result<Page, Fault> {
    let limit = page_size(input.max_results)?;
    let attribute = attribute(&input.attributes)?;
    if input.start.zip(input.end).is_some_and(|(start, end)| start > end) {
        return Err(faults::time_range_is_backward());
    }
    let parameters = parameters(cx, &input);
    let before = match &input.token {
        Some(token) => read_token(token, &parameters).ok_or_else(faults::lookup_token_is_invalid)?,
        None => cx.world.events.end(),
    };
    match input.category.as_deref() {
        None => {}
        // We make no Insights events.
        Some("insight") => return Ok(Page::default()),
        Some(other) => return Err(faults::unknown_event_category(other)),
    }
    let oldest = cx.world.now - DAYS;
    let from = input.start.map_or(oldest, |start| start.max(oldest)).timestamp_millis();
    let until = input.end.map_or(i64::MAX, |end| end.timestamp());
    // An event of a second counts from the second's start, so a start within a second leaves it out.
    let query =
        Query { attribute, from: from.div_euclid(1000) + i64::from(from % 1000 != 0), until, before, limit: limit + 1 };
    Ok(page(cx, &query, limit, &parameters))
}

fn page(cx: &mut Cx, query: &Query, limit: usize, parameters: &[u8; 16]) -> Page {
    let mut positions = cx
        .world
        .account(&cx.account)
        .regions
        .get(&cx.region)
        .map_or_else(Vec::new, |regional| regional.history.page(query));
    let more = positions.len() > limit;
    positions.truncate(limit);
    let token = positions.last().filter(|_| more).map(|last| write_token(*last, parameters));
    let found = cx.world.events.read(positions).filter_map(Found::of);
    let wanted = found.filter(|event| match query.attribute {
        Some((Attribute::EventId, id)) => event.id == id,
        _ => true,
    });
    Page { events: wanted.collect(), token }
}

fn page_size(max_results: Option<i64>) -> Result<usize, Fault> {
    let wanted = max_results.unwrap_or(PAGE_MAX);
    (1..=PAGE_MAX).contains(&wanted).then_some(wanted as usize).ok_or_else(faults::max_results_out_of_range)
}

fn attribute(attributes: &[LookupAttribute]) -> Result<Option<(Attribute, &str)>, Fault> {
    match attributes {
        [] => Ok(None),
        [one] => match Attribute::parse(&one.key) {
            Some(attribute) => Ok(Some((attribute, &one.value))),
            None => Err(faults::unknown_lookup_attribute(&one.key)),
        },
        _ => Err(faults::too_many_lookup_attributes()),
    }
}

/// What a token is bound to: it continues the request that it was made for, and no other.
fn parameters(cx: &Cx, input: &LookupEvents) -> [u8; 16] {
    let LookupEvents { attributes, start, end, category, .. } = input;
    let attributes: Vec<_> = attributes.iter().map(|attribute| (&attribute.key, &attribute.value)).collect();
    let text = format!("{:?}", (&cx.account, cx.region, attributes, start, end, category));
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text)[..16]);
    hash
}

/// A token names the last event shown: events that arrive later stand after it, and change nothing.
fn write_token(last: Position, parameters: &[u8; 16]) -> String {
    STANDARD.encode([&last.0.to_be_bytes()[..], parameters].concat())
}

fn read_token(token: &str, parameters: &[u8; 16]) -> Option<Position> {
    let bytes = STANDARD.decode(token).ok()?;
    let (last, bound) = bytes.split_first_chunk()?;
    (bound == parameters).then(|| Position(u64::from_be_bytes(*last)))
}

/// What an answer shows of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    user_identity: Identity,
    event_time: Time,
    event_source: String,
    event_name: String,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(rename = "type")]
    kind: Option<String>,
    user_name: Option<String>,
    principal_id: Option<String>,
    access_key_id: Option<String>,
}

impl Found {
    fn of(entry: Entry) -> Option<Found> {
        let Record { user_identity, event_time, event_source, event_name, event_id, read_only } =
            serde_json::from_str(&entry.record).ok()?;
        let Identity { kind, user_name, principal_id, access_key_id } = user_identity;
        let username = index::username(&kind.unwrap_or_default(), user_name.as_deref(), principal_id.as_deref());
        Some(Found {
            id: event_id,
            name: event_name,
            read_only: index::read_only(read_only).to_owned(),
            username: username.map(str::to_owned),
            access_key: access_key_id,
            time: event_time,
            source: event_source,
            resources: entry.resources.into_iter().map(|(kind, name)| FoundResource { kind, name }).collect(),
            record: entry.record,
        })
    }
}
