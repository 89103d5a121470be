//! Small languages: policy documents, wildcards, durations, times, event filters, and the patterns of contracts.

use std::collections::BTreeMap;

use trailcam::contract::Kind;
use trailcam::services::cloudtrail::events::Filter;
use trailcam::wire::{self, Map, Value};
use trailcam::world::policy::{self, Policy, Request};
use trailcam::world::time::{self, Time};

/// A line that says what the rest is: `policy`, `wildcard`, `time`, or `SERVICE OPERATION`.
pub fn texts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (kind, text) = text.split_once('\n').unwrap_or((text, ""));
    match kind {
        "policy" => policy(text),
        "wildcard" => wildcard(text),
        "time" => times(text),
        _ => constraints(kind, text),
    }
}

fn policy(text: &str) {
    if let Ok(policy) = Policy::parse(text) {
        let principals = [("Service", "cloudtrail.amazonaws.com"), ("AWS", "arn:aws:iam::000000000000:root")];
        let context =
            [("s3:x-amz-acl", "bucket-owner-full-control"), ("aws:SourceArn", "arn:aws:cloudtrail:*:*:trail/a")];
        let (action, resource) = ("s3:PutObject", "arn:aws:s3:::bucket/AWSLogs/000000000000/a");
        policy.decide(&Request { principals: &principals, action, resource, context: &context });
    }
}

fn wildcard(text: &str) {
    let (pattern, text) = text.split_once('\n').unwrap_or((text, ""));
    policy::matches(pattern, text);
}

fn times(text: &str) {
    let _ = time::parse_duration(text);
    if let Ok(time) = text.parse::<Time>() {
        time::iso_seconds(time);
        time::java_text(time, true);
    }
    for name in ["since", "readOnly", "eventName"] {
        let _ = Filter::parse(&BTreeMap::from([(name.to_owned(), text.to_owned())]));
    }
}

/// The text as each of an operation's textual members.
fn constraints(operation: &str, text: &str) {
    let (service, operation) = operation.split_once(' ').unwrap_or((operation, ""));
    let (contract, operation) = super::operation(service, operation);
    let input = contract.operation(operation).input.and_then(|shape| contract.structure(shape));
    let mut map = Map::new();
    for member in input.map(|input| input.members.as_slice()).unwrap_or_default() {
        match &contract.shape(member.shape).kind {
            Kind::String => map.push(member.name, text),
            Kind::List { .. } => map.push(member.name, Value::List(text.lines().map(Value::from).collect())),
            _ => {}
        }
    }
    let _ = wire::check(contract, operation, &Value::Map(map));
}
