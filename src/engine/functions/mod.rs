//! The functions that apps call, written once for all engines.
//!
//! An engine lends a [`Call`] and turns the [`Answer`] into a value of its own. Texts and checks are therefore the same in each.

mod call;

pub use call::{Answer, Call, Stop, Value};

/// A function that an engine gives to scripts.
pub struct Function {
    /// Its `name`.
    pub name: &'static str,
    /// Its `length`.
    pub length: u8,
    /// What it does.
    pub run: fn(&mut dyn Call) -> Result<Answer, Stop>,
}
