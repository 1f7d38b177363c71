//! What the fuzz targets share: a loaded library, a host, and sources of generated JavaScript.

pub mod apps;
pub mod generate;
pub mod host;
pub mod interface;
pub mod json;
pub mod library;
pub mod realm;

pub use interface::*;
pub use library::{Endpoint, Failure, Library, Registry, Reply, written};
