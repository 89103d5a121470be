//! What became of traffic, as the admin API answers it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use crate::network::{Action, Direction, Explained, Flow, Leg, Observation, Outcome, Packet, Place, Walk};

use super::Model;

/// Flows about which everything is told; the others are counted.
const TOLD_MAX: usize = 1000;

/// What became of flows.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Flows that were sent.
    sent: u64,
    /// Those that arrived and, if there was an answer, got it.
    connected: u64,
    /// Why the others did not, by AWS's explanation codes.
    refused: BTreeMap<&'static str, u64>,
    /// What a capture holds besides: frames that are no IP packets, and flows with no end in any VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<u64>,
    /// The first of them, in their order.
    flows: Vec<FlowReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowReport {
    source: Place,
    destination: Place,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
    start: String,
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
    /// The security group of the rule; all that were asked, if no rule of theirs fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
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

impl Report {
    /// Of a capture that holds something besides flows of ours, or of nothing yet.
    pub fn new(ignored: Option<u64>) -> Report {
        Report { ignored, ..Report::default() }
    }

    pub fn add(&mut self, model: &Model, flow: &Flow, walk: &Walk) {
        self.sent += 1;
        self.connected += u64::from(walk.is_connected());
        if let Some(refusal) = refusal(&walk.forward).or_else(|| walk.answer.as_ref().and_then(refusal)) {
            *self.refused.entry(refusal.code()).or_default() += 1;
        }
        if self.flows.len() < TOLD_MAX {
            self.flows.push(report(model, flow, walk));
        }
    }
}

fn refusal(leg: &Leg) -> Option<crate::network::Refusal> {
    match leg.outcome {
        Outcome::Arrived(_) => None,
        Outcome::Refused(refusal) => Some(refusal),
    }
}

fn report(model: &Model, flow: &Flow, walk: &Walk) -> FlowReport {
    let start = DateTime::from_timestamp(flow.start_s, 0).unwrap_or_default();
    FlowReport {
        source: flow.source.clone(),
        destination: flow.destination.clone(),
        protocol: flow.protocol,
        source_port: flow.source_port,
        destination_port: flow.destination_port,
        start: start.to_rfc3339_opts(SecondsFormat::Secs, true),
        connected: walk.is_connected(),
        forward: leg(model, &walk.forward),
        answer: walk.answer.as_ref().map(|answer| leg(model, answer)),
    }
}

fn leg(model: &Model, walked: &Leg) -> LegReport {
    let refusal = refusal(walked);
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
        groups: explained.groups,
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
