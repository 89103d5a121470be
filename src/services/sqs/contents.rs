//! What a message holds: its body and its attributes, and what they may be.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::record;
use crate::wire::{Fault, Value};

use super::{digests, faults};

/// Bytes of a message, and of all messages of a batch
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
pub const BYTES_MAX: i64 = 1 << 20;
const ATTRIBUTES_MAX: usize = 10;
/// Bytes of an attribute's name, and of its type: they are shorter than this.
const NAME_LIMIT: usize = 256;
/// Digits of a number.
const DIGITS_MAX: usize = 38;
const TRACE: &str = "AWSTraceHeader";

record! {
    /// The value of an attribute.
    pub struct Attribute {
        data_type: String = "DataType",
        string: Option<String> = "StringValue",
        binary: Option<Bytes> = "BinaryValue",
        strings: Option<Value> = "StringListValues",
        binaries: Option<Value> = "BinaryListValues",
    }

    /// What is sent, alone or as an entry of a batch.
    pub struct Contents {
        body: String = "MessageBody",
        delay: Option<i64> = "DelaySeconds",
        attributes: BTreeMap<String, Attribute> = "MessageAttributes",
        system: BTreeMap<String, Attribute> = "MessageSystemAttributes",
        deduplication: Option<String> = "MessageDeduplicationId",
        group: Option<String> = "MessageGroupId",
    }
}

/// MD5 of the parts of a message.
#[derive(Clone, Debug)]
pub struct Digests {
    pub body: String,
    pub attributes: Option<String>,
    pub system: Option<String>,
}

impl Contents {
    /// Bytes that count: the body, and names, types and values of attributes.
    pub fn bytes(&self) -> usize {
        self.body.len() + self.attributes.iter().map(|(name, value)| name.len() + value.bytes()).sum::<usize>()
    }

    pub fn digests(&self) -> Digests {
        Digests {
            body: digests::of_body(&self.body),
            attributes: digests::of_attributes(&self.attributes),
            system: digests::of_attributes(&self.system),
        }
    }

    /// The X-Ray header that came with it.
    pub fn trace(&self) -> Option<&str> {
        self.system.get(TRACE)?.string.as_deref()
    }

    /// Checks everything that does not depend on the queue.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidMessageContents`, `InvalidParameterValue`
    pub fn check(&self) -> Result<(), Fault> {
        if self.body.is_empty() {
            return Err(faults::missing("MessageBody"));
        }
        check_text(&self.body)?;
        if self.attributes.len() > ATTRIBUTES_MAX {
            return Err(faults::too_many_attributes(self.attributes.len(), ATTRIBUTES_MAX));
        }
        for (name, attribute) in &self.attributes {
            check_name(name)?;
            attribute.check(name)?;
        }
        for (name, attribute) in &self.system {
            if name != TRACE || attribute.data_type != "String" {
                return Err(faults::unknown_system_attribute(name));
            }
            attribute.check(name)?;
        }
        Ok(())
    }
}

/// The characters of XML 1.0, which the Query protocol can carry: no control characters, and not the two that are none.
/// Looks at bytes, since bodies are long.
fn check_text(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let is_none = |at| matches!(bytes.get(at..at + 3), Some([0xEF, 0xBF, 0xBE | 0xBF]));
    if bytes.iter().any(is_control) || memchr::memchr_iter(0xEF, bytes).any(is_none) {
        return Err(faults::bad_characters());
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Fault> {
    let lower = name.to_ascii_lowercase();
    if name.len() >= NAME_LIMIT {
        return Err(faults::attribute_name_too_long(NAME_LIMIT));
    }
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || !name.bytes().all(is_good) {
        return Err(faults::bad_attribute_name());
    }
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if dots || lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(faults::reserved_attribute_name());
    }
    Ok(())
}

impl Attribute {
    fn bytes(&self) -> usize {
        let value = self.string.as_ref().map(String::len).or_else(|| self.binary.as_ref().map(Bytes::len));
        self.data_type.len() + value.unwrap_or_default()
    }

    /// The type before a label of the sender's own: `Number` of `Number.int`.
    fn base(&self) -> &str {
        self.data_type.split('.').next().unwrap_or_default()
    }

    fn check(&self, name: &str) -> Result<(), Fault> {
        let base = self.base();
        let (value, other) = match base {
            "" => return Err(faults::no_attribute_type()),
            "String" | "Number" => (self.string.as_ref().map(String::len), self.binary.is_some()),
            "Binary" => (self.binary.as_ref().map(Bytes::len), self.string.is_some()),
            _ => return Err(faults::unknown_attribute_type(&self.data_type)),
        };
        if self.data_type.len() >= NAME_LIMIT {
            return Err(faults::attribute_type_too_long(NAME_LIMIT));
        }
        let holds = |list: &Option<Value>| list.as_ref().and_then(Value::as_list).is_some_and(|list| !list.is_empty());
        if holds(&self.strings) || holds(&self.binaries) {
            return Err(faults::attribute_lists());
        }
        // A value of another type is none.
        if value.unwrap_or_default() == 0 || other {
            return Err(faults::empty_attribute(name, base));
        }
        let text = self.string.as_deref().unwrap_or_default();
        check_text(text)?;
        if base == "Number" && !is_number(text) { Err(faults::no_number(name)) } else { Ok(()) }
    }
}

/// A decimal number, perhaps with an exponent, of at most 38 digits
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>).
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
    all_digits && !digits.is_empty() && !exponent.is_empty() && exponent.len() <= 3 && counted <= DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> Attribute {
        Attribute { data_type: data_type.to_owned(), string: Some(value.to_owned()), ..Attribute::default() }
    }

    fn binary(data_type: &str, value: &'static [u8]) -> Attribute {
        Attribute { data_type: data_type.to_owned(), binary: Some(Bytes::from_static(value)), ..Attribute::default() }
    }

    #[test]
    fn rules_of_attributes() {
        let check = |name: &str, attribute: Attribute, fault: Option<Fault>| {
            let attributes = BTreeMap::from([(name.to_owned(), attribute.clone())]);
            let contents = Contents { body: "m".into(), attributes, ..Contents::default() };
            assert_eq!(contents.check().err(), fault, "{name} {attribute:?}");
        };
        let empty = |base: &str| Some(faults::empty_attribute("a", base));
        check("a-b_c.D9", text("String", "x"), None);
        check("a", text("String.color", "red"), None);
        check("a", text("Number.int", "-1.50e+3"), None);
        check("a", binary("Binary.gif", b"\0"), None);
        check("a", text("String", ""), empty("String"));
        check("a", text("Binary", "x"), empty("Binary"));
        check("a", binary("Number", b"1"), empty("Number"));
        check("a", text("Number", "one"), Some(faults::no_number("a")));
        check("a", text("Number", "."), Some(faults::no_number("a")));
        check("a", text("Number", &"1".repeat(39)), Some(faults::no_number("a")));
        check("a", text("", "x"), Some(faults::no_attribute_type()));
        check("a", text("Stringy", "x"), Some(faults::unknown_attribute_type("Stringy")));
        let long = format!("String.{}", "x".repeat(249));
        check("a", text(&long, "x"), Some(faults::attribute_type_too_long(256)));
        check("a", text("String", "\u{1}"), Some(faults::bad_characters()));
        check(&"a".repeat(255), text("String", "x"), None);
        check(&"a".repeat(256), text("String", "x"), Some(faults::attribute_name_too_long(256)));
        check("a b", text("String", "x"), Some(faults::bad_attribute_name()));
        for name in ["AWS.a", "amazon.a", ".a", "a.", "a..b"] {
            check(name, text("String", "x"), Some(faults::reserved_attribute_name()));
        }
        let listed = Attribute { strings: Some(vec!["x"].into()), ..text("String", "x") };
        check("a", listed, Some(faults::attribute_lists()));
    }

    #[test]
    fn texts_of_xml() {
        let check = |text: &str, expected: bool| assert_eq!(check_text(text).is_ok(), expected, "{text:?}");
        check("a\t\n\r\u{7f}\u{fffd}\u{10ffff}", true);
        check("\u{0}", false);
        check("a\u{1f}", false);
        check("\u{fffe}", false);
        check("a\u{ffff}b", false);
        check("\u{ff61}", true);
    }
}
