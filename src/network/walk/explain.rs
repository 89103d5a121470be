//! A walk in words: components and rules by their ids.

use super::super::flow::Packet;
use super::super::index::Network;
use super::super::refusal::Refusal;
use super::super::topology::LAST_ACL_ENTRY;
use super::{Component, Decision, Direction, Leg, Step};

/// A step for people and for path components of Reachability Analyzer.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The id of what the packets met; `internet` for what is outside. For security groups, the interface's id.
    pub component: String,
    pub kind: &'static str,
    /// Of security groups and ACLs.
    pub direction: Option<Direction>,
    /// What decided: `sgr-…`, an ACL entry's number, or a route's destination.
    pub rule: Option<String>,
    /// The security group of the rule; all that were asked, if no rule of theirs fits.
    pub groups: Vec<String>,
    pub decision: &'static str,
    /// If it went no further here.
    pub refusal: Option<Refusal>,
    /// The packet as it came and as it went on.
    pub inbound: Packet,
    pub outbound: Packet,
}

impl Network {
    /// Says what happened on a leg. Ids are those of the topology that was walked.
    pub fn explain(&self, leg: &Leg) -> Vec<Explained> {
        let mut inbound = leg.steps.first().map(|step| step.packet);
        leg.steps
            .iter()
            .map(|step| self.explain_step(step, inbound.replace(step.packet).unwrap_or(step.packet)))
            .collect()
    }

    fn explain_step(&self, step: &Step, inbound: Packet) -> Explained {
        let (kind, component, direction) = self.name(step.at);
        Explained {
            component,
            kind,
            direction,
            rule: self.rule(step),
            groups: self.groups(step),
            decision: self.decision(step),
            refusal: self.refusal(step),
            inbound,
            outbound: step.packet,
        }
    }

    /// The kind and id of a component.
    pub fn name(&self, component: Component) -> (&'static str, String, Option<Direction>) {
        let parts = self.topology();
        let id = |id: Option<&String>| id.cloned().unwrap_or_default();
        let interface = |place: u32| id(parts.interfaces.get(place as usize).map(|part| &part.id));
        match component {
            Component::Internet => ("internet", "internet".to_owned(), None),
            Component::Interface(place) => ("network-interface", interface(place), None),
            Component::Groups(place, direction) => ("security-groups", interface(place), Some(direction)),
            Component::NetworkAcl(place, direction) => {
                ("network-acl", id(parts.network_acls.get(place as usize).map(|part| &part.id)), Some(direction))
            }
            Component::RouteTable(place) => {
                ("route-table", id(parts.route_tables.get(place as usize).map(|part| &part.id)), None)
            }
            Component::Vpc(place) => ("vpc", id(parts.vpcs.get(place as usize).map(|part| &part.id)), None),
            Component::InternetGateway(place) => {
                ("internet-gateway", id(parts.internet_gateways.get(place as usize).map(|part| &part.id)), None)
            }
            Component::EgressOnlyGateway(place) => {
                let part = parts.egress_only_gateways.get(place as usize);
                ("egress-only-internet-gateway", id(part.map(|part| &part.id)), None)
            }
            Component::NatGateway(place) => {
                ("natgateway", id(parts.nat_gateways.get(place as usize).map(|part| &part.id)), None)
            }
            Component::Peering(place) => {
                ("vpc-peering-connection", id(parts.peerings.get(place as usize).map(|part| &part.id)), None)
            }
            Component::Endpoint(place) => {
                ("vpc-endpoint", id(parts.gateway_endpoints.get(place as usize).map(|part| &part.id)), None)
            }
        }
    }

    fn rule(&self, step: &Step) -> Option<String> {
        let parts = self.topology();
        match (step.decision, step.at) {
            (Decision::GroupRule(group, rule), _) => {
                let group = parts.security_groups.get(group as usize)?;
                Some(group.rules.get(rule as usize)?.id.clone())
            }
            (Decision::AclEntry(number), _) => Some(number.to_string()),
            (Decision::Route(route), Component::RouteTable(table)) => {
                let table = parts.route_tables.get(table as usize)?;
                Some(table.routes.get(route as usize)?.destination.to_string())
            }
            _ => None,
        }
    }

    fn groups(&self, step: &Step) -> Vec<String> {
        let parts = self.topology();
        match (step.decision, step.at) {
            (Decision::GroupRule(group, _), _) => {
                parts.security_groups.get(group as usize).map(|group| group.id.clone()).into_iter().collect()
            }
            (Decision::Refused(_), Component::Groups(interface, _)) => {
                parts.interfaces.get(interface as usize).map_or_else(Vec::new, |interface| interface.groups.clone())
            }
            _ => Vec::new(),
        }
    }

    fn decision(&self, step: &Step) -> &'static str {
        match (step.decision, self.refusal(step)) {
            (_, Some(refusal)) => refusal.reason(),
            (Decision::Passed, None) => "passes",
            (Decision::GroupRule(..), None) => "a rule of a security group allows it",
            (Decision::Tracked, None) => "it belongs to a tracked connection",
            (Decision::AclEntry(_), None) => "an entry of the network ACL allows it",
            (Decision::Route(_), None) => "a route leads on",
            (Decision::ReturnToSender, None) => "it returns to the NAT gateway that it came from",
            (Decision::Refused(refusal), None) => refusal.reason(),
        }
    }

    /// Why a packet was refused at a step, if it was.
    pub fn refusal(&self, step: &Step) -> Option<Refusal> {
        match (step.decision, step.at) {
            (Decision::Refused(refusal), _) => Some(refusal),
            (Decision::AclEntry(LAST_ACL_ENTRY), _) => Some(Refusal::AclDenies),
            (Decision::AclEntry(number), Component::NetworkAcl(acl, direction)) => {
                let acl = self.topology().network_acls.get(acl as usize)?;
                let egress = direction == Direction::Egress;
                let mut entries = acl.entries.iter();
                let entry = entries.find(|entry| entry.egress == egress && entry.number == number)?;
                (!entry.allow).then_some(Refusal::AclDenies)
            }
            _ => None,
        }
    }
}
