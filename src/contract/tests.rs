//! The embedded contracts, held against facts of AWS's API references.

use serde_json::Value;

use super::*;

fn contract(service: &str) -> &'static Contract {
    get(service).expect("every service has a contract")
}

fn operation(contract: &'static Contract, name: &str) -> &'static Operation {
    contract.operation(contract.find(name).expect("the operation exists"))
}

fn shape(contract: &'static Contract, name: &str) -> &'static Shape {
    contract.shape(contract.find_shape(name).expect("the shape exists"))
}

fn member(contract: &'static Contract, structure: &str, name: &str) -> &'static Member {
    let id = contract.find_shape(structure).expect("the shape exists");
    let structure = contract.structure(id).expect("it is a structure");
    structure.member(name).expect("the member exists")
}

fn required(contract: &'static Contract, structure: &str) -> Vec<&'static str> {
    let id = contract.find_shape(structure).expect("the shape exists");
    let members = &contract.structure(id).expect("it is a structure").members;
    members.iter().filter(|member| member.required).map(|member| member.name).collect()
}

#[test]
fn every_contract_unpacks_and_holds_together() {
    for service in services() {
        let contract = contract(service);
        assert_eq!(contract.service, service);
        assert!(contract.operations.is_sorted_by_key(|operation| operation.name), "{service}");
        assert!(contract.shapes.is_sorted_by_key(|shape| shape.name), "{service}");
        assert!(contract.record.event_source.ends_with(".amazonaws.com"), "{service}");
        for operation in &contract.operations {
            for id in operation.input.iter().chain(&operation.output).chain(&operation.errors) {
                assert!(contract.structure(*id).is_some(), "{service} {}", operation.name);
            }
            let errors = operation.errors.iter().map(|id| contract.shape(*id));
            assert!(errors.into_iter().all(|shape| shape.error.is_some()), "{service} {}", operation.name);
        }
    }
    assert_eq!(services().count(), 14);
}

#[test]
fn packing_keeps_everything() {
    for service in services() {
        let contract = contract(service);
        let packed: &'static [u8] = compact::pack(contract).leak();
        let again = compact::unpack(packed);
        assert_eq!(compact::pack(&again), packed, "{service}");
        assert_eq!(format!("{:?}", again.shapes), format!("{:?}", contract.shapes), "{service}");
        assert_eq!(format!("{:?}", again.operations), format!("{:?}", contract.operations), "{service}");
    }
}

#[test]
fn documents_hold_no_prose() {
    fn check(value: &Value, path: &str) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    // A member of a structure may well be called Description.
                    let keyword = !path.ends_with("/properties");
                    assert!(!keyword || name != "documentation" && name != "summary", "{path}");
                    assert!(!keyword || name != "description" || value == "", "{path}");
                    check(value, &format!("{path}/{name}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, path)),
            _ => {}
        }
    }
    for service in services() {
        let path = format!("{}/openapi/{service}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read(&path).expect("the document is there");
        check(&serde_json::from_slice(&text).expect("the document is JSON"), service);
    }
}

#[test]
fn protocols_are_in_the_sdks_order() {
    for (service, protocols) in [
        ("cloudtrail", &[Protocol::Json][..]),
        ("cloudtrail-data", &[Protocol::RestJson]),
        ("cloudwatch", &[Protocol::Cbor, Protocol::Json, Protocol::Query]),
        ("sqs", &[Protocol::Json, Protocol::Query]),
        ("iam", &[Protocol::Query]),
        ("ec2", &[Protocol::Ec2]),
        ("s3", &[Protocol::RestXml]),
    ] {
        assert_eq!(contract(service).protocols, protocols, "{service}");
    }
    assert_eq!(contract("cloudwatch").rpc_name, "GraniteServiceVersion20100801");
    assert_eq!(contract("cloudwatch").signing_name, "monitoring");
    assert_eq!(contract("kms").target_prefix, "TrentService");
    assert!(contract("iam").global && !contract("sts").global);
}

#[test]
fn constraints_are_those_of_the_api_reference() {
    let cloudtrail = contract("cloudtrail");
    assert_eq!(required(cloudtrail, "CreateTrailRequest"), ["Name", "S3BucketName"]);
    let max_results = member(cloudtrail, "LookupEventsRequest", "MaxResults");
    let constraints = &cloudtrail.shape(max_results.shape).constraints;
    assert_eq!((constraints.min, constraints.max), (Some(1.0), Some(50.0)));
    let insight = &shape(cloudtrail, "LookupAttributeKey").constraints.values;
    assert!(insight.contains(&"EventName") && insight.contains(&"AccessKeyId"));
    let group = &shape(contract("logs"), "LogGroupName").constraints;
    assert_eq!((group.min, group.max, group.pattern), (Some(1.0), Some(512.0), r"[\.\-_/#A-Za-z0-9]+"));
}

#[test]
fn s3_bindings_place_every_part_of_a_request() {
    let s3 = contract("s3");
    let put = operation(s3, "PutObject");
    assert_eq!((put.method, put.uri, put.status), ("PUT", "/{Bucket}/{Key+}", 200));
    let input = s3.structure(put.input.expect("it has an input")).expect("it is a structure");
    assert_eq!(input.payload, "Body");
    for (name, location, wire_name) in [
        ("Bucket", Location::Uri, "Bucket"),
        ("ContentType", Location::Header, "Content-Type"),
        ("Metadata", Location::Headers, "x-amz-meta-"),
        ("Body", Location::Body, "Body"),
    ] {
        let member = input.member(name).expect("the member exists");
        assert_eq!((member.location, member.on_wire()), (location, wire_name), "{name}");
    }
    assert!(input.member("Body").is_some_and(|body| body.streaming));
    assert_eq!(operation(s3, "DeleteBucket").status, 204);
    assert!(operation(s3, "DeleteObjects").checksum_required);
    assert!(member(s3, "Grantee", "Type").xml_attribute);
    let xsi = ("http://www.w3.org/2001/XMLSchema-instance", "xsi");
    assert_eq!(member(s3, "Grant", "Grantee").xml_namespace, xsi);
    assert_eq!(operation(s3, "ListObjectsV2").event_name, "ListObjects");
    assert_eq!(operation(s3, "GetObject").event_name, "");
    assert_eq!(operation(s3, "GetBucketLifecycleConfiguration").event_name, "GetBucketLifecycle");
    assert_eq!(s3.find("GetBucketLifecycle"), None);
}

#[test]
fn errors_carry_their_code_and_status() {
    for (service, name, code, status, fault) in [
        ("iam", "NoSuchEntityException", "NoSuchEntity", 404, false),
        ("iam", "ServiceFailureException", "ServiceFailure", 500, true),
        ("cloudtrail", "TrailNotFoundException", "", 400, false),
        // One fault for all of its protocols: Query says the code, JSON and CBOR the name.
        ("cloudwatch", "ValidationException", "ValidationError", 400, false),
        ("cloudwatch", "ResourceNotFound", "ResourceNotFound", 404, false),
        ("sqs", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, false),
        ("kms", "KMSInternalException", "", 500, true),
    ] {
        let error = shape(contract(service), name).error.as_ref().expect("it is an error");
        assert_eq!((error.code, error.status, error.fault), (code, status, fault), "{name}");
    }
}

#[test]
fn query_and_ec2_names_are_bound() {
    assert_eq!(operation(contract("iam"), "CreateUser").result_wrapper, "CreateUserResult");
    assert_eq!(operation(contract("sqs"), "ListQueues").result_wrapper, "ListQueuesResult");
    assert_eq!(member(contract("sqs"), "CreateQueueRequest", "Attributes").query_name, "Attribute");
    let ec2 = contract("ec2");
    assert_eq!(member(ec2, "DescribeVpcsRequest", "Filters").wire_name, "Filter");
    assert!(operation(ec2, "CreateFlowLogs").record_wrapped);
    assert!(!operation(ec2, "RunInstances").record_wrapped);
}

#[test]
fn what_a_record_must_not_show_is_marked() {
    for (service, structure, name, redaction) in [
        ("sns", "PublishInput", "Message", Redaction::Hidden),
        ("sqs", "SendMessageRequest", "MessageBody", Redaction::Hidden),
        ("ec2", "RunInstancesRequest", "UserData", Redaction::Removed),
        ("sts", "Credentials", "SecretAccessKey", Redaction::Omitted),
        ("s3", "PutObjectRequest", "Key", Redaction::None),
    ] {
        assert_eq!(member(contract(service), structure, name).redact, redaction, "{service} {name}");
    }
}
