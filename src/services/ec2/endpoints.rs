//! VPC endpoints (<https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>).

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;
use crate::world::policy::Policy;
use crate::world::time::Time;

use super::endpoint_services::{self, HOSTED_ZONE, Service};
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::interface_addresses::Addressing;
use super::interfaces::{self, Attachment, GroupView, Interface, New};
use super::routes::{Destination, Route, Target};
use super::tags::{Tag, Tagging};
use super::transitions::{self, Pace, Place};
use super::{Store, dry_run, faults, kinds, once, prefix_lists, route_tables, store, subnets, vpcs};

/// The operations on endpoints.
pub const OPS: &[Op] = &[
    op!(Write "CreateVpcEndpoint" create),
    op!(Write "DeleteVpcEndpoints" delete),
    op!(Read "DescribeVpcEndpoints" describe),
    op!(Write "ModifyVpcEndpoint" modify),
];

/// What an endpoint allows without a policy of one's own.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
const POLICY_LENGTH_MAX: usize = 20_480;
/// Who makes the interfaces of endpoints for an account.
const REQUESTER: &str = "727180483921";

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::ENDPOINT,
    paths: &[
        ("ip-address-type", "IpAddressType"),
        ("service-name", "ServiceName"),
        ("service-region", "ServiceRegion"),
        ("vpc-endpoint-id", "VpcEndpointId"),
        ("vpc-endpoint-state", "State"),
        ("vpc-endpoint-type", "VpcEndpointType"),
        ("vpc-id", "VpcId"),
    ],
};

/// A VPC endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: String,
    pub vpc: String,
    /// `com.amazonaws.us-east-1.s3`
    pub service: String,
    /// A way by routes, rather than by interfaces.
    pub is_gateway: bool,
    pub state: State,
    /// Of gateways.
    pub route_tables: Vec<String>,
    /// Of interface endpoints: subnets and the interfaces in them.
    pub subnets: Vec<(String, String)>,
    pub groups: Vec<String>,
    /// The service's usual names lead to the endpoint.
    pub private_dns: bool,
    /// The part of its own names after its id: `1a2b3c4d`.
    pub label: String,
    /// JSON text.
    pub policy: String,
    pub created: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Available,
    Deleting,
}

record! {
    struct Create {
        kind: Option<String> = "VpcEndpointType",
        vpc: String = "VpcId",
        service: Option<String> = "ServiceName",
        policy: Option<String> = "PolicyDocument",
        tables: Vec<String> = "RouteTableIds",
        subnets: Vec<String> = "SubnetIds",
        groups: Vec<String> = "SecurityGroupIds",
        ip_type: Option<String> = "IpAddressType",
        token: Option<String> = "ClientToken",
        private_dns: Option<bool> = "PrivateDnsEnabled",
    }
    struct Unsupported {
        dns: Value = "DnsOptions",
        subnets: Value = "SubnetConfigurations",
        network: Value = "ServiceNetworkArn",
        resource: Value = "ResourceConfigurationArn",
    }
    struct Created { endpoint: View = "VpcEndpoint", token: Option<String> = "ClientToken" }
    struct Delete { ids: Vec<String> = "VpcEndpointIds" }
    struct Deleted { failed: Vec<Failed> = "Unsuccessful" }
    struct Failed { error: Error = "Error", id: String = "ResourceId" }
    struct Error { code: String = "Code", message: String = "Message" }
    struct Describe { ids: Vec<String> = "VpcEndpointIds" }
    struct Endpoints { endpoints: Vec<Shown<View>> = "VpcEndpoints" }
    struct Modify {
        id: String = "VpcEndpointId",
        reset: bool = "ResetPolicy",
        policy: Option<String> = "PolicyDocument",
        add_tables: Vec<String> = "AddRouteTableIds",
        remove_tables: Vec<String> = "RemoveRouteTableIds",
        add_subnets: Vec<String> = "AddSubnetIds",
        remove_subnets: Vec<String> = "RemoveSubnetIds",
        add_groups: Vec<String> = "AddSecurityGroupIds",
        remove_groups: Vec<String> = "RemoveSecurityGroupIds",
        ip_type: Option<String> = "IpAddressType",
        private_dns: Option<bool> = "PrivateDnsEnabled",
    }
    struct UnsupportedChanges { dns: Value = "DnsOptions", subnets: Value = "SubnetConfigurations" }
    struct Done { done: bool = "Return" }
    struct View {
        id: String = "VpcEndpointId",
        kind: String = "VpcEndpointType",
        vpc: String = "VpcId",
        service: String = "ServiceName",
        state: String = "State",
        policy: String = "PolicyDocument",
        tables: Vec<String> = "RouteTableIds",
        subnets: Vec<String> = "SubnetIds",
        groups: Vec<GroupView> = "Groups",
        ip_type: Option<String> = "IpAddressType",
        private_dns: bool = "PrivateDnsEnabled",
        managed: bool = "RequesterManaged",
        interfaces: Vec<String> = "NetworkInterfaceIds",
        names: Vec<DnsEntry> = "DnsEntries",
        created: Time = "CreationTimestamp",
        tags: Vec<Tag> = "Tags",
        owner: String = "OwnerId",
        region: String = "ServiceRegion",
    }
    struct DnsEntry { name: String = "DnsName", zone: String = "HostedZoneId" }
}

fn create(cx: &mut Cx, input: (Create, Unsupported, Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, unsupported, tagging): (Create, Unsupported, Tagging)) -> Result<Created, Fault> {
    let Unsupported { dns, subnets, network, resource } = &unsupported;
    if [dns, subnets, network, resource].into_iter().any(|value| !value.is_null()) {
        return Err(faults::unsupported("DNS options, addresses of one's own, and resources of VPC endpoints"));
    }
    if input.ip_type.as_deref().is_some_and(|kind| kind != "ipv4") {
        return Err(faults::unsupported("VPC endpoints with IPv6 addresses"));
    }
    let tags = tagging.only(&kinds::ENDPOINT)?;
    let is_gateway = match input.kind.as_deref() {
        None | Some("Gateway") => true,
        Some("Interface") => false,
        Some(_) => return Err(faults::unsupported("VPC endpoints of this type")),
    };
    let name = input.service.clone().ok_or_else(|| faults::missing_parameter("ServiceName"))?;
    let ec2 = store(cx);
    vpcs::find(ec2, &input.vpc)?;
    let service = endpoint_services::find(&ec2.region, &name).ok_or_else(|| faults::unknown_service(&name))?;
    if (is_gateway && !service.has_gateway) || (!is_gateway && !service.has_interface) {
        return Err(faults::service_type(&name, if is_gateway { "Gateway" } else { "Interface" }));
    }
    let policy = policy(input.policy.as_deref())?;
    let mut endpoint = Endpoint {
        id: String::new(),
        vpc: input.vpc.clone(),
        service: name,
        is_gateway,
        state: if is_gateway { State::Available } else { State::Pending },
        route_tables: input.tables.clone(),
        subnets: Vec::new(),
        groups: Vec::new(),
        private_dns: !is_gateway && input.private_dns.unwrap_or(true),
        label: String::new(),
        policy,
        created: Time::UNIX_EPOCH,
    };
    if is_gateway {
        if !input.subnets.is_empty() || !input.groups.is_empty() || input.private_dns == Some(true) {
            return Err(faults::wrong_endpoint_members(
                "SubnetIds, SecurityGroupIds and PrivateDnsEnabled",
                "Interface",
            ));
        }
        check_tables(ec2, &endpoint, &input.tables)?;
    } else {
        if !input.tables.is_empty() {
            return Err(faults::wrong_endpoint_members("RouteTableIds", "Gateway"));
        }
        check_subnets(ec2, &endpoint, &input.subnets)?;
        check_names(ec2, &endpoint, service)?;
        let of = input.subnets.first().map_or(&input.vpc, |subnet| subnet);
        endpoint.groups = interfaces::groups(ec2, &input.vpc, of, &input.groups)?;
    }
    dry_run(cx)?;
    let mut ids = cx.world.ids.clone();
    endpoint.id = ids.ec2("vpce");
    endpoint.label = ids.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 8);
    endpoint.created = cx.world.now;
    let ec2 = store(cx);
    for subnet in &input.subnets {
        add_interface(ec2, &mut ids, &mut endpoint, subnet)?;
    }
    input.tables.iter().for_each(|table| add_route(ec2, &endpoint, table));
    ec2.tags.add(&endpoint.id, tags);
    let (id, view) = (endpoint.id.clone(), endpoint.view(ec2));
    ec2.endpoints.insert(id.clone(), endpoint);
    cx.world.ids = ids;
    if !is_gateway {
        transitions::later(cx, &id, Pace::Endpoint);
    }
    Ok(Created { endpoint: view, token: input.token })
}

/// A policy of one's own has to be one.
fn policy(text: Option<&str>) -> Result<String, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(FULL_ACCESS.to_owned()) };
    match Policy::parse(text).is_ok() && text.len() <= POLICY_LENGTH_MAX {
        true => Ok(text.to_owned()),
        false => Err(faults::invalid_policy()),
    }
}

/// Route tables of the VPC that do not lead to the service yet.
fn check_tables(ec2: &Store, endpoint: &Endpoint, tables: &[String]) -> Result<(), Fault> {
    for id in tables {
        let table = route_tables::find(ec2, id)?;
        if table.vpc != endpoint.vpc {
            let (a, b) = (format!("Route table {id}"), format!("VPC {}", endpoint.vpc));
            return Err(faults::different_networks(&a, &b));
        }
        let destination = endpoint.destination(ec2);
        if let Some(route) = destination.as_ref().and_then(|destination| table.route(destination)) {
            return Err(faults::endpoint_route_exists(id, &route.destination.to_string()));
        }
    }
    Ok(())
}

/// Subnets of the VPC, one in each zone at the most.
fn check_subnets(ec2: &Store, endpoint: &Endpoint, new: &[String]) -> Result<(), Fault> {
    let held = endpoint.subnets.iter().filter_map(|(id, _)| ec2.subnets.get(id));
    let mut zones: Vec<_> = held.map(|subnet| subnet.zone.name.clone()).collect();
    for id in new {
        let subnet = subnets::find(ec2, id)?;
        if subnet.vpc != endpoint.vpc {
            return Err(faults::different_networks(&format!("Subnet {id}"), &format!("VPC {}", endpoint.vpc)));
        }
        if zones.contains(&subnet.zone.name) {
            return Err(faults::endpoint_zone_twice(id));
        }
        zones.push(subnet.zone.name.clone());
        addressing().read(subnet)?;
    }
    Ok(())
}

fn addressing() -> Addressing {
    Addressing { ipv6_count: Some(0), ..Addressing::default() }
}

/// Private names need the VPC's DNS, and lead to one endpoint alone.
fn check_names(ec2: &Store, endpoint: &Endpoint, service: &Service) -> Result<(), Fault> {
    if !endpoint.private_dns {
        return Ok(());
    }
    let vpc = vpcs::find(ec2, &endpoint.vpc)?;
    if !vpc.dns_support || !vpc.dns_hostnames {
        return Err(faults::private_dns_needs_dns(&endpoint.vpc));
    }
    let same = |other: &Endpoint| {
        other.id != endpoint.id
            && other.vpc == endpoint.vpc
            && other.service == endpoint.service
            && other.private_dns
            && other.state != State::Deleting
    };
    match ec2.endpoints.values().any(same) {
        true => Err(faults::private_dns_conflict(&service.host(&ec2.region), &endpoint.vpc)),
        false => Ok(()),
    }
}

fn add_interface(ec2: &mut Store, ids: &mut Ids, endpoint: &mut Endpoint, subnet: &str) -> Result<(), Fault> {
    let place = subnets::find(ec2, subnet)?;
    let chosen = addressing().read(place)?.choose(place, ids)?;
    let description = format!("VPC Endpoint Interface {}", endpoint.id);
    let (groups, requester) = (endpoint.groups.clone(), Some(REQUESTER.to_owned()));
    let kind = interfaces::Kind::VpcEndpoint;
    let new = New { subnet: subnet.to_owned(), description, kind, groups, chosen, requester };
    let id = interfaces::add(ec2, ids, new);
    let attachment = Attachment {
        id: ids.ec2("eni-attach"),
        instance: None,
        owner: "amazon-aws".to_owned(),
        device: 1,
        since: endpoint.created,
        delete_on_termination: false,
    };
    if let Some(interface) = ec2.interfaces.get_mut(&id) {
        interface.attachment = Some(attachment);
    }
    endpoint.subnets.push((subnet.to_owned(), id));
    Ok(())
}

fn add_route(ec2: &mut Store, endpoint: &Endpoint, table: &str) {
    let Some(destination) = endpoint.destination(ec2) else { return };
    if let Some(table) = ec2.route_tables.get_mut(table) {
        let target = Target::Endpoint(endpoint.id.clone());
        table.routes.push(Route { destination, target, made_with_table: false });
    }
}

fn remove_route(ec2: &mut Store, endpoint: &str, table: &str) {
    if let Some(table) = ec2.route_tables.get_mut(table) {
        table.routes.retain(|route| route.target != Target::Endpoint(endpoint.to_owned()));
    }
}

/// Deletes what is there; what is not is told.
fn delete(cx: &mut Cx, input: Delete) -> Result<Deleted, Fault> {
    dry_run(cx)?;
    let mut failed = Vec::new();
    for id in input.ids {
        let ec2 = store(cx);
        let there = ec2.endpoints.get(&id).filter(|endpoint| endpoint.state != State::Deleting).cloned();
        let Some(endpoint) = there else {
            let fault = kinds::ENDPOINT.missing(&id);
            failed.push(Failed { error: Error { code: fault.code, message: fault.message }, id });
            continue;
        };
        if endpoint.is_gateway {
            endpoint.route_tables.iter().for_each(|table| remove_route(ec2, &id, table));
            ec2.endpoints.remove(&id);
            ec2.tags.forget(&id);
        } else {
            if let Some(endpoint) = ec2.endpoints.get_mut(&id) {
                endpoint.state = State::Deleting;
            }
            transitions::later(cx, &id, Pace::Endpoint);
        }
    }
    Ok(Deleted { failed })
}

/// What is next for an endpoint, when it is due.
pub(super) fn settle(world: &mut World, place: &Place) {
    let ec2 = place.store(world);
    let Some(endpoint) = ec2.endpoints.get_mut(&place.id) else { return };
    match endpoint.state {
        State::Pending => endpoint.state = State::Available,
        State::Available => {}
        State::Deleting => {
            let interfaces: Vec<_> = endpoint.subnets.iter().map(|(_, interface)| interface.clone()).collect();
            interfaces.iter().for_each(|id| interfaces::remove(ec2, id));
            ec2.endpoints.remove(&place.id);
            ec2.tags.forget(&place.id);
        }
    }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Endpoints, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (endpoints, end) = LISTING.list(&ec2.tags, &ec2.endpoints, wanted, |endpoint| endpoint.view(ec2))?;
    Ok((Endpoints { endpoints }, end))
}

fn modify(cx: &mut Cx, (input, unsupported): (Modify, UnsupportedChanges)) -> Result<Done, Fault> {
    if !unsupported.dns.is_null() || !unsupported.subnets.is_null() {
        return Err(faults::unsupported("DNS options and addresses of one's own of VPC endpoints"));
    }
    if input.ip_type.as_deref().is_some_and(|kind| kind != "ipv4") {
        return Err(faults::unsupported("VPC endpoints with IPv6 addresses"));
    }
    let ec2 = store(cx);
    let found = ec2.endpoints.get(&input.id).ok_or_else(|| kinds::ENDPOINT.missing(&input.id))?;
    let changed = changed(ec2, found.clone(), &input)?;
    dry_run(cx)?;
    let mut ids = cx.world.ids.clone();
    let ec2 = store(cx);
    let mut endpoint = changed;
    input.add_tables.iter().for_each(|table| add_route(ec2, &endpoint, table));
    input.remove_tables.iter().for_each(|table| remove_route(ec2, &input.id, table));
    let going = endpoint.subnets.iter().filter(|(subnet, _)| input.remove_subnets.contains(subnet));
    going.for_each(|(_, interface)| interfaces::remove(ec2, interface));
    endpoint.subnets.retain(|(subnet, _)| !input.remove_subnets.contains(subnet));
    for subnet in &input.add_subnets {
        add_interface(ec2, &mut ids, &mut endpoint, subnet)?;
    }
    for (_, interface) in &endpoint.subnets {
        if let Some(interface) = ec2.interfaces.get_mut(interface) {
            interface.groups.clone_from(&endpoint.groups);
        }
    }
    ec2.endpoints.insert(endpoint.id.clone(), endpoint);
    cx.world.ids = ids;
    Ok(Done { done: true })
}

/// An endpoint with its new tables, groups, names and policy; everything about the changes is right.
fn changed(ec2: &Store, mut endpoint: Endpoint, input: &Modify) -> Result<Endpoint, Fault> {
    let of_gateways = !input.add_tables.is_empty() || !input.remove_tables.is_empty();
    let of_interfaces = [&input.add_subnets, &input.remove_subnets, &input.add_groups, &input.remove_groups];
    let of_interfaces = of_interfaces.into_iter().any(|list| !list.is_empty()) || input.private_dns.is_some();
    match endpoint.is_gateway {
        true if of_interfaces => {
            return Err(faults::wrong_endpoint_members("subnets, security groups and private DNS", "Interface"));
        }
        false if of_gateways => return Err(faults::wrong_endpoint_members("route tables", "Gateway")),
        _ => {}
    }
    check_tables(ec2, &endpoint, &input.add_tables)?;
    endpoint.route_tables.retain(|table| !input.remove_tables.contains(table));
    endpoint.route_tables.extend(input.add_tables.iter().cloned());
    let mut left = endpoint.clone();
    left.subnets.retain(|(subnet, _)| !input.remove_subnets.contains(subnet));
    check_subnets(ec2, &left, &input.add_subnets)?;
    let groups = endpoint.groups.iter().filter(|group| !input.remove_groups.contains(group));
    let groups: Vec<_> = groups.chain(&input.add_groups).cloned().collect();
    if !endpoint.is_gateway {
        endpoint.groups = interfaces::groups(ec2, &endpoint.vpc, &endpoint.vpc, &groups)?;
    }
    endpoint.private_dns = input.private_dns.unwrap_or(endpoint.private_dns);
    if let Some(service) = endpoint_services::find(&ec2.region, &endpoint.service) {
        check_names(ec2, &endpoint, service)?;
    }
    if input.reset || input.policy.is_some() {
        endpoint.policy = policy(input.policy.as_deref().filter(|_| !input.reset))?;
    }
    Ok(endpoint)
}

impl Endpoint {
    /// The service's prefix list.
    fn destination(&self, ec2: &Store) -> Option<Destination> {
        let service = self.service.rsplit_once('.').map(|(_, service)| service)?;
        prefix_lists::of_service(ec2, service).map(|list| Destination::PrefixList(list.id.clone()))
    }

    /// Its own names, in all zones and in each, and the service's usual name.
    pub fn names(&self, ec2: &Store) -> Vec<String> {
        let Some(service) = endpoint_services::find(&ec2.region, &self.service).filter(|_| !self.is_gateway) else {
            return Vec::new();
        };
        let domain = format!("{}.{}.vpce.amazonaws.com", service.label, ec2.region);
        let star = if service.label == "s3" { "*." } else { "" };
        let mut names = vec![format!("{star}{}-{}.{domain}", self.id, self.label)];
        let zones =
            self.subnets.iter().filter_map(|(subnet, _)| ec2.subnets.get(subnet)).map(|subnet| &subnet.zone.name);
        names.extend(zones.map(|zone| format!("{star}{}-{}-{zone}.{domain}", self.id, self.label)));
        if self.private_dns {
            names.push(format!("{star}{}", service.host(&ec2.region)));
        }
        names
    }

    fn view(&self, ec2: &Store) -> View {
        let name = |id: &String| ec2.security_groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        let group = |id: &String| GroupView { id: id.clone(), name: name(id) };
        let entry = |name: String| DnsEntry { name, zone: HOSTED_ZONE.to_owned() };
        let interfaces = self.subnets.iter().filter_map(|(_, id)| ec2.interfaces.get(id));
        View {
            id: self.id.clone(),
            kind: if self.is_gateway { "Gateway" } else { "Interface" }.to_owned(),
            vpc: self.vpc.clone(),
            service: self.service.clone(),
            state: self.state.name().to_owned(),
            policy: self.policy.clone(),
            tables: self.route_tables.clone(),
            subnets: self.subnets.iter().map(|(subnet, _)| subnet.clone()).collect(),
            groups: self.groups.iter().map(group).collect(),
            ip_type: Some("ipv4".to_owned()),
            private_dns: self.private_dns,
            managed: false,
            interfaces: interfaces.map(|interface: &Interface| interface.id.clone()).collect(),
            names: self.names(ec2).into_iter().map(entry).collect(),
            created: self.created,
            tags: ec2.tags.shown(&self.id),
            owner: ec2.owner.clone(),
            region: ec2.region.clone(),
        }
    }
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Available => "available",
            State::Deleting => "deleting",
        }
    }
}
