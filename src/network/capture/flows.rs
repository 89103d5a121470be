//! Packets to flows: both directions of a connection are one flow, sent by whoever began it.

use std::collections::HashMap;
use std::net::IpAddr;

use super::super::flow::{ACK, Answer, FIN, Flow, Packet, Place, RST, SYN, TCP, Volume};
use super::super::walk::DURATION_S_MAX;
use super::packet::Captured;

/// Packets after so long a silence are a new flow.
const IDLE_S: i64 = 350;

#[derive(Default)]
pub struct Flows {
    flows: Vec<Gathered>,
    /// The last flow between two ends, smaller end first.
    open: HashMap<Ends, usize>,
}

type Ends = (u8, (IpAddr, u16), (IpAddr, u16));

struct Gathered {
    /// As the one that began it sends it.
    first: Packet,
    sent: Side,
    answered: Side,
    start_s: i64,
    end_s: i64,
}

#[derive(Default)]
struct Side {
    packets: u64,
    bytes: u64,
    tcp_flags: u8,
}

impl Flows {
    pub fn add(&mut self, captured: Captured, at_s: i64) {
        let ends = ends(&captured.packet);
        let open = self
            .open
            .get(&ends)
            .and_then(|number| self.flows.get(*number))
            .filter(|flow| !flow.is_over(&captured, at_s));
        let number = match (open, self.open.get(&ends)) {
            (Some(_), Some(number)) => *number,
            _ => {
                self.flows.push(Gathered::new(&captured, at_s));
                self.open.insert(ends, self.flows.len() - 1);
                self.flows.len() - 1
            }
        };
        if let Some(flow) = self.flows.get_mut(number) {
            flow.add(&captured, at_s);
        }
    }

    pub fn finish(self) -> Vec<Flow> {
        let mut flows: Vec<Flow> = self.flows.into_iter().map(Gathered::flow).collect();
        flows.sort_by_key(|flow| flow.start_s);
        flows
    }
}

impl Gathered {
    fn new(captured: &Captured, at_s: i64) -> Gathered {
        // A capture may begin with the answer.
        let is_answer = captured.tcp_flags & (SYN | ACK) == SYN | ACK
            || matches!((captured.packet.protocol, captured.packet.icmp.0), (1, 0) | (58, 129));
        let first = if is_answer { turned(&captured.packet) } else { captured.packet };
        Gathered { first, sent: Side::default(), answered: Side::default(), start_s: at_s, end_s: at_s }
    }

    /// Whether a packet is of another flow between the same ends.
    fn is_over(&self, captured: &Captured, at_s: i64) -> bool {
        let is_new = captured.packet.protocol == TCP && captured.tcp_flags & (SYN | ACK) == SYN;
        let closed = (self.sent.tcp_flags | self.answered.tcp_flags) & (FIN | RST) != 0;
        let lasts_s = at_s.saturating_sub(self.start_s);
        at_s.saturating_sub(self.end_s) > IDLE_S || is_new && closed || lasts_s > i64::from(DURATION_S_MAX)
    }

    fn add(&mut self, captured: &Captured, at_s: i64) {
        let packet = &captured.packet;
        let is_sent = (packet.source, packet.source_port) == (self.first.source, self.first.source_port)
            && packet.destination == self.first.destination;
        let side = if is_sent { &mut self.sent } else { &mut self.answered };
        side.packets += 1;
        side.bytes += captured.bytes;
        side.tcp_flags |= captured.tcp_flags;
        self.start_s = self.start_s.min(at_s);
        self.end_s = self.end_s.max(at_s);
    }

    fn flow(self) -> Flow {
        let Gathered { first, sent, answered, start_s, end_s } = self;
        let volume = |side: &Side| Volume { packets: side.packets, bytes: side.bytes };
        let answer = match answered.packets {
            0 => Answer::Silent,
            _ => Answer::Of { volume: volume(&answered), tcp_flags: Some(answered.tcp_flags) },
        };
        let duration_s = u32::try_from(end_s.saturating_sub(start_s)).unwrap_or_default();
        Flow {
            source: Place::Address(first.source),
            destination: Place::Address(first.destination),
            protocol: first.protocol,
            source_port: first.source_port,
            destination_port: first.destination_port,
            icmp: first.icmp,
            sent: Some(volume(&sent)),
            tcp_flags: Some(sent.tcp_flags),
            answer,
            start_s,
            duration_s: duration_s.min(DURATION_S_MAX),
        }
    }
}

/// The packet that this one answers.
fn turned(packet: &Packet) -> Packet {
    let icmp = match (packet.protocol, packet.icmp.0) {
        (1, 0) => (8, 0),
        (58, 129) => (128, 0),
        _ => packet.icmp,
    };
    Packet { icmp, ..packet.answer() }
}

fn ends(packet: &Packet) -> Ends {
    let (one, other) = ((packet.source, packet.source_port), (packet.destination, packet.destination_port));
    (packet.protocol, one.min(other), one.max(other))
}
