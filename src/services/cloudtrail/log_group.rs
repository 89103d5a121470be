//! Events of a trail in a log group
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html>).

use std::collections::VecDeque;
use std::mem;

use chrono::TimeDelta;
use serde::Deserialize;

use crate::services::iam::permissions;
use crate::services::logs::naming::GroupPlace;
use crate::services::sts::visits::{Session, Visit};
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::caller::Caller;
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::policy::Request;
use crate::world::record::Position;
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::delivery::{SELF, first_attempt};
use super::{Trail, faults};

/// Names of the sessions in which CloudTrail acts with the role: when it checks a trail, and when it delivers.
const CHECK_SESSION: &str = "CloudTrail";
const DELIVERY_SESSION: &str = "CLOUDWATCH_LOGS_DELIVERY_SESSION";

/// Larger events go to the bucket alone.
const EVENT_BYTES_MAX: usize = 256 * 1024;
/// A batch's bounds, within those of `PutLogEvents`: events, their bytes with 26 for each, and the time they span.
const BATCH_EVENTS: usize = 1000;
const BATCH_BYTES: usize = 1 << 20;
const EVENT_OVERHEAD: usize = 26;
const BATCH_SPAN: TimeDelta = TimeDelta::hours(23);

/// A trail's log group and what is on its way there.
#[derive(Clone, Debug)]
pub struct LogGroup {
    /// As the trail was given it: it ends with `:*`.
    pub arn: String,
    /// ARN of the role that CloudTrail writes with.
    pub role: String,
    place: GroupPlace,
    session: Option<Session>,
    /// Selected events that are not in the group yet, in order.
    pub pending: VecDeque<Position>,
    due: Option<Time>,
    failures: u32,
    /// The last delivery, and why the last attempt failed if it did: the code of STS or CloudWatch Logs.
    pub last_delivery: Option<Time>,
    pub last_error: Option<String>,
}

impl LogGroup {
    /// A log group as the settings of a trail name it.
    ///
    /// # Errors
    /// `InvalidCloudWatchLogsLogGroupArnException` for what is no ARN of a log group, with `:*` at its end, at the
    /// trail's home.
    pub fn new(trail: &Trail, arn: &str, role: &str) -> Result<LogGroup, Fault> {
        let place = GroupPlace::parse_arn(arn).filter(|_| arn.ends_with(":*"));
        let place = place.filter(|place| place.account == trail.account && place.region == trail.home);
        Ok(LogGroup {
            place: place.ok_or_else(faults::unknown_log_group)?,
            arn: arn.to_owned(),
            role: role.to_owned(),
            session: None,
            pending: VecDeque::new(),
            due: None,
            failures: 0,
            last_delivery: None,
            last_error: None,
        })
    }

    /// The stream of all of the trail's events, those of other Regions too.
    fn stream(&self) -> String {
        format!("{}_CloudTrail_{}", self.place.account, self.place.region)
    }

    fn visit<'a>(&'a self, session_name: &'a str, trail: &'a str) -> Visit<'a> {
        let GroupPlace { account, region, .. } = &self.place;
        let service = SELF;
        Visit { service, account, region: *region, role: &self.role, session_name, external_id: None, source: trail }
    }

    /// Whether the role's policies let CloudTrail make the stream and write to it.
    fn role_may_write(&self, world: &World) -> bool {
        let stream = format!("{}:log-stream:{}", self.arn.trim_end_matches(":*"), self.stream());
        ["logs:CreateLogStream", "logs:PutLogEvents"].iter().all(|action| {
            let request = Request { principals: &[], action, resource: &stream, context: &[] };
            let account = world.accounts.get(&self.place.account);
            account.is_some_and(|account| permissions::role_may(&account.iam, &self.role, &request))
        })
    }
}

/// Checks a trail's log group as CloudTrail does before it accepts it: that it exists, that the role trusts
/// CloudTrail, and that it may write. Then it takes on the role once.
///
/// # Errors
/// `InvalidCloudWatchLogsLogGroupArnException`, `InvalidCloudWatchLogsRoleArnException`
pub fn check(world: &mut World, trail: &Trail) -> Result<(), Fault> {
    let Some(group) = &trail.log_group else { return Ok(()) };
    if group.place.find(world).is_none() {
        return Err(faults::unknown_log_group());
    }
    let visit = group.visit(CHECK_SESSION, &trail.arn);
    if !visit.is_welcome(world) {
        return Err(faults::role_without_trust());
    }
    if !group.role_may_write(world) {
        return Err(faults::role_without_permissions());
    }
    visit.begin(world, None).map(|_| ()).map_err(|_| faults::role_without_trust())
}

/// Adds an event to those that wait for a trail's log group. Answers whether a delivery is to be scheduled: not for
/// the events that deliveries make, which go with others.
pub(super) fn enqueue(group: &mut LogGroup, at: Position, own: bool, due: Time) -> bool {
    group.pending.push_back(at);
    let first = group.due.is_none() && !own;
    if first {
        group.due = Some(due);
    }
    first
}

/// Writes a trail's pending events to its log group. What is left follows in the next step.
pub fn deliver(world: &mut World, account: &AccountId, trail: &str) {
    let Some(group) = group(world, account, trail) else { return };
    group.due = None;
    let next = match ship(world, account, trail) {
        Ok(Shipped::Some) => world.now,
        Ok(Shipped::Nothing) => return,
        Err(failures) => world.retry(failures),
    };
    schedule(world, account, trail, next);
}

/// Writes all that is pending now.
pub(super) fn flush(world: &mut World, account: &AccountId, trail: &str) {
    while let Ok(Shipped::Some) = ship(world, account, trail) {}
}

/// What is on its way stays so when the settings change, and goes to where they say now.
pub(super) fn follow(world: &mut World, account: &AccountId, trail: &str) {
    let due = first_attempt(world);
    if group(world, account, trail).is_some_and(|group| !group.pending.is_empty() && group.due.is_none()) {
        schedule(world, account, trail, due);
    }
}

fn schedule(world: &mut World, account: &AccountId, trail: &str, due: Time) {
    let Some(group) = group(world, account, trail) else { return };
    if !group.pending.is_empty() {
        group.due = Some(due);
        world.jobs.at(due, delivery(account, trail));
    }
}

/// The job that delivers.
pub(super) fn delivery(account: &AccountId, trail: &str) -> Job {
    Job::TrailLogDelivery { account: account.clone(), trail: trail.to_owned() }
}

fn group<'w>(world: &'w mut World, account: &AccountId, trail: &str) -> Option<&'w mut LogGroup> {
    world.accounts.get_mut(account)?.trails.get_mut(trail)?.log_group.as_mut()
}

enum Shipped {
    Nothing,
    Some,
}

/// Writes the first of the pending events as one batch. They leave the pending list when the group has them, not
/// before.
///
/// # Errors
/// How often it has failed in a row by now.
fn ship(world: &mut World, account: &AccountId, trail: &str) -> Result<Shipped, u32> {
    let Some(wanted) = group(world, account, trail).filter(|group| !group.pending.is_empty()).cloned() else {
        return Ok(Shipped::Nothing);
    };
    let (count, events) = batch(world, &wanted);
    let outcome = match events.is_empty() {
        true => Ok(None),
        false => write(world, &wanted, trail, events).map(Some),
    };
    let now = world.now;
    let Some(group) = group(world, account, trail) else { return Ok(Shipped::Nothing) };
    match outcome {
        Ok(session) => {
            group.pending.drain(..count.min(group.pending.len()));
            group.failures = 0;
            group.last_error = None;
            if session.is_some() {
                (group.session, group.last_delivery) = (session, Some(now));
            }
            Ok(Shipped::Some)
        }
        Err(code) => {
            group.failures += 1;
            group.last_error = Some(code);
            Err(group.failures)
        }
    }
}

/// The first pending events as `PutLogEvents` takes them, and how many pending ones they stand for: those that are
/// too large are left out.
fn batch(world: &World, group: &LogGroup) -> (usize, Vec<Value>) {
    #[derive(Deserialize)]
    struct Timed {
        #[serde(rename = "eventTime")]
        time: Time,
    }
    let (mut events, mut bytes, mut first) = (Vec::new(), 0, None);
    for entry in world.events.read(group.pending.iter().copied().take(BATCH_EVENTS)) {
        let Ok(Timed { time }) = serde_json::from_str(&entry.record) else { continue };
        if entry.record.len() > EVENT_BYTES_MAX {
            continue;
        }
        bytes += entry.record.len() + EVENT_OVERHEAD;
        if bytes > BATCH_BYTES || time - *first.get_or_insert(time) > BATCH_SPAN {
            return (group.pending.partition_point(|position| *position < entry.at), events);
        }
        let mut event = Map::new();
        event.push("timestamp", time.timestamp_millis());
        event.push("message", entry.record);
        events.push(Value::Map(event));
    }
    (group.pending.len().min(BATCH_EVENTS), events)
}

/// Writes a batch, and makes the stream when it is not there. Answers the session in which that was done.
///
/// # Errors
/// The code of STS or CloudWatch Logs.
fn write(world: &mut World, group: &LogGroup, trail: &str, events: Vec<Value>) -> Result<Session, String> {
    let (caller, session) = group.visit(DELIVERY_SESSION, trail).begin(world, group.session.clone())?;
    let mut input = Map::new();
    input.push("logGroupName", group.place.name.clone());
    input.push("logStreamName", group.stream());
    let is_there = |world: &World| group.place.find(world).is_some_and(|at| at.streams.contains_key(&group.stream()));
    if !is_there(world) {
        call(world, group, &caller, "CreateLogStream", input.clone())?;
    }
    input.push("logEvents", Value::List(events));
    call(world, group, &caller, "PutLogEvents", input)?;
    Ok(session)
}

fn call(world: &mut World, group: &LogGroup, caller: &Caller, operation: &str, input: Map) -> Result<(), String> {
    let GroupPlace { account, region, .. } = &group.place;
    let call = Call::by_service(SELF, account.clone(), *region, ("logs", operation), input, Upload::default());
    let answer = perform(world, call.ok_or("InternalError")?.on_behalf_of(caller));
    answer.outcome.map(|_| ()).map_err(|fault| fault.code)
}

/// Keeps what is on its way when a trail's settings are replaced.
pub(super) fn carry_over(old: Option<LogGroup>, new: &mut LogGroup) {
    let Some(mut old) = old else { return };
    new.pending = mem::take(&mut old.pending);
    (new.last_delivery, new.last_error) = (old.last_delivery, old.last_error);
    if (&old.role, &old.place) == (&new.role, &new.place) {
        new.session = old.session;
    }
}
