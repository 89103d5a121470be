//! Instance profiles: the roles that EC2 instances can have.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::Store;
use super::entities::{Entity, Tagged, find, store};
use super::faults;
use super::names::{Header, Kind, fold};
use super::paging::{PageEnd, PageRequest};
use super::roles::{Role, RoleView};
use super::tags::{self, Tag};

const PROFILE: &[(&str, &str)] = &[("AWS::IAM::InstanceProfile", "InstanceProfileName")];
const BOTH: &[(&str, &str)] = &[("AWS::IAM::Role", "RoleName"), ("AWS::IAM::InstanceProfile", "InstanceProfileName")];

/// The operations on instance profiles.
pub const OPS: &[Op] = &[
    op!(Write "CreateInstanceProfile" create).resources(PROFILE),
    op!(Read "GetInstanceProfile" get).resources(PROFILE),
    op!(Read "ListInstanceProfiles" list),
    op!(Read "ListInstanceProfilesForRole" list_for_role).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Write "AddRoleToInstanceProfile" add_role).resources(BOTH),
    op!(Write "RemoveRoleFromInstanceProfile" remove_role).resources(BOTH),
    op!(Write "DeleteInstanceProfile" delete).resources(PROFILE),
];

const PROFILES_MAX: usize = 1000;

/// An instance profile. It has one role at most.
#[derive(Clone, Debug)]
pub struct InstanceProfile {
    pub header: Header,
    /// Name of its role; roles cannot be renamed.
    pub role: Option<String>,
    pub tags: Vec<Tag>,
}

impl Entity for InstanceProfile {
    const MEMBER: &'static str = "InstanceProfileName";

    fn find<'a>(store: &'a mut Store, name: &str) -> Option<&'a mut InstanceProfile> {
        store.instance_profiles.get_mut(name)
    }

    fn missing(name: &str) -> Fault {
        faults::instance_profile_not_found(name)
    }
}

impl Tagged for InstanceProfile {
    const QUOTA: &'static str = "TagsPerInstanceProfile";

    fn tags(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

record! {
    struct CreateProfile { path: Option<String> = "Path", name: String = "InstanceProfileName", tags: Vec<Tag> = "Tags" }
    struct ProfileName { name: String = "InstanceProfileName" }
    struct ListProfiles { prefix: Option<String> = "PathPrefix" }
    struct ForRole { role: String = "RoleName" }
    struct RoleInProfile { profile: String = "InstanceProfileName", role: String = "RoleName" }

    struct ProfileAnswer { profile: ProfileView = "InstanceProfile" }
    struct ProfilesAnswer { profiles: Vec<ProfileView> = "InstanceProfiles" }

    /// An instance profile as answers show it.
    pub struct ProfileView {
        path: String = "Path",
        name: String = "InstanceProfileName",
        id: String = "InstanceProfileId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        roles: Vec<RoleView> = "Roles",
        tags: Option<Vec<Tag>> = "Tags",
    }
}

fn create(cx: &mut Cx, input: CreateProfile) -> Result<ProfileAnswer, Fault> {
    let tags = tags::initial::<InstanceProfile>(input.tags)?;
    let profiles = &store(cx).instance_profiles;
    if profiles.contains(&input.name) {
        return Err(faults::instance_profile_exists(&input.name));
    }
    if profiles.len() >= PROFILES_MAX {
        return Err(faults::quota("InstanceProfilesPerAccount", PROFILES_MAX));
    }
    let header = Header::new(cx.world, &cx.account, Kind::InstanceProfile, input.path, input.name);
    let profile = InstanceProfile { header, role: None, tags };
    let iam = store(cx);
    let view = profile.view(iam);
    iam.instance_profiles.insert(&view.name, profile);
    Ok(ProfileAnswer { profile: view })
}

fn get(cx: &mut Cx, input: ProfileName) -> Result<ProfileAnswer, Fault> {
    let profile = find::<InstanceProfile>(cx, &input.name)?.clone();
    Ok(ProfileAnswer { profile: profile.view(store(cx)) })
}

fn list(cx: &mut Cx, (input, page): (ListProfiles, PageRequest)) -> Result<(ProfilesAnswer, PageEnd), Fault> {
    let (iam, prefix) = (store(cx), input.prefix.as_deref());
    let profiles = iam.instance_profiles.iter().filter(|(_, profile)| profile.header.is_under(prefix));
    let page = page.cut(profiles)?.map(|profile| profile.listed(iam));
    Ok((ProfilesAnswer { profiles: page.items }, page.end))
}

fn list_for_role(cx: &mut Cx, (input, page): (ForRole, PageRequest)) -> Result<(ProfilesAnswer, PageEnd), Fault> {
    find::<Role>(cx, &input.role)?;
    let iam = store(cx);
    let profiles = iam.instance_profiles.iter().filter(|(_, profile)| profile.holds(&input.role));
    let page = page.cut(profiles)?.map(|profile| profile.listed(iam));
    Ok((ProfilesAnswer { profiles: page.items }, page.end))
}

fn add_role(cx: &mut Cx, input: RoleInProfile) -> Result<(), Fault> {
    find::<InstanceProfile>(cx, &input.profile)?;
    let role = find::<Role>(cx, &input.role)?.header.name.clone();
    let profile = find::<InstanceProfile>(cx, &input.profile)?;
    if profile.role.is_some() {
        return Err(faults::quota("InstanceSessionsPerInstanceProfile", 1));
    }
    profile.role = Some(role);
    Ok(())
}

fn remove_role(cx: &mut Cx, input: RoleInProfile) -> Result<(), Fault> {
    find::<InstanceProfile>(cx, &input.profile)?;
    find::<Role>(cx, &input.role)?;
    let profile = find::<InstanceProfile>(cx, &input.profile)?;
    if !profile.holds(&input.role) {
        return Err(faults::role_not_in_instance_profile(&input.role, &input.profile));
    }
    profile.role = None;
    Ok(())
}

fn delete(cx: &mut Cx, input: ProfileName) -> Result<(), Fault> {
    if find::<InstanceProfile>(cx, &input.name)?.role.is_some() {
        return Err(faults::is_in_instance_profile());
    }
    store(cx).instance_profiles.remove(&input.name);
    Ok(())
}

impl InstanceProfile {
    /// Whether this is the profile's role.
    pub fn holds(&self, role: &str) -> bool {
        self.role.as_deref().is_some_and(|own| fold(own) == fold(role))
    }

    /// With its tags, which listings leave out.
    pub fn view(&self, store: &Store) -> ProfileView {
        ProfileView { tags: tags::shown(&self.tags), ..self.listed(store) }
    }

    pub fn listed(&self, store: &Store) -> ProfileView {
        let Header { path, name, id, arn, created } = self.header.clone();
        let role = self.role.as_deref().and_then(|role| store.roles.get(role));
        let roles = role.map(Role::brief).into_iter().collect();
        ProfileView { path, name, id, arn, created, roles, tags: None }
    }
}
