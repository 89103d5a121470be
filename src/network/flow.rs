//! What is sent: a flow, and the packets it is made of.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Protocol numbers that are more than numbers here.
pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMPV6: u8 = 58;

/// TCP flags that flow logs know.
pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
/// Only as part of SYN-ACK, 18.
pub const ACK: u8 = 16;

/// Traffic from one end to the other, and what comes back. What is left out takes the values of [`Flow::between`].
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub source: Place,
    pub destination: Place,
    /// An IANA number.
    pub protocol: u8,
    /// Nothing for protocols without ports.
    pub source_port: u16,
    pub destination_port: u16,
    /// ICMP type and code, of ICMP only.
    pub icmp: (u8, u8),
    /// What the source sends. `None`: as many as fit the protocol and whether there was an answer.
    pub sent: Option<Volume>,
    /// The OR of the source's TCP flags. `None`: SYN, and FIN if the connection came to be.
    pub tcp_flags: Option<u8>,
    pub answer: Answer,
    /// Seconds since 1970.
    pub start_s: i64,
    pub duration_s: u32,
}

/// One end of a flow. In JSON, a text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Place {
    /// A private, public or IPv6 address: of an interface, or of a host on the internet.
    Address(IpAddr),
    /// `eni-…`, or `i-…` for an instance's interface with the lowest device index.
    Resource(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    pub packets: u64,
    pub bytes: u64,
}

/// What the destination does with what it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// TCP and UDP are answered, and so are ICMP echo requests.
    #[default]
    Usual,
    /// Nothing comes back.
    Silent,
    /// Nobody listens: TCP gets RST, UDP gets nothing.
    Refused,
    /// This much comes back, with these TCP flags or the usual ones.
    Of { volume: Volume, tcp_flags: Option<u8> },
}

impl Flow {
    /// A flow of the usual size, at second 0.
    pub fn between(source: Place, destination: Place, protocol: u8) -> Flow {
        Flow {
            source,
            destination,
            protocol,
            source_port: 0,
            destination_port: 0,
            icmp: match protocol {
                ICMP => (8, 0),
                ICMPV6 => (128, 0),
                _ => (0, 0),
            },
            sent: None,
            tcp_flags: None,
            answer: Answer::Usual,
            start_s: 0,
            duration_s: 0,
        }
    }

    /// TCP from a port to a port.
    pub fn tcp(source: Place, source_port: u16, destination: Place, destination_port: u16) -> Flow {
        Flow { source_port, destination_port, ..Flow::between(source, destination, TCP) }
    }

    /// UDP from a port to a port.
    pub fn udp(source: Place, source_port: u16, destination: Place, destination_port: u16) -> Flow {
        Flow { source_port, destination_port, ..Flow::between(source, destination, UDP) }
    }

    /// `ping`.
    pub fn ping(source: Place, destination: Place) -> Flow {
        Flow::between(source, destination, ICMP)
    }
}

impl From<IpAddr> for Place {
    fn from(address: IpAddr) -> Place {
        Place::Address(address)
    }
}

impl From<String> for Place {
    fn from(text: String) -> Place {
        text.as_str().into()
    }
}

impl From<&str> for Place {
    /// An address, or else an id.
    fn from(text: &str) -> Place {
        text.parse().map_or_else(|_| Place::Resource(text.to_owned()), Place::Address)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Place::Address(address) => address.fmt(out),
            Place::Resource(id) => id.fmt(out),
        }
    }
}

/// The head of a packet at one place of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    pub source_port: u16,
    pub destination_port: u16,
    /// Type and code, of ICMP only.
    pub icmp: (u8, u8),
}

impl Packet {
    /// The packet that answers this one.
    pub fn answer(&self) -> Packet {
        let icmp = match (self.protocol, self.icmp.0) {
            (ICMP, 8) => (0, 0),
            (ICMPV6, 128) => (129, 0),
            _ => self.icmp,
        };
        Packet {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
            icmp,
            ..*self
        }
    }

    pub fn is_icmp(&self) -> bool {
        matches!(self.protocol, ICMP | ICMPV6)
    }

    /// Whether a host answers such a packet by itself.
    pub(super) fn asks(&self) -> bool {
        match self.protocol {
            TCP | UDP => true,
            ICMP => self.icmp.0 == 8,
            ICMPV6 => self.icmp.0 == 128,
            _ => false,
        }
    }
}
