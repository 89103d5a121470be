//! Exact answers, as AWS's documentation and clients' parsers have them.

use chrono::DateTime;

use super::contract;
use crate::contract::Protocol;
use crate::wire::{Encoded, Fault, Map, Value, encode, encode_fault, json};

const ID: &str = "c6104cbe-af31-11e0-8154-cbc7ccf896c7";

fn map<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    Value::Map(Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()))
}

fn answer(service: &str, operation: &str, protocol: Protocol, output: Value) -> (Encoded, String) {
    let contract = contract(service);
    let id = contract.find(operation).expect(operation);
    let answer = encode(contract, id, protocol, &output, ID);
    let body = String::from_utf8(answer.body.clone()).expect("text");
    (answer, body)
}

fn failure(service: &str, operation: &str, protocol: Protocol, fault: &Fault) -> (Encoded, String) {
    let contract = contract(service);
    let answer = encode_fault(Some(contract), contract.find(operation), protocol, fault, ID, None);
    let body = String::from_utf8(answer.body.clone()).expect("text");
    (answer, body)
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

#[test]
fn query_answers() {
    let identity = map([("UserId", "AIDA".into()), ("Account", "123456789012".into()), ("Arn", "arn:x".into())]);
    let (answer, body) = answer("sts", "GetCallerIdentity", Protocol::Query, identity);
    assert_eq!(answer.header("content-type"), Some("text/xml"));
    assert_eq!(answer.header("x-amzn-requestid"), Some(ID));
    let wanted = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><UserId>AIDA</UserId><Account>123456789012</Account><Arn>arn:x</Arn>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));
}

#[test]
fn query_faults() {
    let (answer, body) = failure("iam", "GetUser", Protocol::Query, &Fault::new("NoSuchEntityException", "No <user>"));
    assert_eq!(answer.status, 404);
    let wanted = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
         <Code>NoSuchEntity</Code><Message>No &lt;user&gt;</Message></Error>\
         <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ErrorResponse>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));
}

#[test]
fn ec2_answers_and_faults() {
    let regions = Value::List(vec![map([("RegionName", "us-east-1".into())])]);
    let (_, body) = answer("ec2", "DescribeRegions", Protocol::Ec2, map([("Regions", regions)]));
    let wanted = "<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</requestId><regionInfo><item>\
         <regionName>us-east-1</regionName></item></regionInfo></DescribeRegionsResponse>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));
    let fault = Fault::new("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist");
    let (answer, body) = failure("ec2", "DescribeVpcs", Protocol::Ec2, &fault);
    assert_eq!(answer.status, 400);
    let wanted = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>\
         <Message>The vpc ID 'vpc-1' does not exist</Message></Error></Errors>\
         <RequestID>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestID></Response>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));
}

#[test]
fn json_answers_and_faults() {
    let time = DateTime::from_timestamp_millis(1_700_000_000_250).expect("a time");
    let (reply, body) = answer(
        "cloudtrail",
        "GetTrailStatus",
        Protocol::Json,
        map([("IsLogging", true.into()), ("LatestDeliveryTime", time.into())]),
    );
    assert_eq!(reply.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(body, r#"{"IsLogging":true,"LatestDeliveryTime":1700000000.25}"#);
    let fault = Fault::new("TrailNotFoundException", "Unknown trail: \"x\"");
    let (answer, body) = failure("cloudtrail", "GetTrail", Protocol::Json, &fault);
    assert_eq!(answer.status, 400);
    assert!(
        body.contains(r#""__type":"TrailNotFoundException""#) && body.contains(r#"Unknown trail: \"x\""#),
        "{body}"
    );
}

#[test]
fn query_compatible_faults() {
    let fault = Fault::new("QueueDoesNotExist", "The specified queue does not exist.");
    let (answer, body) = failure("sqs", "GetQueueUrl", Protocol::Json, &fault);
    assert_eq!(answer.header("x-amzn-query-error"), Some("AWS.SimpleQueueService.NonExistentQueue;Sender"));
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.0"));
    let wanted = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#;
    assert_eq!(body, wanted);
    let (_, body) = failure("sqs", "GetQueueUrl", Protocol::Query, &fault);
    let wanted = "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>\
         <Message>The specified queue does not exist for this wsdl version.</Message></Error>";
    assert!(body.contains(wanted), "{body}");
}

/// What the model of a service lacks is its framework's, in the framework's namespace.
#[test]
fn namespaces_of_errors() {
    let check = |code: &str, name: &str, old: &str, status: u16| {
        let (answer, body) = failure("sqs", "ReceiveMessage", Protocol::Json, &Fault::new(code, "m"));
        assert_eq!(body, format!(r#"{{"__type":"{name}","message":"m"}}"#));
        assert_eq!(
            (answer.status, answer.header("x-amzn-query-error")),
            (status, Some(format!("{old};Sender").as_str()))
        );
        let (_, body) = failure("sqs", "ReceiveMessage", Protocol::Query, &Fault::new(code, "m"));
        assert!(body.contains(&format!("<Code>{old}</Code>")), "{body}");
    };
    let framework = "com.amazon.coral.service#";
    let invalid = format!("{framework}InvalidParameterValueException");
    check("InvalidParameterValue", &invalid, "InvalidParameterValue", 400);
    check("MissingParameter", &format!("{framework}MissingRequiredParameterException"), "MissingParameter", 400);
    check("AccessDenied", &format!("{framework}AccessDeniedException"), "AccessDenied", 403);
    check("InvalidAttributeValue", "com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400);
    check("ReceiptHandleIsInvalid", "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404);
    check("OverLimit", "com.amazonaws.sqs#OverLimit", "OverLimit", 403);
    let purge = "PurgeQueueInProgress";
    check(purge, &format!("com.amazonaws.sqs#{purge}"), &format!("AWS.SimpleQueueService.{purge}"), 403);
}

#[test]
fn s3_answers() {
    let (reply, body) =
        answer("s3", "GetBucketLocation", Protocol::RestXml, map([("LocationConstraint", "eu-west-1".into())]));
    let wanted = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));
    assert_eq!(reply.header("x-amz-request-id"), Some(ID));
    assert_eq!(reply.header("content-type"), Some("application/xml"));

    let time = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let object =
        map([("Key", "a&b".into()), ("LastModified", time.into()), ("ETag", "\"0\"".into()), ("Size", 3.into())]);
    let (_, body) = answer("s3", "ListObjectsV2", Protocol::RestXml, map([("Contents", Value::List(vec![object]))]));
    let wanted = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Contents><Key>a&amp;b</Key>\
         <LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>&quot;0&quot;</ETag><Size>3</Size></Contents>\
         </ListBucketResult>";
    assert_eq!(body, format!("{DECLARATION}{wanted}"));

    let (reply, body) = answer(
        "s3",
        "HeadObject",
        Protocol::RestXml,
        map([("LastModified", time.into()), ("Metadata", map([("color", "red".into())]))]),
    );
    assert_eq!(reply.header("last-modified"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(reply.header("x-amz-meta-color"), Some("red"));
    assert_eq!(body, "");
}

#[test]
fn s3_faults() {
    let fault = Fault::new("NoSuchKey", "The specified key does not exist.").status(404).with("Key", "k");
    let (answer, body) = failure("s3", "GetObject", Protocol::RestXml, &fault);
    assert_eq!(answer.status, 404);
    let host_id = answer.header("x-amz-id-2").expect("a host id");
    assert_eq!(host_id.len(), 76);
    let wanted = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>k</Key>";
    assert_eq!(body, format!("{DECLARATION}{wanted}<RequestId>{ID}</RequestId><HostId>{host_id}</HostId></Error>"));
    assert_eq!(failure("s3", "HeadObject", Protocol::RestXml, &fault).1, "");
}

#[test]
fn json_of_the_wrong_type() {
    let check = |body: &str, message: &str| {
        let contract = contract("cloudtrail");
        let id = contract.find("LookupEvents").and_then(|id| contract.operation(id).input).expect("an input");
        let fault = json::read(contract, id, body.as_bytes()).expect_err(body);
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("SerializationException", message), "{body}");
    };
    check(r#"{"MaxResults":"5"}"#, "STRING_VALUE can not be converted to an Integer");
    check(r#"{"NextToken":5}"#, "NUMBER_VALUE can not be converted to a String");
    check(r#"{"NextToken":true}"#, "TRUE_VALUE can not be converted to a String");
    check(r#"{"StartTime":"2020-01-01"}"#, "STRING_VALUE can not be converted to milliseconds since epoch");
    check(r#"{"NextToken":{}}"#, "Start of structure or map found where not expected.");
    check(r#"{"MaxResults":"#, "");
    check("[]", "Unexpected list found where not expected");
}

#[test]
fn cbor_answers_and_faults() {
    let contract = contract("cloudwatch");
    let id = contract.find("GetMetricStatistics").expect("GetMetricStatistics");
    let time = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let point = map([("Timestamp", time.into()), ("Sum", 1.5.into())]);
    let output = map([("Label", "x".into()), ("Datapoints", Value::List(vec![point]))]);
    let answer = encode(contract, id, Protocol::Cbor, &output, ID);
    assert_eq!(answer.header("content-type"), Some("application/cbor"));
    assert_eq!(answer.header("smithy-protocol"), Some("rpc-v2-cbor"));
    let wanted = b"\xa2\x65Label\x61x\x6aDatapoints\x81\xa2\x69Timestamp\xc1\x1a\x65\x53\xf1\x00\
        \x63Sum\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00";
    assert_eq!(answer.body, wanted);

    let fault = Fault::new("DashboardNotFoundError", "no");
    let answer = encode_fault(Some(contract), contract.find("GetDashboard"), Protocol::Cbor, &fault, ID, None);
    assert_eq!((answer.status, answer.header("x-amzn-query-error")), (404, Some("ResourceNotFound;Sender")));
    assert_eq!(answer.body, b"\xa2\x66__type\x76DashboardNotFoundError\x67message\x62no");
}

/// Indefinite lengths, chunked text, half floats and unknown members (RFC 8949, appendix A).
#[test]
fn cbor_of_other_writers() {
    let contract = contract("cloudwatch");
    let shape = contract.find("GetMetricStatistics").and_then(|id| contract.operation(id).output).expect("an output");
    let body = b"\xbf\x65Label\x7f\x61a\x61b\xff\x64More\x9f\x01\x82\x02\x03\xf6\xff\
        \x6aDatapoints\x9f\xbf\x63Sum\xf9\x3e\x00\xff\xff\xff";
    let output = crate::wire::cbor::read(contract, shape, body).expect("readable");
    let point = map([("Sum", 1.5.into())]);
    assert_eq!(output, map([("Label", "ab".into()), ("Datapoints", Value::List(vec![point]))]));
}

#[test]
fn faults_of_unknown_services_have_a_plain_form() {
    let fault = Fault::new("NotImplemented", "no");
    let answer = encode_fault(None, None, Protocol::RestJson, &fault, ID, None);
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (501, Some("NotImplemented")));
    assert_eq!(answer.body, br#"{"message":"no"}"#);
}
