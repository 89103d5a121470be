//! Addresses of network interfaces: those that callers name, and those that EC2 chooses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;

use super::interfaces::{self, PrivateAddress};
use super::subnets::{self, Subnet};
use super::{faults, store};

/// The operations on addresses of interfaces.
pub const OPS: &[Op] = &[
    op!(Write "AssignIpv6Addresses" assign_ipv6),
    op!(Write "AssignPrivateIpAddresses" assign),
    op!(Write "UnassignIpv6Addresses" unassign_ipv6),
    op!(Write "UnassignPrivateIpAddresses" unassign),
];

/// Addresses of an interface; instance types allow fewer.
const ADDRESSES_MAX: usize = 50;

record! {
    /// The addresses of a new interface.
    pub struct Addressing {
        primary: Option<String> = "PrivateIpAddress",
        addresses: Vec<AddressIn> = "PrivateIpAddresses",
        more: Option<i64> = "SecondaryPrivateIpAddressCount",
        ipv6: Vec<Ipv6In> = "Ipv6Addresses",
        ipv6_count: Option<i64> = "Ipv6AddressCount",
    }
    pub struct AddressIn { address: Option<String> = "PrivateIpAddress", primary: Option<bool> = "Primary" }
    pub struct Ipv6In { address: String = "Ipv6Address" }

    struct Place { interface: String = "NetworkInterfaceId" }
    struct Assign {
        addresses: Vec<String> = "PrivateIpAddresses",
        more: Option<i64> = "SecondaryPrivateIpAddressCount",
        reassign: bool = "AllowReassignment",
        prefixes: Option<i64> = "Ipv4PrefixCount",
    }
    struct Assigned { interface: String = "NetworkInterfaceId", addresses: Vec<AssignedAddress> = "AssignedPrivateIpAddresses" }
    struct AssignedAddress { address: String = "PrivateIpAddress" }
    struct Unassign { addresses: Vec<String> = "PrivateIpAddresses" }
    struct AssignIpv6 {
        addresses: Vec<String> = "Ipv6Addresses",
        more: Option<i64> = "Ipv6AddressCount",
        prefixes: Option<i64> = "Ipv6PrefixCount",
    }
    struct AssignedIpv6 { addresses: Vec<String> = "AssignedIpv6Addresses", interface: String = "NetworkInterfaceId" }
    struct UnassignIpv6 { addresses: Vec<String> = "Ipv6Addresses" }
    struct UnassignedIpv6 { interface: String = "NetworkInterfaceId", addresses: Vec<String> = "UnassignedIpv6Addresses" }
}

/// Addresses that an interface is to have: those named are free, and there is room for the others.
#[derive(Clone, Debug, Default)]
pub struct WantedAddresses {
    primary: Option<Ipv4Addr>,
    secondary: Vec<Ipv4Addr>,
    more: usize,
    ipv6: Vec<Ipv6Addr>,
    more_ipv6: usize,
}

/// Addresses that are free, the primary one first.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub ipv4: Vec<Ipv4Addr>,
    pub ipv6: Vec<Ipv6Addr>,
}

impl Addressing {
    /// Checks what was asked for.
    pub fn read(&self, subnet: &Subnet) -> Result<WantedAddresses, Fault> {
        let mut wanted = WantedAddresses::default();
        if let Some(text) = &self.primary {
            wanted.primary = Some(free_ipv4(subnet, text)?);
        }
        for AddressIn { address, primary } in &self.addresses {
            let address = address.as_ref().ok_or_else(|| faults::missing_parameter("privateIpAddress"))?;
            let address = free_ipv4(subnet, address)?;
            match (primary, wanted.primary) {
                (Some(true), Some(_)) => return Err(faults::two_primaries()),
                (Some(true), None) => wanted.primary = Some(address),
                _ => wanted.secondary.push(address),
            }
        }
        wanted.more = count(self.more, "secondaryPrivateIpAddressCount")?;
        if wanted.more > 0 && !self.addresses.is_empty() {
            return Err(faults::not_both("secondaryPrivateIpAddressCount", "privateIpAddresses"));
        }
        for Ipv6In { address } in &self.ipv6 {
            wanted.ipv6.push(free_ipv6(subnet, address)?);
        }
        wanted.more_ipv6 = match self.ipv6_count {
            None if self.ipv6.is_empty() && subnet.ipv6_on_creation => 1,
            given => count(given, "ipv6AddressCount")?,
        };
        if wanted.more_ipv6 > 0 && subnet.ipv6.is_none() {
            return Err(faults::subnet_without_ipv6(&subnet.id));
        }
        wanted.check_room(subnet)?;
        Ok(wanted)
    }
}

fn count(given: Option<i64>, parameter: &str) -> Result<usize, Fault> {
    let given = given.unwrap_or(0);
    let count = usize::try_from(given).ok().filter(|count| *count <= ADDRESSES_MAX);
    count.ok_or_else(|| faults::invalid_parameter(given, parameter, "Expected: 0 to 50."))
}

/// An address that an interface of the subnet can have.
fn free_ipv4(subnet: &Subnet, text: &str) -> Result<Ipv4Addr, Fault> {
    let address = text.parse().map_err(|_| faults::invalid_address(text))?;
    match subnet.cidr {
        Some(block) if block.contains(IpAddr::V4(address)) => {
            free(subnet, &block, IpAddr::V4(address)).map(|()| address)
        }
        _ => Err(faults::address_outside(text)),
    }
}

fn free_ipv6(subnet: &Subnet, text: &str) -> Result<Ipv6Addr, Fault> {
    let address = text.parse().map_err(|_| faults::invalid_address(text))?;
    match subnet.ipv6.as_ref().map(|block| block.cidr) {
        Some(block) if block.contains(IpAddr::V6(address)) => {
            free(subnet, &block, IpAddr::V6(address)).map(|()| address)
        }
        _ => Err(faults::address_outside(text)),
    }
}

fn free(subnet: &Subnet, block: &super::cidr::Cidr, address: IpAddr) -> Result<(), Fault> {
    if block.reserves(address) {
        return Err(faults::address_reserved(address));
    }
    if subnet.used.contains(&address) { Err(faults::address_in_use()) } else { Ok(()) }
}

impl WantedAddresses {
    /// Some address can be had once only.
    pub fn names_addresses(&self) -> bool {
        self.primary.is_some() || !self.secondary.is_empty() || !self.ipv6.is_empty()
    }

    /// How many IPv4 addresses an interface will have.
    pub fn ipv4_count(&self) -> usize {
        1 + self.secondary.len() + self.more
    }

    fn check_room(&self, subnet: &Subnet) -> Result<(), Fault> {
        let all = self.ipv4_count();
        if all > ADDRESSES_MAX {
            return Err(faults::limit_exceeded("PrivateIpAddressLimitExceeded", "private IP addresses per interface"));
        }
        match subnet.cidr.is_some() && all as i64 > subnet.free_addresses() {
            true => Err(faults::subnet_without_addresses(&subnet.id)),
            false => Ok(()),
        }
    }

    /// Chooses what was not named.
    pub fn choose(&self, subnet: &Subnet, ids: &mut Ids) -> Result<Chosen, Fault> {
        let mut subnet = subnet.clone();
        let mut chosen = Chosen::default();
        let full = faults::subnet_without_addresses(&subnet.id);
        subnet.used.extend(self.primary.into_iter().chain(self.secondary.iter().copied()).map(IpAddr::V4));
        subnet.used.extend(self.ipv6.iter().map(|address| IpAddr::V6(*address)));
        let next_ipv4 = |subnet: &mut Subnet, ids: &mut Ids| -> Result<Ipv4Addr, Fault> {
            let block = subnet.cidr.ok_or_else(|| full.clone())?;
            let from = u128::from(u32::from_be_bytes(ids.bytes()));
            match subnet.free_address(&block, from) {
                Some(IpAddr::V4(address)) => {
                    subnet.used.insert(IpAddr::V4(address));
                    Ok(address)
                }
                _ => Err(full.clone()),
            }
        };
        match self.primary {
            Some(primary) => chosen.ipv4.push(primary),
            None if subnet.cidr.is_some() => chosen.ipv4.push(next_ipv4(&mut subnet, ids)?),
            None => {}
        }
        chosen.ipv4.extend(&self.secondary);
        for _ in 0..self.more {
            chosen.ipv4.push(next_ipv4(&mut subnet, ids)?);
        }
        chosen.ipv6.extend(&self.ipv6);
        for _ in 0..self.more_ipv6 {
            chosen.ipv6.push(next_ipv6(&mut subnet, ids)?);
        }
        Ok(chosen)
    }
}

fn next_ipv6(subnet: &mut Subnet, ids: &mut Ids) -> Result<Ipv6Addr, Fault> {
    let block = subnet.ipv6.as_ref().map(|block| block.cidr);
    let block = block.ok_or_else(|| faults::subnet_without_ipv6(&subnet.id))?;
    let from = u128::from(u64::from_be_bytes(ids.bytes()));
    match subnet.free_address(&block, from) {
        Some(IpAddr::V6(address)) => {
            subnet.used.insert(IpAddr::V6(address));
            Ok(address)
        }
        _ => Err(faults::subnet_without_addresses(&subnet.id)),
    }
}

/// Adds addresses to an interface. Those of other interfaces move when the caller says so.
fn assign(cx: &mut Cx, (place, input): (Place, Assign)) -> Result<Assigned, Fault> {
    if input.prefixes.is_some() {
        return Err(faults::unsupported("prefixes of interfaces"));
    }
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &place.interface)?;
    let subnet = subnets::find(ec2, &interface.subnet)?;
    let more = count(input.more, "secondaryPrivateIpAddressCount")?;
    match (more, input.addresses.len()) {
        (0, 0) => return Err(faults::missing_parameter("privateIpAddress")),
        (0, _) | (_, 0) => {}
        _ => return Err(faults::not_both("secondaryPrivateIpAddressCount", "privateIpAddress")),
    }
    let (mut named, mut moved) = (Vec::new(), Vec::new());
    for text in &input.addresses {
        match free_ipv4(subnet, text) {
            Ok(address) => named.push(address),
            Err(fault) => {
                let address = text.parse::<Ipv4Addr>().ok().filter(|_| input.reassign);
                let other = address.and_then(|address| secondary_holder(ec2, &subnet.id, address));
                let (Some(address), Some(other)) = (address, other) else { return Err(fault) };
                named.push(address);
                moved.push((other, address));
            }
        }
    }
    if interface.addresses.len() + named.len() + more > ADDRESSES_MAX {
        return Err(faults::limit_exceeded("PrivateIpAddressLimitExceeded", "private IP addresses per interface"));
    }
    let mut ids = cx.world.ids.clone();
    let ec2 = store(cx);
    let mut subnet = subnets::find(ec2, &interfaces::find(ec2, &place.interface)?.subnet)?.clone();
    // Of the chosen ones, the first would be a primary address.
    let chosen = match more {
        0 => Vec::new(),
        _ => WantedAddresses { more: more - 1, ..WantedAddresses::default() }.choose(&subnet, &mut ids)?.ipv4,
    };
    for (other, address) in moved {
        if let Some(other) = ec2.interfaces.get_mut(&other) {
            other.addresses.retain(|own| own.address != address);
        }
    }
    let new = [named, chosen].concat();
    subnet.used.extend(new.iter().map(|address| IpAddr::V4(*address)));
    ec2.subnets.insert(subnet.id.clone(), subnet);
    if let Some(interface) = ec2.interfaces.get_mut(&place.interface) {
        interface.addresses.extend(new.iter().map(|address| PrivateAddress { address: *address, public: None }));
    }
    cx.world.ids = ids;
    let addresses = new.iter().map(|address| AssignedAddress { address: address.to_string() }).collect();
    Ok(Assigned { interface: place.interface, addresses })
}

/// The interface of a subnet that has an address beside its primary one.
fn secondary_holder(ec2: &super::Store, subnet: &str, address: Ipv4Addr) -> Option<String> {
    let has = |interface: &&interfaces::Interface| {
        interface.subnet == subnet && interface.addresses.iter().skip(1).any(|own| own.address == address)
    };
    ec2.interfaces.values().find(has).map(|interface| interface.id.clone())
}

fn unassign(cx: &mut Cx, (place, input): (Place, Unassign)) -> Result<(), Fault> {
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &place.interface)?;
    let mut going = Vec::new();
    for text in &input.addresses {
        let at = interface.addresses.iter().position(|own| own.address.to_string() == *text);
        match at {
            None => return Err(faults::address_not_of_interface(text, &place.interface)),
            Some(0) => return Err(faults::primary_address(text)),
            Some(at) => going.push(interface.addresses[at].clone()),
        }
    }
    let subnet = interface.subnet.clone();
    for PrivateAddress { address, public } in going {
        if let Some((allocation, _)) = public.and_then(|public| public.elastic)
            && let Some(address) = ec2.addresses.get_mut(&allocation)
        {
            address.association = None;
        }
        if let Some(interface) = ec2.interfaces.get_mut(&place.interface) {
            interface.addresses.retain(|own| own.address != address);
        }
        if let Some(subnet) = ec2.subnets.get_mut(&subnet) {
            subnet.used.remove(&IpAddr::V4(address));
        }
    }
    Ok(())
}

fn assign_ipv6(cx: &mut Cx, (place, input): (Place, AssignIpv6)) -> Result<AssignedIpv6, Fault> {
    if input.prefixes.is_some() {
        return Err(faults::unsupported("prefixes of interfaces"));
    }
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &place.interface)?;
    let mut subnet = subnets::find(ec2, &interface.subnet)?.clone();
    if subnet.ipv6.is_none() {
        return Err(faults::subnet_without_ipv6(&subnet.id));
    }
    let more = count(input.more, "ipv6AddressCount")?;
    if more == 0 && input.addresses.is_empty() {
        return Err(faults::missing_parameter("ipv6Addresses"));
    }
    let mut new = input.addresses.iter().map(|text| free_ipv6(&subnet, text)).collect::<Result<Vec<_>, _>>()?;
    subnet.used.extend(new.iter().map(|address| IpAddr::V6(*address)));
    let mut ids = cx.world.ids.clone();
    for _ in 0..more {
        new.push(next_ipv6(&mut subnet, &mut ids)?);
    }
    cx.world.ids = ids;
    let ec2 = store(cx);
    ec2.subnets.insert(subnet.id.clone(), subnet);
    if let Some(interface) = ec2.interfaces.get_mut(&place.interface) {
        interface.ipv6.extend(&new);
    }
    Ok(AssignedIpv6 { addresses: new.iter().map(Ipv6Addr::to_string).collect(), interface: place.interface })
}

fn unassign_ipv6(cx: &mut Cx, (place, input): (Place, UnassignIpv6)) -> Result<UnassignedIpv6, Fault> {
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &place.interface)?;
    let mut going = Vec::new();
    for text in &input.addresses {
        let address = text.parse::<Ipv6Addr>().ok().filter(|address| interface.ipv6.contains(address));
        going.push(address.ok_or_else(|| faults::address_not_of_interface(text, &place.interface))?);
    }
    let subnet = interface.subnet.clone();
    if let Some(subnet) = ec2.subnets.get_mut(&subnet) {
        subnet.used.retain(|used| !going.iter().any(|address| IpAddr::V6(*address) == *used));
    }
    if let Some(interface) = ec2.interfaces.get_mut(&place.interface) {
        interface.ipv6.retain(|own| !going.contains(own));
    }
    let addresses = going.iter().map(Ipv6Addr::to_string).collect();
    Ok(UnassignedIpv6 { interface: place.interface, addresses })
}
