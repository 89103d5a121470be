//! Attributes of queues: their values, rules and defaults.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::Policy;

use super::faults::{self, RedriveFlaw};
use super::redrive::{Redrive, RedriveAllow};
use super::{BY_URL, Place, Queue, address, is_fifo, rouse, schedule_expiry, seconds};

/// The operations on attributes.
pub const OPS: &[Op] = &[
    op!(Read "GetQueueAttributes" get).data().resources(BY_URL),
    op!(Write "SetQueueAttributes" set).resources(BY_URL),
];

/// Attributes by name, as they stand in requests and answers.
pub type Values = BTreeMap<String, String>;

/// The attributes that are whole numbers: name, default, least and greatest value.
const NUMBERS: [(&str, i64, i64, i64); 6] = [
    ("DelaySeconds", 0, 0, 900),
    ("MaximumMessageSize", 1_048_576, 1024, 1_048_576),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
    ("VisibilityTimeout", 30, 0, 43_200),
    ("KmsDataKeyReusePeriodSeconds", 300, 60, 86_400),
];

/// The attributes that FIFO queues alone have, with their defaults.
const FIFO: [(&str, &str); 3] =
    [("ContentBasedDeduplication", "false"), ("DeduplicationScope", "queue"), ("FifoThroughputLimit", "perQueue")];

/// The attributes that only the service itself sets.
const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// What can be set of a queue: the values that were given, and what they mean.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of FIFO queues and standard ones alike; texts as given, empty ones left out.
    given: Values,
    fifo: bool,
    numbers: [i64; 6],
    policy: Option<Policy>,
    redrive: Option<Redrive>,
    allow: Option<RedriveAllow>,
}

record! {
    struct GetQueueAttributes { url: String = "QueueUrl", names: Vec<String> = "AttributeNames" }
    struct GotQueueAttributes { values: Option<Values> = "Attributes" }
    struct SetQueueAttributes { url: String = "QueueUrl", values: Values = "Attributes" }
}

impl Settings {
    /// A new queue's attributes.
    ///
    /// # Errors
    /// As [`changed`](Self::changed).
    pub fn new(world: &World, place: &Place, mut values: Values) -> Result<Settings, Fault> {
        let fifo = is_fifo(&place.name);
        match values.remove("FifoQueue").as_deref() {
            Some("true") => {}
            // A standard queue says nothing of it.
            Some("false") if !fifo => return Err(faults::unknown_attribute("FifoQueue")),
            Some(_) => return Err(faults::attribute_value("FifoQueue")),
            None => {}
        }
        let numbers = NUMBERS.map(|(_, default, ..)| default);
        let plain = Settings { given: Values::new(), fifo, numbers, policy: None, redrive: None, allow: None };
        plain.changed(world, place, values)
    }

    /// These with some attributes replaced; an empty text removes one that is a text.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValue` for redrive policies, and
    /// `NotImplemented` for keys of KMS.
    pub fn changed(&self, world: &World, place: &Place, values: Values) -> Result<Settings, Fault> {
        let mut changed = self.clone();
        for (name, value) in values {
            changed.set(world, place, name, value)?;
        }
        if changed.text("FifoThroughputLimit") == Some("perMessageGroupId")
            && changed.text("DeduplicationScope") != Some("messageGroup")
        {
            return Err(faults::throughput_needs_scope());
        }
        Ok(changed)
    }

    fn set(&mut self, world: &World, place: &Place, name: String, value: String) -> Result<(), Fault> {
        if let Some(at) = NUMBERS.iter().position(|(number, ..)| *number == name) {
            let (_, _, min, max) = NUMBERS[at];
            let number = value.parse().ok().filter(|number| (min..=max).contains(number));
            self.numbers[at] = number.ok_or_else(|| faults::attribute_value(&name))?;
        } else {
            self.set_text(world, place, &name, &value)?;
        }
        match value.as_str() {
            "" => drop(self.given.remove(&name)),
            _ => drop(self.given.insert(name, value)),
        }
        Ok(())
    }

    fn set_text(&mut self, world: &World, place: &Place, name: &str, value: &str) -> Result<(), Fault> {
        let given = Some(value).filter(|value| !value.is_empty());
        let one_of = |values: &[&str]| match values.contains(&value) {
            true => Ok(()),
            false => Err(faults::attribute_value(name)),
        };
        match name {
            "Policy" => {
                let policy = given.map(Policy::parse).transpose();
                self.policy = policy.map_err(|_| faults::attribute_value(name))?;
                Ok(())
            }
            "RedrivePolicy" => {
                self.redrive = given.map(|text| redrive(world, place, text)).transpose()?;
                Ok(())
            }
            "RedriveAllowPolicy" => {
                let policy = |text| RedriveAllow::parse(text).ok_or_else(|| faults::redrive_allow_policy(text));
                self.allow = given.map(policy).transpose()?;
                Ok(())
            }
            "SqsManagedSseEnabled" => one_of(&["true", "false"]),
            "KmsMasterKeyId" => given.map_or(Ok(()), |_| Err(faults::not_built(name))),
            "FifoQueue" if !self.fifo => Err(faults::unknown_attribute(name)),
            "FifoQueue" if value != "true" => Err(faults::queue_type()),
            "FifoQueue" => Ok(()),
            "ContentBasedDeduplication" if self.fifo => one_of(&["true", "false"]),
            "DeduplicationScope" if self.fifo => one_of(&["queue", "messageGroup"]),
            "FifoThroughputLimit" if self.fifo => one_of(&["perQueue", "perMessageGroupId"]),
            _ => Err(faults::unknown_attribute(name)),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> i64 {
        let at = NUMBERS.iter().position(|(number, ..)| *number == name);
        at.and_then(|at| self.numbers.get(at)).copied().unwrap_or_default()
    }

    /// The value that an answer shows, if the queue has the attribute.
    fn shown(&self, name: &str) -> Option<String> {
        let default = FIFO.iter().find(|(fifo, _)| self.fifo && *fifo == name).map(|(_, default)| *default);
        let default = default.or(match name {
            "FifoQueue" if self.fifo => Some("true"),
            "SqsManagedSseEnabled" => Some("true"),
            _ => None,
        });
        let is_number = NUMBERS.iter().any(|(number, ..)| *number == name);
        match self.text(name) {
            // Without a key of KMS there is nothing whose reuse it would tell of, unless it was given.
            None if name == "KmsDataKeyReusePeriodSeconds" => None,
            _ if is_number => Some(self.number(name).to_string()),
            Some(text) => Some(text.to_owned()),
            None => default.map(str::to_owned),
        }
    }

    /// The first of some attributes whose value is not this queue's: what a second `CreateQueue` may not have.
    pub fn first_other<'a>(&self, asked: &Settings, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let mut names = names;
        names.find(|name| self.shown(name) != asked.shown(name))
    }

    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The policy as it was given.
    pub fn policy_text(&self) -> Option<&str> {
        self.text("Policy")
    }

    /// Replaces the policy by one that was made here.
    pub fn set_policy(&mut self, made: Option<(String, Policy)>) {
        match made {
            Some((text, policy)) => {
                self.given.insert("Policy".to_owned(), text);
                self.policy = Some(policy);
            }
            None => {
                self.given.remove("Policy");
                self.policy = None;
            }
        }
    }

    pub fn redrive(&self) -> Option<&Redrive> {
        self.redrive.as_ref()
    }

    /// Whether a queue may send its dead letters here.
    pub fn admits_dead_letters(&self, source: &str) -> bool {
        self.allow.as_ref().is_none_or(|allow| allow.admits(source))
    }

    pub fn delay(&self) -> i64 {
        self.numbers[0]
    }

    /// Bytes of a message's body and attributes.
    pub fn size_max(&self) -> i64 {
        self.numbers[1]
    }

    pub fn retention(&self) -> TimeDelta {
        seconds(self.numbers[2])
    }

    /// Seconds that polls wait which do not say how long.
    pub fn wait(&self) -> i64 {
        self.numbers[3]
    }

    /// Seconds for which a received message is invisible.
    pub fn visibility(&self) -> i64 {
        self.numbers[4]
    }

    /// Whether messages of equal bodies are one.
    pub fn deduplicates_by_content(&self) -> bool {
        self.text("ContentBasedDeduplication") == Some("true")
    }

    /// Whether ids of duplicates are compared within groups only.
    pub fn deduplicates_within_groups(&self) -> bool {
        self.text("DeduplicationScope") == Some("messageGroup")
    }
}

/// A redrive policy of a queue, if its target can be.
fn redrive(world: &World, place: &Place, text: &str) -> Result<Redrive, Fault> {
    let flawed = |flaw: RedriveFlaw| faults::redrive_policy(text, &flaw);
    let redrive = Redrive::parse(text).map_err(flawed)?;
    let Place { account, region, name } = &redrive.target;
    if (account, *region) != (&place.account, place.region) {
        return Err(flawed(RedriveFlaw::NoTarget));
    }
    let target = redrive.target.find(world).ok_or_else(|| flawed(RedriveFlaw::NoTarget))?;
    if is_fifo(name) != is_fifo(&place.name) {
        return Err(flawed(RedriveFlaw::OtherType));
    }
    if !target.settings.admits_dead_letters(&place.arn()) {
        return Err(flawed(RedriveFlaw::NotAllowed));
    }
    Ok(redrive)
}

fn get(cx: &mut Cx, input: GetQueueAttributes) -> Result<GotQueueAttributes, Fault> {
    let place = address::reach(cx, &input.url, "GetQueueAttributes")?;
    let now = cx.world.now;
    let names = wanted(&input.names)?;
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    let values: Values =
        names.into_iter().filter_map(|name| Some((name.to_owned(), queue.attribute(&place, name)?))).collect();
    Ok(GotQueueAttributes { values: Some(values).filter(|values| !values.is_empty()) })
}

/// The names of attributes that are asked for.
fn wanted(names: &[String]) -> Result<Vec<&str>, Fault> {
    const TEXTS: [&str; 6] =
        ["FifoQueue", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled"];
    let known = || {
        let numbers = NUMBERS.iter().map(|(name, ..)| *name);
        let fifo = FIFO.iter().map(|(name, _)| *name);
        numbers.chain(fifo).chain(COMPUTED).chain(TEXTS)
    };
    if let Some(unknown) = names.iter().find(|name| *name != "All" && !known().any(|known| known == *name)) {
        return Err(faults::unknown_attribute(unknown));
    }
    match names.iter().any(|name| name == "All") {
        true => Ok(known().collect()),
        false => Ok(names.iter().map(String::as_str).collect()),
    }
}

impl Queue {
    fn attribute(&self, place: &Place, name: &str) -> Option<String> {
        Some(match name {
            "ApproximateNumberOfMessages" => self.messages.visible().to_string(),
            "ApproximateNumberOfMessagesDelayed" => self.messages.delayed().to_string(),
            "ApproximateNumberOfMessagesNotVisible" => self.messages.in_flight().to_string(),
            "CreatedTimestamp" => self.created.timestamp().to_string(),
            "LastModifiedTimestamp" => self.modified.timestamp().to_string(),
            "QueueArn" => place.arn(),
            _ => return self.settings.shown(name),
        })
    }
}

fn set(cx: &mut Cx, input: SetQueueAttributes) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "SetQueueAttributes")?;
    let now = cx.world.now;
    let queue = place.find(cx.world).ok_or_else(faults::no_such_queue)?;
    let settings = queue.settings.changed(cx.world, &place, input.values)?;
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    let delay = settings.delay();
    let delay_has_changed = delay != queue.settings.delay();
    queue.settings = settings;
    queue.modified = now;
    // FIFO queues apply a new delay to what they hold, too:
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
    if delay_has_changed && is_fifo(&place.name) {
        queue.messages.redelay(seconds(delay), now);
    }
    schedule_expiry(cx.world, &place);
    rouse(cx.world, &place);
    Ok(())
}
