//! Reachability Analyzer: whether traffic from one end can reach another, and why not, by the same walk that traffic takes
//! (<https://docs.aws.amazon.com/vpc/latest/reachability/what-is-reachability-analyzer.html>).

mod analyses;
mod paths;
mod walk;

use crate::world::op::Op;

pub use analyses::{Analysis, Place, finish};
pub use paths::Path;

/// The operations, on paths and on analyses.
pub const OPS: &[&[Op]] = &[paths::OPS, analyses::OPS];
