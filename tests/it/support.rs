//! An emulator of its own for each test, called through the real router, in process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use chrono::TimeDelta;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use trailcam::config::Clock;
use trailcam::contract::{self, Contract};
use trailcam::emulator::Emulator;
use trailcam::front;
use trailcam::services::cloudtrail;
use trailcam::services::cloudtrail::events::Filter;
use trailcam::wire::{self, Fault, Map, Value};
use trailcam::world::call::{Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::time::Time;
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
            log_memory: 16 << 20,
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
        if !request.body.is_empty() {
            built = built.header("content-length", request.body.len());
        }
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00");
        let request = built.header("authorization", authorization).body(Body::from(request.body));
        self.answer(request.expect("a request of the contract is one of HTTP")).await
    }

    /// Sends a request as text: `METHOD URI`, header lines, an empty line, a body.
    pub async fn ask(&self, text: &str) -> Answer {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines().map(str::trim);
        let (method, uri) = lines.next().and_then(|line| line.split_once(' ')).expect("METHOD URI");
        let mut built = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:4566");
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            built = built.header(name, value);
        }
        self.answer(built.body(Body::from(body.to_owned())).expect("a request of HTTP")).await
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

/// Calls and looks that need no socket: what the simulation is made of.
impl Trailcam {
    /// Makes a call as `test`, whatever comes of it.
    pub fn call(&self, service: &str, region: &str, operation: &str, input: Json) -> Result<Value, Fault> {
        let contract = contract::get(service).expect("a contract");
        let id = contract.find(operation).expect("an operation");
        let credentials = Credentials { access_key: Some("test".into()), session_token: None };
        let connection = Connection {
            source_ip: "198.51.100.7".into(),
            user_agent: "simulation".into(),
            host: format!("{}.{region}.amazonaws.com", contract.endpoint_prefix),
            ..Connection::default()
        };
        let answer = self.emulator.call(Call {
            contract,
            operation: id,
            region: Region::parse(region).expect("a Region"),
            sender: Sender::Client { credentials, connection },
            input: Ok(tree(&input)),
            upload: Ok(Upload::default()),
        });
        answer.outcome.map(|output| output.value)
    }

    pub fn advance(&self, seconds: i64) {
        self.emulator.advance(TimeDelta::seconds(seconds)).expect("time goes forward");
    }

    pub fn flush(&self) {
        self.emulator.step(cloudtrail::flush);
    }

    /// The folder of the buckets.
    pub fn objects(&self) -> PathBuf {
        self.folder.join("s3")
    }

    /// Every recorded event, as JSON text.
    pub fn events(&self) -> Vec<String> {
        self.emulator.step(|world| cloudtrail::events::matching(world, &Filter::default()).collect())
    }

    /// The public keys of a Region, by fingerprint.
    pub fn public_keys(&self, region: &str) -> BTreeMap<String, Vec<u8>> {
        let now = self.emulator.clock().0;
        let range = json!({"StartTime": "2026-01-01T00:00:00Z", "EndTime": now.to_rfc3339()});
        let answer = self.call("cloudtrail", region, "ListPublicKeys", range).expect("keys");
        let keys = answer.get("PublicKeyList").and_then(Value::as_list).expect("a list");
        let text = |key: &Value| key.get("Fingerprint").and_then(Value::as_str).expect("a fingerprint").to_owned();
        let blob = |key: &Value| match key.get("Value") {
            Some(Value::Blob(bytes)) => bytes.to_vec(),
            other => panic!("a key is bytes, not {other:?}"),
        };
        keys.iter().map(|key| (text(key), blob(key))).collect()
    }

    /// User metadata of an object.
    pub fn metadata(&self, bucket: &str, region: &str, key: &str, name: &str) -> String {
        let answer = self.call("s3", region, "HeadObject", json!({"Bucket": bucket, "Key": key})).expect("an object");
        let metadata = answer.get("Metadata").expect("metadata");
        metadata.get(name).and_then(Value::as_str).expect("an entry").to_owned()
    }
}

/// A JSON text's tree; texts that are times become times.
fn tree(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Int(number.as_i64().expect("a whole number")),
        Json::String(text) => text.parse::<Time>().map_or_else(|_| Value::Str(text.clone()), Value::Time),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => {
            Value::Map(Map(members.iter().map(|(name, value)| (name.clone().into(), tree(value))).collect()))
        }
    }
}
