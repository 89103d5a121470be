//! Groups and who belongs to them.

use std::collections::BTreeSet;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::Store;
use super::entities::{Entity, Holder, Permissions, find, store};
use super::faults;
use super::names::{Header, Kind, fold};
use super::paging::{PageEnd, PageRequest};
use super::users::{User, UserView};

const GROUP: &[(&str, &str)] = &[("AWS::IAM::Group", "GroupName")];
const MEMBER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName"), ("AWS::IAM::Group", "GroupName")];

/// The operations on groups.
pub const OPS: &[Op] = &[
    op!(Write "CreateGroup" create).resources(GROUP),
    op!(Read "GetGroup" get).resources(GROUP),
    op!(Read "ListGroups" list),
    op!(Write "UpdateGroup" update).resources(GROUP),
    op!(Write "DeleteGroup" delete).resources(GROUP),
    op!(Write "AddUserToGroup" add_user).resources(MEMBER),
    op!(Write "RemoveUserFromGroup" remove_user).resources(MEMBER),
    op!(Read "ListGroupsForUser" list_for_user).resources(&[("AWS::IAM::User", "UserName")]),
];

const GROUPS_MAX: usize = 300;
const GROUPS_PER_USER_MAX: usize = 10;

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    pub header: Header,
    pub permissions: Permissions,
    /// Unique ids of its users, which stay when users are renamed.
    pub members: BTreeSet<String>,
}

impl Entity for Group {
    const MEMBER: &'static str = "GroupName";

    fn find<'a>(store: &'a mut Store, name: &str) -> Option<&'a mut Group> {
        store.groups.get_mut(name)
    }

    fn missing(name: &str) -> Fault {
        faults::not_found("group", name)
    }
}

impl Holder for Group {
    const TITLE: &'static str = "Group";
    const INLINE_SIZE_MAX: usize = 5120;

    fn permissions(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}

record! {
    struct CreateGroup { path: Option<String> = "Path", name: String = "GroupName" }
    struct GroupName { name: String = "GroupName" }
    struct ListGroups { prefix: Option<String> = "PathPrefix" }
    struct UpdateGroup {
        name: String = "GroupName",
        new_path: Option<String> = "NewPath",
        new_name: Option<String> = "NewGroupName",
    }
    struct Membership { group: String = "GroupName", user: String = "UserName" }
    struct ForUser { user: String = "UserName" }

    struct GroupAnswer { group: GroupView = "Group" }
    struct MembersAnswer { group: GroupView = "Group", users: Vec<UserView> = "Users" }
    struct GroupsAnswer { groups: Vec<GroupView> = "Groups" }

    /// A group as answers show it.
    pub struct GroupView {
        path: String = "Path",
        name: String = "GroupName",
        id: String = "GroupId",
        arn: String = "Arn",
        created: Time = "CreateDate",
    }
}

fn create(cx: &mut Cx, input: CreateGroup) -> Result<GroupAnswer, Fault> {
    let groups = &store(cx).groups;
    if groups.contains(&input.name) {
        return Err(faults::entity_exists("Group", &input.name));
    }
    if groups.len() >= GROUPS_MAX {
        return Err(faults::quota("GroupsPerAccount", GROUPS_MAX));
    }
    let header = Header::new(cx.world, &cx.account, Kind::Group, input.path, input.name);
    let group = Group { header, permissions: Permissions::default(), members: BTreeSet::new() };
    let view = group.view();
    store(cx).groups.insert(&view.name, group);
    Ok(GroupAnswer { group: view })
}

fn get(cx: &mut Cx, (input, page): (GroupName, PageRequest)) -> Result<(MembersAnswer, PageEnd), Fault> {
    let group = find::<Group>(cx, &input.name)?.clone();
    let members = store(cx).users.iter().filter(|(_, user)| group.members.contains(&user.header.id));
    let page = page.cut(members)?.map(User::listed);
    Ok((MembersAnswer { group: group.view(), users: page.items }, page.end))
}

fn list(cx: &mut Cx, (input, page): (ListGroups, PageRequest)) -> Result<(GroupsAnswer, PageEnd), Fault> {
    let prefix = input.prefix.as_deref();
    let groups = store(cx).groups.iter().filter(|(_, group)| group.header.is_under(prefix));
    let page = page.cut(groups)?.map(Group::view);
    Ok((GroupsAnswer { groups: page.items }, page.end))
}

fn update(cx: &mut Cx, input: UpdateGroup) -> Result<(), Fault> {
    let account = cx.account.clone();
    find::<Group>(cx, &input.name)?;
    let groups = &mut store(cx).groups;
    if let Some(new) = &input.new_name
        && fold(new) != fold(&input.name)
        && groups.contains(new)
    {
        return Err(faults::entity_exists("Group", new));
    }
    if let Some(mut group) = groups.remove(&input.name) {
        group.header.rename(&account, Kind::Group, input.new_path, input.new_name);
        groups.insert(&group.header.name.clone(), group);
    }
    Ok(())
}

fn delete(cx: &mut Cx, input: GroupName) -> Result<(), Fault> {
    let group = find::<Group>(cx, &input.name)?;
    if !group.members.is_empty() {
        return Err(faults::is_in_groups());
    }
    if !group.permissions.attached.is_empty() {
        return Err(faults::has_attached_policies());
    }
    if !group.permissions.inline.is_empty() {
        return Err(faults::has_inline_policies());
    }
    store(cx).groups.remove(&input.name);
    Ok(())
}

fn add_user(cx: &mut Cx, input: Membership) -> Result<(), Fault> {
    find::<Group>(cx, &input.group)?;
    let user = find::<User>(cx, &input.user)?.header.id.clone();
    let groups = store(cx).groups.values().filter(|group| group.members.contains(&user)).count();
    let members = &mut find::<Group>(cx, &input.group)?.members;
    if !members.contains(&user) && groups >= GROUPS_PER_USER_MAX {
        return Err(faults::quota("GroupsPerUser", GROUPS_PER_USER_MAX));
    }
    members.insert(user);
    Ok(())
}

fn remove_user(cx: &mut Cx, input: Membership) -> Result<(), Fault> {
    find::<Group>(cx, &input.group)?;
    let user = find::<User>(cx, &input.user)?.header.id.clone();
    find::<Group>(cx, &input.group)?.members.remove(&user);
    Ok(())
}

fn list_for_user(cx: &mut Cx, (input, page): (ForUser, PageRequest)) -> Result<(GroupsAnswer, PageEnd), Fault> {
    let user = find::<User>(cx, &input.user)?.header.id.clone();
    let groups = store(cx).groups.iter().filter(|(_, group)| group.members.contains(&user));
    let page = page.cut(groups)?.map(Group::view);
    Ok((GroupsAnswer { groups: page.items }, page.end))
}

impl Group {
    pub fn view(&self) -> GroupView {
        let Header { path, name, id, arn, created } = self.header.clone();
        GroupView { path, name, id, arn, created }
    }
}
