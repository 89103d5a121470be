//! What is in the way of packets, in the words of the API.

use crate::network::{Component, Direction, Leg, Refusal, Step};

use super::components::Teller;
use super::findings::{Explanation, Findings, Named, told};
use super::question::{End, vpc_of};
use super::search::Tried;

impl Teller<'_> {
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
        let about = Explanation { direction: direction.map(told), vpc, ..Explanation::of(refusal.code()) };
        Some(match step.at {
            Component::Groups(place, _) => self.by_groups(place, about),
            Component::NetworkAcl(_, direction) => {
                let place = interface_near(leg, number, direction).map(Component::Interface);
                let named = |id: Option<&str>| id.map(|id| self.named(id));
                let (subnet, vpc) = (place.and_then(|at| self.subnet(at)), place.and_then(|at| self.vpc(at)));
                Explanation { acl: own, acl_rule: self.acl_rule(step), subnet: named(subnet), vpc: named(vpc), ..about }
            }
            Component::RouteTable(table) => {
                let vpc = self.parts().route_tables.get(table as usize).map(|table| self.named(&table.vpc));
                let missing = refusal == Refusal::NoRoute;
                let destination = self.next_to(table, towards).filter(|_| missing).map(|id| self.named(&id));
                let route = before.and_then(|step| self.route(step));
                Explanation { destination, route, table: own, vpc, ..about }
            }
            Component::Interface(_) if refusal == Refusal::InterfaceIsDown => self.down(step, before, about),
            Component::Interface(_) => {
                let subnet = self.subnet(step.at).map(|id| self.named(id));
                Explanation { direction: Some("ingress".to_owned()), interface: own, subnet, ..about }
            }
            Component::Internet => {
                let vpc = self.vpc_of_gateway(&self.ends.source).map(|id| self.named(id));
                Explanation { gateway: self.gateway(&self.ends.source), vpc, ..about }
            }
            Component::InternetGateway(_) => Explanation { gateway: own, ..about },
            Component::NatGateway(_) => Explanation { nat: own.clone(), component: own, ..about },
            Component::Peering(_) => {
                let (source_vpc, destination_vpc) = self.peered(step);
                Explanation { peering: own, source_vpc, destination_vpc, ..about }
            }
            Component::Endpoint(_) => Explanation { endpoint: own, ..about },
            Component::Vpc(_) => Explanation { component: own.clone(), vpc: own, ..about },
            Component::EgressOnlyGateway(_) => Explanation { component: own, ..about },
        })
    }

    fn by_groups(&self, place: u32, told: Explanation) -> Explanation {
        let at = Component::Interface(place);
        let interface = self.parts().interfaces.get(place as usize);
        Explanation {
            interface: interface.map(|interface| self.named(&interface.id)),
            groups: interface.map(|it| it.groups.iter().map(|id| self.named(id)).collect()),
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
