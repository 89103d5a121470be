//! Long-term access keys of users and of the root user. The world's index of keys authenticates; what stands here
//! is what IAM shows.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::caller::{AccessKey, Principal};
use crate::world::op::Op;
use crate::world::time::{Time, whole_seconds};

use super::entities::{find, store};
use super::faults;
use super::paging::{PageEnd, PageRequest};
use super::users::{User, named_or_caller};

const USER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName")];
const KEY: &[(&str, &str)] = &[("AWS::IAM::AccessKey", "AccessKeyId"), ("AWS::IAM::User", "UserName")];

/// The operations on access keys.
pub const OPS: &[Op] = &[
    op!(Write "CreateAccessKey" create)
        .resources(&[("AWS::IAM::AccessKey", "AccessKey.AccessKeyId"), ("AWS::IAM::User", "AccessKey.UserName")]),
    op!(Read "ListAccessKeys" list).resources(USER),
    op!(Read "GetAccessKeyLastUsed" last_used),
    op!(Write "UpdateAccessKey" update).resources(KEY),
    op!(Write "DeleteAccessKey" delete).resources(KEY),
];

/// Keys that one user can have.
const KEYS_MAX: usize = 2;

/// An access key as its owner sees it; the secret is shown once and kept in the world's index alone.
#[derive(Clone, Debug)]
pub struct KeyState {
    pub id: String,
    pub active: bool,
    pub created: Time,
}

record! {
    struct ForUser { user: Option<String> = "UserName" }
    struct KeyOfUser { user: Option<String> = "UserName", id: String = "AccessKeyId" }
    struct KeyId { id: String = "AccessKeyId" }
    struct UpdateKey { user: Option<String> = "UserName", id: String = "AccessKeyId", status: String = "Status" }

    struct CreateAnswer { key: NewKey = "AccessKey" }
    struct NewKey {
        user: Option<String> = "UserName",
        id: String = "AccessKeyId",
        status: String = "Status",
        secret: String = "SecretAccessKey",
        created: Time = "CreateDate",
    }
    struct LastUsedAnswer { user: Option<String> = "UserName", last_used: LastUsed = "AccessKeyLastUsed" }
    struct LastUsed { date: Option<Time> = "LastUsedDate", service: String = "ServiceName", region: String = "Region" }
    struct ListAnswer { keys: Vec<KeyMetadata> = "AccessKeyMetadata" }
    struct KeyMetadata {
        user: Option<String> = "UserName",
        id: String = "AccessKeyId",
        status: String = "Status",
        created: Time = "CreateDate",
    }
}

fn create(cx: &mut Cx, input: ForUser) -> Result<CreateAnswer, Fault> {
    let owner = owner(cx, input.user)?;
    if keys_of(cx, &owner)?.len() >= KEYS_MAX {
        return Err(faults::quota("AccessKeysPerUser", KEYS_MAX));
    }
    let (id, secret) = (cx.world.ids.iam("AKIA"), cx.world.ids.secret());
    let key = KeyState { id: id.clone(), active: true, created: whole_seconds(cx.world.now) };
    let principal = principal(cx, &owner)?;
    let entry = AccessKey {
        account: cx.account.clone(),
        secret: secret.clone(),
        principal,
        active: true,
        temporary: None,
        last_used: None,
    };
    cx.world.access_keys.insert(id.clone(), entry);
    let answer = NewKey { user: owner.clone(), id, status: key.status(), secret, created: key.created };
    keys_of(cx, &owner)?.push(key);
    Ok(CreateAnswer { key: answer })
}

fn list(cx: &mut Cx, (input, page): (ForUser, PageRequest)) -> Result<(ListAnswer, PageEnd), Fault> {
    let owner = owner(cx, input.user)?;
    let keys = keys_of(cx, &owner)?;
    let mut keys: Vec<_> = keys.iter().map(|key| (key.id.clone(), key)).collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    let page = page.cut(keys)?.map(|key| KeyMetadata {
        user: owner.clone(),
        id: key.id.clone(),
        status: key.status(),
        created: key.created,
    });
    Ok((ListAnswer { keys: page.items }, page.end))
}

/// Long-term keys of the caller's account only, and not deleted ones.
fn last_used(cx: &mut Cx, input: KeyId) -> Result<LastUsedAnswer, Fault> {
    let missing = || faults::access_key_not_found(&input.id);
    let key = cx.world.access_keys.get(&input.id).filter(|key| key.account == cx.account).ok_or_else(missing)?;
    let (principal, used) = (key.principal.clone(), key.last_used.clone());
    let user = match principal {
        Principal::User { name, .. } => Some(name),
        _ => None,
    };
    if !keys_of(cx, &user)?.iter().any(|key| key.id == input.id) {
        return Err(missing());
    }
    let last_used = match used {
        Some(used) => {
            let (service, region) = (used.service.to_owned(), used.region.to_string());
            LastUsed { date: Some(whole_seconds(used.time)), service, region }
        }
        None => LastUsed { date: None, service: "N/A".to_owned(), region: "N/A".to_owned() },
    };
    Ok(LastUsedAnswer { user, last_used })
}

fn update(cx: &mut Cx, input: UpdateKey) -> Result<(), Fault> {
    let owner = owner(cx, input.user)?;
    let active = input.status == "Active";
    let key = keys_of(cx, &owner)?.iter_mut().find(|key| key.id == input.id);
    key.ok_or_else(|| faults::access_key_not_found(&input.id))?.active = active;
    if let Some(entry) = cx.world.access_keys.get_mut(&input.id) {
        entry.active = active;
    }
    Ok(())
}

fn delete(cx: &mut Cx, input: KeyOfUser) -> Result<(), Fault> {
    let owner = owner(cx, input.user)?;
    let keys = keys_of(cx, &owner)?;
    let at = keys.iter().position(|key| key.id == input.id);
    keys.remove(at.ok_or_else(|| faults::access_key_not_found(&input.id))?);
    // The index keeps it, so that nobody takes it for a key that was never handed out.
    if let Some(entry) = cx.world.access_keys.get_mut(&input.id) {
        entry.active = false;
    }
    Ok(())
}

/// Whose keys are meant: a user's, or with `None` the root user's.
fn owner(cx: &Cx, named: Option<String>) -> Result<Option<String>, Fault> {
    match (&named, &cx.caller.principal) {
        (None, Principal::Root) => Ok(None),
        _ => named_or_caller(cx, named).map(Some),
    }
}

fn keys_of<'a>(cx: &'a mut Cx<'_>, owner: &Option<String>) -> Result<&'a mut Vec<KeyState>, Fault> {
    match owner {
        Some(name) => Ok(&mut find::<User>(cx, name)?.keys),
        None => Ok(&mut store(cx).root_keys),
    }
}

fn principal(cx: &mut Cx, owner: &Option<String>) -> Result<Principal, Fault> {
    match owner {
        Some(name) => Ok(find::<User>(cx, name)?.principal()),
        None => Ok(Principal::Root),
    }
}

/// Callers that use the keys of a renamed user, or temporary credentials made with them, have its new name.
pub fn rename_holder(world: &mut World, user: &User) {
    let is_user = |principal: &Principal| matches!(principal, Principal::User { id, .. } if *id == user.header.id);
    for key in world.access_keys.values_mut().filter(|key| is_user(&key.principal)) {
        key.principal = user.principal();
    }
}

/// Sessions of a user or role end when it is deleted. `id` is its unique id.
pub fn end_sessions(world: &mut World, id: &str) {
    for key in world.access_keys.values_mut() {
        let role = key.temporary.as_ref().and_then(|temporary| temporary.session.issuer.as_ref());
        let is_user = matches!(&key.principal, Principal::User { id: user, .. } if user == id);
        key.active &= !is_user && role.is_none_or(|role| role.id != id);
    }
}

impl KeyState {
    fn status(&self) -> String {
        if self.active { "Active" } else { "Inactive" }.to_owned()
    }
}
