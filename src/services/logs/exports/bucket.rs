//! The bucket of an export, which CloudWatch Logs enters with the rights that the bucket's policy gives it.

use bytes::Bytes;

use crate::services::logs::faults;
use crate::services::logs::naming::GroupPlace;
use crate::wire::{Fault, Map};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::payload::Upload;
use crate::world::scope::Region;

/// How CloudWatch Logs is called in bucket policies: it has a name for each Region
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html>).
const PRINCIPALS: [&str; Region::DEFAULT.len()] = [
    "logs.ap-northeast-1.amazonaws.com",
    "logs.ap-northeast-2.amazonaws.com",
    "logs.ap-northeast-3.amazonaws.com",
    "logs.ap-south-1.amazonaws.com",
    "logs.ap-southeast-1.amazonaws.com",
    "logs.ap-southeast-2.amazonaws.com",
    "logs.ca-central-1.amazonaws.com",
    "logs.eu-central-1.amazonaws.com",
    "logs.eu-north-1.amazonaws.com",
    "logs.eu-west-1.amazonaws.com",
    "logs.eu-west-2.amazonaws.com",
    "logs.eu-west-3.amazonaws.com",
    "logs.sa-east-1.amazonaws.com",
    "logs.us-east-1.amazonaws.com",
    "logs.us-east-2.amazonaws.com",
    "logs.us-west-1.amazonaws.com",
    "logs.us-west-2.amazonaws.com",
];

/// What is written to see whether objects can be.
const WRITE_TEST: &str = "aws-logs-write-test";
const WRITE_TEST_CONTENT: &[u8] = b"Permission Check Successful";

/// A bucket, and the group whose events go there.
pub struct Bucket<'a> {
    pub name: &'a str,
    pub group: &'a GroupPlace,
}

impl Bucket<'_> {
    /// Looks whether the bucket lets an export in, and leaves an object there that says so. It stands in the folder
    /// that a caller has named; without one, at the top.
    ///
    /// # Errors
    /// `InvalidParameterException`
    pub fn check(&self, world: &mut World, folder: Option<&str>) -> Result<(), Fault> {
        let found = world.s3.buckets.get(self.name).ok_or_else(faults::no_such_export_bucket)?;
        if found.region != self.group.region {
            return Err(faults::export_bucket_elsewhere(found.region));
        }
        self.call(world, "GetBucketAcl", Map::new(), Upload::default())?;
        let key = folder.map_or_else(|| WRITE_TEST.to_owned(), |folder| format!("{folder}/{WRITE_TEST}"));
        self.put(world, &key, Upload::of(Bytes::from_static(WRITE_TEST_CONTENT)))
    }

    /// Writes an object.
    ///
    /// # Errors
    /// `InvalidParameterException`
    pub fn put(&self, world: &mut World, key: &str, body: Upload) -> Result<(), Fault> {
        let mut input = Map::new();
        input.push("Key", key);
        input.push("ACL", "bucket-owner-full-control");
        self.call(world, "PutObject", input, body)
    }

    fn call(&self, world: &mut World, operation: &str, mut input: Map, body: Upload) -> Result<(), Fault> {
        input.push("Bucket", self.name);
        let GroupPlace { account, region, .. } = self.group;
        let call = Call::by_service(principal(*region), account.clone(), *region, ("s3", operation), input, body);
        let call = call.ok_or_else(|| faults::export_call_failed(operation))?.working_for(&self.source());
        match perform(world, call).outcome {
            Ok(_) => Ok(()),
            Err(fault) if fault.code == "NoSuchBucket" => Err(faults::no_such_export_bucket()),
            Err(_) => Err(faults::export_call_failed(operation)),
        }
    }

    /// `aws:SourceArn`: the group, as policies name groups.
    fn source(&self) -> String {
        format!("{}:*", self.group.arn())
    }
}

fn principal(region: Region) -> &'static str {
    let of_region = |name: &&str| name.split('.').nth(1) == Some(region.as_str());
    PRINCIPALS.into_iter().find(of_region).unwrap_or("logs.amazonaws.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_principal() {
        for region in Region::DEFAULT {
            assert_eq!(principal(region), format!("logs.{region}.amazonaws.com"));
        }
    }
}
