//! How much is sent and answered, and with which TCP flags.

pub(super) use super::super::flow::FIN;
use super::super::flow::{ACK, Answer, Flow, ICMP, ICMPV6, Packet, RST, SYN, TCP, UDP, Volume};
use super::{Leg, Walk};

/// Packets of a short TCP connection, each way, and their bytes.
const CONNECTION: Volume = Volume { packets: 10, bytes: 2840 };
/// A SYN, or what answers one: a head without data.
const HEAD: Volume = Volume { packets: 1, bytes: 40 };
const DATAGRAM: Volume = Volume { packets: 1, bytes: 76 };
/// `ping -c 4`.
const PINGS: Volume = Volume { packets: 4, bytes: 336 };

/// Whether something comes back when the packet arrives.
pub(super) fn is_answered(flow: &Flow, packet: &Packet) -> bool {
    match flow.answer {
        Answer::Usual => packet.asks(),
        Answer::Silent => false,
        Answer::Refused => packet.protocol == TCP,
        Answer::Of { .. } => true,
    }
}

pub(super) fn is_tcp(walk: &Walk) -> bool {
    walk.observations().any(|seen| seen.packet.protocol == TCP)
}

/// Fills in what was left open until it was known what became of the flow.
pub(super) fn fill(flow: &Flow, protocol: u8, walk: &mut Walk) {
    let is_open = walk.answer.as_ref().is_some_and(Leg::has_arrived) && flow.answer != Answer::Refused;
    let usual = match protocol {
        TCP if is_open => CONNECTION,
        TCP => HEAD,
        UDP => DATAGRAM,
        ICMP | ICMPV6 => PINGS,
        _ => DATAGRAM,
    };
    let sent = flow.sent.unwrap_or(usual);
    let closing = if is_open { FIN } else { 0 };
    let flags = flow.tcp_flags.unwrap_or(SYN | closing);
    let (answered, answer_flags) = match flow.answer {
        Answer::Of { volume, tcp_flags } => (volume, tcp_flags.unwrap_or(SYN | ACK | closing)),
        Answer::Refused => (HEAD, RST),
        Answer::Usual | Answer::Silent if protocol == TCP && !is_open => (HEAD, SYN | ACK),
        Answer::Usual | Answer::Silent => (sent, answering(flags)),
    };
    put(flow, protocol, &mut walk.forward, sent, flags);
    if let Some(leg) = &mut walk.answer {
        put(flow, protocol, leg, answered, answer_flags);
    }
}

/// SYN-ACK answers SYN; the others are answered by themselves.
fn answering(flags: u8) -> u8 {
    match flags & SYN != 0 {
        true => flags | ACK,
        false => flags,
    }
}

fn put(flow: &Flow, protocol: u8, leg: &mut Leg, volume: Volume, flags: u8) {
    for seen in &mut leg.observations {
        seen.packets = volume.packets;
        seen.bytes = volume.bytes;
        seen.tcp_flags = if protocol == TCP { flags } else { 0 };
        seen.start_s = flow.start_s;
        seen.end_s = flow.start_s.saturating_add(i64::from(flow.duration_s));
    }
}
