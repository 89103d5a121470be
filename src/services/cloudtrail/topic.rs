//! The topic on which a trail announces its log files
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html>).

use std::collections::VecDeque;

use serde_json::json;

use crate::wire::{Fault, Map};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::delivery::{Place, SELF};
use super::{Trail, faults};

/// What CloudTrail publishes to see whether it may.
const VALIDATION: &str = "CloudTrail validation message.";
/// The longest name of a topic.
const NAME_MAX: usize = 256;

/// A trail's topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// As the trail was given it: a name or an ARN.
    pub name: String,
    pub arn: String,
    region: Region,
}

/// A trail's announcements in one Region.
#[derive(Clone, Debug, Default)]
pub struct Announcements {
    /// Keys of log files that are not announced yet.
    pending: VecDeque<String>,
    pub last_attempt: Option<Time>,
    pub last_success: Option<Time>,
    /// Why the last attempt failed, if it did: the code of SNS.
    pub last_error: Option<String>,
    failures: u32,
}

impl Topic {
    /// A topic as the settings of a trail name it. Names mean the trail's account and home.
    ///
    /// # Errors
    /// `InvalidSnsTopicNameException` for what can be neither a name nor an ARN of a topic.
    pub fn new(trail: &Trail, name: &str) -> Result<Topic, Fault> {
        let is_name = |text: &str| {
            (1..=NAME_MAX).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        let place = match name.strip_prefix("arn:aws:sns:").map(|rest| rest.splitn(3, ':').collect::<Vec<_>>()) {
            None => is_name(name)
                .then_some((trail.home, &trail.account, name))
                .map(|(region, account, name)| (region, format!("arn:aws:sns:{region}:{account}:{name}"))),
            Some(parts) => match parts[..] {
                [region, account, topic] if is_name(topic) && AccountId::parse(account).is_some() => {
                    Region::parse(region).map(|region| (region, name.to_owned()))
                }
                _ => None,
            },
        };
        let (region, arn) = place.ok_or_else(|| faults::invalid_topic_name(name))?;
        Ok(Topic { name: name.to_owned(), arn, region })
    }
}

/// Publishes a message that says nothing, as CloudTrail does before it accepts a topic.
///
/// # Errors
/// `InsufficientSnsTopicPolicyException` for a topic that is not there, or whose policy does not let CloudTrail in.
pub fn check(world: &mut World, trail: &Trail) -> Result<(), Fault> {
    let Some(topic) = &trail.topic else { return Ok(()) };
    publish(world, trail, topic, VALIDATION).map_err(|_| faults::insufficient_topic_policy())
}

/// Announces a log file that has been delivered, if the trail has a topic.
pub(super) fn announce(world: &mut World, place: &Place, key: &str) {
    let Some(trail) = place.trail(world).filter(|trail| trail.topic.is_some()) else { return };
    let Some(shipping) = trail.shipping.get_mut(&place.region) else { return };
    shipping.announcements.pending.push_back(key.to_owned());
    // While it fails, a retry is on its way.
    if shipping.announcements.failures == 0 {
        world.jobs.at_once(job(place));
    }
}

fn job(place: &Place) -> Job {
    Job::TrailAnnouncement { account: place.account.clone(), trail: place.trail.clone(), region: place.region }
}

/// Announces the log files of a trail in a Region that are to be announced, in their order, a message each.
pub fn deliver(world: &mut World, account: &AccountId, trail: &str, region: Region) {
    let place = Place::new(account, trail, region);
    while let Some(key) = place.shipping(world).and_then(|shipping| shipping.announcements.pending.front().cloned()) {
        let Some(trail) = place.trail(world).cloned() else { return };
        let outcome = match &trail.topic {
            Some(topic) => {
                let message = json!({"s3Bucket": trail.bucket, "s3ObjectKey": [key]}).to_string();
                publish(world, &trail, topic, &message)
            }
            // It was taken away meanwhile.
            None => Ok(()),
        };
        if let Some(failures) = note(world, &place, outcome) {
            let due = world.retry(failures);
            world.jobs.at(due, job(&place));
            return;
        }
    }
}

/// Remembers what became of the first announcement; answers how often it has failed in a row.
fn note(world: &mut World, place: &Place, outcome: Result<(), String>) -> Option<u32> {
    let now = world.now;
    let announcements = &mut place.shipping(world)?.announcements;
    announcements.last_attempt = Some(now);
    match outcome {
        Ok(()) => {
            announcements.pending.pop_front();
            announcements.last_success = Some(now);
            announcements.last_error = None;
            announcements.failures = 0;
            None
        }
        Err(code) => {
            announcements.last_error = Some(code);
            announcements.failures += 1;
            Some(announcements.failures)
        }
    }
}

/// Publishes for a trail. The error is SNS's code, as clients see it: `AuthorizationError`, `NotFound`.
fn publish(world: &mut World, trail: &Trail, topic: &Topic, message: &str) -> Result<(), String> {
    let mut input = Map::new();
    input.push("TopicArn", topic.arn.clone());
    input.push("Message", message);
    let to = ("sns", "Publish");
    let call = Call::by_service(SELF, trail.account.clone(), topic.region, to, input, Upload::default());
    let answer = perform(world, call.ok_or("InternalError")?.working_for(&trail.arn));
    answer.outcome.map(|_| ()).map_err(|fault| fault.code.trim_end_matches("Exception").to_owned())
}
