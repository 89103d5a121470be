//! Connections that security groups remember
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>).

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::flow::{Packet, TCP, UDP};
use super::index::Quick;
use super::topology::Tracking;
use super::walk::Direction;

/// Protocols without ports are remembered for this long, by addresses.
const OTHERS_S: i64 = 600;
/// AWS documents no time for connections that were never answered, nor for ICMP: as long as UDP.
const UNANSWERED_S: i64 = 30;
/// Old entries are thrown away when there are twice as many as the last time.
const SWEEP_MIN: usize = 4096;

/// What is remembered of the flows so far: kept from walk to walk, whatever becomes of the rules in between.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    entries: HashMap<Key, i64, BuildHasherDefault<Quick>>,
    sweep_at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The interface's.
    interface: u64,
    /// As the one that began it sends it.
    direction: Direction,
    packet: Packet,
}

/// How a connection stands at the end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    Answered,
    Unanswered,
}

impl Connections {
    /// Whether a packet belongs to a connection, in either direction of it.
    pub(super) fn knows(&self, interface: u64, direction: Direction, packet: &Packet, now_s: i64) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let same = Key { interface, direction, packet: plain(packet) };
        let back = Key { interface, direction: direction.other(), packet: plain(&packet.answer()) };
        [same, back].iter().any(|key| self.entries.get(key).is_some_and(|until| *until >= now_s))
    }

    /// Remembers or forgets a connection that began with a packet, at the end of its flow.
    pub(super) fn note(
        &mut self,
        interface: u64,
        direction: Direction,
        packet: &Packet,
        (state, end_s): (State, i64),
        times: &Tracking,
    ) {
        let key = Key { interface, direction, packet: plain(packet) };
        let seconds = match (packet.protocol, state) {
            (_, State::Closed) => {
                if !self.entries.is_empty() {
                    self.entries.remove(&key);
                }
                return;
            }
            (TCP, State::Answered) => i64::from(times.tcp_established_s),
            (UDP, State::Answered) => i64::from(times.udp_stream_s),
            (UDP, State::Unanswered) => i64::from(times.udp_s),
            _ if packet.protocol == TCP || packet.is_icmp() => UNANSWERED_S,
            _ => OTHERS_S,
        };
        self.entries.insert(key, end_s.saturating_add(seconds));
        if self.entries.len() > self.sweep_at.max(SWEEP_MIN) {
            self.forget(end_s);
            self.sweep_at = 2 * self.entries.len();
        }
    }

    /// Throws away what has timed out.
    pub fn forget(&mut self, now_s: i64) {
        self.entries.retain(|_, until| *until >= now_s);
    }

    /// How many connections are remembered, timed out ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// ICMP is tracked by addresses.
fn plain(packet: &Packet) -> Packet {
    Packet { icmp: (0, 0), ..*packet }
}
