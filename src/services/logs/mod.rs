//! CloudWatch Logs.

pub mod pattern;
