//! CloudWatch alarms: states that follow from metrics or from other alarms, and what is done when they change.
//!
//! Metric alarms are evaluated on the clock ([`clock`]): data points of the evaluation range become a state
//! ([`evaluate`]) and the sentence that tells why ([`reason`]); alarms on several series have [`contributors`]. Composite alarms are evaluated when a state changes that
//! their rule ([`rule`]) names ([`composite`]). Each change goes through [`transition`]: history, EventBridge, actions
//! ([`actions`]), unless a suppressor ([`suppression`]) or a mute rule ([`mute`]) holds them back.

mod actions;
pub mod alarm;
mod clock;
mod composite;
mod contributors;
mod describe;
pub mod evaluate;
pub mod faults;
mod history;
mod instances;
mod message;
mod mute;
mod mute_schedule;
mod place;
mod put;
mod put_composite;
mod put_metric;
pub mod reason;
pub mod rule;
mod set;
pub mod state;
mod suppression;
mod transition;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::world::op::Op;

pub use actions::take;
pub use alarm::Alarm;
pub use clock::tick;
pub use composite::react;
pub use mute::release;
pub use place::Place;

use alarm::CompositeAlarm;

/// The operations, a table for each resource.
pub const OPS: [&[Op]; 7] =
    [contributors::OPS, describe::OPS, history::OPS, mute::OPS, put_composite::OPS, put_metric::OPS, set::OPS];

/// How CloudWatch is called where AWS services call each other, and in policies.
const SELF: &str = "cloudwatch.amazonaws.com";

/// What event history calls an alarm.
const ALARM: &[(&str, &str)] = &[("AWS::CloudWatch::Alarm", "AlarmName")];

/// An account's alarms in one Region.
#[derive(Debug, Default)]
pub struct Store {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
    /// Names of the composite alarms that name an alarm, in their rules or as their suppressor.
    pub parents: BTreeMap<String, BTreeSet<String>>,
    pub history: history::History,
    /// Mute rules, by name.
    pub mutes: BTreeMap<String, mute::MuteRule>,
    /// Actions that are to be taken.
    pub due: VecDeque<actions::Due>,
}

impl Store {
    /// Keeps [`Store::parents`] right when a composite alarm comes, changes or goes.
    fn follow(&mut self, name: &str, before: Option<&CompositeAlarm>, after: Option<&CompositeAlarm>) {
        let named = |composite: &CompositeAlarm| {
            let suppressor = composite.suppressor.iter().map(|suppressor| suppressor.name.clone());
            composite.children.iter().cloned().chain(suppressor).collect::<Vec<_>>()
        };
        for child in before.map(named).unwrap_or_default() {
            if let Some(parents) = self.parents.get_mut(&child) {
                parents.remove(name);
                if parents.is_empty() {
                    self.parents.remove(&child);
                }
            }
        }
        for child in after.map(named).unwrap_or_default() {
            self.parents.entry(child).or_default().insert(name.to_owned());
        }
    }
}
