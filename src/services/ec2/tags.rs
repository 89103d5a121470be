//! Tags, of all resources alike (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>).

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::Op;

use super::filters::{Filters, PageEnd, PageRequest, Paths};
use super::kinds::{self, Kind};
use super::{Store, dry_run, faults, store};

/// The operations on tags.
pub const OPS: &[Op] =
    &[op!(Write "CreateTags" create), op!(Write "DeleteTags" delete), op!(Read "DescribeTags" describe)];

/// Tags of one resource.
pub type Tags = BTreeMap<String, String>;

/// The tags of all resources, by the resources' ids.
#[derive(Debug, Default)]
pub struct Tagged(BTreeMap<String, Tags>);

const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;
const TAGS_MAX: usize = 50;

const PATHS: Paths =
    &[("key", "Key"), ("resource-id", "ResourceId"), ("resource-type", "ResourceType"), ("value", "Value")];

record! {
    /// A tag.
    pub struct Tag { key: String = "Key", value: Option<String> = "Value" }

    /// `TagSpecifications` of an operation that makes resources.
    pub struct Tagging { specifications: Vec<Specification> = "TagSpecifications" }
    pub struct Specification { kind: String = "ResourceType", tags: Vec<Tag> = "Tags" }

    struct CreateTags { resources: Vec<String> = "Resources", tags: Vec<Tag> = "Tags" }
    struct DescribedTags { tags: Vec<TagDescription> = "Tags" }
    struct TagDescription {
        key: String = "Key",
        resource: String = "ResourceId",
        kind: String = "ResourceType",
        value: String = "Value",
    }
}

impl Tagged {
    pub fn of(&self, id: &str) -> Option<&Tags> {
        self.0.get(id)
    }

    /// As they are shown with the resource.
    pub fn shown(&self, id: &str) -> Vec<Tag> {
        let tags = self.of(id).into_iter().flatten();
        tags.map(|(key, value)| Tag { key: key.clone(), value: Some(value.clone()) }).collect()
    }

    /// Adds tags to a resource; of equal keys the new one counts.
    pub fn add(&mut self, id: &str, tags: Tags) {
        if !tags.is_empty() {
            self.0.entry(id.to_owned()).or_default().extend(tags);
        }
    }

    /// Forgets a resource that is no more.
    pub fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }
}

impl Tagging {
    /// The tags for the only kind of resource that the operation makes.
    pub fn only(&self, kind: &Kind) -> Result<Tags, Fault> {
        match self.specifications.iter().find(|specification| specification.kind != kind.tag_type) {
            Some(other) => Err(faults::wrong_tag_type(kind, &other.kind)),
            None => self.of(kind),
        }
    }

    /// The tags for one of several kinds.
    pub fn of(&self, kind: &Kind) -> Result<Tags, Fault> {
        let specifications = self.specifications.iter().filter(|specification| specification.kind == kind.tag_type);
        let mut all = Vec::new();
        for specification in specifications {
            if specification.tags.is_empty() {
                return Err(faults::empty_tag_specification());
            }
            all.extend(&specification.tags);
        }
        checked(all)
    }
}

/// Checks keys and values; a tag without a value has an empty one.
fn checked<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Result<Tags, Fault> {
    let mut all = Tags::new();
    for Tag { key, value } in tags {
        let value = value.clone().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(faults::reserved_tag(key));
        }
        if key.is_empty() || key.chars().count() > KEY_LENGTH_MAX {
            return Err(faults::tag_too_long("key", KEY_LENGTH_MAX));
        }
        if value.chars().count() > VALUE_LENGTH_MAX {
            return Err(faults::tag_too_long("value", VALUE_LENGTH_MAX));
        }
        if all.insert(key.clone(), value).is_some() {
            return Err(faults::duplicate_tag(key));
        }
    }
    if all.len() > TAGS_MAX { Err(faults::too_many_tags()) } else { Ok(all) }
}

fn create(cx: &mut Cx, input: CreateTags) -> Result<(), Fault> {
    let tags = checked(&input.tags)?;
    exist(cx, &input.resources)?;
    let tagged = &store(cx).tags;
    for id in &input.resources {
        let kept = tagged.of(id).map_or(0, |kept| kept.keys().filter(|key| !tags.contains_key(*key)).count());
        if kept + tags.len() > TAGS_MAX {
            return Err(faults::too_many_tags());
        }
    }
    dry_run(cx)?;
    let tagged = &mut store(cx).tags;
    input.resources.iter().for_each(|id| tagged.add(id, tags.clone()));
    Ok(())
}

/// Deletes tags by their keys, or keys and values; without any, all.
fn delete(cx: &mut Cx, input: CreateTags) -> Result<(), Fault> {
    exist(cx, &input.resources)?;
    dry_run(cx)?;
    let tagged = &mut store(cx).tags.0;
    for id in &input.resources {
        let Some(tags) = tagged.get_mut(id) else { continue };
        let named = |key: &str, value: &str| {
            input.tags.iter().any(|tag| tag.key == key && tag.value.as_ref().is_none_or(|wanted| wanted == value))
        };
        tags.retain(|key, value| !input.tags.is_empty() && !named(key, value));
        if tags.is_empty() {
            tagged.remove(id);
        }
    }
    Ok(())
}

/// The resources to be tagged must be there.
fn exist(cx: &mut Cx, ids: &[String]) -> Result<(), Fault> {
    for id in ids {
        let kind = kinds::of(id).ok_or_else(|| faults::invalid_resource_id(id))?;
        if !has(store(cx), kind, id) {
            return Err(kind.missing(id));
        }
    }
    Ok(())
}

fn has(store: &Store, kind: &Kind, id: &str) -> bool {
    match kind.prefix {
        "vpc" => store.vpcs.contains_key(id),
        "subnet" => store.subnets.contains_key(id),
        "dopt" => store.dhcp_options.contains_key(id),
        "igw" => store.internet_gateways.contains_key(id),
        "eigw" => store.egress_gateways.contains_key(id),
        "rtb" => store.route_tables.contains_key(id),
        "sg" => store.security_groups.contains_key(id),
        "sgr" => store.security_groups.values().any(|group| group.rules.iter().any(|rule| rule.id == id)),
        "acl" => store.network_acls.contains_key(id),
        "pl" => store.prefix_lists.contains_key(id),
        "eni" => store.interfaces.contains_key(id),
        "eipalloc" => store.addresses.contains_key(id),
        "nat" => store.nat_gateways.contains_key(id),
        "i" => store.instances.contains_key(id),
        "key" => store.key_pairs.values().any(|pair| pair.id == id),
        "pcx" => store.peerings.contains_key(id),
        "vpce" => store.endpoints.contains_key(id),
        "fl" => store.flow_logs.contains_key(id),
        "nip" => store.insights_paths.contains_key(id),
        "nia" => store.insights_analyses.contains_key(id),
        _ => false,
    }
}

fn describe(cx: &mut Cx, (filters, page): (Filters, PageRequest)) -> Result<(DescribedTags, PageEnd), Fault> {
    filters.check(PATHS)?;
    let after = page.after()?;
    let all = store(cx).tags.0.iter().flat_map(|(id, tags)| tags.iter().map(move |tag| (id, tag)));
    let all = all.map(|(id, (key, value))| (format!("{id}/{key}"), description(id, key, value)));
    let all = all.filter(|(at, _)| after.as_ref().is_none_or(|after| at > after));
    let passes = |tag: &TagDescription| {
        let own = Tags::from([(tag.key.clone(), tag.value.clone())]);
        filters.pass(&tag.clone().write(), Some(&own), PATHS)
    };
    let (tags, end) = page.take(all.filter(|(_, tag)| passes(tag)));
    Ok((DescribedTags { tags }, end))
}

fn description(id: &str, key: &str, value: &str) -> TagDescription {
    TagDescription {
        key: key.to_owned(),
        resource: id.to_owned(),
        kind: kinds::of(id).map_or("", |kind| kind.tag_type).to_owned(),
        value: value.to_owned(),
    }
}
