//! Roles and their trust policies.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::Store;
use super::access_keys;
use super::boundaries::{self, BoundaryView};
use super::documents;
use super::entities::{Bounded, Entity, Holder, Permissions, Tagged, find, store};
use super::faults;
use super::names::{Header, Kind};
use super::paging::{PageEnd, PageRequest};
use super::tags::{self, Tag};

const ROLE: &[(&str, &str)] = &[("AWS::IAM::Role", "RoleName")];

/// The operations on roles.
pub const OPS: &[Op] = &[
    op!(Write "CreateRole" create).resources(ROLE),
    op!(Read "GetRole" get).resources(ROLE),
    op!(Read "ListRoles" list),
    op!(Write "UpdateRole" update).resources(ROLE),
    op!(Write "UpdateRoleDescription" update_description).resources(ROLE),
    op!(Write "UpdateAssumeRolePolicy" update_trust).resources(ROLE),
    op!(Write "DeleteRole" delete).resources(ROLE),
];

const ROLES_MAX: usize = 1000;
/// Seconds of `MaxSessionDuration` unless a role says otherwise.
const SESSION_SECONDS: i64 = 3600;
/// Roles under this path belong to services and change only at their request.
pub const SERVICE_PATH: &str = "/aws-service-role/";

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    pub header: Header,
    pub permissions: Permissions,
    pub boundary: Option<String>,
    pub tags: Vec<Tag>,
    /// The trust policy: who may assume the role.
    pub trust: String,
    pub description: Option<String>,
    /// Longest session that `AssumeRole` grants.
    pub session_seconds_max: i64,
}

impl Entity for Role {
    const MEMBER: &'static str = "RoleName";

    fn find<'a>(store: &'a mut Store, name: &str) -> Option<&'a mut Role> {
        store.roles.get_mut(name)
    }

    fn missing(name: &str) -> Fault {
        faults::not_found("role", name)
    }
}

impl Holder for Role {
    const TITLE: &'static str = "Role";
    const INLINE_SIZE_MAX: usize = 10_240;

    fn permissions(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}

impl Bounded for Role {
    fn boundary(&mut self) -> &mut Option<String> {
        &mut self.boundary
    }
}

impl Tagged for Role {
    const QUOTA: &'static str = "TagsPerRole";

    fn tags(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

record! {
    struct CreateRole {
        path: Option<String> = "Path",
        name: String = "RoleName",
        trust: String = "AssumeRolePolicyDocument",
        description: Option<String> = "Description",
        session_seconds_max: Option<i64> = "MaxSessionDuration",
        boundary: Option<String> = "PermissionsBoundary",
        tags: Vec<Tag> = "Tags",
    }
    struct RoleName { name: String = "RoleName" }
    struct ListRoles { prefix: Option<String> = "PathPrefix" }
    struct UpdateRole {
        name: String = "RoleName",
        description: Option<String> = "Description",
        session_seconds_max: Option<i64> = "MaxSessionDuration",
    }
    struct UpdateDescription { name: String = "RoleName", description: String = "Description" }
    struct UpdateTrust { name: String = "RoleName", document: String = "PolicyDocument" }

    struct RoleAnswer { role: RoleView = "Role" }
    struct RolesAnswer { roles: Vec<RoleView> = "Roles" }

    /// A role as answers show it.
    pub struct RoleView {
        path: String = "Path",
        name: String = "RoleName",
        id: String = "RoleId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        trust: String = "AssumeRolePolicyDocument",
        description: Option<String> = "Description",
        session_seconds_max: Option<i64> = "MaxSessionDuration",
        boundary: Option<BoundaryView> = "PermissionsBoundary",
        tags: Option<Vec<Tag>> = "Tags",
    }
}

fn create(cx: &mut Cx, input: CreateRole) -> Result<RoleAnswer, Fault> {
    let tags = tags::initial::<Role>(input.tags)?;
    documents::check_trust_policy(&input.trust)?;
    let iam = store(cx);
    check_new(iam, &input.name)?;
    boundaries::check(iam, input.boundary.as_deref())?;
    let header = Header::new(cx.world, &cx.account, Kind::Role, input.path, input.name);
    let role = Role {
        header,
        permissions: Permissions::default(),
        boundary: input.boundary,
        tags,
        trust: input.trust,
        description: input.description.filter(|text| !text.is_empty()),
        session_seconds_max: input.session_seconds_max.unwrap_or(SESSION_SECONDS),
    };
    let view = role.created_view();
    store(cx).roles.insert(&view.name, role);
    Ok(RoleAnswer { role: view })
}

fn get(cx: &mut Cx, input: RoleName) -> Result<RoleAnswer, Fault> {
    Ok(RoleAnswer { role: find::<Role>(cx, &input.name)?.view() })
}

fn list(cx: &mut Cx, (input, page): (ListRoles, PageRequest)) -> Result<(RolesAnswer, PageEnd), Fault> {
    let prefix = input.prefix.as_deref();
    let roles = store(cx).roles.iter().filter(|(_, role)| role.header.is_under(prefix));
    let page = page.cut(roles)?.map(Role::listed);
    Ok((RolesAnswer { roles: page.items }, page.end))
}

/// The answer is empty: `UpdateRoleResult` has no members.
fn update(cx: &mut Cx, input: UpdateRole) -> Result<(), Fault> {
    let role = changeable(cx, &input.name)?;
    if let Some(description) = input.description {
        role.description = Some(description).filter(|text| !text.is_empty());
    }
    role.session_seconds_max = input.session_seconds_max.unwrap_or(SESSION_SECONDS);
    Ok(())
}

fn update_description(cx: &mut Cx, input: UpdateDescription) -> Result<RoleAnswer, Fault> {
    let role = find::<Role>(cx, &input.name)?;
    role.description = Some(input.description).filter(|text| !text.is_empty());
    Ok(RoleAnswer { role: role.view() })
}

fn update_trust(cx: &mut Cx, input: UpdateTrust) -> Result<(), Fault> {
    let role = changeable(cx, &input.name)?;
    documents::check_trust_policy(&input.document)?;
    role.trust = input.document;
    Ok(())
}

fn delete(cx: &mut Cx, input: RoleName) -> Result<(), Fault> {
    let role = changeable(cx, &input.name)?;
    if !role.permissions.attached.is_empty() {
        return Err(faults::has_attached_policies());
    }
    if !role.permissions.inline.is_empty() {
        return Err(faults::has_inline_policies());
    }
    let (iam, name) = (store(cx), &input.name);
    if iam.instance_profiles.values().any(|profile| profile.holds(name)) {
        return Err(faults::is_in_instance_profile());
    }
    if let Some(role) = iam.roles.remove(name) {
        access_keys::end_sessions(cx.world, &role.header.id);
    }
    Ok(())
}

/// Whether the account can have another role, of this name.
pub fn check_new(store: &Store, name: &str) -> Result<(), Fault> {
    if store.roles.contains(name) {
        return Err(faults::entity_exists("Role", name));
    }
    if store.roles.len() >= ROLES_MAX {
        return Err(faults::quota("RolesPerAccount", ROLES_MAX));
    }
    Ok(())
}

/// A role that users may change: not one of a service.
fn changeable<'a>(cx: &'a mut Cx<'_>, name: &str) -> Result<&'a mut Role, Fault> {
    let role = find::<Role>(cx, name)?;
    if role.header.path.starts_with(SERVICE_PATH) {
        return Err(faults::protected_role(&role.header.name));
    }
    Ok(role)
}

impl Role {
    /// As `GetRole` shows it.
    pub fn view(&self) -> RoleView {
        RoleView { boundary: boundaries::shown(self.boundary.as_ref()), tags: tags::shown(&self.tags), ..self.listed() }
    }

    /// As listings show it: without boundary and tags.
    pub fn listed(&self) -> RoleView {
        RoleView {
            description: self.description.clone(),
            session_seconds_max: Some(self.session_seconds_max),
            ..self.brief()
        }
    }

    /// As `CreateRole` shows it: records have neither description nor duration in its answer.
    pub fn created_view(&self) -> RoleView {
        RoleView { boundary: boundaries::shown(self.boundary.as_ref()), tags: tags::shown(&self.tags), ..self.brief() }
    }

    /// As instance profiles show it.
    pub fn brief(&self) -> RoleView {
        let Header { path, name, id, arn, created } = self.header.clone();
        RoleView { path, name, id, arn, created, trust: documents::encoded(&self.trust), ..RoleView::default() }
    }
}
