//! Subnets.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::filters::{Filters, PageEnd, PageRequest};
use super::store;
use super::views::BlockPublicAccess;
use super::zones::Zone;

/// The operations on subnets.
pub const OPS: &[Op] = &[op!(Read "DescribeSubnets" describe)];

const FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub cidr: String,
    pub zone: Zone,
    pub free_addresses: i64,
    pub default_for_zone: bool,
    /// Instances get public addresses.
    pub public_addresses: bool,
}

record! {
    struct DescribeSubnets { ids: Vec<String> = "SubnetIds" }
    struct Subnets { subnets: Vec<SubnetView> = "Subnets" }
    struct SubnetView {
        zone_id: String = "AvailabilityZoneId",
        customer_addresses: bool = "MapCustomerOwnedIpOnLaunch",
        owner: String = "OwnerId",
        ipv6_on_creation: bool = "AssignIpv6AddressOnCreation",
        ipv6: Vec<String> = "Ipv6CidrBlockAssociationSet",
        arn: String = "SubnetArn",
        dns64: bool = "EnableDns64",
        ipv6_native: bool = "Ipv6Native",
        dns_names: DnsNames = "PrivateDnsNameOptionsOnLaunch",
        block: BlockPublicAccess = "BlockPublicAccessStates",
        id: String = "SubnetId",
        state: String = "State",
        vpc: String = "VpcId",
        cidr: String = "CidrBlock",
        free_addresses: i64 = "AvailableIpAddressCount",
        zone: String = "AvailabilityZone",
        default_for_zone: bool = "DefaultForAz",
        public_addresses: bool = "MapPublicIpOnLaunch",
    }
    struct DnsNames {
        kind: String = "HostnameType",
        a_record: bool = "EnableResourceNameDnsARecord",
        aaaa_record: bool = "EnableResourceNameDnsAAAARecord",
    }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (DescribeSubnets, (Filters, PageRequest)),
) -> Result<(Subnets, PageEnd), Fault> {
    let (owner, region) = (cx.account.to_string(), cx.region);
    let arn = |subnet: &Subnet| format!("arn:aws:ec2:{region}:{owner}:subnet/{}", subnet.id);
    let subnets = &store(cx).subnets;
    if let Some(unknown) = input.ids.iter().find(|id| !subnets.contains_key(*id)) {
        return Err(faults::subnet_not_found(unknown));
    }
    filters.check(FILTERS)?;
    let wanted = subnets.values().filter(|subnet| input.ids.is_empty() || input.ids.contains(&subnet.id));
    let wanted = wanted.map(|subnet| subnet.view(&owner, arn(subnet)));
    let wanted = wanted.filter(|subnet| filters.pass(|filter| subnet.filter_values(filter)));
    let (subnets, end) = page.cut(wanted.map(|subnet| (subnet.id.clone(), subnet)))?;
    Ok((Subnets { subnets }, end))
}

impl Subnet {
    fn view(&self, owner: &str, arn: String) -> SubnetView {
        SubnetView {
            zone_id: self.zone.id.clone(),
            owner: owner.to_owned(),
            arn,
            dns_names: DnsNames { kind: "ip-name".to_owned(), a_record: false, aaaa_record: false },
            block: BlockPublicAccess::off(),
            id: self.id.clone(),
            state: "available".to_owned(),
            vpc: self.vpc.clone(),
            cidr: self.cidr.clone(),
            free_addresses: self.free_addresses,
            zone: self.zone.name.clone(),
            default_for_zone: self.default_for_zone,
            public_addresses: self.public_addresses,
            ..SubnetView::default()
        }
    }
}

impl SubnetView {
    fn filter_values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "availability-zone" | "availabilityZone" => self.zone.clone(),
            "availability-zone-id" | "availabilityZoneId" => self.zone_id.clone(),
            "available-ip-address-count" => self.free_addresses.to_string(),
            "cidr" | "cidr-block" | "cidrBlock" => self.cidr.clone(),
            "default-for-az" | "defaultForAz" => self.default_for_zone.to_string(),
            "enable-dns64" => self.dns64.to_string(),
            "ipv6-native" => self.ipv6_native.to_string(),
            "map-customer-owned-ip-on-launch" => self.customer_addresses.to_string(),
            "map-public-ip-on-launch" => self.public_addresses.to_string(),
            "owner-id" => self.owner.clone(),
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
                self.dns_names.a_record.to_string()
            }
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
                self.dns_names.aaaa_record.to_string()
            }
            "private-dns-name-options-on-launch.hostname-type" => self.dns_names.kind.clone(),
            "state" => self.state.clone(),
            "subnet-arn" => self.arn.clone(),
            "subnet-id" => self.id.clone(),
            "vpc-id" => self.vpc.clone(),
            _ => return Vec::new(),
        };
        vec![value]
    }
}
