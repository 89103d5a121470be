//! Trailcam: a local AWS audit and observability control plane. See `ARCHITECTURE.md`.

pub mod contract;
pub mod services;
pub mod wire;
pub mod world;
