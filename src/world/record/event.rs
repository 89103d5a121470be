//! The envelope of a record, in the order of delivered files.

use crate::contract::{Contract, Operation, RecordForm};
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::{Resource, Sender};
use crate::world::caller::Principal;
use crate::world::op::{Access, Category};
use crate::world::passage::Passage;
use crate::world::scope::{AccountId, Region};
use crate::world::time::{Time, iso_seconds};

use super::json::Json;
use super::{Facts, Identity, network, parameters};

/// The first version of records that has `vpcEndpointAccountId`.
pub(super) const WITH_ENDPOINT_ACCOUNT: &str = "1.09";
/// Longest `errorMessage`, in bytes.
const ERROR_MESSAGE_MAX: usize = 1024;

/// A record before it becomes text. Field by field, <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
#[derive(Clone, Debug)]
pub struct Event {
    pub event_version: &'static str,
    pub user_identity: Identity,
    pub event_time: Time,
    pub event_source: &'static str,
    pub event_name: &'static str,
    pub aws_region: Region,
    pub source_ip_address: String,
    /// Empty, and then left out, of clients that name none.
    pub user_agent: String,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// JSON text; `None` is written as `null`.
    pub request_parameters: Option<String>,
    /// JSON text; `None` is written as `null`.
    pub response_elements: Option<String>,
    /// JSON text; `None` is left out.
    pub additional_event_data: Option<String>,
    /// Empty, and then left out, of what is no request.
    pub request_id: String,
    pub event_id: String,
    pub read_only: bool,
    pub resources: Vec<Resource>,
    pub event_type: &'static str,
    /// Empty where the service writes none.
    pub api_version: &'static str,
    pub management_event: bool,
    pub recipient_account_id: AccountId,
    /// Joins the records that several accounts have of one call.
    pub shared_event_id: Option<String>,
    pub vpc_endpoint: Option<VpcEndpoint>,
    pub event_category: &'static str,
    pub tls_details: Option<TlsDetails>,
    /// Types and names of the resources that `LookupEvents` shows; not part of the record.
    pub lookup_resources: Vec<(&'static str, String)>,
}

/// The VPC endpoint that a call came through.
#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    pub id: String,
    /// Its owner.
    pub account: AccountId,
}

/// What is true of the connection: without TLS, the host header alone.
#[derive(Clone, Debug)]
pub struct TlsDetails {
    pub client_provided_host_header: String,
}

/// The event of a call in its caller's account.
pub(super) fn of_call(world: &mut World, facts: &Facts) -> Event {
    let Facts { call, caller, .. } = *facts;
    let style = &call.contract.record;
    let operation = call.contract.operation(call.operation);
    let access = facts.access();
    let management = facts.category() == Category::Management;
    let fault = facts.outcome.as_ref().err();
    let denied = fault.is_some_and(is_denial);
    let from = Origin::of(call.contract, &call.sender);
    let shared = matches!(caller.principal, Principal::Service(_)) || facts.stranger().is_some();
    let shared_event_id = shared.then(|| world.ids.uuid().to_string());
    Event {
        event_version: style.event_version,
        user_identity: Identity { invoked_by: from.invoked_by, ..Identity::of(caller, style.form) },
        event_time: world.now,
        event_source: style.event_source,
        event_name: name(operation),
        aws_region: if call.contract.global { Region::US_EAST_1 } else { call.region },
        source_ip_address: from.address,
        user_agent: from.user_agent,
        error_code: fault.map(|fault| error_code(style.form, fault)),
        error_message: fault.map(|fault| cut(&fault.message, ERROR_MESSAGE_MAX).to_owned()),
        request_parameters: parameters::request(facts, denied),
        response_elements: parameters::response(facts, access),
        additional_event_data: parameters::additional(facts),
        request_id: facts.request_id.to_owned(),
        event_id: event_id(world, shared),
        read_only: access == Access::Read,
        resources: facts.note.resources.clone(),
        event_type: "AwsApiCall",
        // Denied callers do not get as far as the version of the API.
        api_version: if denied { "" } else { style.api_version },
        management_event: management,
        recipient_account_id: facts.recipient().clone(),
        shared_event_id,
        vpc_endpoint: facts.passage.map(VpcEndpoint::of),
        event_category: if management { "Management" } else { "Data" },
        tls_details: from.tls,
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

/// An operation's name in records.
pub(super) fn name(operation: &Operation) -> &'static str {
    if operation.event_name.is_empty() { operation.name } else { operation.event_name }
}

/// Version 4, but version 3 where several accounts may have a record of the call.
pub(super) fn event_id(world: &mut World, shared: bool) -> String {
    if shared { world.ids.uuid_v3().to_string() } else { world.ids.uuid().to_string() }
}

/// Where a call came from.
pub(super) struct Origin {
    pub address: String,
    user_agent: String,
    tls: Option<TlsDetails>,
    invoked_by: Option<&'static str>,
}

impl Origin {
    pub fn of(contract: &Contract, sender: &Sender) -> Origin {
        match sender {
            Sender::Client { connection, .. } => Origin {
                address: connection.source_ip.clone(),
                user_agent: match contract.record.form {
                    RecordForm::S3 => format!("[{}]", connection.user_agent),
                    _ => connection.user_agent.clone(),
                },
                tls: (!connection.host.is_empty())
                    .then(|| TlsDetails { client_provided_host_header: connection.host.clone() }),
                invoked_by: None,
            },
            Sender::Service { name, .. } | Sender::OnBehalf { name, .. } => {
                let name = *name;
                Origin { address: name.to_owned(), user_agent: name.to_owned(), tls: None, invoked_by: Some(name) }
            }
        }
    }
}

fn is_denial(fault: &Fault) -> bool {
    const DENIALS: [&str; 4] =
        ["AccessDenied", "AccessDeniedException", "AuthorizationErrorException", "UnauthorizedOperation"];
    DENIALS.contains(&fault.code.as_str())
}

/// The exception's name, as CloudTrail spells it: denials are `AccessDenied` nearly everywhere, and EC2's codes
/// tell whose mistake it was.
fn error_code(form: RecordForm, fault: &Fault) -> String {
    match (form, fault.code.as_str()) {
        (RecordForm::Ec2, code) if code.starts_with("Client.") || code.starts_with("Server.") => code.to_owned(),
        (RecordForm::Ec2, code) => {
            let ours = fault.status.is_some_and(|status| status >= 500) || EC2_SERVER_ERRORS.contains(&code);
            format!("{}.{code}", if ours { "Server" } else { "Client" })
        }
        (_, "AccessDeniedException" | "AuthorizationErrorException") => "AccessDenied".to_owned(),
        (_, code) => code.to_owned(),
    }
}

/// EC2's codes for its own failures.
const EC2_SERVER_ERRORS: [&str; 6] = [
    "InsufficientCapacity",
    "InsufficientInstanceCapacity",
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "Unavailable",
];

/// The first `length` bytes at most, without breaking a character.
fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

impl VpcEndpoint {
    pub(super) fn of(passage: &Passage) -> VpcEndpoint {
        VpcEndpoint { id: passage.endpoint.clone(), account: passage.owner.clone() }
    }
}

impl Event {
    /// A network activity event tells less: nothing of what was sent and answered.
    fn tells_all(&self) -> bool {
        self.event_category != network::CATEGORY
    }

    /// The record as one line of JSON.
    pub fn to_json(&self) -> String {
        let parts = [&self.request_parameters, &self.response_elements, &self.additional_event_data];
        let parts: usize = parts.into_iter().flatten().map(String::len).sum();
        let mut out = Json::with_capacity(1024 + parts);
        out.open('{');
        self.write_call(&mut out);
        self.write_outcome(&mut out);
        self.write_context(&mut out);
        out.close('}');
        out.into_text()
    }

    fn write_call(&self, out: &mut Json) {
        out.text_member("eventVersion", self.event_version);
        out.key("userIdentity");
        self.user_identity.write(out);
        out.text_member("eventTime", &iso_seconds(self.event_time));
        out.text_member("eventSource", self.event_source);
        out.text_member("eventName", self.event_name);
        out.text_member("awsRegion", self.aws_region.as_str());
        out.text_member("sourceIPAddress", &self.source_ip_address);
        if !self.user_agent.is_empty() {
            out.text_member("userAgent", &self.user_agent);
        }
    }

    fn write_outcome(&self, out: &mut Json) {
        self.error_code.iter().for_each(|code| out.text_member("errorCode", code));
        self.error_message.iter().for_each(|message| out.text_member("errorMessage", message));
        if self.tells_all() {
            out.raw_member("requestParameters", self.request_parameters.as_deref());
            out.raw_member("responseElements", self.response_elements.as_deref());
        }
        if self.additional_event_data.is_some() {
            out.raw_member("additionalEventData", self.additional_event_data.as_deref());
        }
        if !self.request_id.is_empty() {
            out.text_member("requestID", &self.request_id);
        }
        out.text_member("eventID", &self.event_id);
        if self.tells_all() {
            out.key("readOnly");
            out.bool(self.read_only);
        }
        if !self.resources.is_empty() {
            out.key("resources");
            out.open('[');
            self.resources.iter().for_each(|resource| write_resource(resource, out));
            out.close(']');
        }
    }

    fn write_context(&self, out: &mut Json) {
        out.text_member("eventType", self.event_type);
        if !self.api_version.is_empty() {
            out.text_member("apiVersion", self.api_version);
        }
        if self.tells_all() {
            out.key("managementEvent");
            out.bool(self.management_event);
        }
        out.text_member("recipientAccountId", self.recipient_account_id.as_str());
        self.shared_event_id.iter().for_each(|id| out.text_member("sharedEventID", id));
        if let Some(endpoint) = &self.vpc_endpoint {
            out.text_member("vpcEndpointId", &endpoint.id);
            // Known since that version; some services write older ones.
            if self.event_version >= WITH_ENDPOINT_ACCOUNT {
                out.text_member("vpcEndpointAccountId", endpoint.account.as_str());
            }
        }
        out.text_member("eventCategory", self.event_category);
        if let Some(tls) = &self.tls_details {
            out.key("tlsDetails");
            out.open('{');
            out.text_member("clientProvidedHostHeader", &tls.client_provided_host_header);
            out.close('}');
        }
    }
}

fn write_resource(resource: &Resource, out: &mut Json) {
    out.open('{');
    resource.account.iter().for_each(|account| out.text_member("accountId", account.as_str()));
    out.text_member("type", resource.kind);
    if !resource.arn.is_empty() {
        out.text_member(if resource.is_prefix { "ARNPrefix" } else { "ARN" }, &resource.arn);
    }
    out.close('}');
}
