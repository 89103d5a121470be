//! Tags of topics.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::{Topic, TopicPlace, faults};

/// What event history calls a tagged topic.
const RESOURCE: &[(&str, &str)] = &[("AWS::SNS::Topic", "ResourceArn")];

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Read "ListTagsForResource" list).resources(RESOURCE),
    op!(Write "TagResource" tag).resources(RESOURCE),
    op!(Write "UntagResource" untag).resources(RESOURCE),
];

/// Tags a topic may have (<https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html>).
const TAGS_MAX: usize = 50;

record! {
    /// A tag.
    pub struct Tag { key: String = "Key", value: String = "Value" }

    struct Tagging { arn: String = "ResourceArn", tags: Vec<Tag> = "Tags" }
    struct Untagging { arn: String = "ResourceArn", keys: Vec<String> = "TagKeys" }
    struct Resource { arn: String = "ResourceArn" }
    struct Tags { tags: Vec<Tag> = "Tags" }
}

/// Tags as a map, if they may be added together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let mut map = BTreeMap::new();
    for tag in tags {
        if map.insert(tag.key, tag.value).is_some() {
            return Err(faults::duplicate_tags());
        }
    }
    if map.len() > TAGS_MAX { Err(faults::too_many_tags()) } else { Ok(map) }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let tags = checked(input.tags)?;
    let topic = find(cx, &input.arn)?;
    let mut all = topic.tags.clone();
    all.extend(tags);
    if all.len() > TAGS_MAX {
        return Err(faults::too_many_tags());
    }
    topic.tags = all;
    Ok(())
}

fn untag(cx: &mut Cx, input: Untagging) -> Result<(), Fault> {
    let topic = find(cx, &input.arn)?;
    topic.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list(cx: &mut Cx, input: Resource) -> Result<Tags, Fault> {
    let topic = find(cx, &input.arn)?;
    let tags = topic.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
    Ok(Tags { tags: tags.collect() })
}

/// A topic of the caller's account: tags are nobody else's.
fn find<'a>(cx: &'a mut Cx<'_>, arn: &str) -> Result<&'a mut Topic, Fault> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(faults::too_few_elements("ResourceArn", elements));
    }
    let place = TopicPlace::parse(arn).filter(|place| place.account == cx.account && place.region == cx.region);
    place.and_then(|place| place.find_mut(cx.world)).ok_or_else(faults::no_resource)
}
