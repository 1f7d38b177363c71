//! Functions of lists that look whether the script is to end: an element that a list does not have takes them no call of anything.
//!
//! Those that V8 compiles when it is built get their looks from `interruptible_builtins`. Two more look for an element in C++, and go
//! through all places of a list whose elements V8 has in a table. And `Object.entries` has a faster way for elements, which keeps all that
//! it makes alive until it has the last, for V8's collector to visit again and again; what can't fit into the heap goes the other way. The linker gives V8's names to the functions of this file, and the
//! names with `__real_` to V8's own (see `build.rs`).

use super::wrap::{self, wrap};
use super::{ending, refusals};
use std::ffi::c_void;

// For other processors V8's functions are as they come.
#[cfg(all(target_arch = "x86_64", not(feature = "without_guards")))]
interruptible_builtins::define!();

/// In lists of so many elements V8 finds one in less than a tenth of a second.
const MOST: f64 = (1_u64 << 20) as f64;

/// What an element takes in the result of `Object.entries`: an array of two in an array.
const ENTRY: usize = 72;

/// The greatest length of a list.
const GREATEST_LENGTH: f64 = ((1_u64 << 53) - 1) as f64;

/// The arguments of a function of V8's runtime, which it passes downwards from a place.
type Arguments = *const usize;

unsafe extern "C" {
    /// `v8::internal::Runtime_ArrayIndexOf(list, wanted, from)`
    #[link_name = "__real__ZN2v88internal20Runtime_ArrayIndexOfEiPmPNS0_7IsolateE"]
    fn v8_index_of(count: i32, arguments: Arguments, isolate: *mut c_void) -> usize;

    /// `v8::internal::Runtime_ArrayIncludes_Slow(list, wanted, from)`
    #[link_name = "__real__ZN2v88internal26Runtime_ArrayIncludes_SlowEiPmPNS0_7IsolateE"]
    fn v8_includes(count: i32, arguments: Arguments, isolate: *mut c_void) -> usize;
}

unsafe extern "C" {
    /// `v8::internal::JSReceiver::GetOwnEntries(isolate, object, filter, try_fast_path)`
    #[link_name = "__real__ZN2v88internal10JSReceiver13GetOwnEntriesEPNS0_7IsolateENS0_12DirectHandleIS1_EENS0_14PropertyFilterEb"]
    fn v8_entries(isolate: *mut c_void, object: Arguments, filter: i32, may_be_fast: bool) -> Arguments;
}

unsafe extern "C" {
    /// `v8::Isolate::GetCurrentContext()`
    #[link_name = "v8__Isolate__GetCurrentContext"]
    fn v8_current_context<'s>(isolate: *mut c_void) -> v8::Local<'s, v8::Context>;
}

wrap!("__wrap__ZN2v88internal20Runtime_ArrayIndexOfEiPmPNS0_7IsolateE", index_of);
wrap!("__wrap__ZN2v88internal26Runtime_ArrayIncludes_SlowEiPmPNS0_7IsolateE", includes);

wrap!(
    "__wrap__ZN2v88internal10JSReceiver13GetOwnEntriesEPNS0_7IsolateENS0_12DirectHandleIS1_EENS0_14PropertyFilterEb",
    entries
);

/// Asked for the names and values of an object's properties.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn entries(isolate: *mut c_void, object: Arguments, filter: i32, may_be_fast: bool) -> Arguments {
    // SAFETY: V8's own arguments, which go on to V8.
    unsafe {
        let fits = refusals::fits_into_heap(wrap::places_of_elements(*object) * ENTRY);
        v8_entries(isolate, object, filter, may_be_fast && fits)
    }
}

/// Asked for the place of an element.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn index_of(count: i32, arguments: Arguments, isolate: *mut c_void) -> usize {
    let answer =
        |scope: &mut v8::PinScope<'_, '_>, place: Option<f64>| raw(v8::Number::new(scope, place.unwrap_or(-1.0)));
    // SAFETY: V8's own arguments, which also go on to V8.
    unsafe { look_through(arguments, isolate, true, answer).unwrap_or_else(|| v8_index_of(count, arguments, isolate)) }
}

/// Asked whether there is an element.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn includes(count: i32, arguments: Arguments, isolate: *mut c_void) -> usize {
    let answer = |scope: &mut v8::PinScope<'_, '_>, place: Option<f64>| raw(v8::Boolean::new(scope, place.is_some()));
    // SAFETY: V8's own arguments, which also go on to V8.
    unsafe { look_through(arguments, isolate, false, answer).unwrap_or_else(|| v8_includes(count, arguments, isolate)) }
}

/// A value as V8's functions answer with it.
fn raw<T>(value: v8::Local<'_, T>) -> usize {
    // SAFETY: a local is the address of a place that holds the value.
    unsafe { *std::mem::transmute::<v8::Local<'_, T>, *const usize>(value) }
}

/// Looks through a list as the language says, or answers with none where V8's own way ends soon.
///
/// # Safety
/// The isolate runs on this thread, which it has called with these three arguments.
unsafe fn look_through(
    arguments: Arguments,
    isolate: *mut c_void,
    skips_holes: bool,
    answer: impl Fn(&mut v8::PinScope<'_, '_>, Option<f64>) -> usize,
) -> Option<usize> {
    // SAFETY: V8's handles are what the crate's locals are, and the arguments live for this call.
    let value =
        |index| unsafe { std::mem::transmute::<Arguments, v8::Local<'_, v8::Value>>(arguments.wrapping_sub(index)) };
    let list = value(0).try_cast::<v8::Object>().ok()?;
    if list.is_typed_array() || list.is_proxy() {
        return None;
    }
    // SAFETY: the caller's promise.
    let mut entered = unsafe { wrap::isolate(isolate) };
    v8::scope!(let scope, &mut entered);
    // SAFETY: the function makes a handle in the scope.
    let context = unsafe { v8_current_context(isolate) };
    let scope = &mut v8::ContextScope::new(scope, context);
    if is_short(scope, list) {
        return None;
    }
    // Nothing is caught here: V8 would look where a script is that is to end, which optimized code does not know in all places.
    Some(match find(scope, list, value(1), value(2), skips_holes) {
        Some(place) => answer(scope, place),
        // SAFETY: the isolate is the one that runs; what was thrown is on its way.
        None => unsafe { ending::v8_end_script(0, std::ptr::null(), isolate) },
    })
}

/// Whether V8 finds an element soon: what the length is, is seen without asking the script.
fn is_short(scope: &mut v8::PinScope<'_, '_>, list: v8::Local<'_, v8::Object>) -> bool {
    let length = || {
        let length = v8::String::new(scope, "length")?;
        let descriptor = list.get_own_property_descriptor(scope, length.into())?.try_cast::<v8::Object>().ok()?;
        let value = v8::String::new(scope, "value")?;
        descriptor
            .get_real_named_property(scope, value.into())?
            .try_cast::<v8::Number>()
            .ok()
            .map(|length| length.value())
    };
    length().is_some_and(|length| length <= MOST)
}

/// The place of an element that equals another, if there is one. None if something threw.
fn find(
    scope: &mut v8::PinScope<'_, '_>,
    list: v8::Local<'_, v8::Object>,
    wanted: v8::Local<'_, v8::Value>,
    from: v8::Local<'_, v8::Value>,
    skips_holes: bool,
) -> Option<Option<f64>> {
    let length = v8::String::new(scope, "length")?;
    let length = whole(list.get(scope, length.into())?.number_value(scope)?).clamp(0.0, GREATEST_LENGTH);
    if length == 0.0 {
        return Some(None);
    }
    let from = if from.is_undefined() { 0.0 } else { whole(from.number_value(scope)?) };
    let mut place = if from < 0.0 { (length + from).max(0.0) } else { from };
    while place < length {
        v8::scope!(let scope, scope);
        let name = v8::Number::new(scope, place).into();
        if !skips_holes || list.has(scope, name)? {
            let element = list.get(scope, name)?;
            let both_are_not_numbers = || !skips_holes && is_not_a_number(element) && is_not_a_number(wanted);
            if element.strict_equals(wanted) || both_are_not_numbers() {
                return Some(Some(place));
            }
        }
        place += 1.0;
    }
    Some(None)
}

/// Without what is behind the point; 0 for what is not a number.
fn whole(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.trunc() }
}

fn is_not_a_number(value: v8::Local<'_, v8::Value>) -> bool {
    value.try_cast::<v8::Number>().is_ok_and(|number| number.value().is_nan())
}
