//! Bucket configuration: policy, versioning, tagging, encryption, lifecycle, ….

use crate::world::op::Op;

/// The operations on bucket configuration.
pub const OPS: &[Op] = &[];

/// What `PutBucket…` set.
#[derive(Debug, Default)]
pub struct Config {
    pub versioning: Option<Versioning>,
    pub encryption: Option<Encryption>,
    pub object_lock: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    Enabled,
    Suspended,
}

/// What objects are encrypted with that come without a wish.
#[derive(Clone, Debug)]
pub struct Encryption {
    pub algorithm: String,
    pub key: Option<String>,
    pub bucket_key: bool,
}
