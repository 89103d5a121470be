//! What is configured, seen through the operations.

use serde_json::{Value as Json, json};

use crate::contract;
use crate::wire::{Map, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::Credentials;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings, World};

use super::destinations::{Destination, destination_arn};

const ACCOUNT: &str = "111122223333";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":["logs:PutLogEvents","logs:CreateLogStream"],"Resource":"*"}]}"#;

pub(super) fn world() -> World {
    let settings = Settings {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: std::env::temp_dir().join("trailcam-no-such-folder"),
        log_memory: 16 << 20,
    };
    World::new(settings, "2026-01-01T00:00:00Z".parse().unwrap())
}

/// A call's answer, or the code and sentence it was refused with.
pub(super) fn call(world: &mut World, operation: &str, input: Json) -> Result<Json, (String, String)> {
    let contract = contract::get("logs").unwrap();
    let credentials = Credentials { access_key: Some(ACCOUNT.into()), session_token: None };
    let call = Call {
        contract,
        operation: contract.find(operation).unwrap(),
        region: Region::US_EAST_1,
        sender: Sender::Client { credentials, connection: Connection::default() },
        input: Ok(tree(&input)),
        upload: Ok(Upload::default()),
    };
    let mut answer = perform(world, call);
    if let Some(scan) = answer.take_scan() {
        answer.finish(scan.run());
    }
    answer.outcome.map(|output| json_of(&output.value)).map_err(|fault| (fault.code, fault.message))
}

fn tree(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => {
            Value::Map(Map(members.iter().map(|(name, value)| (name.clone().into(), tree(value))).collect()))
        }
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Str(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(json_of).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(name, value)| (name.to_owned(), json_of(value))).collect()),
        other => panic!("{other:?} is not in these answers"),
    }
}

/// Calls in order, each with the code and the start of the sentence it is refused with; empty for an answer.
pub(super) fn story(world: &mut World, calls: &[(&str, Json, &str)]) {
    for (operation, input, wanted) in calls {
        let said = match call(world, operation, input.clone()) {
            Ok(_) => String::new(),
            Err((code, sentence)) => format!("{code}: {sentence}"),
        };
        assert!(said.starts_with(wanted) && wanted.is_empty() == said.is_empty(), "{operation} {input}: {said}");
    }
}

fn names(answer: &Json, list: &str, member: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn groups_are_made_once_and_deleted() {
    let name = json!({"logGroupName": "/app/a"});
    story(
        &mut world(),
        &[
            ("CreateLogGroup", name.clone(), ""),
            ("CreateLogGroup", name.clone(), "ResourceAlreadyExistsException: The specified log group already exists"),
            (
                "CreateLogGroup",
                json!({"logGroupName": "aws/b"}),
                "InvalidParameterException: Log groups starting with AWS/",
            ),
            (
                "CreateLogGroup",
                json!({"logGroupName": "AWS/b"}),
                "InvalidParameterException: Log groups starting with AWS/",
            ),
            ("CreateLogGroup", json!({"logGroupName": "/aws/b"}), ""),
            (
                "CreateLogGroup",
                json!({"logGroupName": "a b"}),
                "InvalidParameterException: 1 validation error detected",
            ),
            (
                "CreateLogGroup",
                json!({"logGroupName": "k", "kmsKeyId": "arn:aws:kms:us-east-1:1:key/a"}),
                "NotImplemented",
            ),
            ("CreateLogGroup", json!({"logGroupName": "t", "tags": {"aws:a": "b"}}), "InvalidParameterException"),
            ("DeleteLogGroup", name.clone(), ""),
            ("DeleteLogGroup", name, "ResourceNotFoundException: The specified log group does not exist."),
        ],
    );
}

#[test]
fn protected_groups_stay() {
    let (name, stream) = (json!({"logGroupName": "p"}), json!({"logGroupName": "p", "logStreamName": "s"}));
    let protect = |identifier: &str, enabled: bool| json!({"logGroupIdentifier": identifier, "deletionProtectionEnabled": enabled});
    story(
        &mut world(),
        &[
            ("CreateLogGroup", json!({"logGroupName": "p", "deletionProtectionEnabled": true}), ""),
            ("CreateLogStream", stream.clone(), ""),
            (
                "DeleteLogGroup",
                name.clone(),
                "ValidationException: Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
            ),
            ("DeleteLogStream", stream.clone(), "ValidationException"),
            ("PutLogGroupDeletionProtection", protect("arn:aws:logs:us-east-1:111122223333:log-group:p", false), ""),
            ("DeleteLogStream", stream, ""),
            ("PutLogGroupDeletionProtection", protect("p", true), ""),
            ("DeleteLogGroup", name.clone(), "ValidationException"),
            ("PutLogGroupDeletionProtection", protect("p", false), ""),
            ("DeleteLogGroup", name, ""),
            ("PutLogGroupDeletionProtection", protect("p", true), "ResourceNotFoundException"),
        ],
    );
}

#[test]
fn retention_is_one_of_a_list() {
    let days = |group: &str, days: i64| json!({"logGroupName": group, "retentionInDays": days});
    let list = "InvalidParameterException: Invalid retention value. Valid values are: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]";
    let delivery = "ValidationException: This operation is not supported for Delivery log class";
    let mut world = world();
    story(
        &mut world,
        &[
            ("CreateLogGroup", json!({"logGroupName": "a"}), ""),
            ("CreateLogGroup", json!({"logGroupName": "d", "logGroupClass": "DELIVERY"}), ""),
            ("PutRetentionPolicy", days("a", 14), ""),
            ("PutRetentionPolicy", days("a", 10), list),
            ("PutRetentionPolicy", days("a", 0), list),
            ("PutRetentionPolicy", days("b", 14), "ResourceNotFoundException"),
            ("PutRetentionPolicy", days("d", 14), delivery),
            ("DeleteRetentionPolicy", json!({"logGroupName": "d"}), delivery),
        ],
    );
    let shown = |world: &mut World| {
        let answer = call(world, "DescribeLogGroups", json!({})).unwrap();
        answer["logGroups"].as_array().unwrap().iter().map(|group| group["retentionInDays"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&mut world), [json!(14), json!(2)]);
    call(&mut world, "DeleteRetentionPolicy", json!({"logGroupName": "a"})).unwrap();
    assert_eq!(shown(&mut world), [Json::Null, json!(2)]);
}

#[test]
fn groups_are_listed_by_prefix_pattern_class_and_tag() {
    let mut world = world();
    let groups = [
        ("/aws/lambda/one", "STANDARD", json!({"env": "prod"})),
        ("/aws/lambda/two", "INFREQUENT_ACCESS", json!({"env": "Production"})),
        ("Data/lambda", "ESSENTIALS", json!({"team": "a"})),
    ];
    for (name, class, tags) in groups {
        call(&mut world, "CreateLogGroup", json!({"logGroupName": name, "logGroupClass": class, "tags": tags}))
            .unwrap();
    }
    let mut check = |operation: &str, input: Json, wanted: &[&str]| {
        let answer = call(&mut world, operation, input.clone()).unwrap();
        assert_eq!(names(&answer, "logGroups", "logGroupName"), wanted, "{operation} {input}");
    };
    let (one, two, data) = ("/aws/lambda/one", "/aws/lambda/two", "Data/lambda");
    check("DescribeLogGroups", json!({}), &[one, two, data]);
    check("DescribeLogGroups", json!({"logGroupNamePrefix": "/aws/"}), &[one, two]);
    check("DescribeLogGroups", json!({"logGroupNamePattern": "lambda"}), &[one, two, data]);
    check("DescribeLogGroups", json!({"logGroupNamePattern": "data"}), &[]);
    check("DescribeLogGroups", json!({"logGroupClass": "STANDARD"}), &[one]);
    check("DescribeLogGroups", json!({"logGroupClass": "ESSENTIALS"}), &[two, data]);
    check("DescribeLogGroups", json!({"logGroupIdentifiers": [two, "none"]}), &[two]);
    check(
        "DescribeLogGroups",
        json!({"includeLinkedAccounts": true, "accountIdentifiers": [ACCOUNT]}),
        &[one, two, data],
    );
    check("ListLogGroups", json!({"logGroupNamePattern": "lambda"}), &[one, two, data]);
    check("ListLogGroups", json!({"logGroupNamePattern": "^/aws/l|^Data"}), &[one, two, data]);
    check("ListLogGroups", json!({"logGroupNamePattern": "^lambda"}), &[]);
    check("ListLogGroups", json!({"logGroupClass": "ESSENTIALS"}), &[data]);
    check("ListLogGroups", json!({"logGroupTags": [{"key": "env"}]}), &[one, two]);
    check("ListLogGroups", json!({"logGroupTags": [{"key": "env", "values": ["prod*"]}]}), &[one, two]);
    check("ListLogGroups", json!({"logGroupTags": [{"key": "env", "values": ["!prod"]}]}), &[two]);
    check("ListLogGroups", json!({"logGroupTags": [{"key": "env"}, {"key": "team"}]}), &[]);
    let prefix_and_pattern = json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "b"});
    let exclusive =
        "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
    story(
        &mut world,
        &[
            ("DescribeLogGroups", prefix_and_pattern, exclusive),
            (
                "DescribeLogGroups",
                json!({"logGroupIdentifiers": ["a"], "logGroupNamePrefix": "a"}),
                "InvalidParameterException",
            ),
            (
                "DescribeLogGroups",
                json!({"includeLinkedAccounts": true, "accountIdentifiers": ["444455556666"]}),
                "InvalidParameterException",
            ),
            ("DescribeLogGroups", json!({"accountIdentifiers": [ACCOUNT]}), "InvalidParameterException"),
            (
                "DescribeLogGroups",
                json!({"limit": 51}),
                "InvalidParameterException: 1 validation error detected: Value '51' at 'limit'",
            ),
            ("ListLogGroups", json!({"dataSources": [{"name": "amazon_vpc"}]}), "NotImplemented"),
            ("ListLogGroups", json!({"fieldIndexNames": ["a"]}), "NotImplemented"),
        ],
    );
}

#[test]
fn a_group_is_shown_whole_but_by_pattern() {
    let mut world = world();
    call(&mut world, "CreateLogGroup", json!({"logGroupName": "a"})).unwrap();
    let answer = call(&mut world, "DescribeLogGroups", json!({"logGroupNamePrefix": "a"})).unwrap();
    let whole = json!({
        "logGroupName": "a",
        "creationTime": 1_767_225_600_000_i64,
        "metricFilterCount": 0,
        "arn": "arn:aws:logs:us-east-1:111122223333:log-group:a:*",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "logGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:a",
        "deletionProtectionEnabled": false,
    });
    assert_eq!(answer, json!({"logGroups": [whole]}));
    let answer = call(&mut world, "DescribeLogGroups", json!({"logGroupNamePattern": "a"})).unwrap();
    let part = json!({
        "logGroupName": "a",
        "creationTime": 1_767_225_600_000_i64,
        "arn": "arn:aws:logs:us-east-1:111122223333:log-group:a:*",
    });
    assert_eq!(answer, json!({"logGroups": [part]}));
}

#[test]
fn streams_are_made_listed_and_deleted() {
    let mut world = world();
    let named = |stream: &str| json!({"logGroupName": "g", "logStreamName": stream});
    let exists = "ResourceAlreadyExistsException: The specified log stream already exists";
    story(
        &mut world,
        &[
            ("CreateLogStream", named("a/1"), "ResourceNotFoundException: The specified log group does not exist."),
            ("CreateLogGroup", json!({"logGroupName": "g"}), ""),
            ("CreateLogStream", named("a/1"), ""),
            ("CreateLogStream", named("a/1"), exists),
            ("CreateLogStream", named("a/2"), ""),
            ("CreateLogStream", named("b"), ""),
            ("CreateLogStream", named("a:1"), "InvalidParameterException: 1 validation error detected"),
            ("DeleteLogStream", named("c"), "ResourceNotFoundException: The specified log stream does not exist."),
        ],
    );
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:g";
    let mut check = |input: Json, wanted: &[&str]| {
        let answer = call(&mut world, "DescribeLogStreams", input.clone()).unwrap();
        assert_eq!(names(&answer, "logStreams", "logStreamName"), wanted, "{input}");
    };
    check(json!({"logGroupName": "g"}), &["a/1", "a/2", "b"]);
    check(json!({"logGroupIdentifier": "g", "descending": true}), &["b", "a/2", "a/1"]);
    check(json!({"logGroupIdentifier": arn, "logStreamNamePrefix": "a/"}), &["a/1", "a/2"]);
    check(json!({"logGroupName": "g", "orderBy": "LastEventTime", "descending": true}), &["b", "a/2", "a/1"]);
    let answer =
        call(&mut world, "DescribeLogStreams", json!({"logGroupName": "g", "logStreamNamePrefix": "b"})).unwrap();
    let shown = json!({
        "logStreamName": "b",
        "creationTime": 1_767_225_600_000_i64,
        "arn": format!("{arn}:log-stream:b"),
        "storedBytes": 0,
    });
    assert_eq!(answer, json!({"logStreams": [shown]}));
    let by_time = json!({"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"});
    story(
        &mut world,
        &[
            (
                "DescribeLogStreams",
                by_time,
                "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.",
            ),
            (
                "DescribeLogStreams",
                json!({"logGroupName": "g", "logGroupIdentifier": "g"}),
                "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            ),
            ("DescribeLogStreams", json!({}), "ValidationException"),
            (
                "DescribeLogStreams",
                json!({"logGroupIdentifier": format!("{arn}:*")}),
                "InvalidParameterException: 1 validation error detected",
            ),
            (
                "DescribeLogStreams",
                json!({"logGroupIdentifier": "arn:aws:logs:us-east-1:444455556666:log-group:g"}),
                "ResourceNotFoundException",
            ),
            ("DescribeLogStreams", json!({"logGroupIdentifier": "log-group:g"}), "InvalidParameterException"),
            (
                "DescribeLogStreams",
                json!({"logGroupName": "g", "nextToken": "?"}),
                "InvalidParameterException: The specified nextToken is invalid.",
            ),
        ],
    );
}

#[test]
fn tags_by_name_and_by_arn() {
    let mut world = world();
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:g";
    let many =
        |from: usize, to: usize| (from..to).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    story(
        &mut world,
        &[
            ("CreateLogGroup", json!({"logGroupName": "g", "tags": {"env": "one"}}), ""),
            ("TagResource", json!({"resourceArn": arn, "tags": {"env": "two", "a": "b"}}), ""),
            ("TagLogGroup", json!({"logGroupName": "g", "tags": {"c": ""}}), ""),
            ("UntagResource", json!({"resourceArn": arn, "tagKeys": ["a", "none"]}), ""),
        ],
    );
    let tags = json!({"tags": {"c": "", "env": "two"}});
    assert_eq!(call(&mut world, "ListTagsForResource", json!({"resourceArn": arn})).unwrap(), tags);
    assert_eq!(call(&mut world, "ListTagsLogGroup", json!({"logGroupName": "g"})).unwrap(), tags);
    story(
        &mut world,
        &[
            ("UntagLogGroup", json!({"logGroupName": "g", "tags": ["c", "env"]}), ""),
            ("TagResource", json!({"resourceArn": arn, "tags": many(0, 50)}), ""),
            ("TagResource", json!({"resourceArn": arn, "tags": {"k0": "w"}}), ""),
            ("TagResource", json!({"resourceArn": arn, "tags": many(50, 51)}), "TooManyTagsException"),
            ("TagLogGroup", json!({"logGroupName": "g", "tags": many(50, 51)}), "InvalidParameterException"),
            ("TagResource", json!({"resourceArn": arn, "tags": {"AWS:k": "v"}}), "InvalidParameterException"),
            (
                "ListTagsForResource",
                json!({"resourceArn": format!("{arn}:*")}),
                "ValidationException: Invalid resourceArn",
            ),
            ("ListTagsForResource", json!({"resourceArn": "g"}), "ValidationException: Invalid resourceArn"),
            ("ListTagsForResource", json!({"resourceArn": format!("{arn}2")}), "ResourceNotFoundException"),
            (
                "ListTagsForResource",
                json!({"resourceArn": "arn:aws:logs:us-east-1:444455556666:log-group:g"}),
                "ResourceNotFoundException",
            ),
            (
                "ListTagsLogGroup",
                json!({"logGroupName": "g2"}),
                "ResourceNotFoundException: The specified log group does not exist.",
            ),
        ],
    );
}

#[test]
fn ten_resource_policies_and_one_for_each_group() {
    let mut world = world();
    let put = |name: &str| json!({"policyName": name, "policyDocument": POLICY});
    for n in 0..10 {
        call(&mut world, "PutResourcePolicy", put(&format!("p{n}"))).unwrap();
    }
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:g";
    let of_group = json!({"resourceArn": arn, "policyDocument": POLICY});
    story(
        &mut world,
        &[
            ("PutResourcePolicy", put("p9"), ""),
            ("PutResourcePolicy", put("p10"), "LimitExceededException: Resource limit exceeded."),
            ("PutResourcePolicy", json!({"policyDocument": POLICY}), "InvalidParameterException"),
            ("PutResourcePolicy", json!({"policyName": "p0"}), "InvalidParameterException"),
            (
                "PutResourcePolicy",
                json!({"policyName": "p0", "policyDocument": "{"}),
                "InvalidParameterException: This resource policy contains invalid Json",
            ),
            (
                "PutResourcePolicy",
                json!({"policyName": "p", "resourceArn": arn, "policyDocument": POLICY}),
                "InvalidParameterException",
            ),
            ("PutResourcePolicy", of_group.clone(), "ResourceNotFoundException"),
            ("CreateLogGroup", json!({"logGroupName": "g"}), ""),
            (
                "DeleteResourcePolicy",
                json!({"policyName": "p"}),
                "ResourceNotFoundException: Policy with name [p] does not exist.",
            ),
            ("DeleteResourcePolicy", json!({"resourceArn": arn}), "ResourceNotFoundException"),
        ],
    );
    let made = call(&mut world, "PutResourcePolicy", of_group.clone()).unwrap();
    let revision = made["revisionId"].as_str().unwrap().to_owned();
    let policy = json!({
        "policyDocument": POLICY,
        "lastUpdatedTime": 1_767_225_600_000_i64,
        "policyScope": "RESOURCE",
        "resourceArn": arn,
        "revisionId": revision,
    });
    assert_eq!(made["resourcePolicy"], policy);
    let mut count = |input: Json| {
        let answer = call(&mut world, "DescribeResourcePolicies", input).unwrap();
        answer["resourcePolicies"].as_array().unwrap().len()
    };
    assert_eq!(count(json!({})), 10);
    assert_eq!(count(json!({"limit": 3})), 3);
    assert_eq!(count(json!({"policyScope": "RESOURCE"})), 1);
    assert_eq!(count(json!({"resourceArn": arn})), 1);
    story(
        &mut world,
        &[
            ("PutResourcePolicy", of_group, "OperationAbortedException"),
            (
                "PutResourcePolicy",
                json!({"resourceArn": arn, "policyDocument": POLICY, "expectedRevisionId": revision}),
                "",
            ),
            (
                "DeleteResourcePolicy",
                json!({"resourceArn": arn, "expectedRevisionId": revision}),
                "OperationAbortedException",
            ),
            ("DeleteResourcePolicy", json!({"policyName": "p0"}), ""),
        ],
    );
}

#[test]
fn metric_filters_are_put_listed_and_deleted() {
    let mut world = world();
    let put = |group: &str, filter: &str, metric: &str| {
        json!({
            "logGroupName": group,
            "filterName": filter,
            "filterPattern": "ERROR",
            "metricTransformations": [{"metricName": metric, "metricNamespace": "App", "metricValue": "1", "defaultValue": 0.0}],
        })
    };
    let mut on_transformed = put("a", "f", "m");
    on_transformed["applyOnTransformedLogs"] = json!(true);
    story(
        &mut world,
        &[
            ("PutMetricFilter", put("a", "f", "m"), "ResourceNotFoundException"),
            ("CreateLogGroup", json!({"logGroupName": "a"}), ""),
            ("CreateLogGroup", json!({"logGroupName": "b"}), ""),
            ("CreateLogGroup", json!({"logGroupName": "i", "logGroupClass": "INFREQUENT_ACCESS"}), ""),
            ("PutMetricFilter", put("a", "f2", "m2"), ""),
            ("PutMetricFilter", put("b", "f1", "m"), ""),
            ("PutMetricFilter", put("a", "g", "m"), ""),
            (
                "PutMetricFilter",
                put("i", "f", "m"),
                "ValidationException: This operation is only supported on the Standard log class",
            ),
            ("PutMetricFilter", put("a", "f:1", "m"), "InvalidParameterException: 1 validation error detected"),
            ("PutMetricFilter", on_transformed, "NotImplemented"),
            ("DeleteMetricFilter", json!({"logGroupName": "b", "filterName": "g"}), "ResourceNotFoundException"),
            ("DescribeMetricFilters", json!({"metricName": "m"}), "InvalidParameterException"),
            ("DescribeMetricFilters", json!({"metricNamespace": "App"}), "InvalidParameterException"),
            ("DescribeMetricFilters", json!({"logGroupName": "c"}), "ResourceNotFoundException"),
        ],
    );
    let mut check = |input: Json, wanted: &[&str]| {
        let answer = call(&mut world, "DescribeMetricFilters", input.clone()).unwrap();
        assert_eq!(names(&answer, "metricFilters", "filterName"), wanted, "{input}");
    };
    check(json!({}), &["f1", "f2", "g"]);
    check(json!({"logGroupName": "a"}), &["f2", "g"]);
    check(json!({"logGroupName": "a", "filterNamePrefix": "f"}), &["f2"]);
    check(json!({"filterNamePrefix": "f"}), &["f1", "f2", "g"]);
    check(json!({"metricName": "m", "metricNamespace": "App"}), &["f1", "g"]);
    let answer = call(&mut world, "DescribeLogGroups", json!({"logGroupNamePrefix": "a"})).unwrap();
    assert_eq!(answer["logGroups"][0]["metricFilterCount"], 2);
    for n in 2..100 {
        call(&mut world, "PutMetricFilter", put("a", &format!("n{n}"), "m")).unwrap();
    }
    story(
        &mut world,
        &[
            ("PutMetricFilter", put("a", "one more", "m"), "LimitExceededException: Resource limit exceeded."),
            ("PutMetricFilter", put("a", "g", "m"), ""),
            ("DeleteMetricFilter", json!({"logGroupName": "a", "filterName": "g"}), ""),
            ("PutMetricFilter", put("a", "one more", "m"), ""),
        ],
    );
}

#[test]
fn query_definitions_are_put_changed_and_deleted() {
    let mut world = world();
    let token = "0123456789abcdef0123456789abcdef0123";
    let query =
        json!({"name": "a/one", "queryString": "fields @message", "logGroupNames": ["g"], "clientToken": token});
    let first = call(&mut world, "PutQueryDefinition", query.clone()).unwrap();
    assert_eq!(call(&mut world, "PutQueryDefinition", query).unwrap(), first);
    let id = first["queryDefinitionId"].as_str().unwrap().to_owned();
    let other = json!({"name": "b", "queryString": "limit 1"});
    assert_ne!(call(&mut world, "PutQueryDefinition", other).unwrap(), first);
    let changed = json!({"name": "a/two", "queryString": "limit 2", "queryDefinitionId": id});
    assert_eq!(call(&mut world, "PutQueryDefinition", changed).unwrap(), first);
    let answer = call(&mut world, "DescribeQueryDefinitions", json!({"queryDefinitionNamePrefix": "a/"})).unwrap();
    let shown = json!({
        "queryLanguage": "CWLI",
        "queryDefinitionId": id,
        "name": "a/two",
        "queryString": "limit 2",
        "lastModified": 1_767_225_600_000_i64,
        "logGroupNames": [],
    });
    assert_eq!(answer, json!({"queryDefinitions": [shown]}));
    let answer = call(&mut world, "DescribeQueryDefinitions", json!({"maxResults": 1})).unwrap();
    let next = json!({"maxResults": 1, "nextToken": answer["nextToken"]});
    let answer = call(&mut world, "DescribeQueryDefinitions", next).unwrap();
    assert_eq!(names(&answer, "queryDefinitions", "name"), ["b"]);
    assert_eq!(answer.get("nextToken"), None);
    let gone = json!({"queryDefinitionId": id});
    assert_eq!(call(&mut world, "DeleteQueryDefinition", gone.clone()).unwrap(), json!({"success": true}));
    story(
        &mut world,
        &[
            ("DeleteQueryDefinition", gone, "ResourceNotFoundException"),
            (
                "PutQueryDefinition",
                json!({"name": "c", "queryString": "limit 1", "queryDefinitionId": id}),
                "ResourceNotFoundException",
            ),
            (
                "PutQueryDefinition",
                json!({"name": "c", "queryString": "select 1", "queryLanguage": "SQL"}),
                "NotImplemented",
            ),
            (
                "PutQueryDefinition",
                json!({"name": "c", "queryString": "q", "parameters": [{"name": "p"}, {"name": "p"}]}),
                "InvalidParameterException",
            ),
        ],
    );
}

/// Puts a destination where `PutDestination` will, once there is something to deliver to.
fn place_destination(world: &mut World, name: &str) -> String {
    let account = AccountId::parse(ACCOUNT).unwrap();
    let arn = destination_arn(&account, Region::US_EAST_1, name);
    let destination = Destination {
        name: name.into(),
        arn: arn.clone(),
        target: "arn:aws:firehose:us-east-1:111122223333:deliverystream/s".into(),
        role: "arn:aws:iam::111122223333:role/r".into(),
        access_policy: None,
        created: world.now,
        tags: Default::default(),
    };
    world.regional(&account, Region::US_EAST_1).logs.destinations.insert(name.into(), destination);
    arn
}

#[test]
fn destinations_need_something_to_deliver_to() {
    let mut world = world();
    let put = |target: &str| json!({"destinationName": "d", "targetArn": target, "roleArn": "arn:aws:iam::111122223333:role/r"});
    let unreachable = "InvalidParameterException: Could not deliver test message to specified destination. Check if the destination is valid.";
    let policy = json!({"destinationName": "d", "accessPolicy": POLICY});
    story(
        &mut world,
        &[
            ("PutDestination", put("arn:aws:kinesis:us-east-1:111122223333:stream/s"), unreachable),
            ("PutDestination", put("arn:aws:firehose:us-east-1:111122223333:deliverystream/s"), unreachable),
            (
                "PutDestinationPolicy",
                policy.clone(),
                "InvalidParameterException: Destination with name d does not exist",
            ),
            ("DeleteDestination", json!({"destinationName": "d"}), "ResourceNotFoundException"),
        ],
    );
    let arn = place_destination(&mut world, "d");
    story(
        &mut world,
        &[
            ("PutDestinationPolicy", policy, ""),
            ("PutDestinationPolicy", json!({"destinationName": "d", "accessPolicy": "{"}), "InvalidParameterException"),
            ("TagResource", json!({"resourceArn": arn, "tags": {"a": "b"}}), ""),
        ],
    );
    let answer = call(&mut world, "DescribeDestinations", json!({"DestinationNamePrefix": "d"})).unwrap();
    let shown = json!({
        "destinationName": "d",
        "targetArn": "arn:aws:firehose:us-east-1:111122223333:deliverystream/s",
        "roleArn": "arn:aws:iam::111122223333:role/r",
        "accessPolicy": POLICY,
        "arn": "arn:aws:logs:us-east-1:111122223333:destination:d",
        "creationTime": 1_767_225_600_000_i64,
    });
    assert_eq!(answer, json!({"destinations": [shown]}));
    let tags = call(&mut world, "ListTagsForResource", json!({"resourceArn": arn})).unwrap();
    assert_eq!(tags, json!({"tags": {"a": "b"}}));
    call(&mut world, "DeleteDestination", json!({"destinationName": "d"})).unwrap();
    assert_eq!(call(&mut world, "DescribeDestinations", json!({})).unwrap(), json!({"destinations": []}));
}

#[test]
fn one_subscription_for_the_account() {
    let mut world = world();
    let document = |arn: &str| match arn.contains(":lambda:") || arn.contains(":logs:") {
        true => json!({"DestinationArn": arn, "FilterPattern": ""}).to_string(),
        false => json!({"DestinationArn": arn, "RoleArn": "r", "FilterPattern": ""}).to_string(),
    };
    let put = |name: &str, arn: &str| json!({"policyName": name, "policyType": "SUBSCRIPTION_FILTER_POLICY", "policyDocument": document(arn)});
    let which = |name: &str| json!({"policyName": name, "policyType": "SUBSCRIPTION_FILTER_POLICY"});
    let with = |member: &str, value: Json| {
        let mut input = put("p", "arn:aws:lambda:us-east-1:111122223333:function:f");
        input[member] = value;
        input
    };
    let arn = place_destination(&mut world, "d");
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"logs:PutSubscriptionFilter","Resource":"*"}]}"#;
    call(&mut world, "PutDestinationPolicy", json!({"destinationName": "d", "accessPolicy": policy})).unwrap();
    story(
        &mut world,
        &[
            (
                "PutAccountPolicy",
                put("p", "arn:aws:lambda:us-east-1:111122223333:function:f"),
                "InvalidParameterException: Could not execute the lambda function.",
            ),
            (
                "PutAccountPolicy",
                put("p", "arn:aws:kinesis:us-east-1:111122223333:stream/s"),
                "InvalidParameterException: Could not deliver test message to specified Kinesis stream.",
            ),
            (
                "PutAccountPolicy",
                put("p", "arn:aws:firehose:us-east-1:111122223333:deliverystream/s"),
                "InvalidParameterException: Could not deliver test message to specified Firehose stream.",
            ),
            (
                "PutAccountPolicy",
                put("p", "arn:aws:logs:us-east-1:111122223333:destination:e"),
                "InvalidParameterException: Could not deliver test message to specified destination.",
            ),
            ("PutAccountPolicy", put("aws/p", &arn), "InvalidParameterException"),
            ("PutAccountPolicy", with("dryRun", json!(true)), "InvalidParameterException"),
            ("PutAccountPolicy", with("policyType", json!("DATA_PROTECTION_POLICY")), "NotImplemented"),
            ("PutAccountPolicy", with("policyType", json!("RETENTION_POLICY")), "NotImplemented"),
            (
                "PutAccountPolicy",
                with("selectionCriteria", json!("LogGroupNamePrefix IN []")),
                "InvalidParameterException",
            ),
            ("DeleteAccountPolicy", which("p"), "ResourceNotFoundException"),
            ("DescribeAccountPolicies", which("p"), "ResourceNotFoundException"),
            ("PutAccountPolicy", put("p", &arn), ""),
            ("PutAccountPolicy", put("p", &arn), ""),
            ("PutAccountPolicy", put("q", &arn), "LimitExceededException"),
        ],
    );
    let kind = |kind: &str| json!({"policyType": kind});
    let answer = call(&mut world, "DescribeAccountPolicies", kind("SUBSCRIPTION_FILTER_POLICY")).unwrap();
    let shown = json!({
        "policyName": "p",
        "policyDocument": document(&arn),
        "lastUpdatedTime": 1_767_225_600_000_i64,
        "policyType": "SUBSCRIPTION_FILTER_POLICY",
        "scope": "ALL",
        "accountId": ACCOUNT,
    });
    assert_eq!(answer, json!({"accountPolicies": [shown]}));
    let answer = call(&mut world, "DescribeAccountPolicies", kind("DATA_PROTECTION_POLICY")).unwrap();
    assert_eq!(answer, json!({"accountPolicies": []}));
    call(&mut world, "DeleteAccountPolicy", which("p")).unwrap();
}
