//! What interfaces see, on its way into the windows of flow logs.

use std::collections::HashMap;

use crate::network::flow_logs::{Facts, Windows};
use crate::network::{Vantage, Walk};
use crate::world::World;

use super::super::traffic::Model;
use super::{Place, follow, log_group, places};

/// The windows of all flow logs, while traffic is led through the networks. They are out of the world from `begin` to
/// `end`, so that nobody needs to be looked up for each flow.
pub struct Gathering<'m> {
    model: &'m Model,
    logs: Vec<Gatherer>,
    /// The flow logs of VPCs, subnets and interfaces, by their places in `logs`.
    of_resource: HashMap<String, Vec<usize>>,
    /// Those that cover an interface, by its place in the network.
    of_interface: Vec<Vec<usize>>,
}

struct Gatherer {
    place: Place,
    windows: Windows,
    was_quiet: bool,
}

impl<'m> Gathering<'m> {
    pub fn begin(world: &mut World, model: &'m Model) -> Gathering<'m> {
        let mut gathering =
            Gathering { model, logs: Vec::new(), of_resource: HashMap::new(), of_interface: Vec::new() };
        for place in places(world) {
            let Some(log) = place.find_mut(world) else { continue };
            let windows = std::mem::replace(&mut log.windows, Windows::new(log.interval_s));
            gathering.of_resource.entry(log.resource.clone()).or_default().push(gathering.logs.len());
            gathering.logs.push(Gatherer { place, was_quiet: windows.next_end_s().is_none(), windows });
        }
        let interfaces = model.viewpoints.interfaces().iter();
        gathering.of_interface = interfaces.map(|facts| gathering.covering(facts)).collect();
        gathering
    }

    /// Takes in what interfaces saw of a flow, for the flow logs that cover them.
    pub fn see(&mut self, walk: &Walk) {
        for seen in walk.observations() {
            let of_gateway;
            let covering = match seen.seen_at {
                Vantage::Interface(interface) => self.of_interface.get(interface as usize),
                gateway => {
                    of_gateway = self.model.viewpoints.facts(gateway).map(|facts| self.covering(facts));
                    of_gateway.as_ref()
                }
            };
            for log in covering.into_iter().flatten() {
                self.logs[*log].windows.add(seen, &self.model.viewpoints);
            }
        }
    }

    /// Gives the windows back to the flow logs.
    pub fn end(self, world: &mut World) {
        for Gatherer { place, windows, was_quiet } in self.logs {
            let Some(log) = place.find_mut(world) else { continue };
            let sees_first = was_quiet && windows.next_end_s().is_some();
            log.windows = windows;
            if sees_first {
                log_group::open(world, &place);
            }
            follow(world, &place);
        }
    }

    fn covering(&self, facts: &Facts) -> Vec<usize> {
        let ids = [Some(&facts.vpc_id), facts.subnet_id.as_ref(), facts.interface_id.as_ref()];
        ids.into_iter().flatten().filter_map(|id| self.of_resource.get(id)).flatten().copied().collect()
    }
}
