//! Tags of rules and buses.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::tags::{self, Flaw, Tags};

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

/// Tags as a map, if they may be given together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Tags, Fault> {
    if tags.iter().any(|tag| tag.key.starts_with("aws:")) {
        return Err(faults::reserved_tag());
    }
    tags::checked(tags.into_iter().map(|tag| (tag.key, tag.value)), TAGS_MAX).map_err(refused)
}

fn refused(flaw: Flaw) -> Fault {
    match flaw {
        Flaw::Duplicate(_) => faults::duplicate_tag(),
        Flaw::TooMany => faults::limit_exceeded(),
    }
}

fn tag(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let added = checked(input.tags)?;
    tags::add(find(cx, &input.arn)?, added, TAGS_MAX).map_err(refused)
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
fn find<'w>(cx: &'w mut Cx, arn: &str) -> Result<&'w mut Tags, Fault> {
    if let Some(place) = BusPlace::parse(arn) {
        place.check(cx, arn, &[])?;
        return Ok(&mut place.bus(cx.world)?.tags);
    }
    let place = RulePlace::parse(arn).ok_or_else(|| faults::not_taggable(arn))?;
    let creator = place.find(cx.world).map_or(&cx.account, |rule| &rule.creator).to_string();
    place.bus.check(cx, arn, &[("events:creatorAccount", &creator)])?;
    Ok(&mut place.rule(cx.world)?.tags)
}
