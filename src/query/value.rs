//! Values of fields and expressions: how they compare, count as numbers and are shown.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value as Json;

use super::order;
use super::period::time_text;

/// A value; what comes from a log event borrows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// The field is not there, or the function has no result.
    Absent,
    Bool(bool),
    Number(f64),
    /// Milliseconds since 1970.
    Time(i64),
    /// Texts, and numbers as the log event spells them.
    Text(Cow<'a, str>),
    /// A map or a list, from `jsonParse`.
    Structure(Arc<Json>),
}

impl<'a> Value<'a> {
    pub fn text(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }

    pub fn owned(text: String) -> Value<'static> {
        Value::Text(Cow::Owned(text))
    }

    /// A number, or nothing when it has no finite value.
    pub fn number(number: f64) -> Value<'static> {
        if number.is_finite() { Value::Number(number) } else { Value::Absent }
    }

    /// The same value, which borrows from this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Text(text) => Value::text(text),
            other => other.clone(),
        }
    }

    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Absent => Value::Absent,
            Value::Bool(value) => Value::Bool(value),
            Value::Number(value) => Value::Number(value),
            Value::Time(value) => Value::Time(value),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Structure(json) => Value::Structure(json),
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// What a condition makes of a value: true, and numbers other than zero.
    pub fn holds(&self) -> bool {
        match self {
            Value::Bool(value) => *value,
            Value::Text(text) if text == "true" => true,
            _ => self.to_number().is_some_and(|number| number != 0.0),
        }
    }

    pub fn to_number(&self) -> Option<f64> {
        match self {
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            Value::Number(number) => Some(*number),
            Value::Time(time) => Some(*time as f64),
            Value::Text(text) => parse_number(text),
            Value::Absent | Value::Structure(_) => None,
        }
    }

    /// The value as text functions see it: maps and lists are nothing to them.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Absent | Value::Structure(_) => None,
            Value::Text(text) => Some(text),
            other => other.show().map(Cow::Owned),
        }
    }

    /// The value as results show it; absent values are not shown.
    pub fn show(&self) -> Option<String> {
        match self {
            Value::Absent => None,
            Value::Bool(value) => Some(if *value { "1" } else { "0" }.to_owned()),
            Value::Number(number) => Some(number_text(*number)),
            Value::Time(time) => Some(time_text(*time)),
            Value::Text(text) => Some(text.clone().into_owned()),
            Value::Structure(json) => Some(json.to_string()),
        }
    }
}

/// A part of a parsed document as a value: scalars are plain values.
pub fn from_json(json: &Json) -> Value<'static> {
    match json {
        Json::Null => Value::Absent,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::owned(number.to_string()),
        Json::String(text) => Value::owned(text.clone()),
        Json::Array(_) | Json::Object(_) => Value::Structure(Arc::new(json.clone())),
    }
}

/// A text that is a number and nothing else.
pub fn parse_number(text: &str) -> Option<f64> {
    let first = text.as_bytes().first()?;
    let numeric = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
    // Infinity is a word and no number.
    if !numeric || !text.as_bytes().last()?.is_ascii_digit() && !text.ends_with('.') {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Numbers that a query computes show at most four digits after the point, and no zeros at the end.
pub fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).to_string();
    }
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The numbers that AWS itself discovers in Lambda's lines show as Java shows doubles: `102.0`, `1.28E8`.
pub fn double_text(number: f64) -> String {
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// Whether two values are equal. Numbers compare by value however they are spelled; nothing equals an absent value.
pub fn equal(left: &Value, right: &Value) -> bool {
    if let (Value::Text(left), Value::Text(right)) = (left, right)
        && left == right
    {
        return true;
    }
    compare(left, right) == Some(Ordering::Equal)
}

/// Maps and lists: every comparison with them is false.
pub fn comparable(value: &Value) -> bool {
    !matches!(value, Value::Structure(_))
}

/// How two values are ordered by `<` and `>`: by number if both are, by text otherwise. A time is a number, and has no
/// order among texts.
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.to_number(), right.to_number()) {
        return left.partial_cmp(&right);
    }
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.as_ref().cmp(right.as_ref())),
        (Value::Bool(flag), Value::Text(text)) | (Value::Text(text), Value::Bool(flag)) => {
            (text == if *flag { "true" } else { "false" }).then_some(Ordering::Equal)
        }
        (Value::Number(number), Value::Text(text)) => Some(number_text(*number).as_str().cmp(text)),
        (Value::Text(text), Value::Number(number)) => Some(text.as_ref().cmp(number_text(*number).as_str())),
        _ => None,
    }
}

/// The order of `sort` (CWL_QuerySyntax-Sort): absent values, then texts in natural order, then numbers.
pub fn sort_order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.total_cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        _ => sort_rank(left).cmp(&sort_rank(right)).then_with(|| sort_within(left, right)),
    }
}

fn sort_rank(value: &Value) -> u8 {
    match value {
        Value::Absent => 0,
        Value::Structure(_) => 1,
        _ if value.to_number().is_some() => 3,
        Value::Text(_) => 2,
        _ => 3,
    }
}

/// Numbers that are equal, such as 01 and 1, are ordered as texts.
fn sort_within(left: &Value, right: &Value) -> Ordering {
    if let (Some(left_number), Some(right_number)) = (left.to_number(), right.to_number()) {
        return left_number.total_cmp(&right_number).then_with(|| left.show().cmp(&right.show()));
    }
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => order::natural(left, right),
        _ => left.show().cmp(&right.show()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_four_digits() {
        for (number, text) in [
            (229.0, "229"),
            (0.1 + 0.2, "0.3"),
            (122.0703125, "122.0703"),
            (-0.00001, "0"),
            (1_780_503_582_214.0, "1780503582214"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn doubles_show_as_in_java() {
        for (number, text) in [
            (102.0, "102.0"),
            (39.41, "39.41"),
            (128e6, "1.28E8"),
            (1e8, "1.0E8"),
            (10_240_000_000.0, "1.024E10"),
            (0.0, "0.0"),
        ] {
            assert_eq!(double_text(number), text);
        }
    }

    #[test]
    fn only_numbers_are_numbers() {
        for (text, number) in [
            ("12", Some(12.0)),
            ("-1.5", Some(-1.5)),
            ("1.28E8", Some(128e6)),
            ("+7", Some(7.0)),
            ("", None),
            ("-", None),
            ("12 ", None),
            ("inf", None),
            ("-inf", None),
            ("NaN", None),
            ("1e999", None),
            ("10.0.0.1", None),
            ("0x10", None),
        ] {
            assert_eq!(parse_number(text), number, "{text:?}");
        }
    }

    #[test]
    fn absent_values_equal_nothing() {
        assert!(!equal(&Value::Absent, &Value::Absent));
        assert!(!equal(&Value::text("a"), &Value::Absent));
        assert!(equal(&Value::text("1.0"), &Value::Number(1.0)));
        assert!(!equal(&Value::text("01a"), &Value::text("1a")));
        assert!(equal(&Value::Bool(true), &Value::text("true")));
        assert!(equal(&Value::Bool(true), &Value::Number(1.0)));
    }
}
