//! Tags of buckets.

use std::collections::BTreeMap;

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

/// The operations on tags of buckets.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketTagging" get_bucket_tagging),
    crate::op!(Write "PutBucketTagging" put_bucket_tagging),
    crate::op!(Write "DeleteBucketTagging" delete_bucket_tagging),
];

/// Limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html>.
const TAGS_MAX: usize = 50;
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

record! {
    /// A tag.
    pub struct Tag {
        key: String = "Key",
        value: String = "Value",
    }

    struct PutBucketTagging {
        tagging: TagSet = "Tagging",
    }

    struct TagSet {
        tags: Vec<Tag> = "TagSet",
    }
}

fn get_bucket_tagging(cx: &mut Cx<'_>, target: Target) -> Result<TagSet, Fault> {
    let bucket = enter(cx, &target)?;
    if bucket.config.tags.is_empty() {
        return Err(faults::no_tag_set(&bucket.name));
    }
    let tags = bucket.config.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
    Ok(TagSet { tags: tags.collect() })
}

fn put_bucket_tagging(cx: &mut Cx<'_>, (target, input): (Target, PutBucketTagging)) -> Result<(), Fault> {
    let tags = checked(input.tagging.tags)?;
    enter(cx, &target)?.config.tags = tags;
    Ok(())
}

fn delete_bucket_tagging(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.tags.clear();
    Ok(())
}

/// Tags by key.
///
/// # Errors
/// `InvalidTag`, `BadRequest`.
pub fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    if tags.len() > TAGS_MAX {
        return Err(faults::too_many_bucket_tags(TAGS_MAX));
    }
    let mut checked = BTreeMap::new();
    for Tag { key, value } in tags {
        let is_allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c);
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX || !key.chars().all(is_allowed) {
            return Err(faults::invalid_object_tag_key(&key));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(faults::system_tag(&key));
        }
        if value.chars().count() > VALUE_CHARS_MAX || !value.chars().all(is_allowed) {
            return Err(faults::invalid_object_tag_value(&key, &value));
        }
        if checked.contains_key(&key) {
            return Err(faults::repeated_object_tag(&key));
        }
        checked.insert(key, value);
    }
    Ok(checked)
}
