//! Address translation: NAT gateways, zonal and regional, and NAT instances
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>).

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::super::flow::{ICMP, Packet, TCP, UDP};
use super::super::index::Quick;
use super::super::refusal::Refusal;
use super::super::topology::NatPlace;
use super::interfaces::observation;
use super::{Action, Component, Decision, Direction, TrafficPath, Turn, Vantage, Walker};

/// A connection through something that translates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Translation {
    by: Vantage,
    inside: Packet,
    outside: Packet,
}

/// NAT gateways send from the ports 1024 to 65535.
const PORT_FIRST: u16 = 1024;

impl Walker<'_> {
    /// To a NAT gateway, by a route.
    pub(super) fn reach_nat(&mut self, nat: u32, vpc: u32, subnet: u32) -> Turn {
        let network = self.network;
        let component = Component::NatGateway(nat);
        if network.nats[nat as usize].vpc != vpc {
            return self.refuse(component, Refusal::NatElsewhere);
        }
        if !network.topology().nat_gateways[nat as usize].available {
            return self.refuse(component, Refusal::NatIsDown);
        }
        match network.nats[nat as usize].interface {
            Some(interface) => Turn::Arrive(interface, Some(subnet)),
            None => self.through_regional_nat(nat, vpc),
        }
    }

    /// What a zonal NAT gateway does with what comes to its interface.
    pub(super) fn through_nat(&mut self, nat: u32, interface: u32, own: bool) -> Turn {
        let component = Component::NatGateway(nat);
        if own {
            // Only answers come to its own address. Others are dropped, though the interface logs them as accepted.
            return match self.restore(interface) {
                true => {
                    self.step(component, Decision::Passed);
                    Turn::Leave(interface)
                }
                false => self.refuse(component, Refusal::NatUnasked),
            };
        }
        if let Err(refusal) = self.check_nat(nat) {
            return self.refuse(component, refusal);
        }
        self.masquerade(interface);
        self.step(component, Decision::Passed);
        Turn::Leave(interface)
    }

    fn check_nat(&self, nat: u32) -> Result<(), Refusal> {
        let vpc = self.network.nats[nat as usize].vpc;
        let is_inside = self.network.vpcs[vpc as usize].addresses.contains_key(&self.packet.source);
        match self.packet.protocol {
            _ if self.answering => Err(Refusal::NatUnasked),
            _ if self.packet.source.is_ipv6() => Err(Refusal::NatProtocol),
            TCP | UDP | ICMP if is_inside => Ok(()),
            TCP | UDP | ICMP => Err(Refusal::NatElsewhere),
            _ => Err(Refusal::NatProtocol),
        }
    }

    /// Sends on under the interface's own address.
    pub(super) fn masquerade(&mut self, interface: u32) {
        if let Some(own) = self.network.interfaces[interface as usize].primary {
            self.translate(Vantage::Interface(interface), own);
        }
    }

    fn translate(&mut self, by: Vantage, own: IpAddr) {
        let inside = self.packet;
        self.packet.source = own;
        if matches!(inside.protocol, TCP | UDP) {
            self.packet.source_port = port_for(&inside);
        }
        self.translations.push(Translation { by, inside, outside: self.packet });
    }

    /// If the packet answers one that the interface translated: makes it an answer to the original one.
    pub(super) fn restore(&mut self, interface: u32) -> bool {
        self.restore_at(Vantage::Interface(interface))
    }

    fn restore_at(&mut self, by: Vantage) -> bool {
        let packet = self.packet;
        let answers = |translation: &&Translation| {
            let expected = translation.outside.answer();
            translation.by == by
                && (expected.source, expected.destination) == (packet.source, packet.destination)
                && (expected.source_port, expected.destination_port) == (packet.source_port, packet.destination_port)
        };
        let found = self.translations.iter().rev().find(answers).filter(|_| self.answering);
        let Some(inside) = found.map(|translation| translation.inside) else { return false };
        self.packet.destination = inside.source;
        self.packet.destination_port = inside.source_port;
        true
    }

    /// A regional NAT gateway has no interface; its flow logs name the gateway, and show packets as they are.
    fn through_regional_nat(&mut self, nat: u32, vpc: u32) -> Turn {
        let component = Component::NatGateway(nat);
        if let Err(refusal) = self.check_nat(nat) {
            return self.refuse(component, refusal);
        }
        self.observe_regional(nat, Direction::Ingress, None);
        if let NatPlace::Regional { address, .. } = self.network.topology().nat_gateways[nat as usize].place {
            self.translate(Vantage::RegionalNat(nat), address.into());
        }
        self.step(component, Decision::Passed);
        let Some(gateway) = self.network.vpcs[vpc as usize].gateway else {
            return self.refuse(component, Refusal::NoInternetGateway);
        };
        self.observe_regional(nat, Direction::Egress, Some(TrafficPath::InternetGateway));
        self.step(Component::InternetGateway(gateway), Decision::Passed);
        self.out_of_regional_nat(gateway)
    }

    fn out_of_regional_nat(&mut self, gateway: u32) -> Turn {
        match self.packet.destination {
            IpAddr::V4(address) if address.is_private() => {
                self.refuse(Component::InternetGateway(gateway), Refusal::InternetIsNotPrivate)
            }
            address if self.network.public.contains_key(&address) => Turn::Internet,
            _ => self.done(Component::Internet, super::End::Internet),
        }
    }

    pub(super) fn back_to_regional_nat(&mut self, nat: u32) -> Turn {
        let component = Component::NatGateway(nat);
        let vpc = self.network.nats[nat as usize].vpc;
        if let Some(gateway) = self.network.vpcs[vpc as usize].gateway {
            self.step(Component::InternetGateway(gateway), Decision::Passed);
        }
        self.observe_regional(nat, Direction::Ingress, None);
        if !self.restore_at(Vantage::RegionalNat(nat)) {
            return self.refuse(component, Refusal::NatUnasked);
        }
        self.step(component, Decision::Passed);
        self.observe_regional(nat, Direction::Egress, Some(TrafficPath::SameVpc));
        match self.network.vpcs[vpc as usize].addresses.get(&self.packet.destination) {
            Some(interface) => Turn::Arrive(*interface, None),
            None => self.refuse(Component::Vpc(vpc), Refusal::NobodyThere),
        }
    }

    fn observe_regional(&mut self, nat: u32, direction: Direction, path: Option<TrafficPath>) {
        let packet = self.packet;
        let seen_at = Vantage::RegionalNat(nat);
        let ends = (packet.source, packet.destination);
        self.observations.push(observation(seen_at, direction, Action::Accept, ends, &packet, path));
    }
}

/// The same connection always gets the same port.
fn port_for(packet: &Packet) -> u16 {
    let mut hasher = Quick::default();
    packet.hash(&mut hasher);
    let ports = u64::from(u16::MAX - PORT_FIRST) + 1;
    PORT_FIRST + (hasher.finish() % ports) as u16
}
