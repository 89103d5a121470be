//! Addresses cut into pieces with one answer each: the longest prefix that holds an address, by binary search.

use std::net::IpAddr;

use super::super::cidr::{Cidr, number};

/// Blocks of addresses with values. Where blocks overlap, the one with the longest prefix counts; of equal blocks, the
/// one that comes first.
#[derive(Debug, Default)]
pub struct Longest {
    v4: Pieces,
    v6: Pieces,
}

#[derive(Debug, Default)]
struct Pieces {
    starts: Vec<u128>,
    /// The value of the block that counts, if there is one.
    values: Vec<Option<u32>>,
}

impl Longest {
    pub fn new(blocks: &[(Cidr, u32)]) -> Longest {
        let (v4, v6): (Vec<_>, Vec<_>) = blocks.iter().partition(|(cidr, _)| cidr.is_v4());
        Longest { v4: Pieces::new(v4), v6: Pieces::new(v6) }
    }

    pub fn at(&self, address: IpAddr) -> Option<u32> {
        let pieces = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let piece = pieces.starts.partition_point(|start| *start <= number(address));
        pieces.values.get(piece.wrapping_sub(1)).copied().flatten()
    }
}

impl Pieces {
    fn new(mut blocks: Vec<(Cidr, u32)>) -> Pieces {
        let ends = blocks.iter().map(|(cidr, _)| cidr.bounds());
        let mut starts: Vec<u128> =
            ends.flat_map(|(first, last)| [Some(first), last.checked_add(1)]).flatten().collect();
        starts.sort_unstable();
        starts.dedup();
        // Stable: of equal blocks the first one comes last, and is the last to paint.
        blocks.reverse();
        blocks.sort_by_key(|(cidr, _)| cidr.prefix());
        let mut values = vec![None; starts.len()];
        for (cidr, value) in blocks {
            let (first, last) = cidr.bounds();
            let from = starts.partition_point(|start| *start < first);
            let to = starts.partition_point(|start| *start <= last);
            values[from..to].fill(Some(value));
        }
        Pieces { starts, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts_and_then_the_first() {
        let block = |text: &str, value| (text.parse().expect("a block"), value);
        let longest = Longest::new(&[
            block("0.0.0.0/0", 0),
            block("10.10.2.0/24", 1),
            block("10.10.2.15/32", 2),
            block("10.10.2.0/24", 3),
            block("255.0.0.0/8", 4),
            block("2001:db8::/32", 5),
            block("ffff::/16", 6),
        ]);
        let check = |address: &str, expected| {
            assert_eq!(longest.at(address.parse().expect("an address")), expected, "{address}");
        };
        check("10.10.2.15", Some(2));
        check("10.10.2.16", Some(1));
        check("10.10.3.0", Some(0));
        check("255.255.255.255", Some(4));
        check("2001:db8:1::", Some(5));
        check("2001:db9::", None);
        check("ffff:ffff::1", Some(6));
        assert_eq!(Longest::default().at([1, 2, 3, 4].into()), None);
    }
}
