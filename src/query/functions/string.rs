//! String functions.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::super::value::Value;
use super::{Function, MANY, function, number, or_absent, take, text, whole};

pub const FUNCTIONS: &[Function] = &[
    function("isempty", 1, 1, |args| Value::Bool(text(args, 0).is_none_or(|text| text.is_empty()))),
    function("isblank", 1, 1, |args| Value::Bool(text(args, 0).is_none_or(|text| text.trim().is_empty()))),
    function("concat", 1, MANY, |args| or_absent(concat(args))),
    function("ltrim", 1, 2, |args| or_absent(trim(args, true, false))),
    function("rtrim", 1, 2, |args| or_absent(trim(args, false, true))),
    function("trim", 1, 2, |args| or_absent(trim(args, true, true))),
    function("strlen", 1, 1, |args| or_absent(text(args, 0).map(|text| Value::Number(text.chars().count() as f64)))),
    function("toupper", 1, 1, |args| or_absent(text(args, 0).map(|text| Value::owned(text.to_uppercase())))),
    function("tolower", 1, 1, |args| or_absent(text(args, 0).map(|text| Value::owned(text.to_lowercase())))),
    function("substr", 2, 3, |args| or_absent(substr(args))),
    function("replace", 3, 3, |args| or_absent(replace(args))),
    function("strcontains", 2, 3, |args| or_absent(contains(args))),
    function("startsWith", 2, 2, |args| or_absent(of_two(args, |text, part| text.starts_with(part)))),
    function("endsWith", 2, 2, |args| or_absent(of_two(args, |text, part| text.ends_with(part)))),
    function("urlencode", 1, 1, |args| or_absent(url_encode(args))),
    function("urldecode", 1, 1, |args| or_absent(url_decode(args))),
    function("base64encode", 1, 1, |args| {
        or_absent(text(args, 0).map(|text| Value::owned(STANDARD.encode(text.as_ref()))))
    }),
    function("base64decode", 1, 1, |args| or_absent(base64_decode(args))),
    function("split", 2, 2, |args| or_absent(split(args))),
    function("hexToAscii", 1, 1, |args| or_absent(hex_to_ascii(args))),
    function("hexToDec", 1, 1, |args| or_absent(hex_to_dec(args))),
    function("decToHex", 1, 1, |args| or_absent(dec_to_hex(args))),
    function("messageSize", 1, 1, |args| or_absent(text(args, 0).map(|text| Value::Number(text.len() as f64)))),
];

fn concat<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let mut whole = String::new();
    for index in 0..args.len() {
        whole.push_str(&text(args, index)?);
    }
    Some(Value::owned(whole))
}

/// Without white space, or without the letters of the second argument.
fn trim<'v>(args: &mut [Value<'v>], left: bool, right: bool) -> Option<Value<'v>> {
    let whole = text(args, 0)?;
    let letters = if args.len() > 1 { Some(text(args, 1)?) } else { None };
    let within = |letter: char| letters.as_ref().map_or(letter.is_whitespace(), |letters| letters.contains(letter));
    let mut rest = whole.as_ref();
    if left {
        rest = rest.trim_start_matches(within);
    }
    if right {
        rest = rest.trim_end_matches(within);
    }
    Some(Value::owned(rest.to_owned()))
}

/// Positions are of code points, from 0.
fn substr<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let start = usize::try_from(whole(args, 1)?).ok()?;
    let length = if args.len() > 2 { usize::try_from(whole(args, 2)?).ok()? } else { usize::MAX };
    Some(Value::owned(text(args, 0)?.chars().skip(start).take(length).collect()))
}

fn replace<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if old.is_empty() || !whole.contains(old.as_ref()) {
        return Some(Value::Text(whole));
    }
    // What grows without end would take the memory.
    const GROWTH_MAX: usize = 1 << 24;
    let grown = whole.matches(old.as_ref()).count().saturating_mul(new.len());
    (grown <= GROWTH_MAX).then(|| Value::owned(whole.replace(old.as_ref(), &new)))
}

/// 1 or 0: these functions' results are numbers.
fn flag(holds: bool) -> Value<'static> {
    Value::Number(f64::from(u8::from(holds)))
}

/// The third argument makes case not matter, as AWS documents it.
fn contains<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let any_case = args.get(2).is_some_and(Value::holds);
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    Some(flag(if any_case {
        whole.to_lowercase().contains(&part.to_lowercase())
    } else {
        whole.contains(part.as_ref())
    }))
}

fn of_two<'v>(args: &mut [Value<'v>], holds: fn(&str, &str) -> bool) -> Option<Value<'v>> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    Some(flag(holds(&whole, &part)))
}

const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn url_encode<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    Some(Value::owned(utf8_percent_encode(&text(args, 0)?, &RESERVED).to_string()))
}

fn url_decode<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let encoded = text(args, 0)?;
    Some(Value::owned(percent_decode_str(&encoded).decode_utf8_lossy().into_owned()))
}

fn base64_decode<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let bytes = STANDARD.decode(text(args, 0)?.as_ref()).ok()?;
    Some(Value::owned(String::from_utf8_lossy(&bytes).into_owned()))
}

fn split<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let (whole, delimiter) = (text(args, 0)?, text(args, 1)?);
    let parts: Vec<serde_json::Value> = match delimiter.is_empty() {
        true => vec![whole.as_ref().into()],
        false => whole.split(delimiter.as_ref()).map(Into::into).collect(),
    };
    Some(Value::Structure(std::sync::Arc::new(parts.into())))
}

fn hex_digits(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

fn hex_to_ascii<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let text = text(args, 0)?;
    let digits = hex_digits(&text).as_bytes();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?) as u8),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.map(|bytes| Value::owned(String::from_utf8_lossy(&bytes).into_owned()))
}

fn hex_to_dec<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let text = text(args, 0)?;
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    let value = i64::from_str_radix(hex_digits(unsigned), 16).ok().filter(|value| *value >= 0)?;
    Some(Value::number(if unsigned.len() < text.len() { -(value as f64) } else { value as f64 }))
}

fn dec_to_hex<'v>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let value = number(args, 0).map(f64::trunc).filter(|value| value.abs() < 9e15)?;
    let sign = if value < 0.0 { "-" } else { "" };
    take(args, 0);
    Some(Value::Text(Cow::Owned(format!("{sign}0x{:x}", value.abs() as u64))))
}
