//! CBOR bodies of RPC v2. The format (RFC 8949) is small enough to read and write in place.

use super::scalar::from_epoch;
use super::value::{Map, Name, Value, distinct};
use super::{DEPTH_MAX, Fault, VALUES_MAX, faults};
use crate::contract::{Contract, Kind, Location, ShapeId};

/// Reads a document of the given shape. An empty body is an empty document.
pub fn read(contract: &Contract, shape: ShapeId, body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Map(Map::new()));
    }
    let mut reader = Reader { contract, rest: body, values: 0 };
    let value = reader.value(shape, 0).map_err(|sentence| Fault::new("SerializationException", sentence))?;
    match value {
        Value::Null => Ok(Value::Map(Map::new())),
        value => Ok(value),
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

const BREAK: u8 = 0xff;
const CUT_OFF: &str = "Unexpected end of input";
const UNEXPECTED: &str = "Unexpected field type";

/// The start of an item: its major type, the low bits, and its argument; no argument means indefinite length.
struct Start {
    major: u8,
    low: u8,
    argument: Option<u64>,
}

struct Reader<'a> {
    contract: &'a Contract,
    rest: &'a [u8],
    /// How many values have been read.
    values: usize,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Read<&'a [u8]> {
        let count = usize::try_from(count).map_err(|_| CUT_OFF)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    fn start(&mut self) -> Read<Start> {
        let byte = self.take(1)?.first().copied().ok_or(CUT_OFF)?;
        let (major, low) = (byte >> 5, byte & 0x1f);
        let argument = match low {
            0..24 => Some(u64::from(low)),
            24..28 => Some(self.take(1 << (low - 24))?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))),
            31 => None,
            _ => return Err("Reserved item"),
        };
        Ok(Start { major, low, argument })
    }

    /// Whether another item of a list or map follows; counts down a definite length.
    fn more(&mut self, left: &mut Option<u64>) -> Read<bool> {
        match left {
            Some(0) => Ok(false),
            Some(count) => {
                *count -= 1;
                Ok(true)
            }
            None if self.rest.first() == Some(&BREAK) => self.take(1).map(|_| false),
            None => Ok(true),
        }
    }

    /// A string's bytes, put together where it comes in chunks.
    fn string(&mut self, start: &Start) -> Read<Vec<u8>> {
        if let Some(length) = start.argument {
            return self.take(length).map(<[u8]>::to_vec);
        }
        let mut whole = Vec::new();
        while self.more(&mut None)? {
            let chunk = self.start()?;
            if chunk.major != start.major {
                return Err(UNEXPECTED);
            }
            whole.extend_from_slice(self.take(chunk.argument.ok_or(UNEXPECTED)?)?);
        }
        Ok(whole)
    }

    fn text(&mut self, start: &Start) -> Read<String> {
        String::from_utf8(self.string(start)?).map_err(|_| "Invalid UTF-8")
    }

    fn key(&mut self) -> Read<String> {
        let start = self.start()?;
        if start.major == TEXT { self.text(&start) } else { Err(UNEXPECTED) }
    }

    fn value(&mut self, shape: ShapeId, depth: usize) -> Read<Value> {
        let start = self.start()?;
        if depth > DEPTH_MAX {
            return Err("Nesting is too deep");
        }
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err("There are too many values");
        }
        let kind = &self.contract.shape(shape).kind;
        match (start.major, kind) {
            (ARRAY, Kind::List { member, .. }) => self.list(member.shape, start.argument, depth),
            (MAP, Kind::Map { value, .. }) => self.map(value.shape, start.argument, depth),
            (MAP, Kind::Structure(_)) => self.structure(shape, start.argument, depth),
            (TEXT, Kind::String) => self.text(&start).map(Value::Str),
            (BYTES, Kind::Blob) => self.string(&start).map(|bytes| Value::Blob(bytes.into())),
            (TAG, Kind::Timestamp(_)) if start.argument == Some(1) => {
                let start = self.start()?;
                self.number(&start).and_then(|n| from_epoch(n).map(Value::Time).ok_or(UNEXPECTED))
            }
            // Other tags say nothing that the contract does not.
            (TAG, _) => self.value(shape, depth + 1),
            (SIMPLE, _) if matches!(start.low, 22 | 23) => Ok(Value::Null),
            (SIMPLE, Kind::Boolean) if matches!(start.low, 20 | 21) => Ok(Value::Bool(start.low == 21)),
            (UNSIGNED | NEGATIVE, Kind::Integer) => {
                self.integer(&start).filter(|n| i32::try_from(*n).is_ok()).map(Value::Int).ok_or(UNEXPECTED)
            }
            (UNSIGNED | NEGATIVE, Kind::Long) => self.integer(&start).map(Value::Int).ok_or(UNEXPECTED),
            (UNSIGNED | NEGATIVE | SIMPLE, Kind::Float | Kind::Double) => self.number(&start).map(Value::Double),
            (SIMPLE, Kind::Integer | Kind::Long) => whole(self.number(&start)?, kind),
            _ => Err(UNEXPECTED),
        }
    }

    fn integer(&self, start: &Start) -> Option<i64> {
        let n = i64::try_from(start.argument?).ok()?;
        Some(if start.major == NEGATIVE { -1 - n } else { n })
    }

    fn number(&self, start: &Start) -> Read<f64> {
        let bits = start.argument.ok_or(UNEXPECTED)?;
        match (start.major, start.low) {
            (UNSIGNED, _) => Ok(bits as f64),
            (NEGATIVE, _) => Ok(-1.0 - bits as f64),
            (SIMPLE, 25) => Ok(half(bits as u16)),
            (SIMPLE, 26) => Ok(f64::from(f32::from_bits(bits as u32))),
            (SIMPLE, 27) => Ok(f64::from_bits(bits)),
            _ => Err(UNEXPECTED),
        }
    }

    fn list(&mut self, shape: ShapeId, mut left: Option<u64>, depth: usize) -> Read<Value> {
        let mut list = Vec::new();
        while self.more(&mut left)? {
            list.push(self.value(shape, depth + 1)?);
        }
        Ok(Value::List(list))
    }

    fn map(&mut self, shape: ShapeId, mut left: Option<u64>, depth: usize) -> Read<Value> {
        let mut pairs: Vec<(Name, Value)> = Vec::new();
        while self.more(&mut left)? {
            let key = self.key()?;
            match self.value(shape, depth + 1)? {
                Value::Null => {}
                value => pairs.push((Name::Owned(key), value)),
            }
        }
        Ok(Value::Map(distinct(pairs)))
    }

    fn structure(&mut self, shape: ShapeId, mut left: Option<u64>, depth: usize) -> Read<Value> {
        let contract = self.contract;
        let members = contract.structure(shape).map(|s| s.members.as_slice()).unwrap_or_default();
        let mut map = Map::new();
        while self.more(&mut left)? {
            let key = self.key()?;
            match members.iter().find(|m| m.on_wire() == key && m.location == Location::Body) {
                None => self.skip(depth + 1)?,
                Some(member) => match self.value(member.shape, depth + 1)? {
                    Value::Null => {}
                    value => map.set(member.name, value),
                },
            }
        }
        Ok(Value::Map(map))
    }

    /// Passes over an item that the contract does not know.
    fn skip(&mut self, depth: usize) -> Read<()> {
        if depth > DEPTH_MAX {
            return Err("Nesting is too deep");
        }
        let start = self.start()?;
        let mut left = start.argument;
        match start.major {
            BYTES | TEXT => self.string(&start).map(drop),
            ARRAY => {
                while self.more(&mut left)? {
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            MAP => {
                while self.more(&mut left)? {
                    self.skip(depth + 1)?;
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            TAG => self.skip(depth + 1),
            _ if start.argument.is_none() => Err(UNEXPECTED),
            _ => Ok(()),
        }
    }
}

fn whole(n: f64, kind: &Kind) -> Read<Value> {
    let limit = if matches!(kind, Kind::Integer) { f64::from(i32::MAX) } else { 9.2e18 };
    if n.fract() == 0.0 && n.abs() <= limit { Ok(Value::Int(n as i64)) } else { Err(UNEXPECTED) }
}

/// An IEEE 754 half-precision number.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// Writes a whole body; without an output shape it is an empty map.
pub fn write_output(contract: &Contract, shape: Option<ShapeId>, output: &Value) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    match (shape, output) {
        (Some(shape), Value::Map(_)) => write(contract, shape, output, &mut body),
        _ => put(MAP, 0, &mut body),
    }
    body
}

/// Writes a fault's body.
pub fn write_fault(
    contract: &Contract,
    modelled: Option<ShapeId>,
    name: &str,
    message_name: &str,
    fault: &Fault,
) -> Vec<u8> {
    let members = faults::known_members(contract, modelled, fault);
    let structure = modelled.and_then(|id| contract.structure(id));
    let mut body = Vec::with_capacity(256);
    put(MAP, 2 + members.len() as u64, &mut body);
    put_text("__type", &mut body);
    put_text(name, &mut body);
    put_text(message_name, &mut body);
    put_text(&fault.message, &mut body);
    for (name, value) in members.iter() {
        if let Some(member) = structure.and_then(|structure| structure.member(name)) {
            put_text(member.on_wire(), &mut body);
            write(contract, member.shape, value, &mut body);
        }
    }
    body
}

fn write(contract: &Contract, shape: ShapeId, value: &Value, out: &mut Vec<u8>) {
    match (&contract.shape(shape).kind, value) {
        (Kind::List { member, .. }, Value::List(items)) => {
            put(ARRAY, items.len() as u64, out);
            items.iter().for_each(|item| write(contract, member.shape, item, out));
        }
        (Kind::Structure(structure), Value::Map(map)) => {
            let present = map.iter().filter(|(_, value)| !value.is_null());
            let members: Vec<_> = present.filter_map(|(name, value)| Some((structure.member(name)?, value))).collect();
            put(MAP, members.len() as u64, out);
            for (member, value) in members {
                put_text(member.on_wire(), out);
                write(contract, member.shape, value, out);
            }
        }
        (Kind::Map { value: reference, .. }, Value::Map(map)) => {
            put(MAP, map.len() as u64, out);
            for (key, value) in map.iter() {
                put_text(key, out);
                write(contract, reference.shape, value, out);
            }
        }
        (_, value) => write_scalar(value, out),
    }
}

fn write_scalar(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(set) => out.push(SIMPLE << 5 | if *set { 21 } else { 20 }),
        Value::Int(n) => put_int(*n, out),
        Value::Double(n) => put_double(*n, out),
        Value::Str(text) => put_text(text, out),
        Value::Blob(bytes) => {
            put(BYTES, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Value::Time(time) => {
            put(TAG, 1, out);
            match time.timestamp_millis() {
                millis if millis % 1000 == 0 => put_int(millis / 1000, out),
                millis => put_double(millis as f64 / 1000.0, out),
            }
        }
        Value::Null | Value::List(_) | Value::Map(_) => out.push(SIMPLE << 5 | 22),
    }
}

/// An item's start with its argument in the fewest bytes.
fn put(major: u8, argument: u64, out: &mut Vec<u8>) {
    let bytes = argument.to_be_bytes();
    let (low, skipped) = match argument {
        0..24 => return out.push(major << 5 | argument as u8),
        24..0x100 => (24, 7),
        0x100..0x1_0000 => (25, 6),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 0),
    };
    out.push(major << 5 | low);
    out.extend(bytes.iter().skip(skipped));
}

fn put_int(n: i64, out: &mut Vec<u8>) {
    match u64::try_from(n) {
        Ok(n) => put(UNSIGNED, n, out),
        Err(_) => put(NEGATIVE, n.unsigned_abs() - 1, out),
    }
}

fn put_double(n: f64, out: &mut Vec<u8>) {
    out.push(SIMPLE << 5 | 27);
    out.extend_from_slice(&n.to_be_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put(TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}
