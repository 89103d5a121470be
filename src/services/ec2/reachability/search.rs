//! The search for packets that get through: what rules tell apart is tried, nothing else.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};

use crate::network::{Component, Decision, End, Leg, Network, Outcome, Packet, Walk};

use super::paths::Pattern;
use super::spread::{Marks, Piece, joined};

/// A host on the internet, tried first: an address of nobody (<https://www.rfc-editor.org/rfc/rfc5737>).
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// Ports that are tried first: one of those from which connections usually begin, and one to which they go.
const SOURCE_PORT: u16 = 49_152;
const DESTINATION_PORT: u16 = 443;
const ALL_PORTS: (u16, u16) = (0, u16::MAX);

/// What is searched for.
#[derive(Debug)]
pub struct Question {
    /// The ways to begin, in the order in which they are tried.
    pub lanes: Vec<Lane>,
    pub protocol: u8,
    pub at_source: Pattern,
    pub at_destination: Pattern,
    pub goal: Goal,
    /// Ids of what the way must, and must not, lead through.
    pub through: Option<String>,
    pub around: Option<String>,
    /// The account that asks: others' networks are none of its business.
    pub owner: String,
}

/// Where packets may begin, and with which addresses.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// An interface; none on the internet.
    pub from: Option<u32>,
    pub source: Side,
    pub destination: Side,
}

#[derive(Clone, Copy, Debug)]
pub enum Side {
    Known(Ipv4Addr),
    /// Any public address.
    Anywhere,
}

/// Where packets must arrive.
#[derive(Debug)]
pub enum Goal {
    /// One of these.
    Interfaces(Vec<u32>),
    InternetGateway(u32),
    GatewayEndpoint(u32),
    /// Wherever the address is.
    Address,
}

/// A packet that was tried.
#[derive(Debug)]
pub struct Tried {
    pub lane: Lane,
    pub packet: Packet,
    pub walk: Walk,
    /// What is wrong with the way, though nothing refuses the packet on it.
    pub misfit: Option<Misfit>,
    rank: Rank,
}

/// AWS's code for it, and the id of the component that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub code: &'static str,
    pub component: Option<String>,
}

/// All packets that take the same way past the same rules.
#[derive(Debug)]
pub struct Breadth {
    pub source_ports: Vec<(u32, u32)>,
    pub destination_ports: Vec<(u32, u32)>,
    /// Addresses on the internet, if any will do.
    pub anywhere: Option<Vec<(u32, u32)>>,
}

impl Tried {
    pub fn gets_through(&self) -> bool {
        self.rank == Rank::default()
    }
}

/// Packets that a search tries: rules that name long lists could ask for millions.
const ATTEMPTS_MAX: usize = 50_000;

/// A search in a network.
pub struct Search<'a> {
    pub network: &'a Network,
    pub question: &'a Question,
    attempts: Cell<usize>,
}

impl<'a> Search<'a> {
    pub fn new(network: &'a Network, question: &'a Question) -> Search<'a> {
        Search { network, question, attempts: Cell::new(0) }
    }

    /// Whether it has given up: then nothing can be said of what was not tried.
    pub fn is_spent(&self) -> bool {
        self.attempts.get() >= ATTEMPTS_MAX
    }

    /// The first packet that gets through, or the one with the least in its way. `None` if there is nothing to try.
    pub fn run(&self) -> Option<Tried> {
        let mut best: Option<Tried> = None;
        for lane in self.question.lanes.iter().take_while(|_| !self.is_spent()) {
            let Some(tried) = self.along(*lane) else { continue };
            if tried.gets_through() {
                return Some(tried);
            }
            if best.as_ref().is_none_or(|best| tried.rank < best.rank) {
                best = Some(tried);
            }
        }
        best
    }

    /// The best packet of a lane. The way there depends on the addresses and on the port there, the way back on the
    /// addresses and on the port here, so that ports need not be tried in pairs.
    fn along(&self, lane: Lane) -> Option<Tried> {
        let marks = self.marks(lane)?;
        let (here, there) = (self.source_ports(&marks), self.destination_ports(&marks));
        let first = here.first()?.sample;
        let mut best: Option<Tried> = None;
        for address in self.addresses(lane, &marks) {
            if self.is_spent() {
                break;
            }
            let mut to = |source: u32, destination: u32| {
                let tried = self.attempt(lane, address, source, destination);
                let rank = tried.rank;
                if best.as_ref().is_none_or(|best| rank < best.rank) {
                    best = Some(tried);
                }
                rank
            };
            let arriving = there.iter().take_while(|_| !self.is_spent()).find(|port| to(first, port.sample).there == 0);
            let Some(arriving) = arriving else { continue };
            if here.iter().any(|port| to(port.sample, arriving.sample) == Rank::default()) {
                break;
            }
        }
        best
    }

    /// Where the rules on a lane begin and end. Other addresses may lead other ways.
    fn marks(&self, lane: Lane) -> Option<Marks> {
        let mut marks = Marks::default();
        let source = self.source_ports(&marks).first()?.sample;
        let destination = self.destination_ports(&marks).first()?.sample;
        for _ in 0..2 {
            for address in self.addresses(lane, &marks).into_iter().take_while(|_| !self.is_spent()) {
                marks.meet(self.network, &self.attempt(lane, address, source, destination).walk);
            }
        }
        Some(marks)
    }

    fn source_ports(&self, marks: &Marks) -> Vec<Piece> {
        // A NAT gateway may send from other ports: then those at the destination say nothing of those here.
        let here = self.question.at_source.source_ports.unwrap_or(ALL_PORTS);
        marks.ports(common(here, self.question.at_destination.source_ports), SOURCE_PORT)
    }

    fn destination_ports(&self, marks: &Marks) -> Vec<Piece> {
        let here = self.question.at_source.destination_ports.unwrap_or(ALL_PORTS);
        marks.ports(common(here, self.question.at_destination.destination_ports), DESTINATION_PORT)
    }

    /// Addresses to try at the end that may be anywhere; just one if both are known.
    fn addresses(&self, lane: Lane, marks: &Marks) -> Vec<u32> {
        match (lane.source, lane.destination) {
            (Side::Known(_), Side::Known(_)) => vec![OUTSIDE.into()],
            _ => marks.public_addresses(self.network, OUTSIDE).iter().map(|piece| piece.sample).collect(),
        }
    }

    fn attempt(&self, lane: Lane, anywhere: u32, source_port: u32, destination_port: u32) -> Tried {
        let address = |side| match side {
            Side::Known(address) => IpAddr::V4(address),
            Side::Anywhere => IpAddr::V4(Ipv4Addr::from(anywhere)),
        };
        let packet = Packet {
            source: address(lane.source),
            destination: address(lane.destination),
            protocol: self.question.protocol,
            source_port: u16::try_from(source_port).unwrap_or(u16::MAX),
            destination_port: u16::try_from(destination_port).unwrap_or(u16::MAX),
            icmp: (0, 0),
        };
        self.attempts.set(self.attempts.get() + 1);
        let walk = self.network.probe(lane.from, packet);
        let misfit = if self.refusals(&walk.forward) == 0 { self.misfit(&walk.forward) } else { None };
        let rank = Rank {
            there: self.refusals(&walk.forward),
            is_misfit: misfit.is_some(),
            back: walk.answer.as_ref().map_or(0, |answer| self.refusals(answer)),
        };
        Tried { lane, packet, walk, misfit, rank }
    }

    /// How many things are in the way.
    fn refusals(&self, leg: &Leg) -> usize {
        leg.steps.iter().filter(|step| self.network.refusal(step).is_some()).count()
    }

    /// What is wrong with a way on which nothing refuses the packet.
    fn misfit(&self, leg: &Leg) -> Option<Misfit> {
        let plain = |code| Some(Misfit { code, component: None });
        let about = |code, id: &str| Some(Misfit { code, component: Some(id.to_owned()) });
        let inner = leg.steps.get(1..leg.steps.len().saturating_sub(1)).unwrap_or_default();
        if inner.iter().any(|step| step.at == Component::Internet) {
            return plain("IGW_NAT_REFLECTION");
        }
        if let Some(peering) = self.leads_abroad(leg) {
            return about("NO_POSSIBLE_DESTINATION", &peering);
        }
        if !self.is_goal(leg) {
            return plain("NO_PATH");
        }
        if let Some(arrived) = leg.steps.last().map(|step| step.packet)
            && let Some(code) = mismatch(&self.question.at_destination, &arrived)
        {
            return plain(code);
        }
        let passes = |id: &str| leg.steps.iter().any(|step| self.network.name(step.at).1 == id);
        match (self.question.through.as_deref(), self.question.around.as_deref()) {
            (Some(id), _) if !passes(id) => about("COMPONENT_FILTER_RESTRICTION", id),
            (_, Some(id)) if passes(id) => about("COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT", id),
            _ => None,
        }
    }

    /// The peering connection that leads into another account's VPC, if the way does.
    fn leads_abroad(&self, leg: &Leg) -> Option<String> {
        let parts = self.network.topology();
        let is_foreign = |at| match at {
            Component::Interface(place) => {
                parts.interfaces.get(place as usize).is_some_and(|part| part.owner != self.question.owner)
            }
            _ => false,
        };
        leg.steps.iter().find(|step| is_foreign(step.at))?;
        let peering = leg.steps.iter().find(|step| matches!(step.at, Component::Peering(_)));
        peering.map(|step| self.network.name(step.at).1)
    }

    fn is_goal(&self, leg: &Leg) -> bool {
        let Outcome::Arrived(end) = leg.outcome else { return false };
        match (&self.question.goal, end) {
            (Goal::Interfaces(places), End::Interface(place)) => places.contains(&place),
            (Goal::InternetGateway(wanted), End::Internet) => {
                let gateways = leg.steps.iter().rev().map(|step| step.at);
                gateways.into_iter().find(|at| matches!(at, Component::InternetGateway(_)))
                    == Some(Component::InternetGateway(*wanted))
            }
            (Goal::GatewayEndpoint(wanted), End::Endpoint(place)) => place == *wanted,
            (Goal::Address, _) => true,
            _ => false,
        }
    }

    /// The packets that take the same way as one that gets through.
    pub fn breadth(&self, tried: &Tried) -> Breadth {
        let Tried { lane, packet, .. } = tried;
        let marks = self.marks(*lane).unwrap_or_default();
        let way = way(&tried.walk);
        let is_same = |address: u32, source: u32, destination: u32| {
            let other = self.attempt(*lane, address, source, destination);
            other.gets_through() && self::way(&other.walk) == way
        };
        let (here, there) = (u32::from(packet.source_port), u32::from(packet.destination_port));
        let anywhere = match (lane.source, lane.destination) {
            (Side::Anywhere, _) => Some(packet.source),
            (_, Side::Anywhere) => Some(packet.destination),
            _ => None,
        };
        let address = match anywhere {
            Some(IpAddr::V4(address)) => address.into(),
            _ => OUTSIDE.into(),
        };
        let keep = |pieces: Vec<Piece>, fits: &dyn Fn(u32) -> bool| {
            joined(pieces.into_iter().filter(|piece| fits(piece.sample)).collect())
        };
        Breadth {
            source_ports: keep(self.source_ports(&marks), &|port| is_same(address, port, there)),
            destination_ports: keep(self.destination_ports(&marks), &|port| is_same(address, here, port)),
            anywhere: anywhere.map(|_| {
                let addresses = marks.public_addresses(self.network, OUTSIDE);
                keep(addresses, &|address| is_same(address, here, there))
            }),
        }
    }
}

/// What two ranges have in common; if that is nothing, the first.
fn common(range: (u16, u16), other: Option<(u16, u16)>) -> (u16, u16) {
    let (first, last) = other.map_or(range, |other| (range.0.max(other.0), range.1.min(other.1)));
    if first > last { range } else { (first, last) }
}

/// How much is in a packet's way, the way there first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    there: usize,
    /// It gets there, but not as it should.
    is_misfit: bool,
    back: usize,
}

/// What a packet and its answer meet, and what decides about them.
fn way(walk: &Walk) -> Vec<(Component, Decision)> {
    let steps = walk.forward.steps.iter().chain(walk.answer.iter().flat_map(|leg| &leg.steps));
    steps.map(|step| (step.at, step.decision)).collect()
}

/// In what a packet at the destination does not fit the filter there.
fn mismatch(pattern: &Pattern, packet: &Packet) -> Option<&'static str> {
    let is = |wanted: Option<Ipv4Addr>, address: IpAddr| wanted.is_none_or(|wanted| address == IpAddr::V4(wanted));
    let within = |range: Option<(u16, u16)>, port: u16| range.is_none_or(|(from, to)| (from..=to).contains(&port));
    if !is(pattern.source, packet.source) {
        return Some("FILTER_AT_DESTINATION_SOURCE_ADDRESS");
    }
    if !is(pattern.destination, packet.destination) {
        return Some("FILTER_AT_DESTINATION_DESTINATION_ADDRESS");
    }
    if !within(pattern.source_ports, packet.source_port) {
        return Some("FILTER_AT_DESTINATION_SOURCE_PORT_RANGE");
    }
    let wrong_port = !within(pattern.destination_ports, packet.destination_port);
    wrong_port.then_some("FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE")
}
