//! The traffic model: what becomes of traffic in VPCs, and what flow logs show of it. Pure functions.
//!
//! ```text
//! Topology ── Network::new ──> Network        addresses, routes and rules in quick forms
//! Flow ── Network::walk ──> Walk              what decided at each hop, what each interface saw, both ways
//! ```
//!
//! The module knows nothing of the EC2 store, of HTTP and of time. Walks follow the VPC User Guide; each file names the
//! pages that it follows. What the guide leaves open is said where it is decided.

pub mod capture;
mod cidr;
mod flow;
pub mod flow_logs;
mod index;
mod quiet;
mod refusal;
pub mod scenarios;
mod topology;
mod tracking;
mod walk;

#[cfg(test)]
mod tests;

pub use cidr::{Cidr, NotACidr};
pub use flow::{ACK, Answer, FIN, Flow, ICMP, ICMPV6, Packet, Place, RST, SYN, TCP, UDP, Volume};
pub use index::{Network, TopologyFault};
pub use quiet::AwsService;
pub use refusal::Refusal;
pub use topology::*;
pub use tracking::Connections;
pub use walk::{
    Action, Component, DURATION_S_MAX, Decision, Direction, End, Explained, FlowFault, Leg, Observation, Outcome, Step,
    TrafficPath, Vantage, Walk,
};
