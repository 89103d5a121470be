//! Inline policies of users, groups and roles.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::documents;
use super::entities::{Holder, Name, find};
use super::faults;
use super::groups::Group;
use super::paging::{PageEnd, PageRequest};
use super::roles::Role;
use super::users::User;

const USER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName"), ("AWS::IAM::Policy", "PolicyName")];
const GROUP: &[(&str, &str)] = &[("AWS::IAM::Group", "GroupName"), ("AWS::IAM::Policy", "PolicyName")];
const ROLE: &[(&str, &str)] = &[("AWS::IAM::Role", "RoleName"), ("AWS::IAM::Policy", "PolicyName")];

/// The operations on inline policies.
pub const OPS: &[Op] = &[
    op!(Write "PutUserPolicy" put::<User>).resources(USER),
    op!(Read "GetUserPolicy" get::<User>).resources(USER),
    op!(Write "DeleteUserPolicy" delete::<User>).resources(USER),
    op!(Read "ListUserPolicies" list::<User>).resources(USER),
    op!(Write "PutGroupPolicy" put::<Group>).resources(GROUP),
    op!(Read "GetGroupPolicy" get::<Group>).resources(GROUP),
    op!(Write "DeleteGroupPolicy" delete::<Group>).resources(GROUP),
    op!(Read "ListGroupPolicies" list::<Group>).resources(GROUP),
    op!(Write "PutRolePolicy" put::<Role>).resources(ROLE),
    op!(Read "GetRolePolicy" get::<Role>).resources(ROLE),
    op!(Write "DeleteRolePolicy" delete::<Role>).resources(ROLE),
    op!(Read "ListRolePolicies" list::<Role>).resources(ROLE),
];

record! {
    /// A policy and what it says.
    pub struct InlinePolicy { name: String = "PolicyName", document: String = "PolicyDocument" }

    struct PolicyName { name: String = "PolicyName" }
    struct PolicyNames { names: Vec<String> = "PolicyNames" }
}

fn put<K: Holder>(cx: &mut Cx, (holder, policy): (Name<K>, InlinePolicy)) -> Result<(), Fault> {
    let inline = &mut find::<K>(cx, &holder.name)?.permissions().inline;
    documents::check_identity_policy(&policy.document)?;
    let others = inline.iter().filter(|(name, _)| **name != policy.name).map(|(_, document)| document);
    let size: usize = others.chain([&policy.document]).map(|document| documents::size(document)).sum();
    if size > K::INLINE_SIZE_MAX {
        return Err(faults::inline_policies_too_large(K::TITLE, &holder.name, K::INLINE_SIZE_MAX));
    }
    inline.insert(policy.name, policy.document);
    Ok(())
}

fn get<K: Holder>(cx: &mut Cx, (holder, input): (Name<K>, PolicyName)) -> Result<(Name<K>, InlinePolicy), Fault> {
    let inline = &find::<K>(cx, &holder.name)?.permissions().inline;
    let document = inline.get(&input.name).ok_or_else(|| faults::inline_policy_not_found(K::TITLE, &input.name))?;
    let document = documents::encoded(document);
    Ok((holder, InlinePolicy { name: input.name, document }))
}

fn delete<K: Holder>(cx: &mut Cx, (holder, input): (Name<K>, PolicyName)) -> Result<(), Fault> {
    let inline = &mut find::<K>(cx, &holder.name)?.permissions().inline;
    let removed = inline.remove(&input.name);
    removed.map(drop).ok_or_else(|| faults::inline_policy_not_found(K::TITLE, &input.name))
}

fn list<K: Holder>(cx: &mut Cx, (holder, page): (Name<K>, PageRequest)) -> Result<(PolicyNames, PageEnd), Fault> {
    let inline = &find::<K>(cx, &holder.name)?.permissions().inline;
    let page = page.cut(inline.keys().map(|name| (name, name.clone())))?;
    Ok((PolicyNames { names: page.items }, page.end))
}
