//! Typed views of [`Value`] trees: structures with only the members a handler uses.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::contract::{Contract, Kind, ShapeId};
use crate::wire::{Map, Value};

use super::payload::Content;
use super::time::Time;

/// A type that can stand for a member. Reading cannot fail: the contract's types and required members
/// were checked before, and an absent member reads as the type's default.
pub trait Field: Sized {
    fn read(value: Option<&Value>) -> Self;

    /// [`Value::Null`] for an absent member.
    fn write(self) -> Value;

    /// Collects member names that `shape` does not have.
    fn misfits(_contract: &Contract, _shape: Option<ShapeId>, _path: &str, _out: &mut Vec<String>) {}
}

/// What a handler answers: the output tree, and a body beside it for streamed members.
#[derive(Debug, Default)]
pub struct Output {
    pub value: Value,
    pub content: Option<Content>,
    /// Headers of the answer beside those of the protocol.
    pub headers: Vec<(&'static str, String)>,
    /// What makes the tree, when that is left for later.
    pub scan: Option<Scan<Value>>,
}

/// The rest of a call that reads: it works on a snapshot that the handler took, and runs outside the lock. It has
/// nothing left to refuse, and records do not show what it answers.
pub struct Scan<T>(Box<dyn FnOnce() -> T + Send>);

impl<T> Scan<T> {
    pub fn new(work: impl FnOnce() -> T + Send + 'static) -> Scan<T> {
        Scan(Box::new(work))
    }

    pub fn run(self) -> T {
        (self.0)()
    }
}

impl<T> fmt::Debug for Scan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scan")
    }
}

/// What handlers may return.
pub trait IntoOutput: Sized {
    fn into_output(self) -> Output;

    fn misfits(_contract: &Contract, _shape: Option<ShapeId>, _path: &str, _out: &mut Vec<String>) {}
}

impl<T: Field> IntoOutput for T {
    fn into_output(self) -> Output {
        Output { value: self.write(), ..Output::default() }
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        T::misfits(contract, shape, path, out);
    }
}

impl<T: Field> IntoOutput for (T, Content) {
    fn into_output(self) -> Output {
        Output { value: self.0.write(), content: Some(self.1), ..Output::default() }
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        T::misfits(contract, shape, path, out);
    }
}

/// An answer without members, and headers that no contract lists.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<(&'static str, String)>);

impl IntoOutput for Headers {
    fn into_output(self) -> Output {
        Output { value: ().write(), headers: self.0, ..Output::default() }
    }
}

impl<T: Field + 'static> IntoOutput for Scan<T> {
    fn into_output(self) -> Output {
        Output { scan: Some(Scan::new(|| self.run().write())), ..Output::default() }
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        T::misfits(contract, shape, path, out);
    }
}

/// No input, or no output.
impl Field for () {
    fn read(_: Option<&Value>) {}

    fn write(self) -> Value {
        Value::Map(Map::new())
    }
}

impl Field for Value {
    fn read(value: Option<&Value>) -> Value {
        value.cloned().unwrap_or_default()
    }

    fn write(self) -> Value {
        self
    }
}

impl Field for String {
    fn read(value: Option<&Value>) -> String {
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn write(self) -> Value {
        Value::Str(self)
    }
}

impl Field for bool {
    fn read(value: Option<&Value>) -> bool {
        matches!(value, Some(Value::Bool(true)))
    }

    fn write(self) -> Value {
        Value::Bool(self)
    }
}

impl Field for i64 {
    fn read(value: Option<&Value>) -> i64 {
        match value {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    fn write(self) -> Value {
        Value::Int(self)
    }
}

impl Field for f64 {
    fn read(value: Option<&Value>) -> f64 {
        match value {
            Some(Value::Double(number)) => *number,
            Some(Value::Int(number)) => *number as f64,
            _ => 0.0,
        }
    }

    fn write(self) -> Value {
        Value::Double(self)
    }
}

impl Field for Time {
    fn read(value: Option<&Value>) -> Time {
        match value {
            Some(Value::Time(time)) => *time,
            _ => Time::UNIX_EPOCH,
        }
    }

    fn write(self) -> Value {
        Value::Time(self)
    }
}

impl Field for Bytes {
    fn read(value: Option<&Value>) -> Bytes {
        match value {
            Some(Value::Blob(bytes)) => bytes.clone(),
            _ => Bytes::new(),
        }
    }

    fn write(self) -> Value {
        Value::Blob(self)
    }
}

impl<T: Field> Field for Option<T> {
    fn read(value: Option<&Value>) -> Option<T> {
        value.filter(|value| !value.is_null()).map(|value| T::read(Some(value)))
    }

    fn write(self) -> Value {
        self.map_or(Value::Null, Field::write)
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        T::misfits(contract, shape, path, out);
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: Option<&Value>) -> Vec<T> {
        value.and_then(Value::as_list).unwrap_or_default().iter().map(|item| T::read(Some(item))).collect()
    }

    fn write(self) -> Value {
        Value::List(self.into_iter().map(Field::write).collect())
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        let member = shape.and_then(|shape| match &contract.shape(shape).kind {
            Kind::List { member, .. } => Some(member.shape),
            _ => None,
        });
        if shape.is_some() && member.is_none() {
            out.push(format!("{path} is not a list"));
        }
        T::misfits(contract, member, path, out);
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn read(value: Option<&Value>) -> BTreeMap<String, T> {
        let entries = value.and_then(Value::as_map).into_iter().flat_map(Map::iter);
        entries.map(|(key, value)| (key.to_owned(), T::read(Some(value)))).collect()
    }

    fn write(self) -> Value {
        Value::Map(Map(self.into_iter().map(|(key, value)| (key.into(), value.write())).collect()))
    }
}

/// Several views of one structure: members that belong together, shared by operations that have them.
macro_rules! views {
    ($($view:ident)*) => {
        impl<$($view: Field),*> Field for ($($view,)*) {
            fn read(value: Option<&Value>) -> Self {
                ($($view::read(value),)*)
            }

            #[allow(non_snake_case)]
            fn write(self) -> Value {
                let ($($view,)*) = self;
                let mut members = Map::new();
                $(if let Value::Map(map) = $view.write() {
                    members.0.extend(map.0);
                })*
                Value::Map(members)
            }

            fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
                $($view::misfits(contract, shape, path, out);)*
            }
        }
    };
}

views!(A B);
views!(A B C);
views!(A B C D);
views!(A B C D E);

/// A structure over a tree: each field with the contract's name of its member.
///
/// ```
/// trailcam::record! {
///     /// What `StartLogging` reads.
///     pub struct StartLogging { name: String = "Name" }
/// }
/// ```
#[macro_export]
macro_rules! record {
    ($($(#[$meta:meta])* $vis:vis struct $record:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $member:literal),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        $vis struct $record { $($(#[$field_meta])* pub $field: $type),* }

        impl $crate::world::fields::Field for $record {
            fn read(value: Option<&$crate::wire::Value>) -> Self {
                let _members = value.and_then($crate::wire::Value::as_map);
                Self { $($field: $crate::world::fields::Field::read(_members.and_then(|members| members.get($member)))),* }
            }

            fn write(self) -> $crate::wire::Value {
                #[allow(unused_mut)]
                let mut members = $crate::wire::Map::new();
                $(
                    let value = $crate::world::fields::Field::write(self.$field);
                    if !value.is_null() {
                        members.push($member, value);
                    }
                )*
                $crate::wire::Value::Map(members)
            }

            fn misfits(
                contract: &$crate::contract::Contract,
                shape: Option<$crate::contract::ShapeId>,
                path: &str,
                out: &mut Vec<String>,
            ) {
                $($crate::world::fields::misfit::<$type>(contract, shape, path, $member, out);)*
            }
        }
    )*};
}

/// Checks one member of a record against the contract. Called by [`record!`](crate::record).
pub fn misfit<T: Field>(contract: &Contract, shape: Option<ShapeId>, path: &str, name: &str, out: &mut Vec<String>) {
    let path = format!("{path}.{name}");
    let member = shape.and_then(|shape| contract.structure(shape)).and_then(|structure| structure.member(name));
    match member {
        Some(member) => T::misfits(contract, Some(member.shape), &path, out),
        None => out.push(path),
    }
}
