//! Every constraint of every contract is kept: a call that breaks it is refused, in AWS's words, and does nothing.

use std::fmt::Write;

use trailcam::contract::{self, Contract, Kind, Location, Operation, Protocol, Shape, ShapeId, Validation};
use trailcam::services;
use trailcam::wire::{self, Map, Value};

use crate::support::{Answer, Trailcam};

/// An input that breaks one constraint, and how AWS names the breach.
struct Breach {
    input: Map,
    sentence: String,
}

/// Calls that lack a required member, or hold a value that is too short, too long, too small, too large, or not in
/// the list of values. Each is sent through the front in the service's first protocol.
#[tokio::test]
async fn breaches_are_refused_in_the_words_of_aws() {
    let trailcam = Trailcam::new(1);
    let mut wrong = String::new();
    let mut count = 0;
    for contract in contract::services().filter_map(contract::get) {
        let protocol = contract.protocols[0];
        for operation in &contract.operations {
            for breach in breaches(contract, operation) {
                count += 1;
                let id = contract.find(operation.name).expect("an operation of the contract");
                let request = wire::encode_request(contract, id, protocol, &Value::Map(breach.input));
                let answer = trailcam.send(contract, request).await;
                let code = code_of(contract);
                if answer.status != 400 || !names(&answer, code) || !said(&answer.body, &breach.sentence) {
                    let name = format!("{}:{}", contract.service, operation.name);
                    let _ =
                        writeln!(wrong, "{name}: want {}\n  got {} {}", breach.sentence, answer.status, answer.body);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.lines().take(40).collect::<Vec<_>>().join("\n"));
    assert!(count > 2000, "only {count} breaches");
}

/// The code is in the answer: in its body, or in REST-JSON's header.
fn names(answer: &Answer, code: &str) -> bool {
    let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    answer.body.contains(code) || header == Some(code)
}

/// The text of an answer, with the escapes of JSON and XML undone, holds the sentence.
fn said(body: &str, sentence: &str) -> bool {
    let body = body.replace("\\\"", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&quot;", "\"");
    body.contains(sentence)
}

fn code_of(contract: &Contract) -> &'static str {
    match contract.validation {
        Validation::Exception => "ValidationException",
        Validation::Error => "ValidationError",
        Validation::Parameter => "InvalidParameterException",
        Validation::Ec2 => "MissingParameter",
        Validation::S3 => "",
    }
}

/// One breach for each constraint of the members of an operation's input itself; EC2 names only the first member it lacks.
fn breaches(contract: &Contract, operation: &Operation) -> Vec<Breach> {
    let Some(input) = operation.input.and_then(|id| contract.structure(id)) else { return Vec::new() };
    // A REST request without its labels is another operation's, and S3 has words of its own.
    let in_words = matches!(contract.validation, Validation::Exception | Validation::Error | Validation::Parameter);
    let mut all = Vec::new();
    if contract.validation == Validation::Ec2
        && let Some(first) = input.members.iter().find(|member| member.required)
    {
        let sentence = format!("The request must contain the parameter {}", first.in_ec2_forms());
        all.push(Breach { input: Map::new(), sentence });
    }
    for member in input.members.iter().filter(|member| member.location == Location::Body) {
        let path = lower_first(member.name);
        if member.required && in_words {
            let sentence = format!("Value null at '{path}' failed to satisfy constraint: Member must not be null");
            all.push(Breach { input: Map::new(), sentence });
        }
        if in_words {
            all.extend(of_value(contract.shape(member.shape)).into_iter().map(|(value, words)| {
                let mut input = Map::new();
                input.push(member.name, value);
                Breach { input, sentence: format!("at '{path}' failed to satisfy constraint: {words}") }
            }));
        }
    }
    all
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

/// Values that break the shape's constraints, with the constraint in AWS's words.
fn of_value(shape: &Shape) -> Vec<(Value, String)> {
    let limits = &shape.constraints;
    let mut all = Vec::new();
    match &shape.kind {
        Kind::String => {
            if !limits.values.is_empty() {
                let words = "Member must satisfy enum value set: [".to_owned();
                all.push(("no-such-value".into(), words));
            }
            if let Some(min) = limits.min.filter(|min| *min >= 1.0) {
                let words = format!("Member must have length greater than or equal to {min}");
                all.push(("x".repeat(min as usize - 1).into(), words));
            }
            if let Some(max) = limits.max.filter(|max| *max < 100_000.0) {
                let words = format!("Member must have length less than or equal to {max}");
                all.push(("x".repeat(max as usize + 1).into(), words));
            }
        }
        Kind::Integer | Kind::Long => {
            if let Some(min) = limits.min {
                let words = format!("Member must have value greater than or equal to {min}");
                all.push((Value::Int(min as i64 - 1), words));
            }
            if let Some(max) = limits.max.filter(|max| *max < f64::from(i32::MAX)) {
                all.push((Value::Int(max as i64 + 1), format!("Member must have value less than or equal to {max}")));
            }
        }
        _ => {}
    }
    all
}

/// Operations we know but have not built say so, and where to look.
#[tokio::test]
async fn what_is_not_built_says_so() {
    let trailcam = Trailcam::new(1);
    for contract in contract::services().filter_map(contract::get) {
        let built = services::operations(contract.service);
        let protocol = contract.protocols[0];
        let missing = contract.operations.iter().filter(|operation| !built.contains(&operation.name));
        for operation in missing.filter(|operation| !needs_input(contract, operation)) {
            let id = contract.find(operation.name).expect("an operation of the contract");
            let request = wire::encode_request(contract, id, protocol, &Value::Map(Map::new()));
            let answer = trailcam.send(contract, request).await;
            let name = format!("{}:{}", contract.service, operation.name);
            assert_eq!(answer.status, 501, "{name}: {}", answer.body);
            if operation.method != "HEAD" {
                assert!(
                    answer.body.contains("NotImplemented") && answer.body.contains(&name),
                    "{name}: {}",
                    answer.body
                );
            }
            assert!(request_id(protocol, &answer.headers), "{name} has no request id");
        }
    }
}

fn request_id(protocol: Protocol, headers: &http::HeaderMap) -> bool {
    headers.contains_key(if protocol == Protocol::RestXml { "x-amz-request-id" } else { "x-amzn-requestid" })
}

/// Whether an empty input breaks a constraint, or cannot be sent.
fn needs_input(contract: &Contract, operation: &Operation) -> bool {
    let required = |id: ShapeId| contract.structure(id).is_some_and(|input| input.members.iter().any(|m| m.required));
    operation.input.is_some_and(required)
}
