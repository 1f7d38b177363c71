//! Calls of the language's functions that are refused because what they would make can't fit into the heap: V8 goes on for long before
//! it comes to that end, and ends the process where it would be an array beyond its own limit.
//!
//! The linker gives V8's names to the functions of this file, and the names with `__real_` to V8's own (see `build.rs`).

use super::ending;
use super::wrap::{SMALL_INTEGER, instead, wrap};
use std::ffi::c_void;

/// What an element of a list takes.
pub(super) const ELEMENT: usize = 8;

/// V8's lists have at most one element more; beyond that it ends the process.
const MOST_ELEMENTS: usize = (1 << 27) - 3;

/// What the name of a property in a list takes at least.
const NAME: usize = 32;

/// More arguments than this fit on no stack.
const MOST_ARGUMENTS: usize = 1 << 20;

/// Where a `String` object holds its string: after map, properties and elements; addresses of objects are one more than where they are.
const STRING_OF_OBJECT: usize = 3 * size_of::<usize>() - 1;

/// An address of V8, of a place that holds an object or of what a function answers.
pub(super) type Handle = *const usize;

unsafe extern "C" {
    /// `v8::internal::Runtime_ThrowInvalidStringLength`: throws a `RangeError`.
    #[link_name = "_ZN2v88internal32Runtime_ThrowInvalidStringLengthEiPmPNS0_7IsolateE"]
    fn v8_throw(count: i32, arguments: Handle, isolate: *mut c_void) -> usize;

    /// `v8::internal::Isolate::StackOverflow()`: throws a `RangeError`.
    #[link_name = "_ZN2v88internal7Isolate13StackOverflowEv"]
    fn v8_overflow(isolate: *mut c_void) -> usize;

    /// `v8::internal::Runtime_StringToArray(string, limit)`
    #[link_name = "__real__ZN2v88internal21Runtime_StringToArrayEiPmPNS0_7IsolateE"]
    fn v8_string_to_array(count: i32, arguments: Handle, isolate: *mut c_void) -> usize;

    /// `v8::internal::Runtime_StringSplit(string, separator, limit)`
    #[link_name = "__real__ZN2v88internal19Runtime_StringSplitEiPmPNS0_7IsolateE"]
    fn v8_string_split(count: i32, arguments: *mut usize, isolate: *mut c_void) -> usize;

    /// `v8::internal::Runtime_CreateListFromArrayLike(list)`
    #[link_name = "__real__ZN2v88internal31Runtime_CreateListFromArrayLikeEiPmPNS0_7IsolateE"]
    fn v8_create_list(count: i32, arguments: Handle, isolate: *mut c_void) -> usize;

    /// `v8::internal::KeyAccumulator::GetKeys(isolate, object, mode, filter, conversion, is_for_in, skip_indices)`
    #[link_name = "__real__ZN2v88internal14KeyAccumulator7GetKeysEPNS0_7IsolateENS0_12DirectHandleINS0_10JSReceiverEEENS0_17KeyCollectionModeENS0_14PropertyFilterENS0_17GetKeysConversionEbb"]
    fn v8_get_keys(
        isolate: *mut c_void,
        object: Handle,
        mode: i32,
        filter: i32,
        conversion: i32,
        is_for_in: bool,
        skip_indices: bool,
    ) -> Handle;
}

unsafe extern "C" {
    /// `v8::internal::JsonStringify(isolate, value, replacer, gap)`
    #[link_name = "__real__ZN2v88internal13JsonStringifyEPNS0_7IsolateENS0_6HandleINS0_5UnionIJNS0_3SmiENS0_10HeapNumberENS0_6BigIntENS0_6StringENS0_6SymbolENS0_7BooleanENS0_4NullENS0_9UndefinedENS0_10JSReceiverEEEEEESF_NS3_INS0_6ObjectEEE"]
    fn v8_stringify(isolate: *mut c_void, value: Handle, replacer: Handle, gap: Handle) -> Handle;
}

wrap!("__wrap__ZN2v88internal21Runtime_StringToArrayEiPmPNS0_7IsolateE", string_to_array);
wrap!("__wrap__ZN2v88internal19Runtime_StringSplitEiPmPNS0_7IsolateE", string_split);
wrap!(
    "__wrap__ZN2v88internal13JsonStringifyEPNS0_7IsolateENS0_6HandleINS0_5UnionIJNS0_3SmiENS0_10HeapNumberENS0_6BigIntENS0_6StringENS0_6SymbolENS0_7BooleanENS0_4NullENS0_9UndefinedENS0_10JSReceiverEEEEEESF_NS3_INS0_6ObjectEEE",
    stringify
);
wrap!("__wrap__ZN2v88internal31Runtime_CreateListFromArrayLikeEiPmPNS0_7IsolateE", create_list);
wrap!(
    "__wrap__ZN2v88internal14KeyAccumulator7GetKeysEPNS0_7IsolateENS0_12DirectHandleINS0_10JSReceiverEEENS0_17KeyCollectionModeENS0_14PropertyFilterENS0_17GetKeysConversionEbb",
    get_keys
);

/// A function of V8's runtime that ends the process, called by code that asks for an array beyond V8's own limit, which no heap has to
/// reach: `sort` takes the length for true that a list says it has. Here the script ends, as it does at its own limit.
macro_rules! fatal {
    ($name:ident, $mangled:literal) => {
        instead!(
            $name,
            $mangled,
            (count: i32, arguments: Handle, isolate: *mut c_void),
            usize,
            ending::end_out_of_memory()
        );
    };
}

fatal!(array_length, "_ZN2v88internal49Runtime_FatalProcessOutOfMemoryInvalidArrayLengthEiPmPNS0_7IsolateE");
fatal!(size, "_ZN2v88internal24Runtime_FatalInvalidSizeEiPmPNS0_7IsolateE");
fatal!(allocation, "_ZN2v88internal44Runtime_FatalProcessOutOfMemoryInAllocateRawEiPmPNS0_7IsolateE");

/// The object in a place.
///
/// # Safety
/// The place is one of V8's, and stays as it is while the result is used.
pub(super) unsafe fn value<'s>(place: Handle) -> v8::Local<'s, v8::Value> {
    // SAFETY: V8's handles are what the crate's locals are.
    unsafe { std::mem::transmute::<Handle, v8::Local<'_, v8::Value>>(place) }
}

/// Whether so many pieces of a size fit into one list, and into the heap.
pub(super) fn fits(count: usize, size: usize) -> bool {
    count <= MOST_ELEMENTS && fits_into_heap(count.saturating_mul(size))
}

/// Whether so many bytes fit into the heap of the script that runs; true where none does.
pub(super) fn fits_into_heap(bytes: usize) -> bool {
    ending::heap_bytes().is_none_or(|heap| bytes <= heap)
}

/// Throws the error of a text that is too long.
///
/// # Safety
/// The isolate runs on this thread, and V8 expects that its function throws.
pub(super) unsafe fn throw(isolate: *mut c_void) {
    // SAFETY: the caller's promise; the function reads no arguments.
    unsafe { v8_throw(0, std::ptr::null(), isolate) };
}

/// Asked for the characters of a string.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn string_to_array(count: i32, arguments: Handle, isolate: *mut c_void) -> usize {
    // SAFETY: V8 passes its arguments downwards from this place, and they live for this call.
    let (string, limit) = unsafe { (value(arguments), value(arguments.wrapping_sub(1))) };
    let length = v8::Local::<v8::String>::try_from(string).map_or(0, |string| string.length());
    let limit = v8::Local::<v8::Number>::try_from(limit).map_or(f64::MAX, |limit| limit.value());
    // SAFETY: V8's own arguments go on to V8.
    unsafe {
        match limit <= length as f64 || fits(length, ELEMENT) {
            true => v8_string_to_array(count, arguments, isolate),
            false => v8_throw(0, std::ptr::null(), isolate),
        }
    }
}

/// Asked for what stands between separators in a text. V8 makes no more parts than its limit says, so a text that may have more than a
/// list holds is given that limit, and has too many if it comes to it.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn string_split(count: i32, arguments: *mut usize, isolate: *mut c_void) -> usize {
    let limit = arguments.wrapping_sub(2);
    // SAFETY: V8 passes its arguments downwards from this place, and they live for this call, which may change them.
    unsafe {
        let text = v8::Local::<v8::String>::try_from(value(arguments));
        let most = v8::Local::<v8::Number>::try_from(value(limit)).map_or(0.0, |limit| limit.value());
        if text.is_ok_and(|text| text.length() < MOST_ELEMENTS) || most <= MOST_ELEMENTS as f64 {
            return v8_string_split(count, arguments, isolate);
        }
        *limit = MOST_ELEMENTS << SMALL_INTEGER;
        let parts = v8_string_split(count, arguments, isolate);
        let length =
            v8::Local::<v8::Array>::try_from(value(&raw const parts)).map_or(0, |parts| parts.length() as usize);
        if length < MOST_ELEMENTS { parts } else { v8_throw(0, std::ptr::null(), isolate) }
    }
}

/// Asked for JSON, perhaps only of the properties whose names are in an array.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn stringify(isolate: *mut c_void, object: Handle, replacer: Handle, gap: Handle) -> Handle {
    // SAFETY: the argument lives for this call; V8's own arguments go on to V8.
    unsafe {
        let names = v8::Local::<v8::Array>::try_from(value(replacer)).map_or(0, |names| names.length() as usize);
        if fits(names, ELEMENT) {
            return v8_stringify(isolate, object, replacer, gap);
        }
        v8_throw(0, std::ptr::null(), isolate);
    }
    std::ptr::null()
}

/// Asked for the arguments of a call that are in an array.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn create_list(count: i32, arguments: Handle, isolate: *mut c_void) -> usize {
    // SAFETY: the argument lives for this call.
    let list = unsafe { value(arguments) };
    let length = v8::Local::<v8::Array>::try_from(list).map_or(0, |list| list.length() as usize);
    // SAFETY: V8's own arguments go on to V8.
    unsafe {
        match length <= MOST_ARGUMENTS {
            true => v8_create_list(count, arguments, isolate),
            false => v8_overflow(isolate),
        }
    }
}

/// Asked for the names of an object's properties. The characters of a string and the elements of a typed array have one each.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn get_keys(
    isolate: *mut c_void,
    object: Handle,
    mode: i32,
    filter: i32,
    conversion: i32,
    is_for_in: bool,
    skip_indices: bool,
) -> Handle {
    // SAFETY: the object lives for this call, in the isolate that runs.
    let count = unsafe {
        let local = value(object);
        if let Ok(array) = v8::Local::<v8::TypedArray>::try_from(local) {
            array.length()
        } else if local.is_string_object() {
            let text = value((*object + STRING_OF_OBJECT) as Handle);
            v8::Local::<v8::String>::try_from(text).map_or(0, |text| text.length())
        } else {
            0
        }
    };
    // SAFETY: V8's own arguments go on to V8.
    unsafe {
        if skip_indices || fits(count, NAME) {
            return v8_get_keys(isolate, object, mode, filter, conversion, is_for_in, skip_indices);
        }
        v8_throw(0, std::ptr::null(), isolate);
    }
    std::ptr::null()
}
