//! What a message holds: its text and its attributes, their rules, sizes and digests.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::record;
use crate::wire::{Fault, Value};

use super::faults::{self, AttributeFlaw};

record! {
    /// A message attribute as it stands in requests and answers.
    pub struct Attribute {
        kind: String = "DataType",
        text: Option<String> = "StringValue",
        bytes: Option<Bytes> = "BinaryValue",
        texts: Option<Value> = "StringListValues",
        blobs: Option<Value> = "BinaryListValues",
    }
}

/// Message attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// Attributes of a message.
const ATTRIBUTES_MAX: usize = 10;
/// Bytes of an attribute's name, and of its type; they are shorter than this.
const NAME_LIMIT: usize = 256;

/// MD5 in hexadecimal digits.
pub fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest of attributes: names in order, each with its type and value, all with their lengths.
/// `None` without attributes.
pub fn attributes_md5<'a>(attributes: impl Iterator<Item = (&'a String, &'a Attribute)>) -> Option<String> {
    let mut hasher = Md5::new();
    let mut sized = |bytes: &[u8], before: &[u8]| {
        hasher.update(before);
        hasher.update((bytes.len() as u32).to_be_bytes());
        hasher.update(bytes);
    };
    let mut is_empty = true;
    for (name, attribute) in attributes {
        is_empty = false;
        sized(name.as_bytes(), &[]);
        sized(attribute.kind.as_bytes(), &[]);
        sized(attribute.value(), &[if attribute.is_binary() { 2 } else { 1 }]);
    }
    (!is_empty).then(|| hex(&hasher.finalize()))
}

impl Attribute {
    fn is_binary(&self) -> bool {
        self.kind == "Binary" || self.kind.starts_with("Binary.")
    }

    fn value(&self) -> &[u8] {
        match (&self.text, &self.bytes) {
            (_, Some(bytes)) if self.is_binary() => bytes,
            (Some(text), _) => text.as_bytes(),
            _ => &[],
        }
    }
}

/// Bytes of attributes: names, types and values count.
pub fn attributes_size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, attribute)| name.len() + attribute.kind.len() + attribute.value().len()).sum()
}

/// Whether a text holds nothing that XML cannot: control characters and the two that are no characters.
pub fn is_xml_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !bytes.iter().any(|byte| is_control(byte))
        && !memchr::memchr_iter(0xEF, bytes).any(|at| matches!(bytes.get(at..at + 3), Some([0xEF, 0xBF, 0xBE | 0xBF])))
}

/// Whether a message may have these attributes.
///
/// # Errors
/// `InvalidParameterValue`, `InvalidMessageContents`.
pub fn check_attributes(attributes: &Attributes) -> Result<(), Fault> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(faults::message_attribute(AttributeFlaw::TooMany(attributes.len(), ATTRIBUTES_MAX)));
    }
    let flaw = attributes.iter().find_map(|(name, attribute)| flaw_of_name(name).or(flaw(name, attribute)));
    flaw.map_or(Ok(()), |flaw| Err(faults::message_attribute(flaw)))
}

fn flaw_of_name(name: &str) -> Option<AttributeFlaw> {
    let small = name.to_ascii_lowercase();
    if name.len() >= NAME_LIMIT {
        return Some(AttributeFlaw::NameLength);
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        return Some(AttributeFlaw::NameCharacters);
    }
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    (dots || small.starts_with("aws.") || small.starts_with("amazon.")).then_some(AttributeFlaw::NameReserved)
}

fn flaw(name: &str, attribute: &Attribute) -> Option<AttributeFlaw> {
    let Attribute { kind, text, bytes, texts, blobs } = attribute;
    let logical = kind.split('.').next().unwrap_or_default();
    let listed = |list: &Option<Value>| list.as_ref().and_then(Value::as_list).is_some_and(|list| !list.is_empty());
    match logical {
        "" => return Some(AttributeFlaw::TypeMissing),
        "String" | "Number" | "Binary" => {}
        _ => return Some(AttributeFlaw::Type(kind.clone())),
    }
    if kind.len() >= NAME_LIMIT {
        return Some(AttributeFlaw::TypeLength);
    }
    if listed(texts) || listed(blobs) {
        return Some(AttributeFlaw::Lists);
    }
    // A value of the other kind is not what the type says.
    let other = if logical == "Binary" { text.is_some() } else { bytes.is_some() };
    if attribute.value().is_empty() || other {
        return Some(AttributeFlaw::Empty(name.to_owned(), logical.to_owned()));
    }
    let text = text.as_deref().unwrap_or_default();
    if !is_xml_text(text) {
        return Some(AttributeFlaw::Characters);
    }
    (logical == "Number" && !is_number(text)).then(|| AttributeFlaw::Number(name.to_owned()))
}

/// A decimal number, perhaps with an exponent, of at most 38 digits.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = [whole, fraction, exponent].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let digits = format!("{whole}{fraction}");
    let counted = digits.trim_matches('0').len();
    all_digits && !digits.is_empty() && !exponent.is_empty() && exponent.len() <= 3 && counted <= 38
}

/// Takes `AWSTraceHeader` out of the system attributes of a request; there are no others.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn trace_header(system: &Attributes) -> Result<Option<String>, Fault> {
    let is_trace = |(name, attribute): &(&String, &Attribute)| *name == "AWSTraceHeader" && attribute.kind == "String";
    if let Some((name, _)) = system.iter().find(|entry| !is_trace(entry)) {
        return Err(faults::message_attribute(AttributeFlaw::System(name.clone())));
    }
    let Some((name, attribute)) = system.first_key_value() else { return Ok(None) };
    if let Some(flaw) = flaw(name, attribute) {
        return Err(faults::message_attribute(flaw));
    }
    Ok(attribute.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, value: &str) -> Attribute {
        Attribute { kind: kind.to_owned(), text: Some(value.to_owned()), ..Attribute::default() }
    }

    fn binary(kind: &str, value: &[u8]) -> Attribute {
        Attribute { kind: kind.to_owned(), bytes: Some(Bytes::copy_from_slice(value)), ..Attribute::default() }
    }

    fn attributes(all: &[(&str, Attribute)]) -> Attributes {
        all.iter().map(|(name, attribute)| ((*name).to_owned(), attribute.clone())).collect()
    }

    /// Digests that AWS answered.
    #[test]
    fn digests() {
        let check = |all: &[(&str, Attribute)], expected: &str| {
            assert_eq!(attributes_md5(attributes(all).iter()).as_deref(), Some(expected), "{all:?}");
        };
        let hello = ("Hello", text("String", "There"));
        let general = ("General", text("String", "Kenobi"));
        let help = ("Help.Me", text("String", "Me"));
        check(&[general.clone(), hello.clone(), help.clone()], "4c360f3fdafd970e05fae2f149d997f5");
        check(&[general, hello.clone()], "fca026605781cb4126a1e9044df24232");
        check(std::slice::from_ref(&hello), "a311262e065454b75da111d535b8dacd");
        check(&[hello, help], "83fee93c1bcd8b9a5a923ffacdc636c7");
        check(&[("Foo", text("String", "Bar"))], "ae7155c6026991b6d54b11589678bf9c");
        let trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
        check(&[("attr1", binary("Binary", trace))], "8cbe4db156db8a94db8b801b7addb984");
        let number = ("customNumberTypeAttrib", text("Number.float", "4563442423554324324264524243.32543234"));
        check(&[number], "9fe1b90bbd9965bdf77bac517c7d2495");
        assert_eq!(attributes_md5(Attributes::new().iter()), None);
        assert_eq!(md5_hex(b"msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
    }

    #[test]
    fn rules_of_attributes() {
        let check = |name: &str, attribute: Attribute, flaw: Option<AttributeFlaw>| {
            let checked = check_attributes(&attributes(&[(name, attribute.clone())]));
            assert_eq!(checked.err(), flaw.map(faults::message_attribute), "{name} {attribute:?}");
        };
        let empty = |kind: &str| Some(AttributeFlaw::Empty("a".to_owned(), kind.to_owned()));
        check("a-b_c.D9", text("String", "x"), None);
        check("a", text("String.color", "red"), None);
        check("a", text("Number.int", "-1.50e+3"), None);
        check("a", binary("Binary.gif", b"\0"), None);
        check("a", text("String", ""), empty("String"));
        check("a", text("Binary", "x"), empty("Binary"));
        check("a", binary("Number", b"1"), empty("Number"));
        check("a", text("Number", "one"), Some(AttributeFlaw::Number("a".to_owned())));
        check("a", text("Number", "."), Some(AttributeFlaw::Number("a".to_owned())));
        check("a", text("Number", &"1".repeat(39)), Some(AttributeFlaw::Number("a".to_owned())));
        check("a", text("", "x"), Some(AttributeFlaw::TypeMissing));
        check("a", text("Stringy", "x"), Some(AttributeFlaw::Type("Stringy".to_owned())));
        check("a", text(&format!("String.{}", "x".repeat(249)), "x"), Some(AttributeFlaw::TypeLength));
        check("a", text("String", "\u{1}"), Some(AttributeFlaw::Characters));
        check(&"a".repeat(255), text("String", "x"), None);
        check(&"a".repeat(256), text("String", "x"), Some(AttributeFlaw::NameLength));
        check("a b", text("String", "x"), Some(AttributeFlaw::NameCharacters));
        for name in ["AWS.a", "amazon.a", ".a", "a.", "a..b"] {
            check(name, text("String", "x"), Some(AttributeFlaw::NameReserved));
        }
        let listed = Attribute { texts: Some(vec!["x"].into()), ..text("String", "x") };
        check("a", listed, Some(AttributeFlaw::Lists));
    }

    #[test]
    fn texts_of_xml() {
        let check = |text: &str, expected: bool| assert_eq!(is_xml_text(text), expected, "{text:?}");
        check("a\t\n\r\u{7f}\u{fffd}\u{10ffff}", true);
        check("\u{0}", false);
        check("a\u{1f}", false);
        check("\u{fffe}", false);
        check("a\u{ffff}b", false);
        check("\u{ff61}", true);
    }
}
