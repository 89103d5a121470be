//! What a refusal looks like on each protocol, as far as clients read it: status, headers, body.

use serde_json::{Value, json};

use crate::support::{Answer, Trailcam};

/// Asks, and compares status, headers (`name: value` lines) and body. `ID` stands for the request's id.
async fn check(request: &str, status: u16, headers: &[(&str, &str)], body: &str) {
    let answer = Trailcam::new(1).ask(request).await;
    assert_eq!(answer.status, status, "{request}\n{}", answer.body);
    let id = header(&answer, "x-amzn-requestid").or_else(|| header(&answer, "x-amz-request-id")).expect("a request id");
    for (name, value) in headers {
        assert_eq!(header(&answer, name).as_deref(), Some(*value), "{name} of {request}");
    }
    let host_id = header(&answer, "x-amz-id-2").unwrap_or("no host id".into());
    let found = answer.body.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    assert_eq!(found.replace(&id, "ID").replace(&host_id, "HOST"), body, "{request}");
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn signed(service: &str) -> String {
    format!("authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=0")
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";
const UNKNOWN: &str = "The requested operation is not recognized by the service.";

#[tokio::test]
async fn unknown_operations() {
    let json = "POST /\ncontent-type: application/x-amz-json-1.1\nx-amz-target: CloudTrail_20131101.Nothing\n\n{}";
    let kind = ("content-type", "application/x-amz-json-1.1");
    let body = format!(r#"{{"__type":"UnknownOperationException","message":"{UNKNOWN}"}}"#);
    check(json, 400, &[kind], &body).await;

    let query = format!("POST /\n{FORM}\n{}\n\nAction=Nothing&Version=2010-05-08", signed("iam"));
    let body = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
        <Code>InvalidAction</Code><Message>Could not find operation Nothing for version 2010-05-08</Message></Error>\
        <RequestId>ID</RequestId></ErrorResponse>";
    check(&query, 400, &[("content-type", "text/xml")], body).await;

    let ec2 = format!("POST /\n{FORM}\n{}\n\nAction=Nothing&Version=2016-11-15", signed("ec2"));
    let body = "<Response><Errors><Error><Code>InvalidAction</Code>\
        <Message>The action Nothing is not valid for this web service.</Message></Error></Errors>\
        <RequestID>ID</RequestID></Response>";
    check(&ec2, 400, &[("content-type", "text/xml;charset=UTF-8")], body).await;

    let cbor = "POST /service/GraniteServiceVersion20100801/operation/Nothing\nsmithy-protocol: rpc-v2-cbor\n\n";
    let kinds = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
    let body = format!("\u{FFFD}f__typex\u{19}UnknownOperationExceptiongmessagex9{UNKNOWN}");
    check(cbor, 404, &kinds, &body).await;

    let rest = format!("POST /Nothing\n{}\n\n{{}}", signed("cloudtrail-data"));
    let kinds = [("content-type", "application/json"), ("x-amzn-errortype", "UnknownOperationException")];
    check(&rest, 404, &kinds, &format!(r#"{{"message":"{UNKNOWN}"}}"#)).await;

    let s3 = format!("POST /box\n{}", signed("s3"));
    let body = "<Error><Code>MethodNotAllowed</Code>\
        <Message>The specified method is not allowed against this resource.</Message><Method>POST</Method>\
        <Resource>/box</Resource><RequestId>ID</RequestId><HostId>HOST</HostId></Error>";
    check(&s3, 405, &[("content-type", "application/xml")], body).await;
}

/// Clients that once spoke Query look for the old code in a header.
#[tokio::test]
async fn what_is_not_built_on_protocols_that_replaced_query() {
    let words = |operation: &str| {
        format!("Trailcam does not implement {operation} yet. GET /_trailcam/health lists what it does.")
    };
    let old = ("x-amzn-query-error", "NotImplemented;Receiver");
    let json = "POST /\ncontent-type: application/x-amz-json-1.0\nx-amz-target: GraniteServiceVersion20100801.DescribeInsightRules";
    let json = format!("{json}\n{}\n\n{{}}", signed("monitoring"));
    let body = format!(r#"{{"__type":"NotImplemented","message":"{}"}}"#, words("cloudwatch:DescribeInsightRules"));
    check(&json, 501, &[("content-type", "application/x-amz-json-1.0"), old], &body).await;

    let path = "/service/GraniteServiceVersion20100801/operation/DescribeInsightRules";
    let cbor = format!("POST {path}\nsmithy-protocol: rpc-v2-cbor\n{}\n\n", signed("monitoring"));
    let answer = Trailcam::new(1).ask(&format!("{cbor}?")).await;
    // A question mark is no CBOR, but the refusal is.
    assert_eq!((answer.status, header(&answer, "smithy-protocol").as_deref()), (400, Some("rpc-v2-cbor")));
    assert_eq!(header(&answer, "x-amzn-query-error").as_deref(), Some("SerializationException;Sender"));

    let text = words("cloudwatch:DescribeInsightRules");
    let body = format!("\u{FFFD}f__typenNotImplementedgmessagex{}{text}", char::from(text.len() as u8));
    check(&cbor, 501, &[("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), old], &body).await;
}

/// Where S3 has an error of its own for a value that is not in its list (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
#[test]
fn values_that_s3_does_not_know() {
    let trailcam = Trailcam::new(1);
    let call = |operation: &str, input: Value| {
        trailcam.call("s3", "us-east-1", operation, input).map(|_| ()).map_err(|fault| fault.code)
    };
    call("CreateBucket", json!({"Bucket": "box"})).expect("a bucket");
    for operation in ["PutObject", "CreateMultipartUpload", "CopyObject"] {
        let check = |name: &str, value: &str, code: &str| {
            let input = json!({"Bucket": "box", "Key": "k", "CopySource": "box/k", name: value});
            assert_eq!(call(operation, input), Err(code.to_owned()), "{operation} {name}");
        };
        if operation == "CopyObject" {
            call("PutObject", json!({"Bucket": "box", "Key": "k"})).expect("an object");
        }
        check("StorageClass", "ICE", "InvalidStorageClass");
        check("ServerSideEncryption", "ROT13", "InvalidArgument");
        check("ACL", "everybody", "InvalidArgument");
    }
    let rule = json!({"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}});
    let input = json!({"Bucket": "box", "ServerSideEncryptionConfiguration": {"Rules": [rule]}});
    assert_eq!(call("PutBucketEncryption", input), Err("MalformedXML".to_owned()));
}
