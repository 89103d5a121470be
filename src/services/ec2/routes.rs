//! Routes (<https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>).

use std::fmt;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::route_tables::{self, RouteTable};
use super::vpcs::{self, Vpc};
use super::{Store, dry_run, faults, kinds, store};

/// The operations on routes.
pub const OPS: &[Op] =
    &[op!(Write "CreateRoute" create), op!(Write "DeleteRoute" delete), op!(Write "ReplaceRoute" replace)];

/// Routes of a table beside the local ones: the quota that accounts start with.
const ROUTES_MAX: usize = 500;

/// A route of a table. Those to the VPC's own blocks are not kept, unless they were led elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub destination: Destination,
    pub target: Target,
    /// `CreateRouteTable` rather than `CreateRoute` is its origin.
    pub made_with_table: bool,
}

/// Where traffic wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Cidr(Cidr),
    /// `pl-…`
    PrefixList(String),
}

/// Where it is sent, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Local,
    InternetGateway(String),
    EgressGateway(String),
    NatGateway(String),
    Interface(String),
    Peering(String),
    Endpoint(String),
}

record! {
    struct DestinationIn {
        cidr: Option<String> = "DestinationCidrBlock",
        ipv6: Option<String> = "DestinationIpv6CidrBlock",
        prefix_list: Option<String> = "DestinationPrefixListId",
    }
    struct TargetIn {
        gateway: Option<String> = "GatewayId",
        egress: Option<String> = "EgressOnlyInternetGatewayId",
        nat: Option<String> = "NatGatewayId",
        interface: Option<String> = "NetworkInterfaceId",
        instance: Option<String> = "InstanceId",
        peering: Option<String> = "VpcPeeringConnectionId",
        endpoint: Option<String> = "VpcEndpointId",
        transit: Option<String> = "TransitGatewayId",
        local_gateway: Option<String> = "LocalGatewayId",
        carrier: Option<String> = "CarrierGatewayId",
        core: Option<String> = "CoreNetworkArn",
    }
    struct Table { id: String = "RouteTableId" }
    struct Done { done: bool = "Return" }
    struct Local { local: bool = "LocalTarget" }
    pub struct View {
        cidr: Option<String> = "DestinationCidrBlock",
        ipv6: Option<String> = "DestinationIpv6CidrBlock",
        prefix_list: Option<String> = "DestinationPrefixListId",
        egress: Option<String> = "EgressOnlyInternetGatewayId",
        gateway: Option<String> = "GatewayId",
        instance: Option<String> = "InstanceId",
        instance_owner: Option<String> = "InstanceOwnerId",
        nat: Option<String> = "NatGatewayId",
        interface: Option<String> = "NetworkInterfaceId",
        origin: String = "Origin",
        state: String = "State",
        peering: Option<String> = "VpcPeeringConnectionId",
    }
}

fn create(cx: &mut Cx, (table, destination, target): (Table, DestinationIn, TargetIn)) -> Result<Done, Fault> {
    let ec2 = store(cx);
    let found = route_tables::find(ec2, &table.id)?;
    let destination = read_destination(ec2, &destination)?;
    let target = read_target(ec2, found, &destination, &target)?;
    let vpc = vpcs::find(ec2, &found.vpc)?;
    if found.route(&destination).is_some() || is_local(vpc, &destination) {
        return Err(faults::route_exists(&destination.to_string()));
    }
    check_specific(ec2, vpc, &destination, &target)?;
    if found.routes.len() >= ROUTES_MAX {
        return Err(faults::routes_full(&table.id));
    }
    dry_run(cx)?;
    if let Some(table) = store(cx).route_tables.get_mut(&table.id) {
        table.routes.push(Route { destination, target, made_with_table: false });
    }
    Ok(Done { done: true })
}

fn replace(
    cx: &mut Cx,
    (table, destination, (target, local)): (Table, DestinationIn, (TargetIn, Local)),
) -> Result<(), Fault> {
    let ec2 = store(cx);
    let found = route_tables::find(ec2, &table.id)?;
    let destination = read_destination(ec2, &destination)?;
    let vpc = vpcs::find(ec2, &found.vpc)?;
    let own = is_local(vpc, &destination);
    let kept = found.route(&destination);
    if kept.is_none() && !own {
        return Err(faults::no_route_to_replace(&destination.to_string()));
    }
    if kept.is_some_and(|route| matches!(route.target, Target::Endpoint(_))) {
        return Err(faults::endpoint_route(&destination.to_string(), &table.id));
    }
    let target = match local.local {
        true if own => Target::Local,
        true => return Err(faults::invalid_parameter(true, "localTarget", "The route is not a local route.")),
        false => read_target(ec2, found, &destination, &target)?,
    };
    check_specific(ec2, vpc, &destination, &target)?;
    dry_run(cx)?;
    if let Some(table) = store(cx).route_tables.get_mut(&table.id) {
        let made_with_table = own || table.route(&destination).is_some_and(|route| route.made_with_table);
        table.routes.retain(|route| route.destination != destination);
        if target != Target::Local {
            table.routes.push(Route { destination, target, made_with_table });
        }
    }
    Ok(())
}

fn delete(cx: &mut Cx, (table, destination): (Table, DestinationIn)) -> Result<(), Fault> {
    let ec2 = store(cx);
    let found = route_tables::find(ec2, &table.id)?;
    let destination = read_destination(ec2, &destination)?;
    if is_local(vpcs::find(ec2, &found.vpc)?, &destination) {
        return Err(faults::local_route(&destination.to_string(), &table.id));
    }
    match found.route(&destination).map(|route| &route.target) {
        None => return Err(faults::route_not_found(&destination.to_string(), &table.id)),
        Some(Target::Endpoint(_)) => return Err(faults::endpoint_route(&destination.to_string(), &table.id)),
        Some(_) => {}
    }
    dry_run(cx)?;
    if let Some(table) = store(cx).route_tables.get_mut(&table.id) {
        table.routes.retain(|route| route.destination != destination);
    }
    Ok(())
}

fn read_destination(ec2: &Store, input: &DestinationIn) -> Result<Destination, Fault> {
    let block = |text: &str, v4: bool, name: &str| {
        let cidr = Cidr::parse(text).filter(|cidr| cidr.is_v4() == v4);
        cidr.map(Destination::Cidr).ok_or_else(|| faults::not_a_cidr(text, name))
    };
    match (&input.cidr, &input.ipv6, &input.prefix_list) {
        (Some(text), None, None) => block(text, true, "destinationCidrBlock"),
        (None, Some(text), None) => block(text, false, "destinationIpv6CidrBlock"),
        (None, None, Some(id)) => match ec2.prefix_lists.contains_key(id) {
            true => Ok(Destination::PrefixList(id.clone())),
            false => Err(kinds::PREFIX_LIST.missing(id)),
        },
        _ => Err(faults::one_destination()),
    }
}

/// The one target that was named; it must be of the table's VPC.
fn read_target(ec2: &Store, table: &RouteTable, destination: &Destination, input: &TargetIn) -> Result<Target, Fault> {
    let others = [&input.transit, &input.local_gateway, &input.carrier, &input.core];
    if others.into_iter().any(Option::is_some) {
        return Err(faults::unsupported(
            "routes to transit gateways, local gateways, carrier gateways and core networks",
        ));
    }
    let named = [
        (&input.gateway, "gateway"),
        (&input.egress, "egress"),
        (&input.nat, "nat"),
        (&input.interface, "interface"),
        (&input.instance, "instance"),
        (&input.peering, "peering"),
        (&input.endpoint, "endpoint"),
    ];
    let mut named = named.into_iter().filter_map(|(id, kind)| Some((id.as_ref()?, kind)));
    let (Some((id, kind)), None) = (named.next(), named.next()) else { return Err(faults::one_target()) };
    let target = match kind {
        "gateway" if id == "local" => return Err(faults::invalid_gateway(id)),
        "gateway" if id.starts_with("vgw-") => return Err(faults::unsupported("virtual private gateways")),
        "gateway" if id.starts_with("vpce-") => Target::Endpoint(id.clone()),
        "gateway" => Target::InternetGateway(id.clone()),
        "egress" => Target::EgressGateway(id.clone()),
        "nat" => Target::NatGateway(id.clone()),
        "interface" => Target::Interface(id.clone()),
        "instance" => Target::Interface(only_interface(ec2, id)?),
        "peering" => Target::Peering(id.clone()),
        _ => Target::Endpoint(id.clone()),
    };
    if matches!((&target, destination), (Target::EgressGateway(_), Destination::Cidr(cidr)) if cidr.is_v4()) {
        return Err(faults::target_takes_ipv6_only(id));
    }
    check_place(ec2, table, &target)?;
    Ok(target)
}

/// An instance stands for its only network interface.
fn only_interface(ec2: &Store, instance: &str) -> Result<String, Fault> {
    if !ec2.instances.contains_key(instance) {
        return Err(kinds::INSTANCE.missing(instance));
    }
    let mut own = ec2.interfaces.values().filter(|interface| interface.instance() == Some(instance));
    match (own.next(), own.next()) {
        (Some(interface), None) => Ok(interface.id.clone()),
        _ => Err(faults::several_interfaces(instance)),
    }
}

fn check_place(ec2: &Store, table: &RouteTable, target: &Target) -> Result<(), Fault> {
    let table_noun = format!("route table {}", table.id);
    let here = |noun: String, vpc: Option<&str>| match vpc == Some(&table.vpc) {
        true => Ok(()),
        false => Err(faults::different_networks(&table_noun, &noun)),
    };
    match target {
        Target::Local => Ok(()),
        Target::InternetGateway(id) => match ec2.internet_gateways.get(id) {
            Some(gateway) => here(format!("network gateway {id}"), gateway.vpc.as_deref()),
            None => Err(kinds::INTERNET_GATEWAY.missing(id)),
        },
        Target::EgressGateway(id) => match ec2.egress_gateways.get(id) {
            Some(gateway) => here(format!("network gateway {id}"), Some(&gateway.vpc)),
            None => Err(kinds::EGRESS_GATEWAY.missing(id)),
        },
        Target::NatGateway(id) => match ec2.nat_gateways.get(id).filter(|nat| nat.is_there()) {
            Some(nat) => here(format!("NAT gateway {id}"), Some(&nat.vpc)),
            None => Err(kinds::NAT_GATEWAY.missing(id)),
        },
        Target::Interface(id) => match ec2.interfaces.get(id) {
            Some(interface) => here(format!("interface {id}"), Some(&interface.vpc)),
            None => Err(kinds::INTERFACE.missing(id)),
        },
        Target::Peering(id) => match ec2.peerings.get(id) {
            Some(peering) if peering.has_side(&ec2.owner, &ec2.region, &table.vpc) => Ok(()),
            Some(_) => Err(faults::different_networks(&table_noun, &format!("peering connection {id}"))),
            None => Err(kinds::PEERING.missing(id)),
        },
        Target::Endpoint(id) => match ec2.endpoints.contains_key(id) {
            true => Err(faults::endpoint_is_no_target(id)),
            false => Err(kinds::ENDPOINT.missing(id)),
        },
    }
}

/// Whether a route goes to one of the VPC's own blocks.
fn is_local(vpc: &Vpc, destination: &Destination) -> bool {
    matches!(destination, Destination::Cidr(cidr) if vpc.blocks().any(|block| block == cidr))
}

/// Inside the VPC, traffic can be led to interfaces and NAT gateways alone.
fn check_specific(_: &Store, vpc: &Vpc, destination: &Destination, target: &Target) -> Result<(), Fault> {
    let Destination::Cidr(cidr) = destination else { return Ok(()) };
    let inside = vpc.blocks().any(|block| block.covers(cidr));
    match target {
        Target::Local | Target::Interface(_) | Target::NatGateway(_) => Ok(()),
        _ if inside => Err(faults::more_specific_than_vpc(cidr)),
        _ => Ok(()),
    }
}

/// Whether traffic gets anywhere: routes to what is gone are black holes.
pub fn is_active(ec2: &Store, vpc: &str, target: &Target) -> bool {
    match target {
        Target::Local => true,
        Target::InternetGateway(id) => {
            ec2.internet_gateways.get(id).is_some_and(|gateway| gateway.vpc.as_deref() == Some(vpc))
        }
        Target::EgressGateway(id) => ec2.egress_gateways.contains_key(id),
        Target::NatGateway(id) => ec2.nat_gateways.get(id).is_some_and(|nat| nat.is_there()),
        Target::Interface(id) => match ec2.interfaces.get(id) {
            Some(interface) => match interface.instance() {
                Some(instance) => ec2.instances.get(instance).is_some_and(|instance| instance.is_on()),
                None => interface.attachment.is_some(),
            },
            None => false,
        },
        Target::Peering(id) => ec2.peerings.get(id).is_some_and(|peering| peering.is_active()),
        Target::Endpoint(id) => ec2.endpoints.contains_key(id),
    }
}

impl Route {
    /// As `DescribeRouteTables` shows it.
    pub(super) fn view(&self, ec2: &Store, vpc: &str) -> View {
        let mut view = View {
            origin: if self.made_with_table { "CreateRouteTable" } else { "CreateRoute" }.to_owned(),
            state: if is_active(ec2, vpc, &self.target) { "active" } else { "blackhole" }.to_owned(),
            ..View::default()
        };
        match &self.destination {
            Destination::Cidr(cidr) if cidr.is_v4() => view.cidr = Some(cidr.to_string()),
            Destination::Cidr(cidr) => view.ipv6 = Some(cidr.to_string()),
            Destination::PrefixList(id) => view.prefix_list = Some(id.clone()),
        }
        match self.target.clone() {
            Target::Local => view.gateway = Some("local".to_owned()),
            Target::InternetGateway(id) | Target::Endpoint(id) => view.gateway = Some(id),
            Target::EgressGateway(id) => view.egress = Some(id),
            Target::NatGateway(id) => view.nat = Some(id),
            Target::Peering(id) => view.peering = Some(id),
            Target::Interface(id) => {
                let instance = ec2.interfaces.get(&id).and_then(|interface| interface.instance());
                view.instance = instance.map(str::to_owned);
                view.instance_owner = instance.map(|_| ec2.owner.clone());
                view.interface = Some(id);
            }
        }
        view
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Cidr(cidr) => cidr.fmt(f),
            Destination::PrefixList(id) => f.write_str(id),
        }
    }
}
