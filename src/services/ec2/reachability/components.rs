//! The components on a way, in the words of the API.

use std::net::IpAddr;

use crate::network::{
    Component, Decision, Direction, Explained, InterfaceKind, Leg, NatPlace, Network, Peer, RouteDestination, Step,
    Target, Topology, Walk,
};

use super::super::Store;
use super::findings::{
    AclRule, Findings, GroupRule, Named, PathComponent, RouteView, last_entry, ports, protocol, told,
};
use super::headers::Headers;
use super::paths::Path;
use super::question::{Ends, vpc_of};
use super::search::{Search, Tried};

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
            gave_up: false,
            found: true,
            forward: self.components(walk, &walk.forward, (source, destination), &headers),
            back: back.map(|leg| self.components(walk, leg, (destination, source), &headers)).unwrap_or_default(),
            explanations: Vec::new(),
        }
    }

    pub fn parts(&self) -> &Topology {
        self.network.topology()
    }

    pub fn named(&self, id: &str) -> Named {
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
    pub fn attached_to(&self, at: Component) -> Option<String> {
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

    pub fn subnet(&self, at: Component) -> Option<&str> {
        let Component::Interface(place) = at else { return None };
        self.parts().interfaces.get(place as usize).map(|part| part.subnet.as_str())
    }

    /// The VPC of an interface or a gateway.
    pub fn vpc(&self, at: Component) -> Option<&str> {
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
    pub fn peered(&self, step: &Step) -> (Option<Named>, Option<Named>) {
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

    pub fn acl_rule(&self, step: &Step) -> Option<AclRule> {
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

    pub fn route(&self, step: &Step) -> Option<RouteView> {
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
}

/// Whether groups let one packet through since they have let through the one that it answers.
fn answers(at: Component, asked: Component) -> bool {
    matches!((at, asked), (Component::Groups(own, back), Component::Groups(other, there)) if own == other && back != there)
}

/// Where packets are as they are outside of the VPC.
fn is_gateway(at: Component) -> bool {
    matches!(at, Component::InternetGateway(_) | Component::Endpoint(_))
}
