//! Regular expressions whose classes of characters can't fit into the heap: V8 writes out what each class is made of, in memory that
//! does not count, and looks at no limit meanwhile.
//!
//! The linker gives V8's names to the functions of this file, and the names with `__real_` to V8's own (see `build.rs`).

use super::ending;
use super::refusals::{self, Handle};
use super::wrap::{self, instead};
use std::ffi::c_void;

/// What a class like `\p{L}` takes, about.
const CLASS: usize = 16 << 10;

/// What a class of texts takes, about, such as `\p{RGI_Emoji}`.
const CLASS_OF_TEXTS: usize = 1 << 20;

/// What the names of classes of texts have in them.
const TEXTS: [&[u8]; 2] = [b"RGI_", b"Basic_Emoji"];

/// `v8::internal::regexp::Error::kTooLarge`
const TOO_LARGE: u32 = 3;

instead!(
    compile,
    "_ZN2v88internal6RegExp7CompileEPNS0_7IsolateENS0_12DirectHandleINS0_8JSRegExpEEENS4_INS0_6StringEEENS_4base5FlagsINS0_6regexp4FlagEiiEEj",
    (isolate: *mut c_void, expression: Handle, pattern: Handle, flags: i32, most_backtracks: u32),
    Handle,
    {
        // SAFETY: the isolate runs on this thread, and V8's own arguments are live.
        unsafe { refuse(isolate, pattern) }.then_some(std::ptr::null())
    }
);

/// Ends the script if what a pattern is made of can't fit. True if it has.
///
/// # Safety
/// The isolate runs on this thread, and the pattern is one of its strings.
unsafe fn refuse(isolate: *mut c_void, pattern: Handle) -> bool {
    // SAFETY: the caller's promise.
    let (mut isolate, pattern) = unsafe { (wrap::isolate(isolate), refusals::value(pattern)) };
    let Ok(pattern) = pattern.try_cast::<v8::String>() else { return false };
    if refusals::fits_into_heap(pattern.length().saturating_mul(CLASS_OF_TEXTS)) {
        return false;
    }
    let bytes = match v8::ValueView::new(&mut isolate, pattern).data() {
        v8::ValueViewData::OneByte(pattern) => size(pattern),
        v8::ValueViewData::TwoByte(pattern) => size(pattern),
    };
    !refusals::fits_into_heap(bytes) && ending::end_out_of_memory().is_some()
}

/// Guards `v8::internal::RegExp::VerifySyntax(zone, stack_limit, pattern, length, flags, error, no_collection)`, with which V8 reads
/// expressions in a source.
macro_rules! verify {
    ($name:ident, $character:ty, $mangled:literal) => {
        instead!(
            $name,
            $mangled,
            (
                zone: *mut c_void,
                stack_limit: usize,
                pattern: *const $character,
                length: i32,
                flags: i32,
                error: *mut u32,
                no_collection: *const c_void
            ),
            bool,
            {
                // SAFETY: V8's own arguments are live, and nothing changes them meanwhile.
                let pattern = unsafe { std::slice::from_raw_parts(pattern, usize::try_from(length).unwrap_or(0)) };
                let refused = ending::has_begun() || !refusals::fits_into_heap(size(pattern));
                refused.then(|| {
                    // SAFETY: V8 asks for the error here.
                    unsafe { error.write(TOO_LARGE) };
                    false
                })
            }
        );
    };
}

verify!(
    verify_narrow,
    u8,
    "_ZN2v88internal6RegExp12VerifySyntaxIhEEbPNS0_4ZoneEmPKT_iNS_4base5FlagsINS0_6regexp4FlagEiiEEPNSA_5ErrorERKNS0_25PerThreadAssertScopeEmptyILb0EJLNS0_19PerThreadAssertTypeE1ELSG_2EEEE"
);
verify!(
    verify_wide,
    u16,
    "_ZN2v88internal6RegExp12VerifySyntaxItEEbPNS0_4ZoneEmPKT_iNS_4base5FlagsINS0_6regexp4FlagEiiEEPNSA_5ErrorERKNS0_25PerThreadAssertScopeEmptyILb0EJLNS0_19PerThreadAssertTypeE1ELSG_2EEEE"
);

/// About what the classes of a pattern take.
fn size<C: Copy + Into<u16>>(pattern: &[C]) -> usize {
    let is = |character: &C, byte: u8| (*character).into() == u16::from(byte);
    let has = |from: usize, text: &[u8]| {
        pattern[from..].len() >= text.len()
            && pattern[from..].iter().zip(text).all(|(character, byte)| is(character, *byte))
    };
    let classes = (0..pattern.len()).filter(|place| has(*place, br"\p{") || has(*place, br"\P{"));
    classes
        .map(|place| if TEXTS.iter().any(|text| has(place + br"\p{".len(), text)) { CLASS_OF_TEXTS } else { CLASS })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_count_and_classes_of_texts_count_for_more() {
        for (pattern, bytes) in [
            ("a(b|c)*", 0),
            (r"\p{L}x\P{Lu}", 2 * CLASS),
            (r"[\p{RGI_Emoji}--\p{L}]", CLASS_OF_TEXTS + CLASS),
            (r"\p{Basic_Emoji}\p", CLASS_OF_TEXTS),
            (r"\p{", CLASS),
        ] {
            assert_eq!(size(pattern.as_bytes()), bytes, "{pattern}");
            assert_eq!(size(&pattern.encode_utf16().collect::<Vec<_>>()), bytes, "{pattern}");
        }
    }
}
