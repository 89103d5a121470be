//! JSON functions, and access to the parts of maps and lists.

use std::sync::Arc;

use serde_json::Value as Json;

use super::super::ast::Part;
use super::super::value::{Value, equal, from_json};
use super::{Function, function, or_absent, take, text};

pub const FUNCTIONS: &[Function] = &[
    function("jsonParse", 1, 1, |args| or_absent(parse(args))),
    function("jsonStringify", 1, 1, |args| or_absent(stringify(args))),
    function("jsonArraySize", 1, 1, |args| or_absent(array_size(args))),
    function("jsonArrayContains", 2, 2, array_contains),
];

/// Nothing for texts that are neither a map nor a list.
fn parse<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let json: Json = serde_json::from_str(&text(args, 0)?).ok()?;
    (json.is_object() || json.is_array()).then(|| Value::Structure(Arc::new(json)))
}

fn stringify<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    match take(args, 0) {
        Value::Structure(json) => Some(Value::owned(json.to_string())),
        _ => None,
    }
}

fn array(value: Value) -> Option<Arc<Json>> {
    let json = match value {
        Value::Structure(json) => json,
        other => Arc::new(serde_json::from_str(&other.into_text()?).ok()?),
    };
    json.is_array().then_some(json)
}

fn array_size<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let list = array(take(args, 0))?;
    Some(Value::Number(list.as_array()?.len() as f64))
}

/// Not there is false too.
fn array_contains<'v>(args: &mut [Value<'v>]) -> Value<'v> {
    let wanted = take(args, 1);
    let list = array(take(args, 0));
    let elements = list.as_ref().and_then(|list| list.as_array());
    Value::Bool(elements.is_some_and(|elements| elements.iter().any(|element| equal(&from_json(element), &wanted))))
}

/// The part of a map or list that dots and brackets lead to. A key may hold dots itself.
pub fn extract(json: &Json, path: &[Part]) -> Value<'static> {
    let mut place = json;
    for part in path {
        let next = match (part, place) {
            (Part::Word(word), Json::Object(members)) => members.get(word),
            (Part::Word(word), Json::Array(elements)) => word.parse::<usize>().ok().and_then(|at| elements.get(at)),
            (Part::Index(index), Json::Array(elements)) => elements.get(*index),
            _ => None,
        };
        match next {
            Some(next) => place = next,
            None => return Value::Absent,
        }
    }
    from_json(place)
}
