//! Amazon Data Firehose: streams that take records and write them to S3, many to an object.

mod buffer;
mod compression;
mod dates;
pub mod delivery;
pub mod destination;
pub mod faults;
mod metrics;
pub mod prefix;
pub mod records;
pub mod streams;
pub mod tags;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::world::World;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

pub use delivery::{deliver, flush, preparation};
pub use records::{accepts, put};
pub use streams::{Stream, settle};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[records::OPS, streams::OPS, tags::OPS];

/// How Firehose is called where AWS services call each other, and in trust policies.
const SELF: &str = "firehose.amazonaws.com";

/// An account's streams in one Region, by name.
#[derive(Debug, Default)]
pub struct Store {
    pub streams: BTreeMap<String, Stream>,
}

/// Where a stream is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    /// The stream's name.
    pub stream: String,
}

impl Place {
    /// Reads `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`.
    pub fn parse(arn: &str) -> Option<Place> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", "aws", "firehose", region, account, resource] = parts[..] else { return None };
        let stream = resource.strip_prefix("deliverystream/")?.to_owned();
        Some(Place { account: AccountId::parse(account)?, region: Region::parse(region)?, stream })
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:firehose:{}:{}:deliverystream/{}", self.region, self.account, self.stream)
    }

    /// The stream, unless there is none.
    pub fn find<'a>(&self, world: &'a World) -> Option<&'a Stream> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.firehose.streams.get(&self.stream)
    }

    /// The stream, to change it.
    pub fn find_mut<'a>(&self, world: &'a mut World) -> Option<&'a mut Stream> {
        let account = world.accounts.get_mut(&self.account)?;
        account.regions.get_mut(&self.region)?.firehose.streams.get_mut(&self.stream)
    }
}
