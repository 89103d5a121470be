//! S3's form: where the request went, then its query arguments, headers and XML body as they travelled.

use std::borrow::Cow;

use crate::contract::{Contract, Kind, Location, Member, Operation, Redaction, ShapeId, Structure};
use crate::wire::{Map, Value};
use crate::world::time::iso_seconds;

use super::json::Json;
use super::members::recorded_name;
use super::xml;

/// Where a request went, beside what the contract binds.
pub(super) struct Destination<'a> {
    /// `Host` header.
    pub host: &'a str,
    /// Every query argument.
    pub arguments: &'a [(String, String)],
}

/// Arguments that say who signed and with what, of signature versions 4 and 2: never written.
const SECRET_ARGUMENTS: [&str; 5] =
    ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "Signature", "AWSAccessKeyId"];

/// Writes the parameters, without the braces. Bodies are shown of calls that configure (`with_body`), not of
/// those on objects.
pub(super) fn request(
    contract: &Contract,
    operation: &Operation,
    destination: &Destination,
    input: &Map,
    with_body: bool,
    out: &mut Json,
) {
    let structure = operation.input.and_then(|shape| contract.structure(shape));
    let members = structure.map_or(&[][..], |structure| &structure.members);
    labels(members, destination.host, input, out);
    arguments(operation, members, destination, input, out);
    for member in members.iter().filter(|member| member.location == Location::Header) {
        header(member, input, out);
    }
    if let (Some(structure), true) = (structure, with_body) {
        body(contract, structure, input, out);
    }
}

/// Writes the headers of an answer, without the braces.
pub(super) fn response(contract: &Contract, operation: &Operation, output: &Map, out: &mut Json) {
    let structure = operation.output.and_then(|shape| contract.structure(shape));
    let members = structure.map_or(&[][..], |structure| &structure.members);
    for member in members.iter().filter(|member| member.location == Location::Header) {
        header(member, output, out);
    }
}

/// `bucketName`, `Host`, `key`.
fn labels(members: &[Member], host: &str, input: &Map, out: &mut Json) {
    let mut labels = members.iter().filter(|member| member.location == Location::Uri);
    let bucket = labels.clone().find(|member| member.name == "Bucket");
    if let Some(bucket) = bucket.and_then(|member| input.get(member.name)) {
        out.text_member("bucketName", &text(bucket));
    }
    out.text_member("Host", host);
    labels.by_ref().filter(|member| member.name != "Bucket").for_each(|member| {
        if let Some(value) = input.get(member.name) {
            out.key_lowered(member.on_wire());
            out.string(&text(value));
        }
    });
}

/// What the template fixes (`?acl`, `?list-type=2`), then what the contract binds, then the rest.
fn arguments(operation: &Operation, members: &[Member], destination: &Destination, input: &Map, out: &mut Json) {
    let template = operation.uri.split_once('?').map_or("", |(_, query)| query);
    let fixed = template.split('&').filter(|argument| !argument.is_empty());
    let fixed = fixed.map(|argument| argument.split_once('=').unwrap_or((argument, "")));
    for (name, value) in fixed.clone().filter(|(name, _)| *name != "x-id") {
        out.text_member(name, value);
    }
    for member in members.iter().filter(|member| member.location == Location::Query) {
        if let Some(value) = input.get(member.name) {
            out.text_member(member.on_wire(), &text(value));
        }
    }
    let bound = |name: &str| {
        let mut members = members.iter().filter(|member| match member.location {
            Location::Query => member.on_wire() == name,
            // A presigned URL carries headers as arguments.
            Location::Header => member.on_wire().eq_ignore_ascii_case(name),
            _ => false,
        });
        members.any(|member| input.contains(member.name))
            || fixed.clone().any(|(fixed, _)| fixed == name && fixed != "x-id")
    };
    for (name, value) in destination.arguments {
        if !bound(name) && !is_secret(name) {
            out.text_member(name, value);
        }
    }
}

fn is_secret(argument: &str) -> bool {
    SECRET_ARGUMENTS.iter().any(|secret| secret.eq_ignore_ascii_case(argument))
}

/// Only S3's own headers are shown, and no keys among them.
fn header(member: &Member, map: &Map, out: &mut Json) {
    if !member.wire_name.starts_with("x-amz-") || member.redact != Redaction::None {
        return;
    }
    if let Some(value) = map.get(member.name).filter(|value| !value.is_null()) {
        out.text_member(member.wire_name, &text(value));
    }
}

/// The XML document under its root's name; a policy is the JSON document that it is.
fn body(contract: &Contract, structure: &Structure, input: &Map, out: &mut Json) {
    let Some(member) = structure.member(structure.payload) else { return };
    match input.get(member.name) {
        Some(Value::Str(document)) => {
            let name = if recorded_name(member).is_empty() { member.on_wire() } else { recorded_name(member) };
            out.key(name);
            match serde_json::from_str::<serde_json::Value>(document) {
                Ok(document) => out.raw(&document.to_string()),
                Err(_) => out.string(document),
            }
        }
        Some(Value::Map(map)) => {
            let namespace = match member.xml_namespace.0 {
                "" => contract.xml_namespace,
                namespace => namespace,
            };
            out.key(member.on_wire());
            out.open('{');
            contract.structure(member.shape).into_iter().for_each(|root| children(contract, root, map, out));
            out.text_member("xmlns", namespace);
            out.close('}');
        }
        _ => {}
    }
}

/// Elements and attributes of a structure.
fn children(contract: &Contract, structure: &Structure, map: &Map, out: &mut Json) {
    for member in &structure.members {
        let Some(value) = map.get(member.name).filter(|value| !value.is_null()) else { continue };
        match (value, &contract.shape(member.shape).kind) {
            (Value::List(items), Kind::List { member: of, flattened }) if member.flattened || *flattened => {
                if !items.is_empty() {
                    out.key(member.on_wire());
                    xml::repeated(items, out, |_, item, out| element(contract, of.shape, item, out));
                }
            }
            (Value::Map(map), Kind::Structure(of)) if !member.xml_namespace.1.is_empty() => {
                let (uri, prefix) = member.xml_namespace;
                out.key(member.on_wire());
                out.open('{');
                out.text_member(&format!("xmlns:{prefix}"), uri);
                children(contract, of, map, out);
                out.close('}');
            }
            _ => {
                out.key(member.on_wire());
                element(contract, member.shape, value, out);
            }
        }
    }
}

fn element(contract: &Contract, shape: ShapeId, value: &Value, out: &mut Json) {
    match (value, &contract.shape(shape).kind) {
        (Value::Map(map), Kind::Structure(structure)) if !map.is_empty() => {
            out.open('{');
            children(contract, structure, map, out);
            out.close('}');
        }
        (Value::List(items), Kind::List { member: of, .. }) if !items.is_empty() => {
            out.open('{');
            out.key(if of.wire_name.is_empty() { "member" } else { of.wire_name });
            xml::repeated(items, out, |_, item, out| element(contract, of.shape, item, out));
            out.close('}');
        }
        (Value::Time(time), _) => out.string(&iso_seconds(*time)),
        _ => xml::content(value, out),
    }
}

/// A value as labels, query arguments and headers write it.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Str(text) => Cow::Borrowed(text),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Double(number) => Cow::Owned(number.to_string()),
        Value::Time(time) => Cow::Owned(iso_seconds(*time)),
        Value::List(items) => Cow::Owned(items.iter().map(text).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Blob(_) | Value::Map(_) => Cow::Borrowed(""),
    }
}
