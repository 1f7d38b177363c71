//! Functions of the library that V8 calls instead of its own: the linker calls each by the name that it puts in the place of V8's.

pub(in crate::engine::v8) use crate::engine::symbol::called_as as wrap;

/// Takes the place of a function of V8's: answers with what `$instead` has, and with what V8's own function answers if that is nothing.
macro_rules! instead {
    ($name:ident, $mangled:literal, ($($argument:ident: $type:ty),*), $result:ty, $instead:expr) => {
        mod $name {
            use super::*;
            unsafe extern "C" {
                #[link_name = concat!("__real_", $mangled)]
                fn v8($($argument: $type),*) -> $result;
            }
            $crate::engine::v8::wrap::wrap!(concat!("__wrap_", $mangled), wrapped);
            /// # Safety
            /// Called by V8 with its own arguments.
            unsafe extern "C" fn wrapped($($argument: $type),*) -> $result {
                match $instead {
                    Some(answer) => answer,
                    // SAFETY: V8's own arguments go on to V8.
                    None => unsafe { v8($($argument),*) },
                }
            }
        }
    };
}

pub(in crate::engine::v8) use instead;

/// An isolate as V8's inner functions take it.
pub(super) fn address(isolate: &v8::Isolate) -> *mut std::ffi::c_void {
    // SAFETY: the type is a pointer under another name.
    unsafe { std::mem::transmute(isolate.as_raw_isolate_ptr()) }
}

/// An isolate that V8's inner functions were given.
///
/// # Safety
/// It is live, and this thread has it.
pub(super) unsafe fn isolate(address: *mut std::ffi::c_void) -> v8::Isolate {
    // SAFETY: the caller's promise.
    unsafe { v8::Isolate::from_raw_ptr_unchecked(address.cast()) }
}

/// The characters of a text; none without memory.
pub(super) fn characters(isolate: &v8::Isolate, text: v8::Local<'_, v8::String>) -> Option<Vec<u16>> {
    let mut characters = Vec::new();
    characters.try_reserve_exact(text.length()).ok()?;
    characters.resize(text.length(), 0);
    text.write_v2(isolate, 0, &mut characters, v8::WriteFlags::empty());
    Some(characters)
}
