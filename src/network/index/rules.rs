//! Rules of security groups and entries of network ACLs, found by protocol and port.

use std::collections::BTreeMap;

use super::super::flow::{ICMP, ICMPV6, Packet, TCP, UDP};
use super::super::topology::{Ports, Traffic};

/// The numbers of the rules that may match a packet, in their order, without looking at the others.
#[derive(Debug)]
pub struct ByTraffic {
    tcp: ByPort,
    udp: ByPort,
    icmp: ByPort,
    icmp_v6: ByPort,
    others: BTreeMap<u8, Box<[u32]>>,
    /// Those for all protocols.
    rest: Box<[u32]>,
}

impl ByTraffic {
    /// Rules are numbered as they come.
    pub fn new(rules: &[Traffic]) -> ByTraffic {
        let of = |protocol| ByPort::new(rules, protocol);
        let numbers = |wanted: Option<u8>| -> Box<[u32]> {
            let those = |traffic: &Traffic| traffic.protocol.is_none() || traffic.protocol == wanted;
            (0..).zip(rules).filter(|(_, traffic)| those(traffic)).map(|(number, _)| number).collect()
        };
        let others =
            rules.iter().filter_map(|traffic| traffic.protocol).map(|protocol| (protocol, numbers(Some(protocol))));
        ByTraffic {
            tcp: of(TCP),
            udp: of(UDP),
            icmp: of(ICMP),
            icmp_v6: of(ICMPV6),
            others: others.collect(),
            rest: numbers(None),
        }
    }

    /// Candidates: their protocol and ports, or ICMP type and code, match. Addresses are not looked at.
    pub fn candidates(&self, packet: &Packet) -> &[u32] {
        match packet.protocol {
            TCP => self.tcp.at(packet.destination_port),
            UDP => self.udp.at(packet.destination_port),
            ICMP => self.icmp.at(u16::from_be_bytes([packet.icmp.0, packet.icmp.1])),
            ICMPV6 => self.icmp_v6.at(u16::from_be_bytes([packet.icmp.0, packet.icmp.1])),
            other => self.others.get(&other).unwrap_or(&self.rest),
        }
    }
}

/// Ports cut where the answer changes. ICMP types and codes are one number, type first.
#[derive(Debug)]
struct ByPort {
    /// Where the pieces begin; the first one at 0.
    starts: Vec<u16>,
    rules: Vec<Box<[u32]>>,
}

impl ByPort {
    fn new(rules: &[Traffic], protocol: u8) -> ByPort {
        let ranges = (0..).zip(rules).filter(|(_, traffic)| traffic.protocol.is_none_or(|other| other == protocol));
        let ranges: Vec<(u32, Vec<(u16, u16)>)> =
            ranges.map(|(number, traffic)| (number, port_ranges(traffic, protocol))).collect();
        let ends = ranges.iter().flat_map(|(_, ranges)| ranges);
        let mut starts: Vec<u16> =
            ends.flat_map(|(first, last)| [Some(*first), last.checked_add(1)]).flatten().chain([0]).collect();
        starts.sort_unstable();
        starts.dedup();
        let holds = |ranges: &[(u16, u16)], at: u16| ranges.iter().any(|(first, last)| (*first..=*last).contains(&at));
        let at = |start: &u16| -> Box<[u32]> {
            ranges.iter().filter(|(_, ranges)| holds(ranges, *start)).map(|(number, _)| *number).collect()
        };
        ByPort { rules: starts.iter().map(at).collect(), starts }
    }

    fn at(&self, port: u16) -> &[u32] {
        let piece = self.starts.partition_point(|start| *start <= port);
        self.rules.get(piece.wrapping_sub(1)).map_or(&[], |rules| rules)
    }
}

fn port_ranges(traffic: &Traffic, protocol: u8) -> Vec<(u16, u16)> {
    let of_types = |code: Option<u8>, kinds: std::ops::RangeInclusive<u8>| match code {
        None => vec![(u16::from_be_bytes([*kinds.start(), 0]), u16::from_be_bytes([*kinds.end(), u8::MAX]))],
        Some(code) => kinds.map(|kind| u16::from_be_bytes([kind, code])).map(|at| (at, at)).collect(),
    };
    match traffic.ports {
        // All protocols are always all ports.
        _ if traffic.protocol.is_none() => vec![(0, u16::MAX)],
        Ports::Range(first, last) if matches!(protocol, TCP | UDP) => vec![(first, last)],
        Ports::Icmp(kind, code) if matches!(protocol, ICMP | ICMPV6) => {
            of_types(code, kind.map_or(0..=u8::MAX, |kind| kind..=kind))
        }
        _ => vec![(0, u16::MAX)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: u8, port: u16, icmp: (u8, u8)) -> Packet {
        let address = std::net::IpAddr::from([10, 0, 0, 1]);
        Packet { source: address, destination: address, protocol, source_port: 1, destination_port: port, icmp }
    }

    #[test]
    fn candidates_are_those_of_protocol_and_port_in_order() {
        let icmp = |kind, code| Traffic { protocol: Some(ICMP), ports: Ports::Icmp(kind, code) };
        let rules = [
            Traffic::tcp(22, 22),
            Traffic::ALL,
            Traffic::tcp(0, 65535),
            Traffic::udp(53, 60),
            icmp(Some(8), None),
            icmp(None, Some(4)),
            Traffic { protocol: Some(50), ports: Ports::All },
        ];
        let index = ByTraffic::new(&rules);
        let check = |protocol, port, icmp, expected: &[u32]| {
            assert_eq!(index.candidates(&packet(protocol, port, icmp)), expected, "{protocol} {port} {icmp:?}");
        };
        check(TCP, 22, (0, 0), &[0, 1, 2]);
        check(TCP, 23, (0, 0), &[1, 2]);
        check(TCP, 65535, (0, 0), &[1, 2]);
        check(UDP, 52, (0, 0), &[1]);
        check(UDP, 60, (0, 0), &[1, 3]);
        check(ICMP, 0, (8, 0), &[1, 4]);
        check(ICMP, 0, (8, 4), &[1, 4, 5]);
        check(ICMP, 0, (3, 4), &[1, 5]);
        check(ICMPV6, 0, (128, 0), &[1]);
        check(50, 0, (0, 0), &[1, 6]);
        check(47, 0, (0, 0), &[1]);
    }
}
