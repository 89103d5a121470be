//! Alarms.

pub mod evaluate;
pub mod reason;
pub mod rule;
pub mod state;
