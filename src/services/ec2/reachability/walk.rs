//! From walks to findings: the components on the way, or why there is no way.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::network::{
    Component, Decision, Direction, Explained, Flow, Leg, Network, Packet, Peer, Place, Ports, RouteDestination, TCP,
    Target, Traffic, UDP, Walk,
};
use crate::record;
use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::super::kinds;
use super::super::traffic::{self, Model};
use super::paths::Path;

/// Ports that are tried as the source's when nothing is said.
const SOURCE_PORTS: [u16; 4] = [49_152, 1_024, 32_768, 65_535];
/// Where the internet is, for paths that begin or end at an internet gateway: an address of nobody
/// (<https://www.rfc-editor.org/rfc/rfc5737>).
const OUTSIDE: &str = "203.0.113.1";
/// Ports that are tried at the destination, besides those that rules speak of.
const USUAL_PORTS: [u16; 4] = [443, 80, 22, 3389];

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
        component: Option<Named> = "Component",
        outbound: Option<Header> = "OutboundHeader",
        inbound: Option<Header> = "InboundHeader",
        route: Option<RouteView> = "RouteTableRoute",
        group_rule: Option<GroupRule> = "SecurityGroupRule",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
    }
    pub struct Explanation {
        acl: Option<Named> = "Acl",
        acl_rule: Option<AclRule> = "AclRule",
        component: Option<Named> = "Component",
        direction: Option<String> = "Direction",
        code: String = "ExplanationCode",
        interface: Option<Named> = "NetworkInterface",
        table: Option<Named> = "RouteTable",
        groups: Vec<Named> = "SecurityGroups",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
    }
    pub struct Named { id: String = "Id", arn: Option<String> = "Arn" }
    pub struct Header {
        destination: Vec<String> = "DestinationAddresses",
        destination_ports: Vec<Range> = "DestinationPortRanges",
        protocol: String = "Protocol",
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

/// Walks the way that a path asks for. Where it leaves ports open, any will do: those are tried at which rules differ.
pub fn analyze(world: &mut World, account: &AccountId, region: Region, path: &Path) -> Findings {
    let model = traffic::model(world);
    let teller = Teller { model: &model, owner: account, region };
    let mut refused = None;
    for flow in flows(&model.network, path) {
        // Connections that are on their way do not count.
        let Ok(walk) = model.network.walk(&flow, &mut Default::default()) else { continue };
        if walk.is_connected() {
            return teller.found(&walk);
        }
        refused.get_or_insert(walk);
    }
    match refused {
        Some(walk) => teller.refused(&walk),
        None => teller.no_path(path),
    }
}

/// The flows that a path may mean.
fn flows(network: &Network, path: &Path) -> Vec<Flow> {
    let filters = [&path.at_source, &path.at_destination];
    let filtered = |pick: fn(&super::paths::Filter) -> Option<IpAddr>| filters.into_iter().flatten().find_map(pick);
    let outside = || OUTSIDE.parse().map(Place::Address).unwrap_or(Place::Resource(String::new()));
    let end = |id: Option<&str>, address: Option<IpAddr>| match (id, address) {
        (_, Some(address)) => Place::Address(address),
        (Some(id), None) if id.starts_with("igw-") => outside(),
        (Some(id), None) => Place::Resource(id.to_owned()),
        (None, None) => outside(),
    };
    let source_address = path.source_address.or_else(|| filtered(super::paths::Filter::source));
    // The id of an interface says more than its address, which other VPCs may have too.
    let source_address = source_address.filter(|_| path.source.starts_with("igw-"));
    let source = end(Some(&path.source), source_address);
    let destination_address = path.destination_address.or_else(|| filtered(super::paths::Filter::destination));
    let destination = end(path.destination.as_deref(), destination_address);
    let protocol = if path.protocol == "udp" { UDP } else { TCP };
    let ports = |pick: fn(&super::paths::Filter) -> Option<(u16, u16)>| filters.into_iter().flatten().find_map(pick);
    let sources: Vec<u16> = match ports(super::paths::Filter::source_ports) {
        Some((first, last)) => vec![first, last],
        None => SOURCE_PORTS.to_vec(),
    };
    let destinations: Vec<u16> = match (path.destination_port, ports(super::paths::Filter::destination_ports)) {
        (Some(port), _) => vec![port],
        (None, Some((first, last))) => {
            let within = |port: &u16| (first..=last).contains(port);
            let mut all: Vec<u16> = ports_of_rules(network).into_iter().filter(within).collect();
            all.extend([first, last]);
            all
        }
        (None, None) => ports_of_rules(network),
    };
    let flow = |destination_port: u16, source_port: u16| Flow {
        source_port,
        destination_port,
        ..Flow::between(source.clone(), destination.clone(), protocol)
    };
    destinations
        .iter()
        .flat_map(|port| sources.iter().map(move |source| (*port, *source)))
        .map(|(to, from)| flow(to, from))
        .collect()
}

/// The ports at which decisions can change: the first and last of each rule, and their neighbours.
fn ports_of_rules(network: &Network) -> Vec<u16> {
    let parts = network.topology();
    let groups = parts.security_groups.iter().flat_map(|group| &group.rules).map(|rule| rule.traffic.ports);
    let acls = parts.network_acls.iter().flat_map(|acl| &acl.entries).map(|entry| entry.traffic.ports);
    let mut rest = BTreeSet::new();
    for ports in groups.chain(acls) {
        if let Ports::Range(first, last) = ports {
            rest.extend([first, last, first.saturating_sub(1), last.saturating_add(1)]);
        }
    }
    rest.remove(&0);
    let mut all = USUAL_PORTS.to_vec();
    all.extend(rest.into_iter().filter(|port| !USUAL_PORTS.contains(port)));
    all
}

/// Tells findings in the words of the API.
struct Teller<'a> {
    model: &'a Model,
    owner: &'a AccountId,
    region: Region,
}

impl Teller<'_> {
    fn found(&self, walk: &Walk) -> Findings {
        Findings {
            found: true,
            forward: self.components(&walk.forward),
            back: walk.answer.as_ref().map(|answer| self.components(answer)).unwrap_or_default(),
            explanations: Vec::new(),
        }
    }

    /// What refused the packets, or their answers.
    fn refused(&self, walk: &Walk) -> Findings {
        let legs = [Some(&walk.forward), walk.answer.as_ref()];
        let explanations = legs.into_iter().flatten().filter(|leg| !leg.has_arrived());
        Findings { explanations: explanations.filter_map(|leg| self.explanation(leg)).collect(), ..Findings::default() }
    }

    /// There is nothing that could be walked.
    fn no_path(&self, path: &Path) -> Findings {
        let component = Some(self.named(&path.source));
        let explanation = Explanation { component, code: "NO_PATH".to_owned(), ..Explanation::default() };
        Findings { explanations: vec![explanation], ..Findings::default() }
    }

    fn named(&self, id: &str) -> Named {
        let arn =
            kinds::of(id).map(|kind| format!("arn:aws:ec2:{}:{}:{}/{id}", self.region, self.owner, kind.tag_type));
        Named { id: id.to_owned(), arn }
    }

    fn components(&self, leg: &Leg) -> Vec<PathComponent> {
        let explained = self.model.network.explain(leg);
        let told = leg.steps.iter().zip(&explained).filter(|(step, _)| step.at != Component::Internet);
        let numbered = told.zip(1..);
        numbered.map(|((step, explained), number)| self.component(step.at, step.decision, explained, number)).collect()
    }

    fn component(&self, at: Component, decision: Decision, explained: &Explained, number: i64) -> PathComponent {
        let id = explained.groups.first().unwrap_or(&explained.component);
        PathComponent {
            number,
            acl_rule: self.acl_rule(at, decision),
            component: Some(self.named(id)),
            outbound: Some(header(&explained.outbound)),
            inbound: Some(header(&explained.inbound)),
            route: self.route(at, decision),
            group_rule: self.group_rule(decision),
            subnet: self.subnet(at).map(|id| self.named(id)),
            vpc: self.vpc(at).map(|id| self.named(id)),
        }
    }

    /// The subnet of an interface.
    fn subnet(&self, at: Component) -> Option<&str> {
        let parts = self.model.network.topology();
        match at {
            Component::Interface(place) | Component::Groups(place, _) => {
                parts.interfaces.get(place as usize).map(|part| part.subnet.as_str())
            }
            _ => None,
        }
    }

    fn vpc(&self, at: Component) -> Option<&str> {
        let parts = self.model.network.topology();
        match at {
            Component::Interface(_) | Component::Groups(..) => {
                let subnet = self.subnet(at)?;
                parts.subnets.iter().find(|part| part.id == subnet).map(|part| part.vpc.as_str())
            }
            Component::NetworkAcl(place, _) => parts.network_acls.get(place as usize).map(|part| part.vpc.as_str()),
            Component::RouteTable(place) => parts.route_tables.get(place as usize).map(|part| part.vpc.as_str()),
            Component::InternetGateway(place) => parts.internet_gateways.get(place as usize)?.vpc.as_deref(),
            _ => None,
        }
    }

    fn acl_rule(&self, at: Component, decision: Decision) -> Option<AclRule> {
        let (Component::NetworkAcl(place, direction), Decision::AclEntry(number)) = (at, decision) else { return None };
        let acl = self.model.network.topology().network_acls.get(place as usize)?;
        let egress = direction == Direction::Egress;
        let entry = acl.entries.iter().find(|entry| entry.egress == egress && entry.number == number)?;
        Some(AclRule {
            cidr: entry.cidr.to_string(),
            egress,
            ports: ports(&entry.traffic),
            protocol: protocol(&entry.traffic),
            action: if entry.allow { "allow" } else { "deny" }.to_owned(),
            number: i64::from(number),
        })
    }

    fn group_rule(&self, decision: Decision) -> Option<GroupRule> {
        let Decision::GroupRule(group, rule) = decision else { return None };
        let rule = self.model.network.topology().security_groups.get(group as usize)?.rules.get(rule as usize)?;
        let (mut cidr, mut prefix_list, mut group) = (None, None, None);
        match &rule.peer {
            Peer::Cidr(block) => cidr = Some(block.to_string()),
            Peer::PrefixList(id) => prefix_list = Some(id.clone()),
            Peer::Group(id) => group = Some(id.clone()),
        }
        Some(GroupRule {
            cidr,
            direction: if rule.egress { "egress" } else { "ingress" }.to_owned(),
            group,
            ports: ports(&rule.traffic),
            prefix_list,
            protocol: protocol(&rule.traffic),
        })
    }

    fn route(&self, at: Component, decision: Decision) -> Option<RouteView> {
        let (Component::RouteTable(table), Decision::Route(route)) = (at, decision) else { return None };
        let route = self.model.network.topology().route_tables.get(table as usize)?.routes.get(route as usize)?;
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

    /// Why packets went no further.
    fn explanation(&self, leg: &Leg) -> Option<Explanation> {
        let (step, explained) = (leg.steps.last()?, self.model.network.explain(leg).pop()?);
        let refusal = explained.refusal?;
        let mut told = Explanation {
            component: Some(self.named(&explained.component)),
            direction: explained.direction.map(|direction| match direction {
                Direction::Ingress => "ingress".to_owned(),
                Direction::Egress => "egress".to_owned(),
            }),
            code: refusal.code().to_owned(),
            subnet: self.subnet(step.at).map(|id| self.named(id)),
            vpc: self.vpc(step.at).map(|id| self.named(id)),
            ..Explanation::default()
        };
        match step.at {
            Component::NetworkAcl(..) => {
                told.acl = told.component.clone();
                told.acl_rule = self.acl_rule(step.at, step.decision);
            }
            Component::RouteTable(_) => told.table = told.component.clone(),
            Component::Groups(place, _) => {
                let interface = self.model.network.topology().interfaces.get(place as usize);
                told.groups = interface.into_iter().flat_map(|it| &it.groups).map(|id| self.named(id)).collect();
                told.interface = told.component.clone();
            }
            Component::Interface(_) => told.interface = told.component.clone(),
            _ => {}
        }
        Some(told)
    }
}

fn header(packet: &Packet) -> Header {
    let port = |port: u16| vec![Range { from: i64::from(port), to: i64::from(port) }];
    let single = |address: IpAddr| vec![format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })];
    Header {
        destination: single(packet.destination),
        destination_ports: port(packet.destination_port),
        protocol: packet.protocol.to_string(),
        source: single(packet.source),
        source_ports: port(packet.source_port),
    }
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
