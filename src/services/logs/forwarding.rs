//! From events that a subscription filter takes to records of a Firehose stream.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::TimeDelta;
use serde::Serialize;

use crate::services::cloudwatch;
use crate::services::firehose;
use crate::services::sts::visits::Session;
use crate::world::World;
use crate::world::gzip::gzip;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::events::{Batch, EventRef};
use super::naming::GroupPlace;
use super::pattern::Pattern;
use super::targets;

/// How long a delivery is tried, from the arrival of its events on.
const TRIED_FOR: TimeDelta = TimeDelta::hours(24);
/// Bytes of events that wait for one destination. When a destination stays out of reach, the oldest go.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Bytes of a message before compression, about: records of Firehose hold 1,000 KiB.
const MESSAGE_BYTES: usize = 900_000;
/// What an event takes in a message beside its own text.
const EVENT_OVERHEAD: usize = 100;

/// What waits for one destination, in order.
#[derive(Debug, Default)]
pub struct Queue {
    role: Option<String>,
    parcels: VecDeque<Waiting>,
    bytes: usize,
    failures: u32,
    session: Option<Session>,
}

#[derive(Clone, Debug)]
struct Waiting {
    arrived: Time,
    parcel: Arc<Parcel>,
}

/// Events on their way: matched and compressed when they are delivered, beside the lock.
#[derive(Debug)]
pub struct Parcel {
    content: Content,
    packed: OnceLock<Packed>,
}

/// What is sent of a parcel.
#[derive(Debug)]
struct Packed {
    records: Vec<Bytes>,
    /// Log events in them.
    events: usize,
}

#[derive(Debug)]
enum Content {
    /// What a destination gets first.
    Control,
    Events {
        owner: AccountId,
        group: String,
        stream: String,
        filter: String,
        pattern: Pattern,
        batch: Arc<Batch>,
    },
}

/// What destinations receive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    message_type: &'a str,
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: &'a [&'a str],
    log_events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: String,
    timestamp: i64,
    message: &'a str,
}

impl Parcel {
    /// The message with which CloudWatch Logs checks a destination.
    pub fn control() -> Parcel {
        Parcel { content: Content::Control, packed: OnceLock::new() }
    }

    fn bytes(&self) -> usize {
        match &self.content {
            Content::Control => 0,
            Content::Events { batch, .. } => batch.footprint(),
        }
    }

    /// The records; none when no event matches.
    fn packed(&self, arrived: Time) -> &Packed {
        self.packed.get_or_init(|| match &self.content {
            Content::Control => Packed { records: vec![control_message(arrived)], events: 0 },
            Content::Events { owner, group, stream, filter, pattern, batch } => {
                let wanted = batch.events(stream, 0..batch.len()).filter(|event| pattern.matches(event.message));
                let pack = |events| {
                    packed(&Message {
                        message_type: "DATA_MESSAGE",
                        owner: owner.as_str(),
                        log_group: group,
                        log_stream: stream,
                        subscription_filters: &[filter],
                        log_events: events,
                    })
                };
                let portions = portions(wanted);
                let events = portions.iter().map(Vec::len).sum();
                Packed { records: portions.into_iter().map(pack).collect(), events }
            }
        })
    }
}

fn control_message(now: Time) -> Bytes {
    packed(&Message {
        message_type: "CONTROL_MESSAGE",
        owner: "CloudwatchLogs",
        log_group: "",
        log_stream: "",
        subscription_filters: &[],
        log_events: vec![Event {
            id: String::new(),
            timestamp: now.timestamp_millis(),
            message: "CWL CONTROL MESSAGE: Checking health of destination Firehose.",
        }],
    })
}

/// Events in as many parts as messages are needed for them.
fn portions<'e>(events: impl Iterator<Item = EventRef<'e>>) -> Vec<Vec<Event<'e>>> {
    let (mut portions, mut last, mut bytes) = (Vec::new(), Vec::new(), 0);
    for event in events {
        let size = event.message.len() + EVENT_OVERHEAD;
        if bytes + size > MESSAGE_BYTES && !last.is_empty() {
            portions.push(std::mem::take(&mut last));
            bytes = 0;
        }
        bytes += size;
        last.push(Event { id: event.id.to_string(), timestamp: event.timestamp_ms, message: event.message });
    }
    portions.extend(Some(last).filter(|last| !last.is_empty()));
    portions
}

fn packed(message: &Message) -> Bytes {
    // Structures of texts and numbers have no failing case.
    gzip(&serde_json::to_vec(message).unwrap_or_default())
}

/// Takes a batch that has come in for each subscription filter of its group, and of its account.
pub fn ingested(world: &mut World, place: &GroupPlace, stream: &str, batch: &Arc<Batch>) {
    for (filter, pattern, destination, role) in filters(world, place) {
        let content = Content::Events {
            owner: place.account.clone(),
            group: place.name.clone(),
            stream: stream.to_owned(),
            filter,
            pattern,
            batch: Arc::clone(batch),
        };
        send(world, place, destination, role, Parcel { content, packed: OnceLock::new() });
    }
}

/// Name, pattern, destination and role of each filter that sees a group's events.
fn filters(world: &World, place: &GroupPlace) -> Vec<(String, Pattern, String, Option<String>)> {
    let Some(group) = place.find(world) else { return Vec::new() };
    let own = group.subscriptions.values();
    let own = own.map(|at| (at.name.clone(), at.pattern.clone(), at.destination.clone(), at.role.clone()));
    let regional = world.accounts.get(&place.account).and_then(|account| account.regions.get(&place.region));
    let policies = regional.into_iter().flat_map(|regional| regional.logs.account_policies.values());
    let policies = policies.filter(|policy| !policy.excluded.contains(&place.name)).filter_map(|policy| {
        let wanted = &policy.subscription;
        let pattern = Pattern::parse(&wanted.filter_pattern).ok()?;
        Some((policy.name.clone(), pattern, wanted.destination_arn.clone(), wanted.role_arn.clone()))
    });
    own.chain(policies).collect()
}

/// Sends a parcel on its way.
pub fn send(world: &mut World, place: &GroupPlace, destination: String, role: Option<String>, parcel: Parcel) {
    let now = world.now;
    let queue = world.regional(&place.account, place.region).logs.forwards.entry(destination.clone()).or_default();
    let idle = queue.parcels.is_empty();
    queue.role = role;
    queue.bytes += parcel.bytes();
    queue.parcels.push_back(Waiting { arrived: now, parcel: Arc::new(parcel) });
    while queue.bytes > WAITING_BYTES_MAX && queue.parcels.len() > 1 {
        tracing::warn!(%destination, "events that waited for an unreachable destination are dropped");
        queue.drop_first();
    }
    if idle {
        let (account, region) = (place.account.clone(), place.region);
        world.jobs.at(now, Job::LogForward { account, region, destination });
    }
}

impl Queue {
    fn drop_first(&mut self) {
        if let Some(waiting) = self.parcels.pop_front() {
            self.bytes = self.bytes.saturating_sub(waiting.parcel.bytes());
        }
    }
}

fn queue<'w>(world: &'w mut World, account: &AccountId, region: Region, destination: &str) -> Option<&'w mut Queue> {
    world.accounts.get_mut(account)?.regions.get_mut(&region)?.logs.forwards.get_mut(destination)
}

/// Matches and compresses what is to be delivered next: what takes long, and does not need the world.
pub fn preparation(world: &World, account: &AccountId, region: Region, destination: &str) -> Box<dyn FnOnce() + Send> {
    let regional = world.accounts.get(account).and_then(|account| account.regions.get(&region));
    let queue = regional.and_then(|regional| regional.logs.forwards.get(destination));
    match queue.and_then(|queue| queue.parcels.front()).cloned() {
        Some(Waiting { arrived, parcel }) => Box::new(move || {
            parcel.packed(arrived);
        }),
        None => Box::new(|| ()),
    }
}

/// Delivers the first parcel that waits for a destination. What is left follows in the next step; failed deliveries
/// are tried again for a day.
pub fn deliver(world: &mut World, account: &AccountId, region: Region, destination: &str) {
    let now = world.now;
    let Some(first) = queue(world, account, region, destination).and_then(|queue| queue.parcels.front()).cloned()
    else {
        return;
    };
    let outcome = ship(world, account, region, destination, &first);
    count(world, account, region, &first, outcome.is_ok());
    let failures = queue(world, account, region, destination).map_or(0, |queue| queue.failures + 1);
    let retry = world.retry(failures);
    let Some(queue) = queue(world, account, region, destination) else { return };
    let next = match outcome {
        Ok(()) => {
            queue.failures = 0;
            queue.drop_first();
            now
        }
        Err(code) if first.arrived + TRIED_FOR <= now => {
            tracing::warn!(%destination, %code, "events could not be delivered within a day and are dropped");
            queue.drop_first();
            now
        }
        Err(code) => {
            tracing::debug!(%destination, %code, "delivery failed");
            queue.failures = failures;
            retry
        }
    };
    if !queue.parcels.is_empty() {
        let destination = destination.to_owned();
        world.jobs.at(next, Job::LogForward { account: account.clone(), region, destination });
    }
}

/// Counts what was forwarded, or failed to be
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>).
fn count(world: &mut World, account: &AccountId, region: Region, waiting: &Waiting, is_there: bool) {
    let Content::Events { group, filter, .. } = &waiting.parcel.content else { return };
    let Packed { records, events } = waiting.parcel.packed(waiting.arrived);
    if *events == 0 {
        return;
    }
    let bytes: usize = records.iter().map(Bytes::len).sum();
    let dimensions = [("LogGroupName", group.as_str()), ("DestinationType", "Firehose"), ("FilterName", filter)];
    let mut publish = |name, value: usize, unit| {
        cloudwatch::publish(world, (account, region), ("AWS/Logs", name), &dimensions, value as f64, unit);
    };
    if is_there {
        publish("ForwardedLogEvents", *events, "None");
        publish("ForwardedBytes", bytes, "Bytes");
    } else {
        publish("DeliveryErrors", *events, "None");
    }
}

/// Puts a parcel's records into the stream, as the role that is given for it.
///
/// # Errors
/// The code of STS or Firehose.
fn ship(
    world: &mut World,
    account: &AccountId,
    region: Region,
    destination: &str,
    waiting: &Waiting,
) -> Result<(), String> {
    let records = waiting.parcel.packed(waiting.arrived).records.clone();
    if records.is_empty() {
        return Ok(());
    }
    let found = queue(world, account, region, destination);
    let (role, session) = found.map(|queue| (queue.role.clone(), queue.session.clone())).unwrap_or_default();
    let target = targets::resolve(world, destination, role.as_deref()).ok_or("ResourceNotFoundException")?;
    let place = firehose::accepts(world, &target.stream).ok_or("ResourceNotFoundException")?;
    let (_, session) = target.visit(&place.account, place.region).begin(world, session)?;
    firehose::put(world, &target.stream, records).map_err(|fault| fault.code)?;
    if let Some(queue) = queue(world, account, region, destination) {
        queue.session = Some(session);
    }
    Ok(())
}

/// Delivers all that waits, as far as it can be delivered now.
pub fn flush(world: &mut World) {
    for job in world.jobs.take(|job| matches!(job, Job::LogForward { .. })) {
        let Job::LogForward { account, region, destination } = job else { continue };
        let waiting = queue(world, &account, region, &destination).map_or(0, |queue| queue.parcels.len());
        for _ in 0..waiting {
            world.jobs.take(|job| matches!(job, Job::LogForward { destination: of, .. } if *of == destination));
            deliver(world, &account, region, &destination);
        }
    }
}
