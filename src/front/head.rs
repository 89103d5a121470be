//! What the head of an AWS request says besides the operation: who signed it, where it came from, and
//! which bucket its host names.

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use crate::world::call::{Connection, Signature, SignedIn};
use crate::world::caller::Credentials;
use crate::world::passage::Gate;

/// A query string's arguments, decoded.
pub fn arguments(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

/// The signer: `Authorization` of signature versions 4 and 2, or a presigned query.
pub fn credentials(headers: &HeaderMap, query: &str) -> (Credentials, Signature) {
    let argument = |name: &str| {
        arguments(query).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    };
    let header_token = || text(headers, "x-amz-security-token").map(str::to_owned);
    if let Some(authorization) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        let access_key = scope(authorization).map(|scope| scope.0.to_owned());
        let version = if authorization.starts_with(VERSION_2) { Signature::V2 } else { Signature::V4 };
        return (Credentials { access_key, session_token: header_token() }, version(SignedIn::Header));
    }
    if let Some(credential) = argument("X-Amz-Credential") {
        let access_key = credential.split('/').next().map(str::to_owned);
        let session_token = argument("X-Amz-Security-Token").or_else(header_token);
        return (Credentials { access_key, session_token }, Signature::V4(SignedIn::QueryString));
    }
    if let Some(access_key) = argument("AWSAccessKeyId") {
        let session_token = argument("X-Amz-Security-Token");
        return (Credentials { access_key: Some(access_key), session_token }, Signature::V2(SignedIn::QueryString));
    }
    (Credentials::default(), Signature::None)
}

/// How `Authorization` headers of signature version 2 start.
const VERSION_2: &str = "AWS ";

/// Access key id and service of an `Authorization` header; version 2 signatures name no service.
fn scope(authorization: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authorization.strip_prefix(VERSION_2) {
        return rest.split(':').next().map(|key| (key, None));
    }
    let credential = authorization.split("Credential=").nth(1)?.split(',').next()?;
    let mut parts = credential.trim().split('/');
    let access_key = parts.next()?;
    Some((access_key, parts.nth(2)))
}

/// A presigned URL may carry `x-amz-` headers in its query, where SDKs put them so that whoever uses the URL need not
/// send them: they become headers, as S3 takes them. Real headers go first.
pub fn take_presigned_headers(headers: &mut HeaderMap, query: &str) {
    let is_presigned = |name: &str| name.eq_ignore_ascii_case("X-Amz-Signature") || name == "AWSAccessKeyId";
    if !arguments(query).any(|(name, _)| is_presigned(&name)) {
        return;
    }
    for (name, value) in arguments(query) {
        let name = name.to_ascii_lowercase();
        if !name.starts_with("x-amz-") || OF_SIGNATURES.contains(&name.as_str()) {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.entry(name).or_insert(value);
        }
    }
}

/// Arguments of presigned URLs that are about the signature.
const OF_SIGNATURES: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// What a record tells of the connection. `X-Forwarded-For` counts from loopback peers only.
pub fn connection(headers: &HeaderMap, peer: IpAddr, query: &str, signature: Signature) -> Connection {
    let forwarded = text(headers, "x-forwarded-for").filter(|_| peer.is_loopback());
    let claimed = forwarded.and_then(|list| list.split(',').next()?.trim().parse::<IpAddr>().ok());
    Connection {
        source_ip: claimed.unwrap_or(peer).to_canonical().to_string(),
        user_agent: text(headers, USER_AGENT.as_str()).unwrap_or_default().to_owned(),
        host: host(headers).to_owned(),
        arguments: arguments(query).map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        body_length: text(headers, CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok()).unwrap_or_default(),
        signature,
        gate: gate(headers),
    }
}

/// The header that names the VPC endpoint a request comes through.
const GATE: &str = "x-trailcam-vpc-endpoint";
/// How the names of VPC endpoints end; on one's own machine names may end in `localhost` instead.
const GATE_DOMAINS: [&str; 2] = [".vpce.amazonaws.com", ".vpce.localhost"];

/// The VPC endpoint that a request comes through: whose id it carries, or whose name it was sent to.
fn gate(headers: &HeaderMap) -> Option<Box<Gate>> {
    let named = headers.get(GATE).map(|id| Gate::Id(String::from_utf8_lossy(id.as_bytes()).into_owned()));
    named.or_else(|| gate_name(host_name(headers)).map(Gate::Host)).map(Box::new)
}

/// A host name as AWS has it, if it is a VPC endpoint's.
fn gate_name(host: &str) -> Option<String> {
    let labels = |domain: &str| {
        let (labels, end) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
        end.eq_ignore_ascii_case(domain).then_some(labels)
    };
    let labels = GATE_DOMAINS.into_iter().find_map(labels)?;
    Some(format!("{}{}", labels.to_ascii_lowercase(), GATE_DOMAINS[0]))
}

/// The `Host` header.
pub fn host(headers: &HeaderMap) -> &str {
    text(headers, HOST.as_str()).unwrap_or_default()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The path with a bucket from the host name moved to its front: `/key` of `bucket.s3.amazonaws.com` becomes
/// `/bucket/key`. Other services' requests stay as they are.
pub fn path_style<'p>(headers: &HeaderMap, path: &'p str) -> Cow<'p, str> {
    match virtual_bucket(headers).as_deref() {
        Some(bucket) => Cow::Owned(format!("/{bucket}{path}")),
        None => Cow::Borrowed(path),
    }
}

/// Whether a request surely is for the host of a bucket: a host `NAME.localhost` may be trailcam's own, too.
pub fn is_for_bucket(headers: &HeaderMap) -> bool {
    virtual_bucket(headers).is_some() && (headers.contains_key(AUTHORIZATION) || host(headers).contains(".s3"))
}

fn virtual_bucket(headers: &HeaderMap) -> Option<String> {
    let signed_for = text(headers, AUTHORIZATION.as_str()).and_then(scope).and_then(|(_, service)| service);
    if headers.contains_key("x-amz-target") || signed_for.is_some_and(|service| service != "s3") {
        return None;
    }
    bucket_of_host(&host_name(headers).to_ascii_lowercase()).map(str::to_owned)
}

/// The `Host` header without the port.
fn host_name(headers: &HeaderMap) -> &str {
    host(headers).rsplit_once(':').map_or(host(headers), |(name, _)| name)
}

/// The bucket in `BUCKET.s3.…` and in `BUCKET.localhost`, the names that SDKs form from an endpoint URL.
fn bucket_of_host(host: &str) -> Option<&str> {
    const DOMAINS: [&str; 3] = [".amazonaws.com", ".localhost.localstack.cloud", ".localhost.trailcam"];
    if GATE_DOMAINS.iter().any(|domain| host.ends_with(domain)) {
        // Names of VPC endpoints that lead to buckets have a label of that name.
        return host.split_once(".bucket.vpce-").map(|(bucket, _)| bucket).filter(|bucket| !bucket.is_empty());
    }
    let bucket = match host.strip_suffix(".localhost") {
        Some(labels) => before_label(labels, |label| label == "s3").unwrap_or(labels),
        None => {
            let labels = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain))?;
            before_label(labels, |label| label == "s3" || label.starts_with("s3-"))?
        }
    };
    (!bucket.is_empty()).then_some(bucket)
}

/// What stands before the last label of a kind; Regions and the like may follow it.
fn before_label(mut labels: &str, is_it: impl Fn(&str) -> bool) -> Option<&str> {
    loop {
        let (before, last) = labels.rsplit_once('.').unwrap_or(("", labels));
        if is_it(last) {
            return Some(before);
        }
        if before.is_empty() {
            return None;
        }
        labels = before;
    }
}

/// Decodes a percent-encoded path for display.
pub fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_in_host_names() {
        let check = |host, bucket: Option<&str>| assert_eq!(bucket_of_host(host), bucket, "{host}");
        check("logs.s3.amazonaws.com", Some("logs"));
        check("my.logs.s3.eu-west-1.amazonaws.com", Some("my.logs"));
        check("logs.s3-eu-west-1.amazonaws.com", Some("logs"));
        check("logs.s3.localhost.localstack.cloud", Some("logs"));
        check("logs.localhost", Some("logs"));
        check("logs.s3.localhost", Some("logs"));
        check("my.logs.s3.us-east-1.localhost", Some("my.logs"));
        check("s3-logs.localhost", Some("s3-logs"));
        check("s3-logs.s3.dualstack.us-east-1.amazonaws.com", Some("s3-logs"));
        check("s3.localhost", None);
        check("s3.us-east-1.localhost", None);
        check("s3.us-east-1.amazonaws.com", None);
        check("s3-us-west-2.amazonaws.com", None);
        check("localhost", None);
        check("s3.amazonaws.com", None);
        check("127.0.0.1", None);
        check("cloudtrail.us-east-1.amazonaws.com", None);
        check("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", None);
        check("my.logs.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", Some("my.logs"));
        check("logs.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.localhost", Some("logs"));
        check("vpce-1a2b3c4d-5e6f.sqs.us-east-1.vpce.localhost", None);
    }

    #[test]
    fn endpoints_in_heads() {
        let check = |header: Option<&'static str>, host: &'static str, expected: Option<Gate>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            header.into_iter().for_each(|id| drop(headers.insert(GATE, HeaderValue::from_static(id))));
            assert_eq!(gate(&headers).map(|gate| *gate), expected, "{header:?} {host}");
        };
        const HOSTED: &str = "vpce-1a2b3c4d-5e6f.kms.us-east-1.vpce.amazonaws.com";
        let hosted = || Some(Gate::Host(HOSTED.to_owned()));
        check(None, "127.0.0.1:4566", None);
        check(None, "kms.us-east-1.amazonaws.com", None);
        check(None, HOSTED, hosted());
        check(None, "VPCE-1a2b3c4d-5e6f.kms.us-east-1.vpce.amazonaws.com:443", hosted());
        check(None, "vpce-1a2b3c4d-5e6f.kms.us-east-1.vpce.localhost:4566", hosted());
        check(Some("vpce-1a2b3c4d"), "127.0.0.1:4566", Some(Gate::Id("vpce-1a2b3c4d".to_owned())));
        check(Some(""), "127.0.0.1:4566", Some(Gate::Id(String::new())));
        check(Some("vpce-9"), HOSTED, Some(Gate::Id("vpce-9".to_owned())));
    }

    #[test]
    fn headers_of_presigned_urls() {
        let check = |query: &str, expected: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-amz-acl", HeaderValue::from_static("private"));
            take_presigned_headers(&mut headers, query);
            let mut found: Vec<_> =
                headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
            found.sort_unstable();
            assert_eq!(found, [&[("x-amz-acl", "private")], expected].concat(), "{query}");
        };
        check("x-amz-tagging=a", &[]);
        check("X-Amz-Signature=00&X-Amz-Tagging=a%3Db&x-amz-acl=public-read&prefix=p", &[("x-amz-tagging", "a=b")]);
        check("AWSAccessKeyId=k&Signature=00&x-amz-meta-a=1", &[("x-amz-meta-a", "1")]);
        check("X-Amz-Signature=00&X-Amz-Date=20260115T100000Z&X-Amz-Expires=60&X-Amz-Security-Token=t", &[]);
        check("X-Amz-Signature=00&x-amz-meta-%0A=1&x-amz-meta-b=%0A", &[]);
    }

    #[test]
    fn signers() {
        let v4 = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00";
        assert_eq!(scope(v4), Some(("AKIDEXAMPLE", Some("iam"))));
        assert_eq!(
            scope("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="),
            Some(("AKIAIOSFODNN7EXAMPLE", None))
        );
        assert_eq!(scope("Bearer x"), None);
    }

    #[test]
    fn versions_of_signatures() {
        let check = |authorization: Option<&str>, query: &str, expected: Signature| {
            let mut headers = HeaderMap::new();
            authorization.into_iter().for_each(|value| drop(headers.insert(AUTHORIZATION, value.parse().unwrap())));
            assert_eq!(credentials(&headers, query).1, expected, "{authorization:?} {query}");
        };
        check(None, "", Signature::None);
        check(Some("AWS AKIA:sig="), "", Signature::V2(SignedIn::Header));
        check(
            Some("AWS4-HMAC-SHA256 Credential=AKIA/20150830/us-east-1/s3/aws4_request"),
            "",
            Signature::V4(SignedIn::Header),
        );
        check(None, "AWSAccessKeyId=AKIA&Signature=s&Expires=1", Signature::V2(SignedIn::QueryString));
        check(None, "X-Amz-Credential=AKIA%2F20150830", Signature::V4(SignedIn::QueryString));
    }
}
