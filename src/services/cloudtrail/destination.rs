//! The bucket of a trail: whether CloudTrail could write there.

use crate::services::s3;
use crate::wire::Fault;
use crate::world::World;

use super::{Trail, faults};

/// The longest `S3KeyPrefix`.
const PREFIX_MAX: usize = 200;

/// Checks a trail's bucket as CloudTrail does before it accepts it: the name, that it exists, and that its policy
/// lets CloudTrail look at it and write log files
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>).
pub fn check(world: &World, trail: &Trail) -> Result<(), Fault> {
    if !s3::buckets::is_name(&trail.bucket) {
        return Err(faults::invalid_bucket_name(&trail.bucket));
    }
    if let Some(prefix) = &trail.prefix {
        check_prefix(prefix)?;
    }
    let bucket = world.s3.buckets.get(&trail.bucket).ok_or_else(|| faults::no_such_bucket(&trail.bucket))?;
    let account = trail.account.as_str();
    let context = [
        ("s3:x-amz-acl", "bucket-owner-full-control"),
        ("aws:SourceArn", trail.arn.as_str()),
        ("aws:SourceAccount", account),
        ("aws:SecureTransport", "true"),
    ];
    let may = |action, resource: &str| {
        s3::config::policy::admits(bucket, "cloudtrail.amazonaws.com", action, resource, &context)
    };
    let bucket_arn = format!("arn:aws:s3:::{}", trail.bucket);
    let folder = trail.prefix.as_ref().map_or_else(String::new, |prefix| format!("{prefix}/"));
    // What stands for the objects to come: CloudTrail tries the folder of its log files.
    let objects = format!("{bucket_arn}/{folder}AWSLogs/{account}/CloudTrail/");
    if may("s3:GetBucketAcl", &bucket_arn) && may("s3:PutObject", &objects) {
        Ok(())
    } else {
        Err(faults::insufficient_bucket_policy(&trail.bucket))
    }
}

fn check_prefix(prefix: &str) -> Result<(), Fault> {
    if prefix.len() > PREFIX_MAX {
        return Err(faults::prefix_too_long(PREFIX_MAX));
    }
    let good = |c: char| c.is_ascii_alphanumeric() || "/!-_.*'()".contains(c);
    if prefix.starts_with('/') || !prefix.chars().all(good) { Err(faults::invalid_prefix(prefix)) } else { Ok(()) }
}
