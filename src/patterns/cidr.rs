//! Blocks of addresses: `10.0.0.0/24`.

use std::net::IpAddr;

/// A block of IPv4 or IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl Cidr {
    /// Reads a block.
    ///
    /// # Errors
    /// What is wrong with it, as AWS says it.
    pub fn parse(text: &str) -> Result<Cidr, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [address, bits] = parts[..] else { return Err("Malformed CIDR, one '/' required".to_owned()) };
        let bits: i64 = bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer")?;
        let bits = u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative")?;
        let address: IpAddr = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        match address {
            IpAddr::V4(_) if bits > 32 => Err("IPv4 mask bits must be <= 32".to_owned()),
            IpAddr::V6(_) if bits > 128 => Err("IPv6 mask bits must be <= 128".to_owned()),
            _ => Ok(Cidr { address, bits }),
        }
    }

    /// Whether an address, as text, is in the block.
    pub fn contains(&self, text: &str) -> bool {
        match (self.address, text.parse::<IpAddr>()) {
            (IpAddr::V4(block), Ok(IpAddr::V4(address))) => {
                let difference = u32::from(block) ^ u32::from(address);
                self.bits == 0 || difference >> (32 - self.bits.min(32)) == 0
            }
            (IpAddr::V6(block), Ok(IpAddr::V6(address))) => {
                let difference = u128::from(block) ^ u128::from(address);
                self.bits == 0 || difference >> (128 - self.bits.min(128)) == 0
            }
            _ => false,
        }
    }
}
