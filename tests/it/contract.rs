//! Every constraint of every contract is kept: a call that breaks it is refused, in AWS's words, and does nothing.

use std::collections::HashSet;
use std::fmt::Write;

use bytes::Bytes;
use regex::Regex;
use serde_json::json;
use trailcam::contract::{
    self, Contract, Kind, Location, Member, Operation, Protocol, Shape, ShapeId, Structure, Validation,
};
use trailcam::services;
use trailcam::wire::{self, Map, Value};
use trailcam::world::time::Time;

use crate::support::{Answer, Trailcam};

/// A value that breaks one constraint.
#[derive(Clone)]
struct Breach {
    value: Value,
    /// The way to what is wrong, as AWS writes it: `tags.1.member.key`.
    path: Vec<String>,
    /// `null`, `'text'`, or nothing where the value is secret.
    shown: String,
    words: String,
    /// Its innermost structure is empty, which forms cannot say.
    hollow: bool,
}

impl Breach {
    fn of(shape: &Shape, value: Value, shown: String, words: String) -> Breach {
        let shown = if shape.sensitive { String::new() } else { format!(" '{shown}'") };
        Breach { value, path: Vec::new(), shown, words, hollow: false }
    }

    /// The same one step further in.
    fn within(mut self, step: String, wrap: impl FnOnce(Value) -> Value) -> Breach {
        self.path.insert(0, step);
        Breach { value: wrap(self.value), ..self }
    }

    fn sentence(&self) -> String {
        format!("Value{} at '{}' failed to satisfy constraint: {}", self.shown, self.path.join("."), self.words)
    }
}

/// How a missing member is worded.
const NULL: &str = "Member must not be null";

/// Each is sent through the front in each of the service's protocols. What was there before is there afterwards.
#[tokio::test]
async fn breaches_are_refused_in_the_words_of_aws() {
    let trailcam = Trailcam::new(1);
    for (service, operation, input) in [
        ("iam", "CreateUser", json!({"UserName": "a"})),
        ("iam", "CreateGroup", json!({"GroupName": "a"})),
        ("logs", "CreateLogGroup", json!({"logGroupName": "a"})),
        ("s3", "CreateBucket", json!({"Bucket": "box"})),
    ] {
        trailcam.call(service, "us-east-1", operation, input).expect("something to lose");
    }
    let before = state(&trailcam);
    let mut wrong = String::new();
    let mut count = 0;
    let in_words = |contract: &&Contract| !matches!(contract.validation, Validation::Ec2 | Validation::S3);
    for contract in contract::services().filter_map(contract::get).filter(in_words) {
        for operation in &contract.operations {
            let minded = |breach: &Breach| contract.validation != Validation::Missing || breach.words == NULL;
            for breach in breaches(contract, operation).into_iter().filter(minded) {
                let hollow =
                    |protocol: &&Protocol| **protocol == Protocol::Query && breach.hollow && breach.path.len() > 1;
                for protocol in contract.protocols.iter().filter(|protocol| !hollow(protocol)) {
                    count += 1;
                    if let Err(answer) = refused(&trailcam, contract, operation, *protocol, &breach).await {
                        let name = format!("{}:{} {protocol:?}", contract.service, operation.name);
                        let _ = writeln!(wrong, "{name}: want {}\n  got {answer}", breach.sentence());
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.lines().take(40).collect::<Vec<_>>().join("\n"));
    assert!(count > 7500, "only {count} breaches");
    assert_eq!(state(&trailcam), before);
}

async fn refused(
    trailcam: &Trailcam,
    contract: &Contract,
    operation: &Operation,
    protocol: Protocol,
    breach: &Breach,
) -> Result<(), String> {
    let id = contract.find(operation.name).expect("an operation of the contract");
    let request = wire::encode_request(contract, id, protocol, &breach.value);
    let answer = trailcam.send(contract, request).await;
    let code = validation_code(contract, protocol);
    let all = text(&answer);
    if contract.validation == Validation::Missing {
        let named = all.contains("The request must contain the parameter ");
        let right = answer.status == 400 && code_of(&answer, protocol) == code && named;
        return if right { Ok(()) } else { Err(format!("{} {all}", answer.status)) };
    }
    let counted = all.matches("failed to satisfy constraint").count();
    let plural = if counted == 1 { "error" } else { "errors" };
    let right = answer.status == 400
        && code_of(&answer, protocol) == code
        && all.contains(&breach.sentence())
        && all.contains(&format!("{counted} validation {plural} detected: Value"));
    if right { Ok(()) } else { Err(format!("{} {all}", answer.status)) }
}

/// Query clients see the error's code where the model gives it one, as CloudWatch's does.
fn validation_code(contract: &Contract, protocol: Protocol) -> &'static str {
    let modelled = contract.find_shape("ValidationException").map(|id| contract.shape(id));
    let code = modelled.and_then(|shape| shape.error.as_ref()).map(|error| error.code).filter(|code| !code.is_empty());
    match (contract.validation, protocol, code) {
        (Validation::Error, ..) => "ValidationError",
        (Validation::Missing, Protocol::Query, _) => "MissingParameter",
        (Validation::Missing, ..) => "com.amazon.coral.service#MissingRequiredParameterException",
        (Validation::Parameter, ..) => "InvalidParameterException",
        (_, Protocol::Query, Some(code)) => code,
        _ => "ValidationException",
    }
}

/// The code of a refusal, from where the protocol has it.
fn code_of(answer: &Answer, protocol: Protocol) -> String {
    let between = |start: &str, end: &str| {
        let (_, rest) = answer.body.split_once(start)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let code = match protocol {
        Protocol::Json => between("{\"__type\":\"", "\""),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => between("<Code>", "</Code>"),
        Protocol::RestJson => answer.headers.get("x-amzn-errortype").map(|code| code.to_str().unwrap().to_owned()),
        // A text of up to 23 bytes: its head is one byte.
        Protocol::Cbor => between("__type", "gmessage").map(|code| code.chars().skip(1).collect()),
    };
    code.unwrap_or_default()
}

/// The text of an answer, with the escapes of JSON and XML undone.
fn text(answer: &Answer) -> String {
    let escapes = [
        ("\\\"", "\""),
        ("\\\\", "\\"),
        ("&apos;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let is_xml = answer.body.starts_with("<?xml");
    let body = answer.body.replace("&#39;", "'");
    escapes
        .iter()
        .filter(|(escaped, _)| is_xml == escaped.starts_with('&'))
        .fold(body, |body, (escaped, plain)| body.replace(escaped, plain))
}

/// What the services that are built have, as far as they tell.
fn state(trailcam: &Trailcam) -> Vec<String> {
    let looks = [
        ("cloudtrail", "DescribeTrails", json!({})),
        ("ec2", "DescribeVpcs", json!({})),
        ("firehose", "ListDeliveryStreams", json!({})),
        ("iam", "GetAccountAuthorizationDetails", json!({"Filter": ["User", "Role", "Group", "LocalManagedPolicy"]})),
        ("iam", "GetAccountSummary", json!({})),
        ("iam", "ListAccountAliases", json!({})),
        ("iam", "ListAccessKeys", json!({})),
        ("iam", "ListInstanceProfiles", json!({})),
        ("logs", "DescribeDestinations", json!({})),
        ("logs", "DescribeLogGroups", json!({})),
        ("logs", "DescribeMetricFilters", json!({})),
        ("logs", "DescribeQueries", json!({})),
        ("logs", "DescribeQueryDefinitions", json!({})),
        ("logs", "DescribeResourcePolicies", json!({})),
        ("s3", "ListBuckets", json!({})),
    ];
    looks
        .map(|(service, operation, input)| format!("{:?}", trailcam.call(service, "us-east-1", operation, input)))
        .into()
}

/// One breach for each constraint of what an operation takes, nested ones too.
fn breaches(contract: &Contract, operation: &Operation) -> Vec<Breach> {
    let Some(input) = operation.input else { return Vec::new() };
    of_shape(contract, input, &mut HashSet::new())
}

/// Values of a shape that break one of its constraints, or one within. Structures are entered once an operation.
fn of_shape(contract: &Contract, id: ShapeId, seen: &mut HashSet<ShapeId>) -> Vec<Breach> {
    let shape = contract.shape(id);
    match &shape.kind {
        Kind::Structure(structure) if seen.insert(id) && !structure.event_stream => {
            structure.members.iter().flat_map(|member| of_member(contract, &structure.members, member, seen)).collect()
        }
        Kind::Structure(_) => Vec::new(),
        Kind::List { member, .. } => {
            let mut all = of_length(contract, shape, member.shape);
            for breach in of_shape(contract, member.shape, seen) {
                if is_plain(contract, member.shape) {
                    all.push(inner(contract, "Member", member.shape, Value::List(vec![breach.value.clone()]), breach));
                } else {
                    all.push(breach.within("1.member".into(), |value| Value::List(vec![value])));
                }
            }
            all
        }
        Kind::Map { value, .. } => {
            let entry = |value| Value::Map(Map(vec![("k".into(), value)]));
            let wrap = |breach: Breach| match is_plain(contract, value.shape) {
                true => inner(contract, "Map value", value.shape, entry(breach.value.clone()), breach),
                false => breach.within("k.member".into(), entry),
            };
            of_shape(contract, value.shape, seen).into_iter().map(wrap).collect()
        }
        _ => of_scalar(shape),
    }
}

fn is_plain(contract: &Contract, shape: ShapeId) -> bool {
    !matches!(contract.shape(shape).kind, Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. })
}

/// A list or map of plain values is named as a whole, and so are all constraints of what is in it.
fn inner(contract: &Contract, what: &str, of: ShapeId, value: Value, breach: Breach) -> Breach {
    let shown = match &value {
        _ if contract.shape(of).sensitive => String::new(),
        Value::Map(_) => format!(" '{{k={}}}'", plain(&breach.value)),
        _ => format!(" '[{}]'", plain(&breach.value)),
    };
    Breach { value, shown, words: format!("{what} must satisfy constraint: ["), ..breach }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => format!("{number:?}"),
        _ => String::new(),
    }
}

fn of_member(contract: &Contract, members: &[Member], member: &Member, seen: &mut HashSet<ShapeId>) -> Vec<Breach> {
    // A request without its labels is another operation's; a streamed body is not in the tree.
    if member.streaming || member.location == Location::Uri {
        return Vec::new();
    }
    let step = lower_first(member.name);
    let wrap = |value| Value::Map(Map(vec![(member.name.into(), value)]));
    let within = of_shape(contract, member.shape, seen).into_iter();
    let mut all: Vec<_> = within.map(|breach| breach.within(step.clone(), wrap)).collect();
    if member.required {
        // Forms cannot hold an empty structure, so another member stands there.
        let other = members.iter().find(|other| other.name != member.name && is_plain(contract, other.shape));
        let other = other.and_then(|other| Some((other.name.into(), any(contract.shape(other.shape))?)));
        let hollow = other.is_none();
        let value = Value::Map(Map(other.into_iter().collect()));
        let words = NULL.into();
        all.push(Breach { value, path: vec![step], shown: " null".into(), words, hollow });
    }
    all
}

fn any(shape: &Shape) -> Option<Value> {
    Some(match shape.kind {
        Kind::String => shape.constraints.values.first().copied().unwrap_or("a").into(),
        Kind::Boolean => true.into(),
        Kind::Integer | Kind::Long => 1.into(),
        _ => return None,
    })
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

/// Lists that have too few or too many plain items.
fn of_length(contract: &Contract, shape: &Shape, item: ShapeId) -> Vec<Breach> {
    let Some(item) = any(contract.shape(item)).filter(|_| !shape.sensitive && !contract.shape(item).sensitive) else {
        return Vec::new();
    };
    let list = |count: f64, words: String| {
        let items = vec![item.clone(); count as usize];
        let shown = items.iter().map(plain_or_bool).collect::<Vec<_>>().join(", ");
        Breach::of(shape, Value::List(items), format!("[{shown}]"), words)
    };
    let max = shape.constraints.max.filter(|max| *max < 1000.0);
    let min = shape.constraints.min.filter(|min| *min >= 2.0);
    let long = max.map(|max| list(max + 1.0, format!("Member must have length less than or equal to {max}")));
    let short = min.map(|min| list(min - 1.0, format!("Member must have length greater than or equal to {min}")));
    long.into_iter().chain(short).collect()
}

fn plain_or_bool(value: &Value) -> String {
    if let Value::Bool(flag) = value { flag.to_string() } else { plain(value) }
}

/// Scalars that break one of the shape's constraints.
fn of_scalar(shape: &Shape) -> Vec<Breach> {
    let limits = &shape.constraints;
    let mut all = Vec::new();
    let mut add = |value: Value, words: String| all.push(Breach::of(shape, value.clone(), plain(&value), words));
    match &shape.kind {
        Kind::String => {
            if !limits.values.is_empty() {
                let values = limits.values.join(", ");
                add("no-such-value".into(), format!("Member must satisfy enum value set: [{values}]"));
            }
            if let Some(min) = limits.min.filter(|min| *min >= 1.0) {
                let words = format!("Member must have length greater than or equal to {min}");
                add("x".repeat(min as usize - 1).into(), words);
            }
            if let Some(max) = limits.max.filter(|max| *max < 20_000.0) {
                add(
                    "x".repeat(max as usize + 1).into(),
                    format!("Member must have length less than or equal to {max}"),
                );
            }
            if let Some(text) = misfit(shape) {
                add(text.into(), format!("Member must satisfy regular expression pattern: {}", limits.pattern));
            }
        }
        Kind::Integer | Kind::Long => {
            if let Some(min) = limits.min.filter(|min| *min > f64::from(i32::MIN)) {
                add(Value::Int(min as i64 - 1), format!("Member must have value greater than or equal to {min}"));
            }
            if let Some(max) = limits.max.filter(|max| *max < f64::from(i32::MAX)) {
                add(Value::Int(max as i64 + 1), format!("Member must have value less than or equal to {max}"));
            }
        }
        _ => {}
    }
    all
}

/// A text that a pattern does not match, if there is one and the pattern is of the kind that Rust knows.
fn misfit(shape: &Shape) -> Option<String> {
    let pattern = Some(shape.constraints.pattern).filter(|pattern| !pattern.is_empty())?;
    let pattern = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    let length = shape.constraints.min.unwrap_or(1.0).max(1.0) as usize;
    let candidates = ["!", "a", "é", "a b", "-", "0", "é\u{1F600}"].map(|text| text.repeat(length));
    candidates.into_iter().find(|text| !pattern.is_match(text))
}

/// S3 minds what is missing and what is not in its lists: in the body as malformed XML, in the head by name.
#[tokio::test]
async fn s3_refuses_breaches_without_saying_more() {
    let trailcam = Trailcam::new(1);
    let contract = contract::get("s3").expect("a contract");
    let before = state(&trailcam);
    let mut count = 0;
    for operation in &contract.operations {
        let Some(input) = operation.input.and_then(|id| contract.structure(id)) else { continue };
        for breach in breaches(contract, operation) {
            let Value::Map(broken) = &breach.value else { continue };
            // What is missing from the head makes the request another operation's.
            let first = input.members.iter().find(|member| broken.contains(member.name) && !is_missing(&breach));
            let missing = input.members.iter().find(|member| lower_first(member.name) == breach.path[0]);
            let Some(member) = first.or(missing.filter(|member| member.location == Location::Body)) else { continue };
            let wanted = match member.location {
                _ if !(breach.words.contains("null") || breach.words.contains("enum")) => continue,
                Location::Body if is_missing(&breach) && member.name == input.payload => "MissingRequestBodyError",
                Location::Body => "MalformedXML",
                // The checksum that it promises did not come: such documents are refused before anything is checked.
                _ if member.on_wire() == "x-amz-sdk-checksum-algorithm" && !streams(input) => "InvalidRequest",
                _ => "InvalidArgument",
            };
            count += 1;
            let mut whole = required(contract, &input.members, &breach.path[0]);
            whole.0.extend(broken.0.iter().filter(|(name, _)| !whole.contains(name)).cloned().collect::<Vec<_>>());
            let id = contract.find(operation.name).expect("an operation of the contract");
            let answer =
                trailcam.send(contract, wire::encode_request(contract, id, Protocol::RestXml, &whole.into())).await;
            let code = code_of(&answer, Protocol::RestXml);
            let is_head = operation.method == "HEAD";
            let name = format!("{} {} {}", operation.name, breach.sentence(), answer.body);
            assert_eq!((answer.status, code.as_str()), (400, if is_head { "" } else { wanted }), "{name}");
        }
    }
    assert!(count > 200, "only {count} breaches");
    assert_eq!(state(&trailcam), before);
}

fn streams(input: &Structure) -> bool {
    input.members.iter().any(|member| member.streaming)
}

/// Whether what breaks the constraint is that a member of the input itself is not there.
fn is_missing(breach: &Breach) -> bool {
    breach.path.len() == 1 && breach.shown == " null"
}

/// What a request needs, all but one member.
fn required(contract: &Contract, members: &[Member], but: &str) -> Map {
    let wanted = |member: &&Member| member.required && !member.streaming;
    let others = members.iter().filter(wanted).filter(|member| lower_first(member.name) != but);
    Map(others.map(|member| (member.name.into(), least(contract, member.shape))).collect())
}

/// The least that a shape takes.
fn least(contract: &Contract, id: ShapeId) -> Value {
    let shape = contract.shape(id);
    match &shape.kind {
        Kind::Structure(structure) => {
            let members = &structure.members;
            // Forms cannot say that a structure is there and empty.
            let one = members.iter().find(|member| match contract.shape(member.shape).kind {
                Kind::List { member, .. } => is_plain(contract, member.shape),
                _ => is_plain(contract, member.shape),
            });
            let one = one.filter(|_| !members.iter().any(|member| member.required));
            let members = members.iter().filter(|member| member.required).chain(one);
            Value::Map(Map(members.map(|member| (member.name.into(), least(contract, member.shape))).collect()))
        }
        Kind::List { member, .. } => Value::List(vec![least(contract, member.shape)]),
        Kind::String => fit(shape).into(),
        Kind::Timestamp(_) => Time::UNIX_EPOCH.into(),
        Kind::Float | Kind::Double => 1.0.into(),
        Kind::Blob => Bytes::from_static(b"a").into(),
        Kind::Integer | Kind::Long => Value::Int(shape.constraints.min.map_or(1, |min| min as i64)),
        _ => any(shape).unwrap_or(Value::Null),
    }
}

/// Whether there is an empty structure in it.
fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty() || map.iter().any(|(_, value)| is_hollow(value)),
        Value::List(items) => items.iter().any(is_hollow),
        _ => false,
    }
}

/// A text that keeps the constraints, if it is one of these.
fn fit(shape: &Shape) -> String {
    let limits = &shape.constraints;
    if let Some(value) = limits.values.first() {
        return (*value).to_owned();
    }
    let least = limits.min.unwrap_or(1.0).max(1.0) as usize;
    let pattern = Regex::new(&format!("^(?:{})$", limits.pattern)).ok().filter(|_| !limits.pattern.is_empty());
    let candidates = [
        "a".repeat(least),
        "1".repeat(least),
        "/".repeat(least),
        "123456789012".into(),
        "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa".into(),
        "arn:aws:iam::123456789012:role/a".into(),
        "arn:aws:s3:::a".into(),
        "arn:aws:firehose:us-east-1:123456789012:deliverystream/a".into(),
        "arn:aws:events:us-east-1:123456789012:event-bus/a".into(),
        "arn:aws:logs:us-east-1:123456789012:log-group:a".into(),
        "http://a.a".into(),
        "https://a.a".into(),
    ];
    let fits = |text: &String| text.len() >= least && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
    candidates.iter().find(|text| fits(text)).unwrap_or(&candidates[0]).clone()
}

/// EC2 names the first parameter that a call lacks.
#[tokio::test]
async fn ec2_names_what_a_call_lacks() {
    let trailcam = Trailcam::new(1);
    let contract = contract::get("ec2").expect("a contract");
    let mut count = 0;
    for operation in &contract.operations {
        let input = operation.input.and_then(|id| contract.structure(id));
        let Some(first) = input.and_then(|input| input.members.iter().find(|member| member.required)) else { continue };
        let id = contract.find(operation.name).expect("an operation of the contract");
        let answer =
            trailcam.send(contract, wire::encode_request(contract, id, Protocol::Ec2, &Map::new().into())).await;
        let sentence = format!("The request must contain the parameter {}", first.in_ec2_forms());
        let found = (answer.status, code_of(&answer, Protocol::Ec2));
        assert_eq!(found, (400, "MissingParameter".to_owned()), "{} {}", operation.name, answer.body);
        assert!(answer.body.contains(&format!("<Message>{sentence}</Message>")), "{} {}", operation.name, answer.body);
        count += 1;
    }
    assert!(count > 500, "only {count} operations");
}

/// Operations we know but have not built say so on each protocol, and where to look.
#[tokio::test]
async fn what_is_not_built_says_so() {
    let trailcam = Trailcam::new(1);
    let (mut count, mut unfit) = (0, Vec::new());
    for contract in contract::services().filter_map(contract::get) {
        let built = services::operations(contract.service);
        for operation in contract.operations.iter().filter(|operation| !built.contains(&operation.name)) {
            let id = contract.find(operation.name).expect("an operation of the contract");
            let name = format!("{}:{}", contract.service, operation.name);
            let input = operation.input.and_then(|input| contract.structure(input));
            let members = input.map(|input| input.members.as_slice()).unwrap_or_default();
            let input = required(contract, members, "");
            let hollow = input.iter().any(|(_, value)| is_hollow(value));
            let input = input.into();
            if hollow || wire::check(contract, id, &input).is_err() {
                unfit.push(name);
                continue;
            }
            for protocol in &contract.protocols {
                let answer = trailcam.send(contract, wire::encode_request(contract, id, *protocol, &input)).await;
                assert_eq!(answer.status, 501, "{name}: {}", answer.body);
                if operation.method != "HEAD" {
                    assert_eq!(code_of(&answer, *protocol), "NotImplemented", "{name}: {}", answer.body);
                    assert!(answer.body.contains(&name), "{name}: {}", answer.body);
                }
                assert!(request_id(*protocol, &answer.headers), "{name} has no request id");
                count += 1;
            }
        }
    }
    assert!(unfit.len() < 60, "no input for {unfit:?}");
    assert!(count > 1150, "only {count} calls");
}

fn request_id(protocol: Protocol, headers: &http::HeaderMap) -> bool {
    headers.contains_key(if protocol == Protocol::RestXml { "x-amz-request-id" } else { "x-amzn-requestid" })
}
