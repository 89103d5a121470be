//! The one tree that requests are decoded into and answers are encoded from.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};

/// A name in a [`Value::Map`]: borrowed from a contract, or chosen by a caller.
pub type Name = Cow<'static, str>;

/// A value on its way between a wire and a handler. Structures and maps are both [`Value::Map`];
/// which one it is, the contract knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// An absent member. Decoders leave absent members out instead.
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(String),
    Blob(Bytes),
    Time(DateTime<Utc>),
    List(Vec<Value>),
    Map(Map),
}

/// Members in the order of arrival; looked up by scanning, because structures are small.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(pub Vec<(Name, Value)>);

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a member that is not there yet.
    pub fn push(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// Sets a member, replacing an earlier value in place.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        let name = name.into();
        match self.get_mut(&name) {
            Some(slot) => *slot = value.into(),
            None => self.push(name, value),
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// A map of pairs as they arrived; of equal keys the last one counts.
pub(super) fn distinct(mut pairs: Vec<(Name, Value)>) -> Map {
    let mut last = HashMap::with_capacity(pairs.len());
    for (at, (key, _)) in pairs.iter().enumerate() {
        last.insert(key.clone(), at);
    }
    if last.len() < pairs.len() {
        let mut at = 0..;
        pairs.retain(|(key, _)| last.get(key).copied() == at.next());
    }
    Map(pairs)
}

impl Value {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// A member of a structure, `None` when absent or not a structure.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

macro_rules! from {
    ($($type:ty => $make:expr),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Value {
                ($make)(value)
            }
        })*
    };
}

from! {
    bool => Value::Bool,
    i32 => |n| Value::Int(i64::from(n)),
    i64 => Value::Int,
    u32 => |n| Value::Int(i64::from(n)),
    f64 => Value::Double,
    &str => |text: &str| Value::Str(text.to_owned()),
    String => Value::Str,
    Bytes => Value::Blob,
    DateTime<Utc> => Value::Time,
    Map => Value::Map,
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
