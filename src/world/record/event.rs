//! The envelope of a record, in the order of delivered files.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::contract::Contract;
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::{Connection, Resource, Sender};
use crate::world::caller::{Caller, Principal};
use crate::world::op::{Access, Category};
use crate::world::scope::{AccountId, Region};
use crate::world::time::{Time, iso_seconds};

use super::{Facts, parameters};

/// A record before it becomes text. Field by field, <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub event_version: &'static str,
    pub user_identity: Identity,
    #[serde(serialize_with = "seconds")]
    pub event_time: Time,
    pub event_source: &'static str,
    pub event_name: &'static str,
    #[serde(serialize_with = "region")]
    pub aws_region: Region,
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    pub user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// JSON text; `None` is written as `null`.
    pub request_parameters: Option<Box<RawValue>>,
    pub response_elements: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_event_data: Option<Box<RawValue>>,
    #[serde(rename = "requestID")]
    pub request_id: String,
    #[serde(rename = "eventID")]
    pub event_id: String,
    pub read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "resources")]
    pub resources: Vec<Resource>,
    pub event_type: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub api_version: &'static str,
    pub management_event: bool,
    #[serde(serialize_with = "account")]
    pub recipient_account_id: AccountId,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    pub shared_event_id: Option<String>,
    pub event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_details: Option<TlsDetails>,
    /// Types and names of the resources that `LookupEvents` shows; not part of the record.
    #[serde(skip)]
    pub lookup_resources: Vec<(&'static str, String)>,
}

/// `userIdentity`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_context: Option<SessionContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_issuer: Option<SessionIssuer>,
    pub attributes: SessionAttributes,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIssuer {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub principal_id: String,
    pub arn: String,
    pub account_id: String,
    pub user_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAttributes {
    #[serde(serialize_with = "seconds")]
    pub creation_date: Time,
    /// The text `true` or `false`.
    pub mfa_authenticated: &'static str,
}

/// What is true of the connection: without TLS, the host header alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsDetails {
    pub client_provided_host_header: String,
}

/// The event of a call.
pub(super) fn of_call(world: &mut World, facts: &Facts) -> Event {
    let Facts { call, caller, .. } = *facts;
    let style = &call.contract.record;
    let operation = call.contract.operation(call.operation);
    let access = facts.op.map_or_else(|| Access::of_name(operation.name), |op| op.access);
    let management = facts.op.is_none_or(|op| op.category == Category::Management);
    let (error_code, error_message) = match facts.outcome {
        Ok(_) => (None, None),
        Err(fault) => (Some(error_code(call.contract, fault)), Some(fault.message.clone())),
    };
    let (source_ip_address, user_agent, tls_details) = match &call.sender {
        Sender::Client { connection, .. } => of_connection(connection),
        Sender::Service { name, .. } => ((*name).to_owned(), (*name).to_owned(), None),
    };
    Event {
        event_version: style.event_version,
        user_identity: identity(caller),
        event_time: world.now,
        event_source: style.event_source,
        event_name: if operation.event_name.is_empty() { operation.name } else { operation.event_name },
        aws_region: if call.contract.global { Region::US_EAST_1 } else { call.region },
        source_ip_address,
        user_agent,
        error_code,
        error_message,
        request_parameters: parameters::request(facts),
        response_elements: parameters::response(facts, access),
        additional_event_data: parameters::additional(facts),
        request_id: facts.request_id.to_owned(),
        event_id: world.ids.uuid().to_string(),
        read_only: access == Access::Read,
        resources: facts.note.resources.clone(),
        event_type: "AwsApiCall",
        api_version: style.api_version,
        management_event: management,
        recipient_account_id: caller.account.clone(),
        shared_event_id: matches!(caller.principal, Principal::Service(_)).then(|| world.ids.uuid().to_string()),
        event_category: if management { "Management" } else { "Data" },
        tls_details,
        lookup_resources: lookup_resources(facts),
    }
}

/// The resources that the operation's table line names: members of the input, else of the output. A path with
/// dots leads to a nested member; each item of a list counts.
fn lookup_resources(facts: &Facts) -> Vec<(&'static str, String)> {
    let input = facts.call.input.as_ref().ok();
    let output = facts.outcome.as_ref().ok().map(|output| &output.value);
    let find = |path: &str| {
        let member = |tree| path.split('.').try_fold(tree, |tree: &Value, name| tree.get(name));
        input.and_then(member).or_else(|| output.and_then(member))
    };
    let named =
        facts.op.map_or(&[][..], |op| op.resources).iter().filter_map(|(kind, path)| Some((*kind, find(path)?)));
    let texts = named.flat_map(|(kind, value)| {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(Value::as_str).map(move |name| (kind, name.to_owned()))
    });
    texts.collect()
}

fn of_connection(connection: &Connection) -> (String, String, Option<TlsDetails>) {
    let tls = TlsDetails { client_provided_host_header: connection.host.clone() };
    (connection.source_ip.clone(), connection.user_agent.clone(), Some(tls))
}

/// The exception's name, as CloudTrail spells it.
fn error_code(_contract: &Contract, fault: &Fault) -> String {
    fault.code.clone()
}

/// Who called, as `userIdentity` shows it.
fn identity(caller: &Caller) -> Identity {
    let kind = match &caller.principal {
        Principal::Root => "Root",
        Principal::User { .. } => "IAMUser",
        Principal::Role { .. } => "AssumedRole",
        Principal::Service(name) => {
            return Identity { kind: "AWSService", invoked_by: Some(name), ..Identity::default() };
        }
        Principal::Anonymous => return anonymous(),
    };
    Identity {
        kind,
        principal_id: caller.principal_id(),
        arn: caller.arn(),
        account_id: Some(caller.account.to_string()),
        access_key_id: caller.access_key.clone(),
        user_name: match &caller.principal {
            Principal::User { name, .. } => Some(name.clone()),
            _ => None,
        },
        session_context: session_context(caller),
        invoked_by: None,
    }
}

/// S3 writes unsigned requests like this.
fn anonymous() -> Identity {
    let none = || Some(String::new());
    Identity {
        kind: "AWSAccount",
        principal_id: none(),
        account_id: Some("ANONYMOUS_PRINCIPAL".into()),
        ..Identity::default()
    }
}

fn session_context(caller: &Caller) -> Option<SessionContext> {
    let session = caller.session.as_ref()?;
    let session_issuer = session.issuer.as_ref().map(|role| SessionIssuer {
        kind: "Role",
        principal_id: role.id.clone(),
        arn: role.arn.clone(),
        account_id: caller.account.to_string(),
        user_name: role.name.clone(),
    });
    let mfa_authenticated = if session.mfa { "true" } else { "false" };
    Some(SessionContext {
        session_issuer,
        attributes: SessionAttributes { creation_date: session.created, mfa_authenticated },
    })
}

fn seconds<S: serde::Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso_seconds(*time))
}

fn region<S: serde::Serializer>(region: &Region, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(region.as_str())
}

fn account<S: serde::Serializer>(account: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(account.as_str())
}

fn resources<S: serde::Serializer>(resources: &[Resource], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(resources.iter().map(|resource| {
        let arn = if resource.is_prefix { "ARNPrefix" } else { "ARN" };
        let mut members = serde_json::Map::new();
        if let Some(account) = &resource.account {
            members.insert("accountId".into(), account.as_str().into());
        }
        members.insert("type".into(), resource.kind.into());
        members.insert(arn.into(), resource.arn.as_str().into());
        members
    }))
}
