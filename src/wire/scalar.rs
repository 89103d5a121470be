//! Single values as text: in headers, query arguments, forms and XML elements.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::Value;
use crate::contract::{Kind, TimestampFormat};

/// How a place on the wire writes times unless the shape says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// `2015-01-01T00:00:00Z`, with milliseconds when there are any.
    Iso,
    /// `2015-01-01T00:00:00.000Z`
    IsoMillis,
    /// `Thu, 01 Jan 2015 00:00:00 GMT`
    Rfc822,
}

/// Reads a scalar; `None` when the text is not one of this kind, or the kind is not scalar.
pub fn parse(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::String => Some(Value::Str(text.to_owned())),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        Kind::Integer => text.trim().parse::<i32>().ok().map(Value::from),
        Kind::Long => text.trim().parse::<i64>().ok().map(Value::Int),
        Kind::Float | Kind::Double => parse_double(text.trim()).map(Value::Double),
        Kind::Blob => decode_base64(text).map(|bytes| Value::Blob(bytes.into())),
        Kind::Timestamp(_) => parse_time(text.trim()).map(Value::Time),
        _ => None,
    }
}

/// Writes a scalar; lists and structures have no text and come out empty.
pub fn print<'v>(kind: &Kind, value: &'v Value, times: Times) -> Cow<'v, str> {
    match value {
        Value::Str(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Int(n) => Cow::Owned(n.to_string()),
        Value::Double(n) => Cow::Owned(print_double(*n)),
        Value::Blob(bytes) => Cow::Owned(encode_base64(bytes)),
        Value::Time(time) => Cow::Owned(print_time(kind, *time, times)),
        Value::Null | Value::List(_) | Value::Map(_) => Cow::Borrowed(""),
    }
}

fn print_time(kind: &Kind, time: DateTime<Utc>, times: Times) -> String {
    let times = match kind {
        Kind::Timestamp(Some(TimestampFormat::UnixSeconds)) => return print_epoch(time),
        Kind::Timestamp(Some(TimestampFormat::Rfc822)) => Times::Rfc822,
        Kind::Timestamp(Some(TimestampFormat::Iso8601)) if times == Times::Rfc822 => Times::IsoMillis,
        _ => times,
    };
    match times {
        Times::Rfc822 => time.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        Times::Iso if time.timestamp_subsec_millis() == 0 => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        Times::Iso | Times::IsoMillis => time.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

/// Seconds since 1970, with milliseconds as a fraction when there are any.
pub fn print_epoch(time: DateTime<Utc>) -> String {
    let millis = time.timestamp_millis();
    if millis % 1000 == 0 {
        return (millis / 1000).to_string();
    }
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    let text = format!("{sign}{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').to_owned()
}

/// The moment so many seconds after 1970, to the millisecond; `None` outside the calendar.
pub fn from_epoch(seconds: f64) -> Option<DateTime<Utc>> {
    let millis = (seconds * 1000.0).round();
    if !millis.is_finite() || millis.abs() > 9.0e15 {
        return None;
    }
    DateTime::from_timestamp_millis(millis as i64)
}

/// Any of the forms in which AWS accepts times as text.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)) {
        return Some(time.to_utc());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return date.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    }
    if let Ok(time) = chrono::NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f") {
        return Some(time.and_utc());
    }
    text.parse::<f64>().ok().and_then(from_epoch)
}

fn parse_double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse::<f64>().ok().filter(|n| n.is_finite()),
    }
}

/// A number with a fraction or exponent, and the three that JSON and XML spell as words.
pub fn print_double(n: f64) -> String {
    if n.is_nan() {
        "NaN".into()
    } else if n.is_infinite() {
        if n > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        format!("{n:?}")
    }
}

pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Standard base64; line breaks within are let through, as AWS does.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    match STANDARD.decode(text) {
        Ok(bytes) => Some(bytes),
        Err(_) if text.bytes().any(|b| b.is_ascii_whitespace()) => {
            let packed: String = text.split_ascii_whitespace().collect();
            STANDARD.decode(packed).ok()
        }
        Err(_) => None,
    }
}
