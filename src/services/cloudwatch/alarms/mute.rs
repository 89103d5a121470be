//! Mute rules: windows in which alarms change their states and do not act.
//!
//! When the last window over an alarm ends and its state is not the one it was in before, it acts on the state it has.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html>

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::{op, record};

use super::mute_schedule::{Part, Schedule};
use super::place::Place;
use super::reason::java_iso;
use super::state::Value;
use super::{Store, actions, contributors, faults};
use crate::services::cloudwatch::faults::no_resource;
use crate::services::cloudwatch::tags::{self, Tag};

/// The operations on mute rules.
pub const OPS: &[Op] = &[
    op!(Write "DeleteAlarmMuteRule" delete),
    op!(Read "GetAlarmMuteRule" get),
    op!(Read "ListAlarmMuteRules" list),
    op!(Write "PutAlarmMuteRule" put),
];

/// Mute rules of an account in a Region
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>).
const RULES_MAX: usize = 2000;
/// Rules on a page, unless fewer are asked for.
const PAGE: usize = 50;

/// A mute rule.
#[derive(Clone, Debug)]
pub struct MuteRule {
    description: Option<String>,
    given: GivenSchedule,
    schedule: Schedule,
    targets: Option<Vec<String>>,
    start: Option<Time>,
    expire: Option<Time>,
    updated: Time,
    pub tags: BTreeMap<String, String>,
}

/// A window that goes on.
#[derive(Clone, Debug)]
pub struct Window {
    rule: String,
    start: Time,
    end: Time,
}

impl Window {
    /// `muteDetail` of events.
    pub fn detail(&self, place: &Place) -> Json {
        json!({
            "mutedByArn": arn(&place.account, place.region, &self.rule),
            "muteWindowStart": java_iso(self.start),
            "muteWindowEnd": java_iso(self.end),
        })
    }
}

fn arn(account: &AccountId, region: Region, rule: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{account}:alarm-mute-rule:{rule}")
}

impl MuteRule {
    fn names(&self, alarm: &str) -> bool {
        self.targets.as_ref().is_some_and(|targets| targets.iter().any(|target| target == alarm))
    }

    /// The window that goes on or comes next, within the time in which the rule is in force.
    fn window(&self, now: Time) -> Option<(Time, Time)> {
        let (start, end) = self.schedule.window(now.max(self.start.unwrap_or(now)))?;
        let start = start.max(self.start.unwrap_or(start));
        let end = end.min(self.expire.unwrap_or(end));
        (start < end && now < end).then_some((start, end))
    }

    fn is_active(&self, now: Time) -> bool {
        self.window(now).is_some_and(|(start, _)| start <= now)
    }

    fn status(&self, now: Time) -> &'static str {
        match self.window(now) {
            None => "EXPIRED",
            Some((start, _)) if start <= now => "ACTIVE",
            Some(_) => "SCHEDULED",
        }
    }

    fn kind(&self) -> String {
        if self.schedule.is_once() { "ONE_TIME" } else { "RECURRING" }.to_owned()
    }
}

/// The window that an alarm is in, the first by the rules' names.
pub fn window(store: &Store, alarm: &str, now: Time) -> Option<Window> {
    let mut rules = store.mutes.iter().filter(|(_, rule)| rule.names(alarm) && rule.is_active(now));
    let (name, rule) = rules.next()?;
    let (start, end) = rule.window(now)?;
    Some(Window { rule: name.clone(), start, end })
}

/// An alarm does not act now. What it was in before is kept, for the end of the window.
pub fn hold(world: &mut World, place: &Place, old: Value) {
    if let Some(alarm) = place.find_mut(world) {
        alarm.muted_since.get_or_insert(old);
    }
}

/// Lets alarms act that no window mutes any more, and comes back when the next window ends.
pub fn release(world: &mut World, account: &AccountId, region: Region) {
    let now = world.now;
    let store = &world.regional(account, region).cloudwatch.alarms;
    let held = store.alarms.values().filter(|alarm| alarm.muted_since.is_some() || alarm.contributors.are_muted());
    let free = held.filter(|alarm| window(store, &alarm.place.name, now).is_none());
    let places: Vec<Place> = free.map(|alarm| alarm.place.clone()).collect();
    for place in places {
        let Some(alarm) = place.find_mut(world) else { continue };
        let (is_enabled, held) = (alarm.settings.actions_enabled, alarm.contributors.release());
        for transition in held.iter().filter(|_| is_enabled) {
            contributors::act(world, &place, transition, true);
        }
        let Some(alarm) = place.find_mut(world) else { continue };
        let Some(old) = alarm.muted_since.take() else { continue };
        let acts = alarm.settings.actions_enabled && alarm.state.suppressed.is_none();
        if acts && alarm.state.value != old {
            actions::act(world, &place, old, true);
        }
    }
    schedule(world, account, region);
}

fn schedule(world: &mut World, account: &AccountId, region: Region) {
    let now = world.now;
    let rules = world.regional(account, region).cloudwatch.alarms.mutes.values();
    if let Some(end) = rules.filter_map(|rule| rule.window(now)).map(|(_, end)| end).min() {
        world.jobs.at(end, job(account, region));
    }
}

fn job(account: &AccountId, region: Region) -> Job {
    Job::AlarmUnmute { account: account.clone(), region }
}

record! {
    struct PutRule {
        name: String = "Name",
        description: Option<String> = "Description",
        rule: GivenRule = "Rule",
        targets: Option<Targets> = "MuteTargets",
        tags: Vec<Tag> = "Tags",
        start: Option<Time> = "StartDate",
        expire: Option<Time> = "ExpireDate",
    }
    struct GivenRule { schedule: GivenSchedule = "Schedule" }
    struct GivenSchedule {
        expression: String = "Expression",
        duration: String = "Duration",
        zone: Option<String> = "Timezone",
    }
    struct Targets { alarms: Vec<String> = "AlarmNames" }

    struct Named { name: String = "AlarmMuteRuleName" }
    struct Rule {
        name: String = "Name",
        arn: String = "AlarmMuteRuleArn",
        description: Option<String> = "Description",
        rule: GivenRule = "Rule",
        targets: Option<Targets> = "MuteTargets",
        start: Option<Time> = "StartDate",
        expire: Option<Time> = "ExpireDate",
        status: String = "Status",
        updated: Time = "LastUpdatedTimestamp",
        kind: String = "MuteType",
    }

    struct ListRules {
        alarm: Option<String> = "AlarmName",
        statuses: Vec<String> = "Statuses",
        limit: Option<i64> = "MaxRecords",
        token: Option<String> = "NextToken",
    }
    struct Rules { rules: Vec<Summary> = "AlarmMuteRuleSummaries", token: Option<String> = "NextToken" }
    struct Summary {
        arn: String = "AlarmMuteRuleArn",
        expire: Option<Time> = "ExpireDate",
        status: String = "Status",
        kind: String = "MuteType",
        updated: Time = "LastUpdatedTimestamp",
    }
}

/// Makes a rule, or replaces an old one, which keeps its tags.
fn put(cx: &mut Cx, input: PutRule) -> Result<(), Fault> {
    let given = input.rule.schedule;
    let schedule =
        Schedule::parse(&given.expression, &given.duration, given.zone.as_deref()).map_err(|part| match part {
            Part::Expression => faults::mute_schedule("Expression", &given.expression),
            Part::Duration => faults::mute_schedule("Duration", &given.duration),
            Part::Timezone => faults::mute_schedule("Timezone", given.zone.as_deref().unwrap_or_default()),
        })?;
    if let (Some(start), Some(expire)) = (input.start, input.expire)
        && expire <= start
    {
        return Err(faults::mute_span());
    }
    let tags = tags::checked(input.tags)?;
    let updated = cx.world.now;
    let mutes = &mut cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.mutes;
    let old = mutes.get(&input.name);
    if old.is_none() && mutes.len() >= RULES_MAX {
        return Err(faults::too_many_mute_rules());
    }
    let rule = MuteRule {
        description: input.description,
        given,
        schedule,
        targets: input.targets.map(|targets| targets.alarms),
        start: input.start,
        expire: input.expire,
        updated,
        tags: old.map_or(tags, |old| old.tags.clone()),
    };
    mutes.insert(input.name, rule);
    cx.world.jobs.at_once(job(&cx.account, cx.region));
    Ok(())
}

fn get(cx: &mut Cx, input: Named) -> Result<Rule, Fault> {
    let now = cx.world.now;
    let arn = arn(&cx.account, cx.region, &input.name);
    let rule = cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.mutes.get(&input.name);
    let rule = rule.ok_or_else(|| no_resource("AlarmMuteRule", &input.name))?;
    Ok(Rule {
        name: input.name,
        arn,
        description: rule.description.clone(),
        rule: GivenRule { schedule: rule.given.clone() },
        targets: rule.targets.clone().map(|alarms| Targets { alarms }),
        start: rule.start,
        expire: rule.expire,
        status: rule.status(now).to_owned(),
        updated: rule.updated,
        kind: rule.kind(),
    })
}

fn list(cx: &mut Cx, input: ListRules) -> Result<Rules, Fault> {
    let now = cx.world.now;
    let after = match &input.token {
        Some(token) => Some(pages::key(token).ok_or_else(faults::token)?),
        None => None,
    };
    let mutes = &cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.mutes;
    let wanted = mutes.iter().filter(|(_, rule)| {
        input.alarm.as_deref().is_none_or(|alarm| rule.names(alarm))
            && (input.statuses.is_empty() || input.statuses.iter().any(|status| status == rule.status(now)))
    });
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let keyed = wanted.map(|(name, rule)| (name.as_str(), (name, rule)));
    let (page, last) = pages::cut(after.as_deref(), limit, Order::Ascending, keyed);
    let summary = |(name, rule): (&String, &MuteRule)| Summary {
        arn: arn(&cx.account, cx.region, name),
        expire: rule.expire,
        status: rule.status(now).to_owned(),
        kind: rule.kind(),
        updated: rule.updated,
    };
    Ok(Rules { rules: page.into_iter().map(summary).collect(), token: last.map(pages::token) })
}

/// Deleting a rule that is not there succeeds.
fn delete(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.mutes.remove(&input.name);
    cx.world.jobs.at_once(job(&cx.account, cx.region));
    Ok(())
}
