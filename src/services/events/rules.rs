//! Rules: what they match, when, and whether they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::op;
use crate::record;
use crate::services::sts::visits::Session;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::metrics::Meters;
use super::paging::{PageEnd, PageRequest};
use super::routing::Listener;
use super::tags::{self, Tag};
use super::targets::{self, Aim};
use super::timers::{self, Timer};
use super::{BusPlace, RulePlace, faults, pattern};

/// What event history calls a rule.
pub(super) const RULE: &[(&str, &str)] = &[("AWS::Events::Rule", "Name")];

/// The operations on rules.
pub const OPS: &[Op] = &[
    op!(Write "DeleteRule" delete).resources(RULE),
    op!(Read "DescribeRule" describe),
    op!(Write "DisableRule" disable).resources(RULE),
    op!(Write "EnableRule" enable).resources(RULE),
    op!(Read "ListRuleNamesByTarget" list_names_by_target),
    op!(Read "ListRules" list),
    op!(Write "PutRule" put).resources(RULE),
];

/// Rules of a bus (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>).
const RULES_MAX: usize = 300;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    pub(super) place: Arc<RulePlace>,
    pub(super) meters: Meters,
    /// As it was given.
    pub pattern: Option<String>,
    pub(super) timer: Option<Timer>,
    pub(super) state: State,
    pub description: Option<String>,
    /// ARN of the role of targets that have none of their own.
    pub role: Option<String>,
    /// The account that made the rule, which need not be the bus's.
    pub creator: AccountId,
    pub tags: BTreeMap<String, String>,
    /// By id.
    pub(super) targets: BTreeMap<String, Arc<Aim>>,
    /// The targets' roles, as last assumed, by ARN.
    pub(super) sessions: BTreeMap<String, Session>,
}

/// Whether a rule matches events, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Enabled,
    Disabled,
    /// Read-only management events of CloudTrail too.
    EnabledWithAll,
}

impl State {
    fn of(name: Option<&str>) -> State {
        match name {
            Some("DISABLED") => State::Disabled,
            Some("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => State::EnabledWithAll,
            _ => State::Enabled,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            State::Enabled => "ENABLED",
            State::Disabled => "DISABLED",
            State::EnabledWithAll => "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        }
    }
}

record! {
    /// A rule that a call names.
    struct Named { name: String = "Name", bus: Option<String> = "EventBusName" }
    struct PutRule {
        schedule: Option<String> = "ScheduleExpression",
        pattern: Option<String> = "EventPattern",
        state: Option<String> = "State",
        description: Option<String> = "Description",
        role: Option<String> = "RoleArn",
        tags: Vec<Tag> = "Tags",
    }
    struct Put { arn: String = "RuleArn" }

    struct Described {
        name: String = "Name",
        arn: String = "Arn",
        pattern: Option<String> = "EventPattern",
        schedule: Option<String> = "ScheduleExpression",
        state: String = "State",
        description: Option<String> = "Description",
        role: Option<String> = "RoleArn",
        bus: String = "EventBusName",
    }
    struct Creator { account: String = "CreatedBy" }

    struct ListRules { prefix: Option<String> = "NamePrefix", bus: Option<String> = "EventBusName" }
    struct Listed { rules: Vec<Described> = "Rules" }

    struct ByTarget { target: String = "TargetArn", bus: Option<String> = "EventBusName" }
    struct Names { names: Vec<String> = "RuleNames" }
}

/// Makes a rule, or replaces all of an old one but its targets and tags.
fn put(cx: &mut Cx, (named, input): (Named, PutRule)) -> Result<Put, Fault> {
    let place = RulePlace::named(cx, named.bus.as_deref(), &named.name)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (pattern, schedule) = (given(input.pattern), given(input.schedule));
    if pattern.is_none() && schedule.is_none() {
        return Err(faults::pattern_or_schedule());
    }
    if schedule.is_some() && !place.bus.is_default() {
        return Err(faults::schedule_on_custom_bus());
    }
    let timer = schedule.map(Timer::parse).transpose()?;
    if let Some(text) = &pattern {
        pattern::checked(text)?;
    }
    let tags = tags::checked(input.tags)?;
    let (creator, role) = (cx.account.clone(), given(input.role));
    if let Some(role) = &role {
        targets::check_role(cx.world, &place, Some(&creator), role)?;
    }
    let bus = place.bus.bus(cx.world)?;
    let old = bus.rules.remove(&place.name);
    if old.is_none() && bus.rules.len() >= RULES_MAX {
        return Err(faults::limit_exceeded());
    }
    let shared = old.as_ref().map_or_else(|| Arc::new(place.clone()), |old| Arc::clone(&old.place));
    let mut rule = Rule {
        place: shared,
        meters: Meters::of(&place),
        pattern,
        timer,
        state: State::of(input.state.as_deref()),
        description: given(input.description),
        role,
        creator,
        tags,
        targets: BTreeMap::new(),
        sessions: BTreeMap::new(),
    };
    if let Some(old) = old {
        rule.take_over(old);
    }
    bus.rules.insert(place.name.clone(), rule);
    follow(cx, &place)?;
    Ok(Put { arn: place.arn() })
}

impl Rule {
    /// Keeps what a new version of a rule does not say. A schedule that stays the same goes on as it was.
    fn take_over(&mut self, old: Rule) {
        self.creator = old.creator;
        self.tags = old.tags;
        self.targets = old.targets;
        if let (Some(timer), Some(before)) = (&mut self.timer, old.timer)
            && timer.text == before.text
            && old.state != State::Disabled
        {
            timer.next = before.next;
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.state != State::Disabled
    }
}

/// Has the bus and the clock follow a rule that has changed.
fn follow(cx: &mut Cx, place: &RulePlace) -> Result<(), Fault> {
    let bus = place.bus.bus(cx.world)?;
    let rule = bus.rules.get(&place.name).ok_or_else(|| faults::no_rule(place))?;
    let pattern = rule.pattern.as_ref().filter(|_| rule.is_enabled()).and_then(|text| pattern::checked(text).ok());
    let listener = Listener::Rule(Arc::clone(&rule.place));
    match pattern {
        Some(pattern) => bus.listeners.set(listener, Some(pattern)),
        None => bus.listeners.remove(&listener),
    }
    timers::follow(cx.world, place);
    Ok(())
}

fn enable(cx: &mut Cx, named: Named) -> Result<(), Fault> {
    turn(cx, &named, State::Enabled)
}

fn disable(cx: &mut Cx, named: Named) -> Result<(), Fault> {
    turn(cx, &named, State::Disabled)
}

fn turn(cx: &mut Cx, named: &Named, state: State) -> Result<(), Fault> {
    let place = RulePlace::named(cx, named.bus.as_deref(), &named.name)?;
    place.rule(cx.world)?.state = state;
    follow(cx, &place)
}

/// Deleting a rule that is not there succeeds. `Force` is for rules that AWS services manage, and there are none.
fn delete(cx: &mut Cx, named: Named) -> Result<(), Fault> {
    let place = RulePlace::named(cx, named.bus.as_deref(), &named.name)?;
    let bus = place.bus.bus(cx.world)?;
    let Some(rule) = bus.rules.get(&place.name) else { return Ok(()) };
    if !rule.targets.is_empty() {
        return Err(faults::rule_has_targets());
    }
    bus.listeners.remove(&Listener::Rule(Arc::clone(&rule.place)));
    bus.rules.remove(&place.name);
    Ok(())
}

fn describe(cx: &mut Cx, named: Named) -> Result<(Described, Creator), Fault> {
    let place = RulePlace::named(cx, named.bus.as_deref(), &named.name)?;
    let rule = place.rule(cx.world)?;
    let creator = Creator { account: rule.creator.to_string() };
    Ok((described(rule), creator))
}

fn described(rule: &Rule) -> Described {
    Described {
        name: rule.place.name.clone(),
        arn: rule.place.arn(),
        pattern: rule.pattern.clone(),
        schedule: rule.timer.as_ref().map(|timer| timer.text.clone()),
        state: rule.state.as_str().to_owned(),
        description: rule.description.clone(),
        role: rule.role.clone(),
        bus: rule.place.bus.name.clone(),
    }
}

fn list(cx: &mut Cx, (input, page): (ListRules, PageRequest)) -> Result<(Listed, PageEnd), Fault> {
    let prefix = input.prefix.unwrap_or_default();
    let place = listed_bus(cx, input.bus.as_deref())?;
    let rules = place.find(cx.world).into_iter().flat_map(|bus| &bus.rules);
    let shown = rules.filter(|(name, _)| name.starts_with(&prefix));
    let (rules, end) = page.cut(shown.map(|(name, rule)| (name.as_str(), rule)))?;
    Ok((Listed { rules: rules.into_iter().map(described).collect() }, end))
}

fn list_names_by_target(cx: &mut Cx, (input, page): (ByTarget, PageRequest)) -> Result<(Names, PageEnd), Fault> {
    let place = listed_bus(cx, input.bus.as_deref())?;
    let rules = place.find(cx.world).into_iter().flat_map(|bus| &bus.rules);
    let has_target = |rule: &Rule| rule.targets.values().any(|aim| aim.target.arn == input.target);
    let names = rules.filter(|(_, rule)| has_target(rule)).map(|(name, _)| (name.as_str(), name.clone()));
    let (names, end) = page.cut(names)?;
    Ok((Names { names }, end))
}

/// The bus whose rules a call lists.
fn listed_bus(cx: &mut Cx, bus: Option<&str>) -> Result<BusPlace, Fault> {
    let place = BusPlace::named(cx, bus)?;
    let all = RulePlace { bus: place.clone(), name: "*".to_owned() }.arn();
    place.check(cx, &all, &[])?;
    Ok(place)
}
