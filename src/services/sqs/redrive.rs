//! Dead letters: where messages go that were received too often, and from where they may come
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::{op, record};

use super::naming::Target;
use super::queues::{Page, PageRequest};
use super::{Place, faults};

/// The operations on dead-letter queues.
pub const OPS: &[Op] = &[op!(Read "ListDeadLetterSourceQueues" list_dead_letter_source_queues).data()];

const NAME: &str = "RedrivePolicy";
const ALLOW_NAME: &str = "RedriveAllowPolicy";
/// Queues that a policy may name.
const SOURCES_MAX: usize = 10;

/// `RedrivePolicy`
#[derive(Clone, Debug)]
pub struct Redrive {
    pub text: String,
    pub target: Place,
    pub receives_max: u32,
}

/// `RedriveAllowPolicy`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveAllow {
    All,
    None,
    /// ARNs of queues.
    Queues(Vec<String>),
}

impl Redrive {
    /// Reads the policy; the count may be a number or a text.
    ///
    /// # Errors
    /// `InvalidParameterValue`
    pub fn parse(text: &str) -> Result<Redrive, Fault> {
        let invalid = |reason: &str| faults::invalid(NAME, text, reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(invalid("Redrive policy is not a valid JSON map."));
        };
        let missing = |name: &str| invalid(&format!("Redrive policy does not contain mandatory attribute: {name}."));
        let target = policy.get("deadLetterTargetArn").ok_or_else(|| missing("deadLetterTargetArn"))?;
        let count = policy.get("maxReceiveCount").ok_or_else(|| missing("maxReceiveCount"))?;
        if let Some(name) =
            policy.keys().find(|name| !["deadLetterTargetArn", "maxReceiveCount"].contains(&name.as_str()))
        {
            return Err(invalid(&format!("Unknown attribute: {name}.")));
        }
        let number = count.as_u64().or_else(|| count.as_str()?.parse().ok()).filter(|count| (1..=1000).contains(count));
        let receives_max = number.and_then(|count| u32::try_from(count).ok()).ok_or_else(|| {
            invalid(&format!(
                "Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
            ))
        })?;
        let target = target.as_str().and_then(Place::parse);
        let target = target.ok_or_else(|| invalid("Invalid value for deadLetterTargetArn."))?;
        Ok(Redrive { text: text.to_owned(), target, receives_max })
    }

    /// Checks that the target is there, is of the same type, account and Region, and takes dead letters of the source.
    ///
    /// # Errors
    /// `InvalidParameterValue`
    pub fn check(&self, world: &World, source: &Place) -> Result<(), Fault> {
        let invalid = |reason: &str| Err(faults::invalid(NAME, &self.text, reason));
        let is_near = self.target.account == source.account && self.target.region == source.region;
        let Some(target) = self.target.find(world).filter(|_| is_near) else {
            return invalid("Dead letter target does not exist.");
        };
        if self.target.is_fifo() != source.is_fifo() {
            return invalid("Dead-letter queue must be same type of queue as the source.");
        }
        if target.attributes.redrive_allow.as_ref().is_none_or(|allow| allow.admits(source)) {
            Ok(())
        } else {
            invalid("Dead-letter queue does not allow this source queue.")
        }
    }
}

impl RedriveAllow {
    /// Reads the policy.
    ///
    /// # Errors
    /// `InvalidParameterValue`
    pub fn parse(text: &str) -> Result<RedriveAllow, Fault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Sent {
            redrive_permission: String,
            source_queue_arns: Option<Vec<String>>,
        }
        let invalid = |reason: &str| faults::invalid(ALLOW_NAME, text, reason);
        let sent: Sent = serde_json::from_str(text).map_err(|_| {
            invalid("Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
        })?;
        match (sent.redrive_permission.as_str(), sent.source_queue_arns) {
            ("allowAll", None) => Ok(RedriveAllow::All),
            ("denyAll", None) => Ok(RedriveAllow::None),
            ("byQueue", Some(arns)) if (1..=SOURCES_MAX).contains(&arns.len()) => {
                let all_good = arns.iter().all(|arn| Place::parse(arn).is_some());
                all_good
                    .then_some(RedriveAllow::Queues(arns))
                    .ok_or_else(|| invalid("Invalid value for sourceQueueArns."))
            }
            ("byQueue", _) => Err(invalid("sourceQueueArns must have 1 to 10 queues.")),
            ("allowAll" | "denyAll", _) => {
                Err(invalid("sourceQueueArns can be specified only when redrivePermission is byQueue."))
            }
            _ => Err(invalid("Invalid value for redrivePermission.")),
        }
    }

    /// Whether a queue may send its dead letters here.
    pub fn admits(&self, source: &Place) -> bool {
        match self {
            RedriveAllow::All => true,
            RedriveAllow::None => false,
            RedriveAllow::Queues(arns) => arns.contains(&source.arn()),
        }
    }

    pub fn text(&self) -> String {
        match self {
            RedriveAllow::All => json!({"redrivePermission": "allowAll"}),
            RedriveAllow::None => json!({"redrivePermission": "denyAll"}),
            RedriveAllow::Queues(arns) => json!({"redrivePermission": "byQueue", "sourceQueueArns": arns}),
        }
        .to_string()
    }
}

record! {
    struct Sources { urls: Vec<String> = "queueUrls", token: Option<String> = "NextToken" }
}

fn list_dead_letter_source_queues(cx: &mut Cx, (target, page): (Target, PageRequest)) -> Result<Sources, Fault> {
    let place = target.enter(cx)?;
    let names = sources(cx.world, &place);
    let Page { names, token } = page.cut(names)?;
    let url = |queue| Place { queue, ..place.clone() }.url(cx.host);
    Ok(Sources { urls: names.into_iter().map(url).collect(), token })
}

/// Names of the queues whose dead letters go to a queue.
pub fn sources(world: &World, target: &Place) -> Vec<String> {
    let regional = world.accounts.get(&target.account).and_then(|account| account.regions.get(&target.region));
    let queues = regional.into_iter().flat_map(|regional| &regional.sqs.queues);
    let feeds =
        queues.filter(|(_, queue)| queue.attributes.redrive.as_ref().is_some_and(|redrive| redrive.target == *target));
    feeds.map(|(name, _)| name.clone()).collect()
}
