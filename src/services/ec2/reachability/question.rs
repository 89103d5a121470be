//! From a path to what is searched for: the ends and their addresses. Some paths need no search to be answered.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::network::{TCP, Topology, UDP};
use crate::world::World;

use super::super::Place;
use super::super::traffic::{self, Model};
use super::super::{Store, of};
use super::Analysis;
use super::components::Teller;
use super::findings::{Explanation, Findings};
use super::paths::{Path, Pattern};
use super::search::{Goal, Lane, Question, Search, Side};
use super::spread::is_public;

/// One end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By their places: the interfaces of an instance, of an interface endpoint, or just one.
    Interfaces(Vec<u32>),
    InternetGateway(u32),
    GatewayEndpoint(u32),
    /// A destination that is told by its address alone.
    Address(Ipv4Addr),
}

/// A path, with its ends as they are now.
#[derive(Debug)]
pub struct Ends {
    pub source: End,
    pub destination: End,
}

/// Analyzes a path in the networks as they are.
pub fn answer(world: &mut World, place: &Place, path: &Path, analysis: &Analysis) -> Findings {
    let model: Arc<Model> = traffic::model(world);
    let ec2: &Store = of(world, &place.account, place.region);
    let network = &model.network;
    let finder = Finder { parts: network.topology(), ec2, path };
    match finder.ends().and_then(|ends| Ok((finder.question(&ends, analysis)?, ends))) {
        Ok((question, ends)) => {
            let search = Search::new(network, &question);
            let teller = Teller { network, ec2, ends: &ends, path };
            match search.run() {
                Some(tried) if tried.gets_through() => teller.found(&tried, &search),
                _ if search.is_spent() => Findings { gave_up: true, ..Findings::default() },
                Some(tried) => teller.refused(&tried),
                None => Findings::refused(Explanation::about("NO_PATH", ec2, &path.source)),
            }
        }
        Err(explanation) => Findings::refused(*explanation),
    }
}

struct Finder<'a> {
    parts: &'a Topology,
    ec2: &'a Store,
    path: &'a Path,
}

type Answered<T> = Result<T, Box<Explanation>>;

impl Finder<'_> {
    fn ends(&self) -> Answered<Ends> {
        let (at_source, at_destination) = self.path.patterns();
        let source = self.end(&self.path.source)?;
        let destination = match (&self.path.destination, at_source.destination.or(at_destination.destination)) {
            (Some(id), _) => self.end(id)?,
            (None, Some(address)) => End::Address(address),
            (None, None) => return Err(self.about("NO_SOURCE_OR_DESTINATION", &self.path.source)),
        };
        Ok(Ends { source, destination })
    }

    fn about(&self, code: &'static str, id: &str) -> Box<Explanation> {
        Box::new(Explanation::about(code, self.ec2, id))
    }

    /// The resource with an id. It was there when the path was made, which may be long ago.
    fn end(&self, id: &str) -> Answered<End> {
        let missing = || Box::new(Explanation::missing(id));
        match id.split_once('-').map_or("", |(prefix, _)| prefix) {
            "i" => self.interfaces(id, &self.ec2.instances.get(id).ok_or_else(missing)?.interfaces),
            "eni" if self.ec2.interfaces.contains_key(id) => self.interfaces(id, &[id.to_owned()]),
            "igw" => self.gateway(id, self.place(&self.parts.internet_gateways, |it| &it.id, id).ok_or_else(missing)?),
            "vpce" => {
                let endpoint = self.ec2.endpoints.get(id).ok_or_else(missing)?;
                let interfaces: Vec<String> = endpoint.subnets.iter().map(|(_, interface)| interface.clone()).collect();
                match self.place(&self.parts.gateway_endpoints, |it| &it.id, id) {
                    Some(place) => Ok(End::GatewayEndpoint(place)),
                    None => self.interfaces(id, &interfaces),
                }
            }
            _ => Err(missing()),
        }
    }

    fn place<T>(&self, all: &[T], id_of: impl Fn(&T) -> &String, id: &str) -> Option<u32> {
        all.iter().position(|part| id_of(part) == id).and_then(|place| u32::try_from(place).ok())
    }

    /// The interfaces of a resource. The analyzer is for IPv4.
    fn interfaces(&self, id: &str, interfaces: &[String]) -> Answered<End> {
        let places = interfaces.iter().filter_map(|id| self.place(&self.parts.interfaces, |it| &it.id, id));
        let places: Vec<u32> = places.filter(|place| !self.addresses(*place).is_empty()).collect();
        if places.is_empty() { Err(self.about("UNASSOCIATED_COMPONENT", id)) } else { Ok(End::Interfaces(places)) }
    }

    fn gateway(&self, id: &str, place: u32) -> Answered<End> {
        let is_attached = self.parts.internet_gateways.get(place as usize).is_some_and(|gateway| gateway.vpc.is_some());
        if is_attached { Ok(End::InternetGateway(place)) } else { Err(self.about("UNASSOCIATED_COMPONENT", id)) }
    }

    /// The private addresses of an interface, and their public ones.
    fn addresses(&self, interface: u32) -> Vec<(Ipv4Addr, Option<Ipv4Addr>)> {
        let interface = self.parts.interfaces.get(interface as usize);
        let addresses = interface.into_iter().flat_map(|interface| &interface.addresses);
        addresses.map(|address| (address.private, address.public)).collect()
    }

    fn question(&self, ends: &Ends, analysis: &Analysis) -> Answered<Question> {
        self.check_connection(ends)?;
        let (at_source, at_destination) = self.path.patterns();
        let lanes = self.lanes(ends, &at_source, &at_destination)?;
        let (through, around) = analysis.component_filters();
        Ok(Question {
            lanes,
            protocol: if self.path.protocol == "udp" { UDP } else { TCP },
            at_source,
            at_destination,
            goal: match &ends.destination {
                End::Interfaces(places) => Goal::Interfaces(places.clone()),
                End::InternetGateway(place) => Goal::InternetGateway(*place),
                End::GatewayEndpoint(place) => Goal::GatewayEndpoint(*place),
                End::Address(_) => Goal::Address,
            },
            through: through.map(str::to_owned),
            around: around.map(str::to_owned),
            owner: self.ec2.owner.clone(),
        })
    }

    /// Both ends must be in one VPC, or in VPCs with a peering connection.
    fn check_connection(&self, ends: &Ends) -> Answered<()> {
        if ends.source == ends.destination {
            return Err(self.about("NO_PATH", &self.path.source));
        }
        let (Some(source), Some(destination)) = (self.vpc(&ends.source), self.vpc(&ends.destination)) else {
            return Ok(());
        };
        let joins =
            |one: &str, other: &str| (one, other) == (source, destination) || (one, other) == (destination, source);
        let is_peered = self.parts.peerings.iter().any(|peering| joins(&peering.requester, &peering.accepter));
        match source == destination || is_peered {
            true => Ok(()),
            false => Err(Box::new(Explanation::disconnected(self.ec2, source, destination))),
        }
    }

    fn vpc(&self, end: &End) -> Option<&str> {
        match end {
            End::Interfaces(places) => vpc_of(self.parts, *places.first()?),
            End::InternetGateway(place) => self.parts.internet_gateways.get(*place as usize)?.vpc.as_deref(),
            End::GatewayEndpoint(place) => Some(&self.parts.gateway_endpoints.get(*place as usize)?.vpc),
            End::Address(_) => None,
        }
    }

    fn lanes(&self, ends: &Ends, at_source: &Pattern, at_destination: &Pattern) -> Answered<Vec<Lane>> {
        let starts = self.starts(&ends.source, at_source, at_destination)?;
        let from_outside = matches!(ends.source, End::InternetGateway(_));
        let destinations = self.destinations(&ends.destination, from_outside, at_source, at_destination)?;
        let lanes = starts.into_iter().flat_map(|(from, source)| {
            destinations.iter().map(move |destination| Lane { from, source, destination: *destination })
        });
        Ok(lanes.collect())
    }

    fn starts(&self, end: &End, at_source: &Pattern, at_destination: &Pattern) -> Answered<Vec<(Option<u32>, Side)>> {
        let id = &self.path.source;
        match end {
            End::Interfaces(places) => {
                let all = places.iter().flat_map(|place| self.addresses(*place).into_iter().map(|own| (*place, own.0)));
                let all = all.filter(|(_, own)| at_source.source.is_none_or(|wanted| wanted == *own));
                let all: Vec<_> = all.map(|(place, own)| (Some(place), Side::Known(own))).collect();
                if all.is_empty() { Err(self.about("FILTER_AT_SOURCE_SOURCE_ADDRESS", id)) } else { Ok(all) }
            }
            End::InternetGateway(_) => match at_source.source.or(at_destination.source) {
                Some(address) if !is_public(address) => Err(self.about("IGW_EXPECTS_PUBLIC_ADDRESS", id)),
                Some(address) => Ok(vec![(None, Side::Known(address))]),
                None => Ok(vec![(None, Side::Anywhere)]),
            },
            End::GatewayEndpoint(_) => Err(self.about("VPCE_INTRA_VPC_TRAFFIC", id)),
            End::Address(_) => Err(self.about("UNSUPPORTED_COMPONENT", id)),
        }
    }

    fn destinations(
        &self,
        end: &End,
        from_outside: bool,
        at_source: &Pattern,
        at_destination: &Pattern,
    ) -> Answered<Vec<Side>> {
        let wanted = at_source.destination.or(at_destination.destination);
        let id = self.path.destination.as_deref().unwrap_or_default();
        match end {
            End::Interfaces(places) => self.own_destinations(places, from_outside, at_source, at_destination),
            End::InternetGateway(_) => match wanted {
                Some(address) if !is_public(address) => Err(self.about("IGW_EXPECTS_PUBLIC_ADDRESS", id)),
                Some(address) => Ok(vec![Side::Known(address)]),
                None => Ok(vec![Side::Anywhere]),
            },
            End::GatewayEndpoint(place) => match wanted {
                Some(address) => Ok(vec![Side::Known(address)]),
                None => Ok(self.service_addresses(*place)),
            },
            End::Address(address) if from_outside => Ok(vec![Side::Known(self.public_of(*address))]),
            End::Address(address) => Ok(vec![Side::Known(*address)]),
        }
    }

    /// How packets address an interface: from the internet by its public addresses, from inside by its private ones.
    fn own_destinations(
        &self,
        places: &[u32],
        from_outside: bool,
        at_source: &Pattern,
        at_destination: &Pattern,
    ) -> Answered<Vec<Side>> {
        let all: Vec<(Ipv4Addr, Option<Ipv4Addr>)> = places.iter().flat_map(|place| self.addresses(*place)).collect();
        let id = self.path.destination.as_deref().unwrap_or_default();
        let arriving = all.iter().filter(|own| at_destination.destination.is_none_or(|wanted| wanted == own.0));
        let arriving: Vec<_> = arriving.collect();
        if arriving.is_empty() {
            return Err(self.about("FILTER_AT_DESTINATION_DESTINATION_ADDRESS", id));
        }
        if let Some(wanted) = at_source.destination {
            let is_own = arriving.iter().any(|own| own.0 == wanted || own.1 == Some(wanted));
            let filtered = || self.about("FILTER_AT_SOURCE_DESTINATION_ADDRESS", id);
            return if is_own { Ok(vec![Side::Known(wanted)]) } else { Err(filtered()) };
        }
        let public: Vec<Side> = arriving.iter().filter_map(|own| own.1).map(Side::Known).collect();
        match from_outside && !public.is_empty() {
            true => Ok(public),
            false => Ok(arriving.iter().map(|own| Side::Known(own.0)).collect()),
        }
    }

    /// The public address for a private one, which the internet does not know.
    fn public_of(&self, address: Ipv4Addr) -> Ipv4Addr {
        let own = self.parts.interfaces.iter().flat_map(|interface| &interface.addresses);
        let mut own = own.filter(|own| own.private == address).filter_map(|own| own.public);
        own.next().unwrap_or(address)
    }

    /// An address in each block of the service behind a gateway endpoint.
    fn service_addresses(&self, endpoint: u32) -> Vec<Side> {
        let endpoint = self.parts.gateway_endpoints.get(endpoint as usize);
        let list = endpoint.and_then(|it| self.parts.prefix_lists.iter().find(|list| list.id == it.prefix_list));
        let first = list.into_iter().flat_map(|list| &list.cidrs).filter_map(|cidr| cidr.nth(1).or(cidr.nth(0)));
        let v4 = first.filter_map(|address| match address {
            IpAddr::V4(address) => Some(Side::Known(address)),
            IpAddr::V6(_) => None,
        });
        v4.collect()
    }
}

/// The VPC of an interface.
pub fn vpc_of(parts: &Topology, interface: u32) -> Option<&str> {
    let subnet = &parts.interfaces.get(interface as usize)?.subnet;
    parts.subnets.iter().find(|part| part.id == *subnet).map(|part| part.vpc.as_str())
}
