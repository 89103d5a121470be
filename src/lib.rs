//! Trailcam: a local AWS audit and observability control plane. See `ARCHITECTURE.md`.

pub mod config;
pub mod contract;
pub mod data_dir;
pub mod emulator;
pub mod front;
pub mod network;
pub mod patterns;
pub mod query;
pub mod services;
pub mod wire;
pub mod world;
