//! Any head: which operation it calls, and what is read from it.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use trailcam::wire::{self, Head};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().splitn(2, ' ');
    let (method, uri) = (first.next().unwrap_or_default(), first.next().unwrap_or("/"));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), HeaderValue::try_from(value.trim())) {
            headers.insert(name, value);
        }
    }
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let head = Head { method, path, query, headers: &headers, host: "bucket.s3.eu-west-1.amazonaws.com" };
    if let Ok(route) = wire::route(&head, Some(body.as_bytes())) {
        let _ = wire::decode(route.contract, route.operation, route.protocol, &head, body.as_bytes());
    }
});
