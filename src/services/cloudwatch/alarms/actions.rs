//! What alarms do when their state changes.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html>

use serde_json::json;

use crate::services::events;
use crate::wire::{Fault, Map};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::alarm::Alarm;
use super::contributors::Contributor;
use super::instances::{Deed, INSTANCE};
use super::message::{Message, Told, message};
use super::place::Place;
use super::state::{State, Value};
use super::{SELF, faults, history, instances};

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Publish to a topic.
    Publish(Region),
    /// Do something to the alarm's instance.
    Instance(Deed),
}

impl Action {
    /// What an ARN stands for in alarms of a Region.
    ///
    /// # Errors
    /// `ValidationError` for what is no action there; `NotImplemented` for actions that are not built.
    pub fn parse(arn: &str, own: Region) -> Result<Action, Fault> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", "aws", service, region, account, resource] = parts[..] else {
            return Err(faults::arn_syntax(arn));
        };
        if region != own.as_str() && matches!(service, "sns" | "automate" | "swf") {
            return Err(faults::action_region(region, own));
        }
        let deed = match (service, account) {
            ("sns", account) if AccountId::parse(account).is_some() && !resource.is_empty() => {
                return Ok(Action::Publish(own));
            }
            ("automate", "ec2") => resource,
            ("swf", account) if AccountId::parse(account).is_some() => {
                resource.strip_prefix("action/actions/AWS_EC2.InstanceId.").unwrap_or_default()
            }
            ("sns" | "swf", _) => return Err(faults::arn_syntax(arn)),
            _ => "",
        };
        let deed = Deed::parse(deed).ok_or_else(|| faults::not_built(&format!("the alarm action {arn}")))?;
        Ok(Action::Instance(deed))
    }
}

impl Action {
    /// What it does to an instance.
    pub fn deed(self) -> Option<Deed> {
        match self {
            Action::Instance(deed) => Some(deed),
            Action::Publish(_) => None,
        }
    }
}

/// An action that is to be taken.
#[derive(Clone, Debug)]
pub struct Due {
    pub alarm: String,
    pub arn: String,
    message: Message,
    contributor: Option<Contributor>,
    instance: Option<String>,
    changed: Time,
}

/// Takes the actions of an alarm's state, in a moment.
pub fn act(world: &mut World, place: &Place, old: Value, after_mute: bool) {
    if let Some(state) = place.find(world).map(|alarm| alarm.state.clone()) {
        act_on(world, place, &state, old, after_mute, None);
    }
}

/// Takes the actions of a state, the alarm's or a contributor's, in a moment.
pub fn act_on(
    world: &mut World,
    place: &Place,
    state: &State,
    old: Value,
    after_mute: bool,
    contributor: Option<&Contributor>,
) {
    let Some(alarm) = place.find(world) else { return };
    let actions = alarm.settings.actions(state.value);
    if actions.is_empty() {
        return;
    }
    let message = message(&Told { alarm, state, old, after_mute, contributor });
    let instance = match contributor {
        Some(contributor) => contributor.attributes.get(INSTANCE).map(String::as_str),
        None => alarm.metric().and_then(|metric| metric.metric.id.dimension(INSTANCE)),
    };
    let instance = instance.map(str::to_owned);
    let due = |arn: &String| Due {
        alarm: place.name.clone(),
        arn: arn.clone(),
        message: message.clone(),
        contributor: contributor.cloned(),
        instance: instance.clone(),
        changed: state.updated,
    };
    let all: Vec<Due> = actions.iter().map(due).collect();
    place.store(world).due.extend(all);
    world.jobs.at_once(Job::AlarmActions { account: place.account.clone(), region: place.region });
}

/// Takes the actions that are to be taken in a Region.
pub fn take(world: &mut World, account: &AccountId, region: Region) {
    while let Some(due) = world.regional(account, region).cloudwatch.alarms.due.pop_front() {
        let place = Place { account: account.clone(), region, name: due.alarm.clone() };
        let outcome = perform_action(world, &place, &due);
        let now = world.now;
        // An alarm that is gone has no history of its actions.
        let Some(alarm) = place.find(world) else { continue };
        let item = item(alarm, &due, outcome.err().as_deref(), now);
        place.store(world).history.push(item);
    }
}

/// The error is a sentence.
fn perform_action(world: &mut World, place: &Place, due: &Due) -> Result<(), String> {
    let action = Action::parse(&due.arn, place.region).map_err(|fault| fault.message)?;
    match action {
        Action::Publish(region) => publish(world, place, due, region),
        Action::Instance(deed) => instances::act(world, place, deed, due.instance.as_deref().unwrap_or_default()),
    }
}

fn publish(world: &mut World, place: &Place, due: &Due, region: Region) -> Result<(), String> {
    let mut input = Map::new();
    input.push("TopicArn", due.arn.clone());
    input.push("Subject", due.message.subject.clone());
    input.push("Message", due.message.body.clone());
    input.push("MessageStructure", "json");
    let call = Call::by_service(SELF, place.account.clone(), region, ("sns", "Publish"), input, Upload::default());
    let call = call.ok_or("InternalError")?.working_for(&place.arn());
    perform(world, call).outcome.map(|_| ()).map_err(|fault| match fault.code.as_str() {
        "AuthorizationError" | "AuthorizationErrorException" => {
            format!("Resource: {} is not authorized to perform: SNS:Publish on resource: {}", place.arn(), due.arn)
        }
        _ => fault.message,
    })
}

fn item(alarm: &Alarm, due: &Due, error: Option<&str>, now: Time) -> history::Item {
    let arn = &due.arn;
    let (state, summary) = match error {
        None => ("Succeeded", format!("Successfully executed action {arn}")),
        Some(error) => ("Failed", format!("Failed to execute action {arn}. Received error: \"{error}\"")),
    };
    let data = json!({
        "actionState": state,
        "stateUpdateTimestamp": due.changed.timestamp_millis(),
        "notificationResource": arn,
        "publishedMessage": arn.starts_with("arn:aws:sns:").then_some(&due.message.body),
        "error": error,
    });
    let kind = if due.contributor.is_some() { "AlarmContributorAction" } else { "Action" };
    history::Item { contributor: due.contributor.clone(), ..history::item(alarm, kind, summary, data.to_string(), now) }
}

/// Tells EventBridge something about an alarm.
pub fn tell(world: &mut World, place: &Place, detail_type: &'static str, detail: &serde_json::Value) {
    let Ok(detail) = serde_json::value::to_raw_value(detail) else { return };
    let notice = events::Notice { source: "aws.cloudwatch", detail_type, resources: vec![place.arn()], detail };
    events::tell(world, &place.account, place.region, notice);
}
