//! Bytes ⇄ [`Value`], led by the contract. Knows no service.

pub mod fault;
pub mod value;

use crate::contract::{Contract, OperationId};
pub use fault::Fault;

pub use value::{Map, Name, Value};

/// Checks an input against its contract's constraints.
pub fn check(_contract: &Contract, _operation: OperationId, _input: &Value) -> Result<(), Fault> {
    Ok(())
}
