//! Every operation we have, one after the other in one world: policy documents, event selectors, pagination tokens.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::TimeDelta;
use http::HeaderMap;
use trailcam::contract::{self, Contract, OperationId, Protocol};
use trailcam::emulator::Emulator;
use trailcam::services;
use trailcam::services::cloudtrail::keys::KeyRing;
use trailcam::wire::{self, Head, Value};
use trailcam::world::call::{Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::Region;
use trailcam::world::time;

const LINES_MAX: usize = 16;
/// Enough for deliveries and one digest.
const STEP_MAX: TimeDelta = TimeDelta::minutes(90);
/// Answers that later calls can refer to.
const TOKENS: [&str; 6] = ["NextToken", "Marker", "NextContinuationToken", "NextMarker", "UploadId", "VersionId"];

/// Lines of `SERVICE OPERATION JSON`, and `advance DURATION`. A word that is no operation stands for one all the same.
/// `$token` is the last token that an answer had.
pub fn calls(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let emulator = super::emulator();
    emulator.step(|world| world.digest_keys.ring = ring());
    let mut token = String::new();
    for line in text.lines().take(LINES_MAX) {
        let line = line.replace("$token", &token);
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        match (word(), word(), word()) {
            ("advance", duration, _) => {
                let step = time::parse_duration(duration).unwrap_or(STEP_MAX);
                let _ = emulator.advance(step.min(STEP_MAX));
            }
            (service, operation, input) => {
                let (contract, operation) = chosen(service, operation);
                token = call(&emulator, contract, operation, input).unwrap_or(token);
            }
        }
    }
    emulator.reset();
}

/// Keys take a moment to make: all emulators of the process share them.
fn ring() -> KeyRing {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    RING.get_or_init(|| super::emulator().step(|world| world.digest_keys.ring.clone())).clone()
}

/// The operation of that name, else any of those we have.
fn chosen(service: &str, operation: &str) -> (&'static Contract, OperationId) {
    static BUILT: OnceLock<Vec<(&'static Contract, OperationId)>> = OnceLock::new();
    let named = contract::get(service).and_then(|contract| Some((contract, contract.find(operation)?)));
    named.unwrap_or_else(|| {
        let built = BUILT.get_or_init(built);
        built[(super::number(service) ^ super::number(operation)) % built.len()]
    })
}

fn built() -> Vec<(&'static Contract, OperationId)> {
    let contracts = contract::services().filter_map(contract::get);
    let named = contracts
        .flat_map(|contract| services::operations(contract.service).into_iter().map(move |name| (contract, name)));
    named.filter_map(|(contract, name)| Some((contract, contract.find(name)?))).collect()
}

/// Makes the call, writes its answer in each protocol, and hands out the answer's token.
fn call(emulator: &Arc<Emulator>, contract: &'static Contract, operation: OperationId, input: &str) -> Option<String> {
    let headers = HeaderMap::new();
    let head = Head { method: "POST", path: "/", query: "", headers: &headers, host: "localhost" };
    let input = wire::decode(contract, operation, Protocol::Json, &head, input.as_bytes());
    let credentials = Credentials { access_key: Some("test".into()), session_token: None };
    let upload = Upload::of(Bytes::copy_from_slice(b"content"));
    let sender = Sender::Client { credentials, connection: Connection::default() };
    let answer =
        emulator.call(Call { contract, operation, region: Region::US_EAST_1, sender, input, upload: Ok(upload) });
    for protocol in &contract.protocols {
        match &answer.outcome {
            Ok(output) => wire::encode(contract, operation, *protocol, &output.value, &answer.request_id),
            Err(fault) => {
                wire::encode_fault(Some(contract), Some(operation), *protocol, fault, &answer.request_id, None)
            }
        };
    }
    let output = answer.outcome.ok()?.value;
    TOKENS.iter().find_map(|name| output.get(name).and_then(Value::as_str).map(str::to_owned))
}
