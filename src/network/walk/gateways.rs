//! Routes, and what they lead to.

use std::net::{IpAddr, Ipv4Addr};

use super::super::flow::{ICMP, ICMPV6, TCP};
use super::super::index::Public;
use super::super::index::routes::Hop;
use super::super::refusal::Refusal;
use super::interfaces::is_tracked_by_kind;
use super::{Action, Component, Decision, Direction, End, TrafficPath, Turn, Walker};

impl Walker<'_> {
    /// The route of a subnet's table to the packet's destination.
    pub(super) fn route(&mut self, subnet: u32) -> Result<Hop, Refusal> {
        let table = self.network.subnets[subnet as usize].table;
        let component = Component::RouteTable(table);
        match (self.network.tables[table as usize].to(self.packet.destination), self.from_nat_over) {
            (Some((route, hop)), _) => {
                self.step(component, Decision::Route(route));
                Ok(hop)
            }
            (None, Some(peering)) if self.answering => {
                self.step(component, Decision::ReturnToSender);
                Ok(Hop::Peering(peering))
            }
            (None, _) => {
                self.step(component, Decision::Refused(Refusal::NoRoute));
                Err(Refusal::NoRoute)
            }
        }
    }

    /// Goes where a route leads, from an interface.
    pub(super) fn follow(&mut self, hop: Hop, interface: u32) -> Turn {
        let (vpc, subnet) = {
            let index = &self.network.interfaces[interface as usize];
            (index.vpc, index.subnet)
        };
        match hop {
            Hop::Local => self.within(vpc, interface),
            Hop::Interface(middlebox) => Turn::Arrive(middlebox, Some(subnet)),
            Hop::InternetGateway(gateway) => self.leave_by_gateway(gateway, vpc),
            Hop::EgressOnlyGateway(gateway) => {
                self.track(interface, Direction::Egress);
                self.by_egress_only(gateway)
            }
            Hop::Nat(nat) => {
                self.track(interface, Direction::Egress);
                self.reach_nat(nat, vpc, subnet)
            }
            Hop::Peering(peering) => self.over_peering(peering, vpc),
            Hop::Endpoint(endpoint) => {
                if self.network.topology().gateway_endpoints[endpoint as usize].dynamodb {
                    self.track(interface, Direction::Egress);
                }
                self.call_endpoint(endpoint)
            }
            Hop::Blackhole => self.refuse_route(subnet, Refusal::RouteIsBlackhole),
            Hop::Other => self.refuse_route(subnet, Refusal::NotModelled),
        }
    }

    fn refuse_route(&mut self, subnet: u32, refusal: Refusal) -> Turn {
        let table = self.network.subnets[subnet as usize].table;
        self.refuse(Component::RouteTable(table), refusal)
    }

    /// To another interface of the VPC.
    fn within(&mut self, vpc: u32, interface: u32) -> Turn {
        let network = self.network;
        let subnet = network.interfaces[interface as usize].subnet;
        match network.vpcs[vpc as usize].addresses.get(&self.packet.destination) {
            Some(other) => {
                if is_tracked_by_kind(network.topology().interfaces[*other as usize].kind) {
                    self.track(interface, Direction::Egress);
                }
                Turn::Arrive(*other, Some(subnet))
            }
            None => self.refuse(Component::Vpc(vpc), Refusal::NobodyThere),
        }
    }

    /// Out by an internet gateway, which gives IPv4 packets their public source.
    pub(super) fn leave_by_gateway(&mut self, gateway: u32, vpc: u32) -> Turn {
        let component = Component::InternetGateway(gateway);
        if self.network.gateways[gateway as usize] != Some(vpc) {
            return self.refuse(component, Refusal::GatewayNotAttached);
        }
        if let IpAddr::V4(destination) = self.packet.destination {
            if destination.is_private() {
                return self.refuse(component, Refusal::InternetIsNotPrivate);
            }
            if is_shared(destination) {
                return self.refuse(component, Refusal::InternetIsNotShared);
            }
        }
        match self.public_source(vpc) {
            Some(public) => self.packet.source = public,
            None => return self.refuse(component, Refusal::NoPublicAddress),
        }
        self.step(component, Decision::Passed);
        self.out()
    }

    /// On the internet. What has an address here comes in again.
    fn out(&mut self) -> Turn {
        match self.network.public.contains_key(&self.packet.destination) {
            true => Turn::Internet,
            false => self.done(Component::Internet, End::Internet),
        }
    }

    /// The public address of the interface that sends, or its IPv6 address.
    fn public_source(&self, vpc: u32) -> Option<IpAddr> {
        let source = self.packet.source;
        let interface = *self.network.vpcs[vpc as usize].addresses.get(&source)?;
        let interface = &self.network.topology().interfaces[interface as usize];
        match source {
            IpAddr::V6(_) => Some(source),
            IpAddr::V4(source) => {
                let address = interface.addresses.iter().find(|address| address.private == source);
                address.and_then(|address| address.public).map(IpAddr::V4)
            }
        }
    }

    fn by_egress_only(&mut self, gateway: u32) -> Turn {
        let component = Component::EgressOnlyGateway(gateway);
        if self.packet.source.is_ipv4() {
            return self.refuse(component, Refusal::EgressOnlyIsIpv6);
        }
        if self.answering {
            return self.refuse(component, Refusal::EgressOnly);
        }
        self.egress_only = true;
        self.step(component, Decision::Passed);
        self.out()
    }

    /// In from the internet: by the internet gateway of the VPC that has the address.
    pub(super) fn enter(&mut self) -> Turn {
        let network = self.network;
        if self.steps.is_empty() {
            self.step(Component::Internet, Decision::Passed);
        }
        let (vpc, interface, own) = match network.public.get(&self.packet.destination) {
            None => return self.refuse(Component::Internet, Refusal::NotAPublicAddress),
            Some(Public::RegionalNat(nat)) => return self.back_to_regional_nat(*nat),
            Some(Public::Interface(interface, own)) => (network.interfaces[*interface as usize].vpc, *interface, *own),
        };
        let by_egress_only = self.answering && self.egress_only && self.packet.destination.is_ipv6();
        let component = match network.vpcs[vpc as usize].gateway {
            _ if by_egress_only => Component::Vpc(vpc),
            Some(gateway) => Component::InternetGateway(gateway),
            None => return self.refuse(Component::Vpc(vpc), Refusal::NoInternetGateway),
        };
        if let IpAddr::V4(source) = self.packet.source {
            if source.is_private() {
                return self.refuse(component, Refusal::FromPrivateAddress);
            }
            if is_shared(source) {
                return self.refuse(component, Refusal::FromSharedAddress);
            }
        }
        self.packet.destination = own;
        let hop = match component {
            Component::InternetGateway(gateway) => Hop::InternetGateway(gateway),
            _ => Hop::EgressOnlyGateway(0),
        };
        if self.is_public_access_blocked(interface, hop) {
            self.observe(interface, Direction::Ingress, Action::RejectBpa, None);
            return self.refuse(component, Refusal::PublicAccessBlocked);
        }
        self.step(component, Decision::Passed);
        Turn::Arrive(interface, None)
    }

    fn over_peering(&mut self, peering: u32, vpc: u32) -> Turn {
        let component = Component::Peering(peering);
        let network = self.network;
        let Some(ends) = network.peerings[peering as usize] else {
            return self.refuse(component, Refusal::PeeringIsDown);
        };
        if !network.topology().peerings[peering as usize].active {
            return self.refuse(component, Refusal::PeeringIsDown);
        }
        let other = if ends.requester == vpc { ends.accepter } else { ends.requester };
        let holds =
            |vpc: u32, address| network.topology().vpcs[vpc as usize].cidrs.iter().any(|cidr| cidr.contains(address));
        let mine = ends.requester == vpc || ends.accepter == vpc;
        if !mine || !holds(vpc, self.packet.source) || !holds(other, self.packet.destination) {
            return self.refuse(component, Refusal::PeeringAddresses);
        }
        let sender = network.vpcs[vpc as usize].addresses.get(&self.packet.source);
        if sender.is_some_and(|sender| network.interfaces[*sender as usize].nat.is_some()) {
            self.from_nat_over = Some(peering);
        }
        self.step(component, Decision::Passed);
        match network.vpcs[other as usize].addresses.get(&self.packet.destination) {
            Some(interface) => Turn::Arrive(*interface, None),
            None => self.refuse(Component::Vpc(other), Refusal::NobodyThere),
        }
    }

    pub(super) fn peering_path(&self, peering: u32) -> TrafficPath {
        let vpcs = &self.network.topology().vpcs;
        let region = |vpc: u32| vpcs[vpc as usize].region.as_str();
        match self.network.peerings[peering as usize] {
            Some(ends) if region(ends.requester) != region(ends.accepter) => TrafficPath::PeeringOfRegions,
            _ => TrafficPath::Peering,
        }
    }

    /// To the service behind a gateway endpoint.
    fn call_endpoint(&mut self, endpoint: u32) -> Turn {
        let component = Component::Endpoint(endpoint);
        if !self.network.topology().gateway_endpoints[endpoint as usize].available {
            return self.refuse(component, Refusal::EndpointIsDown);
        }
        match (self.packet.protocol, self.packet.icmp.0) {
            (TCP, _) | (ICMP, 8) | (ICMPV6, 128) => self.done(component, End::Endpoint(endpoint)),
            _ => self.refuse(component, Refusal::EndpointProtocol),
        }
    }

    /// The answer of such a service.
    pub(super) fn enter_from_endpoint(&mut self, endpoint: u32) -> Turn {
        self.step(Component::Endpoint(endpoint), Decision::Passed);
        let Some(vpc) = self.network.endpoints[endpoint as usize] else {
            return self.refuse(Component::Endpoint(endpoint), Refusal::NobodyThere);
        };
        match self.network.vpcs[vpc as usize].addresses.get(&self.packet.destination) {
            Some(interface) => Turn::Arrive(*interface, None),
            None => self.refuse(Component::Vpc(vpc), Refusal::NobodyThere),
        }
    }
}

/// RFC 6598: 100.64.0.0/10.
fn is_shared(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 64..=127, ..])
}
