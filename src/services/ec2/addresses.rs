//! Elastic IP addresses (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageRequest, Shown, Wanted};
use super::interfaces::{self, Interface, PublicAddress};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, store};

/// The operations on elastic IP addresses.
pub const OPS: &[Op] = &[
    op!(Write "AllocateAddress" allocate),
    op!(Write "AssociateAddress" associate),
    op!(Read "DescribeAddresses" describe),
    op!(Read "DescribeAddressesAttribute" describe_attribute),
    op!(Write "DisassociateAddress" disassociate),
    op!(Write "ReleaseAddress" release),
];

/// The quota that accounts start with, five, can be raised.
const ADDRESSES_MAX: usize = 1000;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::ADDRESS,
    paths: &[
        ("allocation-id", "AllocationId"),
        ("association-id", "AssociationId"),
        ("domain", "Domain"),
        ("instance-id", "InstanceId"),
        ("network-border-group", "NetworkBorderGroup"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("network-interface-owner-id", "NetworkInterfaceOwnerId"),
        ("private-ip-address", "PrivateIpAddress"),
        ("public-ip", "PublicIp"),
    ],
};

/// An elastic IP address.
#[derive(Clone, Debug)]
pub struct ElasticAddress {
    /// `eipalloc-…`
    pub id: String,
    pub address: Ipv4Addr,
    pub association: Option<Association>,
}

/// Which private address it stands for.
#[derive(Clone, Debug)]
pub struct Association {
    /// `eipassoc-…`
    pub id: String,
    pub interface: String,
    pub private: Ipv4Addr,
}

record! {
    struct Allocate {
        address: Option<String> = "Address",
        pool: Option<String> = "PublicIpv4Pool",
        customer_pool: Option<String> = "CustomerOwnedIpv4Pool",
        ipam_pool: Option<String> = "IpamPoolId",
        border_group: Option<String> = "NetworkBorderGroup",
    }
    struct Allocated {
        id: String = "AllocationId",
        pool: String = "PublicIpv4Pool",
        border_group: String = "NetworkBorderGroup",
        domain: String = "Domain",
        address: String = "PublicIp",
    }
    struct Associate {
        id: Option<String> = "AllocationId",
        instance: Option<String> = "InstanceId",
        address: Option<String> = "PublicIp",
        interface: Option<String> = "NetworkInterfaceId",
        private: Option<String> = "PrivateIpAddress",
        reassociate: Option<bool> = "AllowReassociation",
    }
    struct Associated { id: String = "AssociationId" }
    struct Disassociate { id: Option<String> = "AssociationId", address: Option<String> = "PublicIp" }
    struct Release {
        id: Option<String> = "AllocationId",
        address: Option<String> = "PublicIp",
        border_group: Option<String> = "NetworkBorderGroup",
    }
    struct Describe { ids: Vec<String> = "AllocationIds", addresses: Vec<String> = "PublicIps" }
    struct Addresses { addresses: Vec<Shown<View>> = "Addresses" }
    struct View {
        id: String = "AllocationId",
        association: Option<String> = "AssociationId",
        domain: String = "Domain",
        interface: Option<String> = "NetworkInterfaceId",
        interface_owner: Option<String> = "NetworkInterfaceOwnerId",
        private: Option<String> = "PrivateIpAddress",
        tags: Vec<Tag> = "Tags",
        pool: String = "PublicIpv4Pool",
        border_group: String = "NetworkBorderGroup",
        instance: Option<String> = "InstanceId",
        address: String = "PublicIp",
    }
    struct DescribeAttribute { ids: Vec<String> = "AllocationIds" }
    struct Attributes { addresses: Vec<Attribute> = "Addresses" }
    struct Attribute { address: String = "PublicIp", id: String = "AllocationId" }
}

fn allocate(cx: &mut Cx, (input, tagging): (Allocate, Tagging)) -> Result<Allocated, Fault> {
    let others = [&input.address, &input.customer_pool, &input.ipam_pool];
    if others.into_iter().any(Option::is_some) || input.pool.is_some_and(|pool| pool != "amazon") {
        return Err(faults::unsupported("address pools of one's own"));
    }
    let ec2 = store(cx);
    check_border_group(ec2, input.border_group.as_deref())?;
    let tags = tagging.only(&kinds::ADDRESS)?;
    if ec2.addresses.len() >= ADDRESSES_MAX {
        return Err(faults::limit_exceeded("AddressLimitExceeded", "addresses"));
    }
    dry_run(cx)?;
    let ids = &mut cx.world.ids;
    let (id, address) = (ids.ec2("eipalloc"), public_address(ids));
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    ec2.addresses.insert(id.clone(), ElasticAddress { id: id.clone(), address, association: None });
    Ok(Allocated {
        id,
        pool: "amazon".to_owned(),
        border_group: ec2.region.clone(),
        domain: "vpc".to_owned(),
        address: address.to_string(),
    })
}

fn check_border_group(ec2: &Store, group: Option<&str>) -> Result<(), Fault> {
    match group {
        Some(group) if group != ec2.region => {
            Err(faults::invalid_parameter(group, "networkBorderGroup", "The network border group does not exist."))
        }
        _ => Ok(()),
    }
}

/// An address of Amazon's, of ranges that EC2 has.
pub(super) fn public_address(ids: &mut Ids) -> Ipv4Addr {
    const FIRST: [u8; 8] = [3, 13, 18, 34, 44, 52, 54, 100];
    let [a, b, c, d] = ids.bytes::<4>();
    let first = FIRST[usize::from(a) % FIRST.len()];
    // Of 100.0.0.0/8, 64 to 127 are shared address space.
    let second = if first == 100 { 24 + b % 8 } else { b };
    Ipv4Addr::new(first, second, c, 1 + d % 254)
}

/// Gives an address to a private one: of an interface, or of an instance's primary interface.
fn associate(cx: &mut Cx, input: Associate) -> Result<Associated, Fault> {
    let ec2 = store(cx);
    let elastic = named(ec2, input.id.as_deref(), input.address.as_deref())?;
    let interface = target(ec2, input.instance.as_deref(), input.interface.as_deref())?;
    let private = match &input.private {
        None => interface.primary().ok_or_else(faults::no_private_address)?,
        Some(text) => {
            let own = interface.addresses.iter().find(|own| own.address.to_string() == *text);
            own.map(|own| own.address).ok_or_else(|| faults::address_not_of_interface(text, &interface.id))?
        }
    };
    if !ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(&interface.vpc)) {
        return Err(faults::no_gateway(&interface.vpc));
    }
    if let Some(held) = &elastic.association {
        if held.interface == interface.id && held.private == private {
            return Ok(Associated { id: held.id.clone() });
        }
        if input.reassociate == Some(false) {
            return Err(faults::already_associated(&elastic.id, &held.id));
        }
    }
    let (elastic, interface) = (elastic.id.clone(), interface.id.clone());
    dry_run(cx)?;
    let id = cx.world.ids.ec2("eipassoc");
    join(store(cx), &elastic, Association { id: id.clone(), interface, private });
    Ok(Associated { id })
}

/// The interface that an address is to go to.
fn target<'a>(ec2: &'a Store, instance: Option<&str>, interface: Option<&str>) -> Result<&'a Interface, Fault> {
    match (instance, interface) {
        (_, Some(id)) => interfaces::find(ec2, id),
        (Some(id), None) => {
            let instance = ec2.instances.get(id).ok_or_else(|| kinds::INSTANCE.missing(id))?;
            if !instance.takes_changes() {
                return Err(faults::invalid_instance(id));
            }
            let primary = instance.interfaces.first().and_then(|id| ec2.interfaces.get(id));
            primary.ok_or_else(faults::no_private_address)
        }
        (None, None) => Err(faults::missing_parameter("networkInterfaceId")),
    }
}

/// Associates an address; what it, or the private address, was associated with before is no more.
pub(super) fn join(ec2: &mut Store, allocation: &str, association: Association) {
    part(ec2, allocation);
    let Association { id, interface, private } = &association;
    let own = ec2.interfaces.get(interface).and_then(|own| own.addresses.iter().find(|own| own.address == *private));
    let before = own.and_then(|own| own.public.as_ref()).and_then(|public| public.elastic.clone());
    if let Some((other, _)) = before {
        part(ec2, &other);
    }
    let Some(elastic) = ec2.addresses.get_mut(allocation) else { return };
    let public = PublicAddress { address: elastic.address, elastic: Some((allocation.to_owned(), id.clone())) };
    if let Some(interface) = ec2.interfaces.get_mut(interface) {
        let own = interface.addresses.iter_mut().filter(|own| own.address == *private);
        own.for_each(|own| own.public = Some(public.clone()));
    }
    elastic.association = Some(association);
}

/// Ends an address's association.
pub(super) fn part(ec2: &mut Store, allocation: &str) {
    let held = ec2.addresses.get_mut(allocation).and_then(|elastic| elastic.association.take());
    let Some(held) = held else { return };
    if let Some(interface) = ec2.interfaces.get_mut(&held.interface) {
        let own = interface.addresses.iter_mut().filter(|own| own.address == held.private);
        own.for_each(|own| own.public = None);
    }
}

fn disassociate(cx: &mut Cx, input: Disassociate) -> Result<(), Fault> {
    let ec2 = store(cx);
    let id = match (&input.id, &input.address) {
        (Some(id), _) => {
            let has = |elastic: &&ElasticAddress| elastic.association.as_ref().is_some_and(|own| own.id == *id);
            let found = ec2.addresses.values().find(has);
            found.ok_or_else(|| faults::association_not_found(id))?.id.clone()
        }
        (None, Some(address)) => named(ec2, None, Some(address))?.id.clone(),
        (None, None) => return Err(faults::missing_parameter("associationId")),
    };
    let held = ec2.addresses.get(&id).and_then(|elastic| elastic.association.as_ref());
    let managed = held.and_then(|held| ec2.interfaces.get(&held.interface)).is_some_and(|own| own.requester.is_some());
    if managed {
        return Err(faults::no_permission());
    }
    dry_run(cx)?;
    part(store(cx), &id);
    Ok(())
}

fn release(cx: &mut Cx, input: Release) -> Result<(), Fault> {
    let ec2 = store(cx);
    check_border_group(ec2, input.border_group.as_deref())?;
    let elastic = named(ec2, input.id.as_deref(), input.address.as_deref())?;
    if elastic.association.is_some() {
        return Err(faults::elastic_address_in_use(elastic.address));
    }
    let id = elastic.id.clone();
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.addresses.remove(&id);
    ec2.tags.forget(&id);
    Ok(())
}

/// An address that is named by its allocation or by itself.
fn named<'a>(ec2: &'a Store, id: Option<&str>, address: Option<&str>) -> Result<&'a ElasticAddress, Fault> {
    match (id, address) {
        (Some(_), Some(_)) => Err(faults::not_both("allocationId", "publicIp")),
        (Some(id), None) => ec2.addresses.get(id).ok_or_else(|| kinds::ADDRESS.missing(id)),
        (None, Some(address)) => {
            let found = ec2.addresses.values().find(|elastic| elastic.address.to_string() == address);
            found.ok_or_else(|| faults::address_not_found(address))
        }
        (None, None) => Err(faults::missing_parameter("allocationId")),
    }
}

fn describe(cx: &mut Cx, (input, filters): (Describe, Filters)) -> Result<Addresses, Fault> {
    let ec2 = store(cx);
    let mut ids = input.ids;
    for address in &input.addresses {
        ids.push(named(ec2, None, Some(address))?.id.clone());
    }
    let wanted = Wanted { ids: &ids, filters: &filters, page: &PageRequest::default() };
    let (addresses, _) = LISTING.list(&ec2.tags, &ec2.addresses, wanted, |address| address.view(ec2))?;
    Ok(Addresses { addresses })
}

/// Reverse names of addresses. None has one, as long as `ModifyAddressAttribute` is not built.
fn describe_attribute(cx: &mut Cx, input: DescribeAttribute) -> Result<Attributes, Fault> {
    let addresses: &BTreeMap<_, _> = &store(cx).addresses;
    if let Some(missing) = input.ids.iter().find(|id| !addresses.contains_key(*id)) {
        return Err(kinds::ADDRESS.missing(missing));
    }
    dry_run(cx)?;
    Ok(Attributes::default())
}

impl ElasticAddress {
    fn view(&self, ec2: &Store) -> View {
        let held = self.association.as_ref();
        let interface = held.and_then(|held| ec2.interfaces.get(&held.interface));
        View {
            id: self.id.clone(),
            association: held.map(|held| held.id.clone()),
            domain: "vpc".to_owned(),
            interface: held.map(|held| held.interface.clone()),
            interface_owner: held.map(|_| ec2.owner.clone()),
            private: held.map(|held| held.private.to_string()),
            tags: ec2.tags.shown(&self.id),
            pool: "amazon".to_owned(),
            border_group: ec2.region.clone(),
            instance: interface.and_then(Interface::instance).map(str::to_owned),
            address: self.address.to_string(),
        }
    }
}
