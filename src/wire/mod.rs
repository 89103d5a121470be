//! Bytes ⇄ [`Value`], led by the contract. Knows no service.
//!
//! [`route`] reads the head and says which operation is called in which protocol; [`decode`] turns
//! the request into the input tree and [`check`] holds it against the contract's constraints;
//! [`encode`] and [`encode_fault`] write the answer. [`encode_request`] and [`decode_answer`] are
//! the same walk seen from a client; contract tests use them.

mod cbor;
pub mod escape;
pub mod event_stream;
pub mod fault;
mod faults;
mod json;
mod pattern;
mod query;
mod rest;
mod route;
mod scalar;
#[cfg(test)]
mod tests;
mod validate;
pub mod value;
mod xml;

use std::borrow::Cow;

pub use fault::Fault;
pub use faults::encode_fault;
pub use rest::host_id;
pub use route::{Route, RouteError, region, route};
pub use validate::check;
pub use value::{Map, Name, Value};

use crate::contract::{Contract, OperationId, Protocol};

/// How deep lists, maps and structures may nest in any request.
pub const DEPTH_MAX: usize = 64;

/// How many values, elements or parts of names any request may hold. A value takes far more memory than the byte or two
/// that may stand for it on the wire; the fullest calls (`PutMetricData`, 1,000 metrics of 150 values and counts each)
/// stay below.
pub const VALUES_MAX: usize = 500_000;

/// The head of a request, as far as codecs need it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub method: &'a str,
    /// Percent-encoded as it came. Path-style: a bucket in the host name has been moved here.
    pub path: &'a str,
    /// What follows `?`, as it came.
    pub query: &'a str,
    pub headers: &'a http::HeaderMap,
    pub host: &'a str,
}

impl<'a> Head<'a> {
    /// A header's value where it is readable text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    pub status: u16,
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// Empty where the output's payload is a stream, and the first message where that is one of events; the front
    /// sends the rest itself.
    pub body: Vec<u8>,
}

impl Encoded {
    /// A header's value; names compare without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A request as a client would send it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: &'static str,
    /// Path and query.
    pub uri: String,
    pub headers: Vec<(Cow<'static, str>, String)>,
    pub body: Vec<u8>,
}

/// Reads a request into the operation's input tree. A streamed payload is left out.
pub fn decode(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    head: &Head,
    body: &[u8],
) -> Result<Value, Fault> {
    let Some(input) = contract.operation(operation).input else { return Ok(Value::Map(Map::new())) };
    match protocol {
        Protocol::Json => json::read(contract, input, body),
        Protocol::Cbor => cbor::read(contract, input, body),
        Protocol::Query | Protocol::Ec2 => {
            let mut tree = query::read(contract, input, protocol, head.query, body)?;
            query::add_path(contract, input, head.path, &mut tree);
            Ok(tree)
        }
        Protocol::RestXml | Protocol::RestJson => rest::read_request(contract, operation, protocol, head, body),
    }
}

/// Writes an operation's output.
pub fn encode(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    output: &Value,
    request_id: &str,
) -> Encoded {
    let op = contract.operation(operation);
    if matches!(protocol, Protocol::RestXml | Protocol::RestJson) {
        return rest::write_answer(contract, operation, protocol, output, request_id);
    }
    let mut encoded = blank(contract, protocol, request_id, op.status);
    encoded.body = match protocol {
        Protocol::Json => json::write_output(contract, op.output, output),
        Protocol::Cbor => cbor::write_output(contract, op.output, output),
        _ => query::write_answer(contract, op, protocol, output, request_id),
    };
    if event_stream::has(contract, op) {
        encoded.headers.retain(|(name, _)| name != "Content-Type");
        encoded.headers.push(("Content-Type".into(), event_stream::CONTENT_TYPE.into()));
        encoded.body = event_stream::initial(contract);
    }
    if op.output.is_none() && matches!(protocol, Protocol::Json | Protocol::Cbor) {
        encoded.body.clear();
    }
    encoded
}

/// Writes a request as a client would.
pub fn encode_request(contract: &Contract, operation: OperationId, protocol: Protocol, input: &Value) -> Request {
    let op = contract.operation(operation);
    let mut request = Request { method: "POST", uri: "/".into(), headers: Vec::new(), body: Vec::new() };
    match protocol {
        Protocol::Json => {
            request.headers.push(("x-amz-target".into(), format!("{}.{}", contract.target_prefix, op.name)));
            request.headers.push(("content-type".into(), content_type(contract, protocol).into()));
            request.body = json::write_output(contract, op.input, input);
        }
        Protocol::Cbor => {
            request.uri = format!("/service/{}/operation/{}", contract.rpc_name, op.name);
            request.headers.push(("smithy-protocol".into(), "rpc-v2-cbor".into()));
            request.headers.push(("content-type".into(), content_type(contract, protocol).into()));
            request.body = cbor::write_output(contract, op.input, input);
        }
        Protocol::Query | Protocol::Ec2 => {
            let form = "application/x-www-form-urlencoded; charset=utf-8";
            request.headers.push(("content-type".into(), form.into()));
            request.body = query::write_request(contract, op, protocol, input);
        }
        Protocol::RestXml | Protocol::RestJson => rest::write_request(contract, op, protocol, input, &mut request),
    }
    request
}

/// Reads a successful answer as a client would; event streams are left out.
pub fn decode_answer(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    answer: &Encoded,
) -> Result<Value, Fault> {
    let op = contract.operation(operation);
    let Some(output) = op.output.filter(|_| !event_stream::has(contract, op)) else {
        return Ok(Value::Map(Map::new()));
    };
    match protocol {
        Protocol::Json => json::read(contract, output, &answer.body),
        Protocol::Cbor => cbor::read(contract, output, &answer.body),
        Protocol::Query | Protocol::Ec2 => query::read_answer(contract, operation, protocol, &answer.body),
        Protocol::RestXml | Protocol::RestJson => rest::read_answer(contract, operation, protocol, answer),
    }
}

/// An answer without a body: the status, the content type and the headers that carry the request id.
fn blank(contract: &Contract, protocol: Protocol, request_id: &str, status: u16) -> Encoded {
    let mut headers: Vec<(Cow<'static, str>, String)> = Vec::with_capacity(4);
    if protocol == Protocol::RestXml {
        headers.push(("x-amz-request-id".into(), request_id.to_owned()));
        headers.push(("x-amz-id-2".into(), rest::host_id(request_id)));
    } else {
        headers.push(("x-amzn-RequestId".into(), request_id.to_owned()));
        headers.push(("Content-Type".into(), content_type(contract, protocol).into()));
    }
    if protocol == Protocol::Cbor {
        headers.push(("smithy-protocol".into(), "rpc-v2-cbor".into()));
    }
    Encoded { status, headers, body: Vec::new() }
}

fn content_type(contract: &Contract, protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json if contract.json_version == "1.0" => "application/x-amz-json-1.0",
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::Cbor => "application/cbor",
        Protocol::RestJson => "application/json",
        Protocol::RestXml => "application/xml",
        Protocol::Query => "text/xml",
        Protocol::Ec2 => "text/xml;charset=UTF-8",
    }
}
