//! States that change by themselves, after a while.

use chrono::TimeDelta;

use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::traffic::figures;
use super::{Store, instance_states, nat_gateways, of, peerings};

/// Where a resource is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    pub id: String,
}

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A NAT gateway comes or goes.
    NatGateway,
    /// An instance starts.
    Start,
    /// An instance stops, or is terminated.
    Stop,
    /// An interface endpoint comes or goes.
    Endpoint,
}

impl Pace {
    /// About what AWS takes; the fast cadence does not make one wait.
    fn time(self, cadence: Cadence) -> TimeDelta {
        match (cadence, self) {
            (Cadence::Fast, _) => TimeDelta::seconds(2),
            (Cadence::Aws, Pace::NatGateway) => TimeDelta::seconds(100),
            (Cadence::Aws, Pace::Start) => TimeDelta::seconds(15),
            (Cadence::Aws, Pace::Stop) => TimeDelta::seconds(30),
            (Cadence::Aws, Pace::Endpoint) => TimeDelta::seconds(60),
        }
    }
}

impl Place {
    pub(super) fn store<'a>(&self, world: &'a mut World) -> &'a mut Store {
        of(world, &self.account, self.region)
    }
}

/// Schedules what is next for a resource of the caller's.
pub(super) fn later(cx: &mut Cx, id: &str, pace: Pace) {
    let place = Place { account: cx.account.clone(), region: cx.region, id: id.to_owned() };
    let due = cx.world.now + pace.time(cx.world.settings.cadence);
    at(cx.world, &place, due);
}

/// Schedules what is next for a resource.
pub(super) fn at(world: &mut World, place: &Place, due: Time) {
    world.jobs.at(due, Job::Ec2Transition(place.clone()));
}

/// Brings a resource to its next state.
pub fn settle(world: &mut World, place: &Place) {
    match place.id.split_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => instance_states::settle(world, place),
        "nat" => nat_gateways::settle(world, place),
        "pcx" => peerings::settle(world, place),
        "vpce" => super::endpoints::settle(world, place),
        _ => {}
    }
    figures::schedule(world, &place.account, place.region);
}
