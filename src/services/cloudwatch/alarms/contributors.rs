//! Contributors: the time series of alarms on Metrics Insights queries with GROUP BY.
//!
//! Each is in OK or in ALARM by itself, has its own history, events and actions, and the alarm is in ALARM while any of
//! them is. What the alarm itself becomes does not act: topics and instances belong to contributors.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Acting_Alarm_Changes.html>
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-limits.html>

use std::collections::BTreeMap;

use serde_json::{Map as JsonMap, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::time::Time;
use crate::{op, record};

use super::alarm::{self, Alarm};
use super::evaluate::Missing;
use super::place::Place;
use super::reason::java_iso;
use super::state::{State, Value};
use super::transition::{self, Change};
use super::{actions, faults, history, mute};

/// The operation.
pub const OPS: &[Op] = &[op!(Read "DescribeAlarmContributors" describe)];

/// "Alarms evaluating multiple time series will limit the number of contributors in ALARM to 100"
const ALARMS_MAX: usize = 100;
/// Contributors on a page. AWS does not say how many.
const PAGE: usize = 50;

/// Dimensions, or other labels, and their values.
pub type Attributes = BTreeMap<String, String>;

/// Which contributor is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributor {
    pub id: String,
    pub attributes: Attributes,
}

/// What an alarm knows of its contributors.
#[derive(Debug, Default)]
pub struct Contributors {
    /// Those in ALARM, by id.
    alarming: BTreeMap<String, Alarming>,
    /// Those that would have acted in the mute window that goes on, and the state before, by id.
    muted: BTreeMap<String, (Transition, Value)>,
    /// There was more than is evaluated.
    pub is_partial: bool,
}

#[derive(Clone, Debug)]
struct Alarming {
    contributor: Contributor,
    reason: String,
    since: Time,
}

/// A contributor's new state.
#[derive(Clone, Debug)]
pub struct Transition {
    contributor: Contributor,
    value: Value,
    reason: String,
}

/// What an evaluation comes to.
#[derive(Debug)]
pub struct Found {
    /// In the order of the query.
    pub series: Vec<Evaluated>,
    pub is_partial: bool,
}

/// A time series that was evaluated.
#[derive(Debug)]
pub struct Evaluated {
    pub attributes: Attributes,
    /// `None` where it stays what it is.
    pub value: Option<Value>,
    pub reason: String,
}

impl Contributor {
    /// The same attributes always have the same id. How AWS makes its ids, it does not say.
    fn of(attributes: Attributes) -> Contributor {
        let hash = Sha256::digest(json!(attributes).to_string());
        let id = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Contributor { id, attributes }
    }
}

/// Gives contributors, and the alarm, the states that an evaluation has found.
pub fn apply(world: &mut World, place: &Place, found: Found) {
    let now = world.now;
    let Some(alarm) = place.find_mut(world) else { return };
    alarm.contributors.is_partial = found.is_partial;
    let missing = alarm.metric().map(|metric| metric.missing).unwrap_or_default();
    let verdict = alarm.contributors.take_in(found, now);
    let change = verdict.change(missing, alarm.state.value, now);
    for transition in &verdict.transitions {
        tell(world, place, transition);
        act_unless_held(world, place, transition);
    }
    transition::summarize(world, place, change);
}

/// What has become of all contributors.
struct Verdict {
    transitions: Vec<Transition>,
    /// Time series that the query has, or had the last time.
    count: usize,
    alarming: usize,
    is_empty: bool,
}

impl Contributors {
    fn take_in(&mut self, found: Found, now: Time) -> Verdict {
        let mut left = std::mem::take(&mut self.alarming);
        let (is_empty, mut count, mut alarming) = (found.series.is_empty(), found.series.len(), 0);
        let mut transitions = Vec::new();
        for Evaluated { attributes, value, reason } in found.series {
            let contributor = Contributor::of(attributes);
            let known = left.remove(&contributor.id);
            let is_alarming = value.map_or(known.is_some(), |value| value == Value::Alarm);
            alarming += usize::from(is_alarming);
            // Those that are known keep their places.
            let has_place = known.is_some() || self.alarming.len() + left.len() < ALARMS_MAX;
            let value = if is_alarming && has_place { Value::Alarm } else { Value::Ok };
            let is_new = (value == Value::Alarm) != known.is_some();
            if value == Value::Alarm {
                let new = Alarming { contributor: contributor.clone(), reason: reason.clone(), since: now };
                self.alarming.insert(contributor.id.clone(), known.unwrap_or(new));
            }
            if is_new {
                transitions.push(Transition { contributor, value, reason });
            }
        }
        for (_, Alarming { contributor, .. }) in left {
            count += 1;
            let reason = "No data was returned for this contributor".to_owned();
            transitions.push(Transition { contributor, value: Value::Ok, reason });
        }
        Verdict { transitions, count, alarming, is_empty }
    }

    /// Forgets all of them: the alarm watches something else now.
    pub fn clear(&mut self) {
        *self = Contributors::default();
    }

    /// Lets those act again that a mute window has held, where they are not as they were before it.
    pub fn release(&mut self) -> Vec<Transition> {
        let held = std::mem::take(&mut self.muted).into_values();
        held.filter(|(transition, before)| transition.value != *before).map(|(transition, _)| transition).collect()
    }

    /// Whether a mute window holds any.
    pub fn are_muted(&self) -> bool {
        !self.muted.is_empty()
    }
}

impl Verdict {
    /// What becomes of the alarm.
    fn change(&self, missing: Missing, current: Value, now: Time) -> Change {
        let (value, reason) = match (self.is_empty, self.alarming) {
            (true, _) => {
                let (value, treated) = match missing {
                    Missing::Breaching => (Value::Alarm, "Breaching"),
                    Missing::NotBreaching => (Value::Ok, "NotBreaching"),
                    Missing::Ignore => (current, "Ignore"),
                    Missing::Missing => (Value::InsufficientData, "Missing"),
                };
                let none = "No time series were returned by the query.";
                (value, format!("{none} Treat missing data is configured as [{treated}]."))
            }
            (false, 0) => (Value::Ok, format!("{} time series evaluated to OK", self.count)),
            (false, many) if many > ALARMS_MAX => {
                (Value::Alarm, format!("{ALARMS_MAX}+ time series evaluated to ALARM"))
            }
            (false, some) => (Value::Alarm, format!("{some} out of {} time series evaluated to ALARM", self.count)),
        };
        let data = json!({"version": "1.0", "queryDate": java_iso(now)}).to_string();
        Change { value, reason, data: Some(data) }
    }
}

impl Transition {
    /// The contributor's state, as if it were the alarm's.
    fn state(&self, now: Time) -> State {
        State {
            value: self.value,
            reason: self.reason.clone(),
            data: None,
            updated: now,
            transitioned: now,
            suppressed: None,
        }
    }

    /// There are two states alone.
    fn old(&self) -> Value {
        if self.value == Value::Alarm { Value::Ok } else { Value::Alarm }
    }
}

/// Tells history and EventBridge (`CloudWatch Alarm Contributor State Change`).
fn tell(world: &mut World, place: &Place, transition: &Transition) {
    let now = world.now;
    let Some(alarm) = place.find(world) else { return };
    let Transition { contributor, value, reason } = transition;
    let item = history::contributed(alarm, contributor, *value, reason, now);
    let mut detail = JsonMap::new();
    detail.insert("alarmName".into(), place.name.as_str().into());
    detail.insert("alarmContributor".into(), json!({"id": contributor.id, "attributes": contributor.attributes}));
    let state = json!({"value": value.as_str(), "reason": reason, "timestamp": java_iso(now)});
    detail.insert("state".into(), state);
    detail.insert("configuration".into(), alarm::brief(alarm));
    let store = place.store(world);
    if let Some(window) = mute::window(store, &place.name, now) {
        detail.insert("muteDetail".into(), window.detail(place));
    }
    store.history.push(item);
    actions::tell(world, place, "CloudWatch Alarm Contributor State Change", &Json::Object(detail));
}

fn act_unless_held(world: &mut World, place: &Place, transition: &Transition) {
    let now = world.now;
    let is_muted = mute::window(place.store(world), &place.name, now).is_some();
    let Some(alarm) = place.find_mut(world).filter(|alarm| alarm.settings.actions_enabled) else { return };
    if is_muted {
        let muted = &mut alarm.contributors.muted;
        let before = muted.get(&transition.contributor.id).map_or(transition.old(), |(_, before)| *before);
        muted.insert(transition.contributor.id.clone(), (transition.clone(), before));
        return;
    }
    act(world, place, transition, false);
}

/// Takes a contributor's actions.
pub fn act(world: &mut World, place: &Place, transition: &Transition, after_mute: bool) {
    let state = transition.state(world.now);
    actions::act_on(world, place, &state, transition.old(), after_mute, Some(&transition.contributor));
}

record! {
    struct Describe { name: String = "AlarmName", token: Option<String> = "NextToken" }
    struct Described { contributors: Vec<Shown> = "AlarmContributors", token: Option<String> = "NextToken" }
    struct Shown {
        id: String = "ContributorId",
        attributes: Attributes = "ContributorAttributes",
        reason: String = "StateReason",
        since: Time = "StateTransitionedTimestamp",
    }
}

/// Those in ALARM.
fn describe(cx: &mut Cx, input: Describe) -> Result<Described, Fault> {
    let place = Place::of(cx, &input.name);
    let alarm = place.find(cx.world).ok_or_else(|| faults::no_contributing_alarm(&input.name))?;
    if !alarm.metric().is_some_and(|metric| metric.has_contributors()) {
        return Err(faults::no_contributors(&input.name));
    }
    let after = match &input.token {
        Some(token) => Some(pages::key(token).ok_or_else(faults::token)?),
        None => None,
    };
    let all = alarm.contributors.alarming.iter();
    let (page, last) = pages::cut(after.as_deref(), PAGE, Order::Ascending, all);
    Ok(Described { contributors: page.into_iter().map(shown).collect(), token: last.map(pages::token) })
}

fn shown(alarming: &Alarming) -> Shown {
    Shown {
        id: alarming.contributor.id.clone(),
        attributes: alarming.contributor.attributes.clone(),
        reason: alarming.reason.clone(),
        since: alarming.since,
    }
}

impl Alarm {
    /// `EvaluationState`, where there is something to tell.
    pub fn evaluation_state(&self) -> Option<&'static str> {
        self.contributors.is_partial.then_some("PARTIAL_DATA")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Time {
        "2026-01-15T10:01:00Z".parse().unwrap()
    }

    /// Hosts by what they evaluate to: `a:ALARM b:OK c:-`.
    fn found(text: &str) -> Found {
        let series = text.split_whitespace().filter_map(|word| word.split_once(':')).map(|(host, value)| Evaluated {
            attributes: BTreeMap::from([("Host".to_owned(), host.to_owned())]),
            value: Value::parse(value),
            reason: value.to_owned(),
        });
        Found { series: series.collect(), is_partial: false }
    }

    /// What follows from one evaluation after the other: transitions, the alarm's state and its reason.
    fn check(missing: Missing, steps: &[(&str, &str, Value, &str)]) {
        let (mut contributors, mut current) = (Contributors::default(), Value::InsufficientData);
        for (text, transitions, value, reason) in steps {
            let verdict = contributors.take_in(found(text), time());
            let shown: Vec<_> = verdict
                .transitions
                .iter()
                .map(|t| format!("{}:{}", t.contributor.attributes["Host"], t.value))
                .collect();
            let change = verdict.change(missing, current, time());
            assert_eq!(
                (shown.join(" ").as_str(), change.value, change.reason.as_str()),
                (*transitions, *value, *reason)
            );
            assert_eq!(change.data.unwrap(), r#"{"version":"1.0","queryDate":"2026-01-15T10:01:00.000+0000"}"#);
            current = change.value;
        }
    }

    #[test]
    fn contributors_come_and_go() {
        check(
            Missing::Missing,
            &[
                ("a:OK b:OK", "", Value::Ok, "2 time series evaluated to OK"),
                ("a:ALARM b:OK", "a:ALARM", Value::Alarm, "1 out of 2 time series evaluated to ALARM"),
                ("a:ALARM b:ALARM", "b:ALARM", Value::Alarm, "2 out of 2 time series evaluated to ALARM"),
                ("a:- b:INSUFFICIENT_DATA", "b:OK", Value::Alarm, "1 out of 2 time series evaluated to ALARM"),
                ("b:OK", "a:OK", Value::Ok, "2 time series evaluated to OK"),
                ("b:-", "", Value::Ok, "1 time series evaluated to OK"),
            ],
        );
    }

    #[test]
    fn queries_without_an_answer() {
        let none = |treated: &str| {
            format!("No time series were returned by the query. Treat missing data is configured as [{treated}].")
        };
        for (missing, treated, value) in [
            (Missing::Missing, "Missing", Value::InsufficientData),
            (Missing::Breaching, "Breaching", Value::Alarm),
            (Missing::NotBreaching, "NotBreaching", Value::Ok),
            (Missing::Ignore, "Ignore", Value::Alarm),
        ] {
            let alarm = "1 out of 1 time series evaluated to ALARM";
            let steps = [("a:ALARM", "a:ALARM", Value::Alarm, alarm), ("", "a:OK", value, &none(treated))];
            check(missing, &steps);
        }
    }

    #[test]
    fn more_than_a_hundred() {
        let all: Vec<_> = (0..105).map(|n| format!("h{n}:ALARM")).collect();
        let mut contributors = Contributors::default();
        let verdict = contributors.take_in(found(&all.join(" ")), time());
        let change = verdict.change(Missing::Missing, Value::Ok, time());
        assert_eq!(change.reason, "100+ time series evaluated to ALARM");
        assert_eq!((verdict.transitions.len(), contributors.alarming.len()), (100, 100));
    }

    #[test]
    fn ids_are_those_of_attributes() {
        let id = |host: &str| Contributor::of(BTreeMap::from([("Host".to_owned(), host.to_owned())])).id;
        assert_eq!((id("a"), id("a").len()), (id("a"), 16));
        assert_ne!(id("a"), id("b"));
    }
}
