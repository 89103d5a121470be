//! Tags of topics.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::tags::{self, Flaw, Tags};

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
    struct Listed { tags: Vec<Tag> = "Tags" }
}

/// Tags as a map, if they may be given together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Tags, Fault> {
    tags::checked(tags.into_iter().map(|tag| (tag.key, tag.value)), TAGS_MAX).map_err(refused)
}

fn refused(flaw: Flaw) -> Fault {
    match flaw {
        Flaw::Duplicate(_) => faults::duplicate_tags(),
        Flaw::TooMany => faults::too_many_tags(),
    }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let added = checked(input.tags)?;
    tags::add(&mut find(cx, &input.arn)?.tags, added, TAGS_MAX).map_err(refused)
}

fn untag(cx: &mut Cx, input: Untagging) -> Result<(), Fault> {
    let topic = find(cx, &input.arn)?;
    topic.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list(cx: &mut Cx, input: Resource) -> Result<Listed, Fault> {
    let topic = find(cx, &input.arn)?;
    let tags = topic.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
    Ok(Listed { tags: tags.collect() })
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
