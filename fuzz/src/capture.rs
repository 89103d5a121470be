//! Packet captures.

use trailcam::network::{Connections, Network, Topology, capture};

/// Any file: what it holds can be walked, or is refused.
pub fn capture(data: &[u8]) {
    let Ok(capture) = capture::read(data) else { return };
    let Ok(network) = Network::new(Topology::default()) else { return };
    let mut connections = Connections::default();
    for flow in capture.flows {
        let _ = network.walk(&network.as_sent(flow), &mut connections);
    }
}
