//! Reachability Analyzer: whether traffic from one end can reach another, and why not, by the same walk that traffic takes
//! (<https://docs.aws.amazon.com/vpc/latest/reachability/what-is-reachability-analyzer.html>).
//!
//! ```text
//! Path ── Question::new ──> lanes ── Search ──> Tried ── Teller ──> Findings
//! ```

pub mod analyses;
mod components;
mod explanations;
mod findings;
mod headers;
pub mod paths;
mod question;
mod search;
mod spread;
#[cfg(test)]
mod tests;

use crate::world::op::Op;

pub use analyses::{Analysis, go_on};
pub use paths::Path;

/// The operations, on paths and on analyses.
pub const OPS: &[&[Op]] = &[paths::OPS, analyses::OPS];
