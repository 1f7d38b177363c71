//! Typed arrays and `DataView`s as bytes.

use super::super::value::{Problem, Value};
use rquickjs_sys as q;

/// How to ask views for their parts. These are the getters that a context began with: scripts may give a view others.
pub(in crate::engine::quickjs) struct Views {
    typed_arrays: Parts,
    data_views: Parts,
}

struct Parts {
    buffer: Value,
    offset: Value,
    length: Value,
}

impl Views {
    /// Finds the getters in a new context.
    pub(in crate::engine::quickjs) fn find(global: &Value) -> Option<Views> {
        let typed_arrays = global.get(c"Uint8Array").ok()?.get(c"prototype").ok()?.prototype().ok()?;
        let data_views = global.get(c"DataView").ok()?.get(c"prototype").ok()?;
        Some(Views { typed_arrays: Parts::find(&typed_arrays)?, data_views: Parts::find(&data_views)? })
    }

    /// The bytes that a view shows; none for what is no view.
    pub(in crate::engine::quickjs) fn bytes(&self, value: &Value) -> Option<Vec<u8>> {
        // SAFETY: both look at the class of a live object only.
        let parts = unsafe {
            if q::JS_GetTypedArrayType(value.raw()) >= 0 {
                &self.typed_arrays
            } else if q::JS_IsDataView(value.raw()) {
                &self.data_views
            } else {
                return None;
            }
        };
        // A view that is out of the bounds of its buffer shows nothing; the exception that says so is dropped.
        let bytes = parts.bytes(value).unwrap_or_else(|_| {
            drop(value.context().exception());
            Vec::new()
        });
        Some(bytes)
    }
}

impl Parts {
    fn find(prototype: &Value) -> Option<Parts> {
        Some(Parts {
            buffer: prototype.getter("buffer")?,
            offset: prototype.getter("byteOffset")?,
            length: prototype.getter("byteLength")?,
        })
    }

    fn bytes(&self, view: &Value) -> Result<Vec<u8>, Problem> {
        let number = |number: Value| number.as_number().map_or(0, |number| number as usize);
        let offset = number(self.offset.call(view, &[])?);
        let length = number(self.length.call(view, &[])?);
        let bytes = self.buffer.call(view, &[])?.as_buffer().unwrap_or_default();
        Ok(bytes.get(offset..offset.saturating_add(length)).unwrap_or_default().to_vec())
    }
}
