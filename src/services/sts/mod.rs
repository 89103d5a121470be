//! STS: temporary credentials, and who one is.

pub mod faults;
pub mod identity;
pub mod roles;
pub mod sessions;
pub mod trust;
pub mod visits;

use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[identity::OPS, roles::OPS, sessions::OPS];
