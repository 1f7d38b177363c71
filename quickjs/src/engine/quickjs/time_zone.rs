//! The time zone of scripts: UTC, on every machine.
//!
//! QuickJS asks the C library for the offset from UTC, which reads files of the machine to tell. The function here takes the place of
//! the C library's `localtime_r` inside this shared object. The name is given in assembly, because Rust would export it too.

use std::arch::global_asm;

#[cfg(target_arch = "x86_64")]
global_asm!(".hidden localtime_r", ".globl localtime_r", "localtime_r:", "jmp {}", sym local_time);
#[cfg(target_arch = "aarch64")]
global_asm!(".hidden localtime_r", ".globl localtime_r", "localtime_r:", "b {}", sym local_time);

/// Tells the offset from UTC, which is all that QuickJS asks for: none.
///
/// # Safety
/// `result` is a place for a `tm`.
unsafe extern "C" fn local_time(_time: *const libc::time_t, result: *mut libc::tm) -> *mut libc::tm {
    // SAFETY: the caller promises the place, and zeros are a `tm`.
    unsafe { result.write_bytes(0, 1) };
    result
}
