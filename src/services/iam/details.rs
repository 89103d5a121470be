//! `GetAccountAuthorizationDetails`: all of an account's IAM in one listing.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::Store;
use super::attachments::{AttachedPolicy, attached_policy};
use super::boundaries::{self, BoundaryView};
use super::documents;
use super::entities::{Permissions, store};
use super::groups::Group;
use super::inline::InlinePolicy;
use super::instance_profiles::ProfileView;
use super::names::Header;
use super::paging::{PageEnd, PageRequest};
use super::policies::{Policy, Usages, VersionView};
use super::roles::Role;
use super::tags::{self, Tag};
use super::users::User;

/// The operation.
pub const OPS: &[Op] = &[op!(Read "GetAccountAuthorizationDetails" details)];

record! {
    struct Filter { kinds: Vec<String> = "Filter" }

    struct Details {
        users: Vec<UserDetail> = "UserDetailList",
        groups: Vec<GroupDetail> = "GroupDetailList",
        roles: Vec<RoleDetail> = "RoleDetailList",
        policies: Vec<PolicyDetail> = "Policies",
    }
    struct UserDetail {
        path: String = "Path",
        name: String = "UserName",
        id: String = "UserId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        inline: Vec<InlinePolicy> = "UserPolicyList",
        groups: Vec<String> = "GroupList",
        attached: Vec<AttachedPolicy> = "AttachedManagedPolicies",
        boundary: Option<BoundaryView> = "PermissionsBoundary",
        tags: Option<Vec<Tag>> = "Tags",
    }
    struct GroupDetail {
        path: String = "Path",
        name: String = "GroupName",
        id: String = "GroupId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        inline: Vec<InlinePolicy> = "GroupPolicyList",
        attached: Vec<AttachedPolicy> = "AttachedManagedPolicies",
    }
    struct RoleDetail {
        path: String = "Path",
        name: String = "RoleName",
        id: String = "RoleId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        trust: String = "AssumeRolePolicyDocument",
        profiles: Vec<ProfileView> = "InstanceProfileList",
        inline: Vec<InlinePolicy> = "RolePolicyList",
        attached: Vec<AttachedPolicy> = "AttachedManagedPolicies",
        boundary: Option<BoundaryView> = "PermissionsBoundary",
        tags: Option<Vec<Tag>> = "Tags",
    }
    struct PolicyDetail {
        name: String = "PolicyName",
        id: String = "PolicyId",
        arn: String = "Arn",
        path: String = "Path",
        default: String = "DefaultVersionId",
        attachments: i64 = "AttachmentCount",
        boundary_uses: i64 = "PermissionsBoundaryUsageCount",
        is_attachable: bool = "IsAttachable",
        description: Option<String> = "Description",
        created: Time = "CreateDate",
        updated: Time = "UpdateDate",
        versions: Vec<VersionView> = "PolicyVersionList",
    }
}

/// An entity of any kind, on its way to a page.
enum Entry<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Policy(&'a Policy),
}

/// AWS's own policies are left out, although AWS lists those in use: we do not hold their documents.
fn details(cx: &mut Cx, (filter, page): (Filter, PageRequest)) -> Result<(Details, PageEnd), Fault> {
    let iam = store(cx);
    let page = page.cut(entries(iam, &filter.kinds))?;
    let usages = Usages::count(iam);
    let mut details = Details::default();
    for entry in page.items {
        match entry {
            Entry::User(user) => details.users.push(user_detail(iam, user)),
            Entry::Group(group) => details.groups.push(group_detail(group)),
            Entry::Role(role) => details.roles.push(role_detail(iam, role)),
            Entry::Policy(policy) => details.policies.push(policy_detail(policy, &usages)),
        }
    }
    Ok((details, page.end))
}

/// The entities of the kinds asked for, each with the key that pages go on from.
fn entries<'a>(iam: &'a Store, kinds: &[String]) -> Vec<(String, Entry<'a>)> {
    let wants = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind);
    let groups = iam.groups.iter().filter(|_| wants("Group"));
    let policies = iam.policies.iter().filter(|_| wants("LocalManagedPolicy"));
    let roles = iam.roles.iter().filter(|_| wants("Role"));
    let users = iam.users.iter().filter(|_| wants("User"));
    let groups = groups.map(|(key, group)| (format!("group/{key}"), Entry::Group(group)));
    let policies = policies.map(|(key, policy)| (format!("policy/{key}"), Entry::Policy(policy)));
    let roles = roles.map(|(key, role)| (format!("role/{key}"), Entry::Role(role)));
    let users = users.map(|(key, user)| (format!("user/{key}"), Entry::User(user)));
    groups.chain(policies).chain(roles).chain(users).collect()
}

fn user_detail(iam: &Store, user: &User) -> UserDetail {
    let Header { path, name, id, arn, created } = user.header.clone();
    let groups = iam.groups.values().filter(|group| group.members.contains(&id));
    let groups = groups.map(|group| group.header.name.clone()).collect();
    let (inline, attached) = policies_of(&user.permissions);
    let (boundary, tags) = (boundaries::shown(user.boundary.as_ref()), tags::shown(&user.tags));
    UserDetail { path, name, id, arn, created, inline, groups, attached, boundary, tags }
}

fn group_detail(group: &Group) -> GroupDetail {
    let Header { path, name, id, arn, created } = group.header.clone();
    let (inline, attached) = policies_of(&group.permissions);
    GroupDetail { path, name, id, arn, created, inline, attached }
}

fn role_detail(iam: &Store, role: &Role) -> RoleDetail {
    let Header { path, name, id, arn, created } = role.header.clone();
    let profiles = iam.instance_profiles.values().filter(|profile| profile.holds(&name));
    let profiles = profiles.map(|profile| profile.listed(iam)).collect();
    let (inline, attached) = policies_of(&role.permissions);
    let (boundary, tags) = (boundaries::shown(role.boundary.as_ref()), tags::shown(&role.tags));
    let trust = documents::encoded(&role.trust);
    RoleDetail { path, name, id, arn, created, trust, profiles, inline, attached, boundary, tags }
}

fn policy_detail(policy: &Policy, usages: &Usages) -> PolicyDetail {
    let Header { path, name, id, arn, created } = policy.header.clone();
    let usage = usages.of(&arn);
    PolicyDetail {
        name,
        id,
        arn,
        path,
        default: format!("v{}", policy.default),
        attachments: usage.attachments,
        boundary_uses: usage.boundaries,
        is_attachable: true,
        description: policy.description.clone(),
        created,
        updated: policy.updated,
        versions: policy.version_views().rev().map(|(_, version)| version).collect(),
    }
}

fn policies_of(permissions: &Permissions) -> (Vec<InlinePolicy>, Vec<AttachedPolicy>) {
    let inline = permissions
        .inline
        .iter()
        .map(|(name, document)| InlinePolicy { name: name.clone(), document: documents::encoded(document) });
    (inline.collect(), permissions.attached.iter().map(|arn| attached_policy(arn)).collect())
}
