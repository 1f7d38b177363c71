//! The web's globals, made when a script asks for one of them: most requests need none.

use super::super::value::{Answer, Context, Problem, Value};
use super::lists;
use crate::engine::Thrown;
use crate::engine::environment::SCRIPTS;
use rquickjs_sys as q;
use std::ffi::{CString, c_int};
use std::sync::OnceLock;

/// Numbers of one script's globals.
const GLOBAL_BITS: i32 = 4;

/// What finds a global again: its script, and its place there.
pub(super) fn number(script: usize, global: usize) -> i16 {
    // Both fit: there are few scripts, and none makes that many globals.
    ((script as i16) << GLOBAL_BITS) | global as i16
}

/// What QuickJS calls when a script reads one of the globals for the first time.
pub(super) unsafe extern "C" fn get(context: *mut q::JSContext, _this: q::JSValue, number: c_int) -> q::JSValue {
    let context = Context(context);
    context.give(make(context, number))
}

/// What QuickJS calls when a script sets one of the globals before it was read.
pub(super) unsafe extern "C" fn set(
    context: *mut q::JSContext,
    _this: q::JSValue,
    value: q::JSValue,
    number: c_int,
) -> q::JSValue {
    let context = Context(context);
    let set = find(number).and_then(|(_, name)| define(context, name, context.borrow(value)));
    context.give(set.map(|()| context.undefined()))
}

fn find(number: c_int) -> Result<(usize, &'static str), Problem> {
    let lost = || Problem::Throw(Thrown::internal("no such global"));
    let script = usize::try_from(number >> GLOBAL_BITS).map_err(|_| lost())?;
    let global = usize::try_from(number & ((1 << GLOBAL_BITS) - 1)).map_err(|_| lost())?;
    let (_, _, globals) = SCRIPTS.get(script).ok_or_else(lost)?;
    Ok((script, globals.get(global).ok_or_else(lost)?))
}

fn define(context: Context, name: &str, value: Value) -> Result<(), Problem> {
    context.global().define_with(name, value, q::JS_PROP_CONFIGURABLE | q::JS_PROP_WRITABLE)
}

/// Runs the script that makes a global. All globals of the script that the app has not replaced become plain properties.
fn make(context: Context, number: c_int) -> Answer {
    let (script, name) = find(number)?;
    let natives = context.object()?;
    lists::define(&natives, lists::Which::Environment);
    let made = evaluate(context, script)?.call(&context.undefined(), &[&natives])?;
    for global in SCRIPTS[script].2 {
        if context.global().has_accessor(global) {
            define(context, global, made.member(global)?)?;
        }
    }
    made.member(name)
}

/// The function that a script is, from bytecode that is made once a process.
fn evaluate(context: Context, script: usize) -> Answer {
    static BYTECODE: [OnceLock<Vec<u8>>; SCRIPTS.len()] = [const { OnceLock::new() }; SCRIPTS.len()];
    let function = match BYTECODE[script].get() {
        // SAFETY: the context is live, and the bytecode was written by this version of QuickJS in this process.
        Some(bytecode) => context.own(unsafe {
            q::JS_ReadObject(context.0, bytecode.as_ptr(), bytecode.len() as _, q::JS_READ_OBJ_BYTECODE as c_int)
        })?,
        None => {
            let (name, source, _) = SCRIPTS[script];
            let compiled = compile(context, name, source)?;
            let bytecode = compiled.bytecode()?;
            BYTECODE[script].get_or_init(|| bytecode);
            compiled
        }
    };
    // SAFETY: the context is live; QuickJS takes the function's reference.
    context.own(unsafe { q::JS_EvalFunction(context.0, function.into_raw()) })
}

fn compile(context: Context, name: &str, source: &str) -> Answer {
    let invalid = |_| Problem::Throw(Thrown::internal("a script of the library holds a NUL character"));
    let file = CString::new(format!("jsep:{name}")).map_err(invalid)?;
    let terminated = CString::new(source).map_err(invalid)?;
    // SAFETY: the context is live; both texts end with NUL bytes.
    context.own(unsafe {
        q::JS_Eval(
            context.0,
            terminated.as_ptr(),
            source.len() as _,
            file.as_ptr(),
            (q::JS_EVAL_TYPE_GLOBAL | q::JS_EVAL_FLAG_COMPILE_ONLY) as c_int,
        )
    })
}
