//! `PutCompositeAlarm`: alarms on alarms.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

use crate::wire::{Fault, Value as Tree};
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::{op, record};

use super::actions::Action;
use super::alarm::{Cause, CompositeAlarm, Kind, Suppressor};
use super::history::Deed;
use super::place::Place;
use super::put::{self, Common};
use super::rule::Rule;
use super::state::Suppression;
use super::{ALARM, Store, faults, suppression};

/// The operation.
pub const OPS: &[Op] = &[op!(Write "PutCompositeAlarm" put_composite_alarm).resources(ALARM)];

/// Composite alarms whose rules may name one alarm.
const PARENTS_MAX: usize = 150;

record! {
    struct PutComposite {
        rule: String = "AlarmRule",
        suppressor: Option<String> = "ActionsSuppressor",
        wait: Option<i64> = "ActionsSuppressorWaitPeriod",
        extension: Option<i64> = "ActionsSuppressorExtensionPeriod",
        actions: Option<Tree> = "ActionConfiguration",
    }
}

/// AWS takes rules that lead back to the alarm itself; such an alarm is not evaluated any more.
fn put_composite_alarm(cx: &mut Cx, (common, input): (Common, PutComposite)) -> Result<(), Fault> {
    let place = Place::of(cx, &common.name);
    if input.actions.is_some() {
        return Err(faults::not_built("ActionConfiguration of alarms"));
    }
    if let Some((arn, _)) = common.actions(cx.region)?.iter().find(|(_, action)| *action != Action::Publish(cx.region))
    {
        return Err(faults::not_of_composite(arn));
    }
    let store = place.store(cx.world);
    let (rule, children) = rule(store, &place, &input.rule)?;
    let suppressor = input.suppressor(store, &place)?;
    let before = store.alarms.get(&place.name).and_then(|alarm| alarm.composite()).cloned();
    let composite = CompositeAlarm { rule_text: input.rule, rule, children, suppressor, cause: None };
    let watched = composite.clone();
    let deed = put::put(cx, &place, common, Kind::Composite(Box::new(composite)))?;
    place.store(cx.world).follow(&place.name, before.as_ref(), Some(&watched));
    if before.is_some_and(|before| before.suppressor != watched.suppressor) {
        drop_periods(cx, &place);
    }
    if let Some(composite) = place.find_mut(cx.world).and_then(|alarm| alarm.composite_mut()) {
        composite.cause = Some(if deed == Deed::Created { Cause::Created } else { Cause::Updated });
    }
    cx.world.jobs.at_once(Job::AlarmReaction(place));
    Ok(())
}

/// "If you replace the action suppressor alarm, any active WaitPeriod or ExtensionPeriod is discarded."
fn drop_periods(cx: &mut Cx, place: &Place) {
    let Some(alarm) = place.find_mut(cx.world) else { return };
    if matches!(alarm.state.suppressed, Some(Suppression::WaitPeriod(_) | Suppression::ExtensionPeriod(_))) {
        alarm.state.suppressed = None;
        suppression::begin(cx.world, place);
    }
}

/// A rule on alarms that are there, and their names.
fn rule(store: &Store, place: &Place, text: &str) -> Result<(Rule, Vec<String>), Fault> {
    if text.trim() != text || text.is_empty() {
        return Err(faults::rule_space());
    }
    let rule = Rule::parse(text).map_err(|flaw| faults::rule(&flaw))?;
    let children: Vec<String> = rule.children.iter().map(|child| place.name_of(child).to_owned()).collect();
    let unknown: Vec<&str> =
        children.iter().filter(|child| !store.alarms.contains_key(*child)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(faults::no_children(&unknown));
    }
    for child in &children {
        let parents = store.parents.get(child);
        if parents.is_some_and(|parents| parents.len() >= PARENTS_MAX && !parents.contains(&place.name)) {
            return Err(faults::too_many_parents(child, PARENTS_MAX));
        }
    }
    Ok((rule, children))
}

impl PutComposite {
    fn suppressor(&self, store: &Store, place: &Place) -> Result<Option<Suppressor>, Fault> {
        let Some(reference) = &self.suppressor else {
            let is_alone = self.wait.is_none() && self.extension.is_none();
            return if is_alone { Ok(None) } else { Err(faults::no_suppressor()) };
        };
        let (Some(wait), Some(extension)) = (self.wait, self.extension) else {
            return Err(faults::suppressor_periods());
        };
        for (parameter, seconds) in
            [("ActionsSuppressorWaitPeriod", wait), ("ActionsSuppressorExtensionPeriod", extension)]
        {
            if seconds < 0 {
                return Err(faults::suppressor_period(parameter));
            }
        }
        let name = place.name_of(reference).to_owned();
        if !store.alarms.contains_key(&name) {
            return Err(faults::unknown_suppressor(reference));
        }
        Ok(Some(Suppressor { reference: reference.clone(), name, wait, extension }))
    }
}
