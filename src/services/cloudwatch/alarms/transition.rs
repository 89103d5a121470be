//! A state changes, and what follows: history, events, actions, and the composite alarms that look at it.

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::world::World;
use crate::world::jobs::Job;

use super::alarm::{self, Cause};
use super::history::{self, Deed};
use super::place::Place;
use super::reason::java_iso;
use super::state::{State, Suppression, Value};
use super::{actions, mute, suppression};

/// What a state becomes.
#[derive(Clone, Debug)]
pub struct Change {
    pub value: Value,
    pub reason: String,
    pub data: Option<String>,
}

/// Gives an alarm another state. When the value is the one it had, nobody is told.
pub fn change(world: &mut World, place: &Place, change: Change) {
    let now = world.now;
    let Some(alarm) = place.find_mut(world) else { return };
    if alarm.state.value == change.value {
        let state = &mut alarm.state;
        (state.reason, state.data) = (change.reason, change.data);
        return;
    }
    let state = State {
        value: change.value,
        reason: change.reason,
        data: change.data,
        updated: now,
        transitioned: now,
        suppressed: None,
    };
    let old = std::mem::replace(&mut alarm.state, state);
    suppression::begin(world, place);
    let Some(alarm) = place.find(world) else { return };
    let item = history::changed(alarm, &old, now);
    place.store(world).history.push(item);
    tell_state(world, place, &old);
    wake_parents(world, place);
    act_unless_held(world, place, old.value);
}

/// Gives an alarm with contributors the state that sums them up. Another reason alone is told to history, and to nobody
/// else.
pub fn summarize(world: &mut World, place: &Place, summary: Change) {
    let now = world.now;
    let Some(alarm) = place.find_mut(world) else { return };
    if alarm.state.value != summary.value {
        return change(world, place, summary);
    }
    if alarm.state.reason == summary.reason {
        return;
    }
    let old = alarm.state.clone();
    (alarm.state.reason, alarm.state.data, alarm.state.updated) = (summary.reason, summary.data, now);
    let item = history::changed(alarm, &old, now);
    place.store(world).history.push(item);
}

/// Takes the actions of an alarm's new state, unless something keeps it from that.
fn act_unless_held(world: &mut World, place: &Place, old: Value) {
    let now = world.now;
    let Some(alarm) = place.find(world) else { return };
    let contributors_act = alarm.metric().is_some_and(|metric| metric.has_contributors());
    if contributors_act || !alarm.settings.actions_enabled || alarm.state.suppressed.is_some() {
        return;
    }
    if mute::window(place.store(world), &place.name, now).is_some() {
        return mute::hold(world, place, old);
    }
    actions::act(world, place, old, false);
}

/// The state is what it was, but something else keeps a composite alarm from acting, or nothing does any more.
pub fn resuppress(world: &mut World, place: &Place, suppressed: Option<Suppression>) {
    let now = world.now;
    let Some(alarm) = place.find_mut(world) else { return };
    let old = alarm.state.clone();
    alarm.state.suppressed = suppressed;
    alarm.state.updated = now;
    suppression::schedule(world, place);
    tell_state(world, place, &old);
    if suppressed.is_none() {
        act_unless_held(world, place, old.value);
    }
}

/// Has the composite alarms look that name the alarm in their rules or as their suppressor.
fn wake_parents(world: &mut World, place: &Place) {
    let Some(alarm) = place.find(world) else { return };
    let (value, at) = (alarm.state.value, alarm.state.updated);
    let parents: Vec<String> = place.store(world).parents.get(&place.name).into_iter().flatten().cloned().collect();
    for parent in parents {
        let parent = place.beside(&parent);
        if let Some(composite) = parent.find_mut(world).and_then(|alarm| alarm.composite_mut())
            && composite.children.contains(&place.name)
        {
            composite.cause = Some(Cause::Child { name: place.name.clone(), value, at });
        }
        world.jobs.at_once(Job::AlarmReaction(parent));
    }
}

/// `CloudWatch Alarm State Change`
fn tell_state(world: &mut World, place: &Place, old: &State) {
    let now = world.now;
    let Some(alarm) = place.find(world) else { return };
    // Of alarms with contributors, reasons come without data.
    let has_data = !alarm.metric().is_some_and(|metric| metric.has_contributors());
    let mut detail = JsonMap::new();
    detail.insert("alarmName".into(), place.name.as_str().into());
    detail.insert("state".into(), told(&alarm.state, has_data));
    detail.insert("previousState".into(), told(old, has_data));
    detail.insert("configuration".into(), alarm::brief(alarm));
    if let Some(window) = mute::window(place.store(world), &place.name, now) {
        detail.insert("muteDetail".into(), window.detail(place));
    }
    actions::tell(world, place, "CloudWatch Alarm State Change", &Json::Object(detail));
}

fn told(state: &State, has_data: bool) -> Json {
    let mut map = JsonMap::new();
    if let Some(suppression) = state.suppressed {
        map.insert("actionsSuppressedBy".into(), suppression.as_str().into());
        map.insert("actionsSuppressedReason".into(), suppression.reason().into());
    }
    map.insert("value".into(), state.value.as_str().into());
    map.insert("reason".into(), state.reason.as_str().into());
    map.extend(state.data.as_ref().filter(|_| has_data).map(|data| ("reasonData".into(), data.as_str().into())));
    map.insert("timestamp".into(), java_iso(state.updated).into());
    Json::Object(map)
}

/// Tells history and EventBridge (`CloudWatch Alarm Configuration Change`) what was done with an alarm.
pub fn configured(world: &mut World, place: &Place, deed: Deed, previous: Option<Json>) {
    let now = world.now;
    let Some(alarm) = place.find(world) else { return };
    let item = history::configured(alarm, deed, now);
    let mut state = json!({"value": alarm.state.value.as_str(), "timestamp": java_iso(alarm.state.updated)});
    if let (Some(suppression), Some(state)) = (alarm.state.suppressed, state.as_object_mut()) {
        state.insert("actionsSuppressedBy".into(), suppression.as_str().into());
    }
    let mut detail = json!({
        "alarmName": place.name,
        "operation": deed.operation(),
        "state": state,
        "configuration": alarm::whole(alarm),
    });
    if let (Some(previous), Some(detail)) = (previous, detail.as_object_mut()) {
        detail.insert("previousConfiguration".into(), previous);
    }
    place.store(world).history.push(item);
    actions::tell(world, place, "CloudWatch Alarm Configuration Change", &detail);
}
