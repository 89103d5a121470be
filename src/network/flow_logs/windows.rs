//! Aggregation: what interfaces see, gathered by flow over windows of time
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, aggregation interval).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::super::walk::Observation;
use super::closing::Closed;
use super::numbers::{Seers, Services};
use super::parts::parts;
use super::record::{Facts, Record};
use super::table::{Key, Table};
use super::viewpoints::Viewpoints;

/// Windows of one length, 60 or 600 seconds, that are not over yet. They begin at multiples of their length.
#[derive(Clone, Debug)]
pub struct Windows {
    interval_s: i64,
    open: BTreeMap<i64, Window>,
    /// Who has seen something, by the numbers that keys have.
    seers: Seers,
    services: Services,
    /// Where the next window to close begins. Nothing is closed before there was traffic.
    next_s: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    pub v4: Table<Ipv4Addr>,
    pub v6: Table<Ipv6Addr>,
    /// Whose records were lost.
    pub lost: BTreeSet<u32>,
    /// By their numbers, whether they have records that were taken out.
    pub written: Vec<bool>,
}

impl Windows {
    /// `interval_s`: MaxAggregationInterval.
    pub fn new(interval_s: u32) -> Windows {
        Windows {
            interval_s: i64::from(interval_s.max(1)),
            open: BTreeMap::new(),
            seers: Seers::default(),
            services: Services::default(),
            next_s: None,
        }
    }

    /// Takes in what an interface saw. A flow that lasts over several windows is divided among them evenly.
    pub fn add(&mut self, seen: &Observation, viewpoints: &Viewpoints) {
        let Some(facts) = viewpoints.facts(seen.seen_at) else { return };
        let at = self.seers.number_at(seen.seen_at, facts);
        for part in parts(seen, self.interval_s) {
            self.begin(part.window_s);
            let window = self.open.entry(part.window_s).or_default();
            let sums = match seen.packet.source {
                IpAddr::V4(_) => window.v4.sums(Key::new(at, seen, v4)),
                IpAddr::V6(_) => window.v6.sums(Key::new(at, seen, v6)),
            };
            let (first_s, last_s) = ((part.start_s - part.window_s) as u32, (part.end_s - part.window_s) as u32);
            if sums.packets == 0 {
                sums.first_s = first_s;
                sums.services = viewpoints.services(&seen.packet).map(|name| self.services.number(name));
            }
            sums.first_s = sums.first_s.min(first_s);
            sums.last_s = sums.last_s.max(last_s);
            sums.tcp_flags |= part.tcp_flags;
            sums.packets = sums.packets.saturating_add(part.packets);
            sums.bytes = sums.bytes.saturating_add(part.bytes);
        }
    }

    /// Loses what an interface saw in the window around a time: it will be one SKIPDATA record.
    pub fn lose(&mut self, facts: &Arc<Facts>, at_s: i64) {
        let number = self.seers.number(facts);
        let window_s = at_s - at_s.rem_euclid(self.interval_s);
        self.begin(window_s);
        let window = self.open.entry(window_s).or_default();
        window.v4.lose(number);
        window.v6.lose(number);
        window.lost.insert(number);
    }

    /// When the next window is over; `None` before there was traffic. Seconds since 1970.
    pub fn next_end_s(&self) -> Option<i64> {
        let late_s = self.open.keys().next().copied();
        let next_s = self.next_s?;
        Some(late_s.map_or(next_s, |late_s| late_s.min(next_s)) + self.interval_s)
    }

    /// Closes the next window if it is over. Interfaces among `watched` that saw nothing have a NODATA record.
    pub fn close_next(&mut self, now_s: i64, watched: &[Arc<Facts>]) -> Option<Closed> {
        let (end_s, next_s) = (self.next_end_s()?, self.next_s?);
        if end_s > now_s {
            return None;
        }
        let start_s = end_s - self.interval_s;
        // Traffic that was told late is for a window that has been closed: who was quiet then has been said.
        let is_late = start_s < next_s;
        if !is_late {
            self.next_s = Some(end_s);
        }
        let mut window = self.open.remove(&start_s).unwrap_or_default();
        Some(self.take(&mut window, start_s, if is_late { &[] } else { watched }))
    }

    /// Writes what is there, of windows that are not over too: for a flush.
    pub fn flush(&mut self) -> Vec<Record> {
        let mut open = std::mem::take(&mut self.open);
        let records = open.iter_mut().flat_map(|(start_s, window)| self.take(window, *start_s, &[])).collect();
        self.open = open;
        records
    }

    /// Flows that are gathered at the moment.
    pub fn len(&self) -> usize {
        self.open.values().map(|window| window.v4.len() + window.v6.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take(&mut self, window: &mut Window, start_s: i64, watched: &[Arc<Facts>]) -> Closed {
        let watched: Vec<u32> = watched.iter().map(|facts| self.seers.number(facts)).collect();
        Closed::take(window, (start_s, self.interval_s), (&self.seers, &self.services), &watched)
    }

    fn begin(&mut self, window_s: i64) {
        self.next_s.get_or_insert(window_s);
    }
}

/// Ends of a flow are of one family, and so is the address that an interface shows.
fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => address.to_ipv4().unwrap_or(Ipv4Addr::UNSPECIFIED),
    }
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}
