//! Tables of native functions in the form in which QuickJS makes them only when a script asks for them.

use super::super::value::Value;
use super::{Native, binding, clock, console, dispatch, environment, historical, kv, request};
use crate::engine::environment::SCRIPTS;
use crate::engine::functions::{self, ALIASES, Group};
use rquickjs_sys as q;
use std::ffi::{CStr, CString, c_int};
use std::ops::Range;
use std::sync::OnceLock;

/// QuickJS's own native functions: name, number of arguments, and what runs. A function's place here is its number.
pub(super) const NATIVES: [(&CStr, u8, Native); 19] = [
    (c"has", 1, kv::has),
    (c"get", 1, kv::get),
    (c"getVersionOfPreviousWrite", 1, kv::version),
    (c"size", 0, kv::size),
    (c"forEach", 1, kv::for_each),
    (c"set", 2, kv::set),
    (c"delete", 1, kv::delete),
    (c"clear", 0, kv::clear),
    (c"log", 0, console::info),
    (c"info", 0, console::info),
    (c"warn", 0, console::warn),
    (c"error", 0, console::error),
    (c"random", 0, clock::random),
    (c"now", 0, clock::now),
    (c"text", 0, request::text),
    (c"json", 0, request::json),
    (c"arrayBuffer", 0, request::array_buffer),
    (c"getStateRange", 4, historical::get_state_range),
    (c"bind", 1, binding::bind),
];

/// Where in [`NATIVES`] the functions of an object are.
const HANDLE: Range<usize> = 0..8;
const CONSOLE: Range<usize> = 8..12;
const MATH: Range<usize> = 12..13;
const DATE: Range<usize> = 13..14;
const BODY: Range<usize> = 14..17;
const STATE_RANGE: Range<usize> = 17..18;
const FUNCTION: Range<usize> = 18..19;

/// The shared functions are numbered from here.
pub(super) const FIRST_SHARED: usize = 32;

/// A table of an object's functions.
#[derive(Clone, Copy)]
pub(super) enum Which {
    Global,
    /// `ccf.host`, which not all engines show.
    Host,
    /// What the scripts of the environment are built from.
    Environment,
    Math,
    Date,
    /// What all functions have.
    Function,
    Ccf,
    Body,
    /// A map handle whose functions belong to the permission of this number.
    Handle(i32),
}

struct Lists {
    host: Vec<q::JSCFunctionListEntry>,
    environment: Vec<q::JSCFunctionListEntry>,
    global: Vec<q::JSCFunctionListEntry>,
    math: Vec<q::JSCFunctionListEntry>,
    date: Vec<q::JSCFunctionListEntry>,
    function: Vec<q::JSCFunctionListEntry>,
    ccf: Vec<q::JSCFunctionListEntry>,
    body: Vec<q::JSCFunctionListEntry>,
    handles: Vec<Vec<q::JSCFunctionListEntry>>,
}

// SAFETY: the tables are only read after they are made, and point to constants and to tables that are never freed.
unsafe impl Send for Lists {}
// SAFETY: as above.
unsafe impl Sync for Lists {}

/// Defines the functions of a table on an object.
pub(super) fn define(object: &Value, which: Which) {
    let lists = lists();
    let list = match which {
        Which::Global => &lists.global,
        Which::Host => &lists.host,
        Which::Environment => &lists.environment,
        Which::Math => &lists.math,
        Which::Date => &lists.date,
        Which::Function => &lists.function,
        Which::Ccf => &lists.ccf,
        Which::Body => &lists.body,
        Which::Handle(permission) => {
            match usize::try_from(permission).ok().and_then(|index| lists.handles.get(index)) {
                Some(list) => list,
                None => return,
            }
        }
    };
    // SAFETY: the object is live; the tables live as long as the process.
    unsafe {
        q::JS_SetPropertyFunctionList(object.context().0, object.raw(), list.as_ptr(), list.len() as c_int);
    }
}

fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let hidden = q::JS_PROP_WRITABLE | q::JS_PROP_CONFIGURABLE;
        let all = q::JS_PROP_C_W_E;
        let own = |range: Range<usize>| range.map(|index| function(index, all, 0)).collect::<Vec<_>>();
        let mut ccf = shared(Group::Ccf);
        for (name, group) in [(c"rpc", Group::Rpc), (c"crypto", Group::Crypto), (c"consensus", Group::Consensus)] {
            ccf.push(object(name, shared(group), all));
        }
        let mut historical = own(STATE_RANGE);
        historical.extend(some_shared(Group::Historical, |name| name != "getStateRange"));
        ccf.push(object(c"historical", historical, all));
        ccf.extend(some_shared(Group::Crypto, |name| ALIASES.contains(&name)));
        let mut global = vec![
            object(c"console", own(CONSOLE), hidden),
            object(c"snp_attestation", shared(Group::Attestation), hidden),
        ];
        for (script, (_, _, names)) in SCRIPTS.iter().enumerate() {
            global
                .extend(names.iter().enumerate().map(|(index, name)| unmade(name, environment::number(script, index))));
        }
        Lists {
            host: vec![object(c"host", shared(Group::Host), all)],
            environment: shared(Group::Environment),
            global,
            math: MATH.map(|index| function(index, hidden, 0)).collect(),
            date: DATE.map(|index| function(index, hidden, 0)).collect(),
            function: FUNCTION.map(|index| function(index, hidden, 0)).collect(),
            ccf,
            body: own(BODY),
            handles: (0..3).map(|permission| HANDLE.map(|index| method(index, permission)).collect()).collect(),
        }
    })
}

fn function(index: usize, flags: u32, permission: i16) -> q::JSCFunctionListEntry {
    let (name, length, _) = NATIVES[index];
    entry(name, length, index, flags, permission)
}

/// The shared functions of a group.
fn shared(group: Group) -> Vec<q::JSCFunctionListEntry> {
    some_shared(group, |_| true).collect()
}

/// Those of them with certain names.
fn some_shared(group: Group, wanted: fn(&str) -> bool) -> impl Iterator<Item = q::JSCFunctionListEntry> {
    let functions = group.functions().iter().enumerate().filter(move |(_, function)| wanted(function.name));
    let entry = move |(index, function): (usize, &functions::Function)| {
        let number = FIRST_SHARED + usize::from(group.number(index));
        entry(kept(function.name), function.length, number, q::JS_PROP_C_W_E, 0)
    };
    functions.map(entry)
}

/// A name with a NUL byte behind it, kept for ever, like the tables that refer to it.
fn kept(name: &str) -> &'static CStr {
    Box::leak(CString::new(name).unwrap_or_default().into_boxed_c_str())
}

/// A global that is made when it is asked for.
fn unmade(name: &str, number: i16) -> q::JSCFunctionListEntry {
    q::JSCFunctionListEntry {
        name: kept(name).as_ptr(),
        prop_flags: q::JS_PROP_CONFIGURABLE as u8,
        def_type: q::JS_DEF_CGETSET_MAGIC as u8,
        magic: number,
        u: q::JSCFunctionListEntry__bindgen_ty_1 {
            getset: q::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_2 {
                get: q::JSCFunctionType { getter_magic: Some(environment::get) },
                set: q::JSCFunctionType { setter_magic: Some(environment::set) },
            },
        },
    }
}

fn entry(name: &'static CStr, length: u8, index: usize, flags: u32, permission: i16) -> q::JSCFunctionListEntry {
    q::JSCFunctionListEntry {
        name: name.as_ptr(),
        prop_flags: flags as u8,
        def_type: q::JS_DEF_CFUNC as u8,
        magic: ((index as i16) << kv::PERMISSION_BITS) | permission,
        u: q::JSCFunctionListEntry__bindgen_ty_1 {
            func: q::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_1 {
                length,
                cproto: q::JSCFunctionEnum_JS_CFUNC_generic_magic as u8,
                cfunc: q::JSCFunctionType { generic_magic: Some(dispatch) },
            },
        },
    }
}

/// A method of a map handle; `size` is a getter.
fn method(index: usize, permission: i16) -> q::JSCFunctionListEntry {
    let mut entry = function(index, q::JS_PROP_C_W_E, permission);
    if NATIVES[index].0 == c"size" {
        entry.prop_flags = (q::JS_PROP_CONFIGURABLE | q::JS_PROP_ENUMERABLE) as u8;
        entry.def_type = q::JS_DEF_CGETSET_MAGIC as u8;
        entry.u = q::JSCFunctionListEntry__bindgen_ty_1 {
            getset: q::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_2 {
                get: q::JSCFunctionType { getter_magic: Some(getter) },
                set: q::JSCFunctionType { generic: None },
            },
        };
    }
    entry
}

/// What QuickJS calls for getters.
unsafe extern "C" fn getter(context: *mut q::JSContext, this: q::JSValue, magic: c_int) -> q::JSValue {
    // SAFETY: a call without arguments.
    unsafe { dispatch(context, this, 0, std::ptr::null_mut(), magic) }
}

/// An object with functions of its own. Its table is kept for ever, like the one that it is part of.
fn object(name: &'static CStr, list: Vec<q::JSCFunctionListEntry>, flags: u32) -> q::JSCFunctionListEntry {
    let list = Box::leak(list.into_boxed_slice());
    q::JSCFunctionListEntry {
        name: name.as_ptr(),
        prop_flags: flags as u8,
        def_type: q::JS_DEF_OBJECT as u8,
        magic: 0,
        u: q::JSCFunctionListEntry__bindgen_ty_1 {
            prop_list: q::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_4 {
                tab: list.as_ptr(),
                len: list.len() as c_int,
            },
        },
    }
}
