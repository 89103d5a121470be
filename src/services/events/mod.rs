//! Amazon EventBridge: where services will tell what happens. There are no buses yet, so that nobody hears it, and
//! whatever would send events here is refused.

use serde_json::value::RawValue;

use crate::world::World;
use crate::world::op::Op;
use crate::world::record::{Event, Position};
use crate::world::scope::{AccountId, Region};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[];

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {}

/// What an AWS service tells the default bus of an account and Region. The bus adds the rest of the event.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `aws.s3`
    pub source: &'static str,
    /// `Object Created`
    pub detail_type: &'static str,
    /// ARNs.
    pub resources: Vec<String>,
    pub detail: Box<RawValue>,
}

/// Puts what happened in a service on the default bus.
pub fn tell(_world: &mut World, _account: &AccountId, _region: Region, _notice: Notice) {}

/// Takes notice of a new CloudTrail event: rules on "AWS API Call via CloudTrail" and its like.
pub fn recorded(_world: &mut World, _event: &Event, _at: Position) {}
