//! Subnets (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::vpc_attributes::{Switch, set};
use super::vpc_cidrs::{CidrAssociation, CidrState};
use super::vpcs::{self, BlockPublicAccess, Vpc};
use super::zones::{Zone, zones};
use super::{Store, default_vpc, dry_run, faults, flow_logs, kinds, network_acls, store};

/// The operations on subnets.
pub const OPS: &[Op] = &[
    op!(Write "AssociateSubnetCidrBlock" associate_block),
    op!(Write "CreateDefaultSubnet" create_default),
    op!(Write "CreateSubnet" create),
    op!(Write "DeleteSubnet" delete),
    op!(Read "DescribeSubnets" describe),
    op!(Write "DisassociateSubnetCidrBlock" disassociate_block),
    op!(Write "ModifySubnetAttribute" modify),
];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::SUBNET,
    paths: &[
        ("availability-zone", "AvailabilityZone"),
        ("availabilityZone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("availabilityZoneId", "AvailabilityZoneId"),
        ("available-ip-address-count", "AvailableIpAddressCount"),
        ("cidr", "CidrBlock"),
        ("cidr-block", "CidrBlock"),
        ("cidrBlock", "CidrBlock"),
        ("customer-owned-ipv4-pool", ""),
        ("default-for-az", "DefaultForAz"),
        ("defaultForAz", "DefaultForAz"),
        ("enable-dns64", "EnableDns64"),
        ("enable-lni-at-device-index", ""),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
        ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
        ("ipv6-native", "Ipv6Native"),
        ("map-customer-owned-ip-on-launch", "MapCustomerOwnedIpOnLaunch"),
        ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
        ("outpost-arn", ""),
        ("owner-id", "OwnerId"),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
        ),
        ("private-dns-name-options-on-launch.hostname-type", "PrivateDnsNameOptionsOnLaunch.HostnameType"),
        ("state", "State"),
        ("subnet-arn", "SubnetArn"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    /// `None` of subnets that speak IPv6 alone.
    pub cidr: Option<Cidr>,
    pub ipv6: Option<CidrAssociation>,
    pub zone: Zone,
    /// Addresses of interfaces.
    pub used: BTreeSet<IpAddr>,
    pub default_for_zone: bool,
    /// Instances get public addresses.
    pub public_addresses: bool,
    /// Interfaces get IPv6 addresses.
    pub ipv6_on_creation: bool,
    pub dns64: bool,
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    pub dns_a_record: bool,
    pub dns_aaaa_record: bool,
}

record! {
    struct Create {
        vpc: String = "VpcId",
        cidr: Option<String> = "CidrBlock",
        ipv6: Option<String> = "Ipv6CidrBlock",
        zone: Option<String> = "AvailabilityZone",
        zone_id: Option<String> = "AvailabilityZoneId",
        native: bool = "Ipv6Native",
        outpost: Option<String> = "OutpostArn",
        ipv4_pool: Option<String> = "Ipv4IpamPoolId",
        ipv6_pool: Option<String> = "Ipv6IpamPoolId",
    }
    struct CreateDefault { zone: Option<String> = "AvailabilityZone", zone_id: Option<String> = "AvailabilityZoneId" }
    struct Created { subnet: View = "Subnet" }
    struct One { id: String = "SubnetId" }
    struct Describe { ids: Vec<String> = "SubnetIds" }
    struct Subnets { subnets: Vec<Shown<View>> = "Subnets" }
    struct View {
        zone_id: String = "AvailabilityZoneId",
        customer_addresses: Option<bool> = "MapCustomerOwnedIpOnLaunch",
        owner: String = "OwnerId",
        ipv6_on_creation: bool = "AssignIpv6AddressOnCreation",
        ipv6: Vec<Ipv6View> = "Ipv6CidrBlockAssociationSet",
        tags: Vec<Tag> = "Tags",
        arn: String = "SubnetArn",
        dns64: bool = "EnableDns64",
        ipv6_native: bool = "Ipv6Native",
        dns_names: DnsNames = "PrivateDnsNameOptionsOnLaunch",
        block: Option<BlockPublicAccess> = "BlockPublicAccessStates",
        id: String = "SubnetId",
        state: String = "State",
        vpc: String = "VpcId",
        cidr: Option<String> = "CidrBlock",
        free_addresses: i64 = "AvailableIpAddressCount",
        zone: String = "AvailabilityZone",
        default_for_zone: bool = "DefaultForAz",
        public_addresses: bool = "MapPublicIpOnLaunch",
    }
    struct Ipv6View {
        id: String = "AssociationId",
        cidr: String = "Ipv6CidrBlock",
        state: CidrState = "Ipv6CidrBlockState",
        attribute: String = "Ipv6AddressAttribute",
        source: String = "IpSource",
    }
    struct DnsNames {
        kind: String = "HostnameType",
        a_record: bool = "EnableResourceNameDnsARecord",
        aaaa_record: bool = "EnableResourceNameDnsAAAARecord",
    }
    struct AssociateBlock {
        subnet: String = "SubnetId",
        cidr: Option<String> = "Ipv6CidrBlock",
        pool: Option<String> = "Ipv6IpamPoolId",
    }
    struct DisassociateBlock { id: String = "AssociationId" }
    struct Association { ipv6: Ipv6View = "Ipv6CidrBlockAssociation", subnet: String = "SubnetId" }
    struct Modify {
        subnet: String = "SubnetId",
        ipv6_on_creation: Option<Switch> = "AssignIpv6AddressOnCreation",
        public_addresses: Option<Switch> = "MapPublicIpOnLaunch",
        dns64: Option<Switch> = "EnableDns64",
        hostname_type: Option<String> = "PrivateDnsHostnameTypeOnLaunch",
        a_record: Option<Switch> = "EnableResourceNameDnsARecordOnLaunch",
        aaaa_record: Option<Switch> = "EnableResourceNameDnsAAAARecordOnLaunch",
        customer_addresses: Option<Switch> = "MapCustomerOwnedIpOnLaunch",
        local_interfaces: Option<i64> = "EnableLniAtDeviceIndex",
    }
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    if input.outpost.is_some() {
        return Err(faults::unsupported("Outposts"));
    }
    if input.ipv4_pool.is_some() || input.ipv6_pool.is_some() {
        return Err(faults::unsupported("IPAM pools"));
    }
    let zone = zone(cx, input.zone.as_deref(), input.zone_id.as_deref())?;
    let ec2 = store(cx);
    let vpc = vpcs::find(ec2, &input.vpc)?;
    let cidr = match (&input.cidr, input.native) {
        (Some(text), false) => Some(ipv4_block(ec2, vpc, text)?),
        (None, true) => None,
        (Some(_), true) => return Err(faults::not_both("cidrBlock", "ipv6Native")),
        (None, false) => return Err(faults::missing_parameter("cidrBlock")),
    };
    let ipv6 = input.ipv6.as_deref().map(|text| ipv6_block(ec2, vpc, text)).transpose()?;
    if input.native && ipv6.is_none() {
        return Err(faults::missing_parameter("ipv6CidrBlock"));
    }
    let tags = tagging.only(&kinds::SUBNET)?;
    dry_run(cx)?;
    let ids = &mut cx.world.ids;
    let id = ids.ec2("subnet");
    let ipv6 = ipv6.map(|cidr| CidrAssociation { id: ids.ec2("subnet-cidr-assoc"), cidr });
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let subnet = Subnet { ipv6, ipv6_on_creation: input.native, ..Subnet::new(id.clone(), &input.vpc, cidr, zone) };
    let view = View { block: None, customer_addresses: None, ..subnet.view(ec2) };
    ec2.subnets.insert(id, subnet);
    Ok(Created { subnet: view })
}

/// The zone that was named, by either of its names; without one, EC2 chooses.
pub(super) fn zone(cx: &Cx, name: Option<&str>, id: Option<&str>) -> Result<Zone, Fault> {
    let zones = zones(cx.world.ids.seed(), &cx.account, cx.region);
    let names: Vec<_> = zones.iter().map(|zone| zone.name.clone()).collect();
    let wanted = |zone: &Zone| name.is_none_or(|name| zone.name == name) && id.is_none_or(|id| zone.id == id);
    let found = zones.into_iter().find(wanted);
    found.ok_or_else(|| faults::subnet_zone(name.or(id).unwrap_or_default(), &names))
}

/// A subnet's IPv4 block: in one of the VPC's, between /16 and /28, apart from other subnets'.
fn ipv4_block(ec2: &Store, vpc: &Vpc, text: &str) -> Result<Cidr, Fault> {
    let cidr = Cidr::parse(text).filter(Cidr::is_v4).ok_or_else(|| faults::not_a_cidr(text, "cidrBlock"))?;
    let fits = (16..=28).contains(&cidr.bits) && vpc.blocks().any(|block| block.covers(&cidr));
    if !fits {
        return Err(faults::subnet_range(&cidr));
    }
    free(ec2, vpc, cidr)
}

/// A subnet's IPv6 block: in one of the VPC's, from /44 to /64 in steps of four.
fn ipv6_block(ec2: &Store, vpc: &Vpc, text: &str) -> Result<Cidr, Fault> {
    let cidr = Cidr::parse(text).filter(|cidr| !cidr.is_v4());
    let cidr = cidr.ok_or_else(|| faults::not_a_cidr(text, "ipv6CidrBlock"))?;
    let sized = (44..=64).contains(&cidr.bits) && cidr.bits % 4 == 0;
    if !sized || !vpc.blocks().any(|block| block.covers(&cidr)) {
        return Err(faults::subnet_range(&cidr));
    }
    free(ec2, vpc, cidr)
}

fn free(ec2: &Store, vpc: &Vpc, cidr: Cidr) -> Result<Cidr, Fault> {
    let mut others = ec2.subnets.values().filter(|subnet| subnet.vpc == vpc.id);
    match others.any(|subnet| subnet.blocks().any(|block| block.overlaps(&cidr))) {
        true => Err(faults::subnet_conflict(&cidr)),
        false => Ok(cidr),
    }
}

fn create_default(cx: &mut Cx, input: CreateDefault) -> Result<Created, Fault> {
    if input.zone.is_none() && input.zone_id.is_none() {
        return Err(faults::missing_parameter("availabilityZone"));
    }
    let zone = zone(cx, input.zone.as_deref(), input.zone_id.as_deref())?;
    let ec2 = store(cx);
    let vpc = ec2.vpcs.values().find(|vpc| vpc.is_default).ok_or_else(faults::default_vpc_missing)?;
    if ec2.subnets.values().any(|subnet| subnet.default_for_zone && subnet.zone == zone) {
        return Err(faults::default_subnet_exists(&zone.name));
    }
    let vpc = vpc.id.clone();
    dry_run(cx)?;
    let id = cx.world.ids.ec2("subnet");
    let ec2 = store(cx);
    if !default_vpc::add_subnet(ec2, id.clone(), &vpc, zone) {
        return Err(faults::limit_exceeded("SubnetLimitExceeded", "default subnets"));
    }
    let view = ec2.subnets.get(&id).map(|subnet| subnet.view(ec2)).unwrap_or_default();
    Ok(Created { subnet: View { block: None, ..view } })
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    let ec2 = store(cx);
    let subnet = find(ec2, &input.id)?;
    if !subnet.used.is_empty() {
        return Err(faults::dependencies("subnet", &input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    for table in ec2.route_tables.values_mut() {
        table.associations.retain(|association| association.subnet.as_deref() != Some(&input.id));
    }
    network_acls::subnet_goes(ec2, &input.id);
    ec2.subnets.remove(&input.id);
    ec2.tags.forget(&input.id);
    flow_logs::forget(ec2, &input.id);
    Ok(())
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Subnets, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (subnets, end) = LISTING.list(&ec2.tags, &ec2.subnets, wanted, |subnet| subnet.view(ec2))?;
    Ok((Subnets { subnets }, end))
}

fn associate_block(cx: &mut Cx, input: AssociateBlock) -> Result<Association, Fault> {
    if input.pool.is_some() {
        return Err(faults::unsupported("IPAM pools"));
    }
    let ec2 = store(cx);
    let subnet = find(ec2, &input.subnet)?;
    let text = input.cidr.ok_or_else(|| faults::missing_parameter("ipv6CidrBlock"))?;
    let cidr = ipv6_block(ec2, vpcs::find(ec2, &subnet.vpc)?, &text)?;
    if let Some(other) = &subnet.ipv6 {
        return Err(faults::subnet_conflict(&other.cidr));
    }
    let association = CidrAssociation { id: cx.world.ids.ec2("subnet-cidr-assoc"), cidr };
    let ipv6 = ipv6_view(&association, "associating");
    if let Some(subnet) = store(cx).subnets.get_mut(&input.subnet) {
        subnet.ipv6 = Some(association);
    }
    Ok(Association { ipv6, subnet: input.subnet })
}

fn disassociate_block(cx: &mut Cx, input: DisassociateBlock) -> Result<Association, Fault> {
    let holds = |subnet: &&mut Subnet| subnet.ipv6.as_ref().is_some_and(|block| block.id == input.id);
    let subnet = store(cx).subnets.values_mut().find(holds);
    let subnet = subnet.ok_or_else(|| faults::subnet_cidr_association_not_found(&input.id))?;
    if subnet.used.iter().any(IpAddr::is_ipv6) {
        return Err(faults::dependencies("subnet", &subnet.id));
    }
    let ipv6 = subnet.ipv6.take().map(|block| ipv6_view(&block, "disassociating")).unwrap_or_default();
    subnet.ipv6_on_creation = false;
    Ok(Association { ipv6, subnet: subnet.id.clone() })
}

fn ipv6_view(association: &CidrAssociation, state: &str) -> Ipv6View {
    Ipv6View {
        id: association.id.clone(),
        cidr: association.cidr.to_string(),
        state: CidrState { state: state.to_owned() },
        attribute: "public".to_owned(),
        source: "amazon".to_owned(),
    }
}

fn modify(cx: &mut Cx, input: Modify) -> Result<(), Fault> {
    if input.customer_addresses.is_some() || input.local_interfaces.is_some() {
        return Err(faults::unsupported("Outposts"));
    }
    let subnet = store(cx).subnets.get_mut(&input.subnet).ok_or_else(|| kinds::SUBNET.missing(&input.subnet))?;
    let switches =
        [&input.ipv6_on_creation, &input.public_addresses, &input.dns64, &input.a_record, &input.aaaa_record];
    match switches.into_iter().flatten().count() + usize::from(input.hostname_type.is_some()) {
        0 => return Err(faults::no_attribute()),
        1 => {}
        _ => return Err(faults::several_attributes()),
    }
    let needs_ipv6 = [&input.ipv6_on_creation, &input.dns64].into_iter().flatten().any(|switch| switch.value);
    if needs_ipv6 && subnet.ipv6.is_none() {
        return Err(faults::subnet_without_ipv6(&input.subnet));
    }
    set(&mut subnet.ipv6_on_creation, input.ipv6_on_creation);
    set(&mut subnet.public_addresses, input.public_addresses);
    set(&mut subnet.dns64, input.dns64);
    set(&mut subnet.dns_a_record, input.a_record);
    set(&mut subnet.dns_aaaa_record, input.aaaa_record);
    if let Some(kind) = input.hostname_type {
        subnet.hostname_type = kind;
    }
    Ok(())
}

/// The subnet of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a Subnet, Fault> {
    ec2.subnets.get(id).ok_or_else(|| kinds::SUBNET.missing(id))
}

impl Subnet {
    pub(super) fn new(id: String, vpc: &str, cidr: Option<Cidr>, zone: Zone) -> Subnet {
        Subnet {
            id,
            vpc: vpc.to_owned(),
            cidr,
            ipv6: None,
            zone,
            used: BTreeSet::new(),
            default_for_zone: false,
            public_addresses: false,
            ipv6_on_creation: false,
            dns64: false,
            hostname_type: if cidr.is_some() { "ip-name" } else { "resource-name" }.to_owned(),
            dns_a_record: false,
            dns_aaaa_record: cidr.is_none(),
        }
    }

    /// Its blocks, of IPv4 and IPv6.
    pub fn blocks(&self) -> impl Iterator<Item = &Cidr> {
        self.cidr.iter().chain(self.ipv6.iter().map(|association| &association.cidr))
    }

    /// IPv4 addresses that interfaces can still get: AWS keeps five for itself.
    pub fn free_addresses(&self) -> i64 {
        let used = self.used.iter().filter(|address| address.is_ipv4()).count() as i64;
        self.cidr.map_or(0, |cidr| i64::try_from(cidr.size()).unwrap_or(i64::MAX) - 5 - used)
    }

    /// A free address, the first at or after a place of the block.
    ///
    /// Addresses go up from there and around the end, so that a block is used up before the search fails.
    pub fn free_address(&self, block: &Cidr, from: u128) -> Option<IpAddr> {
        let size = block.size();
        let tries = size.min(self.used.len() as u128 + 6);
        let places = (0..tries).map(|step| (from % size + step) % size);
        { places }.map(|place| block.at(place)).find(|address| self.is_free(block, *address))
    }

    /// Whether an interface can have an address of one of the subnet's blocks.
    pub fn is_free(&self, block: &Cidr, address: IpAddr) -> bool {
        block.contains(address) && !block.reserves(address) && !self.used.contains(&address)
    }

    fn view(&self, ec2: &Store) -> View {
        View {
            zone_id: self.zone.id.clone(),
            customer_addresses: Some(false),
            owner: ec2.owner.clone(),
            ipv6_on_creation: self.ipv6_on_creation,
            ipv6: self.ipv6.iter().map(|block| ipv6_view(block, "associated")).collect(),
            tags: ec2.tags.shown(&self.id),
            arn: ec2.arn("subnet", &self.id),
            dns64: self.dns64,
            ipv6_native: self.cidr.is_none(),
            dns_names: DnsNames {
                kind: self.hostname_type.clone(),
                a_record: self.dns_a_record,
                aaaa_record: self.dns_aaaa_record,
            },
            block: Some(BlockPublicAccess::off()),
            id: self.id.clone(),
            state: "available".to_owned(),
            vpc: self.vpc.clone(),
            cidr: self.cidr.map(|cidr| cidr.to_string()),
            free_addresses: self.free_addresses(),
            zone: self.zone.name.clone(),
            default_for_zone: self.default_for_zone,
            public_addresses: self.public_addresses,
        }
    }
}
