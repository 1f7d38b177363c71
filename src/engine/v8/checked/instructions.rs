//! What V8's interpreter does that is harmless in spite of V8's list.
//!
//! V8 judges a function by its instructions, and refuses it as a whole when one is not on its list. The harmless ones below are left
//! out of what V8 looks at; the instructions that change objects are checked one by one all the same.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

/// Instructions that only read, or that make a new object.
const HARMLESS: [&str; 12] = [
    // Reading a variable of a module.
    "LdaModuleVariable",
    // `{...object}`.
    "CloneObject",
    // A template's list of strings is frozen, and the same for each evaluation.
    "GetTemplateObject",
    "GetNamedPropertyFromSuper",
    "GetEnumeratedKeyedProperty",
    "GetPrivateField",
    // `super(…)`.
    "GetSuperConstructor",
    "FindNonDefaultConstructorOrConstruct",
    "ThrowIfNotSuperConstructor",
    // Generators: one that is older can't be resumed, because `next` changes its receiver.
    "SwitchOnGeneratorState",
    "SuspendGenerator",
    "ResumeGenerator",
];

/// Functions of V8's runtime that only read, or change nothing but the object that is just being made.
const HARMLESS_INTRINSICS: [&str; 15] = [
    // `{a, ...object}` and `let {a, ...rest} = object`.
    "CopyDataProperties",
    "_CopyDataProperties",
    "CopyDataPropertiesWithExcludedPropertiesOnStack",
    "_CopyDataPropertiesWithExcludedPropertiesOnStack",
    "CreateJSGeneratorObject",
    "_CreateJSGeneratorObject",
    "_GeneratorGetResumeMode",
    "_GeneratorClose",
    "_GeneratorYieldResult",
    "CreateIterResultObject",
    "_CreateIterResultObject",
    "ThrowConstAssignError",
    "ThrowAccessedUninitializedVariable",
    "NewReferenceError",
    "LoadFromSuper",
];

/// V8's `BytecodeArrayIterator`.
#[repr(C)]
pub(super) struct Iterator {
    bytecodes: usize,
    start: *const u8,
    end: *const u8,
    cursor: *const u8,
    current: u8,
    scale: u8,
    prefix_size: i32,
}

unsafe extern "C" {
    /// `v8::internal::interpreter::Bytecodes::ToString(bytecode)`.
    #[link_name = "_ZN2v88internal11interpreter9Bytecodes8ToStringENS1_8BytecodeE"]
    fn name_of(bytecode: u8) -> *const c_char;

    /// `v8::internal::interpreter::Bytecodes::kBytecodeSizes`: sizes of all instructions, for operands of one, two and four bytes.
    #[link_name = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE"]
    static SIZES: u8;

    /// `v8::internal::Runtime::FunctionForName(name, length)`.
    #[link_name = "_ZN2v88internal7Runtime15FunctionForNameEPKhi"]
    fn intrinsic_of(name: *const u8, length: i32) -> *const Intrinsic;

    /// `v8::internal::Runtime::FunctionForId(number)`.
    #[link_name = "_ZN2v88internal7Runtime13FunctionForIdENS1_10FunctionIdE"]
    fn intrinsic_with(number: i32) -> *const Intrinsic;
}

/// An entry of V8's table of runtime functions.
#[repr(C)]
struct Intrinsic {
    number: i32,
    kind: i32,
    name: *const c_char,
}

/// V8's instructions by number.
struct Instructions {
    count: usize,
    harmless: Vec<bool>,
    /// The prefix for operands of two bytes, and that for four.
    prefixes: [Option<u8>; 2],
}

thread_local! {
    static LEAVING_OUT: Cell<bool> = const { Cell::new(false) };
    /// What V8 iterates over instead of a function's own instructions.
    static REST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn instructions() -> &'static Instructions {
    static INSTRUCTIONS: OnceLock<Instructions> = OnceLock::new();
    INSTRUCTIONS.get_or_init(|| {
        let mut names = Vec::new();
        // The last one of V8's list.
        while names.last().is_none_or(|last| *last != "Illegal") && names.len() <= usize::from(u8::MAX) {
            // SAFETY: V8 has at least this many instructions, because the last one has not come yet.
            let name = unsafe { CStr::from_ptr(name_of(names.len() as u8)) };
            names.push(name.to_str().unwrap_or_default());
        }
        let number = |name: &str| names.iter().position(|it| *it == name).and_then(|it| u8::try_from(it).ok());
        Instructions {
            count: names.len(),
            harmless: names.iter().map(|name| HARMLESS.contains(name)).collect(),
            prefixes: [number("Wide"), number("ExtraWide")],
        }
    })
}

/// Runs `judge`, in which V8 does not see harmless instructions.
pub(super) fn leaving_out_harmless<R>(judge: impl FnOnce() -> R) -> R {
    LEAVING_OUT.set(true);
    let result = judge();
    LEAVING_OUT.set(false);
    result
}

/// Lets a new iterator go over all but the harmless instructions, if they are to be left out.
///
/// # Safety
/// V8 has just made the iterator, and nothing moves objects as long as it is used.
pub(super) unsafe fn leave_out_harmless(iterator: &mut Iterator) {
    if !LEAVING_OUT.replace(false) {
        return;
    }
    let instructions = instructions();
    // SAFETY: V8's iterator goes over these bytes.
    let bytes = unsafe {
        let length = iterator.end.offset_from(iterator.start);
        std::slice::from_raw_parts(iterator.start, usize::try_from(length).unwrap_or(0))
    };
    REST.with_borrow_mut(|rest| {
        rest.clear();
        let mut at = 0;
        while let Some(first) = bytes.get(at) {
            let scale = instructions.prefixes.iter().position(|prefix| *prefix == Some(*first)).map_or(0, |it| it + 1);
            let prefix = usize::from(scale > 0);
            let Some(opcode) = bytes.get(at + prefix).map(|opcode| usize::from(*opcode)) else { return };
            if opcode >= instructions.count {
                return;
            }
            // SAFETY: the table has this many rows and columns.
            let size = usize::from(unsafe { *(&raw const SIZES).add(scale * instructions.count + opcode) });
            let end = at + prefix + size;
            let Some(instruction) = bytes.get(at..end) else { return };
            if !instructions.harmless[opcode] {
                rest.extend_from_slice(instruction);
            }
            at = end;
        }
        let Some(first) = rest.first().copied().filter(|first| !instructions.prefixes.contains(&Some(*first))) else {
            // V8 looks at all of them.
            return;
        };
        iterator.start = rest.as_ptr();
        // SAFETY: the end of the same bytes.
        iterator.end = unsafe { rest.as_ptr().add(rest.len()) };
        iterator.cursor = iterator.start;
        iterator.current = first;
        iterator.scale = 1;
        iterator.prefix_size = 0;
    });
}

/// Names of the lists above that this V8 does not have.
#[cfg(test)]
pub(super) fn unknown_names() -> Vec<&'static str> {
    let instructions = instructions();
    // SAFETY: V8 has this many instructions.
    let known = |opcode: usize| unsafe { CStr::from_ptr(name_of(opcode as u8)) }.to_str().unwrap_or_default();
    let known: Vec<&str> = (0..instructions.count).map(known).collect();
    // SAFETY: V8 reads this many bytes, and answers with an entry of its table or null.
    let lacks = |name: &&&str| unsafe { intrinsic_of(name.as_ptr(), i32::try_from(name.len()).unwrap_or(0)) }.is_null();
    let prefixes = ["Wide", "ExtraWide", "Illegal"];
    let unknown = HARMLESS.iter().chain(&prefixes).filter(|name| !known.contains(name));
    unknown.chain(HARMLESS_INTRINSICS.iter().filter(lacks)).copied().collect()
}

/// What is not as it should be in an iterator that V8 has just made for judging a function.
#[cfg(test)]
pub(super) fn strange(iterator: &Iterator) -> Option<String> {
    if !LEAVING_OUT.get() {
        return None;
    }
    let instructions = instructions();
    let length = iterator.end.addr().checked_sub(iterator.start.addr())?;
    if length == 0 || length > 1 << 20 || iterator.cursor.addr().wrapping_sub(iterator.start.addr()) > 1 {
        return Some(format!("a length of {length}, the cursor at {:?} after {:?}", iterator.cursor, iterator.start));
    }
    // SAFETY: V8's iterator goes over these bytes.
    let bytes = unsafe { std::slice::from_raw_parts(iterator.start, length) };
    let scale = instructions.prefixes.iter().position(|prefix| *prefix == Some(bytes[0])).map_or(0, |it| it + 1);
    let prefix = usize::from(scale > 0);
    let expected = (bytes[prefix], 1u8 << scale, i32::from(scale > 0));
    let is = (iterator.current, iterator.scale, iterator.prefix_size);
    if is != expected || iterator.cursor != bytes[prefix..].as_ptr() {
        return Some(format!("instruction, scale and prefix are {is:?} instead of {expected:?}"));
    }
    // The sizes lead from instruction to instruction exactly to the end.
    let mut at = 0;
    while at < length {
        let scale = instructions.prefixes.iter().position(|prefix| *prefix == Some(bytes[at])).map_or(0, |it| it + 1);
        at += usize::from(scale > 0);
        let opcode = usize::from(*bytes.get(at)?);
        if opcode >= instructions.count {
            return Some(format!("there is no instruction {opcode}"));
        }
        // SAFETY: the table has this many rows and columns.
        at += usize::from(unsafe { *(&raw const SIZES).add(scale * instructions.count + opcode) });
    }
    (at != length).then(|| format!("the last instruction ends at {at} of {length}"))
}

/// Whether a function of V8's runtime is harmless in spite of V8's list.
pub(super) fn is_harmless_intrinsic(function: i32) -> bool {
    static NUMBERS: OnceLock<HashSet<i32>> = OnceLock::new();
    let numbers = NUMBERS.get_or_init(|| {
        let number = |name: &str| {
            let length = i32::try_from(name.len()).unwrap_or(0);
            // SAFETY: V8 reads this many bytes, and answers with an entry of its table or null.
            unsafe { intrinsic_of(name.as_ptr(), length).as_ref() }.map(|found| found.number)
        };
        HARMLESS_INTRINSICS.iter().filter_map(|name| number(name)).collect()
    });
    numbers.contains(&function)
}

/// What V8 calls a function of its runtime.
pub(super) fn name_of_intrinsic(function: i32) -> String {
    // SAFETY: V8 asked about this number itself; names are constants of V8.
    let name = unsafe { intrinsic_with(function).as_ref().map(|found| CStr::from_ptr(found.name)) };
    name.map_or_else(|| "a function of V8".to_owned(), |name| format!("`%{}`", name.to_string_lossy()))
}
