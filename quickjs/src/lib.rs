//! JavaScript endpoints on QuickJS behind the C interface of jsv8. This file is the map of the crate.
//!
//! All rooms but the engine are those of jsv8, compiled into this library too, so that both keep the same rules.

#[path = "../../src/abi/mod.rs"]
pub mod abi;
#[path = "../../src/app/mod.rs"]
pub mod app;
#[path = "../../src/crypto/mod.rs"]
pub mod crypto;
#[path = "../../src/durable/mod.rs"]
pub mod durable;
pub mod engine;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/host/mod.rs"]
pub mod host;
#[path = "../../src/invoke/mod.rs"]
pub mod invoke;
#[path = "../../src/status.rs"]
pub mod status;
