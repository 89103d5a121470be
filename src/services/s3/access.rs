//! The one way into a bucket: is there one, is it the expected owner's, is this its Region, may a service enter.

use crate::record;
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::{Cx, Resource};
use crate::world::caller::Principal;

use super::config::policy;
use super::{Bucket, faults};

record! {
    /// The bucket that an operation is about.
    pub struct Target {
        bucket: String = "Bucket",
        expected_owner: Option<String> = "ExpectedBucketOwner",
    }
}

impl Target {
    /// Name and expected owner.
    pub fn parts(&self) -> (&str, Option<&str>) {
        (&self.bucket, self.expected_owner.as_deref())
    }
}

/// Enters a bucket for an operation on the bucket itself, and tells the record about it.
///
/// # Errors
/// As [`check`].
pub fn enter<'a>(cx: &'a mut Cx<'_>, target: &Target) -> Result<&'a mut Bucket, Fault> {
    note(cx, &target.bucket);
    check(cx, &target.bucket, None, target.expected_owner.as_deref())?;
    find(cx.world, &target.bucket)
}

/// Checks that the caller may work in a bucket, on an object of it if `key` says so.
///
/// # Errors
/// `NoSuchBucket`; `AccessDenied` for an owner that was not expected, and for services that the bucket policy does
/// not allow in; `AuthorizationHeaderMalformed` when the request was signed for another Region.
pub fn check(cx: &mut Cx<'_>, name: &str, key: Option<&str>, expected_owner: Option<&str>) -> Result<(), Fault> {
    let bucket = cx.world.s3.buckets.get(name).ok_or_else(|| faults::no_such_bucket(name))?;
    // The location is what clients ask for to find the Region.
    let is_anywhere = cx.caller.principal == Principal::Anonymous || cx.operation.name == "GetBucketLocation";
    if bucket.region != cx.region && !is_anywhere {
        return Err(faults::wrong_region(cx.region, bucket.region));
    }
    if expected_owner.is_some_and(|owner| owner != bucket.owner.as_str()) {
        return Err(faults::access_denied());
    }
    if let Principal::Service(service) = cx.caller.principal
        && !admits(cx, bucket, service, key)
    {
        return Err(faults::access_denied());
    }
    if bucket.owner != cx.account {
        cx.note.owner = Some(bucket.owner.clone());
    }
    Ok(())
}

/// Whether the bucket policy lets a service do what it is about to do.
fn admits(cx: &Cx<'_>, bucket: &Bucket, service: &str, key: Option<&str>) -> bool {
    let action = format!("s3:{}", cx.operation.name);
    let resource = key.map_or_else(|| arn(&bucket.name), |key| format!("{}/{key}", arn(&bucket.name)));
    let acl = cx.input.and_then(|input| input.get("ACL")).and_then(Value::as_str);
    let context = [
        ("aws:SourceAccount", Some(cx.account.as_str())),
        ("aws:SourceArn", cx.source),
        ("aws:SecureTransport", Some("true")),
        ("s3:x-amz-acl", acl),
    ];
    let context: Vec<_> = context.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    policy::admits(bucket, service, &action, &resource, &context)
}

fn find<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Bucket, Fault> {
    world.s3.buckets.get_mut(name).ok_or_else(|| faults::no_such_bucket(name))
}

/// Names a bucket in the record, as long as there is one.
fn note(cx: &mut Cx<'_>, name: &str) {
    let Some(bucket) = cx.world.s3.buckets.get(name) else { return };
    let account = Some(bucket.owner.clone());
    let bucket = Resource { account, kind: "AWS::S3::Bucket", arn: arn(name), is_prefix: false };
    if !cx.note.resources.contains(&bucket) {
        cx.note.resources.push(bucket);
    }
}

/// ARN of a bucket.
pub fn arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}
