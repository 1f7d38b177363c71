//! Messages between durable realms: values as V8's structured clone writes them.

use super::exception;
use super::wrap::wrap;
use crate::engine::Thrown;
use std::cell::Cell;
use std::ffi::c_void;
use v8::{ValueDeserializerHelper, ValueSerializerHelper};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Bytes of memory that one value may take while it is written. The strings of a list can be more than any memory has, because a
/// string that occurs twice is written twice.
const MOST_BYTES: usize = 256 << 10;

/// What values begin with: the mark of a version, and V8's version of the format. An older one is read in ways of its own.
const HEAD: [u8; 2] = [0xff, 16];

thread_local! {
    /// Whether the value that is being written was too large.
    static TOO_LARGE: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" {
    /// The crate's own function, which takes what the allocator gives.
    #[link_name = "__real_v8__ValueSerializer__Delegate__ReallocateBufferMemory"]
    fn v8_reallocate(this: *mut c_void, old: *mut c_void, bytes: usize, actual: *mut usize) -> *mut c_void;
}

wrap!("__wrap_v8__ValueSerializer__Delegate__ReallocateBufferMemory", reallocate);

/// Called by V8 when a value needs more memory; null is its sign that there is none.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn reallocate(this: *mut c_void, old: *mut c_void, bytes: usize, actual: *mut usize) -> *mut c_void {
    if bytes > MOST_BYTES {
        TOO_LARGE.set(true);
        return std::ptr::null_mut();
    }
    // SAFETY: V8's own arguments go on.
    unsafe { v8_reallocate(this, old, bytes, actual) }
}

/// What is thrown for a value that is not for sending.
struct Refusing;

impl Refusing {
    fn refuse(scope: Scope<'_, '_, '_>, what: &str) {
        exception::throw_clone_error(scope, what);
    }
}

impl v8::ValueSerializerImpl for Refusing {
    fn throw_data_clone_error<'s>(&self, scope: Scope<'_, 's, '_>, message: v8::Local<'s, v8::String>) {
        if TOO_LARGE.get() {
            exception::throw(scope, &Thrown::range_error("the message is too large"));
        } else {
            let message = message.to_rust_string_lossy(scope);
            Self::refuse(scope, &message);
        }
    }

    fn write_host_object<'s>(
        &self,
        scope: Scope<'_, 's, '_>,
        _object: v8::Local<'s, v8::Object>,
        _serializer: &dyn ValueSerializerHelper,
    ) -> Option<bool> {
        Self::refuse(scope, "an object of the host could not be cloned.");
        None
    }

    fn get_shared_array_buffer_id<'s>(
        &self,
        scope: Scope<'_, 's, '_>,
        _buffer: v8::Local<'s, v8::SharedArrayBuffer>,
    ) -> Option<u32> {
        Self::refuse(scope, "#<SharedArrayBuffer> could not be cloned.");
        None
    }
}

struct Reading;

impl v8::ValueDeserializerImpl for Reading {}

/// A value as bytes; none when an exception is on its way. May run getters.
pub(super) fn write(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Option<Vec<u8>> {
    TOO_LARGE.set(false);
    let serializer = v8::ValueSerializer::new(scope, Box::new(Refusing));
    serializer.write_header();
    let context = scope.get_current_context();
    let written = serializer.write_value(context, value);
    let bytes = serializer.release();
    written.filter(|written| *written).map(|_| bytes)
}

/// The value that such bytes are; none when an exception is on its way.
pub(super) fn read<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> Option<v8::Local<'s, v8::Value>> {
    if !bytes.starts_with(&HEAD) {
        exception::throw_clone_error(scope, "the message is not of this version of the engine");
        return None;
    }
    let deserializer = v8::ValueDeserializer::new(scope, Box::new(Reading), bytes);
    let context = scope.get_current_context();
    deserializer.read_header(context)?;
    deserializer.read_value(context)
}
