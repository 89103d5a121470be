//! Every operation of every contract, there and back in each of its protocols; exact bytes; broken bytes.

mod bytes;
mod constraints;
mod no_panic;
mod routes;
mod trip;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Head, Request};
use crate::contract::Contract;

/// A contract that must be there.
fn contract(service: &str) -> &'static Contract {
    crate::contract::get(service).unwrap_or_else(|| panic!("no contract of {service}"))
}

fn contracts() -> impl Iterator<Item = &'static Contract> {
    crate::contract::services().filter_map(crate::contract::get)
}

/// Runs a test with the head of a request, signed for a service.
fn with_head<T>(request: &Request, signing_name: &str, then: impl FnOnce(&Head) -> T) -> T {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.append(name, HeaderValue::from_str(value).expect("a header value"));
    }
    let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{signing_name}/aws4_request, Signature=0");
    headers.insert("authorization", HeaderValue::from_str(&scope).expect("a header value"));
    let (path, query) = request.uri.split_once('?').unwrap_or((&request.uri, ""));
    then(&Head { method: request.method, path, query, headers: &headers, host: "localhost:4566" })
}
