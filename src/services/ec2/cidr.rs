//! Blocks of addresses, `10.0.0.0/16` or `2600:1f18::/56`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of IPv4 or IPv6 addresses. No bits are set beyond the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    pub base: IpAddr,
    /// Length of the prefix.
    pub bits: u8,
}

impl Cidr {
    /// Reads a block and clears the bits beyond the prefix, as EC2 does. `None` for what is no block.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (base, bits) = text.split_once('/')?;
        let digits = !bits.is_empty() && bits.bytes().all(|digit| digit.is_ascii_digit());
        let bits = bits.parse().ok().filter(|_| digits)?;
        Cidr::new(base.parse().ok()?, bits)
    }

    /// The block of an address; `None` when the prefix is longer than addresses are.
    pub fn new(address: IpAddr, bits: u8) -> Option<Cidr> {
        let block = Cidr { base: address, bits };
        (bits <= block.width()).then(|| block.with(number(address) & block.mask()))
    }

    pub fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Cidr {
        Cidr { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
    }

    pub fn is_v4(&self) -> bool {
        self.base.is_ipv4()
    }

    /// Bits of an address.
    fn width(&self) -> u8 {
        if self.is_v4() { 32 } else { 128 }
    }

    fn mask(&self) -> u128 {
        let host = self.width() - self.bits;
        if host >= 128 { 0 } else { u128::MAX << host }
    }

    fn with(&self, base: u128) -> Cidr {
        Cidr { base: self.address(base), bits: self.bits }
    }

    fn address(&self, number: u128) -> IpAddr {
        match self.base {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(number as u32)),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
        }
    }

    /// How many addresses there are, as far as 128 bits can tell.
    pub fn size(&self) -> u128 {
        1u128.checked_shl(u32::from(self.width() - self.bits)).unwrap_or(u128::MAX)
    }

    /// The address at a place of the block.
    pub fn at(&self, place: u128) -> IpAddr {
        self.address(number(self.base).wrapping_add(place))
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.is_v4() && number(address) & self.mask() == number(self.base)
    }

    /// Whether all of the other block is in this one.
    pub fn covers(&self, other: &Cidr) -> bool {
        self.bits <= other.bits && self.contains(other.base)
    }

    pub fn overlaps(&self, other: &Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The addresses of a subnet that AWS keeps for itself: the first four, and of IPv4 the last
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>).
    pub fn reserves(&self, address: IpAddr) -> bool {
        let place = number(address).wrapping_sub(number(self.base));
        place < 4 || place == self.size() - 1
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).expect("a block")
    }

    #[test]
    fn blocks_are_read_and_written() {
        for (text, written) in [
            ("10.0.0.0/16", Some("10.0.0.0/16")),
            ("10.0.3.7/16", Some("10.0.0.0/16")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("1.2.3.4/32", Some("1.2.3.4/32")),
            ("::/0", Some("::/0")),
            ("2600:1f18:0:0:1::/64", Some("2600:1f18::/64")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0", None),
            ("10.0.0/8", None),
            ("::/129", None),
        ] {
            assert_eq!(Cidr::parse(text).map(|cidr| cidr.to_string()).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn blocks_hold_others() {
        for (a, b, covers, overlaps) in [
            ("10.0.0.0/16", "10.0.1.0/24", true, true),
            ("10.0.1.0/24", "10.0.0.0/16", false, true),
            ("10.0.0.0/24", "10.0.1.0/24", false, false),
            ("0.0.0.0/0", "::/0", false, false),
            ("::/0", "2600::/64", true, true),
        ] {
            assert_eq!((cidr(a).covers(&cidr(b)), cidr(a).overlaps(&cidr(b))), (covers, overlaps), "{a} {b}");
        }
    }

    #[test]
    fn five_addresses_are_reserved() {
        let block = cidr("10.0.0.0/28");
        let reserved: Vec<_> = (0..block.size()).filter(|place| block.reserves(block.at(*place))).collect();
        assert_eq!(reserved, [0, 1, 2, 3, 15]);
        assert_eq!(block.at(4).to_string(), "10.0.0.4");
    }
}
