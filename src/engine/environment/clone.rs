//! What `structuredClone` can't find out itself.

use crate::engine::functions::{Answer, Call, Stop};

/// Whether the argument is a proxy.
pub(super) fn is_proxy(call: &mut dyn Call) -> Result<Answer, Stop> {
    Ok(Answer::Boolean(call.is_proxy(0)))
}
