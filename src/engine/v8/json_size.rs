//! Texts of JSON whose value can't fit into the heap: V8 reads them to their end before it looks at a limit, all the slower the more it has
//! read, and ends the process where one list would be longer than its own limit.
//!
//! The linker gives V8's names to the functions of this file, and the names with `__real_` to V8's own (see `build.rs`).

use super::ending;
use super::refusals::{self, ELEMENT, Handle};
use super::wrap::{self, instead};
use std::ffi::c_void;

/// What an array or an object takes at least.
const CONTAINER: usize = 32;

/// What a character can take at most: `[]` is an array, and the only element of another one in `[[]]`.
const MOST_OF_CHARACTER: usize = (CONTAINER + ELEMENT) / 2;

/// V8's `std::optional<ScriptDetails>`, which is passed by its value.
#[repr(C)]
struct Details([usize; 7]);

/// Guards `v8::internal::JsonParser::Parse(isolate, text, reviver, details)` for one kind of texts, which are flat.
macro_rules! parse {
    ($name:ident, $mangled:literal) => {
        instead!(
            $name,
            $mangled,
            (isolate: *mut c_void, text: Handle, reviver: Handle, details: Details),
            Handle,
            {
                // SAFETY: the isolate runs on this thread, and V8's own argument is live.
                unsafe { refuse(isolate, text) }.then_some(std::ptr::null())
            }
        );
    };
}

parse!(
    parse_narrow,
    "_ZN2v88internal10JsonParserIhE5ParseEPNS0_7IsolateENS0_6HandleINS0_6StringEEENS5_INS0_6ObjectEEENSt4__Cr8optionalINS0_13ScriptDetailsEEE"
);
parse!(
    parse_wide,
    "_ZN2v88internal10JsonParserItE5ParseEPNS0_7IsolateENS0_6HandleINS0_6StringEEENS5_INS0_6ObjectEEENSt4__Cr8optionalINS0_13ScriptDetailsEEE"
);

/// Ends the script if the value of a text can't fit. True if it has.
///
/// # Safety
/// The isolate runs on this thread, and the text is one of its strings.
unsafe fn refuse(isolate: *mut c_void, text: Handle) -> bool {
    // SAFETY: the caller's promise.
    let (mut isolate, text) = unsafe { (wrap::isolate(isolate), refusals::value(text)) };
    let Ok(text) = text.try_cast::<v8::String>() else { return false };
    if refusals::fits(text.length(), MOST_OF_CHARACTER) {
        return false;
    }
    let size = {
        let characters = v8::ValueView::new(&mut isolate, text);
        match characters.data() {
            v8::ValueViewData::OneByte(characters) => Size::of(characters),
            v8::ValueViewData::TwoByte(characters) => Size::of(characters),
        }
    };
    !size.fits() && ending::end_out_of_memory().is_some()
}

/// What a value takes at least.
#[derive(Debug, Default, PartialEq, Eq)]
struct Size {
    /// Arrays and objects, which are all of them new ones.
    containers: usize,
    /// Elements of arrays but the first of each. Properties don't count, because a text may have the same one many times.
    elements: usize,
}

impl Size {
    /// The size of what a text is for, which may be wrong JSON.
    fn of<C: Copy + Into<u16>>(text: &[C]) -> Self {
        let mut size = Self::default();
        let mut is_array = Vec::new();
        let mut characters = text.iter().map(|character| (*character).into());
        while let Some(character) = characters.next() {
            match u8::try_from(character) {
                Ok(b'"') => skip_text(&mut characters),
                Ok(bracket @ (b'[' | b'{')) => {
                    size.containers += 1;
                    is_array.push(bracket == b'[');
                }
                Ok(b']' | b'}') => {
                    is_array.pop();
                }
                Ok(b',') if is_array.last() == Some(&true) => size.elements += 1,
                _ => {}
            }
        }
        size
    }

    /// All elements of a text may be those of one array.
    fn fits(&self) -> bool {
        refusals::fits(self.elements, ELEMENT)
            && refusals::fits_into_heap(self.elements * ELEMENT + self.containers * CONTAINER)
    }
}

/// Goes on to the end of a text in JSON.
fn skip_text(characters: &mut impl Iterator<Item = u16>) {
    while let Some(character) = characters.next() {
        match u8::try_from(character) {
            Ok(b'"') => return,
            Ok(b'\\') => _ = characters.next(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_objects_and_elements_of_arrays_count() {
        for (text, containers, elements) in [
            ("1", 0, 0),
            ("[]", 1, 0),
            ("[1,2,3]", 1, 2),
            ("[[],[],{}]", 4, 2),
            (r#"{"a":1,"a":2}"#, 1, 0),
            (r#"{"a":[1,2],"b":3}"#, 2, 1),
            (r#"["[,","\",[",",\\"]"#, 1, 2),
            (r#"["\\",[]]"#, 2, 1),
            ("[1,", 1, 1),
            ("]]],\"", 0, 0),
        ] {
            let expected = Size { containers, elements };
            assert_eq!(Size::of(text.as_bytes()), expected, "{text}");
            assert_eq!(Size::of(&text.encode_utf16().collect::<Vec<_>>()), expected, "{text}");
        }
    }
}
