//! A window that is over becomes records.

use std::net::IpAddr;

use super::numbers::{Seers, Services};
use super::record::{Content, Record, Totals};
use super::table::{Key, Sums};
use super::windows::Window;

/// What there is to know of a window besides its flows.
pub(super) struct Closing<'w> {
    pub start_s: i64,
    pub interval_s: i64,
    pub seers: &'w Seers,
    pub services: &'w Services,
}

impl Closing<'_> {
    /// Takes the records out of a window: flows in the order in which they came, then the interfaces among `watched`,
    /// numbers too, that saw nothing.
    pub fn records(&self, window: &mut Window, watched: &[u32]) -> Vec<Record> {
        let (v4, v6) = (std::mem::take(&mut window.v4), std::mem::take(&mut window.v6));
        let lost = std::mem::take(&mut window.lost);
        let mut records = Vec::with_capacity(lost.len() + v4.len() + v6.len() + watched.len());
        records.extend(lost.iter().map(|number| self.whole(*number, Content::SkipData)));
        records.extend(v4.flows().iter().map(|flow| self.of_flow(flow)));
        records.extend(v6.flows().iter().map(|flow| self.of_flow(flow)));
        window.written.resize(self.seers.len(), false);
        let busy = lost.into_iter().chain(v4.seers()).chain(v6.seers());
        busy.for_each(|number| window.written[number as usize] = true);
        let quiet = watched.iter().filter(|number| !window.written[**number as usize]);
        records.extend(quiet.map(|number| self.whole(*number, Content::NoData)));
        records
    }

    /// A record about the whole window, which ends a second before the next one begins, as in real records.
    fn whole(&self, number: u32, content: Content) -> Record {
        let of = self.seers.facts(number).clone();
        Record { of, content, start_s: self.start_s, end_s: self.start_s + self.interval_s - 1 }
    }

    fn of_flow<A: Copy + Into<IpAddr>>(&self, (key, sums): &(Key<A>, Sums)) -> Record {
        Record {
            of: self.seers.facts(key.at).clone(),
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
