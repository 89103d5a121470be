//! Calls to targets. EventBridge makes them itself, for the rule, or with the rights of the target's role.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::patterns::Tree;
use crate::services::logs::naming::GroupPlace;
use crate::services::logs::policies;
use crate::services::{firehose, logs};
use crate::wire::{Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::caller::Caller;
use crate::world::payload::{Body, Upload};
use crate::world::scope::Region;
use crate::world::time::Time;

use super::delivery::Delivery;
use super::event::Event;
use super::outcome::Failure;
use super::targets::{self, Aim, Kind, Queue};
use super::transform::Path;
use super::{BusPlace, RulePlace, SELF, put};

/// Who calls, and for which rule.
struct Sender<'a> {
    rule: &'a RulePlace,
    /// The target's role.
    role: Option<Caller>,
}

/// Sends an event to a target.
pub(super) fn send(world: &mut World, rule: &RulePlace, aim: &Aim, delivery: &Delivery) -> Result<(), Failure> {
    let event = &*delivery.event;
    let input = aim.input.of(event, rule, delivery.arrived)?;
    let sender = Sender { rule, role: role(world, rule, aim)? };
    match &aim.kind {
        Kind::Queue(queue) => sender.message(world, queue, event, input, aim.target.group()),
        Kind::Topic { region, .. } => sender.publication(world, &aim.target.arn, *region, input),
        Kind::LogGroup(place, stream) => sender.log(world, (place, stream), aim.input.is_template(), event, input),
        Kind::Stream(place) => sender.record(world, place, input),
        Kind::Bus(place) => sender.pass_on(world, place, event),
    }
}

/// The target's role, or its rule's, as EventBridge acts with it.
fn role(world: &mut World, rule: &RulePlace, aim: &Aim) -> Result<Option<Caller>, Failure> {
    let Some(found) = rule.find(world) else { return Ok(None) };
    if matches!(aim.kind, Kind::LogGroup(..)) {
        return Ok(None);
    }
    let Some(role) = aim.target.role.clone().or_else(|| found.role.clone()) else { return Ok(None) };
    let known = found.sessions.get(&role).cloned();
    let (arn, name) = (rule.arn(), targets::session_name(rule));
    let begun = targets::visit(rule, &role, &arn, &name).begin(world, known);
    let (caller, session) = begun.map_err(|code| Failure::role(&role, &code))?;
    if let Some(found) = rule.find_mut(world) {
        found.sessions.insert(role, session);
    }
    Ok(Some(caller))
}

/// Sends an event to a queue for dead letters, whose policy must let EventBridge in for the rule.
pub(super) fn bury(
    world: &mut World,
    rule: &RulePlace,
    queue: &str,
    event: &Event,
    attributes: &[(&'static str, &str)],
) -> Result<(), Failure> {
    let queue = Queue::parse(queue).ok_or_else(Failure::internal)?;
    let mut all = Map::new();
    for (name, value) in attributes {
        all.push(*name, text(value));
    }
    let mut input = Map::new();
    input.push("QueueUrl", queue.url());
    input.push("MessageBody", event.text.as_str());
    input.push("MessageAttributes", all);
    Sender { rule, role: None }.call(world, queue.region, ("sqs", "SendMessage"), input, Upload::default()).map(|_| ())
}

/// A message attribute.
fn text(value: &str) -> Map {
    let mut attribute = Map::new();
    attribute.push("DataType", "String");
    attribute.push("StringValue", value);
    attribute
}

impl Sender<'_> {
    fn call(
        &self,
        world: &mut World,
        region: Region,
        to: (&str, &str),
        input: Map,
        upload: Upload,
    ) -> Result<Value, Failure> {
        let call = Call::by_service(SELF, self.rule.bus.account.clone(), region, to, input, upload);
        let call = call.ok_or_else(Failure::internal)?;
        let call = match &self.role {
            Some(role) => call.on_behalf_of(role),
            None => call.working_for(&self.rule.arn()),
        };
        perform(world, call).outcome.map(|output| output.value).map_err(|fault| Failure::of(&fault))
    }

    fn message(
        &self,
        world: &mut World,
        queue: &Queue,
        event: &Event,
        body: String,
        group: Option<&str>,
    ) -> Result<(), Failure> {
        let mut input = Map::new();
        input.push("QueueUrl", queue.url());
        input.push("MessageBody", body);
        if let Some(group) = group {
            input.push("MessageGroupId", dynamic(group, event));
        }
        if let Some(trace) = &event.trace {
            let mut attributes = Map::new();
            attributes.push("AWSTraceHeader", text(trace));
            input.push("MessageSystemAttributes", attributes);
        }
        self.call(world, queue.region, ("sqs", "SendMessage"), input, Upload::default()).map(|_| ())
    }

    fn publication(&self, world: &mut World, topic: &str, region: Region, message: String) -> Result<(), Failure> {
        let mut input = Map::new();
        input.push("TopicArn", topic);
        input.push("Message", message);
        self.call(world, region, ("sns", "Publish"), input, Upload::default()).map(|_| ())
    }

    fn record(&self, world: &mut World, stream: &firehose::Place, data: String) -> Result<(), Failure> {
        let mut record = Map::new();
        record.push("Data", Bytes::from(data));
        let mut input = Map::new();
        input.push("DeliveryStreamName", stream.stream.as_str());
        input.push("Record", record);
        self.call(world, stream.region, ("firehose", "PutRecord"), input, Upload::default()).map(|_| ())
    }

    /// Writes a log event, into a stream that the target has for itself.
    fn log(
        &self,
        world: &mut World,
        (place, stream): (&GroupPlace, &str),
        is_template: bool,
        event: &Event,
        input: String,
    ) -> Result<(), Failure> {
        let (time, message) = match is_template {
            true => log_event(&input).ok_or_else(Failure::invalid_json)?,
            false => (event.time, input),
        };
        let is_there = place.find(world).is_some_and(|group| group.streams.contains_key(stream));
        if !is_there {
            self.may(world, place, "logs:CreateLogStream", stream)?;
            let mut input = Map::new();
            input.push("logGroupName", place.name.as_str());
            input.push("logStreamName", stream);
            self.call(world, place.region, ("logs", "CreateLogStream"), input, Upload::default())?;
        }
        self.may(world, place, "logs:PutLogEvents", stream)?;
        if message.is_empty() {
            return Err(Failure::rejected("The log group takes no empty messages."));
        }
        // AWS keeps no records of this.
        let taken = logs::events::put(world, place, stream, [(time.timestamp_millis(), message)]);
        match taken.map_err(|fault| Failure::of(&fault))?.rejected {
            Some(_) => Err(Failure::rejected("The log group took no event of that time.")),
            None => Ok(()),
        }
    }

    /// Whether the policies of the log group and its account let EventBridge do something with a stream. A group that
    /// is not there is for the call to find out.
    fn may(&self, world: &World, place: &GroupPlace, action: &str, stream: &str) -> Result<(), Failure> {
        /// Under either name.
        const NAMES: [&str; 2] = [SELF, "delivery.logs.amazonaws.com"];
        let is_let_in = place.find(world).is_none()
            || policies::admits_service(
                world,
                place,
                stream,
                &NAMES,
                action,
                (&self.rule.bus.account, &self.rule.arn()),
            );
        if is_let_in { Ok(()) } else { Err(Failure::no_permissions(&place.arn())) }
    }

    /// Puts the event on another bus, as it is.
    fn pass_on(&self, world: &mut World, bus: &BusPlace, event: &Event) -> Result<(), Failure> {
        let is_elsewhere = bus.region != self.rule.bus.region;
        let hops = event.hops.onward(is_elsewhere).ok_or_else(|| Failure::too_far(is_elsewhere))?;
        let input = put::entry_of(event, bus).ok_or_else(Failure::invalid_json)?;
        let body = Bytes::from(put::handed_over(event, hops, self.rule));
        let upload = Upload { length: body.len() as u64, body: Body::Memory(body), ..Upload::default() };
        let answer = self.call(world, bus.region, ("events", "PutEvents"), input, upload)?;
        let entry = answer.get("Entries").and_then(Value::as_list).and_then(|entries| entries.first());
        match entry.and_then(|entry| entry.get("ErrorCode")).and_then(Value::as_str) {
            None => Ok(()),
            Some(code) => {
                let message = entry.and_then(|entry| entry.get("ErrorMessage")).and_then(Value::as_str);
                Err(Failure::of(&crate::wire::Fault::new(code, message.unwrap_or_default())))
            }
        }
    }
}

/// A parameter of a target, which may be a path into the event
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>, "Dynamic path parameters").
fn dynamic(parameter: &str, event: &Event) -> String {
    let found = Path::parse(parameter).and_then(|path| path.find(&Tree::read(&event.text).ok()?));
    match found.map(|json| serde_json::from_str::<Json>(&json)) {
        Some(Ok(Json::String(text))) => text,
        Some(Ok(other)) => other.to_string(),
        _ => parameter.to_owned(),
    }
}

/// Time and message of what a template has made for a log group, `{"timestamp":…,"message":…}`. The time is in
/// milliseconds, or as in events.
fn log_event(text: &str) -> Option<(Time, String)> {
    #[derive(Deserialize)]
    struct LogEvent<'a> {
        timestamp: Json,
        #[serde(borrow)]
        message: &'a RawValue,
    }
    let LogEvent { timestamp, message } = serde_json::from_str(text).ok()?;
    let time = match timestamp {
        Json::Number(number) => Time::from_timestamp_millis(number.as_i64()?)?,
        Json::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let message = serde_json::from_str::<String>(message.get()).unwrap_or_else(|_| message.get().to_owned());
    Some((time, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_for_log_groups() {
        let check = |text: &str, wanted: Option<(&str, &str)>| {
            let wanted = wanted.map(|(time, message)| (time.parse().unwrap(), message.to_owned()));
            assert_eq!(log_event(text), wanted, "{text}");
        };
        let noon = "2026-01-01T12:00:00Z";
        check(r#"{"timestamp":"2026-01-01T12:00:00Z","message":"hello"}"#, Some((noon, "hello")));
        check(r#"{"timestamp":1767268800000,"message":{"a":1.0}}"#, Some((noon, r#"{"a":1.0}"#)));
        for bad in [
            r#"{"timestamp":true,"message":""}"#,
            r#"{"message":"a"}"#,
            "hello",
            r#"{"timestamp":"noon","message":""}"#,
        ] {
            check(bad, None);
        }
    }
}
