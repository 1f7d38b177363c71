//! Completing a realm once, before it is captured, instead of each time it is restored.
//!
//! V8 adds the newer parts of the language (`Float16Array`, `DisposableStack`, …) and `Error.stackTraceLimit` to a realm after it
//! restored it, each time, because its own snapshot is made when the flags are not known yet. That takes a sixth of the time of a restore.
//! Here the flags are fixed before anything is captured. So a capture has V8 complete the realm, and V8 restores it as it is.
//!
//! V8 restores a realm as it is in isolates that are marked as writing a snapshot. Its interface sets the mark only with the whole of
//! such an isolate, so it is set here, for as long as a realm is restored.

use super::{platform, snapshot, wrap};
use std::ffi::c_void;
use std::sync::OnceLock;

unsafe extern "C" {
    /// `v8::internal::Genesis::InitializeExperimentalGlobal`: adds the newer parts of the language to a realm.
    #[link_name = "_ZN2v88internal7Genesis28InitializeExperimentalGlobalEv"]
    fn initialize_experimental_global(genesis: *const Genesis);

    /// `v8::internal::WasmJs::Install`: adds `WebAssembly` to the current realm.
    #[link_name = "_ZN2v88internal6WasmJs7InstallEPNS0_7IsolateE"]
    fn install_web_assembly(isolate: *mut c_void);

    /// `v8::internal::SnapshotCreatorImpl::InitInternal`, which sets the mark. It is not called, only its code is read.
    #[cfg(target_arch = "x86_64")]
    #[link_name = "_ZN2v88internal19SnapshotCreatorImpl12InitInternalEPKNS_11StartupDataE"]
    fn init_internal();
}

/// What V8 has at hand while it makes a realm: the beginning of `v8::internal::Genesis`, and more room than the rest takes.
#[repr(C)]
struct Genesis {
    isolate: *mut c_void,
    result: *const v8::Context,
    native_context: *const v8::Context,
    rest: [usize; 8],
}

/// Where the mark is in an isolate; none when V8 was built in a way that does not tell.
static PLACE: OnceLock<Option<usize>> = OnceLock::new();

/// Looks into V8's code for `movb $1, PLACE(register)`, the first instruction there that writes a byte.
#[cfg(target_arch = "x86_64")]
fn find() -> Option<usize> {
    /// The instruction is among the first; the function is longer.
    const CODE: usize = 48;
    /// Larger than the isolates of all known versions of V8.
    const MOST: usize = 1 << 18;
    // SAFETY: the function has more bytes of code than these, and code can be read.
    let code = unsafe { std::slice::from_raw_parts(init_internal as *const u8, CODE) };
    code.windows(7).find_map(|bytes| match bytes {
        [0xc6, 0x80..=0x83 | 0x85..=0x87, place @ .., 1] => {
            let place = usize::try_from(u32::from_le_bytes(place.try_into().ok()?)).ok()?;
            (place < MOST).then_some(place)
        }
        _ => None,
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn find() -> Option<usize> {
    None
}

/// The mark of an isolate, if it can be found and is as expected.
fn mark(isolate: *mut c_void, place: usize, expected: bool) -> Option<*mut u8> {
    let mark = isolate.cast::<u8>().wrapping_add(place);
    // SAFETY: the place is one inside of an isolate.
    (unsafe { mark.read() } == u8::from(expected)).then_some(mark)
}

/// Whether V8's code tells that realms can be captured complete.
pub(super) fn is_expected() -> bool {
    static EXPECTED: OnceLock<bool> = OnceLock::new();
    *EXPECTED.get_or_init(|| find().is_some())
}

/// Prepares for blobs that were captured complete by the same build of the library in another process; whether that works here.
pub(super) fn expect() -> bool {
    PLACE.get_or_init(find);
    is_possible()
}

/// Whether realms are captured complete. Known from the first capture of the process on.
pub(super) fn is_possible() -> bool {
    matches!(PLACE.get(), Some(Some(_)))
}

/// Completes the current realm, which is to be captured, if V8 can be kept from doing that later.
pub(super) fn complete(scope: &mut v8::PinScope<'_, '_>, context: v8::Local<'_, v8::Context>) -> Option<()> {
    let isolate = wrap::address(scope);
    PLACE.get_or_init(|| find().filter(|place| mark(isolate, *place, true).is_some()));
    if !is_possible() {
        return Some(());
    }
    let handle = std::ptr::from_ref(&*context);
    let genesis = Genesis { isolate, result: handle, native_context: handle, rest: [0; 8] };
    // SAFETY: the function uses the isolate and the realm, which is the current one, as when V8 makes it.
    unsafe { initialize_experimental_global(&raw const genesis) };
    let name = v8::String::new(scope, "Error")?;
    let error = v8::Local::<v8::Object>::try_from(context.global(scope).get(scope, name.into())?).ok()?;
    let name = v8::String::new(scope, "stackTraceLimit")?;
    let limit = v8::Integer::new(scope, platform::STACK_TRACE_LIMIT).into();
    error.create_data_property(scope, name.into(), limit).map(drop)
}

/// Makes a realm from the isolate's blob, without what shares memory between threads.
pub(super) fn restore<'s>(scope: &mut v8::PinScope<'s, '_, ()>) -> v8::Local<'s, v8::Context> {
    let isolate = wrap::address(scope);
    let (context, exact) = without_additions(scope);
    if exact && platform::has_machine_code() {
        let scope = &mut v8::ContextScope::new(scope, context);
        // SAFETY: the isolate's current realm is the new one, which lacks it.
        unsafe { install_web_assembly(isolate) };
        remove_stack_switching(scope, context);
    }
    if !exact {
        // V8 has completed it.
        let scope = &mut v8::ContextScope::new(scope, context);
        snapshot::remove_shared_memory(scope, context);
        remove_stack_switching(scope, context);
    }
    context
}

/// Takes out of a realm what lets WebAssembly wait for promises: each call gets a stack of its own, which counts nowhere, and V8 ends the
/// process when it gets no more of them.
fn remove_stack_switching(scope: &mut v8::PinScope<'_, '_>, context: v8::Local<'_, v8::Context>) -> Option<()> {
    let name = v8::String::new(scope, "WebAssembly")?;
    let web_assembly = v8::Local::<v8::Object>::try_from(context.global(scope).get(scope, name.into())?).ok()?;
    for name in ["promising", "Suspending", "SuspendError"] {
        let name = v8::String::new(scope, name)?;
        web_assembly.delete(scope, name.into());
    }
    Some(())
}

/// Makes a realm from the isolate's blob as it was captured. Only where that is possible, see `is_possible`.
pub(super) fn restore_exactly<'s>(scope: &mut v8::PinScope<'s, '_, ()>) -> v8::Local<'s, v8::Context> {
    without_additions(scope).0
}

/// Makes a realm from the isolate's blob; also whether V8 could be kept from completing it. In an isolate that writes a snapshot, V8 does
/// not complete it in any case.
fn without_additions<'s>(scope: &mut v8::PinScope<'s, '_, ()>) -> (v8::Local<'s, v8::Context>, bool) {
    let isolate = wrap::address(scope);
    let mark = PLACE.get().copied().flatten().and_then(|place| mark(isolate, place, false));
    let set = |value: u8| {
        if let Some(mark) = mark {
            // SAFETY: the mark is one of the isolate, which this thread has entered.
            unsafe { mark.write(value) };
        }
    };
    set(1);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    set(0);
    (context, mark.is_some())
}
