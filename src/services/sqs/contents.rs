//! What a message holds: its body and its attributes, and what they may be.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::record;
use crate::wire::Fault;

use super::{digests, faults};

/// Bytes of a message, and of all messages of a batch
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
pub const BYTES_MAX: i64 = 1 << 20;
const ATTRIBUTES_MAX: usize = 10;
const NAME_MAX: usize = 256;
const TRACE: &str = "AWSTraceHeader";

record! {
    /// The value of an attribute.
    pub struct Attribute {
        data_type: String = "DataType",
        string: Option<String> = "StringValue",
        binary: Option<Bytes> = "BinaryValue",
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
            if name != TRACE {
                return Err(faults::unknown_system_attribute(name));
            }
            attribute.check(name)?;
        }
        Ok(())
    }
}

/// The characters of XML 1.0, which the Query protocol can carry.
fn check_text(text: &str) -> Result<(), Fault> {
    let is_bad =
        |c: &char| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    match text.chars().find(is_bad) {
        Some(c) => Err(faults::bad_character(c)),
        None => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    let is_good = !name.is_empty()
        && name.len() <= NAME_MAX
        && name.chars().all(good)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if is_good { Ok(()) } else { Err(faults::bad_attribute_name(name)) }
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
        let wanted = match self.base() {
            "String" | "Number" => "String",
            "Binary" => "Binary",
            _ => return Err(faults::unknown_attribute_type(name)),
        };
        let (held, other) = match wanted {
            "String" => (self.string.is_some(), self.binary.is_some()),
            _ => (self.binary.is_some(), self.string.is_some()),
        };
        if !held || other {
            return Err(faults::wrong_attribute_field(name, &self.data_type, wanted));
        }
        let is_empty =
            self.string.as_ref().is_some_and(String::is_empty) || self.binary.as_ref().is_some_and(Bytes::is_empty);
        if is_empty {
            return Err(faults::empty_attribute(name, &self.data_type));
        }
        match &self.string {
            Some(text) if self.base() == "Number" && text.parse::<f64>().is_err() => Err(faults::no_number(name, text)),
            Some(text) => check_text(text),
            None => Ok(()),
        }
    }
}
