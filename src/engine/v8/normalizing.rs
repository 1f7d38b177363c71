//! Normal forms of texts, in the time that sorting takes.
//!
//! ICU brings the marks over and under a letter into order one by one, which for many marks of one letter takes the square of their number: hours,
//! in which V8 does not look whether the script is to end. Here such marks are in order before ICU gets them, which changes no normal form.
//! The linker gives V8's name to the function of this file, and the name with `__real_` to V8's own (see `build.rs`).

use super::refusals;
use super::wrap::{self, wrap};
use std::ffi::c_void;

/// Marks of one letter, from which on they are looked at: more than any script of the world uses, and few enough for ICU.
const MANY: usize = 256;

/// One of V8's handles, which is what the crate's locals are.
type Value = v8::Local<'static, v8::Value>;

/// A handle that V8 answers with, or null for an exception.
type Answer = *const v8::Value;

unsafe extern "C" {
    /// `v8::internal::Intl::Normalize(isolate, text, form)`
    #[link_name = "__real__ZN2v88internal4Intl9NormalizeEPNS0_7IsolateENS0_12DirectHandleINS0_6StringEEENS4_INS0_6ObjectEEE"]
    fn v8_normalize(isolate: *mut c_void, text: Answer, form: Value) -> Answer;

    /// ICU's: the place of a mark among those of its letter; 0 for what is no mark.
    #[link_name = "u_getCombiningClass_78"]
    safe fn icu_class(character: u32) -> u8;

    /// `v8::String::NewFromTwoByte(isolate, data, type, length)`
    #[link_name = "v8__String__NewFromTwoByte"]
    fn v8_string(isolate: *mut c_void, data: *const u16, kind: u32, length: i32) -> Answer;
}

wrap!(
    "__wrap__ZN2v88internal4Intl9NormalizeEPNS0_7IsolateENS0_12DirectHandleINS0_6StringEEENS4_INS0_6ObjectEEE",
    normalize
);

/// Asked for a normal form.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn normalize(isolate: *mut c_void, text: Value, form: Value) -> Answer {
    // SAFETY: the isolate runs on this thread, where V8 has a scope for handles; its own arguments are live, and go on to V8.
    unsafe {
        match in_order(&wrap::isolate(isolate), text) {
            Order::Given => v8_normalize(isolate, &raw const *text, form),
            Order::Made(characters) => {
                // Longer than V8's longest text it may be, and then is none.
                let made =
                    v8_string(isolate, characters.as_ptr(), 0, i32::try_from(characters.len()).unwrap_or(i32::MAX));
                match made.is_null() {
                    true => refused(isolate),
                    false => v8_normalize(isolate, made, form),
                }
            }
            Order::Impossible => refused(isolate),
        }
    }
}

/// # Safety
/// The isolate runs on this thread, in a function that may throw.
unsafe fn refused(isolate: *mut c_void) -> Answer {
    // SAFETY: the caller's promise.
    unsafe { refusals::throw(isolate) };
    std::ptr::null()
}

/// A text whose marks are in order.
enum Order {
    /// As it is; or close to it.
    Given,
    Made(Vec<u16>),
    /// It has marks whose order depends on the normal form, and more than any text.
    Impossible,
}

fn in_order(isolate: &v8::Isolate, text: Value) -> Order {
    let Ok(text) = text.try_cast::<v8::String>() else { return Order::Given };
    if text.length() < MANY || text.is_onebyte() {
        return Order::Given;
    }
    wrap::characters(isolate, text).map_or(Order::Given, |characters| sort(&characters))
}

/// No character before this one is a mark, and most are before it.
const FIRST_MARK: u32 = 0x300;

/// What a character is, or begins with in each normal form, if it is a mark.
fn marks(character: u32) -> Option<&'static [u32]> {
    match character {
        0x0f73 => Some(&[0x0f71, 0x0f72]),
        0x0f75 => Some(&[0x0f71, 0x0f74]),
        0x0f81 => Some(&[0x0f71, 0x0f80]),
        _ => None,
    }
}

/// Marks in some normal forms, letters in others.
fn is_doubtful(character: u32) -> bool {
    matches!(character, 0xff9e | 0xff9f)
}

fn sort(characters: &[u16]) -> Order {
    let points = || {
        char::decode_utf16(characters.iter().copied())
            .map(|it| it.map_or_else(|it| it.unpaired_surrogate().into(), u32::from))
    };
    let is_mark =
        |point: u32| point >= FIRST_MARK && (marks(point).is_some() || is_doubtful(point) || icu_class(point) != 0);
    let (mut longest, mut length) = (0, 0);
    for point in points() {
        length = if is_mark(point) { length + 1 } else { 0 };
        longest = longest.max(length);
    }
    if longest < MANY {
        return Order::Given;
    }
    let mut made = Vec::new();
    let mut run: Vec<u32> = Vec::new();
    let mut end = |run: &mut Vec<u32>| {
        let is_possible = run.len() < MANY || !run.iter().any(|point| is_doubtful(*point));
        if run.len() >= MANY {
            run.sort_by_key(|point| icu_class(*point));
        }
        made.extend(run.drain(..).flat_map(encoded));
        is_possible
    };
    for point in points() {
        match marks(point) {
            Some(parts) => run.extend(parts),
            None if is_mark(point) => run.push(point),
            None => {
                if !end(&mut run) {
                    return Order::Impossible;
                }
                // What is no mark stays where it is.
                run.push(point);
                end(&mut run);
            }
        }
    }
    if end(&mut run) { Order::Made(made) } else { Order::Impossible }
}

/// The units of a character, also of one that is half of a pair.
fn encoded(point: u32) -> impl Iterator<Item = u16> {
    let mut units = [0; 2];
    let length = match char::from_u32(point) {
        Some(character) => character.encode_utf16(&mut units).len(),
        None => {
            units[0] = point as u16;
            1
        }
    };
    units.into_iter().take(length)
}
