//! What records say about the places where packets are seen, for all places of a network.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::flow::Packet;
use super::super::index::Network;
use super::super::index::ranges::Longest;
use super::super::topology::{Interface, InterfaceKind, NatGateway, NatPlace, Topology};
use super::super::walk::Vantage;
use super::record::Facts;

/// The facts of all interfaces and regional NAT gateways, and the names of AWS's address ranges. Made once for a network.
#[derive(Debug)]
pub struct Viewpoints {
    interfaces: Vec<Arc<Facts>>,
    /// Zonal NAT gateways have none of their own.
    nats: Vec<Option<Arc<Facts>>>,
    ranges: Longest,
    names: Vec<Arc<str>>,
}

impl Viewpoints {
    pub fn new(network: &Network) -> Viewpoints {
        let parts = network.topology();
        let ranges: Vec<_> = (0..).zip(&parts.service_ranges).map(|(number, range)| (range.cidr, number)).collect();
        Viewpoints {
            interfaces: (0..)
                .zip(&parts.interfaces)
                .map(|(place, part)| Arc::new(of_interface(network, place, part)))
                .collect(),
            nats: parts.nat_gateways.iter().map(|part| of_nat(part, parts).map(Arc::new)).collect(),
            ranges: Longest::new(&ranges),
            names: parts.service_ranges.iter().map(|range| range.service.as_str().into()).collect(),
        }
    }

    pub fn facts(&self, at: Vantage) -> Option<&Arc<Facts>> {
        match at {
            Vantage::Interface(place) => self.interfaces.get(place as usize),
            Vantage::RegionalNat(place) => self.nats.get(place as usize)?.as_ref(),
        }
    }

    /// The facts of all interfaces.
    pub fn interfaces(&self) -> &[Arc<Facts>] {
        &self.interfaces
    }

    /// `pkt-src-aws-service` and `pkt-dst-aws-service`.
    pub(super) fn services(&self, packet: &Packet) -> [Option<&Arc<str>>; 2] {
        let name = |address: IpAddr| self.names.get(self.ranges.at(address)? as usize);
        [name(packet.source), name(packet.destination)]
    }
}

fn of_interface(network: &Network, place: usize, interface: &Interface) -> Facts {
    let (parts, index) = (network.topology(), &network.interfaces[place]);
    let (subnet, vpc) = (&parts.subnets[index.subnet as usize], &parts.vpcs[index.vpc as usize]);
    let is_own = interface.kind == InterfaceKind::Instance;
    let attachment = interface.attachment.as_ref().filter(|_| is_own);
    let sublocation = subnet.sublocation.as_ref();
    Facts {
        interface_id: Some(interface.id.clone()),
        account_id: interface.owner.clone(),
        vpc_id: vpc.id.clone(),
        subnet_id: Some(subnet.id.clone()),
        instance_id: attachment.map(|attachment| attachment.instance.clone()),
        region: vpc.region.clone(),
        az_id: subnet.az_id.clone().filter(|_| sublocation.is_none()),
        sublocation: sublocation.map(|place| (place.kind.clone(), place.id.clone())),
        resource_id: None,
        ecs: None,
    }
}

fn of_nat(nat: &NatGateway, parts: &Topology) -> Option<Facts> {
    let NatPlace::Regional { vpc, .. } = &nat.place else { return None };
    let vpc = parts.vpcs.iter().find(|part| part.id == *vpc)?;
    Some(Facts {
        account_id: vpc.owner.clone(),
        vpc_id: vpc.id.clone(),
        region: vpc.region.clone(),
        resource_id: Some(nat.id.clone()),
        ..Facts::default()
    })
}
