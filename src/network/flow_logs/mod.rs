//! Flow log records: from what interfaces saw to lines. Where they are delivered is the service's affair.
//!
//! ```text
//! Observation ── Windows::add ──> windows ── close_next ──> Closed ── records ──> Record ── line ──> "2 123456789012 eni-… ACCEPT OK"
//! ```

mod closing;
mod fields;
mod format;
mod numbers;
mod parts;
mod record;
mod table;
mod viewpoints;
mod windows;

#[cfg(test)]
mod tests;

pub use closing::Closed;
pub use fields::{ColumnType, FIELDS, Field};
pub use format::{Format, FormatFault};
pub use record::{Content, EcsTask, Facts, Record, Totals, TrafficType, Value, text_file};
pub use viewpoints::Viewpoints;
pub use windows::Windows;
