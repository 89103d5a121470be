//! Users.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::time::{Time, whole_seconds};

use super::Store;
use super::access_keys::{self, KeyState};
use super::boundaries::{self, BoundaryView};
use super::entities::{Bounded, Entity, Holder, Permissions, Tagged, find, store};
use super::faults;
use super::login::Login;
use super::names::{Header, Kind};
use super::paging::{PageEnd, PageRequest};
use super::tags::{self, Tag};

const USER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName")];

/// The operations on users.
pub const OPS: &[Op] = &[
    op!(Write "CreateUser" create).resources(USER),
    op!(Read "GetUser" get).resources(USER),
    op!(Read "ListUsers" list),
    op!(Write "UpdateUser" update).resources(USER),
    op!(Write "DeleteUser" delete).resources(USER),
];

/// Users of one account.
const USERS_MAX: usize = 5000;

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    pub header: Header,
    pub permissions: Permissions,
    pub boundary: Option<String>,
    pub tags: Vec<Tag>,
    pub keys: Vec<KeyState>,
    pub login: Option<Login>,
}

impl Entity for User {
    const MEMBER: &'static str = "UserName";

    fn find<'a>(store: &'a mut Store, name: &str) -> Option<&'a mut User> {
        store.users.get_mut(name)
    }

    fn missing(name: &str) -> Fault {
        faults::not_found("user", name)
    }
}

impl Holder for User {
    const TITLE: &'static str = "User";
    const INLINE_SIZE_MAX: usize = 2048;

    fn permissions(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}

impl Bounded for User {
    fn boundary(&mut self) -> &mut Option<String> {
        &mut self.boundary
    }
}

impl Tagged for User {
    const QUOTA: &'static str = "TagsPerUser";

    fn tags(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

record! {
    struct CreateUser {
        path: Option<String> = "Path",
        name: String = "UserName",
        boundary: Option<String> = "PermissionsBoundary",
        tags: Vec<Tag> = "Tags",
    }
    struct GetUser { name: Option<String> = "UserName" }
    struct ListUsers { prefix: Option<String> = "PathPrefix" }
    struct UpdateUser {
        name: String = "UserName",
        new_path: Option<String> = "NewPath",
        new_name: Option<String> = "NewUserName",
    }
    struct DeleteUser { name: String = "UserName" }

    struct UserAnswer { user: UserView = "User" }
    struct UsersAnswer { users: Vec<UserView> = "Users" }

    /// A user as answers show it; the root user has neither path nor name.
    pub struct UserView {
        path: Option<String> = "Path",
        name: Option<String> = "UserName",
        id: String = "UserId",
        arn: String = "Arn",
        created: Time = "CreateDate",
        boundary: Option<BoundaryView> = "PermissionsBoundary",
        tags: Option<Vec<Tag>> = "Tags",
    }
}

fn create(cx: &mut Cx, input: CreateUser) -> Result<UserAnswer, Fault> {
    let tags = tags::initial::<User>(input.tags)?;
    let iam = store(cx);
    if iam.users.contains(&input.name) {
        return Err(faults::entity_exists("User", &input.name));
    }
    if iam.users.len() >= USERS_MAX {
        return Err(faults::quota("UsersPerAccount", USERS_MAX));
    }
    boundaries::check(iam, input.boundary.as_deref())?;
    let header = Header::new(cx.world, &cx.account, Kind::User, input.path, input.name);
    let user = User {
        header,
        permissions: Permissions::default(),
        boundary: input.boundary,
        tags,
        keys: Vec::new(),
        login: None,
    };
    let view = user.view();
    store(cx).users.insert(&user.header.name.clone(), user);
    Ok(UserAnswer { user: view })
}

fn get(cx: &mut Cx, input: GetUser) -> Result<UserAnswer, Fault> {
    if input.name.is_none() && cx.caller.principal == Principal::Root {
        return Ok(UserAnswer { user: root(cx) });
    }
    let name = named_or_caller(cx, input.name)?;
    Ok(UserAnswer { user: find::<User>(cx, &name)?.view() })
}

fn list(cx: &mut Cx, (input, page): (ListUsers, PageRequest)) -> Result<(UsersAnswer, PageEnd), Fault> {
    let prefix = input.prefix.as_deref();
    let users = store(cx).users.iter().filter(|(_, user)| user.header.is_under(prefix));
    let page = page.cut(users)?.map(User::listed);
    Ok((UsersAnswer { users: page.items }, page.end))
}

fn update(cx: &mut Cx, input: UpdateUser) -> Result<(), Fault> {
    let account = cx.account.clone();
    find::<User>(cx, &input.name)?;
    let iam = store(cx);
    if let Some(new) = &input.new_name
        && super::names::fold(new) != super::names::fold(&input.name)
        && iam.users.contains(new)
    {
        return Err(faults::entity_exists("User", new));
    }
    let Some(mut user) = iam.users.remove(&input.name) else {
        return Err(User::missing(&input.name));
    };
    user.header.rename(&account, Kind::User, input.new_path, input.new_name);
    access_keys::rename_holder(cx.world, &user);
    store(cx).users.insert(&user.header.name.clone(), user);
    Ok(())
}

fn delete(cx: &mut Cx, input: DeleteUser) -> Result<(), Fault> {
    let user = find::<User>(cx, &input.name)?.clone();
    if user.login.is_some() {
        return Err(faults::has_login_profile());
    }
    if !user.keys.is_empty() {
        return Err(faults::has_access_keys());
    }
    if !user.permissions.attached.is_empty() {
        return Err(faults::has_attached_policies());
    }
    if !user.permissions.inline.is_empty() {
        return Err(faults::has_inline_policies());
    }
    let iam = store(cx);
    if iam.groups.values().any(|group| group.members.contains(&user.header.id)) {
        return Err(faults::is_in_groups());
    }
    iam.users.remove(&input.name);
    access_keys::end_sessions(cx.world, &user.header.id);
    Ok(())
}

/// The user an input names, else the one who calls.
pub fn named_or_caller(cx: &Cx, name: Option<String>) -> Result<String, Fault> {
    match (name, &cx.caller.principal) {
        (Some(name), _) => Ok(name),
        (None, Principal::User { name, .. }) => Ok(name.clone()),
        (None, _) => Err(faults::user_name_needed()),
    }
}

fn root(cx: &mut Cx) -> UserView {
    let now = whole_seconds(cx.world.now);
    let created = *store(cx).opened.get_or_insert(now);
    UserView { id: cx.account.to_string(), arn: cx.account.root_arn(), created, ..UserView::default() }
}

impl User {
    /// With its boundary and tags, which listings leave out.
    pub fn view(&self) -> UserView {
        UserView { boundary: boundaries::shown(self.boundary.as_ref()), tags: tags::shown(&self.tags), ..self.listed() }
    }

    pub fn listed(&self) -> UserView {
        let Header { path, name, id, arn, created } = self.header.clone();
        UserView { path: Some(path), name: Some(name), id, arn, created, ..UserView::default() }
    }

    /// The user as the caller of a request.
    pub fn principal(&self) -> Principal {
        let Header { id, name, arn, .. } = self.header.clone();
        Principal::User { id, name, arn }
    }
}
