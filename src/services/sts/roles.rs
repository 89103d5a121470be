//! `AssumeRole`.

use std::collections::BTreeSet;

use crate::op;
use crate::record;
use crate::services::iam::names::{Kind, parse_arn};
use crate::services::iam::roles::Role;
use crate::services::iam::tags::Tag;
use crate::wire::Fault;
use crate::world::call::{Cx, Resource};
use crate::world::caller::{Issuer, Principal, Session};
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::faults;
use super::sessions::{Credentials, Grant, check_mfa, issue};
use super::trust::{self, Request};

/// The operation. Records call it read-only and show its answer all the same.
pub const OPS: &[Op] = &[op!(Read "AssumeRole" assume_role).resources(&[
    ("AWS::IAM::AccessKey", "Credentials.AccessKeyId"),
    ("AWS::STS::AssumedRole", "AssumedRoleUser.AssumedRoleId"),
    ("AWS::STS::AssumedRole", "AssumedRoleUser.Arn"),
    ("AWS::IAM::Role", "RoleArn"),
])];

/// Seconds of a session unless the caller wants another time, and at most for callers that are sessions of roles
/// themselves (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>).
const SESSION_SECONDS: i64 = 3600;

record! {
    struct AssumeRole {
        role: String = "RoleArn",
        session_name: String = "RoleSessionName",
        policy: Option<String> = "Policy",
        seconds: Option<i64> = "DurationSeconds",
        tags: Vec<Tag> = "Tags",
        external_id: Option<String> = "ExternalId",
        mfa_serial: Option<String> = "SerialNumber",
        mfa_code: Option<String> = "TokenCode",
        source_identity: Option<String> = "SourceIdentity",
        token_length: Option<i64> = "MinimumSessionTokenSize",
    }
    struct Assumed {
        credentials: Credentials = "Credentials",
        user: AssumedRoleUser = "AssumedRoleUser",
        source_identity: Option<String> = "SourceIdentity",
    }
    struct AssumedRoleUser { id: String = "AssumedRoleId", arn: String = "Arn" }
}

fn assume_role(cx: &mut Cx, mut input: AssumeRole) -> Result<Assumed, Fault> {
    check_input(&input)?;
    if cx.caller.principal == Principal::Root {
        return Err(faults::root_assumes_no_roles());
    }
    input.source_identity = source_identity(cx, &input)?;
    let (account, role) = trusted_role(cx, &input)?;
    let seconds = seconds(cx, &input, &role)?;
    let issuer = Issuer { id: role.header.id, arn: role.header.arn.clone(), name: role.header.name };
    let user = AssumedRoleUser {
        id: format!("{}:{}", issuer.id, input.session_name),
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{}", issuer.name, input.session_name),
    };
    let grant = Grant {
        account: account.clone(),
        principal: Principal::Role { session_name: input.session_name },
        session: Session {
            created: cx.world.now,
            mfa: false,
            issuer: Some(issuer),
            source_identity: input.source_identity.clone(),
        },
        seconds,
        token_length: input.token_length,
    };
    let answer = Assumed { credentials: issue(cx.world, grant), user, source_identity: input.source_identity };
    note(cx, account, role.header.arn, &answer);
    Ok(answer)
}

/// What is wrong with a request whatever the role is.
fn check_input(input: &AssumeRole) -> Result<(), Fault> {
    if let Some(policy) = &input.policy
        && !serde_json::from_str::<serde_json::Value>(policy).is_ok_and(|policy| policy.is_object())
    {
        return Err(faults::malformed_policy());
    }
    let keys: BTreeSet<_> = input.tags.iter().map(|tag| tag.key.to_lowercase()).collect();
    if keys.len() < input.tags.len() {
        return Err(faults::duplicate_tags());
    }
    check_mfa(input.mfa_serial.as_ref().or(input.mfa_code.as_ref()))
}

/// Who stands behind the session to be. Once set, it stays for all sessions down the chain
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
fn source_identity(cx: &Cx, input: &AssumeRole) -> Result<Option<String>, Fault> {
    let session = cx.caller.session.as_ref();
    let kept = session.and_then(|session| session.source_identity.clone());
    match (kept, &input.source_identity) {
        (Some(kept), Some(wanted)) if kept != *wanted => {
            Err(faults::not_authorized(cx.caller, "sts:SetSourceIdentity", &input.role))
        }
        (kept, wanted) => Ok(kept.or_else(|| wanted.clone())),
    }
}

/// The role, if it is there and trusts the caller with all that is asked.
fn trusted_role(cx: &Cx, input: &AssumeRole) -> Result<(AccountId, Role), Fault> {
    let (account, name) = parse_arn(Kind::Role, &input.role).ok_or_else(|| faults::invalid_arn(&input.role))?;
    let denied = |action| faults::not_authorized(cx.caller, action, &input.role);
    let role = cx.world.accounts.get(&account).and_then(|account| account.iam.roles.get(name));
    let role = role.filter(|role| role.header.arn == input.role).ok_or_else(|| denied("sts:AssumeRole"))?;
    let request = Request {
        caller: cx.caller,
        external_id: input.external_id.as_deref(),
        session_name: &input.session_name,
        source_identity: input.source_identity.as_deref(),
        source: cx.source,
    };
    let tagging = (!input.tags.is_empty()).then_some("sts:TagSession");
    let naming = input.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
    for action in ["sts:AssumeRole"].into_iter().chain(tagging).chain(naming) {
        if !trust::allows(&role.trust, action, &request) {
            return Err(denied(action));
        }
    }
    Ok((account, role.clone()))
}

fn seconds(cx: &Cx, input: &AssumeRole, role: &Role) -> Result<i64, Fault> {
    let seconds = input.seconds.unwrap_or(SESSION_SECONDS);
    let chained = matches!(cx.caller.principal, Principal::Role { .. });
    if chained && seconds > SESSION_SECONDS {
        return Err(faults::longer_than_chaining_allows());
    }
    if seconds > role.session_seconds_max {
        return Err(faults::longer_than_role_allows());
    }
    Ok(seconds)
}

/// What the record shows besides the parameters; the role's account gets a record, too.
fn note(cx: &mut Cx, account: AccountId, arn: String, answer: &Assumed) {
    use crate::world::fields::Field;
    cx.note.response = Some(answer.clone().write());
    let role = Resource { account: Some(account.clone()), kind: "AWS::IAM::Role", arn, is_prefix: false };
    cx.note.resources.push(role);
    cx.note.owner = Some(account).filter(|account| *account != cx.account);
}
