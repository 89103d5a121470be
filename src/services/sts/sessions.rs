//! Temporary credentials: how they are made, and those that users get for themselves.

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::caller::{AccessKey, Principal, Session, Temporary};
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::world::time::{Time, whole_seconds};

use super::faults;

/// The operation.
pub const OPS: &[Op] = &[op!(Write "GetSessionToken" get_session_token)];

/// Seconds that a session of a user lasts unless it asks for another time; those of the root user last no longer
/// than an hour (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>).
const USER_SECONDS: i64 = 43_200;
const ROOT_SECONDS: i64 = 3600;

/// Characters of a session token unless the caller wants more. AWS's have some hundreds and no fixed number.
const TOKEN_LENGTH: usize = 356;

record! {
    struct GetSessionToken {
        seconds: Option<i64> = "DurationSeconds",
        mfa_serial: Option<String> = "SerialNumber",
        mfa_code: Option<String> = "TokenCode",
        token_length: Option<i64> = "MinimumSessionTokenSize",
    }
    struct SessionTokenAnswer { credentials: Credentials = "Credentials" }

    /// Temporary credentials as answers carry them.
    pub struct Credentials {
        access_key: String = "AccessKeyId",
        secret: String = "SecretAccessKey",
        token: String = "SessionToken",
        expires: Time = "Expiration",
    }
}

fn get_session_token(cx: &mut Cx, input: GetSessionToken) -> Result<SessionTokenAnswer, Fault> {
    if cx.caller.session.is_some() {
        return Err(faults::needs_long_term_credentials("GetSessionToken"));
    }
    check_mfa(input.mfa_serial.as_ref().or(input.mfa_code.as_ref()))?;
    let seconds = match cx.caller.principal {
        Principal::Root => input.seconds.unwrap_or(ROOT_SECONDS).min(ROOT_SECONDS),
        _ => input.seconds.unwrap_or(USER_SECONDS),
    };
    let grant = Grant {
        account: cx.account.clone(),
        principal: cx.caller.principal.clone(),
        session: Session { created: cx.world.now, mfa: false, issuer: None, source_identity: None },
        seconds,
        token_length: input.token_length,
    };
    Ok(SessionTokenAnswer { credentials: issue(cx.world, grant) })
}

/// What a session is to be.
pub struct Grant {
    pub account: AccountId,
    pub principal: Principal,
    pub session: Session,
    pub seconds: i64,
    /// `MinimumSessionTokenSize`.
    pub token_length: Option<i64>,
}

/// Makes temporary credentials and enters them into the world's index of keys.
pub fn issue(world: &mut World, grant: Grant) -> Credentials {
    let expires = whole_seconds(world.now) + TimeDelta::seconds(grant.seconds);
    let (access_key, secret) = (world.ids.iam("ASIA"), world.ids.secret());
    let token = token(world, grant.token_length);
    let temporary = Temporary { token: token.clone(), expires, session: grant.session };
    let key = AccessKey {
        account: grant.account,
        secret: secret.clone(),
        principal: grant.principal,
        active: true,
        temporary: Some(temporary),
        last_used: None,
    };
    world.access_keys.insert(access_key.clone(), key);
    Credentials { access_key, secret, token, expires }
}

/// There are no MFA devices here, so that any code is a wrong one.
pub fn check_mfa(given: Option<&String>) -> Result<(), Fault> {
    given.map_or(Ok(()), |_| Err(faults::wrong_mfa_code()))
}

/// Tokens start like AWS's: with `origin` in a serialised message.
fn token(world: &mut World, min: Option<i64>) -> String {
    const START: &str = "IQoJb3JpZ2luX2Vj";
    let length = min.and_then(|min| usize::try_from(min).ok()).unwrap_or_default().max(TOKEN_LENGTH);
    format!("{START}{}", world.ids.mixed(length - START.len()))
}
