//! Actions and resources of calls, after the service authorization reference and what real denials name.

use serde_json::{Value as Json, json};

use crate::contract;
use crate::wire::{Map, Value};
use crate::world::call::{Call, Sender};
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};

const ACCOUNT: &str = "123456789012";

fn tree(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => Value::Map(Map(members.iter().map(|(k, v)| (k.clone().into(), tree(v))).collect())),
        other => panic!("no case has {other}"),
    }
}

/// What a call asks leave for: actions, each with its resources.
fn asked(service: &str, operation: &str, input: &Json) -> Vec<(String, Vec<String>)> {
    let contract = contract::get(service).unwrap();
    let account = AccountId::parse(ACCOUNT).unwrap();
    let sender = Sender::Service { name: "test", account: account.clone(), source: None };
    let operation = contract.find(operation).unwrap();
    let (region, input) = (Region::US_EAST_1, tree(input));
    let call = Call { contract, operation, region, sender, input: Ok(Value::Null), upload: Ok(Upload::default()) };
    super::of(&call, &account, &input).into_iter().map(|asked| (asked.action, asked.resources)).collect()
}

fn check(service: &str, operation: &str, input: Json, action: &str, resources: &[&str]) {
    let expected = (action.to_owned(), resources.iter().map(|arn| (*arn).to_owned()).collect());
    assert_eq!(asked(service, operation, &input), [expected], "{operation} {input}");
}

#[test]
fn resources_are_named_by_members() {
    let trail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main";
    check("cloudtrail", "DeleteTrail", json!({"Name": "main"}), "cloudtrail:DeleteTrail", &[trail]);
    check("cloudtrail", "StopLogging", json!({"Name": trail}), "cloudtrail:StopLogging", &[trail]);
    check("cloudtrail", "ListTags", json!({"ResourceIdList": [trail]}), "cloudtrail:ListTags", &[trail]);
    check("cloudtrail", "LookupEvents", json!({}), "cloudtrail:LookupEvents", &[]);
    check("cloudtrail", "DescribeTrails", json!({"trailNameList": ["main"]}), "cloudtrail:DescribeTrails", &[]);

    let alarm = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
    check("cloudwatch", "DeleteAlarms", json!({"AlarmNames": ["a"]}), "cloudwatch:DeleteAlarms", &[alarm]);
    let alarms = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*";
    check("cloudwatch", "DescribeAlarms", json!({}), "cloudwatch:DescribeAlarms", &[alarms]);
    check("cloudwatch", "PutMetricData", json!({"Namespace": "n"}), "cloudwatch:PutMetricData", &[]);

    let stream = "arn:aws:firehose:us-east-1:123456789012:deliverystream/s";
    check("firehose", "PutRecord", json!({"DeliveryStreamName": "s"}), "firehose:PutRecord", &[stream]);

    let key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd";
    check("kms", "DescribeKey", json!({"KeyId": "1234abcd"}), "kms:DescribeKey", &[key]);
    check("kms", "DescribeKey", json!({"KeyId": key}), "kms:DescribeKey", &[key]);
    let alias = "arn:aws:kms:us-east-1:123456789012:alias/a";
    check("kms", "Encrypt", json!({"KeyId": "alias/a"}), "kms:Encrypt", &[alias]);
    check("kms", "CreateKey", json!({}), "kms:CreateKey", &["*"]);

    let role = "arn:aws:iam::123456789012:role/r";
    check("sts", "AssumeRole", json!({"RoleArn": role}), "sts:AssumeRole", &[role]);
    check("sts", "GetCallerIdentity", json!({}), "sts:GetCallerIdentity", &[]);
}

#[test]
fn rules_and_buses() {
    let rule = "arn:aws:events:us-east-1:123456789012:rule/r";
    check("events", "DeleteRule", json!({"Name": "r"}), "events:DeleteRule", &[rule]);
    check("events", "PutTargets", json!({"Rule": "r", "EventBusName": "default"}), "events:PutTargets", &[rule]);
    let custom = "arn:aws:events:us-east-1:123456789012:rule/b/r";
    check("events", "DisableRule", json!({"Name": "r", "EventBusName": "b"}), "events:DisableRule", &[custom]);
    let bus = "arn:aws:events:us-east-1:123456789012:event-bus/b";
    check("events", "DescribeRule", json!({"Name": "r", "EventBusName": bus}), "events:DescribeRule", &[custom]);
    check("events", "CreateEventBus", json!({"Name": "b"}), "events:CreateEventBus", &[bus]);
    let all = "arn:aws:events:us-east-1:123456789012:rule/*";
    check("events", "ListRules", json!({}), "events:ListRules", &[all]);
    let default = "arn:aws:events:us-east-1:123456789012:event-bus/default";
    let entries = json!({"Entries": [{"Source": "a"}, {"EventBusName": "b"}, {"EventBusName": bus}]});
    check("events", "PutEvents", entries, "events:PutEvents", &[bus, default]);
}

#[test]
fn log_groups_come_with_streams() {
    let stream = "arn:aws:logs:us-east-1:123456789012:log-group:my-logs:log-stream:20150601";
    let input = json!({"logGroupName": "my-logs", "logStreamName": "20150601"});
    check("logs", "CreateLogStream", input, "logs:CreateLogStream", &[stream]);
    let group = "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:";
    check("logs", "DeleteLogGroup", json!({"logGroupName": "g"}), "logs:DeleteLogGroup", &[group]);
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    check("logs", "StartLiveTail", json!({"logGroupIdentifiers": [arn]}), "logs:StartLiveTail", &[group]);
    check("logs", "TagResource", json!({"resourceArn": arn}), "logs:TagResource", &[arn]);
    let none = "arn:aws:logs:us-east-1:123456789012:log-group::log-stream:";
    check("logs", "DescribeLogGroups", json!({}), "logs:DescribeLogGroups", &[none]);
}

#[test]
fn topics_and_queues() {
    let topic = "arn:aws:sns:us-east-1:123456789012:t";
    check("sns", "CreateTopic", json!({"Name": "t"}), "SNS:CreateTopic", &[topic]);
    check("sns", "PublishBatch", json!({"TopicArn": topic}), "SNS:Publish", &[topic]);
    check("sns", "ListTopics", json!({}), "SNS:ListTopics", &["arn:aws:sns:us-east-1:123456789012:*"]);

    let queue = "arn:aws:sqs:us-east-1:111122223333:q";
    let url = "http://127.0.0.1:4566/111122223333/q";
    check("sqs", "SendMessageBatch", json!({"QueueUrl": url}), "sqs:sendmessage", &[queue]);
    check("sqs", "ListMessageMoveTasks", json!({"SourceArn": queue}), "sqs:listmessagemovetasks", &[queue]);
    let named = json!({"QueueName": "q", "QueueOwnerAWSAccountId": "111122223333"});
    check("sqs", "GetQueueUrl", named, "sqs:getqueueurl", &[queue]);
    check("sqs", "ListQueues", json!({}), "sqs:listqueues", &["arn:aws:sqs:us-east-1:123456789012:"]);
}

#[test]
fn what_ec2_names_and_makes() {
    let arn = |resource: &str| format!("arn:aws:ec2:us-east-1:123456789012:{resource}");
    let check = |operation: &str, input: Json, resources: &[&str]| {
        let resources: Vec<_> = resources.iter().map(|resource| arn(resource)).collect();
        let resources: Vec<_> = resources.iter().map(String::as_str).collect();
        check("ec2", operation, input, &format!("ec2:{operation}"), &resources);
    };
    check("DescribeVpcs", json!({"VpcIds": ["vpc-12345678"]}), &[]);
    check("DescribeVpcAttribute", json!({"VpcId": "vpc-12345678"}), &["vpc/vpc-12345678"]);
    check("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}), &["vpc/*"]);
    check("CreateDefaultVpc", json!({}), &["*/*"]);
    check("CreateSubnet", json!({"VpcId": "vpc-12345678"}), &["subnet/*", "vpc/vpc-12345678"]);
    check("CreateKeyPair", json!({"KeyName": "k"}), &["key-pair/k"]);
    let route = json!({"RouteTableId": "rtb-12345678", "GatewayId": "igw-12345678"});
    check("CreateRoute", route, &["route-table/rtb-12345678"]);
    let ingress = json!({"GroupId": "sg-12345678",
        "IpPermissions": [{"UserIdGroupPairs": [{"GroupId": "sg-87654321"}]}]});
    check("AuthorizeSecurityGroupIngress", ingress, &["security-group/sg-12345678"]);
    let two = json!({"InstanceIds": ["i-12345678", "i-87654321"]});
    check("StopInstances", two, &["instance/i-12345678", "instance/i-87654321"]);
    let run = asked("ec2", "RunInstances", &json!({"ImageId": "ami-12345678", "SubnetId": "subnet-12345678"}));
    let image = "arn:aws:ec2:us-east-1::image/ami-12345678".to_owned();
    let made = ["instance/*", "network-interface/*", "volume/*"].map(arn);
    assert_eq!(run[0].1, [&made[..], &[image, arn("subnet/subnet-12345678")]].concat());
}

#[test]
fn s3_has_names_of_its_own() {
    let bucket = "arn:aws:s3:::b";
    let object = "arn:aws:s3:::b/k";
    let of_bucket = |operation: &str, action: &str| {
        check("s3", operation, json!({"Bucket": "b"}), &format!("s3:{action}"), &[bucket]);
    };
    of_bucket("ListObjectsV2", "ListBucket");
    of_bucket("HeadBucket", "ListBucket");
    of_bucket("CreateBucket", "CreateBucket");
    of_bucket("GetBucketPolicy", "GetBucketPolicy");
    of_bucket("DeleteBucketEncryption", "PutEncryptionConfiguration");
    of_bucket("DeletePublicAccessBlock", "PutBucketPublicAccessBlock");
    check("s3", "ListBuckets", json!({}), "s3:ListAllMyBuckets", &[]);
    let of_object = |operation: &str, more: Json, expected: &[(&str, &str)]| {
        let mut input = json!({"Bucket": "b", "Key": "k"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let expected: Vec<_> =
            expected.iter().map(|(action, arn)| (format!("s3:{action}"), vec![(*arn).to_owned()])).collect();
        assert_eq!(asked("s3", operation, &input), expected, "{operation} {more}");
    };
    of_object("GetObject", json!({}), &[("GetObject", object)]);
    of_object("HeadObject", json!({"VersionId": "v"}), &[("GetObjectVersion", object)]);
    of_object("UploadPart", json!({}), &[("PutObject", object)]);
    of_object("PutObject", json!({"ACL": "private"}), &[("PutObject", object), ("PutObjectAcl", object)]);
    let copy = json!({"CopySource": "/other/a%20b?versionId=1"});
    of_object("CopyObject", copy, &[("PutObject", object), ("GetObjectVersion", "arn:aws:s3:::other/a b")]);
    let delete = json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l", "VersionId": "v"}]}});
    let each = [("s3:DeleteObject", object), ("s3:DeleteObjectVersion", "arn:aws:s3:::b/l")];
    let each = each.map(|(action, arn)| (action.to_owned(), vec![arn.to_owned()]));
    assert_eq!(asked("s3", "DeleteObjects", &delete), each);
}
