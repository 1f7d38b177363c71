//! Search for texts in texts, in linear time.
//!
//! V8 begins with methods that are fast for nearly all texts, and goes on with Boyer and Moore's when they turn out to be slow for the ones
//! at hand. That takes the product of both lengths for texts that are made for it: hours, in which V8 does not look whether the script
//! is to end. The linker prefers the functions of this file to V8's of the same names, which are weak: there `engine::search` takes the
//! place of Boyer and Moore's method. For the last place of a text V8 has only the slowest method; long texts don't get there.

use super::wrap::{self, SMALL_INTEGER, wrap};
use crate::engine::search::{mixed, narrow};
use std::ffi::c_void;

/// A piece of V8's memory: `v8::base::Vector`.
#[repr(C)]
struct Vector<T> {
    start: *const T,
    length: usize,
}

impl<T> Vector<T> {
    /// # Safety
    /// It is live and stays as it is.
    unsafe fn slice<'a>(&self) -> &'a [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

/// The beginning of a `v8::internal::StringSearch`.
#[repr(C)]
struct Search<P> {
    isolate: *mut c_void,
    pattern: Vector<P>,
}

/// Takes the place of one of V8's functions, for one kind of patterns and one of subjects.
macro_rules! search {
    ($name:ident, $pattern:ty, $subject:ty, $find:ident, $mangled:literal) => {
        #[cfg(not(feature = "without_guards"))]
        wrap!($mangled, $name);
        /// # Safety
        /// Called by V8 with its own arguments.
        #[cfg_attr(feature = "without_guards", expect(dead_code))]
        unsafe extern "C" fn $name(search: *const Search<$pattern>, subject: Vector<$subject>, from: i32) -> i32 {
            // SAFETY: V8's own arguments are live, and nothing changes them meanwhile.
            let (pattern, subject) = unsafe { ((*search).pattern.slice(), subject.slice()) };
            $find(subject, pattern, from as usize, false).map_or(-1, |place| place as i32)
        }
    };
}

search!(
    bytes_in_bytes,
    u8,
    u8,
    narrow,
    "_ZN2v88internal12StringSearchIhhE16BoyerMooreSearchEPS2_NS_4base6VectorIKhEEi"
);
search!(bytes_in_wide, u8, u16, mixed, "_ZN2v88internal12StringSearchIhtE16BoyerMooreSearchEPS2_NS_4base6VectorIKtEEi");
search!(wide_in_bytes, u16, u8, mixed, "_ZN2v88internal12StringSearchIthE16BoyerMooreSearchEPS2_NS_4base6VectorIKhEEi");
search!(wide_in_wide, u16, u16, mixed, "_ZN2v88internal12StringSearchIttE16BoyerMooreSearchEPS2_NS_4base6VectorIKtEEi");

/// With lengths whose product is this, V8 looks for the last place in less than half a second.
const MOST: usize = 1 << 30;

unsafe extern "C" {
    /// `v8::internal::String::LastIndexOf(isolate, receiver, search, position)`
    #[link_name = "__real__ZN2v88internal6String11LastIndexOfEPNS0_7IsolateENS0_12DirectHandleINS0_6ObjectEEES6_S6_"]
    fn v8_last_index_of(isolate: *mut c_void, subject: Value, pattern: Value, position: Value) -> usize;

    /// `v8::String::Empty(isolate)`
    #[link_name = "v8__String__Empty"]
    fn v8_empty(isolate: *mut c_void) -> Value;
}

wrap!(
    "__wrap__ZN2v88internal6String11LastIndexOfEPNS0_7IsolateENS0_12DirectHandleINS0_6ObjectEEES6_S6_",
    last_index_of
);

/// One of V8's handles, which is what the crate's locals are.
type Value = v8::Local<'static, v8::Value>;

/// Asked for the last place of a text.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn last_index_of(isolate: *mut c_void, subject: Value, pattern: Value, position: Value) -> usize {
    // SAFETY: the isolate is the one that runs on this thread; V8's own arguments go on to V8.
    unsafe {
        match last(isolate, subject, pattern, position) {
            Some(answer) => answer,
            None => v8_last_index_of(isolate, subject, pattern, position),
        }
    }
}

/// What V8 is to answer; none where it is to look itself.
///
/// # Safety
/// The isolate runs on this thread, and all live.
unsafe fn last(isolate: *mut c_void, subject: Value, pattern: Value, position: Value) -> Option<usize> {
    let (text, wanted) = (subject.try_cast::<v8::String>().ok()?, pattern.try_cast::<v8::String>().ok()?);
    if text.length().saturating_mul(wanted.length()) <= MOST || wanted.length() > text.length() {
        return None;
    }
    // Nothing is found at once, where the position says. So V8 tells what it is as a number, or what its conversion throws.
    // SAFETY: the caller's promise.
    let start = unsafe { v8_last_index_of(isolate, subject, v8_empty(isolate), position) };
    if start & 1 == 1 {
        return Some(start);
    }
    // SAFETY: the caller's promise.
    let isolate = unsafe { wrap::isolate(isolate) };
    let (text, wanted) = (wrap::characters(&isolate, text)?, wrap::characters(&isolate, wanted)?);
    let place = mixed(&text, &wanted, start >> SMALL_INTEGER, true).map_or(-1, |place| place as i64);
    Some((place << SMALL_INTEGER) as usize)
}
