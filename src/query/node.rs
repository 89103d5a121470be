//! Expressions whose names are places, ready to be computed.

use std::cmp::Ordering;

use memchr::memmem::Finder;
use regex::Regex;

use super::ast::{Operator, Part};
use super::exact::Sum;
use super::functions::{self, DateFormat, Function};
use super::inner::Set;
use super::period::Period;
use super::value::{self, Value};

/// The number of a value's place in a row.
pub type Slot = usize;

#[derive(Debug)]
pub enum Node {
    Constant(Value<'static>),
    Slot(Slot),
    /// A part of a map or list.
    Inside(Box<Node>, Vec<Part>),
    Negative(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Like(Box<Node>, Matcher),
    In(Box<Node>, Vec<Value<'static>>),
    /// Among what a subquery found.
    Within(Box<Node>, Set),
    Call(&'static Function, Vec<Node>),
    Round(Box<Node>, Period, Rounding),
    Clock(Clock),
    Replace(Box<Node>, Regex, String),
    FormatDate(Box<Node>, DateFormat),
    ParseDate(Box<Node>, DateFormat),
    /// The sum of those that are numbers.
    Total(Vec<Node>),
    /// The part of a JSON text.
    Extract(Box<Node>, Vec<Part>),
}

#[derive(Debug)]
pub enum Matcher {
    Substring(Box<Finder<'static>>),
    Regex(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    Floor,
    Ceil,
}

/// What functions without arguments tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Now,
    Start,
    End,
    Range,
}

/// When a query runs, and over which time. Milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub now_ms: i64,
    pub start_ms: i64,
    pub end_ms: i64,
}

/// Where the values of a row are. They live as long as the log event they borrow from.
pub trait Row<'v> {
    fn get(&self, slot: Slot) -> Value<'v>;
}

impl Node {
    /// The value of the expression in a row.
    pub fn eval<'v>(&'v self, row: &impl Row<'v>, times: &Times) -> Value<'v> {
        match self {
            Node::Constant(value) => value.clone(),
            Node::Slot(slot) => row.get(*slot),
            Node::Inside(inner, path) => match inner.eval(row, times) {
                Value::Structure(json) => functions::extract(&json, path),
                _ => Value::Absent,
            },
            Node::Negative(inner) => arithmetic(inner.eval(row, times), Value::Number(-1.0), Operator::Multiply),
            Node::Not(inner) => Value::Bool(!inner.eval(row, times).holds()),
            Node::Binary(operator, left, right) => binary(*operator, left, right, row, times),
            Node::Like(subject, matcher) => Value::Bool(matcher.found_in(subject.eval(row, times))),
            Node::In(subject, list) => {
                let value = subject.eval(row, times);
                Value::Bool(list.iter().any(|element| value::equal(&value, element)))
            }
            Node::Within(subject, set) => Value::Bool(set.contains(&subject.eval(row, times))),
            Node::Call(function, args) => {
                let mut args: Vec<_> = args.iter().map(|arg| arg.eval(row, times)).collect();
                if args.iter().map(text_length).sum::<usize>() > TEXT_MAX {
                    return Value::Absent;
                }
                (function.run)(&mut args)
            }
            Node::Round(inner, period, rounding) => round(inner.eval(row, times), *period, *rounding),
            Node::Clock(clock) => Value::number(clock.read(times) as f64),
            Node::Replace(inner, regex, replacement) => {
                let text = inner.eval(row, times).into_text();
                text.and_then(|text| replace(&text, regex, replacement)).map_or(Value::Absent, Value::owned)
            }
            Node::FormatDate(inner, format) => {
                let millis = inner.eval(row, times).to_number();
                millis.and_then(|millis| format.format(millis as i64)).map_or(Value::Absent, Value::owned)
            }
            Node::ParseDate(inner, format) => {
                let text = inner.eval(row, times).into_text();
                let millis = text.and_then(|text| format.parse(&text));
                millis.map_or(Value::Absent, |millis| Value::number(millis as f64))
            }
            Node::Total(parts) => total(parts.iter().filter_map(|part| written_number(&part.eval(row, times)))),
            Node::Extract(inner, path) => extract(inner.eval(row, times), path),
        }
    }

    /// Calls for every slot the expression reads.
    pub fn each_slot(&self, visit: &mut impl FnMut(Slot)) {
        match self {
            Node::Constant(_) | Node::Clock(_) => {}
            Node::Slot(slot) => visit(*slot),
            Node::Negative(inner)
            | Node::Not(inner)
            | Node::Like(inner, _)
            | Node::In(inner, _)
            | Node::Within(inner, _)
            | Node::Inside(inner, _)
            | Node::Round(inner, ..)
            | Node::Replace(inner, ..)
            | Node::FormatDate(inner, _)
            | Node::ParseDate(inner, _)
            | Node::Extract(inner, _) => inner.each_slot(visit),
            Node::Binary(_, left, right) => {
                left.each_slot(visit);
                right.each_slot(visit);
            }
            Node::Call(_, args) | Node::Total(args) => args.iter().for_each(|arg| arg.each_slot(visit)),
        }
    }
}

impl Matcher {
    fn found_in(&self, value: Value) -> bool {
        let Some(text) = value.into_text() else { return false };
        match self {
            Matcher::Substring(finder) => finder.find(text.as_bytes()).is_some(),
            Matcher::Regex(regex) => regex.is_match(&text),
        }
    }
}

impl Clock {
    /// `now()` is in seconds, the others in milliseconds.
    fn read(self, times: &Times) -> i64 {
        match self {
            Clock::Now => times.now_ms.div_euclid(1000),
            Clock::Start => times.start_ms,
            Clock::End => times.end_ms,
            Clock::Range => times.end_ms.saturating_sub(times.start_ms),
        }
    }
}

fn binary<'v>(operator: Operator, left: &'v Node, right: &'v Node, row: &impl Row<'v>, times: &Times) -> Value<'v> {
    match operator {
        Operator::Or => Value::Bool(left.eval(row, times).holds() || right.eval(row, times).holds()),
        Operator::And => Value::Bool(left.eval(row, times).holds() && right.eval(row, times).holds()),
        Operator::Equal
        | Operator::Unequal
        | Operator::Less
        | Operator::LessEqual
        | Operator::Greater
        | Operator::GreaterEqual => Value::Bool(comparison(operator, &left.eval(row, times), &right.eval(row, times))),
        _ => arithmetic(left.eval(row, times), right.eval(row, times), operator),
    }
}

/// An absent value is unequal to everything, and neither less nor greater.
fn comparison(operator: Operator, left: &Value, right: &Value) -> bool {
    if !value::comparable(left) || !value::comparable(right) {
        return false;
    }
    match operator {
        Operator::Equal => value::equal(left, right),
        Operator::Unequal => !value::equal(left, right),
        Operator::Less => value::compare(left, right) == Some(Ordering::Less),
        Operator::Greater => value::compare(left, right) == Some(Ordering::Greater),
        Operator::LessEqual => value::compare(left, right).is_some_and(Ordering::is_le),
        _ => value::compare(left, right).is_some_and(Ordering::is_ge),
    }
}

/// Without a result where an operand is no number, and for division by zero.
fn arithmetic<'v>(left: Value, right: Value, operator: Operator) -> Value<'v> {
    let (Some(left), Some(right)) = (left.to_number(), right.to_number()) else { return Value::Absent };
    Value::number(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Remainder => left % right,
        _ => left.powf(right),
    })
}

fn round(value: Value, period: Period, rounding: Rounding) -> Value<'static> {
    let Some(millis) = value.to_number() else { return Value::Absent };
    Value::Time(match rounding {
        Rounding::Floor => period.floor(millis as i64),
        Rounding::Ceil => period.ceil(millis as i64),
    })
}

/// Texts that grow with each command would take all memory: there is no result of longer ones. AWS's events are shorter.
const TEXT_MAX: usize = 1 << 22;

fn text_length(value: &Value) -> usize {
    if let Value::Text(text) = value { text.len() } else { 0 }
}

fn replace(text: &str, regex: &Regex, replacement: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut passed = 0;
    for captures in regex.captures_iter(text) {
        let found = captures.get(0)?;
        replaced.push_str(&text[passed..found.start()]);
        captures.expand(replacement, &mut replaced);
        passed = found.end();
        if replaced.len() > TEXT_MAX {
            return None;
        }
    }
    replaced.push_str(&text[passed..]);
    Some(replaced)
}

/// Times and truth are no numbers to sum up.
pub fn written_number(value: &Value) -> Option<f64> {
    matches!(value, Value::Number(_) | Value::Text(_)).then(|| value.to_number()).flatten()
}

fn total(numbers: impl Iterator<Item = f64>) -> Value<'static> {
    let mut sum = None;
    numbers.for_each(|number| sum.get_or_insert_with(Sum::default).add(number));
    sum.map_or(Value::Absent, |sum| Value::number(sum.value()))
}

fn extract(value: Value, path: &[Part]) -> Value<'static> {
    if let Value::Structure(json) = &value {
        return functions::extract(json, path);
    }
    let json = value.into_text().and_then(|text| serde_json::from_str(&text).ok());
    json.map_or(Value::Absent, |json| functions::extract(&json, path))
}
