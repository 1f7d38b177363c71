//! Proven reuse under attack. The scripts are in `tests/proven_reuse`, with a README.
//!
//! - `corpus`: single calls, each in a realm of its own, which is then compared with an untouched one
//! - `programs`: generated endpoints, whose responses in proven realms must be those of fresh ones
//! - `update`: what a newer V8 could break without a word
//! - `start`: how the tests start V8
//! - `memory`: a host

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub(in crate::engine::v8) mod corpus;
pub(in crate::engine::v8) mod memory;
mod programs;
pub(in crate::engine::v8) mod start;
mod update;

pub(super) use update::{note_strange, reached};
