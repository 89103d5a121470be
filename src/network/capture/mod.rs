//! Packet captures (`application/vnd.tcpdump.pcap`, pcapng) as flows.
//!
//! ```text
//! bytes ── file ──> frames ── packet ──> IP packets ── flows ──> Flow, one for each connection
//! ```

mod file;
mod flows;
mod packet;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::flow::{Flow, Place};
use super::index::Network;

pub use file::CaptureFault;

/// What a capture holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capture {
    /// In the order in which they begin. Each has the answers that were captured, and no others.
    pub flows: Vec<Flow>,
    /// IP packets, all of which are in the flows.
    pub packets: u64,
    /// Frames that are no IP packets: ARP, unknown link types, pieces that are cut off.
    pub ignored: u64,
}

/// Reads a capture of either form. Link types: Ethernet with VLAN tags, raw IP, BSD loopback, Linux cooked. A file that
/// ends in the middle of a packet, as those of a capture that was stopped do, is read up to there.
pub fn read(bytes: &[u8]) -> Result<Capture, CaptureFault> {
    let mut flows = flows::Flows::default();
    let mut capture = Capture::default();
    file::frames(bytes, |frame| match packet::parse(&frame) {
        Some(packet) => {
            capture.packets += 1;
            flows.add(packet, frame.at_s);
        }
        None => capture.ignored += 1,
    })?;
    capture.flows = flows.finish();
    Ok(capture)
}

impl Network {
    /// A flow as captured at an interface: a host outside that sends to its private address used the public one.
    pub fn as_sent(&self, flow: Flow) -> Flow {
        let (Place::Address(source), Place::Address(destination)) = (&flow.source, &flow.destination) else {
            return flow;
        };
        let holder = |address: &IpAddr| self.vpcs.iter().find_map(|vpc| vpc.addresses.get(address).copied());
        let (None, Some(interface)) = (holder(source), holder(destination)) else { return flow };
        let own = &self.topology().interfaces[interface as usize].addresses;
        let public = own.iter().find(|own| IpAddr::V4(own.private) == *destination).and_then(|own| own.public);
        match public {
            Some(public) => Flow { destination: Place::Address(public.into()), ..flow },
            None => flow,
        }
    }
}
