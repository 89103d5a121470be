//! The integration tests, in one binary so that they link once.

mod contract;
mod members;
mod support;
