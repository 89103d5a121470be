//! Network interfaces (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;
use crate::world::time::Time;

use super::dhcp_options::internal_domain;
use super::filters::{Filter, Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::interface_addresses::{Addressing, Chosen};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, flow_logs, kinds, once, security_groups, store, subnets};

/// The operations on network interfaces.
pub const OPS: &[Op] = &[
    op!(Write "CreateNetworkInterface" create),
    op!(Write "DeleteNetworkInterface" delete),
    op!(Read "DescribeNetworkInterfaces" describe),
];

/// Security groups of an interface: what the quota can be raised to.
const GROUPS_MAX: usize = 16;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::INTERFACE,
    paths: &[
        ("addresses.association.allocation-id", "PrivateIpAddresses.Association.AllocationId"),
        ("addresses.association.association-id", "PrivateIpAddresses.Association.AssociationId"),
        ("addresses.association.ip-owner-id", "PrivateIpAddresses.Association.IpOwnerId"),
        ("addresses.association.owner-id", "PrivateIpAddresses.Association.IpOwnerId"),
        ("addresses.association.public-dns-name", "PrivateIpAddresses.Association.PublicDnsName"),
        ("addresses.association.public-ip", "PrivateIpAddresses.Association.PublicIp"),
        ("addresses.primary", "PrivateIpAddresses.Primary"),
        ("addresses.private-ip-address", "PrivateIpAddresses.PrivateIpAddress"),
        ("association.allocation-id", "Association.AllocationId"),
        ("association.association-id", "Association.AssociationId"),
        ("association.ip-owner-id", "Association.IpOwnerId"),
        ("association.public-dns-name", "Association.PublicDnsName"),
        ("association.public-ip", "Association.PublicIp"),
        ("attachment.attach-time", "Attachment.AttachTime"),
        ("attachment.attachment-id", "Attachment.AttachmentId"),
        ("attachment.delete-on-termination", "Attachment.DeleteOnTermination"),
        ("attachment.device-index", "Attachment.DeviceIndex"),
        ("attachment.instance-id", "Attachment.InstanceId"),
        ("attachment.instance-owner-id", "Attachment.InstanceOwnerId"),
        ("attachment.status", "Attachment.Status"),
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("description", "Description"),
        ("group-id", "Groups.GroupId"),
        ("group-name", "Groups.GroupName"),
        ("interface-type", "InterfaceType"),
        ("ipv6-addresses.ipv6-address", "Ipv6Addresses.Ipv6Address"),
        ("mac-address", "MacAddress"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("operator.managed", "Operator.Managed"),
        ("operator.principal", ""),
        ("owner-id", "OwnerId"),
        ("private-dns-name", "PrivateDnsName"),
        ("private-ip-address", "PrivateIpAddress"),
        ("requester-id", "RequesterId"),
        ("requester-managed", "RequesterManaged"),
        ("source-dest-check", "SourceDestCheck"),
        ("status", "Status"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A network interface.
#[derive(Clone, Debug)]
pub struct Interface {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub description: String,
    pub kind: Kind,
    pub mac: String,
    /// The first is the primary one.
    pub addresses: Vec<PrivateAddress>,
    pub ipv6: Vec<Ipv6Addr>,
    /// Security groups.
    pub groups: Vec<String>,
    /// Traffic that is neither from nor to its addresses is dropped.
    pub source_dest_check: bool,
    pub attachment: Option<Attachment>,
    /// Who made it for the account, if not the account itself: such interfaces cannot be changed.
    pub requester: Option<String>,
}

/// What an interface serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Interface,
    NatGateway,
    VpcEndpoint,
}

/// An IPv4 address of an interface.
#[derive(Clone, Debug)]
pub struct PrivateAddress {
    pub address: Ipv4Addr,
    /// The public address that internet gateways exchange it for.
    pub public: Option<PublicAddress>,
}

/// A public address.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    pub address: Ipv4Addr,
    /// The elastic IP's allocation and association; without them, the address is Amazon's and goes with its instance's
    /// running.
    pub elastic: Option<(String, String)>,
}

/// What an interface is attached to.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// `eni-attach-…`
    pub id: String,
    /// `None` when a service holds it.
    pub instance: Option<String>,
    /// The instance's account, or the service's name.
    pub owner: String,
    pub device: i64,
    pub since: Time,
    pub delete_on_termination: bool,
}

record! {
    struct Create {
        subnet: String = "SubnetId",
        description: Option<String> = "Description",
        groups: Vec<String> = "Groups",
        kind: Option<String> = "InterfaceType",
        token: Option<String> = "ClientToken",
        prefixes: Option<i64> = "Ipv4PrefixCount",
        ipv6_prefixes: Option<i64> = "Ipv6PrefixCount",
    }
    struct Created { interface: View = "NetworkInterface", token: Option<String> = "ClientToken" }
    struct One { id: String = "NetworkInterfaceId" }
    struct Describe { ids: Vec<String> = "NetworkInterfaceIds" }
    struct Interfaces { interfaces: Vec<Shown<View>> = "NetworkInterfaces" }
    struct View {
        association: Option<AssociationView> = "Association",
        attachment: Option<AttachmentView> = "Attachment",
        zone: String = "AvailabilityZone",
        description: String = "Description",
        groups: Vec<GroupView> = "Groups",
        kind: String = "InterfaceType",
        ipv6: Vec<Ipv6View> = "Ipv6Addresses",
        mac: String = "MacAddress",
        id: String = "NetworkInterfaceId",
        owner: String = "OwnerId",
        private_name: Option<String> = "PrivateDnsName",
        address: Option<String> = "PrivateIpAddress",
        addresses: Vec<AddressView> = "PrivateIpAddresses",
        requester: Option<String> = "RequesterId",
        requester_managed: bool = "RequesterManaged",
        source_dest_check: bool = "SourceDestCheck",
        status: String = "Status",
        subnet: String = "SubnetId",
        tags: Vec<Tag> = "TagSet",
        vpc: String = "VpcId",
        operator: OperatorView = "Operator",
        zone_id: String = "AvailabilityZoneId",
    }
    struct OperatorView { managed: bool = "Managed" }
    pub struct AssociationView {
        allocation: Option<String> = "AllocationId",
        association: Option<String> = "AssociationId",
        owner: String = "IpOwnerId",
        name: String = "PublicDnsName",
        address: String = "PublicIp",
    }
    pub struct AttachmentView {
        since: Time = "AttachTime",
        id: String = "AttachmentId",
        delete_on_termination: bool = "DeleteOnTermination",
        device: i64 = "DeviceIndex",
        card: i64 = "NetworkCardIndex",
        instance: Option<String> = "InstanceId",
        owner: String = "InstanceOwnerId",
        status: String = "Status",
    }
    pub struct GroupView { id: String = "GroupId", name: String = "GroupName" }
    pub struct Ipv6View { address: String = "Ipv6Address" }
    struct AddressView {
        association: Option<AssociationView> = "Association",
        primary: bool = "Primary",
        name: Option<String> = "PrivateDnsName",
        address: String = "PrivateIpAddress",
    }
}

/// An interface to be made: everything about it is right.
pub(super) struct New {
    pub subnet: String,
    pub description: String,
    pub kind: Kind,
    pub groups: Vec<String>,
    pub chosen: Chosen,
    pub requester: Option<String>,
}

fn create(cx: &mut Cx, input: ((Create, Addressing), Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, ((input, addressing), tagging): ((Create, Addressing), Tagging)) -> Result<Created, Fault> {
    if input.kind.as_deref().is_some_and(|kind| kind != "interface") {
        return Err(faults::unsupported("interfaces of this type"));
    }
    if input.prefixes.is_some() || input.ipv6_prefixes.is_some() {
        return Err(faults::unsupported("prefixes of interfaces"));
    }
    let tags = tagging.only(&kinds::INTERFACE)?;
    let ec2 = store(cx);
    let subnet = subnets::find(ec2, &input.subnet)?;
    let groups = groups(ec2, &subnet.vpc, &subnet.id, &input.groups)?;
    let wanted = addressing.read(subnet)?;
    dry_run(cx)?;
    let mut ids = cx.world.ids.clone();
    let ec2 = store(cx);
    let chosen = wanted.choose(subnets::find(ec2, &input.subnet)?, &mut ids)?;
    let description = input.description.unwrap_or_default();
    let new = New { subnet: input.subnet, description, kind: Kind::Interface, groups, chosen, requester: None };
    let id = add(ec2, &mut ids, new);
    ec2.tags.add(&id, tags);
    let view = ec2.interfaces.get(&id).map(|interface| interface.view(ec2)).unwrap_or_default();
    cx.world.ids = ids;
    // The first look comes before the interface is ready.
    Ok(Created { interface: View { status: "pending".to_owned(), ..view }, token: input.token })
}

/// The groups of a new interface: those that were named, else the VPC's default one.
pub(super) fn groups(ec2: &Store, vpc: &str, subnet: &str, named: &[String]) -> Result<Vec<String>, Fault> {
    if named.is_empty() {
        return Ok(security_groups::default_of(ec2, vpc).map(|group| group.id.clone()).into_iter().collect());
    }
    let mut groups = Vec::new();
    for id in named {
        if security_groups::find(ec2, id)?.vpc != vpc {
            return Err(faults::group_of_other_network(id, subnet));
        }
        if !groups.contains(id) {
            groups.push(id.clone());
        }
    }
    match groups.len() > GROUPS_MAX {
        true => {
            let things = "security groups per interface";
            Err(faults::limit_exceeded("SecurityGroupsPerInterfaceLimitExceeded", things))
        }
        false => Ok(groups),
    }
}

/// Adds an interface to its subnet and answers its id.
pub(super) fn add(ec2: &mut Store, ids: &mut Ids, new: New) -> String {
    let id = ids.ec2("eni");
    let mac = mac(ids);
    let mut vpc = String::new();
    if let Some(subnet) = ec2.subnets.get_mut(&new.subnet) {
        subnet.used.extend(new.chosen.ipv4.iter().map(|address| IpAddr::V4(*address)));
        subnet.used.extend(new.chosen.ipv6.iter().map(|address| IpAddr::V6(*address)));
        vpc.clone_from(&subnet.vpc);
    }
    let address = |address| PrivateAddress { address, public: None };
    let interface = Interface {
        id: id.clone(),
        vpc,
        subnet: new.subnet,
        description: new.description,
        kind: new.kind,
        mac,
        addresses: new.chosen.ipv4.into_iter().map(address).collect(),
        ipv6: new.chosen.ipv6,
        groups: new.groups,
        source_dest_check: new.kind != Kind::NatGateway,
        attachment: None,
        requester: new.requester,
    };
    ec2.interfaces.insert(id.clone(), interface);
    id
}

/// A locally administered address, as EC2's are.
fn mac(ids: &mut Ids) -> String {
    let [a, b, c, d, e, f] = ids.bytes::<6>();
    let first = [0x02, 0x06, 0x0a, 0x0e, 0x12, 0x16][usize::from(a) % 6];
    format!("{first:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// Removes an interface; its addresses are free again, and elastic IPs of it are without an association.
pub(super) fn remove(ec2: &mut Store, id: &str) {
    let Some(interface) = ec2.interfaces.remove(id) else { return };
    if let Some(subnet) = ec2.subnets.get_mut(&interface.subnet) {
        interface.all_addresses().for_each(|address| {
            subnet.used.remove(&address);
        });
    }
    let publics = interface.addresses.iter().filter_map(|address| address.public.as_ref());
    for (allocation, _) in publics.filter_map(|public| public.elastic.as_ref()) {
        if let Some(address) = ec2.addresses.get_mut(allocation) {
            address.association = None;
        }
    }
    ec2.tags.forget(id);
    flow_logs::forget(ec2, id);
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    let interface = find(store(cx), &input.id)?;
    if interface.requester.is_some() {
        return Err(faults::no_permission());
    }
    if interface.attachment.is_some() {
        return Err(faults::interface_in_use(&input.id));
    }
    dry_run(cx)?;
    remove(store(cx), &input.id);
    Ok(())
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Interfaces, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let view = |interface: &Interface| interface.view(ec2);
    let (interfaces, end) = LISTING.list_quickly(&ec2.tags, &ec2.interfaces, wanted, quick, view)?;
    Ok((Interfaces { interfaces }, end))
}

/// Whether an interface passes one of the filters that narrow most.
fn quick(interface: &Interface, filter: &Filter) -> Option<bool> {
    let publics = || interface.addresses.iter().filter_map(|own| own.public.as_ref());
    Some(match filter.name.as_str() {
        "vpc-id" => filter.fits(&interface.vpc),
        "subnet-id" => filter.fits(&interface.subnet),
        "network-interface-id" => filter.fits(&interface.id),
        "mac-address" => filter.fits(&interface.mac),
        "description" => filter.fits(&interface.description),
        "interface-type" => filter.fits(interface.kind.name()),
        "status" => filter.fits(interface.status()),
        "attachment.instance-id" => interface.instance().is_some_and(|id| filter.fits(id)),
        "group-id" => interface.groups.iter().any(|id| filter.fits(id)),
        "private-ip-address" => interface.primary().is_some_and(|own| filter.fits(&own.to_string())),
        "addresses.private-ip-address" => interface.addresses.iter().any(|own| filter.fits(&own.address.to_string())),
        "association.public-ip" | "addresses.association.public-ip" => {
            publics().any(|public| filter.fits(&public.address.to_string()))
        }
        _ => return None,
    })
}

/// The interface of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a Interface, Fault> {
    ec2.interfaces.get(id).ok_or_else(|| kinds::INTERFACE.missing(id))
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Interface => "interface",
            Kind::NatGateway => "nat_gateway",
            Kind::VpcEndpoint => "vpc_endpoint",
        }
    }
}

impl Interface {
    /// The instance that it is attached to.
    pub fn instance(&self) -> Option<&str> {
        self.attachment.as_ref().and_then(|attachment| attachment.instance.as_deref())
    }

    /// The address that it was made with.
    pub fn primary(&self) -> Option<Ipv4Addr> {
        self.addresses.first().map(|address| address.address)
    }

    /// Its own addresses, of IPv4 and IPv6.
    pub fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let ipv4 = self.addresses.iter().map(|address| IpAddr::V4(address.address));
        ipv4.chain(self.ipv6.iter().map(|address| IpAddr::V6(*address)))
    }

    /// The public address of the first of its addresses that has one.
    pub fn public(&self) -> Option<&PublicAddress> {
        self.addresses.first().and_then(|address| address.public.as_ref())
    }

    fn status(&self) -> &'static str {
        if self.attachment.is_some() { "in-use" } else { "available" }
    }

    pub(super) fn group_views(&self, ec2: &Store) -> Vec<GroupView> {
        let name = |id: &String| ec2.security_groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        self.groups.iter().map(|id| GroupView { id: id.clone(), name: name(id) }).collect()
    }

    pub(super) fn attachment_view(&self) -> Option<AttachmentView> {
        self.attachment.as_ref().map(|attachment| AttachmentView {
            since: attachment.since,
            id: attachment.id.clone(),
            delete_on_termination: attachment.delete_on_termination,
            device: attachment.device,
            card: 0,
            instance: attachment.instance.clone(),
            owner: attachment.owner.clone(),
            status: "attached".to_owned(),
        })
    }

    fn view(&self, ec2: &Store) -> View {
        let named = ec2.vpcs.get(&self.vpc).is_some_and(|vpc| vpc.dns_hostnames);
        let private_name = |address: Ipv4Addr| named.then(|| private_name(address, &ec2.region));
        let address = |(at, own): (usize, &PrivateAddress)| AddressView {
            association: own.public.as_ref().map(|public| public.view(ec2, named)),
            primary: at == 0,
            name: private_name(own.address),
            address: own.address.to_string(),
        };
        let zone = ec2.subnets.get(&self.subnet).map(|subnet| subnet.zone.clone());
        let (zone, zone_id) = zone.map(|zone| (zone.name, zone.id)).unwrap_or_default();
        View {
            association: self.public().map(|public| public.view(ec2, named)),
            attachment: self.attachment_view(),
            zone,
            description: self.description.clone(),
            groups: self.group_views(ec2),
            kind: self.kind.name().to_owned(),
            ipv6: self.ipv6.iter().map(|address| Ipv6View { address: address.to_string() }).collect(),
            mac: self.mac.clone(),
            id: self.id.clone(),
            owner: ec2.owner.clone(),
            private_name: self.primary().and_then(private_name),
            address: self.primary().map(|address| address.to_string()),
            addresses: self.addresses.iter().enumerate().map(address).collect(),
            requester: self.requester.clone(),
            requester_managed: self.requester.is_some(),
            source_dest_check: self.source_dest_check,
            status: self.status().to_owned(),
            subnet: self.subnet.clone(),
            tags: ec2.tags.shown(&self.id),
            vpc: self.vpc.clone(),
            operator: OperatorView { managed: false },
            zone_id,
        }
    }
}

impl PublicAddress {
    /// `named`: the VPC gives names to public addresses.
    pub(super) fn view(&self, ec2: &Store, named: bool) -> AssociationView {
        let (allocation, association) = self.elastic.clone().unzip();
        AssociationView {
            owner: if allocation.is_some() { ec2.owner.clone() } else { "amazon".to_owned() },
            allocation,
            association,
            name: if named { public_name(self.address, &ec2.region) } else { String::new() },
            address: self.address.to_string(),
        }
    }
}

/// `ip-10-0-1-10.ec2.internal`
pub fn private_name(address: Ipv4Addr, region: &str) -> String {
    format!("ip-{}.{}", dashed(address), internal_domain(region))
}

/// `ec2-203-0-113-25.compute-1.amazonaws.com`, `ec2-203-0-113-25.eu-west-1.compute.amazonaws.com`
pub fn public_name(address: Ipv4Addr, region: &str) -> String {
    match region {
        "us-east-1" => format!("ec2-{}.compute-1.amazonaws.com", dashed(address)),
        region => format!("ec2-{}.{region}.compute.amazonaws.com", dashed(address)),
    }
}

fn dashed(address: Ipv4Addr) -> String {
    address.to_string().replace('.', "-")
}
