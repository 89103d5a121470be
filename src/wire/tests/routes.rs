//! Which operation a request line and its headers name.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::{Head, region, route};

/// `METHOD URI` and header lines → `service Operation`, or the code of the fault.
fn check(request: &str, wanted: &str) {
    let mut lines = request.lines().map(str::trim);
    let (method, uri) = lines.next().and_then(|line| line.split_once(' ')).expect("METHOD URI");
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let (mut headers, mut form) = (HeaderMap::new(), None);
    for line in lines {
        match line.split_once(": ") {
            Some((name, value)) => {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
                headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
            }
            None => form = Some(line.as_bytes()),
        }
    }
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost:4566").to_owned();
    let head = Head { method, path, query, headers: &headers, host: &host };
    let found = match route(&head, form) {
        Ok(route) => format!("{} {}", route.contract.service, route.contract.operation(route.operation).name),
        Err(error) => error.fault.code,
    };
    assert_eq!(found, wanted, "{request}");
}

#[test]
fn s3_by_method_path_and_arguments() {
    check("GET /", "s3 ListBuckets");
    check("GET /b", "s3 ListObjects");
    check("GET /b/", "s3 ListObjects");
    check("GET /b?list-type=2&prefix=a", "s3 ListObjectsV2");
    check("GET /b/?versions", "s3 ListObjectVersions");
    check("GET /b?uploads", "s3 ListMultipartUploads");
    check("GET /b?location", "s3 GetBucketLocation");
    check("GET /b?lifecycle", "s3 GetBucketLifecycleConfiguration");
    check("PUT /b?notification", "s3 PutBucketNotificationConfiguration");
    check("GET /b?analytics", "s3 ListBucketAnalyticsConfigurations");
    check("GET /b?analytics&id=x", "s3 GetBucketAnalyticsConfiguration");
    check("GET /b/k", "s3 GetObject");
    check("GET /b/k/", "s3 GetObject");
    check("GET /b//k", "s3 GetObject");
    check("GET /b/k?x-id=GetObject", "s3 GetObject");
    check("GET /b/k?tagging", "s3 GetObjectTagging");
    check("GET /b/k?attributes", "s3 GetObjectAttributes");
    check("GET /b/k?uploadId=1", "s3 ListParts");
    check("HEAD /b", "s3 HeadBucket");
    check("HEAD /b/k", "s3 HeadObject");
    check("PUT /b", "s3 CreateBucket");
    check("PUT /b/a/b/c", "s3 PutObject");
    check("PUT /b/k\nx-amz-copy-source: /a/b", "s3 CopyObject");
    check("PUT /b/k?uploadId=1&partNumber=2", "s3 UploadPart");
    check("PUT /b/k?uploadId=1&partNumber=2\nx-amz-copy-source: /a/b", "s3 UploadPartCopy");
    check("POST /b/k?uploads", "s3 CreateMultipartUpload");
    check("POST /b/k?uploads=", "s3 CreateMultipartUpload");
    check("POST /b/k?uploadId=1", "s3 CompleteMultipartUpload");
    check("POST /b?delete", "s3 DeleteObjects");
    check("DELETE /b/k?uploadId=1", "s3 AbortMultipartUpload");
    check("DELETE /b/k?versionId=1", "s3 DeleteObject");
    check("POST /b", "MethodNotAllowed");
    check("PATCH /b/k", "MethodNotAllowed");
}

#[test]
fn json_by_target() {
    let prefix = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
    check(&format!("POST /\nx-amz-target: {prefix}.LookupEvents"), "cloudtrail LookupEvents");
    check("POST /\nx-amz-target: CloudTrail_20131101.LookupEvents", "cloudtrail LookupEvents");
    check(&format!("POST /\nx-amz-target: {prefix}.Nothing"), "UnknownOperationException");
    check("POST /\nx-amz-target: Nothing.LookupEvents", "UnknownOperationException");
    check("POST /\nx-amz-target: Logs_20140328.PutLogEvents", "logs PutLogEvents");
}

#[test]
fn query_by_action() {
    let signed = |service| {
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=0"
        )
    };
    check(&format!("POST /\n{}\nAction=ListUsers&Version=2010-05-08", signed("iam")), "iam ListUsers");
    check(&format!("POST /\n{}\nVersion=2010-05-08", signed("iam")), "MissingAction");
    check(&format!("POST /\n{}\nAction=Nothing", signed("iam")), "InvalidAction");
    check(&format!("POST /\n{}\nAction=DescribeVpcs", signed("ec2")), "ec2 DescribeVpcs");
    check("GET /?Action=GetCallerIdentity&Version=2011-06-15", "sts GetCallerIdentity");
    check("POST /\nhost: sns.eu-west-1.amazonaws.com\nAction=ListTopics", "sns ListTopics");
    check(&format!("GET /things\n{}", signed("lambda")), "NotImplemented");
    check(&format!("PUT /b/k\n{}\nanything", signed("s3")), "s3 PutObject");
}

#[test]
fn rpc_and_rest_json() {
    let path = "POST /service/GraniteServiceVersion20100801/operation/ListMetrics";
    check(&format!("{path}\nsmithy-protocol: rpc-v2-cbor"), "cloudwatch ListMetrics");
    check("POST /PutAuditEvents?channelArn=x", "cloudtrail-data PutAuditEvents");
}

#[test]
fn region_by_scope_or_host() {
    let check = |host: &str, query: &str, wanted: Option<&str>| {
        let head = Head { method: "GET", path: "/", query, headers: &HeaderMap::new(), host };
        assert_eq!(region(&head).as_deref(), wanted, "{host} {query}");
    };
    check("localhost:4566", "", None);
    check("s3.eu-central-1.amazonaws.com", "", Some("eu-central-1"));
    check("x", "X-Amz-Credential=AK%2F20260101%2Fap-northeast-2%2Fs3%2Faws4_request", Some("ap-northeast-2"));
    check("ec2.us-gov-west-1.amazonaws.com", "", Some("us-gov-west-1"));
}
