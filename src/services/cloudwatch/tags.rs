//! Tags of alarms, mute rules, dashboards and metric streams.

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::tags::{self, Flaw, Tags};
use crate::{op, record};

use super::{dashboards, faults};

/// The operations on tags.
pub const OPS: &[Op] =
    &[op!(Read "ListTagsForResource" list), op!(Write "TagResource" tag), op!(Write "UntagResource" untag)];

/// Tags a resource may have (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html>).
const TAGS_MAX: usize = 50;

record! {
    /// A tag.
    pub struct Tag { key: String = "Key", value: String = "Value" }

    struct Tagging { arn: String = "ResourceARN", tags: Vec<Tag> = "Tags" }
    struct Untagging { arn: String = "ResourceARN", keys: Vec<String> = "TagKeys" }
    struct Resource { arn: String = "ResourceARN" }
    struct Listed { tags: Vec<Tag> = "Tags" }
}

/// Tags as a map, if they may be given together.
pub fn checked(tags: Vec<Tag>) -> Result<Tags, Fault> {
    tags::checked(tags.into_iter().map(|tag| (tag.key, tag.value)), TAGS_MAX).map_err(refused)
}

fn refused(flaw: Flaw) -> Fault {
    match flaw {
        Flaw::Duplicate(key) => faults::invalid("Tags", &key),
        Flaw::TooMany => faults::too_many("Tags", TAGS_MAX),
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

fn find<'w>(cx: &'w mut Cx, arn: &str) -> Result<&'w mut Tags, Fault> {
    let here = format!("arn:aws:cloudwatch:{}:{}:", cx.region, cx.account);
    if let Some(name) = arn.strip_prefix(&dashboards::arn(&cx.account, "")) {
        let found = cx.world.account(&cx.account).dashboards.get_mut(name);
        return found.map(|dashboard| &mut dashboard.tags).ok_or_else(|| faults::no_resource("Resource", arn));
    }
    let store = &mut cx.world.regional(&cx.account, cx.region).cloudwatch;
    let (kind, name) = arn.strip_prefix(&here).and_then(|resource| resource.split_once([':', '/'])).unwrap_or_default();
    let found = match kind {
        "alarm" => store.alarms.alarms.get_mut(name).map(|alarm| &mut alarm.tags),
        "alarm-mute-rule" => store.alarms.mutes.get_mut(name).map(|rule| &mut rule.tags),
        "metric-stream" => store.streams.tags_of(name),
        _ => None,
    };
    found.ok_or_else(|| faults::no_resource("Resource", arn))
}
