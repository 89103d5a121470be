//! VPC peering connections (<https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html>).

use crate::world::scope::{AccountId, Region};

/// A connection between two VPCs. Each side's account and Region holds one that is kept the same.
#[derive(Clone, Debug)]
pub struct Peering {
    pub id: String,
    pub requester: Side,
    pub accepter: Side,
    pub status: Status,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Side {
    pub account: String,
    pub region: String,
    pub vpc: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
}

impl Status {
    pub fn code(self) -> &'static str {
        "active"
    }
}

impl Side {
    /// The account and Region, where the VPC is.
    pub fn place(&self) -> Option<(AccountId, Region)> {
        Some((AccountId::parse(&self.account)?, Region::parse(&self.region)?))
    }
}

impl Peering {
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    pub fn has_side(&self, account: &str, region: &str, vpc: &str) -> bool {
        let is = |side: &Side| side.account == account && side.region == region && side.vpc == vpc;
        is(&self.requester) || is(&self.accepter)
    }

    /// Whether it joins two VPCs, in either direction.
    pub fn joins(&self, a: &str, b: &str) -> bool {
        let ends = (self.requester.vpc.as_str(), self.accepter.vpc.as_str());
        ends == (a, b) || ends == (b, a)
    }
}
