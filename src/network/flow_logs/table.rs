//! The flows of a window in little room: millions of them may be open.

use std::hash::{BuildHasher, BuildHasherDefault, Hash};
use std::net::IpAddr;

use hashbrown::HashTable;

use super::super::flow::Packet;
use super::super::index::Quick;
use super::super::walk::{Action, Direction, Observation, TrafficPath};

/// Flows whose addresses are all of one family, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Table<A> {
    flows: Vec<(Key<A>, Sums)>,
    /// Where each flow is. Hashes are kept, so that the table grows without another look at the flows.
    slots: HashTable<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    place: u32,
}

/// A flow of an interface: one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    pub services: [u16; 2],
    pub tcp_flags: u8,
}

impl<A: Eq + Hash> Table<A> {
    /// What a flow has come to, nothing if it is new.
    pub fn sums(&mut self, key: Key<A>) -> &mut Sums {
        let hash = BuildHasherDefault::<Quick>::default().hash_one(&key) as u32;
        let is_same = |slot: &Slot| slot.hash == hash && self.flows[slot.place as usize].0 == key;
        let found = self.slots.find(spread(hash), is_same).map(|slot| slot.place as usize);
        let place = found.unwrap_or_else(|| self.insert(hash, key));
        &mut self.flows[place].1
    }

    fn insert(&mut self, hash: u32, key: Key<A>) -> usize {
        let place = self.flows.len();
        self.flows.push((key, Sums::default()));
        let slot = Slot { hash, place: place as u32 };
        self.slots.insert_unique(spread(hash), slot, |slot| spread(slot.hash));
        place
    }

    /// Loses the flows of an interface.
    pub fn lose(&mut self, at: u32) {
        let flows = std::mem::take(&mut self.flows);
        self.slots.clear();
        for (key, sums) in flows.into_iter().filter(|(key, _)| key.at != at) {
            *self.sums(key) = sums;
        }
    }

    pub fn into_flows(self) -> Vec<(Key<A>, Sums)> {
        self.flows
    }

    pub fn len(&self) -> usize {
        self.flows.len()
    }
}

impl<A> Default for Table<A> {
    fn default() -> Table<A> {
        Table { flows: Vec::new(), slots: HashTable::new() }
    }
}

/// `HashTable` takes the low bits of a hash, and its seven highest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) | u64::from(hash) << 32
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn key((at, port): (u32, u16)) -> Key<Ipv4Addr> {
        Key {
            at,
            protocol: 6,
            source_port: port,
            destination_port: 443,
            source: Ipv4Addr::new(10, 0, 0, at as u8),
            destination: Ipv4Addr::LOCALHOST,
            own: Ipv4Addr::LOCALHOST,
            direction: Direction::Egress,
            action: Action::Accept,
            path: None,
        }
    }

    proptest! {
        /// Beside a plain list: the same sums in the same order, with an interface lost in between.
        #[test]
        fn a_table_counts_as_a_list_does(
            before in prop::collection::vec((0u32..4, 0u16..100), 0..300),
            lost in 0u32..5,
            after in prop::collection::vec((0u32..4, 0u16..100), 0..300),
        ) {
            let (mut table, mut list) = (Table::default(), Vec::new());
            before.into_iter().for_each(|flow| count(&mut table, &mut list, key(flow)));
            table.lose(lost);
            list.retain(|(key, _)| key.at != lost);
            after.into_iter().for_each(|flow| count(&mut table, &mut list, key(flow)));
            let found: Vec<_> = table.into_flows().into_iter().map(|(key, sums)| (key, sums.packets)).collect();
            prop_assert_eq!(found, list);
        }
    }

    fn count(table: &mut Table<Ipv4Addr>, list: &mut Vec<(Key<Ipv4Addr>, u64)>, flow: Key<Ipv4Addr>) {
        table.sums(flow).packets += 1;
        match list.iter_mut().find(|(key, _)| *key == flow) {
            Some((_, packets)) => *packets += 1,
            None => list.push((flow, 1)),
        }
    }
}
