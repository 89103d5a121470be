//! Digest files: the signed chain over a trail's log files.

use crate::world::World;
use crate::world::scope::{AccountId, Region};

/// Closes a trail's digest period in a Region.
pub fn digest(_world: &mut World, _account: &AccountId, _trail: &str, _region: Region) {}
