//! Tags of rules and buses.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::{BusPlace, RulePlace, faults};

/// The operations on tags.
pub const OPS: &[Op] =
    &[op!(Read "ListTagsForResource" list), op!(Write "TagResource" tag), op!(Write "UntagResource" untag)];

/// Tags a resource may have (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html>).
const TAGS_MAX: usize = 50;

record! {
    /// A tag.
    pub(super) struct Tag { key: String = "Key", value: String = "Value" }

    struct Tagging { arn: String = "ResourceARN", tags: Vec<Tag> = "Tags" }
    struct Untagging { arn: String = "ResourceARN", keys: Vec<String> = "TagKeys" }
    struct Resource { arn: String = "ResourceARN" }
    struct Listed { tags: Vec<Tag> = "Tags" }
}

/// Tags as a map, if they may be added together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let mut map = BTreeMap::new();
    for tag in tags {
        if tag.key.starts_with("aws:") {
            return Err(faults::reserved_tag());
        }
        if map.insert(tag.key, tag.value).is_some() {
            return Err(faults::duplicate_tag());
        }
    }
    if map.len() > TAGS_MAX { Err(faults::limit_exceeded()) } else { Ok(map) }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let added = checked(input.tags)?;
    let tags = find(cx, &input.arn)?;
    let mut all = tags.clone();
    all.extend(added);
    if all.len() > TAGS_MAX {
        return Err(faults::limit_exceeded());
    }
    *tags = all;
    Ok(())
}

fn untag(cx: &mut Cx, input: Untagging) -> Result<(), Fault> {
    find(cx, &input.arn)?.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list(cx: &mut Cx, input: Resource) -> Result<Listed, Fault> {
    let tags = find(cx, &input.arn)?.iter();
    Ok(Listed { tags: tags.map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect() })
}

/// The tags of a rule or a bus.
fn find<'w>(cx: &'w mut Cx, arn: &str) -> Result<&'w mut BTreeMap<String, String>, Fault> {
    if let Some(place) = BusPlace::parse(arn) {
        place.check(cx, arn, &[])?;
        return Ok(&mut place.bus(cx.world)?.tags);
    }
    let place = RulePlace::parse(arn).ok_or_else(|| faults::not_taggable(arn))?;
    let creator = place.find(cx.world).map_or(&cx.account, |rule| &rule.creator).to_string();
    place.bus.check(cx, arn, &[("events:creatorAccount", &creator)])?;
    Ok(&mut place.rule(cx.world)?.tags)
}
