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

/// A small integer of V8's has its value in the upper half.
pub(super) const SMALL_INTEGER: u32 = 32;

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

/// Addresses of objects are one more than where they are.
pub(super) const TAG: usize = 1;

/// The least kind of the objects that may have elements, but for globals and wrappers of simple values: `Internals::kJSObjectType`.
const OBJECT: u16 = 0x421;

/// How many elements an object has room for; 0 for kinds of objects that have none, or too few to matter.
///
/// # Safety
/// It is a live object of V8's, and nothing changes it meanwhile.
pub(super) unsafe fn places_of_elements(object: usize) -> usize {
    // SAFETY: the caller's promise; an object begins with its map, in which the kind is at this place (`kMapInstanceTypeOffset`), its
    // properties and its elements, and a list of these with its map and its length, a half of a word.
    unsafe {
        let word = |object: usize, index: usize| *((object - TAG) as *const usize).add(index);
        let kind = *((word(object, 0) - TAG + size_of::<usize>() + size_of::<u32>()) as *const u16);
        if kind >= OBJECT { word(word(object, 2), 1) as u32 as usize } else { 0 }
    }
}
