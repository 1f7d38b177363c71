//! What a native function makes outside of V8's heap for one call: it counts as array buffers do, until the call ends.

use super::active;
use super::buffers::BufferBudget;
use super::reservations;
use crate::engine::Thrown;
use std::sync::Arc;

/// The memory of one call, nothing at first. It is given back with the drop.
#[derive(Default)]
pub(super) struct Outside {
    /// Where it was taken from.
    budget: Option<Arc<BufferBudget>>,
    bytes: usize,
}

impl Outside {
    /// Counts so many bytes more, which must not be made when they are refused. Once the time of the script is up, all are.
    pub(super) fn take(&mut self, isolate: &mut v8::Isolate, bytes: usize) -> Result<(), Thrown> {
        if cfg!(feature = "without_guards") {
            return Ok(());
        }
        if active::is_out_of_time(isolate) {
            return Err(Thrown::internal("interrupted"));
        }
        if self.budget.is_none() {
            self.budget = reservations::budget_of(isolate);
        }
        let Some(budget) = &self.budget else { return Ok(()) };
        if !reservations::reserve(isolate, budget, bytes) {
            budget.note_refusal(bytes);
            return Err(Thrown::internal("out of memory"));
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Takes over what another has.
    pub(super) fn add(&mut self, mut other: Outside) {
        self.bytes += std::mem::take(&mut other.bytes);
        self.budget = self.budget.take().or_else(|| other.budget.take());
    }

    /// A string as UTF-8, which counts.
    pub(super) fn text(
        &mut self,
        isolate: &mut v8::Isolate,
        string: v8::Local<'_, v8::String>,
    ) -> Result<String, Thrown> {
        // No character takes less. What takes more is known when it is there, which saves reading the string twice.
        let least = string.length();
        self.take(isolate, least)?;
        let text = string.to_rust_string_lossy(isolate);
        self.take(isolate, text.len().saturating_sub(least))?;
        Ok(text)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.release(self.bytes);
        }
    }
}
