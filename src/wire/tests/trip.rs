//! Round trips of generated trees.

use bytes::Bytes;
use chrono::DateTime;

use super::{contracts, with_head};
use crate::contract::{Contract, Kind, Location, Operation, OperationId, Protocol, ShapeId, Structure};
use crate::wire::value::{Map, Value};
use crate::wire::{decode, decode_answer, encode, encode_request, route};

/// Which members a generated tree has.
#[derive(Clone, Copy, PartialEq)]
enum Size {
    Required,
    All,
}

/// A tree of the given shape, the same each time.
fn tree(contract: &Contract, shape: ShapeId, size: Size, place: Location, around: &mut Vec<ShapeId>) -> Value {
    around.push(shape);
    let value = match &contract.shape(shape).kind {
        Kind::Structure(structure) => Value::Map(structure_tree(contract, structure, size, around)),
        Kind::List { member, .. } => {
            let item = tree(contract, member.shape, size, place, around);
            Value::List(vec![item.clone(), item])
        }
        Kind::Map { value, .. } => {
            let value = tree(contract, value.shape, size, place, around);
            Value::Map(Map(vec![("one".into(), value.clone()), ("two".into(), value)]))
        }
        Kind::String if place == Location::Body => "a<b> & \"c\"\ré/+=".into(),
        Kind::String => "a-1".into(),
        Kind::Boolean => true.into(),
        Kind::Integer => 7.into(),
        Kind::Long => (-5_000_000_000_i64).into(),
        Kind::Float | Kind::Double => 1.5.into(),
        Kind::Blob => Bytes::from_static(b"\0\xff<").into(),
        Kind::Timestamp(_) => DateTime::from_timestamp_nanos(1_700_000_000_000_000_000).into(),
    };
    around.pop();
    value
}

fn structure_tree(contract: &Contract, structure: &Structure, size: Size, around: &mut Vec<ShapeId>) -> Map {
    let mut map = Map::new();
    for member in &structure.members {
        if structure.union && !map.is_empty() {
            break;
        }
        let wanted = member.required || size == Size::All;
        if wanted && !around.contains(&member.shape) && !member.streaming && !is_stream(contract, member.shape) {
            map.push(member.name, tree(contract, member.shape, size, member.location, around));
        }
    }
    map
}

fn is_stream(contract: &Contract, shape: ShapeId) -> bool {
    contract.structure(shape).is_some_and(|structure| structure.event_stream)
}

/// Without empty structures, which forms and header maps cannot hold, and in order of names.
fn settled(value: Value) -> Value {
    match value {
        Value::Map(map) => {
            let mut pairs: Vec<_> = map.0.into_iter().map(|(name, value)| (name, settled(value))).collect();
            pairs.retain(|(_, value)| !is_empty(value));
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Map(Map(pairs))
        }
        Value::List(items) => Value::List(items.into_iter().map(settled).filter(|item| !is_empty(item)).collect()),
        value => value,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(items) => items.is_empty(),
        value => value.is_null(),
    }
}

fn each(mut then: impl FnMut(&'static Contract, OperationId, &Operation, Protocol, Size)) {
    for contract in contracts() {
        let operations = (0..).map(OperationId).zip(&contract.operations);
        for (id, op) in operations {
            for protocol in &contract.protocols {
                then(contract, id, op, *protocol, Size::All);
                then(contract, id, op, *protocol, Size::Required);
            }
        }
    }
}

#[test]
fn requests_come_back() {
    each(|contract, id, op, protocol, size| {
        let Some(shape) = op.input else { return };
        let input = tree(contract, shape, size, Location::Body, &mut Vec::new());
        let request = encode_request(contract, id, protocol, &input);
        let back =
            with_head(&request, contract.signing_name, |head| decode(contract, id, protocol, head, &request.body));
        let back = back.unwrap_or_else(|fault| panic!("{} {} {protocol:?}: {fault:?}", contract.service, op.name));
        assert_eq!(settled(back), settled(input), "{} {} {protocol:?} {}", contract.service, op.name, request.uri);
    });
}

#[test]
fn answers_come_back() {
    each(|contract, id, op, protocol, size| {
        let Some(shape) = op.output else { return };
        let output = tree(contract, shape, size, Location::Body, &mut Vec::new());
        let answer = encode(contract, id, protocol, &output, "4f2d0f1e-6e1c-4d3e-9d1b-0b4f5a1c2d3e");
        let back = decode_answer(contract, id, protocol, &answer);
        let back = back.unwrap_or_else(|fault| panic!("{} {} {protocol:?}: {fault:?}", contract.service, op.name));
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(settled(back), settled(output), "{} {} {protocol:?} {text}", contract.service, op.name);
    });
}

#[test]
fn requests_find_their_operation() {
    each(|contract, id, op, protocol, size| {
        let Some(shape) = op.input else { return };
        let input = tree(contract, shape, size, Location::Body, &mut Vec::new());
        let request = encode_request(contract, id, protocol, &input);
        let found = with_head(&request, contract.signing_name, |head| route(head, Some(&request.body)));
        let found = found.unwrap_or_else(|error| panic!("{} {}: {error:?}", contract.service, op.name));
        assert_eq!(
            (found.contract.service, found.contract.operation(found.operation).name, found.protocol),
            (contract.service, op.name, protocol),
            "{}",
            request.uri
        );
        assert_eq!(found.region.as_deref(), Some("eu-west-1"));
    });
}
