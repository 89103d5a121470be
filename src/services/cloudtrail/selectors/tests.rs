//! Which events selectors take, after the examples of AWS's user guide, and which selectors are refused.

use serde_json::{Value as Json, json};

use crate::wire::{Map, Value};
use crate::world::call::Resource;
use crate::world::fields::Field;
use crate::world::record::{Event, Identity};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::{AdvancedEventSelector, EventSelector, Selectors, advanced, basic};

/// An event: category, source, name, whether it reads, and what it touches.
fn event(
    category: &'static str,
    source: &'static str,
    name: &'static str,
    read_only: bool,
    touched: &[(&'static str, &str)],
) -> Event {
    let resources =
        touched.iter().map(|(kind, arn)| Resource { account: None, kind, arn: (*arn).into(), is_prefix: false });
    Event {
        event_version: "1.11",
        user_identity: Identity { arn: Some("arn:aws:iam::123456789012:user/alice".into()), ..Identity::default() },
        event_time: Time::UNIX_EPOCH,
        event_source: source,
        event_name: name,
        aws_region: Region::US_EAST_1,
        source_ip_address: String::new(),
        user_agent: String::new(),
        error_code: (category == "NetworkActivity").then(|| "VpceAccessDenied".into()),
        error_message: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        request_id: String::new(),
        event_id: String::new(),
        read_only,
        resources: resources.collect(),
        event_type: "AwsApiCall",
        api_version: "",
        management_event: category == "Management",
        recipient_account_id: AccountId::parse("123456789012").unwrap(),
        shared_event_id: None,
        vpc_endpoint: None,
        event_category: category,
        tls_details: None,
        lookup_resources: Vec::new(),
    }
}

fn put_object(bucket: &str, key: &str) -> Event {
    let (object, bucket) = (format!("arn:aws:s3:::{bucket}/{key}"), format!("arn:aws:s3:::{bucket}"));
    event("Data", "s3.amazonaws.com", "PutObject", false, &[("AWS::S3::Object", &object), ("AWS::S3::Bucket", &bucket)])
}

fn create_user() -> Event {
    event("Management", "iam.amazonaws.com", "CreateUser", false, &[])
}

fn decrypt() -> Event {
    event("Management", "kms.amazonaws.com", "Decrypt", true, &[])
}

fn tree(json: &Json) -> Value {
    match json {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => Value::Map(Map(members.iter().map(|(k, v)| (k.clone().into(), tree(v))).collect())),
        other => panic!("no selector has {other}"),
    }
}

fn basic(json: Json) -> Selectors {
    let selectors = Vec::<EventSelector>::read(Some(&tree(&json)));
    Selectors::Basic(basic::checked(selectors.into_iter().map(EventSelector::with_defaults).collect()).unwrap())
}

fn advanced(fields: Json) -> Selectors {
    let selectors = Vec::<AdvancedEventSelector>::read(Some(&tree(&json!([{"FieldSelectors": fields}]))));
    Selectors::Advanced(advanced::checked(selectors).unwrap())
}

#[test]
fn basic_selectors_select() {
    let check = |selectors: &Selectors, event: Event, taken: bool| {
        assert_eq!(selectors.select(&event), taken, "{selectors:?} {}", event.event_name);
    };
    check(&Selectors::Default, create_user(), true);
    check(&Selectors::Default, put_object("b", "k"), false);

    let read_only = basic(json!([{"ReadWriteType": "ReadOnly"}]));
    check(&read_only, create_user(), false);
    check(&read_only, decrypt(), true);

    let without_kms = basic(json!([{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]));
    check(&without_kms, decrypt(), false);
    check(&without_kms, create_user(), true);

    let one_bucket = json!([{"IncludeManagementEvents": false,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::amzn-s3-demo-bucket1/"]}]}]);
    let one_bucket = basic(one_bucket);
    check(&one_bucket, put_object("amzn-s3-demo-bucket1", "image.jpg"), true);
    check(&one_bucket, put_object("amzn-s3-demo-bucket2", "image.jpg"), false);
    check(&one_bucket, create_user(), false);

    let prefix =
        basic(json!([{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::bucket-3/my-images"]}]}]));
    check(&prefix, put_object("bucket-3", "my-images/example.jpg"), true);
    check(&prefix, put_object("bucket-3", "my-videos/example.mpg"), false);

    let all = basic(json!([{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]));
    check(&all, put_object("any", "key"), true);

    let function = "arn:aws:lambda:us-west-2:111111111111:function:helloworld";
    let lambda = basic(json!([{"DataResources": [{"Type": "AWS::Lambda::Function", "Values": [function]}]}]));
    let invoke = |arn| event("Data", "lambda.amazonaws.com", "Invoke", false, &[("AWS::Lambda::Function", arn)]);
    check(&lambda, invoke(function), true);
    check(&lambda, invoke("arn:aws:lambda:us-west-2:111111111111:function:helloworld2"), false);
}

#[test]
fn advanced_selectors_select() {
    let check = |selectors: &Selectors, event: Event, taken: bool| {
        assert_eq!(selectors.select(&event), taken, "{selectors:?} {}", event.event_name);
    };
    let equals = |field: &str, value: &str| json!({"Field": field, "Equals": [value]});
    let management = advanced(json!([equals("eventCategory", "Management"),
        {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]));
    check(&management, create_user(), true);
    check(&management, decrypt(), false);
    check(&management, put_object("b", "k"), false);

    let writes = advanced(json!([equals("eventCategory", "Management"), equals("readOnly", "false")]));
    check(&writes, create_user(), true);
    check(&writes, decrypt(), false);

    let objects = advanced(json!([equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object"),
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::one/", "arn:aws:s3:::two/"], "NotEndsWith": [".tmp"]}]));
    check(&objects, put_object("one", "key"), true);
    check(&objects, put_object("two", "key"), true);
    check(&objects, put_object("two", "key.tmp"), false);
    check(&objects, put_object("three", "key"), false);

    let names = advanced(json!([equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object"),
        {"Field": "eventName", "Equals": ["DeleteObject"], "StartsWith": ["Put"]}]));
    check(&names, put_object("b", "k"), true);
    let mut get = put_object("b", "k");
    get.event_name = "GetObject";
    check(&names, get, false);

    let denied = advanced(json!([
        equals("eventCategory", "NetworkActivity"),
        equals("eventSource", "ec2.amazonaws.com"),
        equals("errorCode", "VpceAccessDenied")
    ]));
    check(&denied, event("NetworkActivity", "ec2.amazonaws.com", "DescribeVpcs", true, &[]), true);
    check(&denied, event("Management", "ec2.amazonaws.com", "DescribeVpcs", true, &[]), false);

    let alice = |arn: &str| {
        let data = [equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")];
        advanced(json!([data[0], data[1], equals("userIdentity.arn", arn)]))
    };
    check(&alice("arn:aws:iam::123456789012:user/alice"), put_object("b", "k"), true);
    check(&alice("arn:aws:iam::123456789012:user/bob"), put_object("b", "k"), false);
}

#[test]
fn basic_selectors_are_refused() {
    let check = |selector: Json, words: &str| {
        let selectors = Vec::<EventSelector>::read(Some(&tree(&selector)));
        let fault = basic::checked(selectors).unwrap_err();
        assert_eq!(fault.code, "InvalidEventSelectorsException");
        assert!(fault.message.contains(words), "{}", fault.message);
    };
    let data = |kind: &str, value: &str| json!([{"DataResources": [{"Type": kind, "Values": [value]}]}]);
    check(data("AWS::S3::Object", "arn:aws:s3:::*"), "Value arn:aws:s3:::* for DataResources.Values is invalid.");
    check(
        data("AWS::S3::Object", "arn:aws:s3:::bucket"),
        "Value arn:aws:s3:::bucket for DataResources.Values is invalid.",
    );
    check(
        data("AWS::Lambda::Function", "arn:aws:lambda:*"),
        "Value arn:aws:lambda:* for DataResources.Values is invalid.",
    );
    check(data("AWS::SNS::Topic", "arn:aws:sns"), "DataResources.Type");
    check(
        json!([{"IncludeManagementEvents": false}]),
        "When includeManagementEvents is false, DataResources must not be empty.",
    );
    check(json!([{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]), "iam.amazonaws.com");
    check(json!([{}, {}, {}, {}, {}, {}]), "(1 to 5)");
    let many: Vec<String> = (0..251).map(|number| format!("arn:aws:s3:::b/{number}")).collect();
    check(json!([{"DataResources": [{"Type": "AWS::S3::Object", "Values": many}]}]), "(0 to 250)");
}

#[test]
fn advanced_selectors_are_refused() {
    let check = |fields: Json, words: &str| {
        let selectors = Vec::<AdvancedEventSelector>::read(Some(&tree(&json!([{"FieldSelectors": fields}]))));
        let fault = advanced::checked(selectors).unwrap_err();
        assert_eq!(fault.code, "InvalidEventSelectorsException");
        assert!(fault.message.contains(words), "{}", fault.message);
    };
    let management = json!({"Field": "eventCategory", "Equals": ["Management"]});
    let data = json!({"Field": "eventCategory", "Equals": ["Data"]});
    let network = json!({"Field": "eventCategory", "Equals": ["NetworkActivity"]});
    check(json!([{"Field": "readOnly", "Equals": ["true"]}]), "eventCategory");
    check(json!([{"Field": "eventCategory", "Equals": ["Everything"]}]), "Everything");
    check(json!([{"Field": "eventCategory", "NotEquals": ["Data"]}]), "eventCategory");
    check(json!([management.clone(), {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]), "resources.type");
    check(json!([management.clone(), {"Field": "readOnly", "StartsWith": ["t"]}]), "readOnly");
    check(json!([management.clone(), {"Field": "readOnly", "Equals": ["maybe"]}]), "maybe");
    check(json!([management.clone(), management.clone()]), "eventCategory");
    check(json!([management.clone(), {"Field": "readOnly"}]), "readOnly");
    // Fields of event data stores, not of trails.
    for field in ["eventName", "eventType", "sessionCredentialFromConsole", "userIdentity.arn"] {
        check(json!([management.clone(), {"Field": field, "Equals": ["x"]}]), field);
    }
    check(json!([management.clone(), {"Field": "eventSource", "Equals": ["kms.amazonaws.com"]}]), "NotEquals");
    check(
        json!([management.clone(), {"Field": "eventSource", "NotEquals": ["iam.amazonaws.com"]}]),
        "iam.amazonaws.com",
    );
    check(json!([data.clone()]), "resources.type");
    let kind = json!({"Field": "resources.type", "Equals": ["AWS::S3::Object"]});
    check(
        json!([data.clone(), {"Field": "resources.type", "Equals": ["AWS::S3::Object", "AWS::SNS::Topic"]}]),
        "resources.type",
    );
    for kind in ["AWS::Nonsense", "S3", "AWS::S3::", "AWS::S3::Object::Part", "arn:aws:s3"] {
        check(json!([data.clone(), {"Field": "resources.type", "Equals": [kind]}]), kind);
    }
    check(json!([network.clone()]), "eventSource");
    let source = json!({"Field": "eventSource", "Equals": ["ec2.amazonaws.com"]});
    check(json!([network.clone(), {"Field": "eventSource", "StartsWith": ["ec2"]}]), "eventSource");
    for field in ["readOnly", "resources.type", "userIdentity.arn"] {
        check(json!([network.clone(), source.clone(), {"Field": field, "Equals": ["true"]}]), field);
    }
    check(json!([network, source, {"Field": "errorCode", "Equals": ["AccessDenied"]}]), "AccessDenied");
    let many: Vec<String> = (0..501).map(|number| format!("Get{number}")).collect();
    check(json!([data, kind, {"Field": "eventName", "Equals": many}]), "500");
}
