//! What the fuzz targets share: a loaded library, a host, and sources of generated JavaScript.

pub mod apps;
pub mod fields;
pub mod generate;
pub mod host;
pub mod interface;
pub mod json;
pub mod library;
pub mod misuse;
pub mod realm;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use interface::*;
pub use library::{Endpoint, Failure, Library, Registry, Reply, written};

/// A number that this input has, the same in each run.
fn number_of(input: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}

/// Whether this input is among the one of `many` that go through what is too slow for all of them.
pub fn one_of(many: u64, input: &impl Hash) -> bool {
    number_of(input).is_multiple_of(many)
}

/// The choice that this input goes with: most go with the first, because others are slow.
pub fn choice<'a, T>(choices: &'a [T], input: &impl Hash) -> &'a T {
    const SELDOM: u64 = 4;
    let number = number_of(input);
    let index = if number.is_multiple_of(SELDOM) { number / SELDOM % choices.len() as u64 } else { 0 };
    &choices[usize::try_from(index).expect("an index")]
}
