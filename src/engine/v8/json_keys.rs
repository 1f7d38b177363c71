//! Keys of JSON that are written with escapes.
//!
//! V8 guesses the next shape of an object from the characters that stand in the text, as many as the key has. With an escape these are not
//! the key's: after an object with the key `\`, it takes the key of `{"\n": 1}` for the same. A script that reads both would get the wrong
//! key, and so would a later request in a realm that is used again, which keeps the shapes. No key has a backslash in the text but for
//! an escape, so V8 may not guess where there is one, and reads the key.

use super::wrap::instead;
use std::ffi::c_void;

/// A piece of V8's memory: `v8::base::Vector`.
#[repr(C)]
struct Characters<T> {
    start: *const T,
    length: usize,
}

/// A key and the shape of an object that gets it: handles, or null.
#[repr(C)]
struct Guess {
    key: *const c_void,
    shape: *const c_void,
}

/// Guards `v8::internal::TransitionsAccessor::ExpectedTransition(key_chars)` for one kind of texts.
macro_rules! guess {
    ($name:ident, $character:ty, $mangled:literal) => {
        instead!($name, $mangled, (shapes: *const c_void, key: Characters<$character>), Guess, {
            // SAFETY: V8's own argument is live, and nothing changes it meanwhile.
            let characters = unsafe { std::slice::from_raw_parts(key.start, key.length) };
            characters.contains(&b'\\'.into()).then_some(Guess { key: std::ptr::null(), shape: std::ptr::null() })
        });
    };
}

guess!(
    narrow,
    u8,
    "_ZN2v88internal19TransitionsAccessor18ExpectedTransitionIhEENSt4__Cr4pairINS0_6HandleINS0_6StringEEENS5_INS0_3MapEEEEENS_4base6VectorIKT_EE"
);
guess!(
    wide,
    u16,
    "_ZN2v88internal19TransitionsAccessor18ExpectedTransitionItEENSt4__Cr4pairINS0_6HandleINS0_6StringEEENS5_INS0_3MapEEEEENS_4base6VectorIKT_EE"
);
