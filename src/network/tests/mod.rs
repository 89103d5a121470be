//! Walks, as AWS documents them and against an evaluator that shares nothing with the engine.

mod documented;
pub(super) mod lab;
mod naive;
mod random;
mod routing;
