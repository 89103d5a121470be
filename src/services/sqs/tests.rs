//! Queues as callers see them, with the clock in hand.

mod backlog;
mod letters;
mod messages;
mod queues;

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

    pub fn send_in(&self, url: &str, body: &str, group: &str) -> Json {
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
