//! How much a bucket holds, as storage metrics and bills count it
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html#s3-cloudwatch-metrics>).

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch;
use crate::world::World;
use crate::world::jobs::Job;

use super::objects::{Objects, Version};

/// Storage is reported once a day.
const DAY: TimeDelta = TimeDelta::days(1);

/// Sees to the next report of what buckets hold.
pub fn schedule(world: &mut World) {
    let next = world.now.duration_trunc(DAY).unwrap_or(world.now) + DAY;
    world.jobs.at(next, Job::BucketMetrics);
}

/// Reports what buckets hold, those that are empty left out, while there are any buckets: `AWS/S3`.
pub fn report(world: &mut World) {
    if world.s3.buckets.is_empty() {
        return;
    }
    let mut figures = Vec::new();
    for bucket in world.s3.buckets.values() {
        let storage = bucket.objects.storage();
        let mut add = |name, kind: &'static str, value: u64, unit| {
            figures.push((bucket.owner.clone(), bucket.region, bucket.name.clone(), (name, kind), value as f64, unit));
        };
        for (class, bytes) in &storage.bytes {
            add("BucketSizeBytes", storage_type(class), *bytes, "Bytes");
        }
        if storage.objects > 0 {
            add("NumberOfObjects", "AllStorageTypes", storage.objects, "Count");
        }
    }
    for (account, region, bucket, (name, kind), value, unit) in figures {
        let dimensions = [("BucketName", bucket.as_str()), ("StorageType", kind)];
        cloudwatch::publish(world, (&account, region), ("AWS/S3", name), &dimensions, value, unit);
    }
    schedule(world);
}

/// The dimension `StorageType` of a storage class.
fn storage_type(class: &str) -> &'static str {
    match class {
        "STANDARD_IA" => "StandardIAStorage",
        "ONEZONE_IA" => "OneZoneIAStorage",
        "INTELLIGENT_TIERING" => "IntelligentTieringFAStorage",
        "REDUCED_REDUNDANCY" => "ReducedRedundancyStorage",
        "GLACIER" => "GlacierStorage",
        "GLACIER_IR" => "GlacierInstantRetrievalStorage",
        "DEEP_ARCHIVE" => "DeepArchiveStorage",
        _ => "StandardStorage",
    }
}

/// What a bucket holds: every version, and parts of uploads under way.
#[derive(Debug, Default)]
pub struct Storage<'a> {
    /// By storage class.
    pub bytes: BTreeMap<&'a str, u64>,
    /// Versions, delete markers and parts.
    pub objects: u64,
}

impl Objects {
    /// Counts what there is, object by object.
    pub fn storage(&self) -> Storage<'_> {
        let mut storage = Storage::default();
        self.keys.values().flatten().for_each(|version| storage.add(version));
        for upload in self.uploads.values() {
            let class = upload.about.storage_class.as_str();
            for part in upload.parts.values() {
                storage.count(class, part.file.length);
            }
        }
        storage
    }
}

impl<'a> Storage<'a> {
    fn add(&mut self, version: &'a Version) {
        match &version.object {
            Some(object) => self.count(&object.about.storage_class, object.file.length),
            None => self.objects += 1,
        }
    }

    fn count(&mut self, class: &'a str, bytes: u64) {
        self.objects += 1;
        *self.bytes.entry(class).or_default() += bytes;
    }
}
