//! `requestParameters`, `responseElements` and `additionalEventData`: trees as CloudTrail writes them.

use serde_json::value::RawValue;

use crate::contract::{Contract, Kind, Redaction, ShapeId};
use crate::wire::Value;
use crate::world::op::Access;
use crate::world::time::java_text;

use super::Facts;

/// The call's input, or `None` where records show `null`.
pub(super) fn request(facts: &Facts) -> Option<Box<RawValue>> {
    let call = facts.call;
    let input = call.input.as_ref().ok()?;
    let denied = facts.outcome.as_ref().is_err_and(|fault| fault.code.starts_with("AccessDenied"));
    if denied && !call.contract.record.keeps_denied_parameters {
        return None;
    }
    members(call.contract, call.contract.operation(call.operation).input, input)
}

/// The call's output, or `None` for reads, failures, and calls that answer nothing.
pub(super) fn response(facts: &Facts, access: Access) -> Option<Box<RawValue>> {
    let output = facts.outcome.as_ref().ok()?;
    if access == Access::Read && facts.note.response.is_none() {
        return None;
    }
    let value = facts.note.response.as_ref().unwrap_or(&output.value);
    members(facts.call.contract, facts.call.contract.operation(facts.call.operation).output, value)
}

/// What the handler noted.
pub(super) fn additional(facts: &Facts) -> Option<Box<RawValue>> {
    if facts.note.additional.is_empty() {
        return None;
    }
    let tree = facts.note.additional.iter().map(|(name, value)| (name.to_owned(), plain(value)));
    raw(&serde_json::Value::Object(tree.collect()))
}

fn members(contract: &Contract, shape: Option<ShapeId>, value: &Value) -> Option<Box<RawValue>> {
    let tree = render(contract, shape, value);
    match &tree {
        serde_json::Value::Object(members) if members.is_empty() => None,
        _ => raw(&tree),
    }
}

fn raw(tree: &serde_json::Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(tree).ok()
}

/// A tree with the first letters of member names lowered and times in Java's text form.
fn render(contract: &Contract, shape: Option<ShapeId>, value: &Value) -> serde_json::Value {
    let kind = shape.map(|shape| &contract.shape(shape).kind);
    match (value, kind) {
        (Value::Map(map), Some(Kind::Structure(structure))) => {
            let members = map.iter().filter(|(_, value)| !value.is_null()).filter_map(|(name, value)| {
                let member = structure.member(name);
                let value = match member.map_or(Redaction::None, |member| member.redact) {
                    Redaction::None => render(contract, member.map(|member| member.shape), value),
                    Redaction::Hidden => "HIDDEN_DUE_TO_SECURITY_REASONS".into(),
                    Redaction::Removed => "<sensitiveDataRemoved>".into(),
                    Redaction::Omitted => return None,
                };
                Some((lower_first(name), value))
            });
            serde_json::Value::Object(members.collect())
        }
        (Value::Map(map), Some(Kind::Map { value: of, .. })) => {
            let entries = map.iter().map(|(name, value)| (name.to_owned(), render(contract, Some(of.shape), value)));
            serde_json::Value::Object(entries.collect())
        }
        (Value::List(items), Some(Kind::List { member, .. })) => {
            items.iter().map(|item| render(contract, Some(member.shape), item)).collect()
        }
        (Value::Time(time), _) => java_text(*time, contract.record.comma_after_year).into(),
        _ => plain(value),
    }
}

fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Double(number) => (*number).into(),
        Value::Str(text) => text.as_str().into(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
        Value::Time(time) => java_text(*time, true).into(),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Map(map) => map.iter().map(|(name, value)| (name.to_owned(), plain(value))).collect(),
    }
}

/// `LogGroupName` → `logGroupName`, `AWSAccountId` → `aWSAccountId`.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
