//! The heads of packets at one place of their way.

use std::net::IpAddr;

use crate::network::Packet;

use super::findings::{Header, Range};
use super::search::{Breadth, Tried};
use super::spread::blocks;

/// Headers tell of all packets that take the way, not only of the one that was tried.
pub struct Headers<'a> {
    pub tried: &'a Tried,
    pub breadth: &'a Breadth,
}

/// The ports from which NAT gateways send.
const NAT_PORTS: (u32, u32) = (1024, 65_535);

impl Headers<'_> {
    /// The whole head.
    pub fn whole(&self, packet: &Packet) -> Header {
        Header {
            destination: Some(self.addresses(packet.destination)),
            destination_ports: Some(self.ports(packet.destination_port, false)),
            protocol: Some(packet.protocol.to_string()),
            source: Some(self.addresses(packet.source)),
            source_ports: Some(self.ports(packet.source_port, true)),
        }
    }

    /// What a component has changed in it.
    pub fn changes(&self, before: &Packet, after: &Packet) -> Header {
        let whole = self.whole(after);
        let mut header = Header::default();
        if before.source != after.source {
            header.source = whole.source;
        }
        if before.destination != after.destination {
            header.destination = whole.destination;
        }
        if before.source_port != after.source_port {
            header.source_ports = whole.source_ports;
        }
        if before.destination_port != after.destination_port {
            header.destination_ports = whole.destination_ports;
        }
        header
    }

    fn addresses(&self, address: IpAddr) -> Vec<String> {
        let packet = &self.tried.packet;
        let outside = self.breadth.anywhere.as_ref().filter(|_| match self.tried.lane.from {
            None => address == packet.source,
            Some(_) => address == packet.destination,
        });
        match outside {
            Some(ranges) => blocks(ranges),
            None => vec![format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })],
        }
    }

    /// Those that stand for the port of the packet that was tried; on the way back, ends change places. Other ports are a
    /// NAT gateway's.
    fn ports(&self, port: u16, is_source: bool) -> Vec<Range> {
        let (packet, breadth) = (&self.tried.packet, self.breadth);
        let (here, there) =
            ((packet.source_port, &breadth.source_ports), (packet.destination_port, &breadth.destination_ports));
        let in_turn = if is_source { [here, there] } else { [there, here] };
        let known = in_turn.into_iter().find(|(tried, _)| *tried == port);
        let ranges = known.map_or_else(|| vec![NAT_PORTS], |(_, ranges)| ranges.clone());
        ranges.into_iter().map(|(from, to)| Range { from: from.into(), to: to.into() }).collect()
    }
}
