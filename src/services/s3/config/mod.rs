//! Bucket configuration. What is stored here acts; what could not act is refused.

pub mod access;
pub mod encryption;
pub mod lifecycle;
pub mod lock;
pub mod notification;
pub mod policy;
pub mod tagging;
pub mod unset;
pub mod versioning;

use std::collections::BTreeMap;

pub use encryption::Encryption;
pub use versioning::Versioning;

/// What `PutBucket…` set.
#[derive(Debug, Default)]
pub struct Config {
    pub versioning: Option<Versioning>,
    /// `None` means S3's own keys.
    pub encryption: Option<Encryption>,
    pub object_lock: bool,
    /// What new objects are locked with that come without a wish.
    pub retention: Option<lock::Retention>,
    pub tags: BTreeMap<String, String>,
    pub policy: Option<policy::BucketPolicy>,
    pub ownership: access::Ownership,
    pub public_access: access::PublicAccess,
    /// The canned access control list.
    pub acl: access::Canned,
    pub lifecycle: Option<lifecycle::Lifecycle>,
    /// `None` where nobody is told anything.
    pub notifications: Option<notification::Notifications>,
}
