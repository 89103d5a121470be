//! Buckets: create, head, list, delete, location.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::scope::Region;
use crate::world::time::Time;

use super::access::{Target, enter};
use super::config::{Config, Versioning, access, tagging};
use super::objects::Objects;
use super::objects::files::Files;
use super::objects::list::Owner;
use super::objects::{enter_all, shows_nothing};
use super::{Bucket, faults, storage};

/// The operations on buckets.
pub const OPS: &[Op] = &[
    crate::op!(Write "CreateBucket" create_bucket),
    crate::op!(Read "HeadBucket" head_bucket).data(),
    crate::op!(Read "ListBuckets" list_buckets),
    crate::op!(Write "DeleteBucket" delete_bucket),
    crate::op!(Read "GetBucketLocation" get_bucket_location),
];

/// Buckets on a page: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>.
const PAGE_MAX: i64 = 10_000;

record! {
    struct CreateBucket {
        bucket: String = "Bucket",
        acl: Option<String> = "ACL",
        object_lock: bool = "ObjectLockEnabledForBucket",
        ownership: Option<String> = "ObjectOwnership",
        namespace: Option<String> = "BucketNamespace",
        configuration: CreateConfiguration = "CreateBucketConfiguration",
    }

    struct CreateConfiguration {
        location: Option<String> = "LocationConstraint",
        zone: Option<crate::wire::Value> = "Location",
        directory: Option<crate::wire::Value> = "Bucket",
        tags: Vec<tagging::Tag> = "Tags",
    }

    struct Created {
        location: String = "Location",
    }

    struct Head {
        region: String = "BucketRegion",
        access_point_alias: bool = "AccessPointAlias",
    }

    struct ListBuckets {
        max: Option<i64> = "MaxBuckets",
        token: Option<String> = "ContinuationToken",
        prefix: Option<String> = "Prefix",
        region: Option<String> = "BucketRegion",
    }

    struct Listed {
        buckets: Vec<Row> = "Buckets",
        owner: Owner = "Owner",
        token: Option<String> = "ContinuationToken",
        prefix: Option<String> = "Prefix",
    }

    struct Row {
        name: String = "Name",
        created: Time = "CreationDate",
        region: Option<String> = "BucketRegion",
    }

    struct Location {
        constraint: Option<String> = "LocationConstraint",
    }
}

fn create_bucket(cx: &mut Cx<'_>, (input, grants): (CreateBucket, access::Grants)) -> Result<Created, Fault> {
    check_signed(cx)?;
    let CreateBucket { bucket: name, acl, object_lock, ownership, namespace, configuration } = input;
    if !is_name(&name) {
        return Err(faults::invalid_bucket_name(&name));
    }
    let directory = configuration.zone.is_some() || configuration.directory.is_some();
    if directory || namespace.is_some_and(|namespace| namespace != "global") {
        return Err(faults::not_built("CreateBucketConfiguration"));
    }
    let region = region_of(configuration.location.as_deref(), cx.region)?;
    let location =
        if region == Region::US_EAST_1 { format!("/{name}") } else { format!("http://{name}.s3.amazonaws.com/") };
    if let Some(bucket) = cx.world.s3.buckets.get(&name) {
        return match bucket.owner == cx.account {
            false => Err(faults::bucket_already_exists(&name)),
            // For old clients, us-east-1 takes a repetition for granted.
            true if bucket.region == Region::US_EAST_1 && region == Region::US_EAST_1 => Ok(Created { location }),
            true => Err(faults::bucket_already_owned(&name)),
        };
    }
    let mut config = Config { tags: tagging::checked(configuration.tags)?, ..Config::default() };
    access::settle_new(&mut config, ownership, acl, &grants)?;
    if object_lock {
        config.object_lock = true;
        config.versioning = Some(Versioning::Enabled);
    }
    let folder = cx.world.s3.root.join("s3").join(&name);
    fs::create_dir_all(folder).map_err(|error| faults::internal(&error))?;
    let (owner, created) = (cx.account.clone(), cx.world.now);
    let bucket = Bucket { name: name.clone(), owner, region, created, config, objects: Objects::default() };
    cx.world.s3.buckets.insert(name, bucket);
    storage::schedule(cx.world);
    Ok(Created { location })
}

/// CloudTrail takes it for a look at all objects
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>).
/// What concerns an account's buckets as such is for those who say which account they are of; no policy of a bucket
/// can let others in.
fn check_signed(cx: &Cx<'_>) -> Result<(), Fault> {
    if cx.caller.principal == Principal::Anonymous { Err(faults::access_denied()) } else { Ok(()) }
}

fn head_bucket(cx: &mut Cx<'_>, target: Target) -> Result<Head, Fault> {
    let (name, owner) = target.parts();
    let bucket = enter_all(cx, name, "", owner)?.bucket;
    Ok(Head { region: bucket.region.to_string(), access_point_alias: false })
}

fn list_buckets(cx: &mut Cx<'_>, input: ListBuckets) -> Result<Listed, Fault> {
    check_signed(cx)?;
    let max = input.max.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&max) {
        return Err(faults::buckets_out_of_range(max, PAGE_MAX));
    }
    let after = input.token.as_deref().map(name_of_token).transpose()?;
    // The Region is shown to those who ask for anything in particular.
    let shows_region = input.max.is_some() || input.prefix.is_some() || input.region.is_some() || after.is_some();
    let prefix = input.prefix.clone().unwrap_or_default();
    let mut rows = cx.world.s3.buckets.values().filter(|bucket| {
        bucket.owner == cx.account
            && bucket.name.starts_with(&prefix)
            && input.region.as_deref().is_none_or(|region| region == bucket.region.as_str())
            && after.as_ref().is_none_or(|after| bucket.name > *after)
    });
    let page: Vec<_> = rows.by_ref().take(usize::try_from(max).unwrap_or(0)).collect();
    let token = rows.next().and(page.last()).map(|last| BASE64.encode(&last.name));
    let row = |bucket: &&Bucket| Row {
        name: bucket.name.clone(),
        created: bucket.created,
        region: shows_region.then(|| bucket.region.to_string()),
    };
    Ok(Listed { buckets: page.iter().map(row).collect(), owner: Owner::of(&cx.account), token, prefix: input.prefix })
}

fn name_of_token(token: &str) -> Result<String, Fault> {
    let name = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| faults::bad_continuation_token(token))
}

fn delete_bucket(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    let root = cx.world.s3.root.clone();
    let bucket = enter(cx, &target)?;
    if !shows_nothing(&root, bucket) {
        return Err(faults::bucket_not_empty(&bucket.name, bucket.config.versioning.is_some()));
    }
    cx.world.s3.buckets.remove(&target.bucket);
    Files::new(&root, &target.bucket).drop_bucket();
    Ok(())
}

fn get_bucket_location(cx: &mut Cx<'_>, target: Target) -> Result<Location, Fault> {
    let region = enter(cx, &target)?.region;
    Ok(Location { constraint: (region != Region::US_EAST_1).then(|| region.to_string()) })
}

/// Where a new bucket goes. Only us-east-1 makes buckets for other Regions.
fn region_of(constraint: Option<&str>, here: Region) -> Result<Region, Fault> {
    let Some(constraint) = constraint.filter(|constraint| !constraint.is_empty()) else {
        return if here == Region::US_EAST_1 { Ok(here) } else { Err(faults::incompatible_location("unspecified")) };
    };
    let name = if constraint == "EU" { "eu-west-1" } else { constraint };
    let region = Region::parse(name).filter(|region| *region != Region::US_EAST_1);
    let region = region.ok_or_else(|| faults::invalid_location(constraint))?;
    if here == Region::US_EAST_1 || here == region {
        Ok(region)
    } else {
        Err(faults::incompatible_location(constraint))
    }
}

/// The rules of names: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
pub fn is_name(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| is_edge(Some(byte)) || matches!(byte, b'.' | b'-'))
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(name), expected, "{name}");
        check("abc", true);
        check("docexamplebucket-1", true);
        check("my.example.bucket", true);
        check("1bucket", true);
        check(&"a".repeat(63), true);
        check(&"a".repeat(64), false);
        check("ab", false);
        check("", false);
        check("amzn_s3_demo_bucket", false);
        check("DocBucket", false);
        check("bucket-", false);
        check("-bucket", false);
        check(".bucket", false);
        check("doc..bucket", false);
        check("192.168.5.4", false);
        check("192.168.5.400", true);
        check("xn--bucket", false);
        check("sthree-bucket", false);
        check("bucket-s3alias", false);
        check("bucket--ol-s3", false);
        check("../bucket", false);
    }

    #[test]
    fn where_buckets_go() {
        let check = |constraint: Option<&str>, here: &str, expected: Result<&str, &str>| {
            let region = region_of(constraint, Region::parse(here).unwrap());
            let region = region.map(Region::as_str).map_err(|fault| fault.code);
            assert_eq!(region, expected.map_err(str::to_owned), "{constraint:?} in {here}");
        };
        check(None, "us-east-1", Ok("us-east-1"));
        check(Some("eu-west-1"), "us-east-1", Ok("eu-west-1"));
        check(Some("EU"), "eu-west-1", Ok("eu-west-1"));
        check(Some("ap-northeast-2"), "ap-northeast-2", Ok("ap-northeast-2"));
        check(Some("us-east-1"), "us-east-1", Err("InvalidLocationConstraint"));
        check(Some("mars-north-1"), "us-east-1", Err("InvalidLocationConstraint"));
        check(None, "eu-west-1", Err("IllegalLocationConstraintException"));
        check(Some("eu-west-2"), "eu-west-1", Err("IllegalLocationConstraintException"));
    }
}
