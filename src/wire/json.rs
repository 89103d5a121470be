//! JSON bodies: read in one pass straight into the tree that the contract asks for.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::escape::escape;
use super::scalar::{decode_base64, encode_base64, from_epoch, print_double, print_epoch};
use super::value::{Map, Name, Value};
use super::{DEPTH_MAX, Fault, VALUES_MAX};
use crate::contract::{Contract, Kind, Location, ShapeId, TimestampFormat};

/// Reads a JSON document of the given shape. An empty body is an empty document.
pub fn read(contract: &Contract, shape: ShapeId, body: &[u8]) -> Result<Value, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Map(Map::new()));
    }
    let (complaint, values) = (Cell::new(None), Cell::new(0));
    let mut source = serde_json::Deserializer::from_slice(body);
    let seed = Seed { contract, shape, depth: 0, complaint: &complaint, values: &values };
    match seed.deserialize(&mut source).and_then(|value| source.end().map(|()| value)) {
        Ok(Value::Null) => Ok(Value::Map(Map::new())),
        Ok(value) => Ok(value),
        Err(_) => Err(serialization(complaint.take())),
    }
}

/// AWS's answer to a body that does not parse, with a sentence when a value is of the wrong type.
fn serialization(complaint: Option<String>) -> Fault {
    Fault::new("SerializationException", complaint.unwrap_or_default())
}

/// One value to come: its shape, and a place for what is wrong with it.
#[derive(Clone, Copy)]
struct Seed<'a> {
    contract: &'a Contract,
    shape: ShapeId,
    depth: usize,
    complaint: &'a Cell<Option<String>>,
    /// How many values have been read.
    values: &'a Cell<usize>,
}

impl<'a> Seed<'a> {
    fn kind(&self) -> &'a Kind {
        &self.contract.shape(self.shape).kind
    }

    fn inner(&self, shape: ShapeId) -> Seed<'a> {
        Seed { shape, depth: self.depth + 1, ..*self }
    }

    fn fail<T, E: serde::de::Error>(&self, complaint: impl Into<String>) -> Result<T, E> {
        self.complaint.set(Some(complaint.into()));
        Err(E::custom("type"))
    }

    /// "STRING_VALUE can not be converted to an Integer"
    fn mismatch<T, E: serde::de::Error>(&self, token: &str) -> Result<T, E> {
        let wanted = match self.kind() {
            Kind::String => "a String",
            Kind::Boolean => "a Boolean",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Float => "a Float",
            Kind::Double => "a Double",
            Kind::Blob => "a Blob",
            Kind::Timestamp(_) => "milliseconds since epoch",
            Kind::Structure(_) | Kind::Map { .. } | Kind::List { .. } => return self.fail("Unexpected field type"),
        };
        self.fail(format!("{token} can not be converted to {wanted}"))
    }

    fn number<E: serde::de::Error>(&self, n: f64) -> Result<Value, E> {
        match self.kind() {
            Kind::Float | Kind::Double => Ok(Value::Double(n)),
            Kind::Integer if n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX) => Ok(Value::Int(n as i64)),
            Kind::Long if n.fract() == 0.0 && n.abs() < 9.2e18 => Ok(Value::Int(n as i64)),
            Kind::Timestamp(_) => match from_epoch(n) {
                Some(time) => Ok(Value::Time(time)),
                None => self.mismatch("NUMBER_VALUE"),
            },
            _ => self.mismatch("NUMBER_VALUE"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH_MAX {
            return Err(D::Error::custom("depth"));
        }
        self.values.set(self.values.get() + 1);
        if self.values.get() > VALUES_MAX {
            return Err(D::Error::custom("values"));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value of the contract's type")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        match self.kind() {
            Kind::Boolean => Ok(Value::Bool(value)),
            _ => self.mismatch(if value { "TRUE_VALUE" } else { "FALSE_VALUE" }),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Value, E> {
        match self.kind() {
            Kind::Long => Ok(Value::Int(n)),
            Kind::Integer if i32::try_from(n).is_ok() => Ok(Value::Int(n)),
            _ => self.number(n as f64),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Value, E> {
        match i64::try_from(n) {
            Ok(n) => self.visit_i64(n),
            Err(_) => self.number(n as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Value, E> {
        self.number(n)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self.kind() {
            Kind::String => Ok(Value::Str(text.to_owned())),
            _ => self.worded(text),
        }
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        match self.kind() {
            Kind::String => Ok(Value::Str(text)),
            _ => self.worded(&text),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Kind::List { member, .. } = self.kind() else {
            return self.fail("Unexpected list found where not expected");
        };
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner(member.shape))? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
        match self.kind() {
            Kind::Structure(_) => self.structure(entries),
            Kind::Map { value, .. } => self.map(value.shape, entries),
            _ => self.fail("Start of structure or map found where not expected."),
        }
    }
}

impl Seed<'_> {
    /// A string where something else than a string belongs.
    fn worded<E: serde::de::Error>(&self, text: &str) -> Result<Value, E> {
        match (self.kind(), text) {
            (Kind::Blob, _) => match decode_base64(text) {
                Some(bytes) => Ok(Value::Blob(bytes.into())),
                None => self.mismatch("STRING_VALUE"),
            },
            (Kind::Float | Kind::Double, "NaN") => Ok(Value::Double(f64::NAN)),
            (Kind::Float | Kind::Double, "Infinity") => Ok(Value::Double(f64::INFINITY)),
            (Kind::Float | Kind::Double, "-Infinity") => Ok(Value::Double(f64::NEG_INFINITY)),
            (Kind::Timestamp(Some(TimestampFormat::Iso8601)), _) => match super::scalar::parse_time(text) {
                Some(time) => Ok(Value::Time(time)),
                None => self.mismatch("STRING_VALUE"),
            },
            _ => self.mismatch("STRING_VALUE"),
        }
    }

    fn structure<'de, A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Kind::Structure(structure) = self.kind() else { return self.mismatch("MAP") };
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let known = structure.members.iter().find(|m| m.on_wire() == key && m.location == Location::Body);
            let Some(member) = known else {
                entries.next_value::<IgnoredAny>()?;
                continue;
            };
            match entries.next_value_seed(self.inner(member.shape))? {
                Value::Null => {}
                value => map.set(member.name, value),
            }
        }
        Ok(Value::Map(map))
    }

    fn map<'de, A: MapAccess<'de>>(self, shape: ShapeId, mut entries: A) -> Result<Value, A::Error> {
        let mut pairs: Vec<(Name, Value)> = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            match entries.next_value_seed(self.inner(shape))? {
                Value::Null => {}
                value => pairs.push((Name::Owned(key.into_owned()), value)),
            }
        }
        Ok(Value::Map(super::value::distinct(pairs)))
    }
}

/// A key, borrowed from the document unless it has escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(Key)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }
}

/// Writes a whole body; without an output shape it is an empty document.
pub fn write_output(contract: &Contract, shape: Option<ShapeId>, output: &Value) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    match (shape, output) {
        (Some(shape), Value::Map(_)) => write(contract, shape, output, &mut body),
        _ => body.extend_from_slice(b"{}"),
    }
    body
}

/// Writes a value of the given shape.
pub fn write(contract: &Contract, shape: ShapeId, value: &Value, out: &mut Vec<u8>) {
    let kind = &contract.shape(shape).kind;
    match (kind, value) {
        (Kind::List { member, .. }, Value::List(items)) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(contract, member.shape, item, out);
            }
            out.push(b']');
        }
        (Kind::Structure(structure), Value::Map(map)) => {
            let members = map.iter().filter_map(|(name, value)| Some((structure.member(name)?, value)));
            let members = members.filter(|(member, value)| member.location == Location::Body && !value.is_null());
            write_object(contract, members.map(|(member, value)| (member.on_wire(), member.shape, value)), out);
        }
        (Kind::Map { value: reference, .. }, Value::Map(map)) => {
            write_object(contract, map.iter().map(|(key, value)| (key, reference.shape, value)), out);
        }
        _ => write_scalar(kind, value, out),
    }
}

fn write_object<'v>(
    contract: &Contract,
    entries: impl Iterator<Item = (&'v str, ShapeId, &'v Value)>,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    for (at, (name, shape, value)) in entries.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write(contract, shape, value, out);
    }
    out.push(b'}');
}

fn write_scalar(kind: &Kind, value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Value::Double(n) if n.is_finite() => out.extend_from_slice(print_double(*n).as_bytes()),
        Value::Double(n) => write_string(&print_double(*n), out),
        Value::Str(text) => write_string(text, out),
        Value::Blob(bytes) => write_string(&encode_base64(bytes), out),
        Value::Time(time) if matches!(kind, Kind::Timestamp(Some(TimestampFormat::Iso8601))) => {
            write_string(&super::scalar::print(kind, &Value::Time(*time), super::scalar::Times::Iso), out);
        }
        Value::Time(time) => out.extend_from_slice(print_epoch(*time).as_bytes()),
        Value::Null | Value::List(_) | Value::Map(_) => out.extend_from_slice(b"null"),
    }
}

/// Writes a string with JSON's escapes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    escape(text, |piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}
