//! Roles that services take on to work for an account: Firehose to write to S3, CloudTrail to write to a log group.

use crate::services::iam::names::{Kind, parse_arn};
use crate::wire::Map;
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::caller::{Caller, Credentials, Principal, authenticate};
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};

use super::trust;

/// A service that wants to take on a role.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// `firehose.amazonaws.com`
    pub service: &'static str,
    /// The account that the service works for.
    pub account: &'a AccountId,
    pub region: Region,
    /// ARN of the role.
    pub role: &'a str,
    pub session_name: &'a str,
    pub external_id: Option<&'a str>,
    /// ARN of the resource that the service works for.
    pub source: &'a str,
}

/// The credentials of a role that a service has taken on. It does so again when the session has ended.
#[derive(Clone, Debug)]
pub struct Session(Credentials);

impl Visit<'_> {
    /// Whether the role exists and trusts the service: what services look at before they accept a setting.
    pub fn is_welcome(&self, world: &World) -> bool {
        let Some((account, name)) = parse_arn(Kind::Role, self.role) else { return false };
        let found = world.accounts.get(&account).and_then(|account| account.iam.roles.get(name));
        let visitor = Caller {
            account: self.account.clone(),
            principal: Principal::Service(self.service),
            access_key: None,
            session: None,
        };
        let request = trust::Request {
            caller: &visitor,
            external_id: self.external_id,
            session_name: self.session_name,
            source_identity: None,
            source: Some(self.source),
        };
        found.is_some_and(|found| {
            found.header.arn == self.role && trust::allows(&found.trust, "sts:AssumeRole", &request)
        })
    }

    /// Acts as the role: in the session that there is, or in a new one.
    ///
    /// # Errors
    /// STS's code.
    pub fn begin(&self, world: &mut World, known: Option<Session>) -> Result<(Caller, Session), String> {
        let is_known = |Session(credentials): &Session| {
            credentials.access_key.as_ref().is_some_and(|key| world.access_keys.contains_key(key))
        };
        if let Some(session) = known.filter(is_known)
            && let Ok(caller) = authenticate(world, &session.0)
        {
            return Ok((caller, session));
        }
        let mut input = Map::new();
        input.push("RoleArn", self.role);
        input.push("RoleSessionName", self.session_name);
        if let Some(id) = self.external_id {
            input.push("ExternalId", id);
        }
        self.assume(world, input, |call| call.working_for(self.source))
    }

    /// Takes on a second role, of another account, with the rights of the first.
    ///
    /// # Errors
    /// STS's code.
    pub fn go_on(&self, world: &mut World, role: &str) -> Result<Caller, String> {
        let (first, _) = self.begin(world, None)?;
        let mut input = Map::new();
        input.push("RoleArn", role);
        input.push("RoleSessionName", self.session_name);
        self.assume(world, input, |call| call.on_behalf_of(&first)).map(|(caller, _)| caller)
    }

    fn assume(
        &self,
        world: &mut World,
        input: Map,
        by: impl FnOnce(Call) -> Call,
    ) -> Result<(Caller, Session), String> {
        let to = ("sts", "AssumeRole");
        let call = Call::by_service(self.service, self.account.clone(), self.region, to, input, Upload::default());
        let answer = perform(world, by(call.ok_or("InternalError")?));
        let output = answer.outcome.map_err(|fault| fault.code)?;
        let made = |name| output.value.get("Credentials")?.get(name)?.as_str().map(str::to_owned);
        let credentials = Credentials { access_key: made("AccessKeyId"), session_token: made("SessionToken") };
        let caller = authenticate(world, &credentials).map_err(|_| "InternalError")?;
        Ok((caller, Session(credentials)))
    }
}
