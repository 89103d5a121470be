//! How records turn XML into JSON: attributes become members, repeated elements an array, and text that looks like
//! a number or a truth value becomes one. Newer EC2 actions and the bodies of S3 requests are written so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::SecondsFormat;

use crate::wire::Value;

use super::json::Json;

/// Writes elements of one name: one as itself, several as an array.
pub(super) fn repeated(items: &[Value], out: &mut Json, write: impl Fn(usize, &Value, &mut Json)) {
    let several = items.len() > 1;
    if several {
        out.open('[');
    }
    items.iter().enumerate().for_each(|(at, item)| write(at, item, out));
    if several {
        out.close(']');
    }
}

/// Writes the attribute that numbers list members.
pub(super) fn tag(place: usize, out: &mut Json) {
    out.key("tag");
    out.int(i64::try_from(place).unwrap_or(i64::MAX));
}

/// Writes the text of an element.
pub(super) fn content(value: &Value, out: &mut Json) {
    match value {
        Value::Str(text) => text_content(text, out),
        Value::Bool(flag) => out.bool(*flag),
        Value::Int(number) => out.int(*number),
        Value::Double(number) => text_content(&number.to_string(), out),
        Value::Blob(bytes) => out.string(&BASE64.encode(bytes)),
        Value::Time(time) => out.string(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        Value::Null | Value::List(_) | Value::Map(_) => out.string(""),
    }
}

fn text_content(text: &str, out: &mut Json) {
    match text {
        "true" | "false" | "null" => out.raw(text),
        _ => match text.parse::<i64>() {
            // Numbers that would not come back as the same text stay text: `007`, `+1`.
            Ok(number) if number.to_string() == text => out.int(number),
            _ => out.string(text),
        },
    }
}
