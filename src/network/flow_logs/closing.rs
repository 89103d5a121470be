//! Windows that are over, and the records that they come to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::numbers::{Seers, Services};
use super::record::{Content, Facts, Record, Totals, TrafficType};
use super::table::{Key, Sums};
use super::windows::Window;

/// The records of a window. They wait in a third of the room that they take as [`Record`]s.
#[derive(Debug)]
pub struct Closed {
    start_s: i64,
    interval_s: i64,
    v4: Vec<(Key<Ipv4Addr>, Sums)>,
    v6: Vec<(Key<Ipv6Addr>, Sums)>,
    lost: BTreeSet<u32>,
    quiet: Vec<u32>,
    /// By the numbers that keys have.
    seers: Vec<Arc<Facts>>,
    services: Services,
}

impl Closed {
    /// Takes out what a window holds. Those among `watched`, numbers too, that have seen nothing in all its time are quiet.
    pub(super) fn take(
        window: &mut Window,
        (start_s, interval_s): (i64, i64),
        (seers, services): (&Seers, &Services),
        watched: &[u32],
    ) -> Closed {
        let v4 = std::mem::take(&mut window.v4).into_flows();
        let v6 = std::mem::take(&mut window.v6).into_flows();
        let lost = std::mem::take(&mut window.lost);
        window.written.resize(seers.all().len(), false);
        let busy = v4.iter().map(|flow| flow.0.at).chain(v6.iter().map(|flow| flow.0.at)).chain(lost.iter().copied());
        busy.for_each(|number| window.written[number as usize] = true);
        let quiet = watched.iter().copied().filter(|number| !window.written[*number as usize]).collect();
        let (seers, services) = (seers.all().to_vec(), services.clone());
        Closed { start_s, interval_s, v4, v6, lost, quiet, seers, services }
    }

    /// Keeps the traffic that a flow log of this type has. Records without traffic are in all of them.
    pub fn keep(&mut self, traffic: TrafficType) {
        self.v4.retain(|(key, _)| traffic.takes_traffic(key.action));
        self.v6.retain(|(key, _)| traffic.takes_traffic(key.action));
        self.v4.shrink_to_fit();
        self.v6.shrink_to_fit();
    }

    /// Those that are lost, flows in the order in which they were first seen, and then the quiet ones.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let lost = self.lost.iter().map(|number| self.whole(*number, Content::SkipData));
        let quiet = self.quiet.iter().map(|number| self.whole(*number, Content::NoData));
        let (v4, v6) = (self.v4.iter().map(|flow| self.of_flow(flow)), self.v6.iter().map(|flow| self.of_flow(flow)));
        lost.chain(v4).chain(v6).chain(quiet)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.lost.len() + self.v4.len() + self.v6.len() + self.quiet.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A record about the whole window, which ends a second before the next one begins, as in real records.
    fn whole(&self, number: u32, content: Content) -> Record {
        let of = self.seers[number as usize].clone();
        Record { of, content, start_s: self.start_s, end_s: self.start_s + self.interval_s - 1 }
    }

    fn of_flow<A: Copy + Into<IpAddr>>(&self, (key, sums): &(Key<A>, Sums)) -> Record {
        Record {
            of: self.seers[key.at as usize].clone(),
            content: Content::Ok(self.totals(key, sums)),
            start_s: self.start_s + i64::from(sums.first_s),
            end_s: self.start_s + i64::from(sums.last_s),
        }
    }

    fn totals<A: Copy + Into<IpAddr>>(&self, key: &Key<A>, sums: &Sums) -> Totals {
        let (source, destination) = key.ends();
        Totals {
            direction: key.direction,
            action: key.action,
            source,
            destination,
            packet: key.packet(),
            path: key.path,
            source_service: self.services.name(sums.services[0]),
            destination_service: self.services.name(sums.services[1]),
            tcp_flags: sums.tcp_flags,
            packets: sums.packets,
            bytes: sums.bytes,
        }
    }
}

impl IntoIterator for Closed {
    type Item = Record;
    type IntoIter = std::vec::IntoIter<Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.records().collect::<Vec<_>>().into_iter()
    }
}
