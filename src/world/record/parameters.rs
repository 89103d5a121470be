//! `requestParameters`, `responseElements` and `additionalEventData`, each in the form of its service.

use crate::contract::{Contract, Operation, RecordForm};
use crate::wire::{self, Map, Value};
use crate::world::call::{Connection, Sender, Signature, SignedIn};
use crate::world::op::{Access, Category};

use super::json::Json;
use super::{Facts, ec2, members, s3};

/// Room for the parameters of most calls.
const USUAL_LENGTH: usize = 256;

/// The call's input as JSON text, or `None` where records show `null`.
pub(super) fn request(facts: &Facts, denied: bool) -> Option<String> {
    let call = facts.call;
    let (contract, operation) = (call.contract, call.contract.operation(call.operation));
    let input = call.input.as_ref().ok()?.as_map()?;
    if denied && !contract.record.keeps_denied_parameters {
        return None;
    }
    object(|out| match contract.record.form {
        RecordForm::Members => members::fields(contract, operation.input, input, out),
        RecordForm::Ec2 if operation.record_wrapped => ec2::newer_request(contract, operation, input, out),
        RecordForm::Ec2 => ec2::older_request(contract, operation, input, out),
        RecordForm::S3 => s3_request(facts, input, out),
    })
    .map(|text| with_extra(text, operation.record_extra))
}

/// Appends what the service fills in beside the contract's members.
fn with_extra(mut text: String, extra: &str) -> String {
    if !extra.is_empty() {
        text.pop();
        text.push(',');
        text.push_str(extra);
        text.push('}');
    }
    text
}

/// The call's output as JSON text, or `None` for reads, failures, and calls that answer nothing.
pub(super) fn response(facts: &Facts, access: Access) -> Option<String> {
    let output = facts.outcome.as_ref().ok()?;
    let call = facts.call;
    let (contract, operation) = (call.contract, call.contract.operation(call.operation));
    let shown = facts.note.response.as_ref();
    if access == Access::Read && shown.is_none() && !operation.record_response {
        return None;
    }
    let empty = Map::new();
    let answer = shown.unwrap_or(&output.value).as_map().unwrap_or(&empty);
    object(|out| respond(contract, operation, facts.request_id, answer, out))
        .map(|text| with_extra(text, operation.record_answer))
}

fn respond(contract: &Contract, operation: &Operation, request_id: &str, answer: &Map, out: &mut Json) {
    match contract.record.form {
        RecordForm::Members => members::fields(contract, operation.output, answer, out),
        RecordForm::Ec2 if operation.record_wrapped => {
            ec2::newer_response(contract, operation, request_id, answer, out);
        }
        RecordForm::Ec2 => ec2::older_response(contract, operation, request_id, answer, out),
        RecordForm::S3 => s3::response(contract, operation, answer, out),
    }
}

/// What the service tells about the request beside its parameters, and what the handler noted.
pub(super) fn additional(facts: &Facts) -> Option<String> {
    let contract = facts.call.contract;
    let operation = contract.operation(facts.call.operation);
    object(|out| {
        if contract.record.form == RecordForm::S3 {
            return s3_additional(facts, out);
        }
        if let (true, Sender::Client { connection, .. }) = (operation.record_endpoint, &facts.call.sender) {
            endpoint(facts, connection, out);
        }
        noted(facts, out);
    })
}

/// Which of STS's endpoints answered: its global one, or a Region's.
fn endpoint(facts: &Facts, connection: &Connection, out: &mut Json) {
    let global = format!("{}.amazonaws.com", facts.call.contract.endpoint_prefix);
    out.key("RequestDetails");
    out.open('{');
    out.text_member("awsServingRegion", facts.call.region.as_str());
    out.text_member("endpointType", if connection.host == global { "global" } else { "regional" });
    out.close('}');
}

fn noted(facts: &Facts, out: &mut Json) {
    for (name, value) in facts.note.additional.iter().filter(|(name, _)| !matches!(*name, RECEIVED | SENT)) {
        out.key(name);
        members::plain(facts.call.contract, value, out);
    }
}

fn s3_request(facts: &Facts, input: &Map, out: &mut Json) {
    let call = facts.call;
    let operation = call.contract.operation(call.operation);
    let with_body = facts.category() == Category::Management;
    match &call.sender {
        Sender::Client { connection, .. } => {
            let to = s3::Destination { host: &connection.host, arguments: &connection.arguments };
            s3::request(call.contract, operation, &to, input, with_body, out);
        }
        Sender::Service { .. } | Sender::OnBehalf { .. } => {
            // Services reach a bucket by its own host.
            let bucket = input.get("Bucket").and_then(Value::as_str).unwrap_or_default();
            let host = format!("{bucket}.s3.{}.amazonaws.com", call.region);
            let to = s3::Destination { host: host.trim_start_matches('.'), arguments: &[] };
            s3::request(call.contract, operation, &to, input, with_body, out);
        }
    }
}

fn s3_additional(facts: &Facts, out: &mut Json) {
    let signature = match &facts.call.sender {
        Sender::Client { connection, .. } => connection.signature,
        Sender::Service { .. } | Sender::OnBehalf { .. } => Signature::V4(SignedIn::Header),
    };
    let (version, place) = match signature {
        Signature::None => (None, None),
        Signature::V2(place) => (Some("SigV2"), Some(place)),
        Signature::V4(place) => (Some("SigV4"), Some(place)),
    };
    version.iter().for_each(|version| out.text_member("SignatureVersion", version));
    out.key(RECEIVED);
    out.int(bytes(facts, RECEIVED, || facts.received));
    noted(facts, out);
    place.iter().for_each(|place| {
        let method = match place {
            SignedIn::Header => "AuthHeader",
            SignedIn::QueryString => "QueryString",
        };
        out.text_member("AuthenticationMethod", method);
    });
    out.text_member("x-amz-id-2", &wire::host_id(facts.request_id));
    out.key(SENT);
    out.int(bytes(facts, SENT, || facts.sent()));
}

const RECEIVED: &str = "bytesTransferredIn";
const SENT: &str = "bytesTransferredOut";

/// A count of bytes: the handler's, else what the call shows.
fn bytes(facts: &Facts, name: &str, shown: impl FnOnce() -> u64) -> i64 {
    match facts.note.additional.get(name) {
        Some(Value::Int(noted)) => *noted,
        _ => i64::try_from(shown()).unwrap_or(i64::MAX),
    }
}

/// An object's text; nothing when it has no members.
fn object(write: impl FnOnce(&mut Json)) -> Option<String> {
    let mut out = Json::with_capacity(USUAL_LENGTH);
    out.open('{');
    write(&mut out);
    out.close('}');
    Some(out.into_text()).filter(|text| text.len() > 2)
}
