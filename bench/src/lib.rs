//! A host in Rust for the benches: it loads a library and uses it through the C interface, like any other host.

mod cache;
mod interface;
mod library;
mod store;

pub use interface::ExecutionTimings;
pub use library::{Endpoint, Library, Registry};
