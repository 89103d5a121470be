//! Network interfaces (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::world::time::Time;

/// A network interface.
#[derive(Clone, Debug)]
pub struct Interface {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub description: String,
    pub kind: Kind,
    pub mac: String,
    /// The first is the primary one.
    pub addresses: Vec<PrivateAddress>,
    pub ipv6: Vec<Ipv6Addr>,
    /// Security groups.
    pub groups: Vec<String>,
    /// Traffic that is neither from nor to its addresses is dropped.
    pub source_dest_check: bool,
    pub attachment: Option<Attachment>,
    /// Who made it for the account, if not the account itself: such interfaces cannot be changed.
    pub requester: Option<String>,
    /// Made with its instance, and shown only there.
    pub created: Time,
}

/// What an interface serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Interface,
    NatGateway,
    VpcEndpoint,
}

/// An IPv4 address of an interface.
#[derive(Clone, Debug)]
pub struct PrivateAddress {
    pub address: Ipv4Addr,
    /// The public address that internet gateways exchange it for.
    pub public: Option<PublicAddress>,
}

/// A public address.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    pub address: Ipv4Addr,
    /// The elastic IP's allocation and association; without them, the address is Amazon's and goes with its instance's
    /// running.
    pub elastic: Option<(String, String)>,
}

/// What an interface is attached to.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// `eni-attach-…`
    pub id: String,
    /// `None` when a service holds it.
    pub instance: Option<String>,
    /// The instance's account, or the service's name.
    pub owner: String,
    pub device: i64,
    pub since: Time,
    pub delete_on_termination: bool,
}

impl Interface {
    /// The instance that it is attached to.
    pub fn instance(&self) -> Option<&str> {
        self.attachment.as_ref().and_then(|attachment| attachment.instance.as_deref())
    }

    /// The address that it was made with.
    pub fn primary(&self) -> Option<Ipv4Addr> {
        self.addresses.first().map(|address| address.address)
    }
}
