//! Tags of trails.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::naming::{self, Viewpoint};
use super::{Trail, faults};

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Write "AddTags" add_tags).resources(&[("AWS::CloudTrail::Trail", "ResourceId")]),
    op!(Read "ListTags" list_tags),
    op!(Write "RemoveTags" remove_tags).resources(&[("AWS::CloudTrail::Trail", "ResourceId")]),
];

/// Tags a resource may have.
const TAGS_MAX: usize = 50;

record! {
    /// A tag; `RemoveTags` looks at the keys alone.
    pub struct Tag { key: String = "Key", value: Option<String> = "Value" }

    struct Tagging { resource: String = "ResourceId", tags: Vec<Tag> = "TagsList" }

    struct ListTags { resources: Vec<String> = "ResourceIdList", token: Option<String> = "NextToken" }

    struct ResourceTag { resource: String = "ResourceId", tags: Vec<Tag> = "TagsList" }

    struct ListedTags { resources: Vec<ResourceTag> = "ResourceTagList" }
}

/// Tags as a map, if they may be added together.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    if tags.len() > TAGS_MAX {
        return Err(faults::too_many_tags(TAGS_MAX));
    }
    let mut map = BTreeMap::new();
    for tag in tags {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(faults::reserved_tag());
        }
        if map.insert(tag.key.clone(), tag.value.unwrap_or_default()).is_some() {
            return Err(faults::duplicate_tag(&tag.key));
        }
    }
    Ok(map)
}

fn add_tags(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let trail = tagged(cx, &input.resource)?;
    let mut tags = trail.tags.clone();
    tags.extend(checked(input.tags)?);
    if tags.len() > TAGS_MAX {
        return Err(faults::too_many_tags(TAGS_MAX));
    }
    trail.tags = tags;
    Ok(())
}

fn remove_tags(cx: &mut Cx, input: Tagging) -> Result<(), Fault> {
    let trail = tagged(cx, &input.resource)?;
    for tag in &input.tags {
        trail.tags.remove(&tag.key);
    }
    Ok(())
}

fn list_tags(cx: &mut Cx, input: ListTags) -> Result<ListedTags, Fault> {
    if input.token.is_some() {
        return Err(faults::token_is_reserved());
    }
    let mut listed = ListedTags::default();
    for resource in input.resources {
        let tags = &tagged(cx, &resource)?.tags;
        let tags = tags.iter().map(|(key, value)| Tag { key: key.clone(), value: Some(value.clone()) }).collect();
        listed.resources.push(ResourceTag { resource, tags });
    }
    Ok(listed)
}

/// The trail behind a resource id, which is an ARN.
fn tagged<'w>(cx: &'w mut Cx, resource: &str) -> Result<&'w mut Trail, Fault> {
    let here = Viewpoint::of(cx);
    if !resource.starts_with("arn:") {
        return Err(faults::invalid_arn(resource));
    }
    if resource.starts_with("arn:aws:cloudtrail:") && !resource.contains(":trail/") {
        return Err(faults::resource_type_not_supported(resource));
    }
    let arn = naming::resolve(&here, resource)?;
    let trail = cx.world.account(&here.account).trails.get_mut(&arn);
    trail.ok_or_else(|| faults::unknown_resource(&arn))
}
