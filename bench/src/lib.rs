//! A host in Rust for the benches: it loads a library and uses it through the C interface, like any other host.

mod apps;
mod cache;
mod interface;
mod library;
mod store;

pub use apps::{bundle, logging_app};
pub use interface::ExecutionTimings;
pub use library::{Endpoint, Library, Registry};
