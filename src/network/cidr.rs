//! Blocks of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 or IPv6 CIDR block in its canonical form, as EC2 keeps blocks: bits beyond the prefix are zero
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>, considerations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cidr {
    V4 { base: u32, prefix: u8 },
    V6 { base: u128, prefix: u8 },
}

/// A text that is no CIDR block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACidr;

impl Cidr {
    /// `0.0.0.0/0`.
    pub const ANY_V4: Cidr = Cidr::V4 { base: 0, prefix: 0 };
    /// `::/0`.
    pub const ANY_V6: Cidr = Cidr::V6 { base: 0, prefix: 0 };

    /// The block of `prefix` bits around an address; `None` for a prefix that is longer than the address.
    pub fn around(address: IpAddr, prefix: u8) -> Option<Cidr> {
        match address {
            IpAddr::V4(address) if prefix <= 32 => Some(Cidr::V4 { base: u32::from(address) & mask4(prefix), prefix }),
            IpAddr::V6(address) if prefix <= 128 => {
                Some(Cidr::V6 { base: u128::from(address) & mask6(prefix), prefix })
            }
            _ => None,
        }
    }

    /// Whether an address, of the same family, is one of the block's.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Cidr::V4 { base, prefix }, IpAddr::V4(address)) => u32::from(address) & mask4(*prefix) == *base,
            (Cidr::V6 { base, prefix }, IpAddr::V6(address)) => u128::from(address) & mask6(*prefix) == *base,
            _ => false,
        }
    }

    /// How many leading bits the addresses have in common.
    pub fn prefix(&self) -> u8 {
        match self {
            Cidr::V4 { prefix, .. } | Cidr::V6 { prefix, .. } => *prefix,
        }
    }

    pub fn is_v4(&self) -> bool {
        matches!(self, Cidr::V4 { .. })
    }

    /// Whether it holds every address of its family.
    pub fn is_any(&self) -> bool {
        self.prefix() == 0
    }

    /// The address `offset` places behind the first one, if the block is so large: EC2 reserves the first four
    /// addresses of a subnet (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>).
    pub fn nth(&self, offset: u32) -> Option<IpAddr> {
        let address = match self {
            Cidr::V4 { base, .. } => IpAddr::V4(Ipv4Addr::from(base.checked_add(offset)?)),
            Cidr::V6 { base, .. } => IpAddr::V6(Ipv6Addr::from(base.checked_add(u128::from(offset))?)),
        };
        self.contains(address).then_some(address)
    }

    /// The first and the last address as numbers.
    pub(super) fn bounds(&self) -> (u128, u128) {
        match self {
            Cidr::V4 { base, prefix } => (u128::from(*base), u128::from(*base | !mask4(*prefix))),
            Cidr::V6 { base, prefix } => (*base, *base | !mask6(*prefix)),
        }
    }
}

/// An address as a number, of either family.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn mask4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn mask6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Cidr, NotACidr> {
        let (address, prefix) = text.split_once('/').ok_or(NotACidr)?;
        let address = address.parse().map_err(|_| NotACidr)?;
        let prefix = prefix.parse().map_err(|_| NotACidr)?;
        Cidr::around(address, prefix).ok_or(NotACidr)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Cidr::V4 { base, prefix } => write!(out, "{}/{prefix}", Ipv4Addr::from(*base)),
            Cidr::V6 { base, prefix } => write!(out, "{}/{prefix}", Ipv6Addr::from(*base)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, canonical: &str, inside: &str, outside: &str) {
        let cidr: Cidr = text.parse().expect("a block");
        assert_eq!(cidr.to_string(), canonical);
        assert!(cidr.contains(inside.parse().expect("an address")), "{inside} in {text}");
        assert!(!cidr.contains(outside.parse().expect("an address")), "{outside} in {text}");
    }

    #[test]
    fn blocks_are_canonical_and_know_their_addresses() {
        check("100.68.0.18/18", "100.68.0.0/18", "100.68.63.255", "100.68.64.0");
        check("10.0.0.7/32", "10.0.0.7/32", "10.0.0.7", "10.0.0.8");
        check("0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::1");
        check("2001:db8:1234:1a00::9/56", "2001:db8:1234:1a00::/56", "2001:db8:1234:1aff::1", "2001:db8:1234:1b00::");
        check("::/0", "::/0", "ffff::", "1.2.3.4");
    }

    #[test]
    fn what_is_no_block_is_none() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "/8"] {
            assert_eq!(text.parse::<Cidr>(), Err(NotACidr), "{text}");
        }
    }

    #[test]
    fn addresses_are_counted_within_the_block() {
        let cidr: Cidr = "10.0.0.0/30".parse().expect("a block");
        assert_eq!(cidr.nth(2), Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))));
        assert_eq!(cidr.nth(4), None);
    }
}
