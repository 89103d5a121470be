//! Tags of users, roles, policies and instance profiles.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::entities::{Name, Tagged, find};
use super::faults;
use super::instance_profiles::InstanceProfile;
use super::paging::{PageEnd, PageRequest};
use super::policies::Policy;
use super::roles::Role;
use super::users::User;

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Write "TagUser" tag::<User>).resources(&[("AWS::IAM::User", "UserName")]),
    op!(Write "UntagUser" untag::<User>).resources(&[("AWS::IAM::User", "UserName")]),
    op!(Read "ListUserTags" list::<User>).resources(&[("AWS::IAM::User", "UserName")]),
    op!(Write "TagRole" tag::<Role>).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Write "UntagRole" untag::<Role>).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Read "ListRoleTags" list::<Role>).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Write "TagPolicy" tag::<Policy>).resources(&[("AWS::IAM::Policy", "PolicyArn")]),
    op!(Write "UntagPolicy" untag::<Policy>).resources(&[("AWS::IAM::Policy", "PolicyArn")]),
    op!(Read "ListPolicyTags" list::<Policy>).resources(&[("AWS::IAM::Policy", "PolicyArn")]),
    op!(Write "TagInstanceProfile" tag::<InstanceProfile>)
        .resources(&[("AWS::IAM::InstanceProfile", "InstanceProfileName")]),
    op!(Write "UntagInstanceProfile" untag::<InstanceProfile>)
        .resources(&[("AWS::IAM::InstanceProfile", "InstanceProfileName")]),
    op!(Read "ListInstanceProfileTags" list::<InstanceProfile>)
        .resources(&[("AWS::IAM::InstanceProfile", "InstanceProfileName")]),
];

/// Tags that one entity can have.
const TAGS_MAX: usize = 50;

record! {
    /// A tag. Keys keep the spelling they were given first; they differ in more than case.
    pub struct Tag { key: String = "Key", value: String = "Value" }

    struct Tags { tags: Vec<Tag> = "Tags" }
    struct TagKeys { keys: Vec<String> = "TagKeys" }
}

fn tag<K: Tagged>(cx: &mut Cx, (entity, input): (Name<K>, Tags)) -> Result<(), Fault> {
    let tags = find::<K>(cx, &entity.name)?.tags();
    *tags = merged::<K>(tags, input.tags)?;
    Ok(())
}

fn untag<K: Tagged>(cx: &mut Cx, (entity, input): (Name<K>, TagKeys)) -> Result<(), Fault> {
    let gone = |tag: &Tag| input.keys.iter().any(|key| same(key, &tag.key));
    find::<K>(cx, &entity.name)?.tags().retain(|tag| !gone(tag));
    Ok(())
}

fn list<K: Tagged>(cx: &mut Cx, (entity, page): (Name<K>, PageRequest)) -> Result<(Tags, PageEnd), Fault> {
    let mut tags = find::<K>(cx, &entity.name)?.tags().clone();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    let page = page.cut(tags.into_iter().map(|tag| (tag.key.clone(), tag)))?;
    Ok((Tags { tags: page.items }, page.end))
}

/// The tags that a new entity gets.
pub fn initial<K: Tagged>(tags: Vec<Tag>) -> Result<Vec<Tag>, Fault> {
    merged::<K>(&[], tags)
}

/// Tags as views show them: left out when there are none.
pub fn shown(tags: &[Tag]) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| tags.to_vec())
}

fn merged<K: Tagged>(old: &[Tag], new: Vec<Tag>) -> Result<Vec<Tag>, Fault> {
    let repeated = |(at, tag): (usize, &Tag)| new.iter().take(at).any(|earlier| same(&earlier.key, &tag.key));
    if new.iter().enumerate().any(repeated) {
        return Err(faults::duplicate_tags());
    }
    let mut merged = old.to_vec();
    for tag in new {
        match merged.iter_mut().find(|old| same(&old.key, &tag.key)) {
            Some(old) => old.value = tag.value,
            None => merged.push(tag),
        }
    }
    if merged.len() > TAGS_MAX { Err(faults::quota(K::QUOTA, TAGS_MAX)) } else { Ok(merged) }
}

/// Tag keys of IAM are compared without regard to case
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>).
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
