//! Records against real ones: inputs and outputs as trees, parameters as AWS's records of such calls have them.

mod network;

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::contract::{self, Contract, Kind, ShapeId};
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Note, Resource, Sender, Signature, SignedIn};
use crate::world::caller::{Caller, Credentials, Issuer, Principal, Session};
use crate::world::fields::Output;
use crate::world::op::{Access, Op};
use crate::world::passage::Passage;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings, World};

use super::{Facts, write};

const ACCOUNT: &str = "123837392027";

/// A call whose record is looked at.
struct Case {
    service: &'static str,
    operation: &'static str,
    /// Members with the contract's names; times are ISO texts.
    input: Json,
    outcome: Result<Json, Fault>,
    caller: Caller,
    note: Note,
    op: Option<&'static Op>,
    arguments: Vec<(String, String)>,
    host: &'static str,
    /// A service that calls on behalf of the caller.
    via: Option<&'static str>,
    /// The VPC endpoint that it came through.
    passage: Option<Passage>,
}

fn case(service: &'static str, operation: &'static str, input: Json, output: Json) -> Case {
    Case {
        service,
        operation,
        input,
        outcome: Ok(output),
        caller: user(),
        note: Note::default(),
        op: None,
        arguments: Vec::new(),
        host: "localhost:4566",
        via: None,
        passage: None,
    }
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn user() -> Caller {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/christophe");
    Caller {
        account: account(ACCOUNT),
        principal: Principal::User { id: "AIDATFQR7NSCQLA2F4ODX".into(), name: "christophe".into(), arn },
        access_key: Some("AKIATFQR7NSC3ZO6PKAZ".into()),
        session: None,
    }
}

fn role_session() -> Caller {
    Caller {
        principal: Principal::Role { session_name: "aws-go-sdk-1688990082523310002".into() },
        access_key: Some("ASIATFQR7NSC7E2ZIBM2".into()),
        session: Some(Session {
            created: "2023-07-10T11:54:47Z".parse().unwrap(),
            mfa: false,
            issuer: Some(Issuer {
                id: "AROATFQR7NSCWWVLB7BES".into(),
                arn: format!("arn:aws:iam::{ACCOUNT}:role/stratus"),
                name: "stratus".into(),
            }),
            source_identity: None,
        }),
        ..user()
    }
}

fn world() -> World {
    let settings = Settings {
        account: account(ACCOUNT),
        region: Region::US_EAST_1,
        seed: 7,
        cadence: Cadence::Fast,
        data_dir: PathBuf::new(),
        log_memory: 16 << 20,
    };
    World::new(settings, "2023-07-10T12:09:47.123Z".parse().unwrap())
}

/// The records that a case leaves.
fn records(case: Case) -> Vec<Json> {
    let contract = contract::get(case.service).unwrap();
    let operation = contract.find(case.operation).unwrap();
    let op = contract.operation(operation);
    let output = case.outcome.map(|output| Output { value: tree(contract, op.output, &output), ..Output::default() });
    let connection = Connection {
        source_ip: "203.0.113.9".into(),
        user_agent: "aws-cli/2.15".into(),
        host: case.host.into(),
        arguments: case.arguments,
        body_length: 0,
        signature: Signature::V4(SignedIn::Header),
        gate: None,
    };
    let sender = match (case.via, &case.caller.principal) {
        (Some(name), _) => Sender::OnBehalf { name, caller: Box::new(case.caller.clone()) },
        (_, Principal::Service(name)) => Sender::Service { name, account: case.caller.account.clone(), source: None },
        _ => Sender::Client { credentials: Credentials::default(), connection },
    };
    let input = Ok(tree(contract, op.input, &case.input));
    let call = Call { contract, operation, region: Region::US_EAST_1, sender, input, upload: Ok(Upload::default()) };
    let mut world = world();
    let request_id = "7c6e3d04-0c3b-42f2-8589-1d7c14c0c374";
    let facts = Facts {
        call: &call,
        op: case.op,
        caller: &case.caller,
        passage: case.passage.as_ref(),
        request_id,
        received: 0,
        outcome: &output,
        note: case.note,
    };
    write(&mut world, facts);
    let entries = world.events.iter_from(world.events.start());
    entries.map(|entry| serde_json::from_str(&entry.record).unwrap()).collect()
}

/// A JSON tree as the codecs would have read it.
fn tree(contract: &Contract, shape: Option<ShapeId>, json: &Json) -> Value {
    let kind = shape.map(|shape| &contract.shape(shape).kind);
    match (json, kind) {
        (Json::Null, _) => Value::Null,
        (Json::Bool(flag), _) => Value::Bool(*flag),
        (Json::Number(number), _) => {
            number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Int)
        }
        (Json::String(text), Some(Kind::Timestamp(_))) => Value::Time(text.parse().unwrap()),
        (Json::String(text), Some(Kind::Blob)) => Value::Blob(text.clone().into()),
        (Json::String(text), _) => Value::Str(text.clone()),
        (Json::Array(items), kind) => {
            let of = if let Some(Kind::List { member, .. }) = kind { Some(member.shape) } else { None };
            Value::List(items.iter().map(|item| tree(contract, of, item)).collect())
        }
        (Json::Object(members), kind) => {
            let of = |name: &str| match kind? {
                Kind::Map { value, .. } => Some(value.shape),
                Kind::Structure(structure) => Some(structure.member(name).unwrap_or_else(|| panic!("{name}")).shape),
                _ => None,
            };
            let members = members.iter().map(|(name, value)| (name.clone().into(), tree(contract, of(name), value)));
            Value::Map(Map(members.collect()))
        }
    }
}

/// Checks `requestParameters` and `responseElements` of a client's call.
fn check(case: Case, request: Json, response: Json) {
    let name = case.operation;
    let records = records(case);
    assert_eq!(records.len(), 1, "{name}");
    assert_eq!(records[0]["requestParameters"], request, "{name}");
    assert_eq!(records[0]["responseElements"], response, "{name}");
}

const NULL: Json = Json::Null;

#[test]
fn members_have_their_first_letter_lowered() {
    let created = json!({"Name": "m", "S3BucketName": "b", "TrailARN": "arn:aws:cloudtrail:us-east-1:1:trail/m",
        "LogFileValidationEnabled": true});
    check(
        case(
            "cloudtrail",
            "CreateTrail",
            json!({"Name": "m", "S3BucketName": "b", "EnableLogFileValidation": true,
            "TagsList": [{"Key": "StratusRedTeam", "Value": "true"}]}),
            created,
        ),
        json!({"name": "m", "s3BucketName": "b", "enableLogFileValidation": true,
            "tagsList": [{"key": "StratusRedTeam", "value": "true"}]}),
        json!({"name": "m", "s3BucketName": "b", "trailARN": "arn:aws:cloudtrail:us-east-1:1:trail/m",
            "logFileValidationEnabled": true}),
    );
    check(
        case(
            "cloudtrail",
            "LookupEvents",
            json!({"LookupAttributes": [{"AttributeKey": "ReadOnly",
            "AttributeValue": "false"}], "StartTime": "2025-10-26T23:50:52Z"}),
            json!({"Events": []}),
        ),
        json!({"lookupAttributes": [{"attributeKey": "ReadOnly", "attributeValue": "false"}],
            "startTime": "Oct 26, 2025, 11:50:52 PM"}),
        NULL,
    );
    check(
        case("cloudtrail", "DescribeTrails", json!({"trailNameList": [], "includeShadowTrails": true}), json!({})),
        json!({"trailNameList": [], "includeShadowTrails": true}),
        NULL,
    );
    check(
        case("iam", "CreateServiceLinkedRole", json!({"AWSServiceName": "autoscaling.amazonaws.com"}), json!({})),
        json!({"aWSServiceName": "autoscaling.amazonaws.com"}),
        NULL,
    );
    check(
        case(
            "sqs",
            "SetQueueAttributes",
            json!({"QueueUrl": "q", "Attributes": {"VisibilityTimeout": "30"}}),
            json!({}),
        ),
        json!({"queueUrl": "q", "attributes": {"VisibilityTimeout": "30"}}),
        NULL,
    );
}

#[test]
fn calls_without_parameters_or_answers_show_null() {
    check(case("sts", "GetCallerIdentity", json!({}), json!({"Account": ACCOUNT})), NULL, NULL);
    check(case("iam", "GetUser", json!({}), json!({"User": {"UserName": "a"}})), NULL, NULL);
    check(case("iam", "ChangePassword", json!({"OldPassword": "a", "NewPassword": "b"}), json!({})), NULL, NULL);
    check(
        case("iam", "AttachRolePolicy", json!({"RoleName": "r", "PolicyArn": "p"}), json!({})),
        json!({"roleName": "r", "policyArn": "p"}),
        NULL,
    );
}

#[test]
fn answers_without_secrets() {
    check(
        case(
            "iam",
            "CreateAccessKey",
            json!({"UserName": "u"}),
            json!({"AccessKey": {"UserName": "u",
            "AccessKeyId": "AKIA", "Status": "Active", "SecretAccessKey": "s", "CreateDate": "2023-07-10T12:24:29Z"}}),
        ),
        json!({"userName": "u"}),
        json!({"accessKey": {"accessKeyId": "AKIA", "status": "Active", "userName": "u",
            "createDate": "Jul 10, 2023 12:24:29 PM"}}),
    );
    check(
        case(
            "sts",
            "AssumeRole",
            json!({"RoleArn": "r", "RoleSessionName": "s", "DurationSeconds": 900}),
            json!({"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t",
                "Expiration": "2023-07-10T12:09:47Z"}, "AssumedRoleUser": {"AssumedRoleId": "i", "Arn": "a"}}),
        ),
        json!({"roleArn": "r", "roleSessionName": "s", "durationSeconds": 900}),
        json!({"credentials": {"accessKeyId": "ASIA", "sessionToken": "t", "expiration": "Jul 10, 2023, 12:09:47 PM"},
            "assumedRoleUser": {"assumedRoleId": "i", "arn": "a"}}),
    );
}

#[test]
fn redactions_and_defaults() {
    const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
    check(
        case("sns", "Publish", json!({"TopicArn": "t", "Message": "m", "Subject": "s"}), json!({"MessageId": "i"})),
        json!({"topicArn": "t", "message": HIDDEN, "subject": HIDDEN}),
        json!({"messageId": "i"}),
    );
    check(
        case("sns", "Subscribe", json!({"TopicArn": "t", "Protocol": "email"}), json!({"SubscriptionArn": "s"})),
        json!({"topicArn": "t", "protocol": "email", "returnSubscriptionArn": false}),
        json!({"subscriptionArn": "s"}),
    );
    check(
        case("events", "PutEvents", json!({"Entries": [{"Source": "my-application", "Detail": "{}"}]}), json!({})),
        json!({"entries": [{"source": "my-application", "detail": HIDDEN}]}),
        NULL,
    );
    check(
        case("iam", "CreateLoginProfile", json!({"UserName": "u", "Password": "p"}), json!({})),
        json!({"userName": "u", "passwordResetRequired": false}),
        NULL,
    );
    check(
        case("ec2", "ModifyInstanceAttribute", json!({"InstanceId": "i-1", "Attribute": "a", "Value": "v"}), json!({})),
        json!({"instanceId": "i-1", "attribute": "a", "value": "<sensitiveDataRemoved>"}),
        json!({"requestId": "7c6e3d04-0c3b-42f2-8589-1d7c14c0c374", "_return": true}),
    );
}

#[test]
fn older_ec2_actions_show_item_sets() {
    let running = json!([{"Name": "instance-state-name", "Values": ["running", "pending"]}]);
    check(
        case("ec2", "DescribeInstances", json!({"Filters": running}), json!({})),
        json!({"instancesSet": {}, "filterSet": {"items": [{"name": "instance-state-name",
            "valueSet": {"items": [{"value": "running"}, {"value": "pending"}]}}]}}),
        NULL,
    );
    let listings = [
        ("DescribeVpcs", json!({"vpcSet": {}, "filterSet": {}})),
        ("DescribeSecurityGroups", json!({"securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}})),
        ("DescribeKeyPairs", json!({"keySet": {}, "filterSet": {}, "keyPairIdSet": {}})),
        ("DescribeAvailabilityZones", json!({"availabilityZoneSet": {}, "availabilityZoneIdSet": {}})),
        ("DescribeInstanceStatus", json!({"instancesSet": {}, "filterSet": {}, "includeAllInstances": false})),
        ("DescribeVpnGateways", json!({"vpnGatewaySet": {}, "filterSet": {}})),
        ("DescribeTags", json!({"filterSet": {}})),
    ];
    for (operation, request) in listings {
        check(case("ec2", operation, json!({}), json!({})), request, NULL);
    }
    check(
        case("ec2", "DescribeDhcpOptions", json!({"DhcpOptionsIds": ["dopt-1"]}), json!({})),
        json!({"dhcpOptionsSet": {"items": [{"dhcpOptionsId": "dopt-1"}]}, "filterSet": {}}),
        NULL,
    );
    check(
        case("ec2", "DescribeSubnets", json!({"SubnetIds": ["subnet-1"]}), json!({})),
        json!({"subnetSet": {"items": [{"subnetId": "subnet-1"}]}, "filterSet": {}}),
        NULL,
    );
}

#[test]
fn older_ec2_actions_that_change_something() {
    const ID: &str = "7c6e3d04-0c3b-42f2-8589-1d7c14c0c374";
    check(
        case(
            "ec2",
            "CreateTags",
            json!({"Resources": ["ami-1"], "Tags": [{"Key": "StratusRedTeam", "Value": "true"}]}),
            json!({}),
        ),
        json!({"resourcesSet": {"items": [{"resourceId": "ami-1"}]},
            "tagSet": {"items": [{"key": "StratusRedTeam", "value": "true"}]}}),
        json!({"requestId": ID, "_return": true}),
    );
    check(
        case(
            "ec2",
            "AuthorizeSecurityGroupEgress",
            json!({"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1",
            "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}),
            json!({"Return": true}),
        ),
        json!({"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "-1", "groups": {},
            "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}}),
        json!({"requestId": ID, "_return": true}),
    );
    check(
        case(
            "ec2",
            "CreateVpc",
            json!({"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc",
            "Tags": [{"Key": "k", "Value": "v"}]}]}),
            json!({"Vpc": {"VpcId": "vpc-1", "IsDefault": false,
            "Ipv6CidrBlockAssociationSet": [], "Tags": [{"Key": "k", "Value": "v"}]}}),
        ),
        json!({"cidrBlock": "10.0.0.0/16", "instanceTenancy": "default", "amazonProvidedIpv6CidrBlock": false,
            "tagSpecificationSet": {"items": [{"resourceType": "vpc", "tags": [{"key": "k", "value": "v"}]}]}}),
        json!({"requestId": ID, "vpc": {"vpcId": "vpc-1", "isDefault": false, "ipv6CidrBlockAssociationSet": {},
            "tagSet": {"items": [{"key": "k", "value": "v"}]}}}),
    );
    check(
        case(
            "ec2",
            "CreateSnapshot",
            json!({"VolumeId": "vol-1"}),
            json!({"SnapshotId": "snap-1",
            "StartTime": "2023-07-10T12:10:36.782Z", "Encrypted": false}),
        ),
        json!({"volumeId": "vol-1"}),
        json!({"requestId": ID, "snapshotId": "snap-1", "startTime": 1688991036782u64, "encrypted": false}),
    );
    check(
        case(
            "ec2",
            "RunInstances",
            json!({"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "InstanceType": "t2.micro"}),
            json!({"ReservationId": "r-1", "Groups": []}),
        ),
        json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 1}]},
            "instanceType": "t2.micro", "blockDeviceMapping": {}, "monitoring": {"enabled": false},
            "disableApiTermination": false, "disableApiStop": false}),
        json!({"requestId": ID, "reservationId": "r-1", "groupSet": {}}),
    );
    check(
        case("ec2", "DeleteSnapshot", json!({"SnapshotId": "snap-1"}), json!({})),
        json!({"snapshotId": "snap-1", "force": false}),
        json!({"requestId": ID, "_return": true}),
    );
}

#[test]
fn newer_ec2_actions_show_their_xml() {
    const ID: &str = "7c6e3d04-0c3b-42f2-8589-1d7c14c0c374";
    check(
        case(
            "ec2",
            "CreateFlowLogs",
            json!({"ResourceIds": ["vpc-1"], "ResourceType": "VPC",
            "TrafficType": "REJECT", "MaxAggregationInterval": 600, "TagSpecifications": [{
            "ResourceType": "vpc-flow-log", "Tags": [{"Key": "StratusRedTeam", "Value": "true"}]}]}),
            json!({"FlowLogIds": ["fl-1"], "Unsuccessful": []}),
        ),
        json!({"CreateFlowLogsRequest": {"ResourceId": {"tag": 1, "content": "vpc-1"}, "ResourceType": "VPC",
            "TrafficType": "REJECT", "MaxAggregationInterval": 600, "TagSpecification": {
            "ResourceType": "vpc-flow-log", "tag": 1, "Tag": {"Value": true, "tag": 1, "Key": "StratusRedTeam"}}}}),
        json!({"CreateFlowLogsResponse": {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "requestId": ID,
            "unsuccessful": "", "flowLogIdSet": {"item": "fl-1"}}}),
    );
    check(
        case("ec2", "DescribeFlowLogs", json!({"Filter": [{"Name": "resource-id", "Values": ["vpc-1"]}]}), json!({})),
        json!({"DescribeFlowLogsRequest": {"Filter": {"Name": "resource-id", "tag": 1,
            "Value": {"tag": 1, "content": "vpc-1"}}}}),
        NULL,
    );
    check(
        case("ec2", "DescribeLaunchTemplates", json!({}), json!({})),
        json!({"DescribeLaunchTemplatesRequest": ""}),
        NULL,
    );
    check(
        case("ec2", "DescribeVpcClassicLinkDnsSupport", json!({"VpcIds": ["vpc-1"]}), json!({})),
        json!({"DescribeVpcClassicLinkDnsSupportRequest": {"VpcIds": {"tag": 1, "content": "vpc-1"}}}),
        NULL,
    );
}

/// A case of S3, with the host of a bucket.
fn s3(operation: &'static str, input: Json, output: Json) -> Case {
    Case { host: "b.s3.amazonaws.com", ..case("s3", operation, input, output) }
}

#[test]
fn s3_shows_the_request_as_it_travelled() {
    const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
    let host = "b.s3.amazonaws.com";
    check(
        s3("GetBucketAcl", json!({"Bucket": "b"}), json!({})),
        json!({"bucketName": "b", "Host": host, "acl": ""}),
        NULL,
    );
    check(
        s3("CreateBucket", json!({"Bucket": "b", "ACL": "private"}), json!({"Location": "/b"})),
        json!({"bucketName": "b", "Host": host, "x-amz-acl": "private"}),
        NULL,
    );
    check(
        s3("PutBucketVersioning", json!({"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}}), json!({})),
        json!({"bucketName": "b", "Host": host, "versioning": "",
            "VersioningConfiguration": {"Status": "Enabled", "xmlns": NAMESPACE}}),
        NULL,
    );
    let tags = |tags: Json| json!({"Bucket": "b", "Tagging": {"TagSet": tags}});
    check(
        s3("PutBucketTagging", tags(json!([{"Key": "StratusRedTeam", "Value": "true"}])), json!({})),
        json!({"bucketName": "b", "Host": host, "tagging": "",
            "Tagging": {"xmlns": NAMESPACE, "TagSet": {"Tag": {"Value": true, "Key": "StratusRedTeam"}}}}),
        NULL,
    );
    check(
        s3("PutBucketTagging", tags(json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x"}])), json!({})),
        json!({"bucketName": "b", "Host": host, "tagging": "", "Tagging": {"xmlns": NAMESPACE,
            "TagSet": {"Tag": [{"Key": "a", "Value": 1}, {"Key": "b", "Value": "x"}]}}}),
        NULL,
    );
    check(
        s3(
            "PutBucketReplication",
            json!({"Bucket": "b", "ReplicationConfiguration": {"Role": "r", "Rules": [{
            "Priority": 1, "Filter": {"Prefix": ""}, "Status": "Enabled", "Destination": {"Bucket": "c"}}]}}),
            json!({}),
        ),
        json!({"bucketName": "b", "Host": host, "replication": "", "ReplicationConfiguration": {"Role": "r",
            "Rule": {"Priority": 1, "Filter": {"Prefix": ""}, "Status": "Enabled", "Destination": {"Bucket": "c"}},
            "xmlns": NAMESPACE}}),
        NULL,
    );
    let grants = json!([{"Grantee": {"Type": "CanonicalUser", "ID": "i"}, "Permission": "READ"}]);
    check(
        s3("PutBucketAcl", json!({"Bucket": "b", "AccessControlPolicy": {"Grants": grants}}), json!({})),
        json!({"bucketName": "b", "Host": host, "acl": "", "AccessControlPolicy": {"xmlns": NAMESPACE,
            "AccessControlList": {"Grant": {"Permission": "READ", "Grantee": {"xsi:type": "CanonicalUser", "ID": "i",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}}}}}),
        NULL,
    );
    check(
        s3("PutBucketPolicy", json!({"Bucket": "b", "Policy": "{\n \"Version\": \"2012-10-17\"}"}), json!({})),
        json!({"bucketName": "b", "Host": host, "policy": "", "bucketPolicy": {"Version": "2012-10-17"}}),
        NULL,
    );
}

const PUT_OBJECT: Op = Op::new("PutObject", Access::Write, |_, _| Ok(Output::default()), |_, _, _| Vec::new()).data();
static DATA_WRITE: Op = PUT_OBJECT;

#[test]
fn s3_data_events() {
    let put = Case {
        op: Some(&DATA_WRITE),
        ..s3(
            "PutObject",
            json!({"Bucket": "b", "Key": "k/1", "ServerSideEncryption": "AES256", "ContentType": "text/plain",
                "Metadata": {"a": "b"}, "SSECustomerKey": "secret"}),
            json!({"ETag": "\"e\"", "ServerSideEncryption": "AES256", "VersionId": "v"}),
        )
    };
    check(
        put,
        json!({"bucketName": "b", "Host": "b.s3.amazonaws.com", "key": "k/1", "x-amz-server-side-encryption": "AES256"}),
        json!({"x-amz-server-side-encryption": "AES256", "x-amz-version-id": "v"}),
    );
    let arguments = [
        "list-type",
        "prefix",
        "x-id",
        "X-Amz-Expires",
        "X-Amz-Signature",
        "x-amz-security-token",
        "AWSAccessKeyId",
        "Signature",
    ];
    let mut list = s3("ListObjectsV2", json!({"Bucket": "b", "Prefix": "p", "MaxKeys": 1}), json!({}));
    list.arguments = arguments.map(|name| (name.to_owned(), "2".to_owned())).into();
    let record = &records(list)[0];
    assert_eq!(record["eventName"], "ListObjects");
    assert_eq!(
        record["requestParameters"],
        json!({"bucketName": "b", "Host": "b.s3.amazonaws.com", "list-type": "2", "prefix": "p", "max-keys": "1",
            "x-id": "2", "X-Amz-Expires": "2"}),
    );
    // Headers that a presigned URL carries are shown once; what proves the signer is not, whatever its case.
    let arguments = ["x-amz-storage-class", "AWSAccessKeyId", "Signature", "x-amz-signature", "Expires"];
    let mut put = s3("PutObject", json!({"Bucket": "b", "Key": "k", "StorageClass": "2"}), json!({}));
    put.arguments = arguments.map(|name| (name.to_owned(), "2".to_owned())).into();
    assert_eq!(
        records(put)[0]["requestParameters"].to_string(),
        json!({"bucketName": "b", "Host": "b.s3.amazonaws.com", "key": "k", "Expires": "2", "x-amz-storage-class": "2"})
            .to_string(),
    );
}

#[test]
fn the_envelope_of_an_s3_call() {
    let mut call = s3("GetBucketPolicy", json!({"Bucket": "b"}), json!({}));
    call.outcome = Err(Fault::new("NoSuchBucketPolicy", "The bucket policy does not exist"));
    let arn = "arn:aws:s3:::b".to_owned();
    let bucket = Resource { account: Some(account(ACCOUNT)), kind: "AWS::S3::Bucket", arn, is_prefix: false };
    call.note.resources.push(bucket);
    let record = &records(call)[0];
    let keys: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    let delivered = "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent \
        errorCode errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly \
        resources eventType managementEvent recipientAccountId eventCategory tlsDetails";
    assert_eq!(keys, delivered.split_whitespace().collect::<Vec<_>>());
    assert_eq!(record["userAgent"], "[aws-cli/2.15]");
    assert_eq!(record["errorCode"], "NoSuchBucketPolicy");
    assert_eq!(
        record["resources"],
        json!([{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}])
    );
    assert_eq!(record["tlsDetails"], json!({"clientProvidedHostHeader": "b.s3.amazonaws.com"}));
    let more: Vec<_> = record["additionalEventData"].as_object().unwrap().keys().map(String::as_str).collect();
    let order = "SignatureVersion bytesTransferredIn AuthenticationMethod x-amz-id-2 bytesTransferredOut";
    assert_eq!(more, order.split(' ').collect::<Vec<_>>());
}

#[test]
fn denials() {
    let denied = |service, operation, input, code: &str| {
        let mut case = case(service, operation, input, NULL);
        case.outcome = Err(Fault::new(code, "m".repeat(2000)));
        records(case).remove(0)
    };
    let record = denied("cloudtrail", "DeleteTrail", json!({"Name": "n"}), "AccessDeniedException");
    assert_eq!((&record["errorCode"], &record["requestParameters"]), (&json!("AccessDenied"), &NULL));
    let record = denied("events", "ListRules", json!({}), "AccessDeniedException");
    assert_eq!((&record["errorCode"], record.get("apiVersion")), (&json!("AccessDenied"), None));
    let record = denied("ec2", "DeleteVolume", json!({"VolumeId": "vol-1"}), "UnauthorizedOperation");
    assert_eq!(record["errorCode"], "Client.UnauthorizedOperation");
    assert_eq!(record["requestParameters"], json!({"volumeId": "vol-1", "reportVolumeFailure": false}));
    assert_eq!(record["errorMessage"].as_str().unwrap().len(), 1024);
    let record = denied("iam", "DeleteLoginProfile", json!({"UserName": "u"}), "NoSuchEntityException");
    assert_eq!(record["requestParameters"], json!({"userName": "u"}));
    let record = denied("events", "ListRules", json!({}), "ResourceNotFoundException");
    assert_eq!(record["apiVersion"], "2015-10-07");
}

#[test]
fn identities() {
    let of = |caller: Caller| {
        let case = Case { caller, ..s3("ListBuckets", json!({}), json!({})) };
        records(case).remove(0)["userIdentity"].to_string()
    };
    let anonymous = Caller { principal: Principal::Anonymous, access_key: None, session: None, ..user() };
    let root = Caller { principal: Principal::Root, ..user() };
    let refused = Caller { access_key: Some("AKIAX".into()), ..anonymous.clone() };
    let service = Caller { principal: Principal::Service("cloudtrail.amazonaws.com"), ..anonymous.clone() };
    let cases = [
        (
            root,
            r#"{"type":"Root","principalId":"123837392027","arn":"arn:aws:iam::123837392027:root","accountId":"123837392027","accessKeyId":"AKIATFQR7NSC3ZO6PKAZ"}"#,
        ),
        (
            user(),
            r#"{"type":"IAMUser","principalId":"AIDATFQR7NSCQLA2F4ODX","arn":"arn:aws:iam::123837392027:user/christophe","accountId":"123837392027","accessKeyId":"AKIATFQR7NSC3ZO6PKAZ","userName":"christophe"}"#,
        ),
        (
            role_session(),
            r#"{"type":"AssumedRole","principalId":"AROATFQR7NSCWWVLB7BES:aws-go-sdk-1688990082523310002","arn":"arn:aws:sts::123837392027:assumed-role/stratus/aws-go-sdk-1688990082523310002","accountId":"123837392027","accessKeyId":"ASIATFQR7NSC7E2ZIBM2","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROATFQR7NSCWWVLB7BES","arn":"arn:aws:iam::123837392027:role/stratus","accountId":"123837392027","userName":"stratus"},"attributes":{"creationDate":"2023-07-10T11:54:47Z","mfaAuthenticated":"false"}}}"#,
        ),
        (
            Caller {
                session: role_session().session.map(|session| Session {
                    issuer: None,
                    source_identity: Some("ada".into()),
                    ..session
                }),
                ..user()
            },
            r#"{"type":"IAMUser","principalId":"AIDATFQR7NSCQLA2F4ODX","arn":"arn:aws:iam::123837392027:user/christophe","accountId":"123837392027","accessKeyId":"AKIATFQR7NSC3ZO6PKAZ","userName":"christophe","sessionContext":{"attributes":{"creationDate":"2023-07-10T11:54:47Z","mfaAuthenticated":"false"},"sourceIdentity":"ada"}}"#,
        ),
        (service, r#"{"type":"AWSService","invokedBy":"cloudtrail.amazonaws.com"}"#),
        (anonymous, r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#),
        (refused, r#"{"type":"Unknown","accessKeyId":"AKIAX"}"#),
    ];
    for (caller, expected) in cases {
        assert_eq!(of(caller), expected);
    }
}

#[test]
fn a_service_on_behalf_of_a_user() {
    let name = "lambda.amazonaws.com";
    let record = records(Case { via: Some(name), ..case("kms", "ListKeys", json!({}), json!({})) }).remove(0);
    assert_eq!(record["userIdentity"]["type"], "IAMUser");
    assert_eq!(record["userIdentity"]["invokedBy"], name);
    assert_eq!((&record["sourceIPAddress"], &record["userAgent"]), (&json!(name), &json!(name)));
    assert_eq!((record.get("tlsDetails"), record.get("sharedEventID")), (None, None));
}

#[test]
fn services_and_other_accounts_share_an_event() {
    let service = Caller { principal: Principal::Service("cloudtrail.amazonaws.com"), access_key: None, ..user() };
    let record = records(Case { caller: service, ..s3("GetBucketAcl", json!({"Bucket": "b"}), json!({})) }).remove(0);
    assert_eq!(record["sourceIPAddress"], "cloudtrail.amazonaws.com");
    assert_eq!(record["userAgent"], "cloudtrail.amazonaws.com");
    assert_eq!(record["requestParameters"]["Host"], "b.s3.us-east-1.amazonaws.com");
    assert_eq!((record.get("tlsDetails"), &record["eventID"].as_str().unwrap()[14..15]), (None, "3"));
    assert_eq!(record["sharedEventID"].as_str().unwrap()[14..15], *"4");

    let mut assumed = case("sts", "AssumeRole", json!({"RoleArn": "r"}), json!({}));
    assumed.note.owner = Some(account("193672423079"));
    let records = records(assumed);
    let [own, theirs] = &records[..] else { panic!("two records: {records:?}") };
    assert_eq!(
        own["additionalEventData"]["RequestDetails"],
        json!({"awsServingRegion": "us-east-1", "endpointType": "regional"})
    );
    assert_eq!((&own["recipientAccountId"], &theirs["recipientAccountId"]), (&json!(ACCOUNT), &json!("193672423079")));
    assert_eq!(own["sharedEventID"], theirs["sharedEventID"]);
    assert_ne!(own["eventID"], theirs["eventID"]);
    assert_eq!(
        theirs["userIdentity"],
        json!({"type": "AWSAccount", "principalId": "AIDATFQR7NSCQLA2F4ODX", "accountId": ACCOUNT}),
    );
}
