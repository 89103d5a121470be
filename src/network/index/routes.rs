//! Route tables: the longest prefix, then AWS's order of priority
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>).

use std::net::IpAddr;

use super::super::cidr::Cidr;
use super::super::topology::{Route, RouteDestination, RouteTable, Target};
use super::Names;
use super::ranges::Longest;

/// A target, by its place in the topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    Local,
    InternetGateway(u32),
    EgressOnlyGateway(u32),
    Nat(u32),
    Peering(u32),
    Endpoint(u32),
    Interface(u32),
    Blackhole,
    Other,
}

#[derive(Debug)]
pub struct Routes {
    longest: Longest,
    hops: Vec<Hop>,
}

impl Routes {
    pub fn new(table: &RouteTable, lists: &dyn Fn(&str) -> Vec<Cidr>, names: &Names) -> Routes {
        let mut blocks: Vec<(u8, Cidr, u32)> = Vec::new();
        for (number, route) in (0..).zip(&table.routes) {
            let cidrs = match &route.destination {
                RouteDestination::Cidr(cidr) => vec![*cidr],
                RouteDestination::PrefixList(id) => lists(id),
            };
            blocks.extend(cidrs.into_iter().map(|cidr| (priority(route), cidr, number)));
        }
        blocks.sort_by_key(|(priority, ..)| *priority);
        let blocks: Vec<_> = blocks.into_iter().map(|(_, cidr, number)| (cidr, number)).collect();
        let hops = table.routes.iter().map(|route| hop(&route.target, names)).collect();
        Routes { longest: Longest::new(&blocks), hops }
    }

    /// The route's place in its table, and where it leads.
    pub fn to(&self, address: IpAddr) -> Option<(u32, Hop)> {
        let route = self.longest.at(address)?;
        Some((route, *self.hops.get(route as usize)?))
    }
}

/// Of routes with the same destination: static ones, those of prefix lists, propagated ones.
fn priority(route: &Route) -> u8 {
    match (&route.destination, route.propagated) {
        (_, true) => 2,
        (RouteDestination::PrefixList(_), false) => 1,
        (RouteDestination::Cidr(_), false) => 0,
    }
}

fn hop(target: &Target, names: &Names) -> Hop {
    let known = |place: Option<&u32>, hop: fn(u32) -> Hop| place.map_or(Hop::Blackhole, |place| hop(*place));
    match target {
        Target::Local => Hop::Local,
        Target::InternetGateway(id) => known(names.internet_gateways.get(id), Hop::InternetGateway),
        Target::EgressOnlyGateway(id) => known(names.egress_only_gateways.get(id), Hop::EgressOnlyGateway),
        Target::NatGateway(id) => known(names.nat_gateways.get(id), Hop::Nat),
        Target::Peering(id) => known(names.peerings.get(id), Hop::Peering),
        Target::GatewayEndpoint(id) => known(names.endpoints.get(id), Hop::Endpoint),
        Target::Interface(id) => known(names.interfaces.get(id), Hop::Interface),
        Target::Blackhole => Hop::Blackhole,
        Target::Other(_) => Hop::Other,
    }
}
