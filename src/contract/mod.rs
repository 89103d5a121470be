//! The contracts of AWS services, as data.
//!
//! A [`Contract`] says what one service's API looks like on the wire: its operations, shapes,
//! constraints and bindings. Codecs, validation, redaction, records and coverage interpret it;
//! nothing here knows what any operation does. The documents live in `openapi/`; the developer tool
//! [`derive`] writes them, `build.rs` reads them ([`document`]) and packs them ([`compact`]), and a
//! service's contract is unpacked the first time it is asked for.

pub mod compact;
pub mod derive;
pub mod document;
mod model;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub use model::*;

/// A packed contract, and the contract itself once somebody asked for it.
struct Embedded {
    service: &'static str,
    packed: &'static [u8],
    contract: OnceLock<Contract>,
}

impl Embedded {
    const fn new(service: &'static str, packed: &'static [u8]) -> Embedded {
        Embedded { service, packed, contract: OnceLock::new() }
    }
}

// `static EMBEDDED: [Embedded; N]`, sorted by service. Contracts never change, so this is no state.
include!(concat!(env!("OUT_DIR"), "/contracts.rs"));

/// Names of all services that have a contract, in alphabetical order.
pub fn services() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|embedded| embedded.service)
}

/// The contract of a service, by our name of it (`cloudwatch`, not `monitoring`).
pub fn get(service: &str) -> Option<&'static Contract> {
    let embedded = EMBEDDED.iter().find(|embedded| embedded.service == service)?;
    Some(embedded.contract.get_or_init(|| compact::unpack(embedded.packed)))
}
