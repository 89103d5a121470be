//! Frames to IP packets. Captures may cut packets short, so that only heads are looked at.

use std::net::IpAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket};

use super::super::flow::{ACK, FIN, ICMP, ICMPV6, Packet, RST, SYN, TCP, UDP};
use super::file::Frame;

/// A packet of which a flow is made.
pub struct Captured {
    pub packet: Packet,
    /// The length that the IP header tells.
    pub bytes: u64,
    /// As flow logs know them: ACK only beside SYN.
    pub tcp_flags: u8,
}

/// Link types (<https://www.tcpdump.org/linktypes.html>).
const NULL: u16 = 0;
const ETHERNET: u16 = 1;
const RAW: u16 = 101;
const LOOP: u16 = 108;
const LINUX_SLL: u16 = 113;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const LINUX_SLL2: u16 = 276;

pub fn parse(frame: &Frame) -> Option<Captured> {
    let data = frame.data;
    let sliced = match frame.link {
        ETHERNET => LaxSlicedPacket::from_ethernet(data).ok()?,
        RAW | IPV4 | IPV6 => LaxSlicedPacket::from_ip(data).ok()?,
        NULL | LOOP => LaxSlicedPacket::from_ip(data.get(4..)?).ok()?,
        LINUX_SLL => cooked(data.get(14..16)?, data.get(16..)?)?,
        LINUX_SLL2 => cooked(data.get(..2)?, data.get(20..)?)?,
        _ => return None,
    };
    match sliced.net? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let (source, destination) = (header.source_addr().into(), header.destination_addr().into());
            let is_first = header.fragments_offset().value() == 0;
            let payload = if is_first { ip.payload().payload } else { &[] };
            let bytes = u64::from(header.total_len());
            Some(captured((source, destination), ip.payload_ip_number().0, payload, bytes))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let (source, destination) = (header.source_addr().into(), header.destination_addr().into());
            let payload = if ip.is_payload_fragmented() { &[] } else { ip.payload().payload };
            let bytes = 40 + u64::from(header.payload_length());
            Some(captured((source, destination), ip.payload().ip_number.0, payload, bytes))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

fn cooked<'a>(kind: &[u8], data: &'a [u8]) -> Option<LaxSlicedPacket<'a>> {
    let kind = u16::from_be_bytes(kind.try_into().ok()?);
    Some(LaxSlicedPacket::from_ether_type(EtherType(kind), data))
}

fn captured((source, destination): (IpAddr, IpAddr), protocol: u8, payload: &[u8], bytes: u64) -> Captured {
    let byte = |at: usize| payload.get(at).copied().unwrap_or_default();
    let word = |at: usize| u16::from_be_bytes([byte(at), byte(at + 1)]);
    let has_ports = matches!(protocol, TCP | UDP);
    let (source_port, destination_port) = if has_ports { (word(0), word(2)) } else { (0, 0) };
    let icmp = if matches!(protocol, ICMP | ICMPV6) { (byte(0), byte(1)) } else { (0, 0) };
    let packet = Packet { source, destination, protocol, source_port, destination_port, icmp };
    let tcp_flags = if protocol == TCP { flags(byte(13)) } else { 0 };
    Captured { packet, bytes, tcp_flags }
}

fn flags(bits: u8) -> u8 {
    match bits & SYN != 0 {
        true => bits & (FIN | SYN | RST | ACK),
        false => bits & (FIN | RST),
    }
}
