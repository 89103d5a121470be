//! Login profiles: the passwords of users. Nobody can sign in here, so the passwords themselves are only compared.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::time::{Time, whole_seconds};

use super::entities::find;
use super::faults;
use super::users::{User, named_or_caller};

const USER: &[(&str, &str)] = &[("AWS::IAM::User", "UserName")];

/// The operations on login profiles.
pub const OPS: &[Op] = &[
    op!(Write "CreateLoginProfile" create).resources(USER),
    op!(Read "GetLoginProfile" get).resources(USER),
    op!(Write "UpdateLoginProfile" update).resources(USER),
    op!(Write "DeleteLoginProfile" delete).resources(USER),
    op!(Write "ChangePassword" change_password),
];

/// A user's password.
#[derive(Clone, Debug)]
pub struct Login {
    pub password: Option<String>,
    pub reset_required: bool,
    pub created: Time,
}

record! {
    struct SetPassword {
        user: Option<String> = "UserName",
        password: Option<String> = "Password",
        reset_required: Option<bool> = "PasswordResetRequired",
    }
    struct ForUser { user: Option<String> = "UserName" }
    struct ChangePassword { old: String = "OldPassword", new: String = "NewPassword" }

    struct Answer { profile: Profile = "LoginProfile" }
    struct Profile {
        user: String = "UserName",
        created: Time = "CreateDate",
        reset_required: bool = "PasswordResetRequired",
    }
}

fn create(cx: &mut Cx, input: SetPassword) -> Result<Answer, Fault> {
    let (name, now) = (named_or_caller(cx, input.user)?, whole_seconds(cx.world.now));
    let user = find::<User>(cx, &name)?;
    if user.login.is_some() {
        return Err(faults::login_profile_exists(&name));
    }
    let reset_required = input.reset_required.unwrap_or_default();
    let login = Login { password: input.password, reset_required, created: now };
    Ok(answer(name, user.login.insert(login)))
}

fn get(cx: &mut Cx, input: ForUser) -> Result<Answer, Fault> {
    let name = named_or_caller(cx, input.user)?;
    let login = find::<User>(cx, &name)?.login.as_ref();
    login.map(|login| answer(name.clone(), login)).ok_or_else(|| faults::login_profile_not_found(&name))
}

fn update(cx: &mut Cx, input: SetPassword) -> Result<(), Fault> {
    let name = named_or_caller(cx, input.user)?;
    let login = find::<User>(cx, &name)?.login.as_mut();
    let login = login.ok_or_else(|| faults::login_profile_not_found(&name))?;
    login.reset_required = input.reset_required.unwrap_or(login.reset_required);
    login.password = input.password.or(login.password.take());
    Ok(())
}

fn delete(cx: &mut Cx, input: ForUser) -> Result<(), Fault> {
    let name = named_or_caller(cx, input.user)?;
    let removed = find::<User>(cx, &name)?.login.take();
    removed.map(drop).ok_or_else(|| faults::login_profile_not_found(&name))
}

fn change_password(cx: &mut Cx, input: ChangePassword) -> Result<(), Fault> {
    let Principal::User { name, .. } = &cx.caller.principal else {
        return Err(faults::only_users_change_passwords());
    };
    let login = find::<User>(cx, name)?.login.as_mut();
    let login = login.ok_or_else(|| faults::login_profile_not_found(name))?;
    if login.password.as_ref() != Some(&input.old) {
        return Err(faults::old_password_wrong());
    }
    login.password = Some(input.new);
    login.reset_required = false;
    Ok(())
}

fn answer(user: String, login: &Login) -> Answer {
    Answer { profile: Profile { user, created: login.created, reset_required: login.reset_required } }
}
