//! Who calls: the principal behind an access key, as records name it.

use std::collections::BTreeMap;

use crate::contract::{Contract, Protocol};
use crate::wire::Fault;

use super::World;
use super::scope::{AccountId, Region};
use super::time::Time;

/// What a request says about its sender, before anyone has looked at it.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Access key id of the signature; `None` for unsigned requests.
    pub access_key: Option<String>,
    /// `X-Amz-Security-Token`.
    pub session_token: Option<String>,
}

/// A known caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account the principal belongs to; its event history gets the record.
    pub account: AccountId,
    pub principal: Principal,
    /// Access key id; services and anonymous callers have none.
    pub access_key: Option<String>,
    /// Set for temporary credentials.
    pub session: Option<Session>,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Root,
    User {
        id: String,
        name: String,
        arn: String,
    },
    /// A role session; the role stands in [`Session::issuer`].
    Role {
        session_name: String,
    },
    /// An AWS service that acts for itself, such as `cloudtrail.amazonaws.com`.
    Service(&'static str),
    /// An unsigned request.
    Anonymous,
}

/// The context of temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub created: Time,
    pub mfa: bool,
    /// The role that was assumed; `None` for `GetSessionToken`.
    pub issuer: Option<Issuer>,
    /// `SourceIdentity`: who stands behind a role session. Sessions made from it keep it.
    pub source_identity: Option<String>,
}

/// A role as `sessionIssuer` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub id: String,
    pub arn: String,
    pub name: String,
}

/// An access key that IAM or STS handed out.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub account: AccountId,
    pub secret: String,
    pub principal: Principal,
    /// `false` after `UpdateAccessKey` to `Inactive`.
    pub active: bool,
    /// Temporary credentials: their token, end and context.
    pub temporary: Option<Temporary>,
    pub last_used: Option<LastUsed>,
}

/// When and where a key was last used.
#[derive(Clone, Debug)]
pub struct LastUsed {
    pub time: Time,
    /// Name of the service in signatures.
    pub service: &'static str,
    pub region: Region,
}

#[derive(Clone, Debug)]
pub struct Temporary {
    pub token: String,
    pub expires: Time,
    pub session: Session,
}

/// Every access key by its id, over all accounts: the id alone decides who calls.
pub type AccessKeys = BTreeMap<String, AccessKey>;

impl Caller {
    /// The account's root user, signing with `access_key`.
    pub fn root(account: AccountId, access_key: &str) -> Caller {
        Caller { account, principal: Principal::Root, access_key: Some(access_key.to_owned()), session: None }
    }

    /// ARN of the principal; `None` for services and anonymous callers.
    pub fn arn(&self) -> Option<String> {
        match &self.principal {
            Principal::Root => Some(self.account.root_arn()),
            Principal::User { arn, .. } => Some(arn.clone()),
            Principal::Role { session_name } => {
                let role = &self.session.as_ref()?.issuer.as_ref()?.name;
                Some(format!("arn:aws:sts::{}:assumed-role/{role}/{session_name}", self.account))
            }
            Principal::Service(_) | Principal::Anonymous => None,
        }
    }

    /// ARN of the role whose session this is.
    pub fn role_arn(&self) -> Option<String> {
        let Principal::Role { .. } = self.principal else { return None };
        Some(self.session.as_ref()?.issuer.as_ref()?.arn.clone())
    }

    /// Unique id: account id, `AIDA…`, or `AROA…:session-name`.
    pub fn principal_id(&self) -> Option<String> {
        match &self.principal {
            Principal::Root => Some(self.account.to_string()),
            Principal::User { id, .. } => Some(id.clone()),
            Principal::Role { session_name } => {
                Some(format!("{}:{session_name}", self.session.as_ref()?.issuer.as_ref()?.id))
            }
            Principal::Service(_) | Principal::Anonymous => None,
        }
    }
}

/// Finds out who calls. The access key decides: a 12-digit id is the root of that account, a key made by IAM or
/// STS is its user or session, any other key is the root of the default account.
///
/// # Errors
/// A deactivated key, a token that does not belong to it, or a session that has ended.
pub fn authenticate(world: &World, credentials: &Credentials) -> Result<Caller, Refusal> {
    let Some(id) = &credentials.access_key else {
        let account = world.settings.account.clone();
        return Ok(Caller { account, principal: Principal::Anonymous, access_key: None, session: None });
    };
    if let Some(key) = world.access_keys.get(id) {
        return authenticate_known(world, id, key, credentials);
    }
    let account = AccountId::parse(id).unwrap_or_else(|| world.settings.account.clone());
    Ok(Caller::root(account, id))
}

fn authenticate_known(world: &World, id: &str, key: &AccessKey, credentials: &Credentials) -> Result<Caller, Refusal> {
    let token_fits = credentials.session_token.as_ref() == key.temporary.as_ref().map(|temporary| &temporary.token);
    if !key.active || !token_fits {
        return Err(Refusal::Invalid);
    }
    if key.temporary.as_ref().is_some_and(|temporary| temporary.expires <= world.now) {
        return Err(Refusal::Expired);
    }
    Ok(Caller {
        account: key.account.clone(),
        principal: key.principal.clone(),
        access_key: Some(id.to_owned()),
        session: key.temporary.as_ref().map(|temporary| temporary.session.clone()),
    })
}

/// Takes down that a key was used.
pub fn note_use(world: &mut World, caller: &Caller, contract: &Contract, region: Region) {
    let region = if contract.global { Region::US_EAST_1 } else { region };
    let used = LastUsed { time: world.now, service: contract.signing_name, region };
    if let Some(key) = caller.access_key.as_ref().and_then(|id| world.access_keys.get_mut(id)) {
        key.last_used = Some(used);
    }
}

/// The Region that a request names, or the default one.
///
/// # Errors
/// What AWS answers in a Region that the account has not opted in to: the token is invalid there.
pub fn region(named: Option<&str>, default: Region) -> Result<Region, Refusal> {
    named.map_or(Ok(default), |name| Region::parse(name).ok_or(Refusal::Invalid))
}

/// Why a sender is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is not signed, and the service answers nobody unknown.
    Missing,
    /// The key is not active, or the token is not its own.
    Invalid,
    /// The session has ended.
    Expired,
}

impl Refusal {
    /// How a service says so: codes, sentences and statuses differ by its first protocol.
    pub fn fault(self, contract: &Contract) -> Fault {
        const INVALID: &str = "The security token included in the request is invalid.";
        let (code, message, status) = match (contract.protocols.first(), self) {
            (Some(Protocol::RestXml), Refusal::Missing) => ("AccessDenied", "Access Denied", 403),
            (Some(Protocol::RestXml), Refusal::Invalid) => {
                ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)
            }
            (Some(Protocol::RestXml), Refusal::Expired) => ("ExpiredToken", "The provided token has expired.", 400),
            (Some(Protocol::Ec2), Refusal::Invalid) => {
                ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
            }
            (Some(Protocol::Ec2), Refusal::Expired) => ("RequestExpired", "Request has expired.", 400),
            (Some(Protocol::Query | Protocol::Ec2), Refusal::Missing) => {
                ("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
            }
            (Some(Protocol::Query), Refusal::Invalid) => ("InvalidClientTokenId", INVALID, 403),
            (Some(Protocol::Query), Refusal::Expired) => {
                ("ExpiredToken", "The security token included in the request is expired", 403)
            }
            (_, Refusal::Missing) => ("MissingAuthenticationTokenException", "Missing Authentication Token", 400),
            (_, Refusal::Invalid) => ("UnrecognizedClientException", INVALID, 400),
            (_, Refusal::Expired) => {
                ("ExpiredTokenException", "The security token included in the request is expired", 400)
            }
        };
        Fault::new(code, message).status(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: &str, expected: [(&str, u16); 3]) {
        let contract = crate::contract::get(service).unwrap();
        let faults = [Refusal::Missing, Refusal::Invalid, Refusal::Expired].map(|refusal| refusal.fault(contract));
        for (fault, (code, status)) in faults.iter().zip(expected) {
            assert_eq!((fault.code.as_str(), fault.status), (code, Some(status)), "{service}");
        }
    }

    #[test]
    fn services_refuse_in_their_own_words() {
        check("s3", [("AccessDenied", 403), ("InvalidAccessKeyId", 403), ("ExpiredToken", 400)]);
        check("ec2", [("MissingAuthenticationToken", 403), ("AuthFailure", 401), ("RequestExpired", 400)]);
        check("sts", [("MissingAuthenticationToken", 403), ("InvalidClientTokenId", 403), ("ExpiredToken", 403)]);
        check(
            "cloudtrail",
            [
                ("MissingAuthenticationTokenException", 400),
                ("UnrecognizedClientException", 400),
                ("ExpiredTokenException", 400),
            ],
        );
    }
}
