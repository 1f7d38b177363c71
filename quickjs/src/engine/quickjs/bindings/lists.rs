//! Tables of native functions in the form in which QuickJS makes them only when a script asks for them.

use super::super::value::Value;
use super::{Native, clock, console, converters, dispatch, kv, request, rpc};
use rquickjs_sys as q;
use std::ffi::{CStr, c_int};
use std::sync::OnceLock;

/// All native functions: name, number of arguments, and what runs. A function's place here is its number.
pub(super) const NATIVES: [(&CStr, u8, Native); 27] = [
    (c"has", 1, kv::has),
    (c"get", 1, kv::get),
    (c"getVersionOfPreviousWrite", 1, kv::version),
    (c"size", 0, kv::size),
    (c"forEach", 1, kv::for_each),
    (c"set", 2, kv::set),
    (c"delete", 1, kv::delete),
    (c"clear", 0, kv::clear),
    (c"setApplyWrites", 1, rpc::set_apply_writes),
    (c"setClaimsDigest", 1, rpc::set_claims_digest),
    (c"enableUntrustedDateTime", 1, rpc::enable_untrusted_date_time),
    (c"enableMetricsLogging", 1, rpc::enable_metrics_logging),
    (c"strToBuf", 1, converters::str_to_buf),
    (c"bufToStr", 1, converters::buf_to_str),
    (c"jsonCompatibleToBuf", 1, converters::json_compatible_to_buf),
    (c"bufToJsonCompatible", 1, converters::buf_to_json_compatible),
    (c"pemToId", 1, converters::pem_to_id),
    (c"digest", 2, converters::digest),
    (c"log", 0, console::info),
    (c"info", 0, console::info),
    (c"warn", 0, console::warn),
    (c"error", 0, console::error),
    (c"random", 0, clock::random),
    (c"now", 0, clock::now),
    (c"text", 0, request::text),
    (c"json", 0, request::json),
    (c"arrayBuffer", 0, request::array_buffer),
];

/// Where in [`NATIVES`] the functions of an object are.
const HANDLE: std::ops::Range<usize> = 0..8;
const RPC: std::ops::Range<usize> = 8..10;
const CCF: std::ops::Range<usize> = 10..18;
const CRYPTO: std::ops::Range<usize> = 17..18;
const CONSOLE: std::ops::Range<usize> = 18..22;
const MATH: std::ops::Range<usize> = 22..23;
const DATE: std::ops::Range<usize> = 23..24;
const BODY: std::ops::Range<usize> = 24..27;

/// A table of an object's functions.
#[derive(Clone, Copy)]
pub(super) enum Which {
    Global,
    Math,
    Date,
    Ccf,
    Body,
    /// A map handle whose functions belong to the permission of this number.
    Handle(i32),
}

struct Lists {
    global: Vec<q::JSCFunctionListEntry>,
    math: Vec<q::JSCFunctionListEntry>,
    date: Vec<q::JSCFunctionListEntry>,
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
        Which::Math => &lists.math,
        Which::Date => &lists.date,
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
        let plain =
            |range: std::ops::Range<usize>| range.map(|index| function(index, q::JS_PROP_C_W_E, 0)).collect::<Vec<_>>();
        let mut ccf = plain(CCF);
        ccf.push(object(c"rpc", plain(RPC), q::JS_PROP_C_W_E));
        ccf.push(object(c"crypto", plain(CRYPTO), q::JS_PROP_C_W_E));
        Lists {
            global: vec![object(c"console", plain(CONSOLE), hidden)],
            math: MATH.map(|index| function(index, hidden, 0)).collect(),
            date: DATE.map(|index| function(index, hidden, 0)).collect(),
            ccf,
            body: plain(BODY),
            handles: (0..3).map(|permission| HANDLE.map(|index| method(index, permission)).collect()).collect(),
        }
    })
}

fn function(index: usize, flags: u32, permission: i16) -> q::JSCFunctionListEntry {
    let (name, length, _) = NATIVES[index];
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
