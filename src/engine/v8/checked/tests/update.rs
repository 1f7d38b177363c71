//! What a newer V8 could break without a word: the names inside V8 that the check rests on, and what is known of its lists.

use super::corpus::{Installed, function};
use super::start;
use crate::engine::v8::checked::instructions;
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static REACHED: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
    static STRANGE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Called by each function that takes the place of one of V8.
pub(in crate::engine::v8::checked) fn reached(name: &'static str) {
    REACHED.with_borrow_mut(|reached| reached.insert(name));
}

/// Called with what is not as expected in one of V8's iterators over instructions.
pub(in crate::engine::v8::checked) fn note_strange(strange: Option<String>) {
    STRANGE.with_borrow_mut(|all| all.extend(strange));
}

/// The lists of V8 were read for this version. For another one: read `BytecodeHasNoSideEffect`, `BytecodeRequiresRuntimeCheck`,
/// `IsSideEffectFreeIntrinsic` and `BuiltinGetSideEffectState` in `debug-evaluate.cc` again, look for functions that write into what a
/// script gives them, add attacks for what is new, and run the programs in their long form. `GetOrCompileOptimized` in `compiler.cc`
/// has to refuse while functions are checked at their entry.
#[test]
fn this_is_the_v8_whose_lists_were_read() {
    assert!(v8::V8::get_version().starts_with("15.2.124.1"), "{}", v8::V8::get_version());
}

#[test]
fn v8_calls_each_wrapped_function() {
    let installed = Installed::new(true);
    let lines = [
        ("enter", "Math.max(1)"),
        ("deoptimize", "Math.max(1)"),
        ("state_of_function", "[1].map(x => x)"),
        ("iterate", "let o = {}; o.iterated = 1; return 1"),
        ("apply_checks", "class P { #x = 1; applied() { return this.#x } } return new P().applied()"),
        ("template_object", "((strings) => strings.length)`a${1}b`"),
        ("change_at_instruction", "let o = {}; o.a = 1; return 1"),
        ("read_register", "let o = {}; o.a = 1; return 1"),
        ("new_prototype", "new lazyF()"),
        ("is_harmless_intrinsic", "let { a, ...rest } = old; return rest"),
    ];
    for (name, line) in lines {
        let before = installed.call("(function () { return 1 })");
        assert_eq!(before.stopped, None);
        REACHED.with_borrow_mut(BTreeSet::clear);
        let came = installed.call(&function(line));
        assert_eq!(came.stopped, None, "{line}");
        assert!(REACHED.with_borrow(|reached| reached.contains(name)), "V8 does not call `{name}` for {line}");
    }
}

/// A loop that is not checked, with machine code only.
#[test]
fn v8_tells_when_it_optimizes() {
    if !start::with_machine_code() {
        return;
    }
    let installed = Installed::new(true);
    REACHED.with_borrow_mut(BTreeSet::clear);
    let source =
        "function hot(x) { return x + 1 } let sum = 0; for (let i = 0; i < 3e6; i++) sum = hot(sum); () => sum";
    let set = installed.in_realm(|isolate, realm, _| realm.set_handler(isolate, 0, source));
    assert_eq!(set, Ok(()));
    assert!(REACHED.with_borrow(|reached| ["optimize", "optimize_loop"].iter().all(|name| reached.contains(name))));
}

#[test]
fn v8_has_the_names_of_the_lists() {
    let _installed = Installed::new(false);
    assert_eq!(instructions::unknown_names(), [""; 0]);
}

#[test]
fn iterators_over_instructions_are_as_expected() {
    let installed = Installed::new(true);
    for line in ["let o = {}; for (const k in old) o[k] = 1; return o", "function* q() { yield 1 } return [...q()]"] {
        assert_eq!(installed.call(&function(line)).stopped, None, "{line}");
    }
    let wide: String = (0..300).map(|index| format!("v.p{index} = {index};")).collect();
    assert_eq!(installed.call(&format!("(function () {{ const v = {{}}; {wide} return v }})")).stopped, None);
    // The functions of the state and of the library, too.
    let strange = STRANGE.with_borrow(Vec::clone);
    assert!(strange.is_empty(), "{} iterators, the first: {:?}", strange.len(), strange.first());
    assert!(REACHED.with_borrow(|reached| reached.contains("iterate")));
}

/// `realm.js` leaves out what a V8 does not have.
#[test]
fn each_judged_function_is_there() {
    let installed = Installed::new(false);
    let numbers = installed.in_realm(|_, realm, _| realm.judgements().map(|judgements| judgements.numbers()));
    assert_eq!(numbers, Some([5, 4, 1, 24, 8, 18, 7, 5, 2]));
}
