//! The flows of a window in little room: millions of them may be open.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};
use std::net::IpAddr;

use super::super::flow::Packet;
use super::super::index::Quick;
use super::super::walk::{Action, Direction, Observation, TrafficPath};

/// Flows whose addresses are all of one family.
pub(super) type Table<A> = HashMap<Key<A>, Sums, BuildHasherDefault<Quick>>;

/// A flow of an interface: one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key<A> {
    /// The number of the interface.
    pub at: u32,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
    source: A,
    destination: A,
    /// What is shown of the interface's own end.
    own: A,
    pub direction: Direction,
    pub action: Action,
    pub path: Option<TrafficPath>,
}

/// What a flow came to in a window. Seconds count from the window's beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub packets: u64,
    pub bytes: u64,
    pub first_s: u32,
    pub last_s: u32,
    /// The services of source and destination, by their numbers.
    pub services: (u16, u16),
    pub tcp_flags: u8,
}

impl<A: Copy + Into<IpAddr>> Key<A> {
    pub fn new(at: u32, seen: &Observation, of: impl Fn(IpAddr) -> A) -> Key<A> {
        let own = match seen.direction {
            Direction::Egress => seen.source,
            Direction::Ingress => seen.destination,
        };
        Key {
            at,
            protocol: seen.packet.protocol,
            source_port: seen.packet.source_port,
            destination_port: seen.packet.destination_port,
            source: of(seen.packet.source),
            destination: of(seen.packet.destination),
            own: of(own),
            direction: seen.direction,
            action: seen.action,
            path: seen.path,
        }
    }

    /// The packet. Types and codes of ICMP are not told apart.
    pub fn packet(&self) -> Packet {
        Packet {
            source: self.source.into(),
            destination: self.destination.into(),
            protocol: self.protocol,
            source_port: self.source_port,
            destination_port: self.destination_port,
            icmp: (0, 0),
        }
    }

    /// `srcaddr` and `dstaddr`.
    pub fn ends(&self) -> (IpAddr, IpAddr) {
        match self.direction {
            Direction::Egress => (self.own.into(), self.destination.into()),
            Direction::Ingress => (self.source.into(), self.own.into()),
        }
    }
}
