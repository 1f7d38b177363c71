//! The border: one file per noun of the C interface. This room knows all others and none knows it.
//!
//! Nothing here decides anything about JavaScript, bundles or requests. It checks what the host passed, calls the
//! rooms behind it, and turns their answers into status codes, owned handles and borrowed bytes.
//!
//! The rules of the interface, on which all unsafe code of this room rests: a handle that the host passes came from this
//! library and was not freed, other pointers are readable or writable for the type that they point to, and both stay so
//! during the call. The header says this to the host, so the functions do not repeat it.

#![allow(clippy::missing_safety_doc, non_camel_case_types)]

mod alarms;
mod boundary;
mod bytes;
mod cache;
mod checkpoint;
mod consensus;
mod endpoint;
mod engine;
mod error;
mod historical;
mod host;
mod host_call;
mod host_table;
mod log;
mod messages;
mod options;
mod realm;
mod realm_app;
mod registry;
mod request;
mod response;
mod storage;
mod timings;
mod version;

pub use crate::status::jsep_status;
pub use alarms::*;
pub use bytes::{jsep_bytes, jsep_sink};
pub use cache::jsep_cache;
pub use checkpoint::*;
pub use consensus::*;
pub use endpoint::*;
pub use engine::*;
pub use error::*;
pub use historical::*;
pub use host::*;
pub use log::*;
pub use messages::*;
pub use options::*;
pub use realm::*;
pub use realm_app::*;
pub use registry::*;
pub use request::*;
pub use response::*;
pub use storage::jsep_storage;
pub use timings::*;
pub use version::*;
