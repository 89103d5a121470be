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
    address: Address,
    packed: &'static [u8],
    contract: OnceLock<Contract>,
}

impl Embedded {
    const fn new(address: Address, packed: &'static [u8]) -> Embedded {
        Embedded { address, packed, contract: OnceLock::new() }
    }

    fn contract(&'static self) -> &'static Contract {
        self.contract.get_or_init(|| compact::unpack(self.packed))
    }
}

// `static EMBEDDED: [Embedded; N]`, sorted by service. Contracts never change, so this is no state.
include!(concat!(env!("OUT_DIR"), "/contracts.rs"));

/// Names of all services that have a contract, in alphabetical order.
pub fn services() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|embedded| embedded.address.service)
}

/// The contract of a service, by our name of it (`cloudwatch`, not `monitoring`).
pub fn get(service: &str) -> Option<&'static Contract> {
    find(|address| address.service == service)
}

/// The first contract whose address fits; no other is unpacked.
pub fn find(fits: impl Fn(&Address) -> bool) -> Option<&'static Contract> {
    EMBEDDED.iter().find(|embedded| fits(&embedded.address)).map(Embedded::contract)
}
