//! What is done with alarms that there are: states by hand, actions on and off, deletion.

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::{op, record};

use super::history::Deed;
use super::place::Place;
use super::state::Value;
use super::transition::{self, Change};
use super::{ALARM, alarm, faults};

/// The operations.
pub const OPS: &[Op] = &[
    op!(Write "DeleteAlarms" delete),
    op!(Write "DisableAlarmActions" disable),
    op!(Write "EnableAlarmActions" enable),
    op!(Write "SetAlarmState" set_state).resources(ALARM),
];

record! {
    struct SetState {
        name: String = "AlarmName",
        value: String = "StateValue",
        reason: String = "StateReason",
        data: Option<String> = "StateReasonData",
    }
    struct Names { names: Vec<String> = "AlarmNames" }
}

/// The state stays until the alarm is evaluated next.
fn set_state(cx: &mut Cx, input: SetState) -> Result<(), Fault> {
    let place = Place::of(cx, &input.name);
    let Some(value) = Value::parse(&input.value).filter(|_| place.find(cx.world).is_some()) else {
        return Err(faults::no_alarm());
    };
    if input.data.as_deref().is_some_and(|data| serde_json::from_str::<serde_json::Value>(data).is_err()) {
        return Err(faults::state_data());
    }
    transition::change(cx.world, &place, Change { value, reason: input.reason, data: input.data });
    Ok(())
}

fn enable(cx: &mut Cx, input: Names) -> Result<(), Fault> {
    turn(cx, &input.names, true);
    Ok(())
}

fn disable(cx: &mut Cx, input: Names) -> Result<(), Fault> {
    turn(cx, &input.names, false);
    Ok(())
}

/// Names that no alarm has are passed over.
fn turn(cx: &mut Cx, names: &[String], enabled: bool) {
    let now = cx.world.now;
    for name in names {
        let place = Place::of(cx, name);
        let Some(found) = place.find_mut(cx.world).filter(|found| found.settings.actions_enabled != enabled) else {
            continue;
        };
        let previous = alarm::whole(found);
        found.settings.actions_enabled = enabled;
        found.settings.updated = now;
        transition::configured(cx.world, &place, Deed::Updated, Some(previous));
    }
}

/// Names that no alarm has are passed over. Alarms that others depend on stay, and with them all others.
fn delete(cx: &mut Cx, input: Names) -> Result<(), Fault> {
    let store = &cx.world.regional(&cx.account, cx.region).cloudwatch.alarms;
    let mut found: Vec<&str> = Vec::new();
    for name in &input.names {
        if store.alarms.contains_key(name) && !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    let composites =
        found.iter().filter(|name| store.alarms.get(**name).is_some_and(|alarm| alarm.composite().is_some()));
    if composites.count() > 1 {
        return Err(faults::several_composites());
    }
    let has_parents = |name: &str| {
        let parents = store.parents.get(name).into_iter().flatten();
        parents.into_iter().any(|parent| !found.contains(&parent.as_str()) || parent == name)
    };
    let held: Vec<&str> = found.iter().copied().filter(|name| has_parents(name)).collect();
    if !held.is_empty() {
        return Err(faults::has_parents(&held));
    }
    for name in found {
        let place = Place::of(cx, name);
        transition::configured(cx.world, &place, Deed::Deleted, None);
        let store = place.store(cx.world);
        if let Some(gone) = store.alarms.remove(name) {
            store.follow(name, gone.composite(), None);
        }
    }
    Ok(())
}
