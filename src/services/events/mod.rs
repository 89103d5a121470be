//! Amazon EventBridge: buses, rules that match events, and targets that get them.
//!
//! An event that comes to a bus is held against the bus's rules at once ([`routing`]); for each target of a rule that
//! matches, a delivery is queued, and a job makes it ([`delivery`]). Events come from clients ([`put`]), from services
//! ([`tell`]), from CloudTrail's records ([`trails`]), from schedules ([`timers`]) and from archives ([`replays`]).

mod archives;
mod buses;
mod delivery;
mod event;
pub mod faults;
mod input;
mod metrics;
mod outcome;
mod paging;
mod pattern;
mod permissions;
mod place;
mod put;
mod replays;
mod routing;
mod rules;
mod schedule;
mod send;
mod tags;
mod targets;
mod timers;
mod trails;
mod transform;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::world::World;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

use event::{Event, Parts};

pub use archives::Archive;
pub use buses::Bus;
pub use delivery::{Deliveries, Pace, deliver, flush};
pub use metrics::called;
pub use place::{BusPlace, ReplayPlace, RulePlace};
pub use replays::{Replay, go_on};
pub use schedule::Schedule;
pub use timers::tick;
pub use trails::recorded;
pub use transform::{Path, Reserved, Template};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    archives::OPS,
    buses::OPS,
    pattern::OPS,
    permissions::OPS,
    put::OPS,
    replays::OPS,
    rules::OPS,
    tags::OPS,
    targets::OPS,
];

/// How EventBridge is called where AWS services call each other, and in policies.
const SELF: &str = "events.amazonaws.com";

/// The bus that every account has in every Region.
const DEFAULT: &str = "default";

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {
    /// By name. The default bus is there even while it is not in here.
    pub buses: BTreeMap<String, Bus>,
    /// By name.
    pub archives: BTreeMap<String, Archive>,
    /// By name.
    pub replays: BTreeMap<String, Replay>,
    /// What is on its way to targets of the account's rules.
    pub deliveries: Deliveries,
}

/// What an AWS service tells the default bus of an account and Region. The bus adds the rest of the event.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `aws.s3`
    pub source: &'static str,
    /// `Object Created`
    pub detail_type: &'static str,
    /// ARNs.
    pub resources: Vec<String>,
    pub detail: Box<RawValue>,
}

/// Puts what happened in a service on the default bus.
pub fn tell(world: &mut World, account: &AccountId, region: Region, notice: Notice) {
    let place = BusPlace::default_of(account, region);
    if !place.find(world).is_some_and(Bus::is_heard) {
        return;
    }
    let event = Event::new(&Parts {
        id: world.ids.uuid().to_string(),
        source: notice.source,
        detail_type: notice.detail_type,
        account,
        time: world.now,
        region,
        resources: &notice.resources,
        detail: notice.detail.get(),
    });
    let not_before = world.bus_pace.spend(world.now);
    routing::receive(world, &place, Event { not_before, ..event });
}
