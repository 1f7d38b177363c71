//! One request from look-up to response, and one install from bundle to serving app. Engine-neutral.

mod plugin;
pub(crate) mod process;
mod registry;
mod response;

pub use plugin::{EngineTimings, Plugin};
pub use process::Unforked;
pub use registry::{Found, InstallTimings, Registry};
pub use response::{ExecutionTimings, Response};
