//! What buses do over time, and what comes to their targets.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::contract;
use crate::services;
use crate::services::logs::naming::GroupPlace;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::Credentials;
use crate::world::jobs::AT_ONCE;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, Settings, World};

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const GROUP: &str = "/aws/events/all";

/// A world whose objects stand in a folder of its own, removed at the end.
struct Lab {
    world: World,
    folder: PathBuf,
    region: Region,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lab(name: &str) -> Lab {
    let folder = std::env::temp_dir().join(format!("trailcam-events-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let settings = Settings {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: folder.clone(),
        log_memory: 16 << 20,
    };
    std::fs::create_dir_all(settings.spool_dir()).unwrap();
    let world = World::new(settings, "2026-01-01T00:00:00Z".parse().unwrap());
    Lab { world, folder, region: Region::US_EAST_1 }
}

/// JSON as a tree of a call. Times are `{"$time": "…"}`.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => match members.get("$time") {
            Some(time) => Value::Time(time.as_str().unwrap().parse().unwrap()),
            None => Value::Map(Map(members.iter().map(|(name, item)| (name.clone().into(), value(item))).collect())),
        },
    }
}

impl Lab {
    fn call_as(&mut self, account: &str, service: &str, operation: &str, input: &Json) -> Result<Value, Fault> {
        let contract = contract::get(service).unwrap();
        let credentials = Credentials { access_key: Some(account.into()), session_token: None };
        let call = Call {
            contract,
            operation: contract.find(operation).unwrap(),
            region: self.region,
            sender: Sender::Client { credentials, connection: Connection::default() },
            input: Ok(value(input)),
            upload: Ok(Upload::default()),
        };
        let outcome = perform(&mut self.world, call).outcome.map(|output| output.value);
        self.run_until(AT_ONCE);
        outcome
    }

    fn call(&mut self, service: &str, operation: &str, input: &Json) -> Value {
        let outcome = self.call_as(ACCOUNT, service, operation, input);
        outcome.unwrap_or_else(|fault| panic!("{operation}: {fault:?}"))
    }

    /// The call as one of EventBridge that fails: its code.
    fn refused(&mut self, operation: &str, input: &Json) -> (String, String) {
        let fault = self.call_as(ACCOUNT, "events", operation, input).expect_err(operation);
        (fault.code, fault.message)
    }

    fn run_until(&mut self, time: Time) {
        while let Some((due, job)) = self.world.jobs.pop_due(time) {
            self.world.now = self.world.now.max(due);
            services::run(&mut self.world, job);
        }
    }

    fn advance(&mut self, delta: TimeDelta) {
        let target = self.world.now + delta;
        self.run_until(target);
        self.world.now = target;
    }

    fn put(&mut self, source: &str, detail: &str) -> Value {
        let entry = json!({"Source": source, "DetailType": "order", "Detail": detail});
        self.call("events", "PutEvents", &json!({"Entries": [entry]}))
    }

    /// A log group that EventBridge may write to.
    fn make_group(&mut self) {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": format!("arn:aws:logs:{}:{ACCOUNT}:log-group:/aws/events/*:*", self.region)}]});
        self.call("logs", "CreateLogGroup", &json!({"logGroupName": GROUP}));
        let policy = json!({"policyName": "events", "policyDocument": policy.to_string()});
        self.call("logs", "PutResourcePolicy", &policy);
    }

    /// A rule on a bus whose events go to the group.
    fn make_rule(&mut self, name: &str, bus: &str, pattern: &Json) {
        let rule = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern.to_string()});
        self.call("events", "PutRule", &rule);
        self.aim(name, bus, &json!({}));
    }

    fn aim(&mut self, rule: &str, bus: &str, more: &Json) {
        let mut target = json!({"Id": "log", "Arn": self.group_arn()});
        for (name, setting) in more.as_object().unwrap() {
            target[name] = setting.clone();
        }
        self.call("events", "PutTargets", &json!({"Rule": rule, "EventBusName": bus, "Targets": [target]}));
    }

    fn group_arn(&self) -> String {
        format!("arn:aws:logs:{}:{ACCOUNT}:log-group:{GROUP}", self.region)
    }

    /// What the log group has.
    fn logged(&mut self) -> Vec<String> {
        let group = GroupPlace::new(&AccountId::parse(ACCOUNT).unwrap(), self.region, GROUP);
        let streams: Vec<String> = group.find(&self.world).unwrap().streams.keys().cloned().collect();
        let mut all = Vec::new();
        for stream in streams {
            let input = json!({"logGroupName": GROUP, "logStreamName": stream, "startFromHead": true});
            let contract = contract::get("logs").unwrap();
            let credentials = Credentials { access_key: Some(ACCOUNT.into()), session_token: None };
            let call = Call {
                contract,
                operation: contract.find("GetLogEvents").unwrap(),
                region: self.region,
                sender: Sender::Client { credentials, connection: Connection::default() },
                input: Ok(value(&input)),
                upload: Ok(Upload::default()),
            };
            let mut answer = perform(&mut self.world, call);
            if let Some(scan) = answer.take_scan() {
                answer.finish(scan.run());
            }
            let answer = answer.outcome.unwrap().value;
            let events = answer.get("events").and_then(Value::as_list).unwrap();
            all.extend(events.iter().map(|event| event.get("message").and_then(Value::as_str).unwrap().to_owned()));
        }
        all
    }

    /// Details of the events that came to the log group.
    fn details(&mut self) -> Vec<Json> {
        let logged = self.logged();
        logged.iter().map(|text| serde_json::from_str::<Json>(text).unwrap()["detail"].clone()).collect()
    }

    /// A role that EventBridge may take on.
    fn make_role(&mut self, account: &str) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": "events", "AssumeRolePolicyDocument": trust.to_string()});
        self.call_as(account, "iam", "CreateRole", &role).unwrap();
        format!("arn:aws:iam::{account}:role/events")
    }

    /// A topic that EventBridge may publish to, and the URL of a queue that hears it.
    fn make_topic_with_queue(&mut self, name: &str) -> (String, String) {
        let (topic, queue) =
            (format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}"), format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"));
        let allow = |service: &str, action: &str, resource: &str| {
            json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action,
                                  "Resource": resource}]})
            .to_string()
        };
        let policy = allow("events.amazonaws.com", "sns:Publish", &topic);
        self.call("sns", "CreateTopic", &json!({"Name": name, "Attributes": {"Policy": policy}}));
        let policy = allow("sns.amazonaws.com", "sqs:SendMessage", &queue);
        let made = self.call("sqs", "CreateQueue", &json!({"QueueName": name, "Attributes": {"Policy": policy}}));
        self.call("sns", "Subscribe", &json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}));
        (topic, made.get("QueueUrl").and_then(Value::as_str).unwrap().to_owned())
    }

    fn messages_in(&mut self, url: &str) -> u32 {
        let name = "ApproximateNumberOfMessages";
        let answer = self.call("sqs", "GetQueueAttributes", &json!({"QueueUrl": url, "AttributeNames": [name]}));
        answer.get("Attributes").and_then(|all| all.get(name)).and_then(Value::as_str).unwrap().parse().unwrap()
    }

    /// A trail that logs.
    fn make_trail(&mut self) {
        let bucket = "arn:aws:s3:::trail";
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*",
             "Resource": [bucket, format!("{bucket}/*")]}]});
        self.call("s3", "CreateBucket", &json!({"Bucket": "trail"}));
        self.call("s3", "PutBucketPolicy", &json!({"Bucket": "trail", "Policy": policy.to_string()}));
        self.call("cloudtrail", "CreateTrail", &json!({"Name": "main", "S3BucketName": "trail"}));
        self.call("cloudtrail", "StartLogging", &json!({"Name": "main"}));
    }
}

fn failures(answer: &Value) -> Vec<Option<&str>> {
    let entries = answer.get("Entries").and_then(Value::as_list).unwrap();
    entries.iter().map(|entry| entry.get("ErrorCode").and_then(Value::as_str)).collect()
}

#[test]
fn events_reach_the_targets_of_rules_that_match() {
    let mut lab = lab("match");
    lab.make_group();
    lab.make_rule("orders", "default", &json!({"source": ["shop"]}));
    lab.put("shop", r#"{"n": 1}"#);
    lab.put("office", r#"{"n": 2}"#);
    assert_eq!(lab.details(), [json!({"n": 1})]);
    lab.call("events", "DisableRule", &json!({"Name": "orders"}));
    lab.put("shop", r#"{"n": 3}"#);
    lab.call("events", "EnableRule", &json!({"Name": "orders"}));
    lab.put("shop", r#"{"n": 4}"#);
    assert_eq!(lab.details(), [json!({"n": 1}), json!({"n": 4})]);
}

#[test]
fn entries_fail_one_by_one() {
    let mut lab = lab("entries");
    let mut check = |entry: Json, wanted: Option<&str>| {
        let good = json!({"Source": "a", "DetailType": "b", "Detail": "{}"});
        let answer = lab.call("events", "PutEvents", &json!({"Entries": [entry, good]}));
        assert_eq!(failures(&answer), [wanted, None], "{entry}");
        assert_eq!(answer.get("FailedEntryCount"), Some(&Value::Int(i64::from(wanted.is_some()))));
    };
    let entry = |source: &str, detail_type: &str, detail: &str| json!({"Source": source, "DetailType": detail_type, "Detail": detail});
    check(entry("a", "b", "{}"), None);
    check(entry("", "b", "{}"), Some("InvalidArgument"));
    check(json!({"DetailType": "b", "Detail": "{}"}), Some("InvalidArgument"));
    check(entry("a", "", "{}"), Some("InvalidArgument"));
    check(entry("a", "b", ""), Some("InvalidArgument"));
    check(entry("a", &"b".repeat(129), "{}"), Some("InvalidArgument"));
    check(entry("a", "b", "[]"), Some("MalformedDetail"));
    check(entry("a", "b", "{"), Some("MalformedDetail"));
    check(entry("aws.ec2", "b", "{}"), Some("NotAuthorizedForSourceException"));
    check(entry("awsome", "b", "{}"), None);
    // A bus that is not there takes events too.
    check(json!({"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "nowhere"}), None);
}

#[test]
fn a_mebibyte_is_taken_and_no_byte_more() {
    let mut lab = lab("size");
    let mut check = |bytes: usize, is_taken: bool| {
        // Source and detail type are two bytes, the detail has eight beside its padding, and the time counts 14.
        let detail = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 2 - 8 - 14));
        let time = json!({"$time": "2026-01-01T00:00:00Z"});
        let entry = json!({"Source": "a", "DetailType": "b", "Detail": detail, "Time": time});
        let outcome = lab.call_as(ACCOUNT, "events", "PutEvents", &json!({"Entries": [entry]}));
        assert_eq!(outcome.is_ok(), is_taken, "{bytes}");
        if let Err(fault) = outcome {
            assert_eq!(fault.message, "Total size of the entries in the request is over the limit.");
        }
    };
    check(1 << 20, true);
    check((1 << 20) + 1, false);
}

#[test]
fn buses_and_rules_are_refused_as_aws_does() {
    let mut lab = lab("refusals");
    let pattern = r#"{"source":["a"]}"#;
    lab.call("events", "CreateEventBus", &json!({"Name": "orders"}));
    lab.call("events", "PutRule", &json!({"Name": "r", "EventPattern": pattern}));
    lab.make_group();
    lab.aim("r", "default", &json!({}));
    let arn = lab.group_arn();
    let mut check = |operation: &str, input: Json, code: &str, message: &str| {
        assert_eq!(lab.refused(operation, &input), (code.to_owned(), message.to_owned()), "{input}");
    };
    let (exists, missing, invalid) =
        ("ResourceAlreadyExistsException", "ResourceNotFoundException", "ValidationException");
    check("CreateEventBus", json!({"Name": "orders"}), exists, "Event bus orders already exists.");
    check("CreateEventBus", json!({"Name": "default"}), exists, "Event bus default already exists.");
    check("CreateEventBus", json!({"Name": "a/b"}), invalid, "Event bus name must not contain '/'.");
    check("DeleteEventBus", json!({"Name": "default"}), invalid, "Cannot delete event bus default.");
    check("DescribeEventBus", json!({"Name": "none"}), missing, "Event bus none does not exist.");
    let rule = json!({"Name": "r", "EventBusName": "none", "EventPattern": pattern});
    check("PutRule", rule, missing, "Event bus none does not exist.");
    let needed = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
    check("PutRule", json!({"Name": "r2"}), invalid, needed);
    let schedule = json!({"Name": "r2", "EventBusName": "orders", "ScheduleExpression": "rate(1 minute)"});
    check("PutRule", schedule, invalid, "ScheduleExpression is supported only on the default event bus.");
    let schedule = json!({"Name": "r2", "ScheduleExpression": "sometimes"});
    check("PutRule", schedule, invalid, "Parameter ScheduleExpression is not valid.");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/nobody");
    let stranger = format!("Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.");
    check("PutRule", json!({"Name": "r2", "EventPattern": pattern, "RoleArn": role}), invalid, &stranger);
    let reserved = "Tag keys that start with aws: are reserved for AWS use.";
    let tags = json!([{"Key": "aws:a", "Value": "b"}]);
    check("PutRule", json!({"Name": "r2", "EventPattern": pattern, "Tags": tags}), invalid, reserved);
    let nowhere = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/none");
    check("ListArchives", json!({"EventSourceArn": nowhere}), missing, "Event bus none does not exist.");
    check("DescribeRule", json!({"Name": "no"}), missing, "Rule no does not exist on EventBus default.");
    check("DeleteRule", json!({"Name": "r"}), invalid, "Rule can't be deleted since it has targets.");
    let targets = |target: Json| json!({"Rule": "r", "Targets": [target]});
    let queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo");
    let group = "Parameter(s) SqsParameters must be specified for target: q.";
    check("PutTargets", targets(json!({"Id": "q", "Arn": queue})), invalid, group);
    let text = "Parameter queue is not valid. Reason: Provided Arn is not in correct format.";
    check("PutTargets", targets(json!({"Id": "q", "Arn": "queue"})), invalid, text);
    let bus = format!("arn:aws:events:us-east-1:{OTHER}:event-bus/default");
    let role = format!("RoleArn is required for target {bus}.");
    check("PutTargets", targets(json!({"Id": "b", "Arn": bus})), invalid, &role);
    let own = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders");
    let changed = "Modifying the input for target b is not supported.";
    check("PutTargets", targets(json!({"Id": "b", "Arn": own, "Input": "{}"})), invalid, changed);
    let both = json!({"Id": "l", "Arn": arn, "Input": "{}", "InputPath": "$.detail"});
    let one = "Only one of Input, InputPath, or InputTransformer must be provided for target l.";
    check("PutTargets", targets(both), invalid, one);
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let unsupported =
        format!("Trailcam does not deliver events to {function}: targets of this kind are not supported.");
    check("PutTargets", targets(json!({"Id": "f", "Arn": function})), "NotImplemented", &unsupported);
    let six: Vec<_> = (0..6).map(|id| json!({"Id": format!("t{id}"), "Arn": arn})).collect();
    let limit = "The requested resource exceeds the maximum number allowed.";
    check("PutTargets", json!({"Rule": "r", "Targets": six}), "LimitExceededException", limit);
}

#[test]
fn events_go_from_bus_to_bus_once() {
    let mut lab = lab("hops");
    lab.make_group();
    for bus in ["first", "second"] {
        lab.call("events", "CreateEventBus", &json!({"Name": bus}));
    }
    let role = lab.make_role(ACCOUNT);
    let all = json!({"account": [ACCOUNT]});
    for (bus, to) in [("default", "first"), ("first", "second")] {
        lab.make_rule("log", bus, &all);
        let arn = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{to}");
        let target = json!({"Id": "bus", "Arn": arn, "RoleArn": role});
        lab.call("events", "PutTargets", &json!({"Rule": "log", "EventBusName": bus, "Targets": [target]}));
    }
    lab.make_rule("log", "second", &all);
    lab.put("shop", "{}");
    let logged = lab.logged();
    assert_eq!(logged.len(), 2, "on the default bus and on the first: {logged:?}");
    assert_eq!(logged[0], logged[1], "it stays the same event");
    let mut entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "first"});
    lab.call("events", "PutEvents", &json!({"Entries": [entry]}));
    assert_eq!(lab.logged().len(), 4, "on the first bus and on the second");
    entry["EventBusName"] = "second".into();
    lab.call("events", "PutEvents", &json!({"Entries": [entry]}));
    assert_eq!(lab.logged().len(), 5);
}

#[test]
fn other_accounts_need_the_policy_of_a_bus() {
    let mut lab = lab("accounts");
    lab.make_group();
    lab.make_rule("all", "default", &json!({"source": ["shop"]}));
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": bus});
    let entries = json!({"Entries": [entry]});
    let fault = lab.call_as(OTHER, "events", "PutEvents", &entries).unwrap_err();
    let sentence = format!(
        "User: arn:aws:iam::{OTHER}:root is not authorized to perform: events:PutEvents on resource: {bus} because no \
         resource-based policy allows the events:PutEvents action"
    );
    assert_eq!((fault.code.as_str(), fault.message), ("AccessDeniedException", sentence));
    let permission = json!({"StatementId": "other", "Action": "events:PutEvents", "Principal": OTHER});
    lab.call("events", "PutPermission", &permission);
    lab.call_as(OTHER, "events", "PutEvents", &entries).unwrap();
    let logged: Json = serde_json::from_str(&lab.logged()[0]).unwrap();
    assert_eq!(logged["account"], OTHER);
    let rule = json!({"Name": "mine", "EventBusName": bus, "EventPattern": "{\"source\":[\"shop\"]}"});
    assert_eq!(lab.call_as(OTHER, "events", "PutRule", &rule).unwrap_err().code, "AccessDeniedException");
    lab.call("events", "RemovePermission", &json!({"StatementId": "other"}));
    assert!(lab.call_as(OTHER, "events", "PutEvents", &entries).is_err());
}

#[test]
fn policies_can_ask_for_the_rule() {
    let mut lab = lab("source-arn");
    lab.make_group();
    lab.make_rule("all", "default", &json!({"source": ["shop"]}));
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let role = lab.make_role(OTHER);
    let rule = json!({"Name": "out", "EventPattern": "{\"source\":[\"shop\"]}"});
    lab.call_as(OTHER, "events", "PutRule", &rule).unwrap();
    let target = json!({"Id": "bus", "Arn": bus, "RoleArn": role});
    lab.call_as(OTHER, "events", "PutTargets", &json!({"Rule": "out", "Targets": [target]})).unwrap();
    let mut check = |condition: Json, reaches: bool| {
        let statement = json!({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "events:PutEvents",
                               "Resource": bus, "Condition": condition});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        lab.call("events", "PutPermission", &json!({"Policy": policy}));
        let before = lab.logged().len();
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}"});
        lab.call_as(OTHER, "events", "PutEvents", &json!({"Entries": [entry]})).unwrap();
        assert_eq!(lab.logged().len() > before, reaches, "{condition}");
    };
    let rule = |name: &str| format!("arn:aws:events:us-east-1:{OTHER}:rule/{name}");
    check(json!({"ArnEquals": {"aws:SourceArn": rule("out")}}), true);
    check(json!({"ArnEquals": {"aws:SourceArn": rule("in")}}), false);
    check(json!({"StringEquals": {"aws:SourceAccount": OTHER}}), true);
    check(json!({"Bool": {"events:eventBusInvocation": "true"}}), true);
    check(json!({"Bool": {"events:eventBusInvocation": "false"}}), false);
    check(json!({"ForAllValues:StringEquals": {"events:source": "shop", "events:detail-type": "order"}}), true);
    check(json!({"ForAllValues:StringEquals": {"events:source": "office"}}), false);
}

#[test]
fn policies_grow_statement_by_statement() {
    let mut lab = lab("policies");
    let policy = |lab: &mut Lab| {
        let bus = lab.call("events", "DescribeEventBus", &json!({}));
        bus.get("Policy").and_then(Value::as_str).map(|text| serde_json::from_str::<Json>(text).unwrap())
    };
    let condition = json!({"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"});
    lab.call("events", "PutPermission", &json!({"StatementId": "a", "Action": "events:PutEvents", "Principal": OTHER}));
    lab.call(
        "events",
        "PutPermission",
        &json!({"StatementId": "b", "Action": "events:PutEvents", "Principal": "*", "Condition": condition}),
    );
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let root = format!("arn:aws:iam::{OTHER}:root");
    let (a, b) = (
        json!({"Sid": "a", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "events:PutEvents", "Resource": bus}),
        json!({"Sid": "b", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus,
               "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}}),
    );
    assert_eq!(policy(&mut lab), Some(json!({"Version": "2012-10-17", "Statement": [a, b]})));
    lab.call("events", "RemovePermission", &json!({"StatementId": "a"}));
    assert_eq!(policy(&mut lab), Some(json!({"Version": "2012-10-17", "Statement": [b]})));
    let (code, message) = lab.refused("RemovePermission", &json!({"StatementId": "a"}));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ResourceNotFoundException", "Statement with the provided id does not exist.")
    );
    lab.call("events", "RemovePermission", &json!({"RemoveAllPermissions": true}));
    assert_eq!(policy(&mut lab), None);
    let (_, message) = lab.refused("RemovePermission", &json!({"StatementId": "b"}));
    assert_eq!(message, "Statement with the provided id does not exist.");
    let condition = json!({"Type": "StringEquals", "Key": "aws:SourceIp", "Value": "10.0.0.1"});
    let (code, _) = lab.refused(
        "PutPermission",
        &json!({"StatementId": "c", "Action": "events:PutEvents", "Principal": "*", "Condition": condition}),
    );
    assert_eq!(code, "ValidationException", "conditions other than on the organization need a whole policy");
    let (_, message) = lab.refused("PutPermission", &json!({"Policy": "{"}));
    assert_eq!(message, "This policy contains invalid Json");
}

#[test]
fn log_groups_need_a_policy() {
    let mut lab = lab("group-policy");
    lab.make_group();
    lab.make_rule("all", "default", &json!({"source": ["shop"]}));
    lab.call("logs", "DeleteResourcePolicy", &json!({"policyName": "events"}));
    lab.put("shop", "{}");
    assert_eq!(lab.logged(), [""; 0]);
    let waiting = lab.world.jobs.iter().filter(|(_, job)| matches!(job, crate::world::jobs::Job::EventDelivery { .. }));
    assert_eq!(waiting.count(), 0, "such an event is not sent again");
}

/// A stream that is full takes records another time.
#[test]
fn failures_that_pass_are_tried_again() {
    let mut lab = lab("retries");
    let role = lab.make_role(ACCOUNT);
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    lab.call("iam", "CreateRole", &json!({"RoleName": "writer", "AssumeRolePolicyDocument": trust.to_string()}));
    let writer = format!("arn:aws:iam::{ACCOUNT}:role/writer");
    let stream = json!({"DeliveryStreamName": "s", "S3DestinationConfiguration": {
        "RoleARN": writer, "BucketARN": "arn:aws:s3:::none", "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}}});
    lab.call("firehose", "CreateDeliveryStream", &stream);
    let stream = format!("arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/s");
    let dead = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:dead");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": dead, "Condition": {"ArnEquals": {"aws:SourceArn": format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/r")}}}]});
    let queue = lab.call(
        "sqs",
        "CreateQueue",
        &json!({"QueueName": "dead", "Attributes": {"Policy": policy.to_string(), "VisibilityTimeout": "3600"}}),
    );
    let url = queue.get("QueueUrl").and_then(Value::as_str).unwrap().to_owned();
    lab.call("events", "PutRule", &json!({"Name": "r", "EventPattern": "{\"source\":[\"shop\"]}"}));
    let aim = |lab: &mut Lab, retry: Json| {
        let target =
            json!({"Id": "s", "Arn": stream, "RoleArn": role, "RetryPolicy": retry, "DeadLetterConfig": {"Arn": dead}});
        lab.call("events", "PutTargets", &json!({"Rule": "r", "Targets": [target]}));
    };
    let letters = |lab: &mut Lab| {
        let input = json!({"QueueUrl": url, "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10});
        let answer = lab.call("sqs", "ReceiveMessage", &input);
        let messages = answer.get("Messages").and_then(Value::as_list).unwrap_or_default();
        let text = |message: &Value, name: &str| {
            let attribute = message.get("MessageAttributes").and_then(|all| all.get(name));
            attribute
                .and_then(|attribute| attribute.get("StringValue"))
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        let of =
            |message| ["ERROR_CODE", "RETRY_ATTEMPTS", "EXHAUSTED_RETRY_CONDITION"].map(|name| text(message, name));
        messages.iter().map(of).collect::<Vec<_>>()
    };
    let megabyte = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    while services::firehose::put(&mut lab.world, &stream, vec![megabyte.clone()]).is_ok() {}
    aim(&mut lab, json!({"MaximumRetryAttempts": 2}));
    lab.put("shop", "{}");
    lab.advance(TimeDelta::milliseconds(2999));
    assert_eq!(letters(&mut lab), [["", "", ""]; 0], "tried again after one second, then after two");
    lab.advance(TimeDelta::milliseconds(1));
    assert_eq!(letters(&mut lab), [["ERROR_FROM_TARGET", "2", "MaximumRetryAttempts"]]);
    // After 1, 3, 7, 15 and 31 seconds; the next would be too late.
    aim(&mut lab, json!({"MaximumEventAgeInSeconds": 60}));
    lab.put("shop", "{}");
    lab.advance(TimeDelta::seconds(30));
    assert_eq!(letters(&mut lab), [["", "", ""]; 0]);
    lab.advance(TimeDelta::seconds(2));
    assert_eq!(letters(&mut lab), [["ERROR_FROM_TARGET", "5", "MaximumEventAgeInSeconds"]]);
    // A flush tries at once.
    lab.put("shop", "{}");
    services::events::flush(&mut lab.world);
    assert_eq!(
        lab.world
            .events
            .iter_from(lab.world.events.start())
            .filter(|entry| entry.record.contains("\"PutRecord\""))
            .count(),
        11
    );
}

#[test]
fn schedules_count_from_their_start() {
    let mut lab = lab("schedules");
    lab.make_group();
    lab.call("events", "PutRule", &json!({"Name": "tick", "ScheduleExpression": "rate(5 minutes)"}));
    lab.aim("tick", "default", &json!({}));
    lab.advance(TimeDelta::minutes(12));
    let logged = lab.logged();
    let event: Json = serde_json::from_str(&logged[0]).unwrap();
    let arn = format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/tick");
    assert_eq!((logged.len(), &event["time"]), (2, &json!("2026-01-01T00:05:00Z")));
    assert_eq!((&event["detail-type"], &event["source"]), (&json!("Scheduled Event"), &json!("aws.events")));
    assert_eq!((&event["resources"], &event["detail"]), (&json!([arn]), &json!({})));
    // Disabled at 00:12, enabled at 00:22: the next is at 00:27.
    lab.call("events", "DisableRule", &json!({"Name": "tick"}));
    lab.advance(TimeDelta::minutes(10));
    lab.call("events", "EnableRule", &json!({"Name": "tick"}));
    lab.advance(TimeDelta::minutes(4));
    assert_eq!(lab.logged().len(), 2);
    lab.advance(TimeDelta::minutes(1));
    assert_eq!(lab.logged().len(), 3);
    // Other words about the same rule do not disturb its schedule.
    lab.call(
        "events",
        "PutRule",
        &json!({"Name": "tick", "ScheduleExpression": "rate(5 minutes)", "Description": "d"}),
    );
    lab.advance(TimeDelta::minutes(5));
    assert_eq!(lab.logged().len(), 4);
}

#[test]
fn archives_are_replayed_minute_by_minute() {
    let mut lab = lab("archives");
    lab.make_group();
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let archive = json!({"ArchiveName": "shop", "EventSourceArn": bus, "EventPattern": "{\"source\":[\"shop\"]}",
                         "RetentionDays": 1});
    lab.call("events", "CreateArchive", &archive);
    lab.put("shop", r#"{"n":1}"#);
    lab.put("office", r#"{"n":2}"#);
    lab.advance(TimeDelta::minutes(2));
    lab.put("shop", r#"{"n":3}"#);
    let count = |lab: &mut Lab| {
        lab.call("events", "DescribeArchive", &json!({"ArchiveName": "shop"})).get("EventCount").cloned()
    };
    assert_eq!(count(&mut lab), Some(Value::Int(2)));
    lab.make_rule("all", "default", &json!({"source": ["shop"]}));
    lab.make_rule("unasked", "default", &json!({"source": ["shop"]}));
    let start = |name: &str| {
        json!({"ReplayName": name, "EventSourceArn": format!("arn:aws:events:us-east-1:{ACCOUNT}:archive/shop"),
               "EventStartTime": {"$time": "2026-01-01T00:00:00Z"}, "EventEndTime": {"$time": "2026-01-01T00:03:00Z"},
               "Destination": {"Arn": bus, "FilterArns": [format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/all")]}})
    };
    lab.call("events", "StartReplay", &start("again"));
    let state = |lab: &mut Lab, name: &str| {
        let replay = lab.call("events", "DescribeReplay", &json!({"ReplayName": name}));
        replay.get("State").and_then(Value::as_str).unwrap().to_owned()
    };
    assert_eq!(state(&mut lab, "again"), "STARTING");
    lab.advance(TimeDelta::seconds(1));
    assert_eq!((state(&mut lab, "again").as_str(), lab.logged().len()), ("RUNNING", 1));
    lab.advance(TimeDelta::seconds(9));
    assert_eq!(state(&mut lab, "again"), "COMPLETED");
    assert_eq!(lab.details(), [json!({"n": 1}), json!({"n": 3})]);
    assert!(lab.logged()[0].contains(r#""region":"us-east-1","replay-name":"again","resources":[]"#));
    assert_eq!(count(&mut lab), Some(Value::Int(2)), "replayed events are not archived again");
    lab.call("events", "StartReplay", &start("stopped"));
    lab.call("events", "CancelReplay", &json!({"ReplayName": "stopped"}));
    lab.advance(TimeDelta::seconds(9));
    assert_eq!((state(&mut lab, "stopped").as_str(), lab.logged().len()), ("CANCELLED", 2));
    lab.advance(TimeDelta::days(2));
    assert_eq!(count(&mut lab), Some(Value::Int(0)), "a day is over");
}

#[test]
fn records_become_events_where_a_trail_logs() {
    let mut lab = lab("trails");
    lab.make_group();
    lab.make_rule("calls", "default", &json!({"detail-type": ["AWS API Call via CloudTrail"], "source": ["aws.iam"]}));
    let make_user = |lab: &mut Lab, name: &str| {
        lab.call("iam", "CreateUser", &json!({"UserName": name}));
    };
    make_user(&mut lab, "early");
    assert_eq!(lab.logged().len(), 0, "no trail");
    lab.make_trail();
    make_user(&mut lab, "ann");
    lab.call("iam", "ListUsers", &json!({}));
    let events = lab.details();
    assert_eq!(events.len(), 1, "reads are for rules that ask for them");
    assert_eq!(events[0]["requestParameters"], json!({"userName": "ann"}));
    let last = lab.world.events.iter_from(lab.world.events.start()).filter(|entry| entry.record.contains("CreateUser"));
    let record: Json = serde_json::from_str(&last.last().unwrap().record).unwrap();
    assert_eq!(events[0], record, "the record is the detail");
    let event: Json = serde_json::from_str(&lab.logged()[0]).unwrap();
    assert_eq!(
        (&event["time"], &event["resources"], &event["region"]),
        (&record["eventTime"], &json!([]), &json!("us-east-1"))
    );
    let rule = json!({"Name": "calls", "EventPattern": "{\"source\":[\"aws.iam\"]}",
                      "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"});
    lab.call("events", "PutRule", &rule);
    lab.call("iam", "ListUsers", &json!({}));
    assert_eq!(lab.details().last().unwrap()["eventName"], "ListUsers");
    lab.call("cloudtrail", "StopLogging", &json!({"Name": "main"}));
    make_user(&mut lab, "late");
    assert_eq!(lab.logged().len(), 2);
}

#[test]
fn calls_that_deliver_do_not_set_off_others() {
    let mut lab = lab("loop");
    lab.make_group();
    lab.call("events", "CreateEventBus", &json!({"Name": "copy"}));
    let role = lab.make_role(ACCOUNT);
    lab.make_trail();
    let selector = json!({"Name": "buses", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::Events::EventBus"]}]});
    lab.call("cloudtrail", "PutEventSelectors", &json!({"TrailName": "main", "AdvancedEventSelectors": [selector]}));
    lab.make_rule("all", "default", &json!({"account": [ACCOUNT]}));
    let target =
        json!({"Id": "bus", "Arn": format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/copy"), "RoleArn": role});
    lab.call("events", "PutTargets", &json!({"Rule": "all", "Targets": [target]}));
    let before = lab.logged().len();
    lab.put("shop", "{}");
    // The event, and the record of the call that brought it.
    assert_eq!(lab.logged().len(), before + 2);
    let put_events = |lab: &Lab| {
        lab.world
            .events
            .iter_from(lab.world.events.start())
            .filter(|entry| entry.record.contains("\"PutEvents\""))
            .count()
    };
    assert_eq!(put_events(&lab), 3, "each of the two was put on the other bus");
}

/// Each message to a queue is a record, which makes a message; through a topic, nobody sees that it is one's own.
#[test]
fn a_rule_that_feeds_itself_does_not_hold_up_the_clock() {
    let mut lab = lab("feeds-itself");
    lab.make_trail();
    let selector = json!({"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]}]});
    lab.call("cloudtrail", "PutEventSelectors", &json!({"TrailName": "main", "AdvancedEventSelectors": [selector]}));
    let (topic, url) = lab.make_topic_with_queue("loop");
    let pattern = json!({"source": ["aws.sqs", "shop"]});
    lab.call("events", "PutRule", &json!({"Name": "loop", "EventPattern": pattern.to_string()}));
    lab.call("events", "PutTargets", &json!({"Rule": "loop", "Targets": [{"Id": "topic", "Arn": topic}]}));
    lab.put("shop", "{}");
    let first = lab.messages_in(&url);
    assert!((100..=1100).contains(&first), "{first}");
    lab.advance(TimeDelta::seconds(10));
    let then = lab.messages_in(&url);
    assert!(first < then && then <= first + 1200, "{first}, then {then}");
    // The user puts an end to it.
    lab.call("events", "DisableRule", &json!({"Name": "loop"}));
    lab.advance(TimeDelta::minutes(5));
    let last = lab.messages_in(&url);
    lab.advance(TimeDelta::hours(1));
    assert_eq!(lab.messages_in(&url), last);
}
