//! A topology compiled for walking: parts by their places in the topology's lists, addresses and rules in forms that
//! answer in a few steps. Places are `u32`; they mean nothing in another [`Network`].

pub(super) mod acls;
pub(super) mod groups;
pub(super) mod ranges;
pub(super) mod routes;
pub(super) mod rules;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::cidr::Cidr;
use super::quiet::AwsService;
use super::topology::*;
use acls::Acl;
use groups::{GroupSet, Groups};
use ranges::Longest;
use routes::Routes;

/// A compiled topology.
#[derive(Debug)]
pub struct Network {
    topology: Topology,
    pub(super) vpcs: Vec<VpcIndex>,
    pub(super) subnets: Vec<SubnetIndex>,
    pub(super) interfaces: Vec<InterfaceIndex>,
    pub(super) group_sets: Vec<GroupSet>,
    pub(super) acls: Vec<Acl>,
    pub(super) tables: Vec<Routes>,
    pub(super) gateways: Vec<Option<u32>>,
    pub(super) nats: Vec<NatIndex>,
    pub(super) peerings: Vec<Option<PeeringIndex>>,
    /// The VPCs of the gateway endpoints.
    pub(super) endpoints: Vec<Option<u32>>,
    /// Public IPv4 addresses, and IPv6 addresses.
    pub(super) public: Addresses<Public>,
    pub(super) resources: HashMap<String, u32>,
    pub(super) services: Longest,
}

#[derive(Debug)]
pub(super) struct VpcIndex {
    pub addresses: Addresses<u32>,
    /// The attached internet gateway.
    pub gateway: Option<u32>,
    /// VPCs whose groups can be referred to.
    pub peers: Vec<u32>,
    pub reserved: Addresses<AwsService>,
}

#[derive(Debug)]
pub(super) struct SubnetIndex {
    pub vpc: u32,
    pub acl: u32,
    pub table: u32,
}

#[derive(Debug)]
pub(super) struct InterfaceIndex {
    pub vpc: u32,
    pub subnet: u32,
    /// Its set of rules, if it has groups.
    pub group_set: Option<u32>,
    pub groups: Arc<[u32]>,
    pub primary: Option<IpAddr>,
    pub up: bool,
    /// The NAT gateway that has it.
    pub nat: Option<u32>,
    /// Stays the same when networks are compiled anew.
    pub key: u64,
}

/// What has a public address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Public {
    /// An interface, and its own address behind the public one.
    Interface(u32, IpAddr),
    RegionalNat(u32),
}

#[derive(Debug)]
pub(super) struct NatIndex {
    pub vpc: u32,
    /// Zonal ones have one.
    pub interface: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PeeringIndex {
    pub requester: u32,
    pub accepter: u32,
}

/// A topology that contradicts itself: `part` names `missing`, which is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyFault {
    pub part: String,
    pub missing: String,
}

/// Ids and the places of what they name.
pub(super) struct Names {
    pub groups: HashMap<String, u32>,
    pub prefix_lists: HashMap<String, Arc<Longest>>,
    pub interfaces: HashMap<String, u32>,
    pub internet_gateways: HashMap<String, u32>,
    pub egress_only_gateways: HashMap<String, u32>,
    pub nat_gateways: HashMap<String, u32>,
    pub peerings: HashMap<String, u32>,
    pub endpoints: HashMap<String, u32>,
    vpcs: HashMap<String, u32>,
    subnets: HashMap<String, u32>,
    acls: HashMap<String, u32>,
    tables: HashMap<String, u32>,
}

impl Network {
    /// Compiles a topology. Subnets, interfaces and zonal NAT gateways must name parts that are there; rules and routes
    /// may name what is gone, as in AWS, and then allow nothing and lead nowhere.
    pub fn new(topology: Topology) -> Result<Network, TopologyFault> {
        let names = Names::of(&topology);
        let mut network = Network {
            vpcs: topology.vpcs.iter().map(|vpc| vpc_index(vpc, &topology, &names)).collect(),
            subnets: all(&topology.subnets, |subnet| subnet_index(subnet, &names))?,
            interfaces: Vec::with_capacity(topology.interfaces.len()),
            group_sets: Vec::new(),
            acls: topology.network_acls.iter().map(Acl::new).collect(),
            tables: tables(&topology, &names),
            gateways: topology
                .internet_gateways
                .iter()
                .map(|gateway| place(&names.vpcs, gateway.vpc.as_deref()))
                .collect(),
            nats: all(&topology.nat_gateways, |nat| nat_index(nat, &topology, &names))?,
            peerings: topology.peerings.iter().map(|peering| peering_index(peering, &names)).collect(),
            endpoints: topology.gateway_endpoints.iter().map(|point| names.vpcs.get(&point.vpc).copied()).collect(),
            public: Addresses::default(),
            resources: names.interfaces.clone(),
            services: services(&topology.service_ranges),
            topology,
        };
        network.add_interfaces(&names)?;
        network.add_instances();
        network.add_regional_addresses();
        Ok(network)
    }

    /// What it was made of. The places in walks and observations are places in its lists.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Whether something here has the public address.
    pub fn is_own_public(&self, address: Ipv4Addr) -> bool {
        self.public.contains_key(&IpAddr::V4(address))
    }

    fn add_interfaces(&mut self, names: &Names) -> Result<(), TopologyFault> {
        let mut sets: HashMap<Arc<[u32]>, u32> = HashMap::new();
        for (number, interface) in (0..).zip(&self.topology.interfaces) {
            let subnet = part(&interface.id, &interface.subnet, &names.subnets)?;
            let vpc = self.subnets[subnet as usize].vpc;
            let groups = interface.groups.iter().map(|group| part(&interface.id, group, &names.groups));
            let groups: Arc<[u32]> = groups.collect::<Result<Vec<_>, _>>()?.into();
            let group_sets = &mut self.group_sets;
            let set = sets.entry(groups.clone()).or_insert_with(|| {
                group_sets.push(GroupSet::new(&groups, &self.topology.security_groups, names));
                group_sets.len() as u32 - 1
            });
            let private = interface.addresses.iter().map(|address| IpAddr::V4(address.private));
            let own = private.chain(interface.ipv6.iter().copied().map(IpAddr::V6));
            self.vpcs[vpc as usize].addresses.extend(own.map(|address| (address, number)));
            self.public
                .extend(public_addresses(interface).map(|(public, own)| (public, Public::Interface(number, own))));
            self.interfaces.push(InterfaceIndex {
                vpc,
                subnet,
                group_set: (!groups.is_empty()).then_some(*set),
                groups,
                primary: interface.primary(),
                up: interface.is_up(),
                nat: (0..).zip(&self.nats).find(|(_, nat)| nat.interface == Some(number)).map(|(nat, _)| nat),
                key: key_of(&interface.id),
            });
        }
        Ok(())
    }

    /// An instance stands for its interface with the lowest device index.
    fn add_instances(&mut self) {
        let attached = (0..).zip(&self.topology.interfaces);
        let mut attached: Vec<_> =
            attached.filter_map(|(number, interface)| Some((interface.attachment.as_ref()?, number))).collect();
        attached.sort_by_key(|(attachment, _)| attachment.device_index);
        for (attachment, number) in attached {
            self.resources.entry(attachment.instance.clone()).or_insert(number);
        }
    }

    fn add_regional_addresses(&mut self) {
        for (number, nat) in (0..).zip(&self.topology.nat_gateways) {
            if let NatPlace::Regional { address, .. } = nat.place {
                self.public.insert(address.into(), Public::RegionalNat(number));
            }
        }
    }

    /// The groups of the interface that has a private or IPv6 address, seen from a VPC.
    pub(super) fn groups_at(&self, vpc: u32, address: IpAddr) -> Groups {
        let own = &self.vpcs[vpc as usize];
        let all = std::iter::once(own).chain(own.peers.iter().map(|peer| &self.vpcs[*peer as usize]));
        let interface = all.into_iter().find_map(|vpc| vpc.addresses.get(&address))?;
        Some(self.interfaces[*interface as usize].groups.clone())
    }

    /// The published name of the AWS service that has an address.
    pub fn service_at(&self, address: IpAddr) -> Option<&str> {
        let range = self.services.at(address)?;
        self.topology.service_ranges.get(range as usize).map(|range| range.service.as_str())
    }
}

fn all<T, I>(parts: &[T], index: impl Fn(&T) -> Result<I, TopologyFault>) -> Result<Vec<I>, TopologyFault> {
    parts.iter().map(index).collect()
}

fn part(id: &str, named: &str, places: &HashMap<String, u32>) -> Result<u32, TopologyFault> {
    let missing = || TopologyFault { part: id.to_owned(), missing: named.to_owned() };
    places.get(named).copied().ok_or_else(missing)
}

fn place(places: &HashMap<String, u32>, id: Option<&str>) -> Option<u32> {
    places.get(id?).copied()
}

fn vpc_index(vpc: &Vpc, topology: &Topology, names: &Names) -> VpcIndex {
    let attached = |gateway: &InternetGateway| gateway.vpc.as_deref() == Some(vpc.id.as_str());
    let gateway = topology.internet_gateways.iter().position(attached);
    VpcIndex {
        addresses: Addresses::default(),
        gateway: gateway.map(|gateway| gateway as u32),
        peers: topology.peerings.iter().filter_map(|peering| peer_of(vpc, peering, topology, names)).collect(),
        reserved: super::quiet::reserved(vpc, topology).collect(),
    }
}

/// The VPC at the other end of an active peering, if it is in the same Region: across Regions, groups cannot be referred to
/// (<https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>).
fn peer_of(vpc: &Vpc, peering: &Peering, topology: &Topology, names: &Names) -> Option<u32> {
    let other = match (peering.requester == vpc.id, peering.accepter == vpc.id) {
        (true, _) => &peering.accepter,
        (_, true) => &peering.requester,
        _ => return None,
    };
    let other = *names.vpcs.get(other)?;
    (peering.active && topology.vpcs[other as usize].region == vpc.region).then_some(other)
}

fn subnet_index(subnet: &Subnet, names: &Names) -> Result<SubnetIndex, TopologyFault> {
    Ok(SubnetIndex {
        vpc: part(&subnet.id, &subnet.vpc, &names.vpcs)?,
        acl: part(&subnet.id, &subnet.network_acl, &names.acls)?,
        table: part(&subnet.id, &subnet.route_table, &names.tables)?,
    })
}

fn nat_index(nat: &NatGateway, topology: &Topology, names: &Names) -> Result<NatIndex, TopologyFault> {
    match &nat.place {
        NatPlace::Regional { vpc, .. } => Ok(NatIndex { vpc: part(&nat.id, vpc, &names.vpcs)?, interface: None }),
        NatPlace::Zonal { interface } => {
            let place = part(&nat.id, interface, &names.interfaces)?;
            let subnet = part(&nat.id, &topology.interfaces[place as usize].subnet, &names.subnets)?;
            let vpc = part(&nat.id, &topology.subnets[subnet as usize].vpc, &names.vpcs)?;
            Ok(NatIndex { vpc, interface: Some(place) })
        }
    }
}

fn peering_index(peering: &Peering, names: &Names) -> Option<PeeringIndex> {
    Some(PeeringIndex {
        requester: *names.vpcs.get(&peering.requester)?,
        accepter: *names.vpcs.get(&peering.accepter)?,
    })
}

fn tables(topology: &Topology, names: &Names) -> Vec<Routes> {
    let lists = |id: &str| -> Vec<Cidr> {
        topology.prefix_lists.iter().find(|list| list.id == id).map_or_else(Vec::new, |list| list.cidrs.clone())
    };
    topology.route_tables.iter().map(|table| Routes::new(table, &lists, names)).collect()
}

/// Public addresses and the interface's own addresses behind them; IPv6 addresses are their own.
fn public_addresses(interface: &Interface) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
    let v4 = interface.addresses.iter();
    let v4 = v4.filter_map(|address| Some((IpAddr::V4(address.public?), IpAddr::V4(address.private))));
    v4.chain(interface.ipv6.iter().map(|address| (IpAddr::V6(*address), IpAddr::V6(*address))))
}

fn services(ranges: &[ServiceRange]) -> Longest {
    let blocks: Vec<_> = (0..).zip(ranges).map(|(number, range)| (range.cidr, number)).collect();
    Longest::new(&blocks)
}

/// FNV-1a.
fn key_of(id: &str) -> u64 {
    let mix = |key: u64, byte: u8| (key ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    id.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

impl Names {
    fn of(topology: &Topology) -> Names {
        fn places<T>(parts: &[T], id: impl Fn(&T) -> &String) -> HashMap<String, u32> {
            (0..).zip(parts).map(|(place, part)| (id(part).clone(), place)).collect()
        }
        let lists = topology.prefix_lists.iter();
        let list = |list: &PrefixList| {
            let blocks: Vec<_> = list.cidrs.iter().map(|cidr| (*cidr, 0)).collect();
            (list.id.clone(), Arc::new(Longest::new(&blocks)))
        };
        Names {
            groups: places(&topology.security_groups, |group| &group.id),
            prefix_lists: lists.map(list).collect(),
            interfaces: places(&topology.interfaces, |interface| &interface.id),
            internet_gateways: places(&topology.internet_gateways, |gateway| &gateway.id),
            egress_only_gateways: places(&topology.egress_only_gateways, |gateway| &gateway.id),
            nat_gateways: places(&topology.nat_gateways, |nat| &nat.id),
            peerings: places(&topology.peerings, |peering| &peering.id),
            endpoints: places(&topology.gateway_endpoints, |endpoint| &endpoint.id),
            vpcs: places(&topology.vpcs, |vpc| &vpc.id),
            subnets: places(&topology.subnets, |subnet| &subnet.id),
            acls: places(&topology.network_acls, |acl| &acl.id),
            tables: places(&topology.route_tables, |table| &table.id),
        }
    }
}

/// Tables by address. Their keys are the user's own network, so that a quick hash is safe.
pub(super) type Addresses<T> = HashMap<IpAddr, T, BuildHasherDefault<Quick>>;

/// Multiplies and folds. For keys that nobody chooses to collide.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xa076_1d64_78bd_642f_e703_7ed1);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
