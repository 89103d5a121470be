//! Ports and addresses, cut where rules begin and end: rules decide alike about all values of a piece.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::network::{Cidr, Component, Network, NetworkAcl, Peer, Ports, RouteDestination, Topology, Traffic, Walk};

/// What no internet gateway lets through: RFC 1918 and RFC 6598.
const NOT_PUBLIC: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// Where pieces begin.
#[derive(Debug, Default)]
pub struct Marks {
    ports: BTreeSet<u32>,
    addresses: BTreeSet<u32>,
}

/// Values in a row, and one that stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub first: u32,
    pub last: u32,
    pub sample: u32,
}

impl Marks {
    /// Marks what the rules and routes speak of that a walk has met.
    pub fn meet(&mut self, network: &Network, walk: &Walk) {
        let parts = network.topology();
        let steps = walk.forward.steps.iter().chain(walk.answer.iter().flat_map(|leg| &leg.steps));
        for step in steps {
            match step.at {
                Component::Groups(interface, _) => self.groups(parts, interface),
                Component::NetworkAcl(acl, _) => {
                    parts.network_acls.get(acl as usize).into_iter().for_each(|acl| self.acl(acl))
                }
                Component::RouteTable(table) => self.table(parts, table),
                _ => {}
            }
        }
    }

    fn groups(&mut self, parts: &Topology, interface: u32) {
        let Some(interface) = parts.interfaces.get(interface as usize) else { return };
        let groups = parts.security_groups.iter().filter(|group| interface.groups.contains(&group.id));
        for rule in groups.flat_map(|group| &group.rules) {
            self.traffic(&rule.traffic);
            match &rule.peer {
                Peer::Cidr(cidr) => self.block(cidr),
                Peer::PrefixList(id) => self.list(parts, id),
                Peer::Group(_) => {}
            }
        }
    }

    fn acl(&mut self, acl: &NetworkAcl) {
        for entry in &acl.entries {
            self.traffic(&entry.traffic);
            self.block(&entry.cidr);
        }
    }

    fn table(&mut self, parts: &Topology, table: u32) {
        let routes = parts.route_tables.get(table as usize).into_iter().flat_map(|table| &table.routes);
        for route in routes {
            match &route.destination {
                RouteDestination::Cidr(cidr) => self.block(cidr),
                RouteDestination::PrefixList(id) => self.list(parts, id),
            }
        }
    }

    fn list(&mut self, parts: &Topology, id: &str) {
        let lists = parts.prefix_lists.iter().filter(|list| list.id == id);
        lists.flat_map(|list| &list.cidrs).for_each(|cidr| self.block(cidr));
    }

    fn traffic(&mut self, traffic: &Traffic) {
        if let Ports::Range(first, last) = traffic.ports {
            self.ports.extend([u32::from(first), u32::from(last) + 1]);
        }
    }

    fn block(&mut self, cidr: &Cidr) {
        if let Some((first, last)) = bounds(cidr) {
            self.addresses.insert(first);
            self.addresses.extend(last.checked_add(1));
        }
    }

    /// The ports of a range, in pieces.
    pub fn ports(&self, (first, last): (u16, u16), favourite: u16) -> Vec<Piece> {
        pieces((first.into(), last.into()), &self.ports, favourite.into())
    }

    /// The public addresses, in pieces. What stands for a piece is none of the network's own.
    pub fn public_addresses(&self, network: &Network, favourite: Ipv4Addr) -> Vec<Piece> {
        let private = NOT_PUBLIC.iter().filter_map(|block| bounds(&block.parse().ok()?));
        let private: Vec<(u32, u32)> = private.collect();
        let mut marks = self.addresses.clone();
        marks.extend(private.iter().flat_map(|(first, last)| [*first, last + 1]));
        let mut all = pieces((0, u32::MAX), &marks, favourite.into());
        all.retain(|piece| !private.iter().any(|(first, last)| (first..=last).contains(&&piece.first)));
        for piece in &mut all {
            let mut samples = (piece.sample..=piece.last).take(SAMPLES_MAX);
            let outside = samples.find(|address| !network.is_own_public(Ipv4Addr::from(*address)));
            piece.sample = outside.unwrap_or(piece.sample);
        }
        all
    }
}

/// Neighbours that are looked at before one of the network's own addresses is taken.
const SAMPLES_MAX: usize = 1000;

/// The first and the last address of an IPv4 block.
fn bounds(cidr: &Cidr) -> Option<(u32, u32)> {
    let Some(IpAddr::V4(first)) = cidr.nth(0) else { return None };
    let first = u32::from(first);
    let size = 1u64 << (32 - u32::from(cidr.prefix().min(32)));
    Some((first, u32::try_from(u64::from(first) + size - 1).ok()?))
}

/// A range cut at the marks, the piece with the favourite first.
fn pieces((first, last): (u32, u32), marks: &BTreeSet<u32>, favourite: u32) -> Vec<Piece> {
    if first > last {
        return Vec::new();
    }
    let starts = std::iter::once(first).chain(marks.iter().copied().filter(|mark| *mark > first && *mark <= last));
    let starts: Vec<u32> = starts.collect();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
    let mut all: Vec<Piece> = starts
        .iter()
        .zip(ends)
        .map(|(first, last)| {
            let holds_favourite = (*first..=last).contains(&favourite);
            Piece { first: *first, last, sample: if holds_favourite { favourite } else { *first } }
        })
        .collect();
    all.sort_by_key(|piece| piece.sample != favourite);
    all
}

/// Pieces as ranges, those that touch as one.
pub fn joined(mut pieces: Vec<Piece>) -> Vec<(u32, u32)> {
    pieces.sort_by_key(|piece| piece.first);
    let mut all: Vec<(u32, u32)> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match all.last_mut() {
            Some((_, last)) if u64::from(*last) + 1 == u64::from(piece.first) => *last = piece.last,
            _ => all.push((piece.first, piece.last)),
        }
    }
    all
}

/// Ranges of addresses as blocks, in the order in which AWS shows them: that of texts.
pub fn blocks(ranges: &[(u32, u32)]) -> Vec<String> {
    let mut all: Vec<String> =
        ranges.iter().flat_map(|range| blocks_of(*range)).map(|block| block.to_string()).collect();
    all.sort_unstable();
    all
}

/// The fewest blocks that make up a range.
fn blocks_of((first, last): (u32, u32)) -> Vec<Cidr> {
    let (mut next, end) = (u64::from(first), u64::from(last) + 1);
    let mut all = Vec::new();
    while next < end {
        let aligned = if next == 0 { 32 } else { next.trailing_zeros() };
        let bits = aligned.min((end - next).ilog2());
        let base = IpAddr::V4(Ipv4Addr::from(u32::try_from(next).unwrap_or(u32::MAX)));
        all.extend(Cidr::around(base, 32 - u8::try_from(bits).unwrap_or(32)));
        next += 1 << bits;
    }
    all
}

/// Whether internet gateways let the address through.
pub fn is_public(address: Ipv4Addr) -> bool {
    let contains = |block: &&str| block.parse().is_ok_and(|block: Cidr| block.contains(IpAddr::V4(address)));
    !NOT_PUBLIC.iter().any(contains)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks that AWS shows for everything but RFC 1918
    /// (<https://docs.aws.amazon.com/vpc/latest/network-access-analyzer/getting-started-cli.html>), and, without the
    /// note on its size, RFC 6598.
    #[test]
    fn public_addresses_are_shown_as_aws_does() {
        let network = Network::new(Topology::default()).expect("nothing contradicts itself");
        let all = Marks::default().public_addresses(&network, Ipv4Addr::new(203, 0, 113, 1));
        assert_eq!(all[0].sample, u32::from(Ipv4Addr::new(203, 0, 113, 1)));
        let blocks = blocks(&joined(all));
        let expected = "0.0.0.0/5 100.0.0.0/10 100.128.0.0/9 101.0.0.0/8 102.0.0.0/7 104.0.0.0/5 11.0.0.0/8 \
                        112.0.0.0/4 12.0.0.0/6 128.0.0.0/3 16.0.0.0/4 160.0.0.0/5 168.0.0.0/6 172.0.0.0/12 \
                        172.128.0.0/9 172.32.0.0/11 172.64.0.0/10 173.0.0.0/8 174.0.0.0/7 176.0.0.0/4 192.0.0.0/9 \
                        192.128.0.0/11 192.160.0.0/13 192.169.0.0/16 192.170.0.0/15 192.172.0.0/14 192.176.0.0/12 \
                        192.192.0.0/10 193.0.0.0/8 194.0.0.0/7 196.0.0.0/6 200.0.0.0/5 208.0.0.0/4 224.0.0.0/3 \
                        32.0.0.0/3 64.0.0.0/3 8.0.0.0/7 96.0.0.0/6";
        assert_eq!(blocks.join(" "), expected);
    }

    #[test]
    fn ranges_are_cut_and_joined_again() {
        let marks = BTreeSet::from([22, 23, 80]);
        let cut = pieces((0, 100), &marks, 90);
        let shown: Vec<(u32, u32, u32)> = cut.iter().map(|piece| (piece.first, piece.last, piece.sample)).collect();
        assert_eq!(shown, [(80, 100, 90), (0, 21, 0), (22, 22, 22), (23, 79, 23)]);
        assert_eq!(joined(cut), [(0, 100)]);
        assert_eq!(pieces((5, 4), &marks, 5), []);
    }
}
