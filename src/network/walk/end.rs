//! Where a flow begins, and what its packets look like there.

use std::fmt;
use std::net::IpAddr;

use super::super::flow::{Flow, ICMP, ICMPV6, Packet, Place};
use super::super::index::{Network, Public};
use super::Turn;

/// A flow that makes no sense in this network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowFault {
    /// No interface or instance has this id.
    Unknown(String),
    /// The interface has no address that could be used.
    NoAddress(String),
    /// The address is in a VPC, but no interface has it.
    NobodyAt(IpAddr),
    /// Interfaces in several VPCs have the address.
    SeveralAt(IpAddr),
    /// One end is IPv4, the other one IPv6.
    Families,
    /// Both ends are on the internet.
    BothOutside,
    /// It would last longer than [`DURATION_S_MAX`].
    TooLong,
}

/// The longest that a flow may last, in seconds: 30 days. Each window of time that a flow touches is a record.
pub const DURATION_S_MAX: u32 = 30 * 86_400;

/// One end: an interface or a host outside, and its address.
struct Found {
    interface: Option<u32>,
    address: IpAddr,
}

impl Network {
    /// Whether a flow can be walked: it has both ends, one of them here.
    pub fn check(&self, flow: &Flow) -> Result<(), FlowFault> {
        self.resolve(flow).map(|_| ())
    }

    pub(super) fn resolve(&self, flow: &Flow) -> Result<(Turn, Packet), FlowFault> {
        if flow.duration_s > DURATION_S_MAX {
            return Err(FlowFault::TooLong);
        }
        let (source, destination) = match (&flow.source, &flow.destination) {
            (Place::Address(source), Place::Address(destination)) => {
                (self.sender(*source, self.public_at(*destination))?, self.outside(*destination))
            }
            (Place::Address(source), Place::Resource(id)) => {
                let interface = self.resource(id)?;
                let source = self.sender(*source, Some(interface))?;
                let address = self.address_for(interface, source.interface, source.address.is_ipv4());
                (source, self.at(interface, address.ok_or_else(|| FlowFault::NoAddress(id.clone()))?))
            }
            (Place::Resource(id), Place::Address(destination)) => {
                (self.own_end(id, destination.is_ipv4())?, self.outside(*destination))
            }
            (Place::Resource(id), Place::Resource(other)) => {
                let (interface, destination) = (self.resource(id)?, self.resource(other)?);
                let is_v4 = self.primary_is_v4(interface) && self.primary_is_v4(destination);
                let address = self.address_for(destination, Some(interface), is_v4);
                let address = address.ok_or_else(|| FlowFault::NoAddress(other.clone()))?;
                (self.own_end(id, is_v4)?, self.at(destination, address))
            }
        };
        if source.address.is_ipv4() != destination.address.is_ipv4() {
            return Err(FlowFault::Families);
        }
        let packet = packet(flow, source.address, destination.address);
        match source.interface {
            Some(interface) => Ok((Turn::Leave(interface), packet)),
            None if destination.interface.is_none() && !self.is_inside(destination.address) => {
                Err(FlowFault::BothOutside)
            }
            None => Ok((Turn::Internet, packet)),
        }
    }

    fn resource(&self, id: &str) -> Result<u32, FlowFault> {
        self.resources.get(id).copied().ok_or_else(|| FlowFault::Unknown(id.to_owned()))
    }

    fn at(&self, interface: u32, address: IpAddr) -> Found {
        Found { interface: Some(interface), address }
    }

    fn outside(&self, address: IpAddr) -> Found {
        Found { interface: self.public_at(address), address }
    }

    /// The sender with an address. A public address is the interface's that has it; a private one is looked for in the
    /// VPC of the other end first.
    fn sender(&self, address: IpAddr, other: Option<u32>) -> Result<Found, FlowFault> {
        if let Some(Public::Interface(interface, own)) = self.public.get(&address) {
            return Ok(self.at(*interface, *own));
        }
        let in_vpc = |vpc: u32| self.vpcs[vpc as usize].addresses.get(&address).copied();
        if let Some(interface) = other.and_then(|other| in_vpc(self.interfaces[other as usize].vpc)) {
            return Ok(self.at(interface, address));
        }
        let mut found = (0..self.vpcs.len() as u32).filter_map(in_vpc);
        match (found.next(), found.next()) {
            (Some(interface), None) => Ok(self.at(interface, address)),
            (Some(_), Some(_)) => Err(FlowFault::SeveralAt(address)),
            (None, _) if self.is_inside(address) => Err(FlowFault::NobodyAt(address)),
            (None, _) => Ok(Found { interface: None, address }),
        }
    }

    /// An interface as source.
    fn own_end(&self, id: &str, is_v4: bool) -> Result<Found, FlowFault> {
        let interface = self.resource(id)?;
        let address = self.private_of(interface, is_v4).ok_or_else(|| FlowFault::NoAddress(id.to_owned()))?;
        Ok(self.at(interface, address))
    }

    /// The address under which a sender reaches an interface: the private one inside the VPC or from a peered one, else
    /// the public one if there is one.
    fn address_for(&self, interface: u32, sender: Option<u32>, is_v4: bool) -> Option<IpAddr> {
        let private = self.private_of(interface, is_v4);
        let vpc = self.interfaces[interface as usize].vpc;
        let near = |sender: u32| {
            let other = self.interfaces[sender as usize].vpc;
            other == vpc || self.is_peered(other, vpc)
        };
        if !is_v4 || sender.is_some_and(near) {
            return private;
        }
        let addresses = &self.topology().interfaces[interface as usize].addresses;
        let public = addresses.iter().find_map(|address| address.public).map(IpAddr::V4);
        public.or(private)
    }

    fn private_of(&self, interface: u32, is_v4: bool) -> Option<IpAddr> {
        let interface = &self.topology().interfaces[interface as usize];
        match is_v4 {
            true => interface.addresses.first().map(|address| IpAddr::V4(address.private)),
            false => interface.ipv6.first().copied().map(IpAddr::V6),
        }
    }

    fn primary_is_v4(&self, interface: u32) -> bool {
        self.interfaces[interface as usize].primary.is_none_or(|address| address.is_ipv4())
    }

    fn is_peered(&self, one: u32, other: u32) -> bool {
        let mut peerings = self.peerings.iter().zip(&self.topology().peerings);
        peerings.any(|(index, peering)| {
            let ends = index.map(|index| (index.requester, index.accepter));
            peering.active && (ends == Some((one, other)) || ends == Some((other, one)))
        })
    }

    fn public_at(&self, address: IpAddr) -> Option<u32> {
        match self.public.get(&address) {
            Some(Public::Interface(interface, _)) => Some(*interface),
            _ => None,
        }
    }

    /// Whether an address is one of a VPC, or a public one of something here.
    fn is_inside(&self, address: IpAddr) -> bool {
        let vpcs = &self.topology().vpcs;
        self.public.contains_key(&address) || vpcs.iter().any(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(address)))
    }
}

fn packet(flow: &Flow, source: IpAddr, destination: IpAddr) -> Packet {
    let (protocol, icmp) = match (flow.protocol, flow.icmp, source) {
        (ICMP, (8, 0), IpAddr::V6(_)) => (ICMPV6, (128, 0)),
        (ICMP, icmp, IpAddr::V6(_)) | (ICMPV6, icmp, _) => (ICMPV6, icmp),
        (ICMP, icmp, _) => (ICMP, icmp),
        (protocol, ..) => (protocol, (0, 0)),
    };
    let (source_port, destination_port) = (flow.source_port, flow.destination_port);
    let packet = Packet { source, destination, protocol, source_port, destination_port, icmp };
    match packet.is_icmp() {
        true => Packet { source_port: 0, destination_port: 0, ..packet },
        false => packet,
    }
}

impl fmt::Display for FlowFault {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            FlowFault::Unknown(id) => write!(out, "There is no network interface or instance '{id}'."),
            FlowFault::NoAddress(id) => write!(out, "'{id}' has no address of the other end's family."),
            FlowFault::NobodyAt(address) => write!(out, "No network interface has the address {address}."),
            FlowFault::SeveralAt(address) => {
                write!(out, "Network interfaces in several VPCs have the address {address}: name one by its id.")
            }
            FlowFault::Families => write!(out, "Source and destination must both be IPv4 or both IPv6."),
            FlowFault::BothOutside => write!(out, "Neither the source nor the destination is in a VPC."),
            FlowFault::TooLong => write!(out, "A flow lasts at most {DURATION_S_MAX} seconds."),
        }
    }
}
