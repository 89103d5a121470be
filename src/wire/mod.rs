//! Bytes ⇄ [`Value`], led by the contract. Knows no service.

pub mod fault;
pub mod value;

pub use fault::Fault;
pub use value::{Map, Name, Value};
