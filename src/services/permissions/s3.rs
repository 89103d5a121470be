//! Permissions of S3, whose actions are not always called like the operations
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>).

use percent_encoding::percent_decode_str;

use crate::services::s3::access::arn;
use crate::wire::Value;

use super::{Asked, Permission};

/// Actions with names of their own, by operation.
const ACTIONS: [(&str, &str); 34] = [
    ("CompleteMultipartUpload", "PutObject"),
    ("CopyObject", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("DeleteBucketCors", "PutBucketCORS"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("DeleteBucketReplication", "PutReplicationConfiguration"),
    ("DeleteBucketTagging", "PutBucketTagging"),
    ("DeleteObjects", "DeleteObject"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("GetBucketCors", "GetBucketCORS"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("HeadBucket", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("ListParts", "ListMultipartUploadParts"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("UploadPart", "PutObject"),
    ("UploadPartCopy", "PutObject"),
];

/// Actions that are others on a version of an object.
const OF_VERSIONS: [(&str, &str); 8] = [
    ("DeleteObject", "DeleteObjectVersion"),
    ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    ("GetObject", "GetObjectVersion"),
    ("GetObjectAcl", "GetObjectVersionAcl"),
    ("GetObjectAttributes", "GetObjectVersionAttributes"),
    ("GetObjectTagging", "GetObjectVersionTagging"),
    ("PutObjectAcl", "PutObjectVersionAcl"),
    ("PutObjectTagging", "PutObjectVersionTagging"),
];

pub(super) fn permissions(asked: &Asked) -> Vec<Permission> {
    let action = renamed(&ACTIONS, asked.operation);
    let Some(bucket) = asked.text("Bucket") else { return vec![permission("ListAllMyBuckets", Vec::new())] };
    if asked.operation == "DeleteObjects" {
        return objects(asked).into_iter().map(|(key, version)| on_object(action, bucket, key, version)).collect();
    }
    let Some(key) = asked.text("Key") else {
        let mut all = vec![permission(action, vec![arn(bucket)])];
        if asked.operation == "CreateBucket" {
            all.extend(with_bucket(asked).into_iter().map(|action| permission(action, vec![arn(bucket)])));
        }
        return all;
    };
    let version = asked.text("VersionId").is_some();
    let mut all = vec![on_object(action, bucket, key, version)];
    match asked.operation {
        "GetObjectAttributes" => all.push(on_object("GetObject", bucket, key, version)),
        "PutObject" | "CopyObject" | "CreateMultipartUpload" => {
            let with = |member: &str, action| asked.text(member).map(|_| on_object(action, bucket, key, false));
            all.extend(with("Tagging", "PutObjectTagging"));
            let acl = GRANTS.into_iter().find(|member| asked.text(member).is_some());
            all.extend(acl.and_then(|member| with(member, "PutObjectAcl")));
        }
        _ => {}
    }
    all.extend(asked.text("CopySource").and_then(source));
    all
}

/// Members that say who may do what.
const GRANTS: [&str; 6] = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"];

/// What a bucket is made with needs leave of its own
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>, Permissions).
fn with_bucket(asked: &Asked) -> Vec<&'static str> {
    let has_acl = GRANTS.iter().any(|member| asked.text(member).is_some());
    let has_ownership = asked.text("ObjectOwnership").is_some();
    let is_locked = asked.input.get("ObjectLockEnabledForBucket").is_some_and(|lock| *lock == Value::Bool(true));
    let all = [
        (has_acl, "PutBucketAcl"),
        (has_ownership, "PutBucketOwnershipControls"),
        (is_locked, "PutBucketObjectLockConfiguration"),
        (is_locked, "PutBucketVersioning"),
    ];
    all.into_iter().filter(|(wanted, _)| *wanted).map(|(_, action)| action).collect()
}

fn permission(action: &str, resources: Vec<String>) -> Permission {
    Permission { action: format!("s3:{action}"), resources }
}

fn on_object(action: &str, bucket: &str, key: &str, version: bool) -> Permission {
    let action = if version { renamed(&OF_VERSIONS, action) } else { action };
    permission(action, vec![format!("{}/{key}", arn(bucket))])
}

fn renamed<'a>(names: &[(&str, &'a str)], name: &'a str) -> &'a str {
    names.iter().find(|(own, _)| *own == name).map_or(name, |(_, action)| action)
}

/// Keys, and whether a version is meant, of what is to be deleted.
fn objects<'a>(asked: &Asked<'a>) -> Vec<(&'a str, bool)> {
    let list = asked.input.get("Delete").and_then(|delete| delete.get("Objects")).and_then(Value::as_list);
    let object = |object: &'a Value| {
        let text = |member| object.get(member).and_then(Value::as_str);
        text("Key").map(|key| (key, text("VersionId").is_some()))
    };
    list.unwrap_or_default().iter().filter_map(object).collect()
}

/// `/bucket/key?versionId=…`, percent-encoded.
fn source(text: &str) -> Option<Permission> {
    let (path, version) = match text.split_once("?versionId=") {
        Some((path, _)) => (path, true),
        None => (text, false),
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let (bucket, key) = path.trim_start_matches('/').split_once('/')?;
    Some(on_object("GetObject", bucket, key, version))
}
