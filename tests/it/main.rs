//! The integration tests, in one binary so that they link once.

mod contract;
mod control;
mod coverage;
mod insights;
mod members;
mod refusals;
mod seeds;
mod simulation;
mod support;
