//! From an event on a bus to those who listen: rules, whose targets get it, and archives, which keep it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::patterns::{Index, Rules, Tree};
use crate::world::World;

use super::event::Event;
use super::metrics::Meters;
use super::place::store_mut;
use super::rules::State;
use super::{BusPlace, RulePlace, delivery};

/// Who listens to a bus.
#[derive(Debug, Default)]
pub struct Listeners {
    index: Index<Listener>,
    known: BTreeSet<Listener>,
    /// Those who want all events.
    all: BTreeSet<Listener>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Listener {
    Rule(Arc<RulePlace>),
    /// By name.
    Archive(Arc<str>),
}

impl Listeners {
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Has somebody listen to the events of a pattern, or to all.
    pub(super) fn set(&mut self, listener: Listener, pattern: Option<Rules>) {
        self.remove(&listener);
        self.known.insert(listener.clone());
        match pattern {
            Some(pattern) => self.index.insert(listener, pattern),
            None => {
                self.all.insert(listener);
            }
        }
    }

    /// Nobody need listen already.
    pub(super) fn remove(&mut self, listener: &Listener) {
        if self.known.remove(listener) && !self.all.remove(listener) {
            self.index.remove(listener);
        }
    }

    /// Who gets an event, in a fixed order.
    fn of(&self, event: &Event) -> Vec<Listener> {
        let mut listeners = Tree::read_event(&event.text).map(|event| self.index.matching(&event)).unwrap_or_default();
        listeners.extend(self.all.iter().cloned());
        listeners.sort();
        listeners
    }
}

/// Takes an event that has come to a bus. On a bus that is not there, nobody listens.
pub(super) fn receive(world: &mut World, place: &BusPlace, event: Event) {
    let Some(bus) = place.find(world).filter(|bus| bus.is_heard()) else { return };
    let listeners = bus.listeners.of(&event);
    let event = Arc::new(event);
    hand_out(world, place, listeners, &event);
}

/// Hands an event to those who want it.
fn hand_out(world: &mut World, place: &BusPlace, listeners: Vec<Listener>, event: &Arc<Event>) {
    let mut some = None;
    for listener in listeners {
        match listener {
            Listener::Rule(rule) => some = matched(world, &rule, event).or(some),
            Listener::Archive(name) => archive(world, place, &name, event),
        }
    }
    if let Some(meters) = some {
        meters.matched_any(world, place);
    }
}

/// Takes an event that a replay puts on a bus again: only for certain rules, if any are named.
pub(super) fn receive_again(world: &mut World, place: &BusPlace, event: Event, only: &[RulePlace]) {
    let Some(bus) = place.find(world) else { return };
    let is_meant = |listener: &Listener| match listener {
        Listener::Rule(rule) => only.is_empty() || only.contains(rule),
        Listener::Archive(_) => false,
    };
    let rules = bus.listeners.of(&event).into_iter().filter(is_meant).collect();
    hand_out(world, place, rules, &Arc::new(event));
}

/// Takes the event of a schedule: for the rule whose schedule it is, and for all others that match it.
pub(super) fn scheduled(world: &mut World, place: &RulePlace, event: Arc<Event>) {
    run(world, place, &event);
    let listeners = place.bus.find(world).map(|bus| bus.listeners.of(&event)).unwrap_or_default();
    let is_another = |listener: &Listener| !matches!(listener, Listener::Rule(rule) if **rule == *place);
    hand_out(world, &place.bus, listeners.into_iter().filter(is_another).collect(), &event);
}

/// Runs a rule that has matched an event; answers what counts it, if it is one for such events.
fn matched(world: &mut World, place: &RulePlace, event: &Arc<Event>) -> Option<Meters> {
    let rule = place.find(world)?;
    if event.read_only && rule.state != State::EnabledWithAll {
        return None;
    }
    let meters = rule.meters.clone();
    meters.matched(world, &place.bus);
    run(world, place, event);
    Some(meters)
}

/// Queues an event for each of a rule's targets.
fn run(world: &mut World, place: &RulePlace, event: &Arc<Event>) {
    let Some(rule) = place.find(world) else { return };
    let (rule_place, meters) = (Arc::clone(&rule.place), rule.meters.clone());
    let targets: Vec<_> = rule.targets.values().cloned().collect();
    meters.triggered(world, &place.bus, targets.len());
    for aim in targets {
        delivery::add(world, &rule_place, &aim, event);
    }
}

/// Archives do not keep what comes out of archives.
fn archive(world: &mut World, place: &BusPlace, name: &str, event: &Arc<Event>) {
    let now = world.now;
    let archives = store_mut(world, &place.account, place.region).map(|store| &mut store.archives);
    if let Some(archive) = archives.and_then(|archives| archives.get_mut(name))
        && !event.replayed
    {
        archive.keep(event, now);
    }
}
