//! S3: buckets and objects, as plain files.

pub mod access;
pub mod buckets;
pub mod config;
pub mod faults;
pub mod notices;
pub mod objects;
pub mod storage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

pub use config::lifecycle::run_lifecycle;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    buckets::OPS,
    config::access::OPS,
    config::encryption::OPS,
    config::lifecycle::OPS,
    config::lock::OPS,
    config::notification::OPS,
    config::policy::OPS,
    config::tagging::OPS,
    config::unset::OPS,
    config::versioning::OPS,
    objects::acl::OPS,
    objects::copy::OPS,
    objects::delete::OPS,
    objects::get::OPS,
    objects::list::OPS,
    objects::lock::OPS,
    objects::multipart::OPS,
    objects::parts::OPS,
    objects::put::OPS,
    objects::tagging::OPS,
];

/// Every bucket; names are global.
#[derive(Debug)]
pub struct Store {
    /// The data directory: current objects are plain files in `s3/BUCKET/KEY` below it.
    pub root: PathBuf,
    pub buckets: BTreeMap<String, Bucket>,
    /// What topics and queues are still to be told.
    pub notices: notices::Notices,
}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    pub name: String,
    pub owner: AccountId,
    pub region: Region,
    pub created: Time,
    /// What `PutBucket…` set.
    pub config: config::Config,
    pub objects: objects::Objects,
}

impl Store {
    /// An empty store over the data directory `root`.
    pub fn new(root: &Path) -> Store {
        Store { root: root.to_owned(), buckets: BTreeMap::new(), notices: notices::Notices::default() }
    }

    /// Removes every file, before the store itself is dropped.
    pub fn erase(&self) {
        // What is left behind is overwritten, or seen as the user's own.
        let _ = std::fs::remove_dir_all(self.root.join("s3"));
    }
}
