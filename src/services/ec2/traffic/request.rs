//! Traffic as the admin API takes it, and what became of it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::network::{
    Action, Answer, Direction, Explained, Flow, FlowFault, ICMP, ICMPV6, Leg, Observation, Outcome, Packet, Place, TCP,
    UDP, Vantage, Volume, Walk,
};
use crate::world::World;

use super::{Model, model, walk};

/// Flows that one request may make.
const FLOWS_MAX: usize = 100_000;

/// One flow, or many.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Told {
    One(Box<ToldFlow>),
    Many(Vec<ToldFlow>),
}

/// A flow, as it is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToldFlow {
    /// An address, `eni-…` or `i-…`.
    source: String,
    destination: String,
    #[serde(default)]
    protocol: Protocol,
    /// One of those that systems choose for connections, if nothing is said.
    source_port: Option<u16>,
    destination_port: Option<u16>,
    /// `{"type": 8, "code": 0}`
    icmp: Option<Icmp>,
    packets: Option<u64>,
    bytes: Option<u64>,
    /// Now, if nothing is said.
    start: Option<Start>,
    /// Seconds.
    duration: Option<u32>,
    tcp_flags: Option<u8>,
    /// What comes back: `usual`, `silent` or `refused`.
    #[serde(default)]
    answer: ToldAnswer,
    /// As many of them, each from its own port.
    count: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Protocol {
    Number(u8),
    Name(ProtocolName),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProtocolName {
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol::Name(ProtocolName::Tcp)
    }
}

impl Protocol {
    fn number(&self) -> u8 {
        match self {
            Protocol::Number(number) => *number,
            Protocol::Name(ProtocolName::Tcp) => TCP,
            Protocol::Name(ProtocolName::Udp) => UDP,
            Protocol::Name(ProtocolName::Icmp) => ICMP,
            Protocol::Name(ProtocolName::Icmpv6) => ICMPV6,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Icmp {
    r#type: u8,
    #[serde(default)]
    code: u8,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Start {
    Seconds(i64),
    Time(DateTime<Utc>),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToldAnswer {
    #[default]
    Usual,
    Silent,
    Refused,
}

/// What became of flows.
#[derive(Debug, Serialize)]
pub struct Report {
    flows: Vec<FlowReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowReport {
    /// Whether packets arrived and, if there was an answer, that came back.
    connected: bool,
    forward: LegReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<LegReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LegReport {
    arrived: bool,
    /// AWS's explanation code, and what it means, if packets did not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    steps: Vec<StepReport>,
    observations: Vec<ObservationReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepReport {
    component: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    /// `sgr-…`, the number of an ACL's entry, or a route's destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    decision: &'static str,
    packet: PacketReport,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PacketReport {
    source: IpAddr,
    destination: IpAddr,
    source_port: u16,
    destination_port: u16,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ObservationReport {
    interface: String,
    direction: &'static str,
    action: &'static str,
    packets: u64,
    bytes: u64,
}

/// Sends flows through the networks, and tells what became of each.
///
/// # Errors
/// A sentence about what is wrong with them; then nothing was sent.
pub fn send(world: &mut World, told: &Told) -> Result<Report, String> {
    let told = match told {
        Told::One(flow) => std::slice::from_ref(&**flow),
        Told::Many(flows) => flows.as_slice(),
    };
    let wanted = told.iter().map(|flow| flow.count.unwrap_or(1)).fold(0, usize::saturating_add);
    if wanted > FLOWS_MAX {
        return Err(format!("these are {wanted} flows, of at most {FLOWS_MAX} in a request"));
    }
    let mut flows = Vec::with_capacity(wanted);
    for flow in told {
        for number in 0..flow.count.unwrap_or(1) {
            flows.push(flow.flow(world, number)?);
        }
    }
    let model = model(world);
    let walks =
        walk(world, &model, &flows).map_err(|(place, fault)| format!("flow {}: {}", place + 1, said(&fault)))?;
    Ok(Report { flows: walks.iter().map(|walk| report(&model, walk)).collect() })
}

fn said(fault: &FlowFault) -> String {
    fault.to_string()
}

impl ToldFlow {
    /// The flow, the first or another of its kind.
    fn flow(&self, world: &mut World, number: usize) -> Result<Flow, String> {
        let protocol = self.protocol.number();
        let has_ports = matches!(protocol, TCP | UDP);
        if !has_ports && (self.source_port.is_some() || self.destination_port.is_some()) {
            return Err(format!("protocol {protocol} has no ports"));
        }
        if has_ports && self.destination_port.is_none() {
            return Err("destinationPort is missing".to_owned());
        }
        let sent = match (self.packets, self.bytes) {
            (None, None) => None,
            (Some(0), _) => return Err("packets must be at least 1".to_owned()),
            (packets, bytes) => {
                let packets = packets.unwrap_or(1);
                Some(Volume { packets, bytes: bytes.unwrap_or(packets.saturating_mul(60)) })
            }
        };
        let usual = if protocol == ICMPV6 { (128, 0) } else { (8, 0) };
        Ok(Flow {
            source: Place::from(self.source.as_str()),
            destination: Place::from(self.destination.as_str()),
            protocol,
            source_port: if has_ports { self.source_port(world, number) } else { 0 },
            destination_port: self.destination_port.unwrap_or(0),
            icmp: self.icmp.map_or(usual, |icmp| (icmp.r#type, icmp.code)),
            sent,
            tcp_flags: self.tcp_flags,
            answer: match self.answer {
                ToldAnswer::Usual => Answer::Usual,
                ToldAnswer::Silent => Answer::Silent,
                ToldAnswer::Refused => Answer::Refused,
            },
            start_s: match self.start {
                Some(Start::Seconds(seconds)) => seconds,
                Some(Start::Time(time)) => time.timestamp(),
                None => world.now.timestamp(),
            },
            duration_s: self.duration.unwrap_or(0),
        })
    }

    /// The port that was named and those behind it, or any that systems use for connections.
    fn source_port(&self, world: &mut World, number: usize) -> u16 {
        match self.source_port {
            Some(port) => port.wrapping_add(u16::try_from(number % 65_536).unwrap_or(0)),
            None => {
                let [high, low] = world.ids.bytes::<2>();
                32_768 + u16::from_be_bytes([high, low]) % 28_232
            }
        }
    }
}

fn report(model: &Model, walk: &Walk) -> FlowReport {
    FlowReport {
        connected: walk.is_connected(),
        forward: leg(model, &walk.forward),
        answer: walk.answer.as_ref().map(|answer| leg(model, answer)),
    }
}

fn leg(model: &Model, walked: &Leg) -> LegReport {
    let refusal = match walked.outcome {
        Outcome::Arrived(_) => None,
        Outcome::Refused(refusal) => Some(refusal),
    };
    LegReport {
        arrived: walked.has_arrived(),
        code: refusal.map(|refusal| refusal.code()),
        reason: refusal.map(|refusal| refusal.reason()),
        steps: model.network.explain(walked).into_iter().map(step).collect(),
        observations: walked.observations.iter().map(|seen| observation(model, seen)).collect(),
    }
}

fn step(explained: Explained) -> StepReport {
    StepReport {
        component: explained.component,
        kind: explained.kind,
        direction: explained.direction.map(direction),
        rule: explained.rule,
        group: explained.group,
        decision: explained.decision,
        packet: packet(&explained.outbound),
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

fn packet(packet: &Packet) -> PacketReport {
    PacketReport {
        source: packet.source,
        destination: packet.destination,
        source_port: packet.source_port,
        destination_port: packet.destination_port,
    }
}

fn observation(model: &Model, seen: &Observation) -> ObservationReport {
    let Observation { seen_at: Vantage::Interface(_) | Vantage::RegionalNat(_), .. } = seen;
    ObservationReport {
        interface: model.viewpoints.facts(seen.seen_at).map(|facts| facts.id().to_owned()).unwrap_or_default(),
        direction: direction(seen.direction),
        action: match seen.action {
            Action::Accept => "ACCEPT",
            Action::Reject | Action::RejectBpa => "REJECT",
        },
        packets: seen.packets,
        bytes: seen.bytes,
    }
}
