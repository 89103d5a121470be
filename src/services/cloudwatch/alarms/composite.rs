//! Composite alarms: they are evaluated when the state of an alarm changes that their rule names.

use serde_json::json;

use crate::world::World;

use super::alarm::{Cause, CompositeAlarm};
use super::message::long_date;
use super::place::Place;
use super::reason::java_iso;
use super::state::Value;
use super::transition::{self, Change};
use super::{Store, suppression};

/// Looks at a composite alarm: at its rule if there is a cause to, and at what keeps it from acting.
pub fn react(world: &mut World, place: &Place) {
    let cause = place.find_mut(world).and_then(|alarm| alarm.composite_mut()?.cause.take());
    if let Some(cause) = cause {
        evaluate(world, place, &cause);
    }
    suppression::review(world, place);
}

fn evaluate(world: &mut World, place: &Place, cause: &Cause) {
    let store = place.store(world);
    // "the evaluation of composite alarms stops if CloudWatch detects a cycle in the evaluation path"
    if is_in_cycle(store, &place.name) {
        return;
    }
    let Some(composite) = store.alarms.get(&place.name).and_then(|alarm| alarm.composite()) else { return };
    let states: Vec<Value> = composite.children.iter().map(|child| state_of(store, child)).collect();
    let value = if composite.rule.holds(&states) { Value::Alarm } else { Value::Ok };
    let (reason, data) = (reason(place, cause, value), data(store, place, composite, cause));
    let current = store.alarms.get(&place.name).map(|alarm| alarm.state.value);
    if current != Some(value) {
        transition::change(world, place, Change { value, reason, data: Some(data) });
    }
}

fn state_of(store: &Store, name: &str) -> Value {
    store.alarms.get(name).map_or(Value::InsufficientData, |alarm| alarm.state.value)
}

fn reason(place: &Place, cause: &Cause, value: Value) -> String {
    let deed = match cause {
        Cause::Created => "created",
        Cause::Updated => "updated",
        Cause::Child { name, value, at } => {
            return format!("{} transitioned to {value} at {}", place.beside(name).arn(), long_date(*at));
        }
    };
    format!("{} was {deed} and its alarm rule evaluates to {value}", place.arn())
}

/// The child that set it off; without one, all of them.
fn data(store: &Store, place: &Place, composite: &CompositeAlarm, cause: &Cause) -> String {
    let names: Vec<&String> = match cause {
        Cause::Child { name, .. } => vec![name],
        _ => composite.children.iter().collect(),
    };
    let child = |name: &String| {
        let state = &store.alarms.get(name)?.state;
        let state = json!({"value": state.value.as_str(), "timestamp": java_iso(state.updated)});
        Some(json!({"arn": place.beside(name).arn(), "state": state}))
    };
    json!({"triggeringAlarms": names.into_iter().filter_map(child).collect::<Vec<_>>()}).to_string()
}

/// Whether an alarm depends on itself.
fn is_in_cycle(store: &Store, name: &str) -> bool {
    let children = |name: &str| {
        let composite = store.alarms.get(name).and_then(|alarm| alarm.composite());
        composite.map(|composite| composite.children.as_slice()).unwrap_or_default()
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut left: Vec<&String> = children(name).iter().collect();
    while let Some(next) = left.pop() {
        if next == name {
            return true;
        }
        if seen.insert(next) {
            left.extend(children(next));
        }
    }
    false
}
