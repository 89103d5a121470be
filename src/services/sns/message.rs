//! Messages on their way to subscribers: their attributes, and the forms they are delivered in.

use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::SecondsFormat;

use crate::wire::{Fault, Map, Value};
use crate::world::time::Time;

use super::attributes::SignatureVersion;
use super::faults;
use super::fifo::Order;
use super::signing::Signer;

/// Bytes of an attribute's name.
const NAME_MAX: usize = 256;

/// An attribute of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// `String`, `String.Array`, `Number` or `Binary`, and what the publisher has put behind it.
    pub kind: String,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Text(String),
    Binary(Bytes),
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Notification,
    /// Asks an endpoint's owner to agree to a subscription.
    SubscriptionConfirmation(Invitation),
    /// Tells that a subscription has ended, and offers to restore it.
    UnsubscribeConfirmation(Invitation),
}

/// What confirms a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub token: String,
    pub url: String,
}

impl Kind {
    pub fn as_str(&self) -> &'static str {
        match self {
            Kind::Notification => "Notification",
            Kind::SubscriptionConfirmation(_) => "SubscriptionConfirmation",
            Kind::UnsubscribeConfirmation(_) => "UnsubscribeConfirmation",
        }
    }

    pub fn invitation(&self) -> Option<&Invitation> {
        match self {
            Kind::Notification => None,
            Kind::SubscriptionConfirmation(invitation) | Kind::UnsubscribeConfirmation(invitation) => Some(invitation),
        }
    }
}

/// A message as all subscribers of a protocol get it. It is signed once, by whoever needs the signature first.
#[derive(Debug)]
pub struct Message {
    pub kind: Kind,
    pub id: String,
    pub topic_arn: String,
    pub subject: Option<String>,
    pub text: String,
    pub published: Time,
    pub attributes: Vec<(String, Attribute)>,
    pub order: Option<Order>,
    /// Of messages of FIFO topics, which are not signed.
    pub sequence_number: Option<String>,
    pub signature_version: SignatureVersion,
    signature: OnceLock<String>,
}

impl Message {
    pub fn new(kind: Kind, id: String, topic_arn: String, text: String, published: Time) -> Message {
        Message {
            kind,
            id,
            topic_arn,
            subject: None,
            text,
            published,
            attributes: Vec::new(),
            order: None,
            sequence_number: None,
            signature_version: SignatureVersion::default(),
            signature: OnceLock::new(),
        }
    }

    /// The signature in Base64. To be asked for outside the lock first: it takes a millisecond.
    pub fn signature(&self, signer: &Signer) -> &str {
        self.signature.get_or_init(|| signer.sign(self.signature_version, &self.signed_text()))
    }

    pub fn is_signed(&self) -> bool {
        self.signature.get().is_some()
    }

    /// What is signed: names and values, each on a line of its own
    /// (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html>).
    fn signed_text(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + 400);
        let invitation = self.kind.invitation();
        let timestamp = self.timestamp();
        let lines = [
            ("Message", Some(self.text.as_str())),
            ("MessageId", Some(self.id.as_str())),
            ("Subject", self.subject.as_deref()),
            ("SubscribeURL", invitation.map(|invitation| invitation.url.as_str())),
            ("Timestamp", Some(timestamp.as_str())),
            ("Token", invitation.map(|invitation| invitation.token.as_str())),
            ("TopicArn", Some(self.topic_arn.as_str())),
            ("Type", Some(self.kind.as_str())),
        ];
        for (name, value) in lines.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let _ = writeln!(text, "{name}\n{value}");
        }
        text
    }

    /// `2012-04-26T20:45:04.751Z`
    fn timestamp(&self) -> String {
        self.published.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The JSON document that queues, HTTP endpoints and `email-json` get. URLs are those of the host that the
    /// subscription was made at.
    pub fn envelope(&self, signer: &Signer, subscription_arn: &str, base_url: &str) -> String {
        let mut document = Document::new();
        document.text("Type", self.kind.as_str());
        document.text("MessageId", &self.id);
        self.sequence_number.iter().for_each(|number| document.text("SequenceNumber", number));
        let invitation = self.kind.invitation();
        invitation.iter().for_each(|invitation| document.text("Token", &invitation.token));
        document.text("TopicArn", &self.topic_arn);
        self.subject.iter().for_each(|subject| document.text("Subject", subject));
        document.text("Message", &self.text);
        invitation.iter().for_each(|invitation| document.text("SubscribeURL", &invitation.url));
        document.text("Timestamp", &self.timestamp());
        if self.needs_signature() {
            document.text("SignatureVersion", self.signature_version.as_str());
            document.text("Signature", self.signature(signer));
            document.text("SigningCertURL", &format!("{base_url}/{}", signer.certificate_name()));
        }
        if invitation.is_none() {
            document.text("UnsubscribeURL", &unsubscribe_url(base_url, subscription_arn));
        }
        document.attributes(&self.attributes);
        document.finish()
    }

    /// Messages of FIFO topics are not signed.
    pub fn needs_signature(&self) -> bool {
        self.sequence_number.is_none()
    }

    /// The JSON line that Firehose streams get, which is not signed
    /// (<https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html>).
    pub fn line(&self, subscription_arn: &str, base_url: &str) -> String {
        let mut members = serde_json::Map::new();
        members.insert("Type".to_owned(), self.kind.as_str().into());
        members.insert("MessageId".to_owned(), self.id.as_str().into());
        members.insert("TopicArn".to_owned(), self.topic_arn.as_str().into());
        if let Some(subject) = &self.subject {
            members.insert("Subject".to_owned(), subject.as_str().into());
        }
        members.insert("Message".to_owned(), self.text.as_str().into());
        members.insert("Timestamp".to_owned(), self.timestamp().into());
        members.insert("UnsubscribeURL".to_owned(), unsubscribe_url(base_url, subscription_arn).into());
        if !self.attributes.is_empty() {
            let attributes = self.attributes.iter().map(|(name, attribute)| {
                let value = serde_json::json!({"Type": attribute.kind, "Value": attribute.shown()});
                (name.clone(), value)
            });
            members.insert("MessageAttributes".to_owned(), attributes.collect::<serde_json::Map<_, _>>().into());
        }
        serde_json::Value::Object(members).to_string()
    }

    /// The attributes as SQS takes them, for raw delivery.
    pub fn queue_attributes(&self) -> Map {
        let mut all = Map::new();
        for (name, attribute) in &self.attributes {
            let mut members = Map::new();
            members.push("DataType", attribute.kind.as_str());
            match &attribute.content {
                Content::Text(text) => members.push("StringValue", text.as_str()),
                Content::Binary(bytes) => members.push("BinaryValue", bytes.clone()),
            }
            all.push(name.clone(), members);
        }
        all
    }

    /// Memory that it takes, about.
    pub fn footprint(&self) -> usize {
        const ITSELF: usize = 1024;
        let attributes = self.attributes.iter().map(|(name, attribute)| name.len() + attribute.bytes());
        ITSELF + self.text.len() + attributes.sum::<usize>()
    }
}

/// The link that ends a subscription.
pub fn unsubscribe_url(base_url: &str, subscription_arn: &str) -> String {
    format!("{base_url}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}")
}

/// The indented JSON that SNS writes.
struct Document(String);

impl Document {
    fn new() -> Document {
        Document(String::with_capacity(1024))
    }

    fn key(&mut self, name: &str) {
        self.0.push_str(if self.0.is_empty() { "{\n" } else { ",\n" });
        let _ = write!(self.0, "  {} : ", quoted(name));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.0.push_str(&quoted(value));
    }

    fn attributes(&mut self, attributes: &[(String, Attribute)]) {
        if attributes.is_empty() {
            return;
        }
        self.key("MessageAttributes");
        let mut separator = "{";
        for (name, attribute) in attributes {
            let (name, kind, value) = (quoted(name), quoted(&attribute.kind), quoted(&attribute.shown()));
            let _ = write!(self.0, "{separator}\n    {name} : {{\"Type\":{kind},\"Value\":{value}}}");
            separator = ",";
        }
        self.0.push_str("\n  }");
    }

    fn finish(mut self) -> String {
        self.0.push_str("\n}");
        self.0
    }
}

fn quoted(text: &str) -> String {
    // A text has no failing case.
    serde_json::to_string(text).unwrap_or_default()
}

impl Attribute {
    /// Reads one as publishers send it.
    pub fn read(name: &str, value: &Value) -> Result<Attribute, Fault> {
        check_name(name)?;
        let text = |member| value.get(member).and_then(Value::as_str);
        let kind = text("DataType").unwrap_or_default();
        if kind.is_empty() {
            return Err(faults::empty_type(name));
        }
        let binary = match value.get("BinaryValue") {
            Some(Value::Blob(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let prefix = kind.split('.').next().unwrap_or_default();
        let content = match (prefix, text("StringValue"), binary) {
            ("String" | "Number", Some(text), _) if !text.is_empty() => Content::Text(text.to_owned()),
            ("String" | "Number", None, Some(_)) => return Err(faults::wrong_field(name, kind, "String")),
            ("Binary", _, Some(bytes)) if !bytes.is_empty() => Content::Binary(bytes),
            ("Binary", Some(text), None) if !text.is_empty() => return Err(faults::wrong_field(name, kind, "Binary")),
            ("String" | "Number" | "Binary", _, _) => return Err(faults::empty_value(name, kind)),
            _ => return Err(faults::attribute_type(name)),
        };
        if let ("Number", Content::Text(text)) = (prefix, &content)
            && !text.trim().parse::<f64>().is_ok_and(f64::is_finite)
        {
            return Err(faults::not_a_number(name));
        }
        Ok(Attribute { kind: kind.to_owned(), content })
    }

    /// The value as envelopes show it: bytes in Base64.
    fn shown(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Binary(bytes) => STANDARD.encode(bytes),
        }
    }

    /// Bytes of its type and value, which count as the message's.
    pub fn bytes(&self) -> usize {
        let content = match &self.content {
            Content::Text(text) => text.len(),
            Content::Binary(bytes) => bytes.len(),
        };
        self.kind.len() + content
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let is_allowed = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if name.len() > NAME_MAX {
        return Err(faults::attribute_name_length());
    }
    if let Some(letter) = name.chars().find(|letter| !is_allowed(letter)) {
        return Err(faults::attribute_name_letter(letter));
    }
    if name.starts_with('.') {
        return Err(faults::attribute_name_dot("starting"));
    }
    if name.ends_with('.') {
        return Err(faults::attribute_name_dot("ending"));
    }
    if name.contains("..") {
        return Err(faults::attribute_name_dots());
    }
    Ok(())
}
