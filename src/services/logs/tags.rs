//! Tags of log groups, by name and by ARN, and of destinations.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::groups::GROUP;
use super::naming::Named;

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Read "ListTagsForResource" list_tags_for_resource).resources(&[ARN]),
    op!(Read "ListTagsLogGroup" list_tags_log_group).resources(&[GROUP]),
    op!(Write "TagLogGroup" tag_log_group).resources(&[GROUP]),
    op!(Write "TagResource" tag_resource).resources(&[ARN]),
    op!(Write "UntagLogGroup" untag_log_group).resources(&[GROUP]),
    op!(Write "UntagResource" untag_resource).resources(&[ARN]),
];

const ARN: (&str, &str) = ("AWS::Logs::LogGroup", "resourceArn");

/// Tags a resource may have.
const TAGS_MAX: usize = 50;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

record! {
    struct Resource { arn: String = "resourceArn" }

    struct TagMap { tags: Tags = "tags" }

    struct ResourceKeys { keys: Vec<String> = "tagKeys" }

    struct GroupKeys { keys: Vec<String> = "tags" }
}

/// Refuses keys that callers cannot set.
pub fn check_keys<'k>(mut keys: impl Iterator<Item = &'k String>) -> Result<(), Fault> {
    let reserved = |key: &String| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if keys.any(reserved) { Err(faults::reserved_tag()) } else { Ok(()) }
}

fn tag_log_group(cx: &mut Cx, (group, input): (Named, TagMap)) -> Result<(), Fault> {
    let tags = &mut group.place(cx).group(cx.world)?.tags;
    add(tags, input.tags, || faults::too_many_group_tags(TAGS_MAX))
}

fn tag_resource(cx: &mut Cx, (resource, input): (Resource, TagMap)) -> Result<(), Fault> {
    add(tags_of(cx, &resource.arn)?, input.tags, || faults::too_many_tags(TAGS_MAX, &resource.arn))
}

fn untag_log_group(cx: &mut Cx, (group, input): (Named, GroupKeys)) -> Result<(), Fault> {
    let tags = &mut group.place(cx).group(cx.world)?.tags;
    tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn untag_resource(cx: &mut Cx, (resource, input): (Resource, ResourceKeys)) -> Result<(), Fault> {
    tags_of(cx, &resource.arn)?.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list_tags_log_group(cx: &mut Cx, group: Named) -> Result<TagMap, Fault> {
    Ok(TagMap { tags: group.place(cx).group(cx.world)?.tags.clone() })
}

fn list_tags_for_resource(cx: &mut Cx, resource: Resource) -> Result<TagMap, Fault> {
    Ok(TagMap { tags: tags_of(cx, &resource.arn)?.clone() })
}

/// Adds tags; a key that is there gets the new value.
fn add(tags: &mut Tags, new: Tags, too_many: impl FnOnce() -> Fault) -> Result<(), Fault> {
    check_keys(new.keys())?;
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + added > TAGS_MAX {
        return Err(too_many());
    }
    tags.extend(new);
    Ok(())
}

/// The tags behind an ARN of the account and Region called. That of a group must not end with `:*`.
fn tags_of<'w>(cx: &'w mut Cx, arn: &str) -> Result<&'w mut Tags, Fault> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", "aws", "logs", region, account, kind @ ("log-group" | "destination"), name] = parts[..] else {
        return Err(faults::invalid_resource_arn());
    };
    if name.is_empty() || name.contains([':', '*']) {
        return Err(faults::invalid_resource_arn());
    }
    if account != cx.account.as_str() || region != cx.region.as_str() {
        return Err(faults::no_such_resource());
    }
    let logs = &mut cx.world.regional(&cx.account, cx.region).logs;
    let tags = match kind {
        "log-group" => logs.groups.get_mut(name).map(|group| &mut group.tags),
        _ => logs.destinations.get_mut(name).map(|destination| &mut destination.tags),
    };
    tags.ok_or_else(faults::no_such_resource)
}
