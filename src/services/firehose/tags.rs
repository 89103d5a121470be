//! Tags of streams.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::streams::{self, STREAM};

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Read "ListTagsForDeliveryStream" list).resources(STREAM),
    op!(Write "TagDeliveryStream" tag).resources(STREAM),
    op!(Write "UntagDeliveryStream" untag).resources(STREAM),
];

/// Tags a stream may have.
const TAGS_MAX: usize = 50;

record! {
    /// A tag.
    pub struct Tag { key: String = "Key", value: Option<String> = "Value" }

    struct Tagging { name: String = "DeliveryStreamName", tags: Vec<Tag> = "Tags" }
    struct Untagging { name: String = "DeliveryStreamName", keys: Vec<String> = "TagKeys" }
    struct ListTags {
        name: String = "DeliveryStreamName",
        after: Option<String> = "ExclusiveStartTagKey",
        limit: Option<i64> = "Limit",
    }
    struct ListedTags { tags: Vec<Tag> = "Tags", has_more: bool = "HasMoreTags" }
}

/// Tags as a map, if they may be added together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let mut map = BTreeMap::new();
    for tag in tags {
        if map.insert(tag.key.clone(), tag.value.unwrap_or_default()).is_some() {
            return Err(faults::duplicate_tag(&tag.key));
        }
    }
    if map.len() > TAGS_MAX { Err(faults::too_many_tags(TAGS_MAX)) } else { Ok(map) }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let stream = streams::find(cx, &input.name)?;
    let mut tags = stream.tags.clone();
    tags.extend(checked(input.tags)?);
    if tags.len() > TAGS_MAX {
        return Err(faults::too_many_tags(TAGS_MAX));
    }
    stream.tags = tags;
    Ok(())
}

fn untag(cx: &mut Cx, input: Untagging) -> Result<(), Fault> {
    let stream = streams::find(cx, &input.name)?;
    stream.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list(cx: &mut Cx, input: ListTags) -> Result<ListedTags, Fault> {
    let stream = streams::find(cx, &input.name)?;
    let tags = stream.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: Some(value.clone()) });
    let (tags, has_more) =
        streams::page(tags, |tag| &tag.key, input.after.as_deref(), input.limit.unwrap_or(TAGS_MAX as i64));
    Ok(ListedTags { tags, has_more })
}
