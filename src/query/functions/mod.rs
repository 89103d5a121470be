//! Functions of one log event's values (CWL_QuerySyntax-operations-functions). Names are found in any case, and with or
//! without underscores, as AWS takes them.

mod general;
mod hash;
mod ip;
mod json;
mod numeric;
mod string;

pub use general::{DateFormat, parse_offset};
pub use json::extract;

use super::value::Value;

/// A function of values alone. An argument that is absent makes most results absent.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    pub run: Run,
}

pub type Run = for<'v> fn(&mut [Value<'v>]) -> Value<'v>;

const fn function(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function { name, least, most, run }
}

const MANY: usize = 100;

static FUNCTIONS: [&[Function]; 6] =
    [general::FUNCTIONS, numeric::FUNCTIONS, string::FUNCTIONS, json::FUNCTIONS, ip::FUNCTIONS, hash::FUNCTIONS];

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    let wanted = plain(name);
    FUNCTIONS.into_iter().flatten().find(|function| plain(function.name) == wanted)
}

/// A name without case and underscores.
pub fn plain(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase()).collect()
}

/// An argument's value, taken out.
fn take<'v>(args: &mut [Value<'v>], index: usize) -> Value<'v> {
    args.get_mut(index).map_or(Value::Absent, |arg| std::mem::replace(arg, Value::Absent))
}

/// An argument as text.
fn text<'v>(args: &mut [Value<'v>], index: usize) -> Option<std::borrow::Cow<'v, str>> {
    take(args, index).into_text()
}

fn number(args: &[Value], index: usize) -> Option<f64> {
    args.get(index).and_then(Value::to_number)
}

/// A whole number within bounds.
fn whole(args: &[Value], index: usize) -> Option<i64> {
    number(args, index).filter(|number| number.abs() < 9e15).map(|number| number as i64)
}

fn or_absent<'v>(value: Option<Value<'v>>) -> Value<'v> {
    value.unwrap_or(Value::Absent)
}
