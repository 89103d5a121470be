//! Attributes of queues: texts on the wire
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::policy::Policy;

use super::contents::BYTES_MAX;
use super::redrive::{Redrive, RedriveAllow};
use super::{faults, redrive};

/// Attributes as they are sent: texts by name.
pub type Texts = BTreeMap<String, String>;

/// What can be set on a queue.
#[derive(Clone, Debug)]
pub struct Attributes {
    pub visibility: i64,
    pub maximum_size: i64,
    pub retention: i64,
    pub delay: i64,
    pub wait: i64,
    policy: Option<(String, Policy)>,
    pub redrive: Option<Redrive>,
    pub redrive_allow: Option<RedriveAllow>,
    /// Of FIFO queues.
    pub fifo: Option<FifoAttributes>,
    managed_encryption: bool,
    /// Seconds for which a KMS key's data key would be used again; without a KMS key it means nothing.
    key_reuse: Option<i64>,
}

/// What can be set on a FIFO queue.
#[derive(Clone, Debug)]
pub struct FifoAttributes {
    pub content_based: bool,
    /// Messages are duplicates within their group, else within the queue.
    pub scope_is_group: bool,
    pub limit_is_group: bool,
}

/// Whole seconds or bytes that an attribute may have, and what it has unless it is set.
const RANGES: [(&str, i64, i64, i64); 5] = [
    ("VisibilityTimeout", 0, 43_200, 30),
    ("MaximumMessageSize", 1024, BYTES_MAX, BYTES_MAX),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("DelaySeconds", 0, 900, 0),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
];

/// `KmsDataKeyReusePeriodSeconds`
const KEY_REUSE: RangeInclusive<i64> = 60..=86_400;
const GROUP_SCOPE: (&str, &str) = ("messageGroup", "queue");
const GROUP_LIMIT: (&str, &str) = ("perMessageGroupId", "perQueue");

impl Attributes {
    /// What a queue has whose creator says nothing.
    pub fn new(is_fifo: bool) -> Attributes {
        let [visibility, maximum_size, retention, delay, wait] = RANGES.map(|(_, _, _, usual)| usual);
        let fifo = FifoAttributes { content_based: false, scope_is_group: false, limit_is_group: false };
        Attributes {
            visibility,
            maximum_size,
            retention,
            delay,
            wait,
            policy: None,
            redrive: None,
            redrive_allow: None,
            fifo: is_fifo.then_some(fifo),
            managed_encryption: true,
            key_reuse: None,
        }
    }

    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref().map(|(_, policy)| policy)
    }

    /// The policy as it was set.
    pub fn policy_text(&self) -> Option<&str> {
        self.policy.as_ref().map(|(text, _)| text.as_str())
    }

    pub fn retention(&self) -> TimeDelta {
        TimeDelta::seconds(self.retention)
    }

    /// Sets what is sent.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValue` for redrive policies.
    pub fn set(&mut self, texts: &Texts) -> Result<(), Fault> {
        for (name, text) in texts {
            self.set_one(name, text)?;
        }
        match &self.fifo {
            Some(fifo) if fifo.limit_is_group && !fifo.scope_is_group => Err(faults::throughput_needs_scope()),
            _ => Ok(()),
        }
    }

    fn set_one(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        if let Some((_, least, most, _)) = RANGES.into_iter().find(|(known, ..)| *known == name) {
            *self.number(name)? = within(name, text, least..=most)?;
            return Ok(());
        }
        let is_set = !text.is_empty();
        match name {
            "Policy" if is_set => {
                let policy = Policy::parse(text).map_err(|_| faults::invalid_attribute(name))?;
                self.policy = Some((text.to_owned(), policy));
            }
            "Policy" => self.policy = None,
            "RedrivePolicy" => self.redrive = is_set.then(|| Redrive::parse(text)).transpose()?,
            "RedriveAllowPolicy" => self.redrive_allow = is_set.then(|| RedriveAllow::parse(text)).transpose()?,
            "KmsMasterKeyId" if is_set => return Err(faults::not_built(name)),
            "KmsMasterKeyId" => {}
            "KmsDataKeyReusePeriodSeconds" => {
                self.key_reuse = is_set.then(|| within(name, text, KEY_REUSE)).transpose()?;
            }
            "SqsManagedSseEnabled" => self.managed_encryption = flag(name, text)?,
            _ => self.set_fifo(name, text)?,
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let Some(fifo) = &mut self.fifo else { return Err(faults::unknown_attribute(name)) };
        match name {
            // It cannot be changed, and comes with the name.
            "FifoQueue" if text == "true" => {}
            "FifoQueue" => return Err(faults::queue_type()),
            "ContentBasedDeduplication" => fifo.content_based = flag(name, text)?,
            "DeduplicationScope" => fifo.scope_is_group = choice(name, text, GROUP_SCOPE)?,
            "FifoThroughputLimit" => fifo.limit_is_group = choice(name, text, GROUP_LIMIT)?,
            _ => return Err(faults::unknown_attribute(name)),
        }
        Ok(())
    }

    fn number(&mut self, name: &str) -> Result<&mut i64, Fault> {
        Ok(match name {
            "VisibilityTimeout" => &mut self.visibility,
            "MaximumMessageSize" => &mut self.maximum_size,
            "MessageRetentionPeriod" => &mut self.retention,
            "DelaySeconds" => &mut self.delay,
            "ReceiveMessageWaitTimeSeconds" => &mut self.wait,
            _ => return Err(faults::unknown_attribute(name)),
        })
    }

    /// All that is set, as texts.
    pub fn texts(&self) -> Texts {
        let numbers = [self.visibility, self.maximum_size, self.retention, self.delay, self.wait];
        let mut texts: Texts =
            RANGES.iter().zip(numbers).map(|((name, ..), value)| ((*name).to_owned(), value.to_string())).collect();
        let mut push = |name: &str, text: Option<String>| texts.extend(text.map(|text| (name.to_owned(), text)));
        push("KmsDataKeyReusePeriodSeconds", self.key_reuse.map(|seconds| seconds.to_string()));
        push("SqsManagedSseEnabled", Some(self.managed_encryption.to_string()));
        push("Policy", self.policy_text().map(str::to_owned));
        push("RedrivePolicy", self.redrive.as_ref().map(|redrive| redrive.text.clone()));
        push("RedriveAllowPolicy", self.redrive_allow.as_ref().map(redrive::RedriveAllow::text));
        if let Some(fifo) = &self.fifo {
            let word = |is_group: bool, (group, all): (&str, &str)| Some(if is_group { group } else { all }.to_owned());
            push("FifoQueue", Some("true".to_owned()));
            push("ContentBasedDeduplication", Some(fifo.content_based.to_string()));
            push("DeduplicationScope", word(fifo.scope_is_group, GROUP_SCOPE));
            push("FifoThroughputLimit", word(fifo.limit_is_group, GROUP_LIMIT));
        }
        texts
    }
}

/// Names beside those of [`RANGES`] by which attributes can be asked for.
const NAMES: [&str; 17] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "Policy",
    "QueueArn",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
];

/// Whether there is an attribute of this name, or it means all.
pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || RANGES.iter().any(|(known, ..)| *known == name)
}

fn within(name: &str, text: &str, range: RangeInclusive<i64>) -> Result<i64, Fault> {
    text.parse().ok().filter(|value| range.contains(value)).ok_or_else(|| faults::invalid_attribute(name))
}

fn flag(name: &str, text: &str) -> Result<bool, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(faults::invalid_attribute(name)),
    }
}

fn choice(name: &str, text: &str, (yes, no): (&str, &str)) -> Result<bool, Fault> {
    match text {
        _ if text == yes => Ok(true),
        _ if text == no => Ok(false),
        _ => Err(faults::invalid_attribute(name)),
    }
}
