//! Amazon SNS: topics, who subscribes to them, and what is published to them.

mod attributes;
mod delivery;
mod delivery_policy;
pub mod faults;
mod fifo;
mod filter;
mod http;
mod letters;
mod message;
mod metrics;
mod permissions;
mod protocol;
mod publish;
mod redrive;
mod signing;
mod subscription_attributes;
pub mod subscriptions;
mod tags;
pub mod topics;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::world::World;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

pub use delivery::{deliver, flush, posted, preparation};
pub use http::Handover;
pub use signing::Signer;
pub use subscriptions::{Subscription, expire};
pub use topics::Topic;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] =
    &[permissions::OPS, publish::OPS, subscription_attributes::OPS, subscriptions::OPS, tags::OPS, topics::OPS];

/// How SNS is called where AWS services call each other, and in policies.
const SELF: &str = "sns.amazonaws.com";

/// What event history calls a topic.
const TOPIC: &[(&str, &str)] = &[("AWS::SNS::Topic", "TopicArn")];

/// An account's state in one Region.
#[derive(Debug, Default)]
pub struct Store {
    /// By name.
    pub topics: BTreeMap<String, Topic>,
    /// What the account has subscribed to, topics of other accounts included.
    pub subscribed: BTreeSet<SubscriptionPlace>,
}

/// Where a topic is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPlace {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

/// Where a subscription is: in its topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionPlace {
    pub topic: TopicPlace,
    /// A UUID.
    pub id: String,
}

impl TopicPlace {
    /// Reads `arn:aws:sns:REGION:ACCOUNT:NAME`.
    pub fn parse(arn: &str) -> Option<TopicPlace> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", "aws", "sns", region, account, name] = parts[..] else { return None };
        let name = Some(name.to_owned()).filter(|name| !name.is_empty())?;
        Some(TopicPlace { account: AccountId::parse(account)?, region: Region::parse(region)?, name })
    }

    pub fn arn(&self) -> String {
        self.to_string()
    }

    /// The topic, unless there is none.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Topic> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.sns.topics.get(&self.name)
    }

    /// The topic, to change it.
    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Topic> {
        let account = world.accounts.get_mut(&self.account)?;
        account.regions.get_mut(&self.region)?.sns.topics.get_mut(&self.name)
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

impl fmt::Display for TopicPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:sns:{}:{}:{}", self.region, self.account, self.name)
    }
}

impl SubscriptionPlace {
    /// Reads the ARN of a topic with a UUID behind it.
    pub fn parse(arn: &str) -> Option<SubscriptionPlace> {
        let (topic, id) = arn.rsplit_once(':')?;
        Some(SubscriptionPlace { topic: TopicPlace::parse(topic)?, id: id.to_owned() })
    }

    pub fn arn(&self) -> String {
        format!("{}:{}", self.topic, self.id)
    }

    /// The subscription, unless there is none.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Subscription> {
        self.topic.find(world)?.subscriptions.get(&self.id)
    }

    /// The subscription, to change it.
    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Subscription> {
        self.topic.find_mut(world)?.subscriptions.get_mut(&self.id)
    }
}

/// Whether a client signed its call: links in messages do not.
fn is_signed(cx: &Cx<'_>) -> bool {
    cx.caller.principal != Principal::Anonymous
}
