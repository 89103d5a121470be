//! Trails: what is recorded, and where it goes.

use std::collections::BTreeMap;

use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::delivery::Shipping;
use super::selectors::Selectors;

/// The operations on trails.
pub const OPS: &[Op] = &[];

/// The trails of an account, by ARN.
pub type Trails = BTreeMap<String, Trail>;

/// A trail. It lives in its home Region; a multi-Region trail has a shadow in every other one.
#[derive(Debug)]
pub struct Trail {
    pub arn: String,
    pub name: String,
    pub account: AccountId,
    pub home: Region,
    pub bucket: String,
    /// `S3KeyPrefix`.
    pub prefix: Option<String>,
    pub multi_region: bool,
    /// Events of global services (IAM, STS) are delivered too.
    pub global_events: bool,
    /// Digest files are written.
    pub validation: bool,
    pub selectors: Selectors,
    pub tags: BTreeMap<String, String>,
    pub logging: bool,
    pub started: Option<Time>,
    pub stopped: Option<Time>,
    /// What is under way in each Region the trail covers.
    pub shipping: BTreeMap<Region, Shipping>,
}
