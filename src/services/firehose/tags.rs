//! Tags of streams.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::tags::{self, Flaw, Tags};

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

/// Tags as a map, if they may be given together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Tags, Fault> {
    let pairs = tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default()));
    tags::checked(pairs, TAGS_MAX).map_err(refused)
}

fn refused(flaw: Flaw) -> Fault {
    match flaw {
        Flaw::Duplicate(key) => faults::duplicate_tag(&key),
        Flaw::TooMany => faults::too_many_tags(TAGS_MAX),
    }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let stream = streams::find(cx, &input.name)?;
    tags::add(&mut stream.tags, checked(input.tags)?, TAGS_MAX).map_err(refused)
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
