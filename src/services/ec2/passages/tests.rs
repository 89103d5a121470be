//! Policies of endpoints, asked by calls of several callers to several services. Sentences are those of AWS's page on
//! access denied errors, and of real denials.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::config::Clock;
use crate::contract;
use crate::emulator::Emulator;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender};
use crate::world::caller::Credentials;
use crate::world::passage::Gate;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings};

const ACCOUNT: &str = "000000000000";
const OTHER: &str = "111122223333";

/// An account with a VPC, whose calls come through endpoints in it.
struct Fixture {
    emulator: Emulator,
    vpc: String,
}

/// Who calls, and by which way.
#[derive(Clone, Default)]
struct From<'a> {
    key: Option<&'a str>,
    gate: Option<Gate>,
    region: Option<Region>,
}

impl Fixture {
    fn new() -> Fixture {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = format!("trailcam-passages-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let settings = Settings {
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Fast,
            data_dir: std::env::temp_dir().join(folder),
            log_memory: 0,
        };
        let start = "2026-01-15T10:00:00Z".parse().unwrap();
        let emulator = Emulator::new(settings, Clock::Manual(Some(start)));
        let mut fixture = Fixture { emulator, vpc: String::new() };
        let vpc = fixture.ok("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        fixture.vpc = text(vpc.get("Vpc"), "VpcId");
        fixture
    }

    fn call(&self, from: &From, service: &str, operation: &str, input: Json) -> Result<Value, Fault> {
        let contract = contract::get(service).unwrap();
        let key = from.key.unwrap_or(ACCOUNT).to_owned();
        let access_key = Some(key).filter(|key| !key.is_empty());
        let gate = from.gate.clone().map(Box::new);
        let connection = Connection { source_ip: "10.0.1.7".into(), gate, ..Connection::default() };
        let call = Call {
            contract,
            operation: contract.find(operation).unwrap(),
            region: from.region.unwrap_or(Region::US_EAST_1),
            sender: Sender::Client { credentials: Credentials { access_key, session_token: None }, connection },
            input: Ok(tree(&input)),
            upload: Ok(Upload::default()),
        };
        self.emulator.call(call).outcome.map(|output| output.value)
    }

    fn ok(&self, service: &str, operation: &str, input: Json) -> Value {
        self.call(&From::default(), service, operation, input).unwrap()
    }

    /// An endpoint with a policy; it is there at once.
    fn endpoint(&self, kind: &str, service: &str, policy: &Json) -> String {
        let name = format!("com.amazonaws.us-east-1.{service}");
        let made = json!({"VpcId": self.vpc, "ServiceName": name, "VpcEndpointType": kind,
            "PrivateDnsEnabled": false, "PolicyDocument": policy.to_string()});
        let made = self.ok("ec2", "CreateVpcEndpoint", made);
        self.emulator.advance(TimeDelta::minutes(2)).unwrap();
        text(made.get("VpcEndpoint"), "VpcEndpointId")
    }

    fn name(&self, endpoint: &str) -> String {
        let found = self.ok("ec2", "DescribeVpcEndpoints", json!({"VpcEndpointIds": [endpoint]}));
        let found = found.get("VpcEndpoints").and_then(Value::as_list).unwrap();
        let names = found[0].get("DnsEntries").and_then(Value::as_list).unwrap();
        text(names.first(), "DnsName")
    }

    /// The key of a new user.
    fn user(&self, name: &str) -> String {
        self.ok("iam", "CreateUser", json!({"UserName": name}));
        text(self.ok("iam", "CreateAccessKey", json!({"UserName": name})).get("AccessKey"), "AccessKeyId")
    }
}

fn text(map: Option<&Value>, member: &str) -> String {
    map.and_then(|map| map.get(member)).and_then(Value::as_str).unwrap().to_owned()
}

fn tree(json: &Json) -> Value {
    match json {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => Value::Map(Map(members.iter().map(|(k, v)| (k.clone().into(), tree(v))).collect())),
        Json::Null => Value::Null,
    }
}

fn by_id(endpoint: &str) -> From<'static> {
    From { gate: Some(Gate::Id(endpoint.to_owned())), ..From::default() }
}

fn allow(members: Json) -> Json {
    statement("Allow", members)
}

fn statement(effect: &str, members: Json) -> Json {
    let mut statement = json!({"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"});
    statement.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    statement
}

fn policy(statements: &[Json]) -> Json {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Code and status of a call's outcome.
fn code(outcome: &Result<Value, Fault>) -> (&str, Option<u16>) {
    outcome.as_ref().map_or_else(|fault| (fault.code.as_str(), fault.status), |_| ("", None))
}

#[test]
fn ways_lead_to_one_service_in_one_region() {
    let fixture = Fixture::new();
    let all = policy(&[allow(json!({}))]);
    let sqs = fixture.endpoint("Interface", "sqs", &all);
    let s3 = fixture.endpoint("Interface", "s3", &all);
    let check = |gate: Gate, service: &str, operation: &str, region: Region, expected: &str| {
        let from = From { gate: Some(gate.clone()), region: Some(region), ..From::default() };
        let outcome = fixture.call(&from, service, operation, json!({}));
        let status = (!expected.is_empty()).then_some(421);
        assert_eq!(code(&outcome), (expected, status), "{gate:?} {service} {region}");
    };
    const UNREACHABLE: &str = "VpcEndpointUnreachable";
    let here = Region::US_EAST_1;
    let id = |id: &str| Gate::Id(id.to_owned());
    check(id(&sqs), "sqs", "ListQueues", here, "");
    check(id(&sqs), "sns", "ListTopics", here, UNREACHABLE);
    check(id(&sqs), "sqs", "ListQueues", Region::parse("eu-west-1").unwrap(), UNREACHABLE);
    check(id("vpce-00000000000000000"), "sqs", "ListQueues", here, UNREACHABLE);
    check(id(""), "sqs", "ListQueues", here, UNREACHABLE);
    let host = |host: String| Gate::Host(host);
    let name = fixture.name(&sqs);
    check(host(name.clone()), "sqs", "ListQueues", here, "");
    check(host(name.replace(".sqs.", ".sns.")), "sqs", "ListQueues", here, UNREACHABLE);
    check(host(name.replace("vpce-", "vpce-f")), "sqs", "ListQueues", here, UNREACHABLE);
    check(host("vpce-.vpce.amazonaws.com".into()), "sqs", "ListQueues", here, UNREACHABLE);
    let name = fixture.name(&s3);
    check(host(name.replace('*', "bucket")), "s3", "ListBuckets", here, "");
    check(host(name.replace('*', "logs.bucket")), "s3", "ListBuckets", here, "");
    check(host(name.replace('*', "logs")), "s3", "ListBuckets", here, UNREACHABLE);
    check(host(name.replace("*.", "")), "s3", "ListBuckets", here, UNREACHABLE);
}

#[test]
fn ways_come_and_go() {
    let fixture = Fixture::new();
    let service = json!({"VpcId": fixture.vpc, "ServiceName": "com.amazonaws.us-east-1.sqs",
        "VpcEndpointType": "Interface", "PrivateDnsEnabled": false});
    let endpoint = text(fixture.ok("ec2", "CreateVpcEndpoint", service).get("VpcEndpoint"), "VpcEndpointId");
    let list = || fixture.call(&by_id(&endpoint), "sqs", "ListQueues", json!({}));
    let refused = |state: &str| {
        assert_eq!(list().unwrap_err().message, format!("The VPC endpoint '{endpoint}' is {state}."));
    };
    refused("pending");
    fixture.emulator.advance(TimeDelta::minutes(2)).unwrap();
    assert!(list().is_ok());
    fixture.ok("ec2", "DeleteVpcEndpoints", json!({"VpcEndpointIds": [endpoint]}));
    refused("deleting");
    fixture.emulator.advance(TimeDelta::minutes(2)).unwrap();
    assert_eq!(list().unwrap_err().message, format!("There is no VPC endpoint '{endpoint}'."));
}

#[test]
fn services_deny_in_their_own_words() {
    let fixture = Fixture::new();
    let alice = fixture.user("alice");
    fixture.ok("s3", "CreateBucket", json!({"Bucket": "ours"}));
    fixture
        .call(&From { key: Some(OTHER), ..From::default() }, "s3", "CreateBucket", json!({"Bucket": "theirs"}))
        .unwrap();
    let nothing = policy(&[allow(json!({"Action": "none:Nothing"}))]);
    let deny = policy(&[allow(json!({})), statement("Deny", json!({}))]);
    let check = |service: &str, label: &str, operation: &str, input: Json, (code, status), about: &str| {
        let user = "User: arn:aws:iam::000000000000:user/alice is not authorized to perform:";
        let action = about.split(' ').next().unwrap();
        let prefix = if service == "ec2" { "You are not authorized to perform this operation. " } else { "" };
        for (policy, reason) in [
            (&nothing, format!("because no VPC endpoint policy allows the {action} action")),
            (&deny, "with an explicit deny in a VPC endpoint policy".to_owned()),
        ] {
            let endpoint = fixture.endpoint("Interface", label, policy);
            let from = From { key: Some(&alice), ..by_id(&endpoint) };
            let fault = fixture.call(&from, service, operation, input.clone()).unwrap_err();
            assert_eq!((fault.code.as_str(), fault.status), (code, status), "{operation}");
            let expected =
                if about == "-" { "Access Denied".to_owned() } else { format!("{prefix}{user} {about} {reason}") };
            assert_eq!(fault.message, expected);
        }
    };
    let json_error = ("AccessDeniedException", Some(400));
    let xml_error = ("AccessDenied", Some(403));
    check("kms", "kms", "ListKeys", json!({}), json_error, "kms:ListKeys on resource: *");
    check("cloudtrail", "cloudtrail", "ListTrails", json!({}), json_error, "cloudtrail:ListTrails");
    let group = "logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:000000000000:log-group::log-stream:";
    check("logs", "logs", "DescribeLogGroups", json!({}), json_error, group);
    check("sts", "sts", "GetCallerIdentity", json!({}), xml_error, "sts:GetCallerIdentity");
    let queues = "sqs:listqueues on resource: arn:aws:sqs:us-east-1:000000000000:";
    check("sqs", "sqs", "ListQueues", json!({}), xml_error, queues);
    let topics = "SNS:ListTopics on resource: arn:aws:sns:us-east-1:000000000000:*";
    check("sns", "sns", "ListTopics", json!({}), ("AuthorizationErrorException", None), topics);
    let ec2_error = ("UnauthorizedOperation", Some(403));
    check("ec2", "ec2", "DescribeVpcs", json!({}), ec2_error, "ec2:DescribeVpcs");
    check("s3", "s3", "ListBuckets", json!({}), xml_error, "s3:ListAllMyBuckets");
    let ours = json!({"Bucket": "ours", "Key": "k"});
    check("s3", "s3", "GetObject", ours, xml_error, "s3:GetObject on resource: \"arn:aws:s3:::ours/k\"");
    check("s3", "s3", "GetObject", json!({"Bucket": "theirs", "Key": "k"}), xml_error, "-");
    check("s3", "s3", "HeadBucket", json!({"Bucket": "nobodys"}), xml_error, "-");
    let made = "s3:CreateBucket on resource: \"arn:aws:s3:::new\"";
    check("s3", "s3", "CreateBucket", json!({"Bucket": "new"}), xml_error, made);
}

#[test]
fn policies_ask_who_what_and_whence() {
    let fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bob"));
    fixture.ok("s3", "CreateBucket", json!({"Bucket": "ours"}));
    fixture
        .call(&From { key: Some(OTHER), ..From::default() }, "s3", "CreateBucket", json!({"Bucket": "theirs"}))
        .unwrap();
    let check = |kind: &str, members: Json, key: &str, bucket: &str, expected: bool| {
        let endpoint = fixture.endpoint(kind, "s3", &policy(&[allow(members.clone())]));
        let from = From { key: Some(key), ..by_id(&endpoint) };
        let input = json!({"Bucket": bucket, "Prefix": "a/"});
        let denied = matches!(fixture.call(&from, "s3", "ListObjectsV2", input),
            Err(fault) if fault.message.contains("VPC endpoint") || fault.message == "Access Denied");
        assert_eq!(!denied, expected, "{kind} {members} {key} {bucket}");
    };
    let interface =
        |members: Json, key: &str, bucket: &str, expected| check("Interface", members, key, bucket, expected);
    let principal = |name: &str| json!({"Principal": {"AWS": name}});
    let user = "arn:aws:iam::000000000000:user/alice";
    interface(json!({}), &alice, "ours", true);
    interface(json!({}), OTHER, "theirs", true);
    interface(principal(user), &alice, "ours", true);
    interface(principal(user), &bob, "ours", false);
    interface(principal(ACCOUNT), &bob, "ours", true);
    interface(principal(ACCOUNT), OTHER, "ours", false);
    // Gateway endpoints take an account for its root user.
    check("Gateway", principal(ACCOUNT), &alice, "ours", false);
    check("Gateway", principal(ACCOUNT), ACCOUNT, "ours", true);
    check("Gateway", principal(user), &alice, "ours", true);
    interface(json!({"Action": "s3:List*"}), &alice, "ours", true);
    interface(json!({"Action": "s3:ListObjectsV2"}), &alice, "ours", false);
    interface(json!({"Resource": "arn:aws:s3:::ours"}), &alice, "ours", true);
    interface(json!({"Resource": "arn:aws:s3:::ours/*"}), &alice, "ours", false);
    let on = |operator: &str, key: &str, value: &str| json!({"Condition": {operator: {key: value}}});
    let equals = |key: &str, value: &str| on("StringEquals", key, value);
    interface(equals("aws:PrincipalAccount", ACCOUNT), &alice, "ours", true);
    interface(equals("aws:PrincipalAccount", ACCOUNT), OTHER, "theirs", false);
    interface(equals("aws:ResourceAccount", ACCOUNT), &alice, "ours", true);
    interface(equals("aws:ResourceAccount", ACCOUNT), &alice, "theirs", false);
    interface(equals("s3:ResourceAccount", OTHER), &alice, "theirs", true);
    interface(equals("aws:ResourceAccount", "${aws:PrincipalAccount}"), OTHER, "ours", false);
    interface(equals("aws:SourceVpc", &fixture.vpc), &alice, "ours", true);
    interface(equals("aws:SourceVpc", "vpc-12345678"), &alice, "ours", false);
    interface(on("StringLike", "aws:SourceVpce", "vpce-*"), &alice, "ours", true);
    interface(equals("aws:PrincipalArn", user), &alice, "ours", true);
    interface(equals("aws:PrincipalType", "User"), &alice, "ours", true);
    interface(equals("aws:username", "bob"), &alice, "ours", false);
    interface(equals("aws:PrincipalOrgID", "o-1"), &alice, "ours", false);
    interface(on("IpAddress", "aws:VpcSourceIp", "10.0.1.0/24"), &alice, "ours", true);
    interface(on("IpAddress", "aws:VpcSourceIp", "10.0.2.0/24"), &alice, "ours", false);
    // The address of the caller has no other key here.
    interface(on("Null", "aws:SourceIp", "true"), &alice, "ours", true);
    interface(equals("aws:RequestedRegion", "us-east-1"), &alice, "ours", true);
    interface(equals("s3:prefix", "a/"), &alice, "ours", true);
    interface(on("Bool", "aws:PrincipalIsAWSService", "false"), &alice, "ours", true);
    interface(json!({}), "", "ours", true);
    interface(principal(ACCOUNT), "", "ours", false);
}

#[test]
fn every_permission_is_needed() {
    let fixture = Fixture::new();
    fixture.ok("s3", "CreateBucket", json!({"Bucket": "one"}));
    fixture.ok("s3", "CreateBucket", json!({"Bucket": "two"}));
    let check = |resources: &[&str], expected: &str| {
        let endpoint = fixture.endpoint("Interface", "s3", &policy(&[allow(json!({"Resource": resources}))]));
        let copy = json!({"Bucket": "one", "Key": "k", "CopySource": "two/k"});
        assert_eq!(code(&fixture.call(&by_id(&endpoint), "s3", "CopyObject", copy)).0, expected, "{resources:?}");
    };
    check(&["arn:aws:s3:::one/*"], "AccessDenied");
    check(&["arn:aws:s3:::two/*"], "AccessDenied");
    check(&["arn:aws:s3:::one/*", "arn:aws:s3:::two/*"], "NoSuchKey");
}
