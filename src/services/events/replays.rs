//! Replays: archived events come to their bus again.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html#eb-archive-replay>

use chrono::{DurationRound, TimeDelta};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::event::Event;
use super::paging::{PageEnd, PageRequest};
use super::place::{archive_arn, archive_name, store_mut};
use super::{BusPlace, ReplayPlace, RulePlace, faults, routing};

/// The operations on replays.
pub const OPS: &[Op] = &[
    op!(Write "CancelReplay" cancel),
    op!(Read "DescribeReplay" describe),
    op!(Read "ListReplays" list),
    op!(Write "StartReplay" start),
];

/// Replays of an account in a Region that are not over.
const ACTIVE_MAX: usize = 10;

/// How long replays are remembered.
const KEPT: TimeDelta = TimeDelta::days(90);

/// Events are replayed minute by minute, as their times are, with a pause after each minute that had some.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// A replay.
#[derive(Clone, Debug)]
pub struct Replay {
    description: Option<String>,
    /// The archive's name.
    archive: String,
    destination: BusPlace,
    /// The rules that get the events; all, if there are none.
    filter: Vec<RulePlace>,
    /// From the first moment to before the second.
    span: (Time, Time),
    /// Where the rest of the span starts.
    from: Time,
    state: State,
    reason: Option<&'static str>,
    last_replayed: Option<Time>,
    started: Time,
    ended: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Running,
    Cancelling,
    Cancelled,
    Completed,
    Failed,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Starting => "STARTING",
            State::Running => "RUNNING",
            State::Cancelling => "CANCELLING",
            State::Cancelled => "CANCELLED",
            State::Completed => "COMPLETED",
            State::Failed => "FAILED",
        }
    }

    fn is_active(self) -> bool {
        matches!(self, State::Starting | State::Running | State::Cancelling)
    }
}

impl Replay {
    fn end(&mut self, state: State, now: Time) {
        self.state = state;
        self.ended = Some(now);
    }
}

record! {
    struct Named { name: String = "ReplayName" }
    struct StartReplay {
        description: Option<String> = "Description",
        archive: String = "EventSourceArn",
        start: Time = "EventStartTime",
        end: Time = "EventEndTime",
        destination: Destination = "Destination",
    }
    struct Destination { arn: String = "Arn", filter: Option<Vec<String>> = "FilterArns" }
    struct Started {
        arn: String = "ReplayArn",
        state: String = "State",
        reason: Option<String> = "StateReason",
        started: Option<Time> = "ReplayStartTime",
    }
    struct Cancelled { arn: String = "ReplayArn", state: String = "State", reason: Option<String> = "StateReason" }

    struct Described {
        arn: String = "ReplayArn",
        description: Option<String> = "Description",
        destination: Destination = "Destination",
    }
    struct Listed {
        name: String = "ReplayName",
        archive: String = "EventSourceArn",
        state: String = "State",
        reason: Option<String> = "StateReason",
        start: Option<Time> = "EventStartTime",
        end: Option<Time> = "EventEndTime",
        last_replayed: Option<Time> = "EventLastReplayedTime",
        started: Option<Time> = "ReplayStartTime",
        ended: Option<Time> = "ReplayEndTime",
    }
    struct ListReplays {
        prefix: Option<String> = "NamePrefix",
        state: Option<String> = "State",
        archive: Option<String> = "EventSourceArn",
    }
    struct ListedReplays { replays: Vec<Listed> = "Replays" }
}

fn start(cx: &mut Cx, (named, input): (Named, StartReplay)) -> Result<Started, Fault> {
    forget_old(cx);
    let archive = archive_name(cx, &input.archive).ok_or_else(faults::not_an_archive)?.to_owned();
    let destination = BusPlace::parse(&input.destination.arn).ok_or_else(faults::not_a_bus)?;
    if !destination.is_there(cx.world) {
        return Err(faults::no_bus(&destination.name));
    }
    let (now, cadence) = (cx.world.now, cx.world.settings.cadence);
    let store = &mut cx.world.regional(&cx.account, cx.region).events;
    let found = store.archives.get(&archive).ok_or_else(|| faults::no_archive_to_replay(&archive))?;
    if found.source != destination {
        return Err(faults::other_bus());
    }
    if input.end <= input.start {
        return Err(faults::end_before_start());
    }
    let filter = input.destination.filter.unwrap_or_default();
    let filter: Vec<_> = filter.iter().map(|arn| rule_on(&destination, arn)).collect::<Result<_, _>>()?;
    if store.replays.contains_key(&named.name) {
        return Err(faults::replay_exists(&named.name));
    }
    if store.replays.values().filter(|replay| replay.state.is_active()).count() >= ACTIVE_MAX {
        return Err(faults::limit_exceeded());
    }
    let replay = Replay {
        description: input.description,
        archive,
        destination,
        filter,
        span: (input.start, input.end),
        from: input.start,
        state: State::Starting,
        reason: None,
        last_replayed: None,
        started: now,
        ended: None,
    };
    store.replays.insert(named.name.clone(), replay);
    let place = ReplayPlace { account: cx.account.clone(), region: cx.region, name: named.name };
    let arn = place.arn();
    let delay = if cadence == Cadence::Aws { MINUTE } else { PAUSE };
    cx.world.jobs.at(now + delay, Job::EventReplay(place));
    Ok(Started { arn, state: State::Starting.as_str().to_owned(), reason: None, started: Some(now) })
}

fn rule_on(bus: &BusPlace, arn: &str) -> Result<RulePlace, Fault> {
    RulePlace::parse(arn).filter(|rule| rule.bus == *bus).ok_or_else(|| faults::filter_arn(arn))
}

/// Goes on with a replay: puts the events of the next minute that has some on the bus.
pub fn go_on(world: &mut World, place: &ReplayPlace) {
    let now = world.now;
    let Some(replay) = place.find_mut(world).filter(|replay| replay.state.is_active()) else { return };
    if replay.state == State::Cancelling {
        return replay.end(State::Cancelled, now);
    }
    replay.state = State::Running;
    let Replay { archive, destination, filter, span: (_, until), from, .. } = replay.clone();
    let store = store_mut(world, &place.account, place.region);
    let Some(archive) = store.and_then(|store| store.archives.get_mut(&archive)) else {
        return end(world, place, State::Failed, Some("The archive was deleted."));
    };
    let Some(first) = archive.next_time(now, from, until) else {
        return end(world, place, State::Completed, None);
    };
    let next = first.duration_trunc(MINUTE).map_or(until, |minute| minute + MINUTE).min(until);
    let events = archive.between(first, next);
    let last = events.last().map(|(time, _)| *time);
    for (time, text) in events {
        if let Some(event) = Event::replayed(&text, time, &place.name) {
            routing::receive_again(world, &destination, event, &filter);
        }
    }
    if let Some(replay) = place.find_mut(world) {
        replay.last_replayed = last;
        replay.from = next;
    }
    world.jobs.at(now + PAUSE, Job::EventReplay(place.clone()));
}

fn end(world: &mut World, place: &ReplayPlace, state: State, reason: Option<&'static str>) {
    let now = world.now;
    if let Some(replay) = place.find_mut(world) {
        replay.reason = reason;
        replay.end(state, now);
    }
}

/// The job that would go on ends the replay.
fn cancel(cx: &mut Cx, named: Named) -> Result<Cancelled, Fault> {
    let place = find(cx, &named.name)?;
    let replay = place.find_mut(cx.world).ok_or_else(|| faults::no_replay(&named.name))?;
    if !matches!(replay.state, State::Starting | State::Running) {
        return Err(faults::replay_is_over(&named.name));
    }
    replay.state = State::Cancelling;
    Ok(Cancelled { arn: place.arn(), state: State::Cancelling.as_str().to_owned(), reason: None })
}

fn describe(cx: &mut Cx, named: Named) -> Result<(Described, Listed), Fault> {
    let place = find(cx, &named.name)?;
    let replay = place.find_mut(cx.world).cloned().ok_or_else(|| faults::no_replay(&named.name))?;
    let filter: Vec<_> = replay.filter.iter().map(RulePlace::arn).collect();
    let described = Described {
        arn: place.arn(),
        description: replay.description.clone(),
        destination: Destination { arn: replay.destination.arn(), filter: Some(filter).filter(|all| !all.is_empty()) },
    };
    Ok((described, listed(cx, &named.name, &replay)))
}

fn listed(cx: &Cx, name: &str, replay: &Replay) -> Listed {
    Listed {
        name: name.to_owned(),
        archive: archive_arn(&cx.account, cx.region, &replay.archive),
        state: replay.state.as_str().to_owned(),
        reason: replay.reason.map(str::to_owned),
        start: Some(replay.span.0),
        end: Some(replay.span.1),
        last_replayed: replay.last_replayed,
        started: Some(replay.started),
        ended: replay.ended,
    }
}

fn list(cx: &mut Cx, (input, page): (ListReplays, PageRequest)) -> Result<(ListedReplays, PageEnd), Fault> {
    forget_old(cx);
    let prefix = input.prefix.unwrap_or_default();
    let replays = cx.world.regional(&cx.account, cx.region).events.replays.clone();
    let all: Vec<_> = replays.iter().map(|(name, replay)| listed(cx, name, replay)).collect();
    let shown = all.iter().filter(|replay| {
        replay.name.starts_with(&prefix)
            && input.state.as_ref().is_none_or(|state| *state == replay.state)
            && input.archive.as_ref().is_none_or(|archive| *archive == replay.archive)
    });
    let (replays, end) = page.cut(shown.map(|replay| (replay.name.as_str(), replay.clone())))?;
    Ok((ListedReplays { replays }, end))
}

fn find(cx: &mut Cx, name: &str) -> Result<ReplayPlace, Fault> {
    forget_old(cx);
    let place = ReplayPlace { account: cx.account.clone(), region: cx.region, name: name.to_owned() };
    let is_there = place.find_mut(cx.world).is_some();
    is_there.then_some(place).ok_or_else(|| faults::no_replay(name))
}

fn forget_old(cx: &mut Cx) {
    let oldest = cx.world.now - KEPT;
    let replays = &mut cx.world.regional(&cx.account, cx.region).events.replays;
    replays.retain(|_, replay| replay.state.is_active() || replay.started >= oldest);
}
