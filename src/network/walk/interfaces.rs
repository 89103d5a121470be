//! Packets at a network interface: leaving, arriving, passing through.

use std::net::IpAddr;

use super::super::flow::Packet;
use super::super::index::routes::Hop;
use super::super::quiet::{self, AwsService};
use super::super::refusal::Refusal;
use super::super::topology::{BlockPublicAccess, Forwarding, InterfaceKind};
use super::{Action, Component, Decision, Direction, End, Observation, Outcome, TrafficPath, Turn, Vantage, Walker};

impl Walker<'_> {
    /// A packet that the interface sends, its own or one that it forwards.
    pub(super) fn leave(&mut self, interface: u32) -> Turn {
        let network = self.network;
        let (index, facts) =
            (&network.interfaces[interface as usize], &network.topology().interfaces[interface as usize]);
        if !index.up {
            return self.refuse(Component::Interface(interface), Refusal::InterfaceIsDown);
        }
        self.step(Component::Interface(interface), Decision::Passed);
        if let Some(service) = self.aws_service(index.vpc) {
            return self.reach_aws(index.vpc, service);
        }
        if facts.kind == InterfaceKind::VpcEndpoint && !self.answering {
            return self.refuse(Component::Interface(interface), Refusal::EndpointDoesNotCall);
        }
        let stays = self.stays_in(index.subnet);
        let filtered = self.ask_groups(interface, Direction::Egress).and_then(|()| match stays {
            true => Ok(()),
            false => self.ask_acl(index.subnet, Direction::Egress),
        });
        if let Err(refusal) = filtered {
            self.observe(interface, Direction::Egress, Action::Reject, None);
            return Turn::Done(Outcome::Refused(refusal));
        }
        let hop = if stays { Ok(Hop::Local) } else { self.route(index.subnet) };
        if hop.is_ok_and(|hop| self.is_public_access_blocked(interface, hop)) {
            self.observe(interface, Direction::Egress, Action::RejectBpa, None);
            return self.refuse(Component::Interface(interface), Refusal::PublicAccessBlocked);
        }
        let path = hop.ok().and_then(|hop| self.path(hop));
        self.observe(interface, Direction::Egress, Action::Accept, path);
        match hop {
            Ok(hop) => self.follow(hop, interface),
            Err(refusal) => Turn::Done(Outcome::Refused(refusal)),
        }
    }

    /// A packet that comes to an interface: for its host, or for it to forward.
    pub(super) fn arrive(&mut self, interface: u32, from: Option<u32>) -> Turn {
        let network = self.network;
        let (index, facts) =
            (&network.interfaces[interface as usize], &network.topology().interfaces[interface as usize]);
        if !index.up {
            return self.refuse(Component::Interface(interface), Refusal::InterfaceIsDown);
        }
        let filtered = match from == Some(index.subnet) {
            true => Ok(()),
            false => self.ask_acl(index.subnet, Direction::Ingress),
        };
        if let Err(refusal) = filtered.and_then(|()| self.ask_groups(interface, Direction::Ingress)) {
            self.observe(interface, Direction::Ingress, Action::Reject, None);
            return Turn::Done(Outcome::Refused(refusal));
        }
        if is_tracked_by_kind(facts.kind) {
            self.track(interface, Direction::Ingress);
        }
        let own = self.owns(interface, self.packet.destination);
        if !own && facts.source_dest_check && index.nat.is_none() {
            self.observe(interface, Direction::Ingress, Action::Reject, None);
            return self.refuse(Component::Interface(interface), Refusal::SourceDestCheck);
        }
        self.observe(interface, Direction::Ingress, Action::Accept, None);
        match (index.nat, own) {
            (Some(nat), _) => self.through_nat(nat, interface, own),
            (None, true) if self.restore(interface) => Turn::Leave(interface),
            (None, true) => self.done(Component::Interface(interface), End::Interface(interface)),
            (None, false) => self.forward(interface, facts.forwarding),
        }
    }

    /// What a router, a firewall or a NAT instance does with packets for others.
    fn forward(&mut self, interface: u32, forwarding: Forwarding) -> Turn {
        match forwarding {
            Forwarding::Nothing => return self.refuse(Component::Interface(interface), Refusal::DoesNotForward),
            Forwarding::Masquerades if !self.answering => self.masquerade(interface),
            Forwarding::Masquerades | Forwarding::Routes => {}
        }
        self.senders_known = false;
        Turn::Leave(interface)
    }

    /// Traffic with AWS itself, which nothing filters and no log shows.
    fn aws_service(&self, vpc: u32) -> Option<AwsService> {
        let reserved = &self.network.vpcs[vpc as usize].reserved;
        quiet::service(&self.packet, |address: IpAddr| reserved.get(&address).copied())
    }

    fn reach_aws(&mut self, vpc: u32, service: AwsService) -> Turn {
        let has_resolver = self.network.topology().vpcs[vpc as usize].dns_support;
        if service == AwsService::Dns && !has_resolver {
            return self.refuse(Component::Vpc(vpc), Refusal::NoResolver);
        }
        self.done(Component::Vpc(vpc), End::AwsService(service))
    }

    /// Within a subnet there are neither routes nor ACLs.
    fn stays_in(&self, subnet: u32) -> bool {
        let cidrs = &self.network.topology().subnets[subnet as usize].cidrs;
        cidrs.iter().any(|cidr| cidr.contains(self.packet.destination))
    }

    fn owns(&self, interface: u32, address: IpAddr) -> bool {
        let vpc = self.network.interfaces[interface as usize].vpc;
        self.network.vpcs[vpc as usize].addresses.get(&address) == Some(&interface)
    }

    pub(super) fn is_public_access_blocked(&self, interface: u32, hop: Hop) -> bool {
        let index = &self.network.interfaces[interface as usize];
        let block = self.network.topology().subnets[index.subnet as usize].block_public_access;
        match hop {
            Hop::InternetGateway(_) => match block {
                BlockPublicAccess::Off => false,
                BlockPublicAccess::Ingress => index.nat.is_none(),
                BlockPublicAccess::Bidirectional => true,
            },
            Hop::EgressOnlyGateway(_) => block == BlockPublicAccess::Bidirectional,
            _ => false,
        }
    }

    fn path(&self, hop: Hop) -> Option<TrafficPath> {
        match hop {
            Hop::Local | Hop::Nat(_) | Hop::Interface(_) => Some(TrafficPath::SameVpc),
            Hop::InternetGateway(_) | Hop::EgressOnlyGateway(_) => Some(TrafficPath::InternetGateway),
            Hop::Endpoint(_) => Some(TrafficPath::GatewayEndpoint),
            Hop::Peering(peering) => Some(self.peering_path(peering)),
            Hop::Blackhole | Hop::Other => None,
        }
    }

    /// What flow logs of an interface show (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>,
    /// and the limitations): its end of the traffic always has its primary private address.
    pub(super) fn observe(&mut self, interface: u32, direction: Direction, action: Action, path: Option<TrafficPath>) {
        let packet = self.packet;
        let (mut source, mut destination) = (packet.source, packet.destination);
        match direction {
            Direction::Egress => source = self.shown(interface, source),
            Direction::Ingress => destination = self.shown(interface, destination),
        }
        let seen_at = Vantage::Interface(interface);
        self.observations.push(observation(seen_at, direction, action, (source, destination), &packet, path));
    }

    /// The primary private IPv4 address, or the IPv6 address that the interface uses.
    fn shown(&self, interface: u32, address: IpAddr) -> IpAddr {
        let facts = &self.network.topology().interfaces[interface as usize];
        let own = match address {
            IpAddr::V4(_) => facts.addresses.first().map(|own| IpAddr::V4(own.private)),
            IpAddr::V6(_) if self.owns(interface, address) => Some(address),
            IpAddr::V6(_) => facts.ipv6.first().copied().map(IpAddr::V6),
        };
        own.unwrap_or(address)
    }
}

/// Without volume and times, which come when the whole flow is known.
pub(super) fn observation(
    seen_at: Vantage,
    direction: Direction,
    action: Action,
    (source, destination): (IpAddr, IpAddr),
    packet: &Packet,
    path: Option<TrafficPath>,
) -> Observation {
    Observation {
        seen_at,
        direction,
        action,
        source,
        destination,
        packet: *packet,
        path,
        tcp_flags: 0,
        packets: 0,
        bytes: 0,
        start_s: 0,
        end_s: 0,
    }
}

/// Interfaces whose connections are tracked whatever the rules say.
pub(super) fn is_tracked_by_kind(kind: InterfaceKind) -> bool {
    matches!(kind, InterfaceKind::VpcEndpoint | InterfaceKind::NetworkLoadBalancer)
}
