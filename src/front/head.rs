//! What the head of an AWS request says besides the operation: who signed it, where it came from, and
//! which bucket its host names.

use std::borrow::Cow;
use std::net::IpAddr;

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use percent_encoding::percent_decode_str;

use crate::world::call::{Connection, Signature, SignedIn};
use crate::world::caller::Credentials;

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
    }
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
    match virtual_bucket(headers) {
        Some(bucket) => Cow::Owned(format!("/{bucket}{path}")),
        None => Cow::Borrowed(path),
    }
}

fn virtual_bucket(headers: &HeaderMap) -> Option<&str> {
    let signed_for = text(headers, AUTHORIZATION.as_str()).and_then(scope).and_then(|(_, service)| service);
    if headers.contains_key("x-amz-target") || signed_for.is_some_and(|service| service != "s3") {
        return None;
    }
    let host = host(headers).rsplit_once(':').map_or(host(headers), |(name, _)| name);
    bucket_of_host(host)
}

/// The bucket in `BUCKET.s3.…` and in `BUCKET.localhost`, the names that SDKs form from an endpoint URL.
fn bucket_of_host(host: &str) -> Option<&str> {
    let bucket = match host.strip_suffix(".localhost") {
        Some(labels) => labels.strip_suffix(".s3").unwrap_or(labels),
        None => before_s3(host)?,
    };
    (!bucket.is_empty() && bucket != "s3").then_some(bucket)
}

/// What stands before the label `s3` (or `s3-REGION`) of an AWS or look-alike host name.
fn before_s3(host: &str) -> Option<&str> {
    const DOMAINS: [&str; 3] = [".amazonaws.com", ".localhost.localstack.cloud", ".localhost.trailcam"];
    let labels = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain))?;
    let at = labels.rfind(".s3").filter(|at| {
        let rest = &labels[at + ".s3".len()..];
        rest.is_empty() || rest.starts_with(['.', '-'])
    })?;
    Some(&labels[..at])
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
        check("s3.localhost", None);
        check("localhost", None);
        check("s3.amazonaws.com", None);
        check("127.0.0.1", None);
        check("cloudtrail.us-east-1.amazonaws.com", None);
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
