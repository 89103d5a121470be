//! The form of most services: the API's members with the first letter lowered, whatever the protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::contract::{Contract, Kind, Member, Redaction, ShapeId, Structure};
use crate::wire::{Map, Value};
use crate::world::time::java_text;

use super::json::Json;

/// Writes the members of a structure, between braces that are already there.
pub(super) fn fields(contract: &Contract, shape: Option<ShapeId>, map: &Map, out: &mut Json) {
    let structure = shape.and_then(|shape| contract.structure(shape));
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let member = structure.and_then(|structure| structure.member(name));
        let shown = shown(contract, member);
        if matches!(shown, Shown::Left) {
            continue;
        }
        match member.map_or("", recorded_name) {
            "" => out.key_lowered(name),
            recorded => out.key(recorded),
        }
        match shown {
            Shown::As(text) => out.string(text),
            _ => write(contract, member.map(|member| member.shape), value, out),
        }
    }
    structure.into_iter().for_each(|structure| defaults(structure, map, out));
}

/// Members that the service's own model fills in when the caller left them out.
fn defaults(structure: &Structure, map: &Map, out: &mut Json) {
    for member in &structure.members {
        let default = member.record.as_ref().map_or("", |record| record.default);
        if !default.is_empty() && !map.contains(member.name) {
            out.key_lowered(member.name);
            out.raw(default);
        }
    }
}

/// Writes a value of a shape; without one, as it stands.
fn write(contract: &Contract, shape: Option<ShapeId>, value: &Value, out: &mut Json) {
    let kind = shape.map(|shape| &contract.shape(shape).kind);
    match (value, kind) {
        (Value::Map(map), Some(Kind::Structure(_))) => {
            out.open('{');
            fields(contract, shape, map, out);
            out.close('}');
        }
        (Value::Map(map), kind) => {
            // Keys that the caller chose keep their spelling.
            let of = if let Some(Kind::Map { value, .. }) = kind { Some(value.shape) } else { None };
            out.open('{');
            for (name, value) in map.iter() {
                out.key(name);
                write(contract, of, value, out);
            }
            out.close('}');
        }
        (Value::List(items), kind) => {
            let of = if let Some(Kind::List { member, .. }) = kind { Some(member.shape) } else { None };
            out.open('[');
            items.iter().for_each(|item| write(contract, of, item, out));
            out.close(']');
        }
        (Value::Time(time), _) => out.string(&java_text(*time, contract.record.comma_after_year)),
        _ => scalar(value, out),
    }
}

/// Writes a tree that no contract describes, names as they are.
pub(super) fn plain(contract: &Contract, value: &Value, out: &mut Json) {
    write(contract, None, value, out);
}

/// Writes a value that holds no others.
pub(super) fn scalar(value: &Value, out: &mut Json) {
    match value {
        Value::Bool(flag) => out.bool(*flag),
        Value::Int(number) => out.int(*number),
        Value::Double(number) => out.double(*number),
        Value::Str(text) => out.string(text),
        Value::Blob(bytes) => out.string(&BASE64.encode(bytes)),
        Value::Null | Value::Time(_) | Value::List(_) | Value::Map(_) => out.raw("null"),
    }
}

/// What a record shows of a member.
pub(super) enum Shown {
    /// Its value.
    Value,
    /// A text in its place.
    As(&'static str),
    /// Nothing.
    Left,
}

/// The overlay decides; without a word from it, what the contract marks as sensitive is hidden.
pub(super) fn shown(contract: &Contract, member: Option<&Member>) -> Shown {
    let Some(member) = member else { return Shown::Value };
    match member.redact {
        Redaction::Hidden => Shown::As(HIDDEN),
        Redaction::Removed => Shown::As(REMOVED),
        Redaction::Omitted => Shown::Left,
        Redaction::None if contract.shape(member.shape).sensitive => Shown::As(HIDDEN),
        Redaction::None => Shown::Value,
    }
}

const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
const REMOVED: &str = "<sensitiveDataRemoved>";

/// The overlay's name for a member in records, or nothing.
pub(super) fn recorded_name(member: &Member) -> &'static str {
    member.record.as_ref().map_or("", |record| record.name)
}
