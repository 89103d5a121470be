//! Managed policies attached to users, groups and roles.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::entities::{Holder, Name, find, store};
use super::faults;
use super::groups::Group;
use super::paging::{PageEnd, PageRequest};
use super::policies;
use super::roles::Role;
use super::users::User;

const USER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName"), ("AWS::IAM::Policy", "PolicyArn")];
const GROUP: &[(&str, &str)] = &[("AWS::IAM::Group", "GroupName"), ("AWS::IAM::Policy", "PolicyArn")];
const ROLE: &[(&str, &str)] = &[("AWS::IAM::Role", "RoleName"), ("AWS::IAM::Policy", "PolicyArn")];

/// The operations on attachments.
pub const OPS: &[Op] = &[
    op!(Write "AttachUserPolicy" attach::<User>).resources(USER),
    op!(Write "DetachUserPolicy" detach::<User>).resources(USER),
    op!(Read "ListAttachedUserPolicies" list::<User>).resources(USER),
    op!(Write "AttachGroupPolicy" attach::<Group>).resources(GROUP),
    op!(Write "DetachGroupPolicy" detach::<Group>).resources(GROUP),
    op!(Read "ListAttachedGroupPolicies" list::<Group>).resources(GROUP),
    op!(Write "AttachRolePolicy" attach::<Role>).resources(ROLE),
    op!(Write "DetachRolePolicy" detach::<Role>).resources(ROLE),
    op!(Read "ListAttachedRolePolicies" list::<Role>).resources(ROLE),
    op!(Read "ListEntitiesForPolicy" entities).resources(&[("AWS::IAM::Policy", "PolicyArn")]),
];

/// Managed policies that one user, group or role can have.
const ATTACHED_MAX: usize = 10;

record! {
    struct PolicyArn { arn: String = "PolicyArn" }
    struct ListAttached { prefix: Option<String> = "PathPrefix" }
    struct AttachedPolicies { policies: Vec<AttachedPolicy> = "AttachedPolicies" }

    /// A managed policy as listings of attachments show it.
    pub struct AttachedPolicy { name: String = "PolicyName", arn: String = "PolicyArn" }

    struct ListEntities {
        arn: String = "PolicyArn",
        filter: Option<String> = "EntityFilter",
        prefix: Option<String> = "PathPrefix",
        usage: Option<String> = "PolicyUsageFilter",
    }
    struct Entities {
        groups: Vec<PolicyGroup> = "PolicyGroups",
        users: Vec<PolicyUser> = "PolicyUsers",
        roles: Vec<PolicyRole> = "PolicyRoles",
    }
    struct PolicyGroup { name: String = "GroupName", id: String = "GroupId" }
    struct PolicyUser { name: String = "UserName", id: String = "UserId" }
    struct PolicyRole { name: String = "RoleName", id: String = "RoleId" }
}

fn attach<K: Holder>(cx: &mut Cx, (holder, policy): (Name<K>, PolicyArn)) -> Result<(), Fault> {
    find::<K>(cx, &holder.name)?;
    if !policies::exists(store(cx), &policy.arn)? {
        return Err(faults::policy_not_attachable(&policy.arn));
    }
    let attached = &mut find::<K>(cx, &holder.name)?.permissions().attached;
    if !attached.contains(&policy.arn) && attached.len() >= ATTACHED_MAX {
        return Err(faults::quota(&format!("PoliciesPer{}", K::TITLE), ATTACHED_MAX));
    }
    attached.insert(policy.arn);
    Ok(())
}

fn detach<K: Holder>(cx: &mut Cx, (holder, policy): (Name<K>, PolicyArn)) -> Result<(), Fault> {
    let attached = &mut find::<K>(cx, &holder.name)?.permissions().attached;
    if attached.remove(&policy.arn) { Ok(()) } else { Err(faults::policy_not_found(&policy.arn)) }
}

fn list<K: Holder>(
    cx: &mut Cx,
    (holder, (input, page)): (Name<K>, (ListAttached, PageRequest)),
) -> Result<(AttachedPolicies, PageEnd), Fault> {
    let attached = &find::<K>(cx, &holder.name)?.permissions().attached;
    let prefix = input.prefix.as_deref();
    let wanted = attached.iter().filter(|arn| prefix.is_none_or(|prefix| policies::path_of(arn).starts_with(prefix)));
    let page = page.cut(wanted.map(|arn| (arn, arn)))?.map(|arn| attached_policy(arn));
    Ok((AttachedPolicies { policies: page.items }, page.end))
}

/// How listings show the attached policy `arn`.
pub fn attached_policy(arn: &str) -> AttachedPolicy {
    AttachedPolicy { name: policies::name_of(arn).to_owned(), arn: arn.to_owned() }
}

/// One of the entities that have a policy.
enum Entry {
    Group(PolicyGroup),
    User(PolicyUser),
    Role(PolicyRole),
}

fn entities(cx: &mut Cx, (input, page): (ListEntities, PageRequest)) -> Result<(Entities, PageEnd), Fault> {
    if !policies::exists(store(cx), &input.arn)? {
        return Err(faults::policy_not_found(&input.arn));
    }
    let page = page.cut(holders(store(cx), &input))?;
    let mut entities = Entities::default();
    for entry in page.items {
        match entry {
            Entry::Group(group) => entities.groups.push(group),
            Entry::User(user) => entities.users.push(user),
            Entry::Role(role) => entities.roles.push(role),
        }
    }
    Ok((entities, page.end))
}

/// Who has the policy, in the order of kinds and names.
fn holders(store: &super::Store, input: &ListEntities) -> Vec<(String, Entry)> {
    let is_kind = |kind: &str| input.filter.as_deref().is_none_or(|filter| filter == kind);
    let uses = |attached: &std::collections::BTreeSet<String>, boundary: Option<&String>| match input.usage.as_deref() {
        Some("PermissionsPolicy") => attached.contains(&input.arn),
        Some("PermissionsBoundary") => boundary == Some(&input.arn),
        _ => attached.contains(&input.arn) || boundary == Some(&input.arn),
    };
    let mut found = Vec::new();
    for (key, group) in store.groups.iter().filter(|_| is_kind("Group")) {
        if uses(&group.permissions.attached, None) && group.header.is_under(input.prefix.as_deref()) {
            let group = PolicyGroup { name: group.header.name.clone(), id: group.header.id.clone() };
            found.push((format!("group/{key}"), Entry::Group(group)));
        }
    }
    for (key, role) in store.roles.iter().filter(|_| is_kind("Role")) {
        if uses(&role.permissions.attached, role.boundary.as_ref()) && role.header.is_under(input.prefix.as_deref()) {
            let role = PolicyRole { name: role.header.name.clone(), id: role.header.id.clone() };
            found.push((format!("role/{key}"), Entry::Role(role)));
        }
    }
    for (key, user) in store.users.iter().filter(|_| is_kind("User")) {
        if uses(&user.permissions.attached, user.boundary.as_ref()) && user.header.is_under(input.prefix.as_deref()) {
            let user = PolicyUser { name: user.header.name.clone(), id: user.header.id.clone() };
            found.push((format!("user/{key}"), Entry::User(user)));
        }
    }
    found
}
