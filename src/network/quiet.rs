//! Traffic between instances and AWS itself: no rule filters it, and flow logs do not show it
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flow::{Packet, UDP};
use super::topology::{Topology, Vpc};

/// Part of AWS that instances reach in their own VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsService {
    /// The Amazon resolver: 169.254.169.253, and the third address of the VPC's primary block.
    Dns,
    Dhcp,
    /// 169.254.169.254.
    InstanceMetadata,
    /// 169.254.169.123.
    TimeSync,
    /// 169.254.169.250 and 169.254.169.251.
    WindowsActivation,
    /// 169.254.170.2.
    TaskMetadata,
    /// The second address of a subnet.
    Router,
}

/// The service that a packet from inside is for.
pub(super) fn service(packet: &Packet, reserved: impl Fn(IpAddr) -> Option<AwsService>) -> Option<AwsService> {
    if packet.protocol == UDP && matches!((packet.source_port, packet.destination_port), (68, 67) | (546, 547)) {
        return Some(AwsService::Dhcp);
    }
    match packet.destination {
        IpAddr::V4(address) if address.is_link_local() => link_local(address),
        IpAddr::V6(address) if address.segments()[0] == 0xfd00 => local_v6(address),
        address => reserved(address),
    }
}

/// Addresses of a VPC that nobody can have.
pub(super) fn reserved<'t>(vpc: &'t Vpc, topology: &'t Topology) -> impl Iterator<Item = (IpAddr, AwsService)> + 't {
    let subnets = topology.subnets.iter().filter(|subnet| subnet.vpc == vpc.id).flat_map(|subnet| &subnet.cidrs);
    let routers = subnets.filter(|cidr| cidr.is_v4()).filter_map(|cidr| cidr.nth(1));
    let primary = vpc.cidrs.iter().find(|cidr| cidr.is_v4());
    let resolver = primary.and_then(|cidr| cidr.nth(2));
    routers.map(|address| (address, AwsService::Router)).chain(resolver.map(|address| (address, AwsService::Dns)))
}

fn link_local(address: Ipv4Addr) -> Option<AwsService> {
    match address.octets() {
        [169, 254, 169, 253] => Some(AwsService::Dns),
        [169, 254, 169, 254] => Some(AwsService::InstanceMetadata),
        [169, 254, 169, 123] => Some(AwsService::TimeSync),
        [169, 254, 169, 250 | 251] => Some(AwsService::WindowsActivation),
        [169, 254, 170, 2] => Some(AwsService::TaskMetadata),
        _ => None,
    }
}

/// The same services on instances of the Nitro system.
fn local_v6(address: Ipv6Addr) -> Option<AwsService> {
    match address.segments() {
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253] => Some(AwsService::Dns),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some(AwsService::InstanceMetadata),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123] => Some(AwsService::TimeSync),
        _ => None,
    }
}
