//! What FIFO topics remember: sequence numbers, and the messages of the last five minutes.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::services::cloudtrail::keys::hex;
use crate::wire::Fault;
use crate::world::time::Time;

use super::attributes::{Settings, ThroughputScope};
use super::faults;

/// How long duplicates are told (<https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>).
const DEDUPLICATION: TimeDelta = TimeDelta::minutes(5);
/// Where sequence numbers start: they have 20 digits.
const FIRST_NUMBER: u128 = 10_000_000_000_000_000_000;
/// Characters of a group or deduplication id.
const ID_MAX: usize = 128;

/// What tells duplicates: the group, where each group has messages of its own, and the deduplication id.
type Key = (String, String);

/// The memory of a FIFO topic.
#[derive(Debug, Default)]
pub struct Fifo {
    published: u128,
    recent: BTreeMap<Key, Published>,
    order: VecDeque<(Time, Key)>,
}

/// What the publisher of a message was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub message_id: String,
    pub sequence_number: String,
}

/// Where a message is in its topic's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub group: String,
    pub deduplication: String,
}

impl Order {
    /// What a publisher says about the order, held against what the topic needs. Standard topics take a group for fair
    /// queues, and no deduplication id.
    pub fn checked(
        is_fifo: bool,
        settings: &Settings,
        group: Option<String>,
        deduplication: Option<String>,
        message: &str,
    ) -> Result<Option<Order>, Fault> {
        if group.as_ref().is_some_and(|id| !is_id(id)) {
            return Err(faults::malformed_id("MessageGroupId"));
        }
        if deduplication.as_ref().is_some_and(|id| !is_id(id)) {
            return Err(faults::malformed_id("MessageDeduplicationId"));
        }
        if !is_fifo {
            return match deduplication {
                Some(_) => Err(faults::not_for_topic_type("MessageDeduplicationId")),
                None => Ok(group.map(|group| Order { group, deduplication: String::new() })),
            };
        }
        let group = group.ok_or_else(faults::no_group)?;
        let by_content = || settings.content_based_deduplication.then(|| hex(&Sha256::digest(message)));
        let deduplication = deduplication.or_else(by_content).ok_or_else(faults::no_deduplication)?;
        Ok(Some(Order { group, deduplication }))
    }
}

fn is_id(id: &str) -> bool {
    (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Fifo {
    /// What was said about an equal message of the last five minutes.
    pub fn duplicate(&mut self, now: Time, order: &Order, scope: ThroughputScope) -> Option<Published> {
        while let Some((published, _)) = self.order.front()
            && *published + DEDUPLICATION <= now
        {
            let gone = self.order.pop_front();
            gone.and_then(|(_, key)| self.recent.remove(&key));
        }
        self.recent.get(&key(order, scope)).cloned()
    }

    /// Takes a new message down.
    pub fn publish(&mut self, now: Time, order: &Order, scope: ThroughputScope, message_id: &str) -> Published {
        let sequence_number = (FIRST_NUMBER + self.published).to_string();
        self.published += 1;
        let published = Published { message_id: message_id.to_owned(), sequence_number };
        let key = key(order, scope);
        self.order.push_back((now, key.clone()));
        self.recent.insert(key, published.clone());
        published
    }
}

fn key(order: &Order, scope: ThroughputScope) -> Key {
    let group = match scope {
        ThroughputScope::Topic => String::new(),
        ThroughputScope::MessageGroup => order.group.clone(),
    };
    (group, order.deduplication.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_told_for_five_minutes() {
        let mut fifo = Fifo::default();
        let order = |group: &str| Order { group: group.to_owned(), deduplication: "d".to_owned() };
        let at = |seconds| Time::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let (topic, group) = (ThroughputScope::Topic, ThroughputScope::MessageGroup);
        assert_eq!(fifo.duplicate(at(0), &order("a"), topic), None);
        let first = fifo.publish(at(0), &order("a"), topic, "1");
        assert_eq!(first.sequence_number, "10000000000000000000");
        assert_eq!(fifo.duplicate(at(299), &order("b"), topic), Some(first));
        assert_eq!(fifo.duplicate(at(300), &order("a"), topic), None);
        let second = fifo.publish(at(300), &order("a"), group, "2");
        assert_eq!(second.sequence_number, "10000000000000000001");
        assert_eq!(fifo.duplicate(at(301), &order("b"), group), None);
        assert_eq!(fifo.duplicate(at(301), &order("a"), group), Some(second));
    }
}
