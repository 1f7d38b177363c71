//! What V8's interpreter does that is harmless in spite of V8's list.
//!
//! V8 judges a function by its instructions, and refuses it as a whole when one is not on its list. The harmless ones below are left
//! out of what V8 looks at; the instructions that change objects are checked one by one all the same.

use super::Handle;
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

/// Instructions that change the object in their first register, which V8 can check one by one but does not: fields of classes,
/// private ones among them.
const CHECKED: [&str; 1] = ["DefineKeyedOwnProperty"];

/// Functions of V8's runtime that only read, or change nothing but the object that is just being made.
const HARMLESS_INTRINSICS: [&str; 21] = [
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
    // `await`: the function that waits is new. An older promise that it waits for can't be settled any more.
    "_AsyncFunctionAwait",
    "_AsyncFunctionReject",
    "CreateIterResultObject",
    "_CreateIterResultObject",
    // Accessors of an object literal, and names of private fields.
    "DefineAccessorPropertyUnchecked",
    "DefineGetterPropertyUnchecked",
    "DefineSetterPropertyUnchecked",
    "CreatePrivateNameSymbol",
    "ThrowConstAssignError",
    "ThrowAccessedUninitializedVariable",
    "NewReferenceError",
    "LoadFromSuper",
];

/// Functions of V8 that go on with an async function that waited. No script can get hold of them, and older ones are never called,
/// because the promises that they wait for can't be settled any more.
const HARMLESS_BUILTINS: [&str; 2] = ["AsyncFunctionAwaitResolveClosure", "AsyncFunctionAwaitRejectClosure"];

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
    local_heap: usize,
}

unsafe extern "C" {
    /// `v8::internal::interpreter::Bytecodes::ToString(bytecode)`.
    #[link_name = "_ZN2v88internal11interpreter9Bytecodes8ToStringENS1_8BytecodeE"]
    fn name_of(bytecode: u8) -> *const c_char;

    /// `v8::internal::interpreter::Bytecodes::GetDebugBreak(bytecode)`: the instruction of the same size that stops for the debugger.
    #[link_name = "_ZN2v88internal11interpreter9Bytecodes13GetDebugBreakENS1_8BytecodeE"]
    fn stopping(bytecode: u8) -> u8;

    /// `v8::internal::interpreter::Bytecodes::kBytecodeSizes`: sizes of all instructions, for operands of one, two and four bytes.
    #[link_name = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE"]
    static SIZES: u8;

    /// `v8::internal::Runtime::FunctionForName(name, length)`.
    #[link_name = "_ZN2v88internal7Runtime15FunctionForNameEPKhi"]
    fn intrinsic_of(name: *const u8, length: i32) -> *const Intrinsic;

    /// `v8::internal::Builtins::name(number)`.
    #[link_name = "_ZN2v88internal8Builtins4nameENS0_7BuiltinE"]
    fn name_of_builtin(number: i32) -> *const c_char;

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
    checked: Vec<bool>,
    /// The prefixes for operands of two bytes, and those for four: V8's own, and those of instructions that stop for the debugger.
    prefixes: [[Option<u8>; 2]; 2],
}

/// An instruction among others: where it begins, its opcode and where it ends. A prefix belongs to it.
struct Instruction {
    begin: usize,
    opcode: usize,
    end: usize,
}

impl Instructions {
    /// The instruction at `begin`; none for what is no instruction.
    fn at(&self, bytes: &[u8], begin: usize) -> Option<Instruction> {
        let first = Some(*bytes.get(begin)?);
        let scale = self.prefixes.iter().position(|prefixes| prefixes.contains(&first)).map_or(0, |it| it + 1);
        let prefix = usize::from(scale > 0);
        let opcode = usize::from(*bytes.get(begin + prefix)?);
        if opcode >= self.count {
            return None;
        }
        // SAFETY: the table has this many rows and columns.
        let size = usize::from(unsafe { *(&raw const SIZES).add(scale * self.count + opcode) });
        let end = begin + prefix + size;
        (size > 0 && end <= bytes.len()).then_some(Instruction { begin, opcode, end })
    }
}

/// What V8 saw of a function's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has none, because it is one of V8's own.
    None,
    /// All that V8 checks.
    All,
    /// Not those that are checked only here.
    NotThoseToCheck,
}

thread_local! {
    static LEAVING_OUT: Cell<bool> = const { Cell::new(false) };
    static SEEN: Cell<Seen> = const { Cell::new(Seen::None) };
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
            checked: names.iter().map(|name| CHECKED.contains(name)).collect(),
            prefixes: [
                [number("Wide"), number("DebugBreakWide")],
                [number("ExtraWide"), number("DebugBreakExtraWide")],
            ],
        }
    })
}

/// Runs `judge`, in which V8 does not see the instructions that are judged here, and tells what it saw.
pub(super) fn leaving_out_harmless<R>(judge: impl FnOnce() -> R) -> (R, Seen) {
    LEAVING_OUT.set(true);
    SEEN.set(Seen::None);
    let result = judge();
    LEAVING_OUT.set(false);
    (result, SEEN.get())
}

/// Whether a function of V8's own is harmless in spite of V8's list.
///
/// # Safety
/// `function` is a handle of a `SharedFunctionInfo` without instructions.
pub(super) unsafe fn is_harmless_builtin(function: Handle) -> bool {
    /// Where the number of the function can be: one of the first members, as a small integer.
    const MEMBERS: usize = 4;
    const TAG: usize = 1;
    static NUMBERS: OnceLock<Vec<usize>> = OnceLock::new();
    let numbers = NUMBERS.get_or_init(|| {
        /// V8 has more than these.
        const BUILTINS: i32 = 1500;
        // SAFETY: the numbers are those of V8, and names are constants.
        let name = |number: i32| unsafe { CStr::from_ptr(name_of_builtin(number)) }.to_str().unwrap_or_default();
        let harmless = (0..BUILTINS).filter(|number| HARMLESS_BUILTINS.contains(&name(*number)));
        harmless.filter_map(|number| usize::try_from(number).ok()).collect()
    });
    // SAFETY: the handle's place holds the tagged address of an object with at least this many members.
    let members = unsafe {
        let object = (*function.cast::<usize>() - TAG) as *const usize;
        std::slice::from_raw_parts(object.add(1), MEMBERS)
    };
    // A small integer has its value in the upper half of the word, and nothing in the lower.
    members.iter().any(|word| *word & 0xffff_ffff == 0 && *word != 0 && numbers.contains(&(*word >> 32)))
}

/// The bytes that an iterator goes over.
///
/// # Safety
/// V8 has just made the iterator, and nothing moves objects as long as the bytes are used.
unsafe fn bytes_of<'a>(iterator: &Iterator) -> &'a mut [u8] {
    // SAFETY: V8's iterator goes over these bytes.
    unsafe {
        let length = usize::try_from(iterator.end.offset_from(iterator.start)).unwrap_or(0);
        std::slice::from_raw_parts_mut(iterator.start.cast_mut(), length)
    }
}

/// Lets a new iterator go over all but the instructions that are judged here, if they are to be left out.
///
/// # Safety
/// V8 has just made the iterator, and nothing moves objects as long as it is used.
pub(super) unsafe fn leave_out_harmless(iterator: &mut Iterator) {
    if !LEAVING_OUT.replace(false) {
        return;
    }
    SEEN.set(Seen::All);
    let instructions = instructions();
    // SAFETY: as above.
    let bytes = unsafe { bytes_of(iterator) };
    let leave_out = |rest: &RefCell<Vec<u8>>| {
        let mut rest = rest.borrow_mut();
        rest.clear();
        let mut at = 0;
        let mut seen = Seen::All;
        while at < bytes.len() {
            // V8 looks at all of them if one is not what it seems.
            let Some(instruction) = instructions.at(bytes, at) else { return };
            if instructions.checked[instruction.opcode] {
                seen = Seen::NotThoseToCheck;
            } else if !instructions.harmless[instruction.opcode] {
                rest.extend_from_slice(&bytes[instruction.begin..instruction.end]);
            }
            at = instruction.end;
        }
        let is_prefix = |byte: u8| instructions.prefixes.iter().any(|prefixes| prefixes.contains(&Some(byte)));
        let Some(first) = rest.first().copied().filter(|first| !is_prefix(*first)) else {
            return;
        };
        SEEN.set(seen);
        iterator.start = rest.as_ptr();
        // SAFETY: the end of the same bytes.
        iterator.end = unsafe { rest.as_ptr().add(rest.len()) };
        iterator.cursor = iterator.start;
        iterator.current = first;
        iterator.scale = 1;
        iterator.prefix_size = 0;
    };
    // A thread that ends may have lost the place already: then V8 looks at all of them.
    let _ = REST.try_with(leave_out);
}

/// Has V8 stop before the instructions that are checked only here, as it does before those that it checks itself.
///
/// # Safety
/// V8 has just made the iterator over instructions that it is about to prepare, and nothing moves objects meanwhile.
pub(super) unsafe fn check_more(iterator: &Iterator) {
    let instructions = instructions();
    // SAFETY: as above.
    let bytes = unsafe { bytes_of(iterator) };
    let mut at = 0;
    while let Some(instruction) = instructions.at(bytes, at) {
        if instructions.checked[instruction.opcode] {
            // SAFETY: a prefix or an instruction of V8, which has one that stops of the same size.
            bytes[at] = unsafe { stopping(bytes[at]) };
        }
        at = instruction.end;
    }
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
    let others = ["Wide", "ExtraWide", "DebugBreakWide", "DebugBreakExtraWide", "Illegal"];
    let unknown = HARMLESS.iter().chain(&CHECKED).chain(&others).filter(|name| !known.contains(name));
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
    let scale = instructions.prefixes.iter().position(|it| it.contains(&Some(bytes[0]))).map_or(0, |it| it + 1);
    let prefix = usize::from(scale > 0);
    let expected = (bytes[prefix], 1u8 << scale, i32::from(scale > 0));
    let is = (iterator.current, iterator.scale, iterator.prefix_size);
    if is != expected || iterator.cursor != bytes[prefix..].as_ptr() {
        return Some(format!("instruction, scale and prefix are {is:?} instead of {expected:?}"));
    }
    // The sizes lead from instruction to instruction exactly to the end.
    let mut at = 0;
    while at < length {
        match instructions.at(bytes, at) {
            Some(instruction) => at = instruction.end,
            None => return Some(format!("there is no instruction at {at}")),
        }
    }
    None
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
