//! What a native function makes outside of QuickJS's heap for one call: it counts as what is in it, until the call ends.

use super::active;
use super::interpreter;
use super::value::Context;
use crate::engine::Thrown;

/// The memory of one call, nothing at first. It is given back with the drop.
pub(super) struct Outside {
    context: Context,
    bytes: usize,
}

impl Outside {
    /// For a call in a context, which must be live until the drop.
    pub(super) fn new(context: Context) -> Outside {
        Outside { context, bytes: 0 }
    }

    /// Counts so many bytes more, which must not be made when they are refused. Once the time of the script is up, all are.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Thrown> {
        if cfg!(feature = "without_guards") {
            return Ok(());
        }
        if active::is_out_of_time(self.context) {
            return Err(Thrown::internal("interrupted"));
        }
        if !interpreter::globals(self.context).memory().reserve(bytes) {
            return Err(Thrown::internal("out of memory"));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        interpreter::globals(self.context).memory().release(self.bytes);
    }
}
