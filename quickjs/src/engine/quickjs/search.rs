//! How QuickJS searches one text in another.

use crate::engine::search::{mixed, narrow};
use crate::engine::symbol::called_as;
use std::ffi::c_void;

called_as!("jsquickjs_search", search);

/// Where `part` begins in `text`: first at or after `from`, or, backward, last at or before it. -1 if nowhere.
///
/// # Safety
/// Called by QuickJS with the characters of two texts: so many of one byte, or of two if wide.
unsafe extern "C" fn search(
    text: *const c_void,
    text_length: i64,
    text_is_wide: bool,
    part: *const c_void,
    part_length: i64,
    part_is_wide: bool,
    from: i64,
    backward: bool,
) -> i64 {
    let size = |number: i64| usize::try_from(number).unwrap_or(0);
    let (text_length, part_length, from) = (size(text_length), size(part_length), size(from));
    // SAFETY: as the caller says; a text has its characters behind its head, so that the pointers are aligned and not null.
    let found = unsafe {
        use std::slice::from_raw_parts as slice;
        match (text_is_wide, part_is_wide) {
            (false, false) => {
                let (text, part) = (slice(text.cast::<u8>(), text_length), slice(part.cast::<u8>(), part_length));
                narrow(text, part, from, backward)
            }
            (false, true) => {
                mixed::<u8, u16>(slice(text.cast(), text_length), slice(part.cast(), part_length), from, backward)
            }
            (true, false) => {
                mixed::<u16, u8>(slice(text.cast(), text_length), slice(part.cast(), part_length), from, backward)
            }
            (true, true) => {
                mixed::<u16, u16>(slice(text.cast(), text_length), slice(part.cast(), part_length), from, backward)
            }
        }
    };
    found.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}
