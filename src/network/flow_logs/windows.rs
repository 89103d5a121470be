//! Aggregation: what interfaces see, gathered by flow over windows of time
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, aggregation interval).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::super::flow::{ACK, FIN, RST, SYN};
use super::super::index::Quick;
use super::super::walk::Observation;
use super::record::{Content, Facts, Record, Totals};
use super::table::{Key, Sums, Table};
use super::viewpoints::Viewpoints;

/// Windows of one length, 60 or 600 seconds, that are not over yet. They begin at multiples of their length.
#[derive(Clone, Debug)]
pub struct Windows {
    interval_s: i64,
    open: BTreeMap<i64, Window>,
    /// Who has been seen, by the numbers that keys have.
    facts: Vec<Arc<Facts>>,
    numbers: HashMap<String, u32, BuildHasherDefault<Quick>>,
    /// Names of AWS services, by the numbers that sums have, from 1.
    services: Vec<Arc<str>>,
    /// Where the next window to close begins. Nothing is closed before there was traffic.
    next_s: Option<i64>,
}

#[derive(Clone, Debug, Default)]
struct Window {
    v4: Table<Ipv4Addr>,
    v6: Table<Ipv6Addr>,
    /// Whose records were lost.
    lost: BTreeSet<u32>,
    /// Whose records a flush has written already.
    written: BTreeSet<u32>,
}

/// The part of a flow that falls into one window.
struct Part {
    window_s: i64,
    start_s: i64,
    end_s: i64,
    packets: u64,
    bytes: u64,
    tcp_flags: u8,
}

impl Windows {
    /// `interval_s`: MaxAggregationInterval.
    pub fn new(interval_s: u32) -> Windows {
        Windows {
            interval_s: i64::from(interval_s.max(1)),
            open: BTreeMap::new(),
            facts: Vec::new(),
            numbers: HashMap::default(),
            services: Vec::new(),
            next_s: None,
        }
    }

    /// Takes in what an interface saw. A flow that lasts over several windows is divided among them evenly.
    pub fn add(&mut self, seen: &Observation, viewpoints: &Viewpoints) {
        let Some(facts) = viewpoints.facts(seen.seen_at) else { return };
        let at = self.number(facts);
        let (source, destination) = viewpoints.services(&seen.packet);
        let services = (self.service(source), self.service(destination));
        for part in parts(seen, self.interval_s) {
            self.begin(part.window_s);
            let window = self.open.entry(part.window_s).or_default();
            let sums = match seen.packet.source {
                IpAddr::V4(_) => window.v4.entry(Key::new(at, seen, v4)).or_default(),
                IpAddr::V6(_) => window.v6.entry(Key::new(at, seen, v6)).or_default(),
            };
            let is_new = sums.packets == 0;
            let (first_s, last_s) = (part.start_s - part.window_s, part.end_s - part.window_s);
            sums.first_s = if is_new { first_s as u32 } else { sums.first_s.min(first_s as u32) };
            sums.last_s = sums.last_s.max(last_s as u32);
            sums.tcp_flags |= part.tcp_flags;
            sums.packets = sums.packets.saturating_add(part.packets);
            sums.bytes = sums.bytes.saturating_add(part.bytes);
            sums.services = services;
        }
    }

    /// Loses what an interface saw in the window around a time: it will be one SKIPDATA record.
    pub fn lose(&mut self, facts: &Arc<Facts>, at_s: i64) {
        let number = self.number(facts);
        let window_s = at_s - at_s.rem_euclid(self.interval_s);
        self.begin(window_s);
        let window = self.open.entry(window_s).or_default();
        window.v4.retain(|key, _| key.at != number);
        window.v6.retain(|key, _| key.at != number);
        window.lost.insert(number);
    }

    /// When the next window is over; `None` before there was traffic. Seconds since 1970.
    pub fn next_end_s(&self) -> Option<i64> {
        let late_s = self.open.keys().next().copied();
        let next_s = self.next_s?;
        Some(late_s.map_or(next_s, |late_s| late_s.min(next_s)) + self.interval_s)
    }

    /// Closes the next window if it is over. Its records come by interface, and then by time; interfaces among `watched`
    /// that saw nothing have a NODATA record.
    pub fn close_next(&mut self, now_s: i64, watched: &[Arc<Facts>]) -> Option<Vec<Record>> {
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
        Some(self.records(&mut window, start_s, if is_late { &[] } else { watched }))
    }

    /// Writes what is there, of windows that are not over too: for a flush.
    pub fn flush(&mut self) -> Vec<Record> {
        let mut open = std::mem::take(&mut self.open);
        let records = open.iter_mut().flat_map(|(start_s, window)| self.records(window, *start_s, &[])).collect();
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

    /// Takes the records out of a window.
    fn records(&self, window: &mut Window, start_s: i64, watched: &[Arc<Facts>]) -> Vec<Record> {
        let whole = |of: &Arc<Facts>, content| Record {
            of: of.clone(),
            content,
            start_s,
            // As in real records, which end a second before the next window begins.
            end_s: start_s + self.interval_s - 1,
        };
        let mut records = Vec::with_capacity(window.v4.len() + window.v6.len() + watched.len());
        let mut written = std::mem::take(&mut window.written);
        for number in std::mem::take(&mut window.lost) {
            written.insert(number);
            records.push(whole(&self.facts[number as usize], Content::SkipData));
        }
        self.drain(&mut window.v4, start_s, &mut written, &mut records);
        self.drain(&mut window.v6, start_s, &mut written, &mut records);
        let busy: BTreeSet<&str> = written.iter().map(|number| self.facts[*number as usize].id()).collect();
        let quiet = watched.iter().filter(|facts| !busy.contains(facts.id()));
        records.extend(quiet.map(|facts| whole(facts, Content::NoData)));
        window.written = written;
        // Stable: flows of the same interface and time stay in the order of their keys.
        records.sort_by(|one, other| order(one).cmp(&order(other)));
        records
    }

    /// Tables have no order; records do.
    fn drain<A: Copy + Ord + std::hash::Hash + Into<IpAddr>>(
        &self,
        table: &mut Table<A>,
        start_s: i64,
        written: &mut BTreeSet<u32>,
        records: &mut Vec<Record>,
    ) {
        let mut flows: Vec<(Key<A>, Sums)> = std::mem::take(table).into_iter().collect();
        flows.sort_unstable_by_key(|(key, sums)| (key.at, sums.first_s, sums.last_s, *key));
        for (key, sums) in flows {
            written.insert(key.at);
            records.push(Record {
                of: self.facts[key.at as usize].clone(),
                content: Content::Ok(Box::new(self.totals(&key, &sums))),
                start_s: start_s + i64::from(sums.first_s),
                end_s: start_s + i64::from(sums.last_s),
            });
        }
    }

    fn totals<A: Copy + Into<IpAddr>>(&self, key: &Key<A>, sums: &Sums) -> Totals {
        let (source, destination) = key.ends();
        let service = |number: u16| self.services.get(usize::from(number).wrapping_sub(1)).cloned();
        Totals {
            direction: key.direction,
            action: key.action,
            source,
            destination,
            packet: key.packet(),
            path: key.path,
            source_service: service(sums.services.0),
            destination_service: service(sums.services.1),
            tcp_flags: sums.tcp_flags,
            packets: sums.packets,
            bytes: sums.bytes,
        }
    }

    /// The number of a service's name; 0 is none.
    fn service(&mut self, name: Option<&Arc<str>>) -> u16 {
        let Some(name) = name else { return 0 };
        let place = self.services.iter().position(|known| known == name).unwrap_or_else(|| {
            self.services.push(name.clone());
            self.services.len() - 1
        });
        u16::try_from(place + 1).unwrap_or_default()
    }

    fn begin(&mut self, window_s: i64) {
        self.next_s.get_or_insert(window_s);
    }

    fn number(&mut self, facts: &Arc<Facts>) -> u32 {
        match self.numbers.get(facts.id()) {
            Some(number) => {
                let known = &mut self.facts[*number as usize];
                if !Arc::ptr_eq(known, facts) {
                    *known = facts.clone();
                }
                *number
            }
            None => {
                let number = self.facts.len() as u32;
                self.facts.push(facts.clone());
                self.numbers.insert(facts.id().to_owned(), number);
                number
            }
        }
    }
}

fn order(record: &Record) -> (&str, i64, i64) {
    (record.of.id(), record.start_s, record.end_s)
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

/// Divides a flow among the windows that it touches. The connection begins in the first and ends in the last.
fn parts(seen: &Observation, interval_s: i64) -> impl Iterator<Item = Part> {
    let floor = move |at_s: i64| at_s - at_s.rem_euclid(interval_s);
    let start_s = seen.start_s;
    // One packet takes no time.
    let end_s = if seen.packets > 1 { seen.end_s.max(start_s) } else { start_s };
    let (first, last) = (floor(start_s), floor(end_s));
    // A flow that ends as a window begins has no part in it.
    let last = if last == end_s && last > first { last - interval_s } else { last };
    let (packets, bytes, flags) = (seen.packets, seen.bytes, seen.tcp_flags);
    let of = |total: u64, part: u128, whole: u128| (u128::from(total) * part / whole.max(1)) as u64;
    // The first packet stands at the start, the last one at the end, the others between; bytes go with packets.
    let packets_until = move |at_s: i64| match at_s >= end_s {
        true => packets,
        false => 1 + of(packets - 2, (at_s - start_s) as u128, (end_s - start_s) as u128),
    };
    let bytes_of = move |first: u64| of(bytes, u128::from(first), u128::from(packets));
    let windows = (last - first) / interval_s;
    let parts = (0..=windows).map(move |number| {
        let window_s = first + number * interval_s;
        let (from_s, to_s) = (window_s.max(start_s), (window_s + interval_s).min(end_s));
        let (before, until) = (if number == 0 { 0 } else { packets_until(from_s) }, packets_until(to_s));
        let opening = if number == 0 { flags & (SYN | ACK) } else { 0 };
        let closing = if number == windows { flags & (FIN | RST) } else { 0 };
        Part {
            window_s,
            start_s: from_s,
            end_s: to_s,
            packets: until - before,
            bytes: bytes_of(until) - bytes_of(before),
            tcp_flags: opening | closing,
        }
    });
    parts.filter(|part| part.packets > 0)
}
