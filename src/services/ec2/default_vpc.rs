//! The default VPC of a Region, as accounts have it from the start
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html>).

use sha2::{Digest, Sha256};

use crate::world::scope::{AccountId, Region};

use super::Store;
use super::cidr::Cidr;
use super::dhcp_options::{self, DhcpOptions};
use super::internet_gateways::InternetGateway;
use super::prefix_lists;
use super::routes::{Destination, Route, Target};
use super::subnets::Subnet;
use super::vpc_cidrs::CidrAssociation;
use super::vpcs::{self, Parts, Vpc};
use super::zones::{Zone, zones};

const BLOCK: Cidr = Cidr { base: std::net::IpAddr::V4(std::net::Ipv4Addr::new(172, 31, 0, 0)), bits: 16 };
const EVERYTHING: Cidr = Cidr { base: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), bits: 0 };
/// Default subnets are this large.
const SUBNET_BITS: u8 = 20;

/// What an account has in a Region before it does anything.
pub fn open(store: &mut Store, seed: u64, account: &AccountId, region: Region) {
    let id = |prefix: &str, of: &str| resource_id(seed, account, region, prefix, of);
    let options = DhcpOptions::of_amazon(id("dopt", ""), region.as_str());
    store.dhcp_options.insert(options.id.clone(), options);
    prefix_lists::add_aws(store, |service| id("pl", service));
    make(store, zones(seed, account, region), id);
}

/// Makes a default VPC: a /20 subnet in each zone, an internet gateway, and a route to it. Answers the VPC's id.
pub fn make(store: &mut Store, zones: Vec<Zone>, mut id: impl FnMut(&str, &str) -> String) -> String {
    let mut calls = 0;
    let parts = Parts::named(|prefix| {
        calls += 1;
        // Two of the parts are rules; the others are one of a kind.
        let of = if prefix == "sgr" { calls.to_string() } else { String::new() };
        id(prefix, &of)
    });
    let vpc = id("vpc", "");
    let route_table = parts.route_table.clone();
    let made = Vpc {
        id: vpc.clone(),
        cidrs: vec![CidrAssociation { id: parts.cidr_association.clone(), cidr: BLOCK }],
        ipv6_cidrs: Vec::new(),
        dhcp_options: dhcp_options(store),
        tenancy: "default".to_owned(),
        is_default: true,
        dns_support: true,
        dns_hostnames: true,
        usage_metrics: false,
    };
    vpcs::add(store, made, parts);
    for zone in zones {
        let subnet = id("subnet", &zone.id);
        add_subnet(store, subnet, &vpc, zone);
    }
    let gateway = InternetGateway { id: id("igw", ""), vpc: Some(vpc.clone()) };
    if let Some(table) = store.route_tables.get_mut(&route_table) {
        let target = Target::InternetGateway(gateway.id.clone());
        table.routes.push(Route { destination: Destination::Cidr(EVERYTHING), target, made_with_table: false });
    }
    store.internet_gateways.insert(gateway.id.clone(), gateway);
    vpc
}

/// Adds a default subnet in a zone, in the first free /20 of its VPC.
pub(super) fn add_subnet(store: &mut Store, id: String, vpc: &str, zone: Zone) -> bool {
    let blocks = (0..1u128 << (SUBNET_BITS - BLOCK.bits)).map(|at| BLOCK.at(at << (32 - SUBNET_BITS)));
    let blocks = blocks.filter_map(|base| Cidr::new(base, SUBNET_BITS));
    let taken = |block: &Cidr| {
        let mut subnets = store.subnets.values().filter(|subnet| subnet.vpc == vpc);
        subnets.any(|subnet| subnet.blocks().any(|other| other.overlaps(block)))
    };
    let Some(block) = { blocks }.find(|block| !taken(block)) else { return false };
    let subnet = Subnet { default_for_zone: true, public_addresses: true, ..Subnet::new(id, vpc, Some(block), zone) };
    store.subnets.insert(subnet.id.clone(), subnet);
    true
}

/// The set of DHCP options that new VPCs get: the one that AWS made, as long as it is there.
pub(super) fn dhcp_options(store: &Store) -> String {
    let amazons = DhcpOptions::of_amazon(String::new(), &store.region);
    let found = store.dhcp_options.values().find(|set| set.options == amazons.options);
    found.map_or(dhcp_options::NONE, |set| &set.id).to_owned()
}

/// Looks like [`crate::world::ids::Ids::ec2`], but depends on nothing that happened before.
fn resource_id(seed: u64, account: &AccountId, region: Region, prefix: &str, of: &str) -> String {
    let digest = derive(seed, account, region, &format!("{prefix}/{of}"));
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-0{digits}")
}

/// Bytes that depend on the seed and the place alone.
pub fn derive(seed: u64, account: &AccountId, region: Region, of: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}/{account}/{region}/{of}")).into()
}
