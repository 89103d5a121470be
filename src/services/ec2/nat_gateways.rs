//! NAT gateways (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>).

use std::net::Ipv4Addr;

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::addresses::{self, Association};
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::interface_addresses::Addressing;
use super::interfaces::{self, Attachment, Kind, New};
use super::tags::{Tag, Tagging};
use super::transitions::{self, Pace, Place};
use super::{Store, dry_run, faults, kinds, once, store, subnets};

/// The operations on NAT gateways.
pub const OPS: &[Op] = &[
    op!(Write "CreateNatGateway" create),
    op!(Write "DeleteNatGateway" delete),
    op!(Read "DescribeNatGateways" describe),
];

/// How long a deleted gateway is still shown.
const SHOWN_AFTER_DELETION: TimeDelta = TimeDelta::hours(1);
/// Who makes the interfaces of gateways for an account.
const REQUESTER: &str = "amazon-aws";

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::NAT_GATEWAY,
    paths: &[
        ("connectivity-type", "ConnectivityType"),
        ("nat-gateway-id", "NatGatewayId"),
        ("state", "State"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub state: State,
    /// It has a public address.
    pub is_public: bool,
    /// `eipalloc-…` of public ones.
    pub allocation: Option<String>,
    /// Its own interface, as long as it is there.
    pub interface: Option<String>,
    /// Its addresses, which are still shown when it is gone.
    pub private: Option<Ipv4Addr>,
    pub public: Option<Ipv4Addr>,
    pub association: Option<String>,
    pub created: Time,
    pub deleted: Option<Time>,
    /// Code and sentence.
    pub failure: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Available,
    Deleting,
    Deleted,
    Failed,
}

record! {
    struct Create {
        subnet: Option<String> = "SubnetId",
        allocation: Option<String> = "AllocationId",
        connectivity: Option<String> = "ConnectivityType",
        private: Option<String> = "PrivateIpAddress",
        token: Option<String> = "ClientToken",
        mode: Option<String> = "AvailabilityMode",
        more_allocations: Vec<String> = "SecondaryAllocationIds",
        more_private: Vec<String> = "SecondaryPrivateIpAddresses",
        more: Option<i64> = "SecondaryPrivateIpAddressCount",
    }
    struct Created { token: Option<String> = "ClientToken", gateway: View = "NatGateway" }
    struct One { id: String = "NatGatewayId" }
    struct Describe { ids: Vec<String> = "NatGatewayIds" }
    /// `Filter`, where other operations have `Filters`.
    struct OwnFilters { filters: Vec<super::filters::Filter> = "Filter", dry_run: bool = "DryRun" }
    struct Gateways { gateways: Vec<Shown<View>> = "NatGateways" }
    struct View {
        created: Time = "CreateTime",
        deleted: Option<Time> = "DeleteTime",
        failure_code: Option<String> = "FailureCode",
        failure: Option<String> = "FailureMessage",
        addresses: Vec<AddressView> = "NatGatewayAddresses",
        id: String = "NatGatewayId",
        state: String = "State",
        subnet: String = "SubnetId",
        vpc: String = "VpcId",
        tags: Vec<Tag> = "Tags",
        connectivity: String = "ConnectivityType",
    }
    struct AddressView {
        allocation: Option<String> = "AllocationId",
        interface: Option<String> = "NetworkInterfaceId",
        private: Option<String> = "PrivateIp",
        public: Option<String> = "PublicIp",
        association: Option<String> = "AssociationId",
        primary: bool = "IsPrimary",
        status: String = "Status",
    }
}

fn create(cx: &mut Cx, input: (Create, Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let more = !input.more_allocations.is_empty() || !input.more_private.is_empty() || input.more.is_some();
    if more || input.mode.as_deref() == Some("regional") {
        return Err(faults::unsupported("secondary addresses of NAT gateways, and regional ones"));
    }
    let is_public = input.connectivity.as_deref() != Some("private");
    let subnet_id = input.subnet.clone().ok_or_else(|| faults::missing_parameter("SubnetId"))?;
    let ec2 = store(cx);
    let subnet = subnets::find(ec2, &subnet_id)?;
    match (&input.allocation, is_public) {
        (None, true) => return Err(faults::missing_parameter("AllocationId")),
        (Some(_), false) => return Err(faults::not_both("AllocationId", "ConnectivityType")),
        (Some(id), true) if !ec2.addresses.contains_key(id) => return Err(kinds::ADDRESS.missing(id)),
        _ => {}
    }
    let addressing = Addressing { primary: input.private.clone(), ipv6_count: Some(0), ..Addressing::default() };
    let wanted = addressing.read(subnet)?;
    let tags = tagging.only(&kinds::NAT_GATEWAY)?;
    dry_run(cx)?;
    let mut ids = cx.world.ids.clone();
    let now = cx.world.now;
    let ec2 = store(cx);
    let subnet = subnets::find(ec2, &subnet_id)?;
    let chosen = wanted.choose(subnet, &mut ids)?;
    let id = ids.ec2("nat");
    let failure = failure(ec2, &subnet.vpc, input.allocation.as_deref());
    let mut gateway = NatGateway {
        id: id.clone(),
        vpc: subnet.vpc.clone(),
        subnet: subnet_id.clone(),
        state: State::Pending,
        is_public,
        allocation: input.allocation,
        interface: None,
        private: chosen.ipv4.first().copied(),
        public: None,
        association: None,
        created: now,
        deleted: None,
        failure,
    };
    if gateway.failure.is_none() {
        let description = format!("Interface for NAT Gateway {id}");
        let requester = Some(REQUESTER.to_owned());
        let kind = Kind::NatGateway;
        let new = New { subnet: subnet_id, description, kind, groups: Vec::new(), chosen, requester };
        let interface = interfaces::add(ec2, &mut ids, new);
        let attachment = ids.ec2("eni-attach");
        let association = ids.ec2("eipassoc");
        connect(ec2, &mut gateway, interface, attachment, association);
    }
    ec2.tags.add(&id, tags);
    let view = gateway.view(ec2);
    ec2.nat_gateways.insert(id.clone(), gateway);
    cx.world.ids = ids;
    transitions::later(cx, &id, Pace::NatGateway);
    Ok(Created { token: input.token, gateway: view })
}

/// Why a gateway will not come to work, which EC2 tells afterwards.
fn failure(ec2: &Store, vpc: &str, allocation: Option<&str>) -> Option<(String, String)> {
    let allocation = allocation?;
    if ec2.addresses.get(allocation).is_some_and(|elastic| elastic.association.is_some()) {
        return Some(faults::address_taken(allocation));
    }
    let attached = ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_deref() == Some(vpc));
    (!attached).then(|| faults::no_internet_gateway(vpc))
}

/// Gives a gateway its interface, and the interface its addresses.
fn connect(ec2: &mut Store, gateway: &mut NatGateway, interface: String, attachment: String, association: String) {
    let (owner, since) = (REQUESTER.to_owned(), gateway.created);
    if let Some(interface) = ec2.interfaces.get_mut(&interface) {
        let attachment =
            Attachment { id: attachment, instance: None, owner, device: 1, since, delete_on_termination: false };
        interface.attachment = Some(attachment);
    }
    if let (Some(allocation), Some(private)) = (&gateway.allocation, gateway.private) {
        gateway.public = ec2.addresses.get(allocation).map(|elastic| elastic.address);
        gateway.association = Some(association.clone());
        addresses::join(ec2, allocation, Association { id: association, interface: interface.clone(), private });
    }
    gateway.interface = Some(interface);
}

fn delete(cx: &mut Cx, input: One) -> Result<One, Fault> {
    let gateway = store(cx).nat_gateways.get(&input.id);
    let gateway = gateway.filter(|gateway| gateway.state != State::Deleted);
    gateway.ok_or_else(|| kinds::NAT_GATEWAY.missing(&input.id))?;
    dry_run(cx)?;
    let now = cx.world.now;
    if let Some(gateway) = store(cx).nat_gateways.get_mut(&input.id) {
        gateway.state = State::Deleting;
        gateway.deleted = Some(now);
    }
    transitions::later(cx, &input.id, Pace::NatGateway);
    Ok(input)
}

/// What is next for a gateway, when it is due: ready or failed, deleted, forgotten.
pub(super) fn settle(world: &mut World, place: &Place) {
    let now = world.now;
    let ec2 = place.store(world);
    let Some(gateway) = ec2.nat_gateways.get_mut(&place.id) else { return };
    match gateway.state {
        State::Pending if gateway.failure.is_some() => {
            gateway.state = State::Failed;
            gateway.deleted = Some(now);
        }
        State::Pending => gateway.state = State::Available,
        State::Deleting => {
            gateway.state = State::Deleted;
            let interface = gateway.interface.take();
            interface.iter().for_each(|id| interfaces::remove(ec2, id));
        }
        State::Available => return,
        State::Deleted | State::Failed => {
            ec2.nat_gateways.remove(&place.id);
            ec2.tags.forget(&place.id);
            return;
        }
    }
    if ec2.nat_gateways.get(&place.id).is_some_and(|gateway| gateway.deleted.is_some()) {
        transitions::at(world, place, now + SHOWN_AFTER_DELETION);
    }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (OwnFilters, PageRequest)),
) -> Result<(Gateways, PageEnd), Fault> {
    let ec2 = store(cx);
    let filters = Filters { filters: filters.filters, dry_run: filters.dry_run };
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (gateways, end) = LISTING.list(&ec2.tags, &ec2.nat_gateways, wanted, |gateway| gateway.view(ec2))?;
    Ok((Gateways { gateways }, end))
}

impl NatGateway {
    /// Not deleted, nor about to be.
    pub fn is_there(&self) -> bool {
        matches!(self.state, State::Pending | State::Available)
    }

    fn view(&self, ec2: &Store) -> View {
        let (failure_code, failure) = self.failure.clone().filter(|_| self.state == State::Failed).unzip();
        View {
            created: self.created,
            deleted: self.deleted,
            failure_code,
            failure,
            addresses: vec![self.address_view()],
            id: self.id.clone(),
            state: self.state.name().to_owned(),
            subnet: self.subnet.clone(),
            vpc: self.vpc.clone(),
            tags: ec2.tags.shown(&self.id),
            connectivity: if self.is_public { "public" } else { "private" }.to_owned(),
        }
    }

    /// While the gateway is made, of its address only the allocation is known.
    fn address_view(&self) -> AddressView {
        let known = AddressView { allocation: self.allocation.clone(), primary: true, ..AddressView::default() };
        match self.state {
            State::Pending if self.is_public => AddressView { status: "associating".to_owned(), ..known },
            State::Pending => AddressView { status: "assigning".to_owned(), ..known },
            State::Failed => AddressView { status: "failed".to_owned(), ..known },
            State::Available | State::Deleting | State::Deleted => AddressView {
                interface: self.interface.clone(),
                private: self.private.map(|address| address.to_string()),
                public: self.public.map(|address| address.to_string()),
                association: self.association.clone(),
                status: "succeeded".to_owned(),
                ..known
            },
        }
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Available => "available",
            State::Deleting => "deleting",
            State::Deleted => "deleted",
            State::Failed => "failed",
        }
    }
}
