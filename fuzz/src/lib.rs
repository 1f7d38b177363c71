//! What the fuzz targets share: a loaded library, a host, and sources of generated JavaScript.

pub mod apps;
pub mod fields;
pub mod generate;
pub mod host;
pub mod interface;
pub mod json;
pub mod library;
pub mod realm;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use interface::*;
pub use library::{Endpoint, Failure, Library, Registry, Reply, written};

/// Whether this input is among the one of `many` that go through what is too slow for all of them; the same in each run.
pub fn one_of(many: u64, input: &impl Hash) -> bool {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish().is_multiple_of(many)
}
