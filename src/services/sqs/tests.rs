//! Queues as callers see them, with the clock in hand.

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::config::Clock;
use crate::emulator::Emulator;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender};
use crate::world::caller::Credentials;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings};

pub(super) const ACCOUNT: &str = "000000000000";
const OTHER: &str = "111122223333";

/// An emulator whose clock stands still, called by clients of any account.
pub(super) struct Fixture {
    pub emulator: Emulator,
}

impl Fixture {
    pub fn new() -> Fixture {
        let settings = Settings {
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Aws,
            data_dir: std::env::temp_dir().join(format!("trailcam-sqs-{}", std::process::id())),
            log_memory: 0,
        };
        let start = "2026-01-15T10:00:00Z".parse().unwrap();
        Fixture { emulator: Emulator::new(settings, Clock::Manual(Some(start))) }
    }

    pub fn sent_by(&self, sender: Sender, operation: &str, input: Json) -> Result<Json, Fault> {
        let contract = crate::contract::get("sqs").unwrap();
        let call = Call {
            contract,
            operation: contract.find(operation).unwrap(),
            region: Region::US_EAST_1,
            sender,
            input: Ok(value(&input)),
            upload: Ok(Upload::default()),
        };
        self.emulator.call(call).outcome.map(|output| json(&output.value))
    }

    pub fn called_by(&self, key: Option<&str>, operation: &str, input: Json) -> Result<Json, Fault> {
        let credentials = Credentials { access_key: key.map(str::to_owned), session_token: None };
        let connection = Connection { host: "q.example".to_owned(), ..Connection::default() };
        self.sent_by(Sender::Client { credentials, connection }, operation, input)
    }

    pub fn call(&self, operation: &str, input: Json) -> Result<Json, Fault> {
        self.called_by(Some(ACCOUNT), operation, input)
    }

    /// A call that succeeds.
    pub fn ok(&self, operation: &str, input: Json) -> Json {
        self.call(operation, input.clone()).unwrap_or_else(|fault| panic!("{operation} {input}: {fault:?}"))
    }

    /// A call that fails: its code and sentence.
    pub fn refused(&self, operation: &str, input: Json) -> (String, String) {
        let fault = self.call(operation, input.clone()).expect_err(&format!("{operation} {input}"));
        (fault.code, fault.message)
    }

    pub fn queue(&self, name: &str, attributes: Json) -> String {
        let made = self.ok("CreateQueue", json!({"QueueName": name, "Attributes": attributes}));
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    pub fn send(&self, url: &str, body: &str) -> Json {
        self.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": body}))
    }

    fn send_in(&self, url: &str, body: &str, group: &str) -> Json {
        let input = json!({"QueueUrl": url, "MessageBody": body, "MessageGroupId": group});
        self.ok("SendMessage", input)
    }

    /// Receives up to ten: bodies and handles.
    pub fn receive(&self, url: &str) -> Vec<(String, String)> {
        self.receive_with(url, json!({}))
    }

    pub fn receive_with(&self, url: &str, more: Json) -> Vec<(String, String)> {
        let mut input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.ok("ReceiveMessage", input);
        let text = |message: &Json, name: &str| message[name].as_str().unwrap().to_owned();
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| (text(message, "Body"), text(message, "ReceiptHandle"))).collect()
    }

    pub fn bodies(&self, url: &str) -> Vec<String> {
        self.receive(url).into_iter().map(|(body, _)| body).collect()
    }

    pub fn delete(&self, url: &str, handle: &str) {
        self.ok("DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": handle}));
    }

    pub fn advance(&self, seconds: i64) {
        self.emulator.advance(TimeDelta::seconds(seconds)).unwrap();
    }

    /// Visible, delayed and in flight.
    pub fn counts(&self, url: &str) -> [i64; 3] {
        let names = ["", "Delayed", "NotVisible"].map(|kind| format!("ApproximateNumberOfMessages{kind}"));
        let answer = self.ok("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": names}));
        names.map(|name| answer["Attributes"][&name].as_str().unwrap().parse().unwrap())
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => {
            Value::Map(Map(members.iter().map(|(name, held)| (name.clone().into(), value(held))).collect()))
        }
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Str(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(members) => members.iter().map(|(name, held)| (name.to_owned(), json(held))).collect(),
        other => format!("{other:?}").into(),
    }
}

fn redrive(target: &str, count: u32) -> String {
    json!({"deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{target}"), "maxReceiveCount": count})
        .to_string()
}

#[test]
fn creation_is_idempotent_as_long_as_attributes_agree() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"DelaySeconds": "1"}));
    assert_eq!(url, format!("http://q.example/{ACCOUNT}/q"));
    for same in [json!({}), json!({"DelaySeconds": "1"}), json!({"VisibilityTimeout": "30", "DelaySeconds": "1"})] {
        assert_eq!(fixture.queue("q", same), url);
    }
    let check = |attributes: Json, name: &str| {
        let (code, sentence) = fixture.refused("CreateQueue", json!({"QueueName": "q", "Attributes": attributes}));
        let wanted = format!("A queue already exists with the same name and a different value for attribute {name}");
        assert_eq!((code.as_str(), sentence), ("QueueNameExists", wanted));
    };
    check(json!({"DelaySeconds": "2"}), "DelaySeconds");
    check(json!({"DelaySeconds": "1", "VisibilityTimeout": "31"}), "VisibilityTimeout");
    fixture.ok("DeleteQueue", json!({"QueueUrl": url}));
    assert_eq!(fixture.refused("CreateQueue", json!({"QueueName": "q"})).0, "QueueDeletedRecently");
    fixture.advance(60);
    fixture.queue("q", json!({}));
}

#[test]
fn names_and_attributes_of_queues() {
    let fixture = Fixture::new();
    let check = |name: &str, attributes: Json, refusal: Option<(&str, &str)>| {
        let made = fixture.call("CreateQueue", json!({"QueueName": name, "Attributes": attributes}));
        let fault = made.err().map(|fault| (fault.code, fault.message));
        let found = fault.as_ref().map(|(code, message)| (code.as_str(), message.as_str()));
        assert_eq!(found, refusal, "{name} {attributes}");
    };
    let name = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    let fifo_name = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must \
        end with .fifo suffix and be 1 to 80 in length";
    check(&"a".repeat(80), json!({}), None);
    check(&"a".repeat(81), json!({}), Some(("InvalidParameterValueException", name)));
    check("a b", json!({}), Some(("InvalidParameterValueException", name)));
    check("a.fifo", json!({}), Some(("InvalidParameterValueException", name)));
    check("a.fifo", json!({"FifoQueue": "true"}), None);
    check("a", json!({"FifoQueue": "true"}), Some(("InvalidParameterValueException", fifo_name)));
    check("b", json!({"FifoQueue": "false"}), Some(("InvalidAttributeName", "Unknown Attribute FifoQueue.")));
    let unknown = "Unknown Attribute ContentBasedDeduplication.";
    check("b", json!({"ContentBasedDeduplication": "true"}), Some(("InvalidAttributeName", unknown)));
    check("b", json!({"Colour": "red"}), Some(("InvalidAttributeName", "Unknown Attribute Colour.")));
    check("b", json!({"QueueArn": "x"}), Some(("InvalidAttributeName", "Unknown Attribute QueueArn.")));
    for (attribute, below, above) in [
        ("DelaySeconds", "-1", "901"),
        ("MaximumMessageSize", "1023", "1048577"),
        ("MessageRetentionPeriod", "59", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "-1", "21"),
        ("VisibilityTimeout", "-1", "43201"),
        ("KmsDataKeyReusePeriodSeconds", "59", "86401"),
        ("SqsManagedSseEnabled", "perhaps", ""),
        ("Policy", "{}", "x"),
    ] {
        for value in [below, above, "one"] {
            let sentence = format!("Invalid value for the parameter {attribute}.");
            check("b", json!({attribute: value}), Some(("InvalidAttributeValue", &sentence)));
        }
    }
    let high = json!({"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"});
    let sentence = faults_of_throughput();
    check("b.fifo", high, Some(("InvalidAttributeValue", &sentence)));
    let high =
        json!({"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"});
    check("b.fifo", high, None);
    let policy = r#"{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}"#;
    let sentence = format!(
        "Value {policy} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn."
    );
    check("b", json!({"RedrivePolicy": policy}), Some(("InvalidParameterValueException", &sentence)));
    check("b", json!({"KmsMasterKeyId": ""}), None);
    assert_eq!(
        fixture.refused("CreateQueue", json!({"QueueName": "c", "Attributes": {"KmsMasterKeyId": "k"}})).0,
        "NotImplemented"
    );
}

fn faults_of_throughput() -> String {
    super::faults::throughput_needs_scope().message
}

#[test]
fn attributes_as_real_queues_show_them() {
    let fixture = Fixture::new();
    let url = fixture.queue(
        "q",
        json!({"MessageRetentionPeriod": "604800", "ReceiveMessageWaitTimeSeconds": "10", "VisibilityTimeout": "20"}),
    );
    let all = |url: &str| fixture.ok("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["All"]}));
    let standard = json!({
        "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0", "CreatedTimestamp": "1768471200", "DelaySeconds": "0",
        "LastModifiedTimestamp": "1768471200", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "604800",
        "QueueArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q"), "ReceiveMessageWaitTimeSeconds": "10",
        "SqsManagedSseEnabled": "true", "VisibilityTimeout": "20"});
    assert_eq!(all(&url)["Attributes"], standard);
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    let shown = all(&url)["Attributes"].clone();
    let fifo: Vec<&str> = ["ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"]
        .map(|name| shown[name].as_str().unwrap())
        .to_vec();
    assert_eq!(fifo, ["true", "queue", "true", "perQueue"]);
    fixture.advance(5);
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"ContentBasedDeduplication": "false"}}));
    let shown = all(&url)["Attributes"].clone();
    assert_eq!(
        (&shown["ContentBasedDeduplication"], &shown["LastModifiedTimestamp"]),
        (&json!("false"), &json!("1768471205"))
    );
    let change = |url: &str, value: &str| {
        fixture.refused("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"FifoQueue": value}}))
    };
    let sentence = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    assert_eq!(change(&url, "false"), ("InvalidAttributeValue".to_owned(), sentence.to_owned()));
    let url = fixture.queue("r", json!({}));
    assert_eq!(change(&url, "true").1, "Unknown Attribute FifoQueue.");
    let unknown = fixture.refused("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["Foo"]}));
    assert_eq!(unknown, ("InvalidAttributeName".to_owned(), "Unknown Attribute Foo.".to_owned()));
    assert_eq!(fixture.ok("GetQueueAttributes", json!({"QueueUrl": url})), json!({}));
}

#[test]
fn a_received_message_is_invisible_for_its_time() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    fixture.send(&url, "a");
    let (_, first) = fixture.receive(&url).remove(0);
    assert_eq!((fixture.bodies(&url), fixture.counts(&url)), (vec![], [0, 0, 1]));
    fixture.advance(29);
    assert!(fixture.bodies(&url).is_empty());
    fixture.advance(1);
    assert_eq!(fixture.counts(&url), [1, 0, 0]);
    let (_, second) = fixture.receive(&url).remove(0);
    // An older handle counts as deleting, and does not.
    fixture.delete(&url, &first);
    assert_eq!(fixture.counts(&url), [0, 0, 1]);
    fixture.delete(&url, &second);
    fixture.delete(&url, &second);
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
}

#[test]
fn visibility_changes_from_now_on() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    fixture.send(&url, "a");
    let (_, handle) = fixture.receive(&url).remove(0);
    let change = |handle: &str, seconds: i64| {
        fixture
            .call(
                "ChangeMessageVisibility",
                json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds}),
            )
            .map(|_| ())
            .map_err(|fault| fault.message)
    };
    fixture.advance(20);
    assert_eq!(change(&handle, 60), Ok(()));
    fixture.advance(59);
    assert!(fixture.bodies(&url).is_empty());
    assert_eq!(change(&handle, 0), Ok(()));
    let (_, newer) = fixture.receive(&url).remove(0);
    let gone = "Message does not exist or is not available for visibility timeout change.";
    let gone = |handle: &str| Err(format!("Value {handle} for parameter ReceiptHandle is invalid. Reason: {gone}"));
    assert_eq!(change(&handle, 10), gone(&handle));
    assert_eq!(
        change(&newer, 43_201),
        Err("Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."
            .to_owned())
    );
    fixture.advance(1);
    let beyond = "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    assert_eq!(change(&newer, 43_200), Err(beyond.to_owned()));
    fixture.delete(&url, &newer);
    assert_eq!(change(&newer, 10), gone(&newer));
    assert_eq!(change("x", 10), Err("The input receipt handle \"x\" is not a valid receipt handle.".to_owned()));
}

#[test]
fn delays_and_retention() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"DelaySeconds": "10", "MessageRetentionPeriod": "60"}));
    fixture.send(&url, "queue");
    fixture.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": "none", "DelaySeconds": 0}));
    fixture.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": "own", "DelaySeconds": 20}));
    assert_eq!(fixture.counts(&url), [1, 2, 0]);
    assert_eq!(fixture.bodies(&url), ["none"]);
    fixture.advance(10);
    assert_eq!(fixture.bodies(&url), ["queue"]);
    fixture.advance(10);
    assert_eq!(fixture.bodies(&url), ["own"]);
    fixture.advance(39);
    fixture.send(&url, "later");
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 4);
    fixture.advance(1);
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 1);
    fixture.advance(59);
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 0);
    // Nothing is left to be dropped.
    assert_eq!(
        fixture.emulator.step(|world| world
            .jobs
            .iter()
            .filter(|(_, job)| format!("{job:?}").starts_with("Queue"))
            .count()),
        0
    );
}

#[test]
fn groups_of_a_fifo_queue_are_served_in_order_and_one_by_one() {
    let fixture = Fixture::new();
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    for (body, group) in [("a1", "a"), ("b1", "b"), ("a2", "a"), ("a3", "a"), ("b2", "b")] {
        fixture.send_in(&url, body, group);
    }
    let take = |count: i64| fixture.receive_with(&url, json!({"MaxNumberOfMessages": count}));
    let bodies = |taken: &[(String, String)]| taken.iter().map(|(body, _)| body.clone()).collect::<Vec<_>>();
    let first = take(2);
    assert_eq!(bodies(&first), ["a1", "a2"]);
    // The rest of the group waits; another is served.
    let second = take(10);
    assert_eq!(bodies(&second), ["b1", "b2"]);
    assert!(take(10).is_empty());
    fixture.delete(&url, &first[0].1);
    assert!(take(10).is_empty(), "a2 is in flight");
    fixture.delete(&url, &first[1].1);
    assert_eq!(bodies(&take(10)), ["a3"]);
    fixture.advance(30);
    assert_eq!(bodies(&take(1)), ["b1"]);
    let expired = fixture.refused("DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": second[1].1}));
    assert!(expired.1.ends_with("Reason: The receipt handle has expired."), "{expired:?}");
}

#[test]
fn duplicates_within_five_minutes() {
    let fixture = Fixture::new();
    let content = fixture.queue("content.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    let first = fixture.send_in(&content, "same", "a");
    assert_eq!(first["SequenceNumber"].as_str().unwrap().len(), 20);
    let (_, handle) = fixture.receive(&content).remove(0);
    fixture.delete(&content, &handle);
    let again = fixture.send_in(&content, "same", "b");
    assert_eq!((&again["MessageId"], &again["SequenceNumber"]), (&first["MessageId"], &first["SequenceNumber"]));
    assert!(fixture.bodies(&content).is_empty());
    fixture.advance(300);
    assert_ne!(fixture.send_in(&content, "same", "a")["MessageId"], first["MessageId"]);
    assert_eq!(fixture.bodies(&content), ["same"]);

    let scoped = fixture.queue("scoped.fifo", json!({"FifoQueue": "true", "DeduplicationScope": "messageGroup"}));
    for (group, body) in [("a", "1"), ("b", "2"), ("a", "3")] {
        fixture.ok(
            "SendMessage",
            json!({"QueueUrl": scoped, "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": "x"}),
        );
    }
    assert_eq!(fixture.bodies(&scoped), ["1", "2"]);
}

#[test]
fn a_receive_attempt_can_be_repeated() {
    let fixture = Fixture::new();
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    for (body, group) in [("a1", "a"), ("b1", "b")] {
        fixture.send_in(&url, body, group);
    }
    let attempt =
        |id: &str| fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1, "ReceiveRequestAttemptId": id}));
    let first = attempt("1");
    fixture.advance(20);
    assert_eq!(attempt("1"), first);
    fixture.advance(20);
    assert_eq!(attempt("2")[0].0, "b1", "the repetition has hidden a1 anew");
    fixture.delete(&url, &first[0].1);
    assert!(attempt("1").is_empty());
}

#[test]
fn what_cannot_be_sent() {
    let fixture = Fixture::new();
    let standard = fixture.queue("q", json!({"MaximumMessageSize": "1024"}));
    let fifo = fixture.queue("q.fifo", json!({"FifoQueue": "true"}));
    let check = |url: &str, more: Json, code: &str, sentence: &str| {
        let mut input = json!({"QueueUrl": url, "MessageBody": "m"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(fixture.refused("SendMessage", input), (code.to_owned(), sentence.to_owned()), "{more}");
    };
    let invalid = "InvalidParameterValueException";
    check(
        &standard,
        json!({"MessageBody": ""}),
        "MissingRequiredParameterException",
        "The request must contain the parameter MessageBody.",
    );
    check(
        &standard,
        json!({"MessageBody": "x".repeat(1025)}),
        invalid,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    );
    let attribute = json!({"a": {"DataType": "String", "StringValue": "x".repeat(1017)}});
    check(
        &standard,
        json!({"MessageAttributes": attribute}),
        invalid,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    );
    check(
        &standard,
        json!({"DelaySeconds": 901}),
        invalid,
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    );
    check(
        &standard,
        json!({"MessageDeduplicationId": "d"}),
        invalid,
        "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
    );
    let empty = json!({"ErrorDetails": {"DataType": "String", "StringValue": ""}});
    check(
        &standard,
        json!({"MessageAttributes": empty}),
        invalid,
        "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 2}),
        invalid,
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    );
    check(
        &fifo,
        json!({"MessageDeduplicationId": "d"}),
        "MissingRequiredParameterException",
        "The request must contain the parameter MessageGroupId.",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g"}),
        invalid,
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g h", "MessageDeduplicationId": "d"}),
        invalid,
        "Value g h for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
    fixture.ok("SendMessage", json!({"QueueUrl": standard, "MessageBody": "x".repeat(1024), "MessageGroupId": "g"}));
}

#[test]
fn batches_fail_entry_by_entry() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"MaximumMessageSize": "1024"}));
    let entry = |id: &str, body: &str| json!({"Id": id, "MessageBody": body});
    let large = "x".repeat(1025);
    let sent = fixture.ok(
        "SendMessageBatch",
        json!({"QueueUrl": url, "Entries": [entry("a", "1"), entry("b", &large), entry("c", "3")]}),
    );
    let ids = |list: &Json| {
        list.as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&sent["Successful"]), ids(&sent["Failed"])),
        (vec!["a".to_owned(), "c".to_owned()], vec!["b".to_owned()])
    );
    assert_eq!(
        (&sent["Failed"][0]["Code"], &sent["Failed"][0]["SenderFault"]),
        (&json!("InvalidParameterValue"), &json!(true))
    );
    assert_eq!(sent["Successful"][1]["MD5OfMessageBody"], "eccbc87e4b5ce2fe28308fd9f2a7baf3");
    let received = fixture.receive(&url);
    let handles: Vec<&str> = received.iter().map(|(_, handle)| handle.as_str()).collect();
    let done = fixture.ok("ChangeMessageVisibilityBatch", json!({"QueueUrl": url, "Entries": [
        {"Id": "a", "ReceiptHandle": handles[0], "VisibilityTimeout": 0}, {"Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 0}]}));
    assert_eq!(
        (ids(&done["Successful"]), &done["Failed"][0]["Code"]),
        (vec!["a".to_owned()], &json!("ReceiptHandleIsInvalid"))
    );
    assert_eq!(fixture.counts(&url), [1, 0, 1]);
    let done = fixture.ok(
        "DeleteMessageBatch",
        json!({"QueueUrl": url, "Entries": [
        {"Id": "a", "ReceiptHandle": handles[0]}, {"Id": "b", "ReceiptHandle": handles[1]}]}),
    );
    assert_eq!((ids(&done["Successful"]).len(), &done["Failed"]), (2, &Json::Null));
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
    let half = "x".repeat(524_288);
    let open = fixture.queue("open", json!({}));
    let input = json!({"QueueUrl": open, "Entries": [entry("a", &half), entry("b", &half), entry("c", "x")]});
    let sentence = "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.";
    assert_eq!(fixture.refused("SendMessageBatch", input), ("BatchRequestTooLong".to_owned(), sentence.to_owned()));
    let input = json!({"QueueUrl": open, "Entries": [entry("a", &half), entry("b", &half)]});
    assert_eq!(ids(&fixture.ok("SendMessageBatch", input)["Successful"]).len(), 2);
}

#[test]
fn dead_letters() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead", json!({}));
    let url = fixture.queue("q", json!({"RedrivePolicy": redrive("dead", 2), "VisibilityTimeout": "0"}));
    let sent = fixture.send(&url, "a");
    assert_eq!((fixture.bodies(&url).len(), fixture.bodies(&url).len(), fixture.bodies(&url).len()), (1, 1, 0));
    let answer = fixture.ok("ReceiveMessage", json!({"QueueUrl": dead, "MessageSystemAttributeNames": ["All"]}));
    let letter = &answer["Messages"][0];
    assert_eq!(letter["MessageId"], sent["MessageId"]);
    assert_eq!(letter["Attributes"]["DeadLetterQueueSourceArn"], format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q"));
    assert_eq!(letter["Attributes"]["ApproximateReceiveCount"], "1");
    let sources = fixture.ok("ListDeadLetterSourceQueues", json!({"QueueUrl": dead}));
    assert_eq!(sources, json!({"queueUrls": [url]}));

    let refused = |name: &str, target: &str, more: Json| {
        let mut attributes = json!({"RedrivePolicy": redrive(target, 1)});
        attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.refused("CreateQueue", json!({"QueueName": name, "Attributes": attributes})).1
    };
    assert!(refused("x", "nowhere", json!({})).ends_with("Reason: Dead letter target does not exist."));
    let other_type = "Reason: Dead-letter queue must be same type of queue as the source.";
    assert!(refused("x.fifo", "dead", json!({"FifoQueue": "true"})).ends_with(other_type));
    let only =
        json!({"redrivePermission": "byQueue", "sourceQueueArns": [format!("arn:aws:sqs:us-east-1:{ACCOUNT}:y")]});
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": dead, "Attributes": {"RedriveAllowPolicy": only.to_string()}}));
    assert!(refused("x", "dead", json!({})).contains("redrive allow policy"));
    fixture.queue("y", json!({"RedrivePolicy": redrive("dead", 1)}));
    // A dead-letter queue that lets messages in no more gets none.
    fixture.send(&url, "b");
    for _ in 0..5 {
        assert_eq!(fixture.bodies(&url), ["b"]);
    }
}

#[test]
fn dead_letters_of_a_fifo_queue_make_room_for_the_next() {
    let fixture = Fixture::new();
    let fifo = json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"});
    let dead = fixture.queue("dead.fifo", fifo.clone());
    let mut attributes = fifo;
    attributes["RedrivePolicy"] = redrive("dead.fifo", 1).into();
    let url = fixture.queue("q.fifo", attributes);
    let sent = fixture.send_in(&url, "a1", "a");
    fixture.send_in(&url, "a2", "a");
    assert_eq!(fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}))[0].0, "a1");
    fixture.advance(30);
    assert_eq!(fixture.bodies(&url), ["a2"]);
    let answer = fixture.ok("ReceiveMessage", json!({"QueueUrl": dead, "AttributeNames": ["All"]}));
    assert_eq!(answer["Messages"][0]["Attributes"]["MessageDeduplicationId"], sent["MessageId"]);
    assert_eq!(answer["Messages"][0]["Attributes"]["MessageGroupId"], "a");
}

#[test]
fn messages_move_back() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead", json!({}));
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:dead");
    let start = |more: Json| {
        let mut input = json!({"SourceArn": arn});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.call("StartMessageMoveTask", input).map_err(|fault| fault.message)
    };
    assert_eq!(start(json!({})), Err("Source queue must be configured as a Dead Letter Queue.".to_owned()));
    let url = fixture.queue("q", json!({"RedrivePolicy": redrive("dead", 1), "VisibilityTimeout": "0"}));
    let give_up = |body: &str| {
        fixture.send(&url, body);
        assert_eq!((fixture.bodies(&url).len(), fixture.bodies(&url).len()), (1, 0));
    };
    ["a", "b"].into_iter().for_each(give_up);
    start(json!({})).unwrap();
    let list =
        |max: i64| fixture.ok("ListMessageMoveTasks", json!({"SourceArn": arn, "MaxResults": max}))["Results"].clone();
    let task = json!([{"ApproximateNumberOfMessagesMoved": 2, "ApproximateNumberOfMessagesToMove": 2, "SourceArn": arn,
        "StartedTimestamp": 1_768_471_200_000_i64, "Status": "COMPLETED"}]);
    assert_eq!((list(1), fixture.counts(&dead)), (task, [0, 0, 0]));
    assert_eq!(fixture.bodies(&url), ["a", "b"]);
    assert!(fixture.bodies(&url).is_empty(), "they are dead letters again");

    let other = fixture.queue("other", json!({}));
    let to = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:other");
    let handle = start(json!({"DestinationArn": to, "MaxNumberOfMessagesPerSecond": 1})).unwrap();
    assert_eq!((&list(1)[0]["Status"], &list(1)[0]["TaskHandle"]), (&json!("RUNNING"), &handle["TaskHandle"]));
    let again =
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
    assert_eq!(start(json!({})), Err(again.to_owned()));
    fixture.advance(1);
    assert_eq!((fixture.counts(&dead), fixture.counts(&other)), ([1, 0, 0], [1, 0, 0]));
    assert_eq!(fixture.ok("CancelMessageMoveTask", handle.clone()), json!({"ApproximateNumberOfMessagesMoved": 1}));
    fixture.advance(10);
    assert_eq!((&list(10)[0]["Status"], list(10).as_array().unwrap().len()), (&json!("CANCELLED"), 2));
    assert_eq!(fixture.counts(&dead), [1, 0, 0]);
    start(json!({"DestinationArn": to, "MaxNumberOfMessagesPerSecond": 1})).unwrap();
    fixture.ok("DeleteQueue", json!({"QueueUrl": other}));
    fixture.advance(1);
    assert_eq!(
        (&list(1)[0]["Status"], &list(1)[0]["FailureReason"]),
        (&json!("FAILED"), &json!("AWS.SimpleQueueService.NonExistentQueue"))
    );
    fixture.send(&dead, "of nobody");
    fixture.advance(1);
    start(json!({})).unwrap();
    assert_eq!(list(1)[0]["FailureReason"], "CouldNotDetermineMessageSource");

    assert_eq!(
        fixture.refused("CancelMessageMoveTask", json!({"TaskHandle": "x"})).1,
        "Value for parameter TaskHandle is invalid."
    );
    assert_eq!(start(json!({"SourceArn": "x"})), Err("You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>".to_owned()));
    let nowhere = "The resource that you specified for the DestinationArn parameter doesn't exist.";
    assert_eq!(start(json!({"DestinationArn": format!("{to}x")})), Err(nowhere.to_owned()));
}

#[test]
fn purges_leave_nothing_and_come_once_a_minute() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    for body in ["a", "b"] {
        fixture.send(&url, body);
    }
    fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}));
    fixture.ok("PurgeQueue", json!({"QueueUrl": url}));
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
    fixture.send(&url, "c");
    let sentence = "Only one PurgeQueue operation on q is allowed every 60 seconds.";
    assert_eq!(
        fixture.refused("PurgeQueue", json!({"QueueUrl": url})),
        ("PurgeQueueInProgress".to_owned(), sentence.to_owned())
    );
    fixture.advance(60);
    fixture.ok("PurgeQueue", json!({"QueueUrl": url}));
    assert!(fixture.bodies(&url).is_empty());
}

#[test]
fn permissions_write_the_policy() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    let add = |label: &str, accounts: &[&str], actions: &[&str]| {
        let input = json!({"QueueUrl": url, "Label": label, "AWSAccountIds": accounts, "Actions": actions});
        fixture.call("AddPermission", input).map(|_| ()).map_err(|fault| fault.message)
    };
    let policy = || {
        fixture.ok("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["Policy"]}))["Attributes"]["Policy"]
            .clone()
    };
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q");
    assert_eq!(add("one", &[OTHER], &["ReceiveMessage"]), Ok(()));
    let written: Json = serde_json::from_str(policy().as_str().unwrap()).unwrap();
    let statement = json!({"Sid": "one", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{OTHER}:root")},
        "Action": "SQS:ReceiveMessage", "Resource": arn});
    assert_eq!(
        written,
        json!({"Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy"), "Statement": [statement]})
    );
    assert_eq!(
        add("one", &[OTHER], &["*"]),
        Err("Value one for parameter Label is invalid. Reason: Already exists.".to_owned())
    );
    assert_eq!(add("two", &[OTHER, ACCOUNT], &["SendMessage", "DeleteMessage"]), Ok(()));
    assert_eq!(add("three", &[OTHER], &["Dance"]), Err("Value SQS:Dance for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.".to_owned()));
    assert_eq!(add("three", &[OTHER], &["DeleteQueue"]), Err("Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.".to_owned()));
    assert_eq!(add("three", &[OTHER], &["*"; 8]), Err("8 Actions were found, maximum allowed is 7.".to_owned()));
    assert_eq!(
        add("three", &["me"], &["*"]),
        Err("Value [me] for parameter PrincipalId is invalid. Reason: Unable to verify.".to_owned())
    );
    let remove = |label: &str| {
        fixture
            .call("RemovePermission", json!({"QueueUrl": url, "Label": label}))
            .map(|_| ())
            .map_err(|fault| fault.message)
    };
    assert_eq!((remove("one"), remove("two")), (Ok(()), Ok(())));
    assert_eq!(policy(), Json::Null);
    assert_eq!(remove("two"), Err("Value two for parameter Label is invalid. Reason: can't find label.".to_owned()));
}

#[test]
fn others_are_let_in_by_the_policy() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q");
    let send = json!({"QueueUrl": url, "MessageBody": "m"});
    let other = |operation: &str, input: &Json| {
        fixture
            .called_by(Some(OTHER), operation, input.clone())
            .map(|_| ())
            .map_err(|fault| (fault.code, fault.message))
    };
    let denied = format!(
        "User: arn:aws:iam::{OTHER}:root is not authorized to perform: sqs:sendmessage on resource: {arn} \
        because no resource-based policy allows the sqs:sendmessage action"
    );
    assert_eq!(other("SendMessage", &send), Err(("AccessDeniedException".to_owned(), denied)));
    let look = json!({"QueueName": "q", "QueueOwnerAWSAccountId": ACCOUNT});
    assert_eq!(other("GetQueueUrl", &look).unwrap_err().0, "QueueDoesNotExist");
    fixture.ok("AddPermission", json!({"QueueUrl": url, "Label": "l", "AWSAccountIds": [OTHER], "Actions": ["*"]}));
    assert_eq!((other("SendMessage", &send), other("GetQueueUrl", &look)), (Ok(()), Ok(())));
    let entries = json!({"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "m"}]});
    assert_eq!(other("SendMessageBatch", &entries), Ok(()));
    for operation in ["DeleteQueue", "ListQueueTags"] {
        assert_eq!(other(operation, &json!({"QueueUrl": url})).unwrap_err().0, "AccessDeniedException", "{operation}");
    }
    // The owner's log has the calls of others, too.
    let recipients = fixture.emulator.step(|world| {
        let filter = crate::services::cloudtrail::events::Filter::default();
        let records: Vec<String> = crate::services::cloudtrail::events::matching(world, &filter).collect();
        records.iter().filter(|record| record.contains("\"SendMessageBatch\"")).count()
    });
    assert_eq!(recipients, 2);

    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:t");
    let service = |source: &str| {
        let account = AccountId::parse(ACCOUNT).unwrap();
        let sender = Sender::Service { name: "sns.amazonaws.com", account, source: Some(source.to_owned()) };
        fixture.sent_by(sender, "SendMessage", send.clone()).map(|_| ()).map_err(|fault| fault.code)
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]});
    assert_eq!(service(&topic), Err("AccessDeniedException".to_owned()));
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}}));
    assert_eq!(
        (service(&topic), service("arn:aws:sns:us-east-1:000000000000:other")),
        (Ok(()), Err("AccessDeniedException".to_owned()))
    );

    let nobody = |operation: &str, input: Json| {
        fixture.called_by(None, operation, input).map(|_| ()).map_err(|fault| fault.code)
    };
    assert_eq!(nobody("SendMessage", send.clone()), Err("AccessDeniedException".to_owned()));
    assert_eq!(nobody("ListQueues", json!({})), Err("AccessDeniedException".to_owned()));
    let open =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}});
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": open.to_string()}}));
    assert_eq!(nobody("SendMessage", send), Ok(()));
}

#[test]
fn a_fair_queue_serves_quiet_tenants_first() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    for (body, group) in [("loud1", "loud"), ("loud2", "loud"), ("loud3", "loud"), ("quiet", "quiet")] {
        fixture.send_in(&url, body, group);
    }
    let next = || fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}))[0].0.clone();
    assert_eq!([next(), next(), next(), next()], ["loud1", "quiet", "loud2", "loud3"]);
}

#[test]
fn lists_and_tags() {
    let fixture = Fixture::new();
    let names = ["b1", "a1", "a3", "a2"];
    for name in names {
        fixture.queue(name, json!({}));
    }
    let list = |input: Json| {
        let page = fixture.ok("ListQueues", input);
        let urls = page["QueueUrls"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            urls.iter().map(|url| url.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect();
        (names.join(" "), page["NextToken"].clone())
    };
    assert_eq!(list(json!({})), ("a1 a2 a3 b1".to_owned(), Json::Null));
    assert_eq!(list(json!({"QueueNamePrefix": "c"})), (String::new(), Json::Null));
    let (page, next) = list(json!({"QueueNamePrefix": "a", "MaxResults": 2}));
    assert_eq!(page, "a1 a2");
    assert_eq!(
        list(json!({"QueueNamePrefix": "a", "MaxResults": 2, "NextToken": next})),
        ("a3".to_owned(), Json::Null)
    );
    assert_eq!(fixture.refused("ListQueues", json!({"MaxResults": 0})).0, "InvalidParameterValueException");
    assert_eq!(fixture.refused("ListQueues", json!({"NextToken": "?"})).0, "InvalidParameterValueException");

    let url = format!("http://q.example/{ACCOUNT}/b1");
    let tags = || fixture.ok("ListQueueTags", json!({"QueueUrl": url}));
    assert_eq!(tags(), json!({}));
    fixture.ok("TagQueue", json!({"QueueUrl": url, "Tags": {"tag1": "value1", "tag2": "value2", "tag3": ""}}));
    fixture.ok("UntagQueue", json!({"QueueUrl": url, "TagKeys": ["tag1", "tag3"]}));
    assert_eq!(tags(), json!({"Tags": {"tag2": "value2"}}));
    assert_eq!(
        fixture.refused("TagQueue", json!({"QueueUrl": url, "Tags": {"aws:a": "b"}})).0,
        "InvalidParameterValueException"
    );
}
