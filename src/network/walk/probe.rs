//! Packets that are sent to see what is in their way, as Reachability Analyzer does.

use super::super::flow::Packet;
use super::super::index::Network;
use super::super::tracking::Connections;
use super::{Turn, Walk, Walker};

impl Network {
    /// Leads a packet and its answer through the network: from the interface at this place of the topology, or from the
    /// internet. What security groups and ACLs refuse is told in the steps, and goes on, so that everything is found
    /// that is in the way. Connections that are on their way do not count, and nothing is noted.
    pub fn probe(&self, from: Option<u32>, packet: Packet) -> Walk {
        let connections = Connections::default();
        let mut walker = Walker::new(self, &connections, 0, packet);
        walker.probing = true;
        let forward = walker.run(from.map_or(Turn::Internet, Turn::Leave));
        let answer = walker.answer(packet.asks(), &forward);
        Walk { forward, answer }
    }
}
