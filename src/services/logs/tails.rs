//! Live Tail: sessions that show events as they arrive
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).

use chrono::TimeDelta;

use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::payload::Content;
use crate::world::scope::{AccountId, Region};
use crate::world::streams::StreamId;
use crate::world::time::Time;
use crate::{op, record};

use super::events::{Batch, EventRef};
use super::naming::GroupPlace;
use super::pattern::{Pattern, filter_pattern};
use super::{faults, naming};

/// The operations of Live Tail.
pub const OPS: &[Op] = &[op!(Write "StartLiveTail" start_live_tail)];

/// Sessions an account may have open in a Region.
const SESSIONS_MAX: usize = 15;
/// How long a session lasts.
const SESSION: TimeDelta = TimeDelta::hours(3);
/// How often a session shows what has come.
const PERIOD: TimeDelta = TimeDelta::seconds(1);
/// Events that one update shows; of more, as many are shown and the update says so.
const EVENTS_MAX: usize = 500;
/// Updates that wait for a slow client; of more, the newest.
const UPDATES_MAX: usize = 10;

/// A session.
#[derive(Debug)]
pub struct Tail {
    stream: StreamId,
    started: Time,
    /// Names of groups.
    groups: Vec<String>,
    streams: Vec<String>,
    prefixes: Vec<String>,
    pattern: Pattern,
    /// Events of this period.
    waiting: Vec<Shown>,
    /// There were more than an update shows.
    sampled: bool,
}

record! {
    struct StartLiveTail {
        groups: Vec<String> = "logGroupIdentifiers",
        streams: Vec<String> = "logStreamNames",
        prefixes: Vec<String> = "logStreamNamePrefixes",
        pattern: Option<String> = "logEventFilterPattern",
    }

    struct Started {
        request: String = "requestId",
        session: String = "sessionId",
        groups: Vec<String> = "logGroupIdentifiers",
        streams: Option<Vec<String>> = "logStreamNames",
        prefixes: Option<Vec<String>> = "logStreamNamePrefixes",
        pattern: Option<String> = "logEventFilterPattern",
    }

    struct Update { about: About = "sessionMetadata", events: Vec<Shown> = "sessionResults" }

    struct About { sampled: bool = "sampled" }

    struct Shown {
        stream: String = "logStreamName",
        group: String = "logGroupIdentifier",
        message: String = "message",
        timestamp: i64 = "timestamp",
        ingestion: i64 = "ingestionTime",
    }

    struct Ended { message: String = "message" }
}

fn start_live_tail(cx: &mut Cx, input: StartLiveTail) -> Result<((), Content), Fault> {
    let groups = groups(cx, &input.groups)?;
    if !input.streams.is_empty() && !input.prefixes.is_empty() {
        return Err(faults::streams_and_prefix());
    }
    if groups.len() > 1 && !(input.streams.is_empty() && input.prefixes.is_empty()) {
        return Err(faults::streams_of_several_groups());
    }
    let pattern = filter_pattern(input.pattern.as_deref().unwrap_or_default())?;
    let (account, region, now) = (cx.account.clone(), cx.region, cx.world.now);
    let open = open_sessions(cx.world, &account, region);
    if open >= SESSIONS_MAX {
        return Err(faults::too_many_tails(SESSIONS_MAX));
    }
    let stream = cx.world.streams.open();
    let started = Started {
        request: cx.request_id.to_owned(),
        session: cx.world.ids.uuid().to_string(),
        groups: input.groups,
        streams: Some(input.streams.clone()).filter(|names| !names.is_empty()),
        prefixes: Some(input.prefixes.clone()).filter(|prefixes| !prefixes.is_empty()),
        pattern: input.pattern,
    };
    cx.world.streams.push(stream, "sessionStart", started.write());
    let tail = Tail {
        stream,
        started: now,
        groups,
        streams: input.streams,
        prefixes: input.prefixes,
        pattern,
        waiting: Vec::new(),
        sampled: false,
    };
    cx.world.regional(&account, region).logs.tails.push(tail);
    cx.world.jobs.at(now + PERIOD, Job::LogTail { account, region, session: stream });
    Ok(((), Content::Events(stream)))
}

/// Names of the groups that ARNs mean.
fn groups(cx: &Cx, arns: &[String]) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for arn in arns {
        let place = GroupPlace::parse_arn(arn).filter(|_| !arn.ends_with(":*")).ok_or_else(faults::not_a_group_arn)?;
        let near = place.account == cx.account && place.region == cx.region;
        if !near || place.find(cx.world).is_none() {
            return Err(faults::no_such_group());
        }
        names.push(place.name);
    }
    Ok(names)
}

/// How many sessions are open; those whose clients are gone are forgotten.
fn open_sessions(world: &mut World, account: &AccountId, region: Region) -> usize {
    let mut tails = std::mem::take(&mut world.regional(account, region).logs.tails);
    tails.retain(|tail| world.streams.is_open(tail.stream));
    let open = tails.len();
    world.regional(account, region).logs.tails = tails;
    open
}

/// Shows events that have arrived to the sessions that look for them.
pub fn ingested(world: &mut World, place: &GroupPlace, stream: &str, batch: &Batch) {
    let Some(account) = world.accounts.get_mut(&place.account) else { return };
    let Some(regional) = account.regions.get_mut(&place.region) else { return };
    for tail in regional.logs.tails.iter_mut().filter(|tail| tail.groups.contains(&place.name)) {
        for event in batch.events(stream, 0..batch.len()) {
            if tail.shows(&event) {
                tail.take(place, &event);
            }
        }
    }
}

impl Tail {
    fn shows(&self, event: &EventRef) -> bool {
        let every = self.streams.is_empty() && self.prefixes.is_empty();
        let named = || self.streams.iter().any(|name| name == event.stream);
        let prefixed = || self.prefixes.iter().any(|prefix| event.stream.starts_with(prefix));
        (every || named() || prefixed()) && self.pattern.matches(event.message)
    }

    fn take(&mut self, place: &GroupPlace, event: &EventRef) {
        if self.waiting.len() == EVENTS_MAX {
            self.sampled = true;
            return;
        }
        self.waiting.push(Shown {
            stream: event.stream.to_owned(),
            group: naming::group_identifier(&place.account, &place.name),
            message: event.message.to_owned(),
            timestamp: event.timestamp_ms,
            ingestion: event.ingestion_ms,
        });
    }

    /// What has come since the last update.
    fn update(&mut self) -> Value {
        let about = About { sampled: std::mem::take(&mut self.sampled) };
        Update { about, events: std::mem::take(&mut self.waiting) }.write()
    }
}

/// Sends a session what has come in the last second, and ends it when its time is over or its client gone.
pub fn update(world: &mut World, account: &AccountId, region: Region, stream: StreamId) {
    let now = world.now;
    let open = world.streams.is_open(stream);
    let tails = &mut world.regional(account, region).logs.tails;
    let Some(at) = tails.iter().position(|tail| tail.stream == stream) else { return };
    if !open {
        tails.remove(at);
        return;
    }
    let update = tails[at].update();
    let over = tails[at].started + SESSION <= now;
    if over {
        tails.remove(at);
    }
    world.streams.push_newest(stream, "sessionUpdate", update, UPDATES_MAX);
    if over {
        let message = faults::tail_is_over().message;
        world.streams.push(stream, "SessionTimeoutException", Ended { message }.write());
        world.streams.end(stream);
    } else {
        world.jobs.at(now + PERIOD, Job::LogTail { account: account.clone(), region, session: stream });
    }
}
