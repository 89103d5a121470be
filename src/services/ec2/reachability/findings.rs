//! What an analysis has found, in the words of the API: the components on the way, or what is in the way.

use std::net::IpAddr;

use crate::network::{
    Component, Decision, Direction, Explained, InterfaceKind, Leg, NatPlace, Network, Packet, Peer, Ports, Refusal,
    RouteDestination, Step, Target, Topology, Traffic, Walk,
};
use crate::record;

use super::super::Store;
use super::super::kinds;
use super::paths::Path;
use super::question::{End, Ends, vpc_of};
use super::search::{Breadth, Search, Tried};
use super::spread::blocks;

/// What an analysis has found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub found: bool,
    pub forward: Vec<PathComponent>,
    pub back: Vec<PathComponent>,
    pub explanations: Vec<Explanation>,
}

record! {
    pub struct PathComponent {
        number: i64 = "SequenceNumber",
        acl_rule: Option<AclRule> = "AclRule",
        attached_to: Option<Named> = "AttachedTo",
        component: Option<Named> = "Component",
        destination_vpc: Option<Named> = "DestinationVpc",
        outbound: Option<Header> = "OutboundHeader",
        inbound: Option<Header> = "InboundHeader",
        route: Option<RouteView> = "RouteTableRoute",
        group_rule: Option<GroupRule> = "SecurityGroupRule",
        source_vpc: Option<Named> = "SourceVpc",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
        service: Option<String> = "ServiceName",
    }
    pub struct Explanation {
        acl: Option<Named> = "Acl",
        acl_rule: Option<AclRule> = "AclRule",
        component: Option<Named> = "Component",
        destination: Option<Named> = "Destination",
        destination_vpc: Option<Named> = "DestinationVpc",
        direction: Option<String> = "Direction",
        code: String = "ExplanationCode",
        gateway: Option<Named> = "InternetGateway",
        missing: Option<String> = "MissingComponent",
        nat: Option<Named> = "NatGateway",
        interface: Option<Named> = "NetworkInterface",
        peering: Option<Named> = "VpcPeeringConnection",
        route: Option<RouteView> = "RouteTableRoute",
        table: Option<Named> = "RouteTable",
        groups: Vec<Named> = "SecurityGroups",
        source_vpc: Option<Named> = "SourceVpc",
        state: Option<String> = "State",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
        endpoint: Option<Named> = "VpcEndpoint",
    }
    pub struct Named { id: String = "Id", arn: Option<String> = "Arn", name: Option<String> = "Name" }
    pub struct Header {
        destination: Vec<String> = "DestinationAddresses",
        destination_ports: Vec<Range> = "DestinationPortRanges",
        protocol: Option<String> = "Protocol",
        source: Vec<String> = "SourceAddresses",
        source_ports: Vec<Range> = "SourcePortRanges",
    }
    pub struct Range { from: i64 = "From", to: i64 = "To" }
    pub struct AclRule {
        cidr: String = "Cidr",
        egress: bool = "Egress",
        ports: Option<Range> = "PortRange",
        protocol: String = "Protocol",
        action: String = "RuleAction",
        number: i64 = "RuleNumber",
    }
    pub struct GroupRule {
        cidr: Option<String> = "Cidr",
        direction: String = "Direction",
        group: Option<String> = "SecurityGroupId",
        ports: Option<Range> = "PortRange",
        prefix_list: Option<String> = "PrefixListId",
        protocol: String = "Protocol",
    }
    pub struct RouteView {
        cidr: Option<String> = "DestinationCidr",
        prefix_list: Option<String> = "DestinationPrefixListId",
        egress_gateway: Option<String> = "EgressOnlyInternetGatewayId",
        gateway: Option<String> = "GatewayId",
        nat: Option<String> = "NatGatewayId",
        interface: Option<String> = "NetworkInterfaceId",
        origin: String = "Origin",
        peering: Option<String> = "VpcPeeringConnectionId",
        state: String = "State",
    }
}

impl Findings {
    /// There is no way, and this is why.
    pub fn refused(explanation: Explanation) -> Findings {
        Findings { explanations: vec![explanation], ..Findings::default() }
    }
}

impl Explanation {
    fn of(code: &str) -> Explanation {
        Explanation { code: code.to_owned(), ..Explanation::default() }
    }

    /// Something is the matter with a component.
    pub fn about(code: &str, ec2: &Store, id: &str) -> Explanation {
        Explanation { component: Some(Named::of(ec2, id)), ..Explanation::of(code) }
    }

    /// An end of the path is no longer there.
    pub fn missing(id: &str) -> Explanation {
        Explanation { missing: Some(id.to_owned()), ..Explanation::of("NO_SOURCE_OR_DESTINATION") }
    }

    pub fn disconnected(ec2: &Store, source: &str, destination: &str) -> Explanation {
        Explanation {
            source_vpc: Some(Named::of(ec2, source)),
            destination_vpc: Some(Named::of(ec2, destination)),
            ..Explanation::of("DISCONNECTED_VPCS")
        }
    }
}

impl Named {
    /// A component: its ARN, and the name that its tag gives it.
    fn of(ec2: &Store, id: &str) -> Named {
        Named {
            id: id.to_owned(),
            arn: kinds::of(id).map(|kind| ec2.arn(kind.tag_type, id)),
            name: ec2.tags.of(id).and_then(|tags| tags.get("Name")).cloned(),
        }
    }
}

/// Tells findings.
pub struct Teller<'a> {
    pub network: &'a Network,
    pub ec2: &'a Store,
    pub ends: &'a Ends,
    pub path: &'a Path,
}

impl Teller<'_> {
    /// The way there and the way back.
    pub fn found(&self, tried: &Tried, search: &Search) -> Findings {
        let breadth = search.breadth(tried);
        let headers = Headers { tried, breadth: &breadth };
        let destination = self.path.destination.as_deref();
        let source = Some(self.path.source.as_str());
        let walk = &tried.walk;
        let back = walk.answer.as_ref();
        Findings {
            found: true,
            forward: self.components(walk, &walk.forward, (source, destination), &headers),
            back: back.map(|leg| self.components(walk, leg, (destination, source), &headers)).unwrap_or_default(),
            explanations: Vec::new(),
        }
    }

    /// What is in the way there; or, if nothing is, in the way back.
    pub fn refused(&self, tried: &Tried) -> Findings {
        let explanations = match (&tried.misfit, &tried.walk.answer) {
            (Some(misfit), _) => vec![match &misfit.component {
                Some(id) => Explanation::about(misfit.code, self.ec2, id),
                None => Explanation::of(misfit.code),
            }],
            (None, Some(answer)) if self.explanations(&tried.walk.forward, &self.ends.destination).is_empty() => {
                self.explanations(answer, &self.ends.source)
            }
            (None, _) => self.explanations(&tried.walk.forward, &self.ends.destination),
        };
        Findings { explanations, ..Findings::default() }
    }

    fn parts(&self) -> &Topology {
        self.network.topology()
    }

    fn named(&self, id: &str) -> Named {
        Named::of(self.ec2, id)
    }

    fn components(
        &self,
        walk: &Walk,
        leg: &Leg,
        (start, end): (Option<&str>, Option<&str>),
        headers: &Headers,
    ) -> Vec<PathComponent> {
        let explained = self.network.explain(leg);
        let shown = |step: &Step| !matches!(step.at, Component::Internet | Component::Vpc(_));
        let hops: Vec<_> = leg.steps.iter().zip(&explained).filter(|(step, _)| shown(step)).collect();
        let mut all: Vec<PathComponent> =
            hops.iter().map(|(step, explained)| self.component((walk, leg), step, explained, headers)).collect();
        let is_instance = |id: &&str| id.starts_with("i-");
        let instance = |id| PathComponent { component: Some(self.named(id)), ..PathComponent::default() };
        if let Some(id) = start.filter(is_instance) {
            all.insert(0, instance(id));
        }
        if let Some(id) = end.filter(is_instance) {
            all.push(instance(id));
        }
        if let (Some(component), Some((step, explained))) = (all.first_mut(), hops.first()) {
            match is_gateway(step.at) {
                true => component.inbound = Some(headers.whole(&explained.inbound)),
                false => component.outbound = Some(headers.whole(&explained.outbound)),
            }
        }
        if let (Some(component), Some((step, explained))) = (all.last_mut(), hops.last()) {
            match is_gateway(step.at) {
                true => component.outbound = Some(headers.whole(&explained.outbound)),
                false => component.inbound = Some(headers.whole(&explained.inbound)),
            }
        }
        all.iter_mut().zip(1..).for_each(|(component, number)| component.number = number);
        all
    }

    /// A component on the way, with what it changes in the packets.
    fn component(
        &self,
        (walk, leg): (&Walk, &Leg),
        step: &Step,
        explained: &Explained,
        headers: &Headers,
    ) -> PathComponent {
        let id = self.group_of(walk, step).unwrap_or(&explained.component);
        let changed = explained.inbound != explained.outbound;
        let (source_vpc, destination_vpc) = self.peered(step);
        // What answers needs no rule, even where AWS does not track the connection for want of need.
        let is_answer =
            walk.answer.as_ref() == Some(leg) && walk.forward.steps.iter().any(|it| answers(step.at, it.at));
        PathComponent {
            acl_rule: self.acl_rule(step),
            attached_to: self.attached_to(step.at).map(|id| self.named(&id)),
            component: Some(self.named(id)),
            destination_vpc,
            outbound: changed.then(|| headers.changes(&explained.inbound, &explained.outbound)),
            route: self.route(step),
            group_rule: self.group_rule(step).filter(|_| !is_answer),
            source_vpc,
            subnet: self.subnet(step.at).map(|id| self.named(id)),
            vpc: self.vpc(step.at).map(|id| self.named(id)),
            service: self.service(step.at),
            ..PathComponent::default()
        }
    }

    /// The security group at a step: that of the rule, or of the rule that let the connection begin.
    fn group_of<'n>(&'n self, walk: &Walk, step: &Step) -> Option<&'n String> {
        let Component::Groups(interface, _) = step.at else { return None };
        let steps =
            walk.forward.steps.iter().filter(|other| matches!(other.at, Component::Groups(at, _) if at == interface));
        let deciding = std::iter::once(step).chain(steps).find_map(|step| match step.decision {
            Decision::GroupRule(group, _) => Some(group),
            _ => None,
        });
        let group = deciding.and_then(|group| self.parts().security_groups.get(group as usize));
        let first = || self.parts().interfaces.get(interface as usize)?.groups.first();
        group.map(|group| &group.id).or_else(first)
    }

    /// The instance, NAT gateway or endpoint that has an interface.
    fn attached_to(&self, at: Component) -> Option<String> {
        let Component::Interface(place) = at else { return None };
        let interface = self.parts().interfaces.get(place as usize)?;
        match (&interface.attachment, interface.kind) {
            (Some(attachment), _) => Some(attachment.instance.clone()),
            (None, InterfaceKind::NatGateway) => {
                let has_it =
                    |place: &NatPlace| matches!(place, NatPlace::Zonal { interface: own } if *own == interface.id);
                self.parts().nat_gateways.iter().find(|nat| has_it(&nat.place)).map(|nat| nat.id.clone())
            }
            (None, InterfaceKind::VpcEndpoint) => {
                let mut endpoints = self.ec2.endpoints.values();
                let endpoint = endpoints.find(|it| it.subnets.iter().any(|(_, own)| *own == interface.id));
                endpoint.map(|endpoint| endpoint.id.clone())
            }
            _ => None,
        }
    }

    fn subnet(&self, at: Component) -> Option<&str> {
        let Component::Interface(place) = at else { return None };
        self.parts().interfaces.get(place as usize).map(|part| part.subnet.as_str())
    }

    /// The VPC of an interface or a gateway.
    fn vpc(&self, at: Component) -> Option<&str> {
        let parts = self.parts();
        match at {
            Component::Interface(place) => vpc_of(parts, place),
            Component::InternetGateway(place) => parts.internet_gateways.get(place as usize)?.vpc.as_deref(),
            Component::Endpoint(place) => Some(&parts.gateway_endpoints.get(place as usize)?.vpc),
            Component::NatGateway(place) => match &parts.nat_gateways.get(place as usize)?.place {
                NatPlace::Zonal { interface } => {
                    let place = parts.interfaces.iter().position(|part| part.id == *interface)?;
                    vpc_of(parts, u32::try_from(place).ok()?)
                }
                NatPlace::Regional { vpc, .. } => Some(vpc),
            },
            _ => None,
        }
    }

    /// The VPCs that a peering connection leads out of and into.
    fn peered(&self, step: &Step) -> (Option<Named>, Option<Named>) {
        let Component::Peering(place) = step.at else { return (None, None) };
        let Some(peering) = self.parts().peerings.get(place as usize) else { return (None, None) };
        let holds = |vpc: &str, address: IpAddr| {
            let vpc = self.parts().vpcs.iter().find(|part| part.id == vpc);
            vpc.is_some_and(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(address)))
        };
        let (one, other) = (self.named(&peering.requester), self.named(&peering.accepter));
        match holds(&peering.requester, step.packet.source) {
            true => (Some(one), Some(other)),
            false => (Some(other), Some(one)),
        }
    }

    fn service(&self, at: Component) -> Option<String> {
        let Component::Endpoint(place) = at else { return None };
        let endpoint = self.parts().gateway_endpoints.get(place as usize)?;
        self.ec2.endpoints.get(&endpoint.id).map(|endpoint| endpoint.service.clone())
    }

    fn acl_rule(&self, step: &Step) -> Option<AclRule> {
        let (Component::NetworkAcl(place, direction), Decision::AclEntry(number)) = (step.at, step.decision) else {
            return None;
        };
        let acl = self.parts().network_acls.get(place as usize)?;
        let egress = direction == Direction::Egress;
        let Some(entry) = acl.entries.iter().find(|entry| entry.egress == egress && entry.number == number) else {
            return Some(last_entry(egress, number));
        };
        Some(AclRule {
            cidr: entry.cidr.to_string(),
            egress,
            ports: ports(&entry.traffic),
            protocol: protocol(&entry.traffic),
            action: if entry.allow { "allow" } else { "deny" }.to_owned(),
            number: i64::from(number),
        })
    }

    fn group_rule(&self, step: &Step) -> Option<GroupRule> {
        let Decision::GroupRule(group, rule) = step.decision else { return None };
        let rule = self.parts().security_groups.get(group as usize)?.rules.get(rule as usize)?;
        let (mut cidr, mut prefix_list, mut group) = (None, None, None);
        match &rule.peer {
            Peer::Cidr(block) => cidr = Some(block.to_string()),
            Peer::PrefixList(id) => prefix_list = Some(id.clone()),
            Peer::Group(id) => group = Some(id.clone()),
        }
        Some(GroupRule {
            cidr,
            direction: told(if rule.egress { Direction::Egress } else { Direction::Ingress }),
            group,
            ports: ports(&rule.traffic),
            prefix_list,
            protocol: protocol(&rule.traffic),
        })
    }

    fn route(&self, step: &Step) -> Option<RouteView> {
        let (Component::RouteTable(table), Decision::Route(route)) = (step.at, step.decision) else { return None };
        let route = self.parts().route_tables.get(table as usize)?.routes.get(route as usize)?;
        let mut view = RouteView {
            origin: if route.target == Target::Local { "createroutetable" } else { "createroute" }.to_owned(),
            state: if route.target == Target::Blackhole { "blackhole" } else { "active" }.to_owned(),
            ..RouteView::default()
        };
        match &route.destination {
            RouteDestination::Cidr(cidr) => view.cidr = Some(cidr.to_string()),
            RouteDestination::PrefixList(id) => view.prefix_list = Some(id.clone()),
        }
        match &route.target {
            Target::Local => view.gateway = Some("local".to_owned()),
            Target::InternetGateway(id) | Target::GatewayEndpoint(id) | Target::Other(id) => {
                view.gateway = Some(id.clone());
            }
            Target::EgressOnlyGateway(id) => view.egress_gateway = Some(id.clone()),
            Target::NatGateway(id) => view.nat = Some(id.clone()),
            Target::Interface(id) => view.interface = Some(id.clone()),
            Target::Peering(id) => view.peering = Some(id.clone()),
            Target::Blackhole => {}
        }
        Some(view)
    }

    /// Everything that refuses packets on a leg towards an end.
    fn explanations(&self, leg: &Leg, towards: &End) -> Vec<Explanation> {
        let refusals = leg.steps.iter().enumerate();
        let refusals = refusals.filter_map(|(number, step)| Some((number, self.network.refusal(step)?)));
        refusals.filter_map(|(number, refusal)| self.explanation(leg, number, refusal, towards)).collect()
    }

    /// Why packets went no further. Members are those that real explanations have, where one is known.
    fn explanation(&self, leg: &Leg, number: usize, refusal: Refusal, towards: &End) -> Option<Explanation> {
        let step = leg.steps.get(number)?;
        let (_, id, direction) = self.network.name(step.at);
        let before = number.checked_sub(1).and_then(|number| leg.steps.get(number));
        let own = Some(self.named(&id));
        let vpc = self.vpc(step.at).map(|id| self.named(id));
        let told = Explanation { direction: direction.map(told), vpc, ..Explanation::of(refusal.code()) };
        Some(match step.at {
            Component::Groups(place, _) => self.by_groups(place, told),
            Component::NetworkAcl(_, direction) => {
                let place = interface_near(leg, number, direction).map(Component::Interface);
                let named = |id: Option<&str>| id.map(|id| self.named(id));
                let (subnet, vpc) = (place.and_then(|at| self.subnet(at)), place.and_then(|at| self.vpc(at)));
                Explanation { acl: own, acl_rule: self.acl_rule(step), subnet: named(subnet), vpc: named(vpc), ..told }
            }
            Component::RouteTable(table) => {
                let vpc = self.parts().route_tables.get(table as usize).map(|table| self.named(&table.vpc));
                let missing = refusal == Refusal::NoRoute;
                let destination = self.next_to(table, towards).filter(|_| missing).map(|id| self.named(&id));
                let route = before.and_then(|step| self.route(step));
                Explanation { destination, route, table: own, vpc, ..told }
            }
            Component::Interface(_) if refusal == Refusal::InterfaceIsDown => self.down(step, before, told),
            Component::Interface(_) => {
                let subnet = self.subnet(step.at).map(|id| self.named(id));
                Explanation { direction: Some("ingress".to_owned()), interface: own, subnet, ..told }
            }
            Component::Internet => {
                let vpc = self.vpc_of_gateway(&self.ends.source).map(|id| self.named(id));
                Explanation { gateway: self.gateway(&self.ends.source), vpc, ..told }
            }
            Component::InternetGateway(_) => Explanation { gateway: own, ..told },
            Component::NatGateway(_) => Explanation { nat: own.clone(), component: own, ..told },
            Component::Peering(_) => {
                let (source_vpc, destination_vpc) = self.peered(step);
                Explanation { peering: own, source_vpc, destination_vpc, ..told }
            }
            Component::Endpoint(_) => Explanation { endpoint: own, ..told },
            Component::Vpc(_) => Explanation { component: own.clone(), vpc: own, ..told },
            Component::EgressOnlyGateway(_) => Explanation { component: own, ..told },
        })
    }

    fn by_groups(&self, place: u32, told: Explanation) -> Explanation {
        let at = Component::Interface(place);
        let interface = self.parts().interfaces.get(place as usize);
        Explanation {
            interface: interface.map(|interface| self.named(&interface.id)),
            groups: interface.into_iter().flat_map(|it| &it.groups).map(|id| self.named(id)).collect(),
            subnet: self.subnet(at).map(|id| self.named(id)),
            vpc: self.vpc(at).map(|id| self.named(id)),
            ..told
        }
    }

    /// An interface without a running instance. Internet gateways know only attached ones.
    fn down(&self, step: &Step, before: Option<&Step>, told: Explanation) -> Explanation {
        let (_, id, _) = self.network.name(step.at);
        let instance = self.attached_to(step.at);
        if let (None, Some(Component::InternetGateway(place))) = (&instance, before.map(|step| step.at)) {
            let gateway = self.named(&self.network.name(Component::InternetGateway(place)).1);
            return Explanation { gateway: Some(gateway), code: Refusal::NotAPublicAddress.code().to_owned(), ..told };
        }
        let state = instance.as_ref().and_then(|id| self.ec2.instances.get(id)).map(|it| it.state.name().to_owned());
        Explanation { component: Some(self.named(instance.as_ref().unwrap_or(&id))), state, ..told }
    }

    fn gateway(&self, end: &End) -> Option<Named> {
        let End::InternetGateway(place) = end else { return None };
        self.parts().internet_gateways.get(*place as usize).map(|gateway| self.named(&gateway.id))
    }

    fn vpc_of_gateway(&self, end: &End) -> Option<&str> {
        let End::InternetGateway(place) = end else { return None };
        self.vpc(Component::InternetGateway(*place))
    }

    /// Where a route of a table should lead: the gateway or the peering connection on the way to an end.
    fn next_to(&self, table: u32, end: &End) -> Option<String> {
        let parts = self.parts();
        let own = &parts.route_tables.get(table as usize)?.vpc;
        match end {
            End::InternetGateway(place) => parts.internet_gateways.get(*place as usize).map(|it| it.id.clone()),
            End::GatewayEndpoint(place) => parts.gateway_endpoints.get(*place as usize).map(|it| it.id.clone()),
            End::Interfaces(places) => {
                let other = vpc_of(parts, *places.first()?)?;
                let joins = |one: &str, another: &str| (one, another) == (own, other) || (another, one) == (own, other);
                let peering = parts.peerings.iter().find(|it| joins(&it.requester, &it.accepter));
                peering.map(|peering| peering.id.clone())
            }
            End::Address(_) => None,
        }
    }
}

/// The interface whose subnet an ACL guards at a step.
fn interface_near(leg: &Leg, number: usize, direction: Direction) -> Option<u32> {
    let place = |step: &Step| match step.at {
        Component::Interface(place) | Component::Groups(place, _) => Some(place),
        _ => None,
    };
    let (before, after) = leg.steps.split_at(number);
    match direction {
        Direction::Egress => before.iter().rev().find_map(place),
        Direction::Ingress => after.iter().find_map(place),
    }
}

/// Whether groups let one packet through since they have let through the one that it answers.
fn answers(at: Component, asked: Component) -> bool {
    matches!((at, asked), (Component::Groups(own, back), Component::Groups(other, there)) if own == other && back != there)
}

/// Where packets are as they are outside of the VPC.
fn is_gateway(at: Component) -> bool {
    matches!(at, Component::InternetGateway(_) | Component::Endpoint(_))
}

/// Headers tell of all packets that take the way, not only of the one that was tried.
struct Headers<'a> {
    tried: &'a Tried,
    breadth: &'a Breadth,
}

/// The ports from which NAT gateways send.
const NAT_PORTS: (u32, u32) = (1024, 65_535);

impl Headers<'_> {
    fn whole(&self, packet: &Packet) -> Header {
        Header {
            destination: self.addresses(packet.destination),
            destination_ports: self.ports(packet.destination_port),
            protocol: Some(packet.protocol.to_string()),
            source: self.addresses(packet.source),
            source_ports: self.ports(packet.source_port),
        }
    }

    fn changes(&self, before: &Packet, after: &Packet) -> Header {
        let whole = self.whole(after);
        let mut header = Header::default();
        if before.source != after.source {
            header.source = whole.source;
        }
        if before.destination != after.destination {
            header.destination = whole.destination;
        }
        if before.source_port != after.source_port {
            header.source_ports = whole.source_ports;
        }
        if before.destination_port != after.destination_port {
            header.destination_ports = whole.destination_ports;
        }
        header
    }

    fn addresses(&self, address: IpAddr) -> Vec<String> {
        let packet = &self.tried.packet;
        let outside = self.breadth.anywhere.as_ref().filter(|_| match self.tried.lane.from {
            None => address == packet.source,
            Some(_) => address == packet.destination,
        });
        match outside {
            Some(ranges) => blocks(ranges),
            None => vec![format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })],
        }
    }

    /// Those that stand for the port of the packet that was tried. Other ports are a NAT gateway's.
    fn ports(&self, port: u16) -> Vec<Range> {
        let packet = &self.tried.packet;
        let ranges = match port {
            _ if port == packet.destination_port => self.breadth.destination_ports.clone(),
            _ if port == packet.source_port => self.breadth.source_ports.clone(),
            _ => vec![NAT_PORTS],
        };
        ranges.into_iter().map(|(from, to)| Range { from: from.into(), to: to.into() }).collect()
    }
}

fn told(direction: Direction) -> String {
    match direction {
        Direction::Ingress => "ingress".to_owned(),
        Direction::Egress => "egress".to_owned(),
    }
}

/// The entry `*`, which every ACL ends with.
fn last_entry(egress: bool, number: u16) -> AclRule {
    let (cidr, protocol, action) = ("0.0.0.0/0".to_owned(), "all".to_owned(), "deny".to_owned());
    AclRule { cidr, egress, ports: None, protocol, action, number: i64::from(number) }
}

fn ports(traffic: &Traffic) -> Option<Range> {
    match traffic.ports {
        Ports::Range(from, to) => Some(Range { from: i64::from(from), to: i64::from(to) }),
        _ => None,
    }
}

fn protocol(traffic: &Traffic) -> String {
    match traffic.protocol {
        None => "all".to_owned(),
        Some(6) => "tcp".to_owned(),
        Some(17) => "udp".to_owned(),
        Some(1) => "icmp".to_owned(),
        Some(number) => number.to_string(),
    }
}
