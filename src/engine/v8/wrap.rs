//! Functions of the library that V8 calls instead of its own.

/// The instruction that goes on in another function.
#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b"
    };
}

/// Gives a function the name that the linker puts in the place of V8's. The name stays inside the library, which an exported Rust
/// function would not.
macro_rules! wrap {
    ($name:expr, $function:ident) => {
        std::arch::global_asm!(
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", @function"),
            concat!($name, ": ", $crate::engine::v8::wrap::jump!(), " {function}"),
            function = sym $function,
        );
    };
}

pub(in crate::engine::v8) use {jump, wrap};

/// An isolate as V8's inner functions take it.
pub(super) fn address(isolate: &v8::Isolate) -> *mut std::ffi::c_void {
    // SAFETY: the type is a pointer under another name.
    unsafe { std::mem::transmute(isolate.as_raw_isolate_ptr()) }
}

/// An isolate that V8's inner functions were given.
///
/// # Safety
/// It is live, and this thread has it.
pub(super) unsafe fn isolate(address: *mut std::ffi::c_void) -> v8::Isolate {
    // SAFETY: the caller's promise.
    unsafe { v8::Isolate::from_raw_ptr_unchecked(address.cast()) }
}
