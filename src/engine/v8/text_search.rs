//! Search for texts in texts, in linear time.
//!
//! V8 begins with methods that are fast for nearly all texts, and goes on with Boyer and Moore's when they turn out to be slow for the ones
//! at hand. That takes the product of both lengths for texts that are made for it: hours, in which V8 does not look whether the script
//! is to end. The linker prefers the functions of this file to V8's of the same names, which are weak: there Knuth, Morris and Pratt's
//! method takes the place of Boyer and Moore's. For the last place of a text V8 has only the slowest method; long texts don't get there.

use super::wrap::{self, wrap};
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

/// A character.
trait Text: Copy + Into<u16> {}
impl<T: Copy + Into<u16>> Text for T {}

/// For each beginning of a pattern: how many characters at its end are a beginning of the pattern as well.
struct Borders(Vec<u32>);

impl Borders {
    /// None without memory.
    fn of(pattern: &[impl Text]) -> Option<Borders> {
        let mut borders = Borders(Vec::new());
        borders.0.try_reserve_exact(pattern.len()).ok()?;
        borders.0.push(0);
        let mut matched = 0;
        for &character in pattern.iter().skip(1) {
            matched = borders.matched(pattern, matched, character.into());
            borders.0.push(matched as u32);
        }
        Some(borders)
    }

    /// How many characters of the pattern end a text that goes on with a character, if that many ended it before.
    fn matched(&self, pattern: &[impl Text], mut before: usize, character: u16) -> usize {
        while pattern.get(before).is_none_or(|&expected| expected.into() != character) {
            let Some(shorter) = before.checked_sub(1) else { return 0 };
            before = self.0[shorter] as usize;
        }
        before + 1
    }
}

/// Where the pattern, which is not empty, begins first in the subject.
fn find<S: Text, P: Text>(subject: &[S], pattern: &[P]) -> Option<usize> {
    let Some(borders) = Borders::of(pattern) else {
        let same = |(left, right): (&S, &P)| (*left).into() == (*right).into();
        return subject.windows(pattern.len()).position(|window| window.iter().zip(pattern).all(same));
    };
    let mut matched = 0;
    for (place, &character) in subject.iter().enumerate() {
        matched = borders.matched(pattern, matched, character.into());
        if matched == pattern.len() {
            return Some(place + 1 - matched);
        }
    }
    None
}

/// Takes the place of one of V8's functions, for one kind of patterns and one of subjects.
macro_rules! search {
    ($name:ident, $pattern:ty, $subject:ty, $mangled:literal) => {
        wrap!($mangled, $name);
        /// # Safety
        /// Called by V8 with its own arguments.
        unsafe extern "C" fn $name(search: *const Search<$pattern>, subject: Vector<$subject>, from: i32) -> i32 {
            // SAFETY: V8's own arguments are live, and nothing changes them meanwhile.
            let (pattern, subject) = unsafe { ((*search).pattern.slice(), subject.slice()) };
            let from = from as usize;
            let found = subject.get(from..).and_then(|rest| find(rest, pattern));
            found.map_or(-1, |place| (from + place) as i32)
        }
    };
}

search!(bytes_in_bytes, u8, u8, "_ZN2v88internal12StringSearchIhhE16BoyerMooreSearchEPS2_NS_4base6VectorIKhEEi");
search!(bytes_in_wide, u8, u16, "_ZN2v88internal12StringSearchIhtE16BoyerMooreSearchEPS2_NS_4base6VectorIKtEEi");
search!(wide_in_bytes, u16, u8, "_ZN2v88internal12StringSearchIthE16BoyerMooreSearchEPS2_NS_4base6VectorIKhEEi");
search!(wide_in_wide, u16, u16, "_ZN2v88internal12StringSearchIttE16BoyerMooreSearchEPS2_NS_4base6VectorIKtEEi");

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

/// A small integer of V8's has its value in the upper half.
const SMALL_INTEGER: u32 = 32;

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
    let end = ((start >> SMALL_INTEGER) + wanted.length()).min(text.length());
    // SAFETY: the caller's promise.
    let isolate = unsafe { wrap::isolate(isolate) };
    let reversed = |text: v8::Local<v8::String>, length: usize| {
        let mut characters: Vec<u16> = Vec::new();
        characters.try_reserve_exact(length).ok()?;
        characters.resize(length, 0);
        text.write_v2(&isolate, 0, &mut characters, v8::WriteFlags::empty());
        characters.reverse();
        Some(characters)
    };
    let (text, wanted) = (reversed(text, end)?, reversed(wanted, wanted.length())?);
    let place = find(&text, &wanted).map_or(-1, |place| (end - wanted.len() - place) as i64);
    Some((place << SMALL_INTEGER) as usize)
}

#[cfg(test)]
mod tests {
    use super::find;

    /// Few letters, so that beginnings of the pattern return within it and in the subject.
    fn text(random: &mut u64, most: usize) -> Vec<u8> {
        let mut next = |below: usize| {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*random >> 33) as usize % below
        };
        let length = 1 + next(most);
        (0..length).map(|_| b'a' + next(2) as u8).collect()
    }

    #[test]
    fn first_place_is_that_of_the_plain_method() {
        let mut random = 1;
        for _ in 0..20_000 {
            let (subject, pattern) = (text(&mut random, 60), text(&mut random, 8));
            let plain = subject.windows(pattern.len()).position(|window| window == pattern);
            assert_eq!(find(&subject, &pattern), plain, "{subject:?} {pattern:?}");
        }
    }
}
