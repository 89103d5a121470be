//! An emulator of its own for each test, called through the real router, in process.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;
use trailcam::config::Clock;
use trailcam::contract::Contract;
use trailcam::emulator::Emulator;
use trailcam::front;
use trailcam::wire;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

/// An emulator with a frozen clock and a folder that is removed with it.
pub struct Trailcam {
    pub emulator: Arc<Emulator>,
    folder: PathBuf,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Trailcam {
    /// At noon of the first of January 2026.
    pub fn new(seed: u64) -> Trailcam {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("trailcam-it-{}-{count}", std::process::id()));
        let settings = Settings {
            account: AccountId::parse("000000000000").expect("twelve digits"),
            region: Region::US_EAST_1,
            seed,
            cadence: Cadence::Fast,
            data_dir: folder.clone(),
        };
        let start = "2026-01-01T12:00:00Z".parse().expect("a time");
        Trailcam { emulator: Arc::new(Emulator::new(settings, Clock::Manual(Some(start)))), folder }
    }

    /// Sends a request of the contract's client side, signed for the contract's service by `test`.
    pub async fn send(&self, contract: &Contract, request: wire::Request) -> Answer {
        let scope = format!("test/20260101/us-east-1/{}/aws4_request", contract.signing_name);
        let mut built = Request::builder().method(request.method).uri(request.uri).header("host", "127.0.0.1:4566");
        for (name, value) in &request.headers {
            built = built.header(name.as_ref(), value);
        }
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00");
        let request = built.header("authorization", authorization).body(Body::from(request.body));
        self.answer(request.expect("a request of the contract is one of HTTP")).await
    }

    /// Sends a request to the admin API; answers its status and the type of its content.
    pub async fn admin(&self, method: Method, path: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned()));
        let answer = self.answer(request.expect("a path of ours")).await;
        let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        (answer.status, kind.unwrap_or_default().to_owned())
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let router = front::router(Arc::clone(&self.emulator));
        let response: Response<Body> = router.oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Drop for Trailcam {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
