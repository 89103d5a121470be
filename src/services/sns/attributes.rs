//! What can be set about a topic. What would have no effect is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::wire::Fault;
use crate::world::policy::{Policy, matches};

use super::delivery_policy::OfTopic;
use super::{TopicPlace, faults};

/// Bytes of a message unless the topic says otherwise.
const MESSAGE_BYTES: usize = 262_144;
/// Bytes that a topic may allow.
const MESSAGE_BYTES_RANGE: std::ops::RangeInclusive<usize> = 1024..=1_048_576;
/// Characters of a display name.
const DISPLAY_NAME_MAX: usize = 100;

/// Services whose deliveries could be logged: `HTTPSuccessFeedbackRoleArn` and the like.
const LOGGED: [&str; 5] = ["Application", "Firehose", "HTTP", "Lambda", "SQS"];

/// What policies of topics may speak of (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html>).
const ACTIONS: [&str; 15] = [
    "addpermission",
    "confirmsubscription",
    "deletetopic",
    "getdataprotectionpolicy",
    "gettopicattributes",
    "listsubscriptionsbytopic",
    "listtagsforresource",
    "publish",
    "putdataprotectionpolicy",
    "receive",
    "removepermission",
    "settopicattributes",
    "subscribe",
    "tagresource",
    "untagresource",
];

/// A topic's attributes.
#[derive(Clone, Debug)]
pub struct Settings {
    pub display_name: String,
    pub policy: TopicPolicy,
    pub delivery: Option<OfTopic>,
    /// 1 (SHA1) unless set.
    pub signature_version: Option<SignatureVersion>,
    pub message_bytes_max: Option<usize>,
    pub content_based_deduplication: bool,
    pub throughput_scope: Option<ThroughputScope>,
    /// `PassThrough`, the only value, was set.
    passes_traces: bool,
}

/// A policy as it was written, and what it says.
#[derive(Clone, Debug)]
pub struct TopicPolicy {
    pub text: String,
    pub parsed: Arc<Policy>,
}

/// Which hash is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureVersion {
    /// SHA1.
    #[default]
    One,
    /// SHA256.
    Two,
}

/// Among which messages duplicates are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThroughputScope {
    #[default]
    Topic,
    MessageGroup,
}

impl SignatureVersion {
    pub fn as_str(self) -> &'static str {
        match self {
            SignatureVersion::One => "1",
            SignatureVersion::Two => "2",
        }
    }
}

impl ThroughputScope {
    fn as_str(self) -> &'static str {
        match self {
            ThroughputScope::Topic => "Topic",
            ThroughputScope::MessageGroup => "MessageGroup",
        }
    }
}

/// Whether a new topic is to be a FIFO one.
pub fn wants_fifo(attributes: &BTreeMap<String, String>) -> Result<bool, Fault> {
    attributes.get("FifoTopic").map_or(Ok(false), |value| boolean("FifoTopic", value))
}

impl Settings {
    /// Those of a topic for which nothing was set.
    pub fn new(place: &TopicPlace) -> Settings {
        Settings {
            display_name: String::new(),
            policy: TopicPolicy::default_of(place),
            delivery: None,
            signature_version: None,
            message_bytes_max: None,
            content_based_deduplication: false,
            throughput_scope: None,
            passes_traces: false,
        }
    }

    /// Bytes that a message may have, its attributes included.
    pub fn message_bytes(&self) -> usize {
        self.message_bytes_max.unwrap_or(MESSAGE_BYTES)
    }

    /// Sets an attribute of a topic that is being made.
    pub fn set_new(&mut self, place: &TopicPlace, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            // Decided by the time anything is set.
            "FifoTopic" => Ok(()),
            _ => self.set(place, name, value).map_err(|fault| match fault == faults::unknown_attribute() {
                true => faults::because("Attributes", format!("Unknown attribute {name}")),
                false => fault,
            }),
        }
    }

    /// Sets an attribute.
    pub fn set(&mut self, place: &TopicPlace, name: &str, value: &str) -> Result<(), Fault> {
        if is_unbuilt(name) {
            // What takes such a setting away takes nothing away.
            return if value.is_empty() { Ok(()) } else { Err(faults::not_built(name)) };
        }
        match name {
            "DisplayName" if value.chars().count() <= DISPLAY_NAME_MAX => self.display_name = value.to_owned(),
            "DisplayName" => return Err(faults::invalid(name)),
            "Policy" => self.policy = TopicPolicy::parse(value)?,
            "DeliveryPolicy" => self.delivery = OfTopic::parse(value)?,
            "SignatureVersion" => self.signature_version = Some(signature_version(value)?),
            "MaximumMessageSize" => self.message_bytes_max = Some(message_bytes(value)?),
            "TracingConfig" => match value {
                "PassThrough" => self.passes_traces = true,
                "Active" => return Err(faults::not_built("TracingConfig Active")),
                _ => return Err(faults::attribute_value(name, value, "PassThrough or Active")),
            },
            "ContentBasedDeduplication" | "FifoThroughputScope" if !place.is_fifo() => {
                return Err(faults::of_fifo_topics(name));
            }
            "ContentBasedDeduplication" => self.content_based_deduplication = boolean(name, value)?,
            "FifoThroughputScope" => {
                self.throughput_scope = Some(match value {
                    "Topic" => ThroughputScope::Topic,
                    "MessageGroup" => ThroughputScope::MessageGroup,
                    _ => return Err(faults::attribute_value(name, value, "Topic or MessageGroup")),
                });
            }
            _ => return Err(faults::unknown_attribute()),
        }
        Ok(())
    }

    /// The attributes as `GetTopicAttributes` shows them, without the counts of subscriptions.
    pub fn shown(&self, place: &TopicPlace) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([
            ("DisplayName", self.display_name.clone()),
            ("EffectiveDeliveryPolicy", OfTopic::effective(self.delivery.as_ref())),
            ("Owner", place.account.to_string()),
            ("Policy", self.policy.text.clone()),
            ("TopicArn", place.arn()),
        ]);
        let set = [
            ("DeliveryPolicy", self.delivery.as_ref().map(OfTopic::text)),
            ("SignatureVersion", self.signature_version.map(|version| version.as_str().to_owned())),
            ("MaximumMessageSize", self.message_bytes_max.map(|bytes| bytes.to_string())),
            ("TracingConfig", self.passes_traces.then(|| "PassThrough".to_owned())),
            ("FifoThroughputScope", self.throughput_scope.map(|scope| scope.as_str().to_owned())),
        ];
        shown.extend(set.into_iter().filter_map(|(name, value)| Some((name, value?))));
        if place.is_fifo() {
            shown.insert("FifoTopic", "true".to_owned());
            shown.insert("ContentBasedDeduplication", self.content_based_deduplication.to_string());
        }
        shown
    }
}

fn is_unbuilt(name: &str) -> bool {
    let is_log = LOGGED
        .iter()
        .filter_map(|service| name.strip_prefix(service))
        .any(|rest| matches!(rest, "SuccessFeedbackRoleArn" | "FailureFeedbackRoleArn" | "SuccessFeedbackSampleRate"));
    is_log || matches!(name, "KmsMasterKeyId" | "ArchivePolicy" | "DataProtectionPolicy")
}

fn boolean(name: &str, value: &str) -> Result<bool, Fault> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(faults::not_a_boolean(name, value)),
    }
}

fn signature_version(value: &str) -> Result<SignatureVersion, Fault> {
    match value {
        "1" => Ok(SignatureVersion::One),
        "2" => Ok(SignatureVersion::Two),
        _ => Err(faults::attribute_value("SignatureVersion", value, "1 or 2")),
    }
}

fn message_bytes(value: &str) -> Result<usize, Fault> {
    let bytes = value.parse().ok().filter(|bytes| MESSAGE_BYTES_RANGE.contains(bytes));
    bytes.ok_or_else(|| faults::message_size(value))
}

impl TopicPolicy {
    /// The policy of topics for which none was set: everything for the owner.
    pub fn default_of(place: &TopicPlace) -> TopicPolicy {
        let text = json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "SNS:GetTopicAttributes",
                    "SNS:SetTopicAttributes",
                    "SNS:AddPermission",
                    "SNS:RemovePermission",
                    "SNS:DeleteTopic",
                    "SNS:Subscribe",
                    "SNS:ListSubscriptionsByTopic",
                    "SNS:Publish",
                ],
                "Resource": place.arn(),
                "Condition": {"StringEquals": {"AWS:SourceOwner": place.account.as_str()}},
            }],
        })
        .to_string();
        // It is well-formed; nobody is let in by no policy.
        let parsed = Policy::parse(&text).unwrap_or(Policy { statements: Vec::new() });
        TopicPolicy { text, parsed: Arc::new(parsed) }
    }

    /// Reads a policy that is to be set.
    pub fn parse(text: &str) -> Result<TopicPolicy, Fault> {
        let parsed = Policy::parse(text).map_err(|_| faults::policy_error())?;
        for statement in &parsed.statements {
            if statement.principals.is_none() {
                return Err(faults::policy_error());
            }
            if !statement.actions.items.iter().all(|action| is_in_scope(action)) {
                return Err(faults::out_of_scope());
            }
        }
        Ok(TopicPolicy { text: text.to_owned(), parsed: Arc::new(parsed) })
    }
}

/// Whether SNS has such an action, for topics.
pub fn is_in_scope(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    action.strip_prefix("sns:").is_some_and(|pattern| ACTIONS.iter().any(|known| matches(pattern, known)))
}
