//! Any body, read as any operation's input in each of its service's protocols, and held against its constraints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trailcam::contract::{self, OperationId};
use trailcam::wire::{self, Head};

fuzz_target!(|data: &[u8]| {
    let [service, operation, protocol, body @ ..] = data else { return };
    let services: Vec<_> = contract::services().collect();
    let Some(contract) = contract::get(services[usize::from(*service) % services.len()]) else { return };
    // Operations are many: two bits of the protocol byte widen the choice.
    let chosen = (usize::from(*operation) | usize::from(protocol >> 6) << 8) % contract.operations.len();
    let operation = OperationId(chosen as u32);
    let protocol = contract.protocols[usize::from(protocol & 0x3f) % contract.protocols.len()];
    let headers = http::HeaderMap::new();
    let text = String::from_utf8_lossy(body);
    let (path, query) = text.split_once('?').unwrap_or(("/bucket/key", &text));
    let method = contract.operation(operation).method;
    let head = Head { method, path, query, headers: &headers, host: "localhost" };
    let Ok(input) = wire::decode(contract, operation, protocol, &head, body) else { return };
    if wire::check(contract, operation, &input).is_ok() {
        // What was read can be written again.
        wire::encode_request(contract, operation, protocol, &input);
    }
});
