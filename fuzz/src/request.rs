//! Whole requests, the admin API's too.

use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;
use trailcam::front;

/// A request as text, sent through the front to an emulator of its own.
pub fn request(data: &[u8]) {
    let at = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (head, body) = (&data[..at], data.get(at + 2..).unwrap_or_default());
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.lines();
    let (method, uri) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/"));
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(to) = request.headers_mut() {
        *to = super::headers(lines);
        measure(to, body.len());
    }
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let emulator = super::emulator();
    super::wait(async {
        let answer = front::router(emulator.clone()).oneshot(request).await.expect("the router always answers");
        assert!(answer.status().as_u16() != 500, "an internal error");
        answer.into_body().collect().await.expect("a body");
    });
    emulator.reset();
}

/// As HTTP has it, a body has the length that the head says, unless it comes in chunks.
fn measure(headers: &mut HeaderMap, length: usize) {
    if length > 0 && !headers.contains_key("transfer-encoding") {
        headers.insert("content-length", length.into());
    }
}
