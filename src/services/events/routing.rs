//! From an event on a bus to those who listen: rules, whose targets get it, and archives, which keep it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::patterns::{Index, Rules, Tree};
use crate::world::World;

use super::event::Event;
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
    for listener in listeners {
        match listener {
            Listener::Rule(rule) => matched(world, &rule, &event),
            Listener::Archive(name) => archive(world, place, &name, &event),
        }
    }
}

/// Takes an event that a replay puts on a bus again: only for certain rules, if any are named.
pub(super) fn receive_again(world: &mut World, place: &BusPlace, event: Event, only: &[RulePlace]) {
    let Some(bus) = place.find(world) else { return };
    let rules = bus.listeners.of(&event).into_iter().filter_map(|listener| match listener {
        Listener::Rule(rule) if only.is_empty() || only.contains(&rule) => Some(rule),
        _ => None,
    });
    let rules: Vec<_> = rules.collect();
    let event = Arc::new(event);
    for rule in rules {
        matched(world, &rule, &event);
    }
}

/// Takes the event of a schedule: for the rule whose schedule it is, and for all others that match it.
pub(super) fn scheduled(world: &mut World, place: &RulePlace, event: Arc<Event>) {
    matched(world, place, &event);
    let listeners = place.bus.find(world).map(|bus| bus.listeners.of(&event)).unwrap_or_default();
    for listener in listeners {
        match listener {
            Listener::Rule(rule) if *rule == *place => {}
            Listener::Rule(rule) => matched(world, &rule, &event),
            Listener::Archive(name) => archive(world, &place.bus, &name, &event),
        }
    }
}

/// Queues an event that a rule has matched for each of the rule's targets.
fn matched(world: &mut World, place: &RulePlace, event: &Arc<Event>) {
    let Some(rule) = place.find(world) else { return };
    if event.read_only && rule.state != State::EnabledWithAll {
        return;
    }
    let rule_place = Arc::clone(&rule.place);
    let targets: Vec<_> = rule.targets.values().cloned().collect();
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
