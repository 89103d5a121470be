//! A flow's way through the network, hop by hop, and the answers' way back.
//!
//! ```text
//! leaving an interface:   groups out → (another subnet?) ACL out → route → gateway, NAT, peering, endpoint, interface
//! arriving at one:        (another subnet?) ACL in → groups in → the host, or on its way again
//! ```
//!
//! Each thing that decides leaves a [`Step`], and each interface that sees packets an [`Observation`]. Answers take the
//! way that the routes give them, which need not be the one the flow came.

mod end;
mod explain;
mod filters;
mod gateways;
mod interfaces;
mod nat;
mod probe;
mod volume;

use std::net::IpAddr;

use super::flow::{Flow, Packet};
use super::index::Network;
use super::quiet::AwsService;
use super::refusal::Refusal;
use super::tracking::Connections;

pub use end::{DURATION_S_MAX, FlowFault};
pub use explain::Explained;

/// More hops than any way has that ends.
const HOPS_MAX: usize = 16;

/// What became of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    pub forward: Leg,
    /// If the flow arrived and was answered. Answers of AWS's own services that no log shows are left out.
    pub answer: Option<Leg>,
}

/// One direction of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// What the packets met, in order. If they were refused, the last one refused them.
    pub steps: Vec<Step>,
    pub observations: Vec<Observation>,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Arrived(End),
    Refused(Refusal),
}

/// Where packets arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Interface(u32),
    Internet,
    /// The service behind a gateway endpoint.
    Endpoint(u32),
    AwsService(AwsService),
}

/// Something that packets met on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Component,
    pub decision: Decision,
    /// The packet as it goes on from here.
    pub packet: Packet,
}

/// Parts of the topology by their places in its lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    Internet,
    Interface(u32),
    /// The security groups of an interface.
    Groups(u32, Direction),
    NetworkAcl(u32, Direction),
    RouteTable(u32),
    Vpc(u32),
    InternetGateway(u32),
    EgressOnlyGateway(u32),
    NatGateway(u32),
    Peering(u32),
    Endpoint(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There was nothing to decide.
    Passed,
    /// A rule of a security group, the first that allows the packet: the group, and the rule's place in it.
    GroupRule(u32, u32),
    /// It belongs to a connection that the groups track.
    Tracked,
    /// The entry of the network ACL with this number, the first that matches.
    AclEntry(u16),
    /// The route at this place of its table.
    Route(u32),
    /// Back to the NAT gateway that it came from, over the peering connection, without a route
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>).
    ReturnToSender,
    Refused(Refusal),
}

/// Seen from an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    Ingress,
    Egress,
}

/// What passed one interface in one direction, as its flow logs tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    pub seen_at: Vantage,
    pub direction: Direction,
    pub action: Action,
    /// With the interface's own address where AWS shows that: `srcaddr` and `dstaddr`.
    pub source: IpAddr,
    pub destination: IpAddr,
    /// As it is: `pkt-srcaddr` and `pkt-dstaddr`, ports, protocol.
    pub packet: Packet,
    /// Of what was let out.
    pub path: Option<TrafficPath>,
    pub tcp_flags: u8,
    pub packets: u64,
    pub bytes: u64,
    /// Seconds since 1970: of the first and of the last packet.
    pub start_s: i64,
    pub end_s: i64,
}

/// Where packets are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vantage {
    Interface(u32),
    /// A regional NAT gateway, which has no interface.
    RegionalNat(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Accept,
    Reject,
    /// By VPC Block Public Access.
    RejectBpa,
}

/// `traffic-path`: how packets leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrafficPath {
    SameVpc = 1,
    Peering = 4,
    PeeringOfRegions = 5,
    GatewayEndpoint = 7,
    InternetGateway = 8,
}

impl Direction {
    pub fn other(self) -> Direction {
        match self {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        }
    }
}

impl Walk {
    /// Whether the flow arrived and, if there was an answer, that came back.
    pub fn is_connected(&self) -> bool {
        self.forward.has_arrived() && self.answer.as_ref().is_none_or(Leg::has_arrived)
    }

    /// What all interfaces saw.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.forward.observations.iter().chain(self.answer.iter().flat_map(|leg| &leg.observations))
    }
}

impl Leg {
    pub fn has_arrived(&self) -> bool {
        matches!(self.outcome, Outcome::Arrived(_))
    }
}

impl Network {
    /// Leads a flow through the network. Connections that groups track are taken from `connections` and noted there.
    pub fn walk(&self, flow: &Flow, connections: &mut Connections) -> Result<Walk, FlowFault> {
        let (start, packet) = self.resolve(flow)?;
        let mut walker = Walker::new(self, connections, flow.start_s, packet);
        let forward = walker.run(start);
        let answer = walker.answer(volume::is_answered(flow, &walker.packet), &forward);
        let passes = std::mem::take(&mut walker.passes);
        let mut walk = Walk { forward, answer };
        volume::fill(flow, packet.protocol, &mut walk);
        self.note(&passes, flow, &walk, connections);
        Ok(walk)
    }
}

/// What happens to the packet next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Leave(u32),
    /// At an interface, from another one in this subnet, or from a gateway.
    Arrive(u32, Option<u32>),
    /// On the internet: from there it may come in again.
    Internet,
    Done(Outcome),
}

/// A packet on its way.
struct Walker<'n> {
    network: &'n Network,
    connections: &'n Connections,
    now_s: i64,
    packet: Packet,
    steps: Vec<Step>,
    observations: Vec<Observation>,
    /// Whether this is the answer.
    answering: bool,
    /// Whether it goes on where security groups and ACLs refuse it.
    probing: bool,
    /// Whether groups still know by its address who sends: not behind a middlebox
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>, limitation).
    senders_known: bool,
    /// Whether it left by an egress-only gateway.
    egress_only: bool,
    /// The peering over which a NAT gateway sent it.
    from_nat_over: Option<u32>,
    translations: Vec<nat::Translation>,
    passes: Vec<Pass>,
}

/// Security groups that let the flow through, in its forward direction.
#[derive(Clone, Copy, Debug)]
struct Pass {
    interface: u32,
    direction: Direction,
    packet: Packet,
    tracked: bool,
}

impl<'n> Walker<'n> {
    fn new(network: &'n Network, connections: &'n Connections, now_s: i64, packet: Packet) -> Walker<'n> {
        Walker {
            network,
            connections,
            now_s,
            packet,
            steps: Vec::with_capacity(12),
            observations: Vec::with_capacity(4),
            answering: false,
            probing: false,
            senders_known: true,
            egress_only: false,
            from_nat_over: None,
            translations: Vec::new(),
            passes: Vec::with_capacity(4),
        }
    }

    fn run(&mut self, mut turn: Turn) -> Leg {
        for _ in 0..HOPS_MAX {
            turn = match turn {
                Turn::Leave(interface) => self.leave(interface),
                Turn::Arrive(interface, from) => self.arrive(interface, from),
                Turn::Internet => self.enter(),
                Turn::Done(outcome) => return self.leg(outcome),
            };
        }
        if let Turn::Done(outcome) = turn {
            return self.leg(outcome);
        }
        let last = self.steps.last().map_or(Component::Internet, |step| step.at);
        self.step(last, Decision::Refused(Refusal::Loop));
        self.leg(Outcome::Refused(Refusal::Loop))
    }

    /// The answer to what arrived, if there is one.
    fn answer(&mut self, is_answered: bool, forward: &Leg) -> Option<Leg> {
        let Outcome::Arrived(end) = forward.outcome else { return None };
        if !is_answered {
            return None;
        }
        self.packet = self.packet.answer();
        self.answering = true;
        self.senders_known = true;
        let turn = match end {
            End::Interface(interface) => Turn::Leave(interface),
            End::Internet => {
                self.step(Component::Internet, Decision::Passed);
                Turn::Internet
            }
            End::Endpoint(endpoint) => self.enter_from_endpoint(endpoint),
            End::AwsService(_) => return None,
        };
        Some(self.run(turn))
    }

    fn leg(&mut self, outcome: Outcome) -> Leg {
        let (steps, observations) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.observations));
        if !self.answering {
            self.steps.reserve(steps.len());
            self.observations.reserve(observations.len());
        }
        Leg { steps, observations, outcome }
    }

    fn step(&mut self, at: Component, decision: Decision) {
        self.steps.push(Step { at, decision, packet: self.packet });
    }

    fn refuse(&mut self, at: Component, refusal: Refusal) -> Turn {
        self.step(at, Decision::Refused(refusal));
        Turn::Done(Outcome::Refused(refusal))
    }

    fn done(&mut self, at: Component, end: End) -> Turn {
        self.step(at, Decision::Passed);
        Turn::Done(Outcome::Arrived(end))
    }
}
