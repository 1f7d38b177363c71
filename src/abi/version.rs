//! Who this library is.

use super::jsep_bytes;

/// Version of this binary interface. It grows when a function or a table member is added, and only then.
pub const JSEP_ABI_VERSION: u32 = 1;

/// The version of the interface that the library implements.
///
/// A host calls this first and refuses a library whose number is lower than the `JSEP_ABI_VERSION` it was compiled with.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jsep_abi_version() -> u32 {
    JSEP_ABI_VERSION
}

/// Name and version of the library and of its JavaScript engine, UTF-8, for people. It lives as long as the process.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jsep_library_name() -> jsep_bytes {
    jsep_bytes::lend(crate::engine::library_name().as_bytes())
}
