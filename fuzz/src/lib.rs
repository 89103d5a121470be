//! What the fuzz targets do with any bytes. `tests/it` does the same with every seed, so that what was found once
//! stays found.

mod alarms;
mod calls;
mod capture;
mod decode;
mod events;
mod insights;
mod metrics;
mod pattern;
mod request;
mod texts;
mod upload;

pub use alarms::alarms;
pub use calls::calls;
pub use capture::capture;
pub use decode::decode;
pub use events::events;
pub use insights::insights;
pub use metrics::metrics;
pub use pattern::pattern;
pub use request::request;
pub use texts::texts;
pub use upload::upload;

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Runtime;
use trailcam::config::Clock;
use trailcam::contract::{self, Contract, OperationId};
use trailcam::emulator::Emulator;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

/// A target: it takes any bytes, and it must come back.
pub type Target = fn(&[u8]);

/// The targets, by the names of their seeds' folders.
pub const TARGETS: [(&str, Target); 11] = [
    ("alarms", alarms),
    ("calls", calls),
    ("capture", capture),
    ("decode", decode),
    ("events", events),
    ("insights", insights),
    ("metrics", metrics),
    ("pattern", pattern),
    ("request", request),
    ("texts", texts),
    ("upload", upload),
];

thread_local! {
    static RUNTIME: Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A new emulator at noon of the first of January 2026. The process has one folder for all of them.
fn emulator() -> Arc<Emulator> {
    let settings = Settings {
        account: AccountId::parse("000000000000").expect("twelve digits"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: folder(),
        log_memory: 16 << 20,
    };
    let start = "2026-01-01T12:00:00Z".parse().expect("a time");
    Arc::new(Emulator::new(settings, Clock::Manual(Some(start))))
}

/// The operation of that name; words that name none stand for one all the same.
fn operation(service: &str, operation: &str) -> (&'static Contract, OperationId) {
    let services: Vec<_> = contract::services().collect();
    let named = contract::get(service).or_else(|| contract::get(services[number(service) % services.len()]));
    let contract = named.expect("services have contracts");
    let other = OperationId((number(operation) % contract.operations.len()) as u32);
    (contract, contract.find(operation).unwrap_or(other))
}

/// Any number, the same for the same word.
fn number(word: &str) -> usize {
    word.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)))
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("trailcam-fuzz-{}", std::process::id()))
}

/// Header lines, up to an empty one.
fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), HeaderValue::try_from(value.trim())) {
            headers.append(name, value);
        }
    }
    headers
}
