//! JavaScript endpoints on V8 behind a C interface. This file is the map of the crate.
//!
//! An arrow may only point down: `abi → durable → invoke → app, host, engine` and `engine::v8 → app, host, crypto`.

pub mod abi;
pub mod app;
pub mod crypto;
pub mod durable;
pub mod engine;
pub mod error;
pub mod host;
pub mod invoke;
pub mod status;
