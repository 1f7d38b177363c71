//! The one crypto library behind this room: OpenSSL, linked in, as CCF uses it.

use openssl::error::ErrorStack;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::sync::Once;

/// Why an operation has no result, in words for the app's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<&str> for Failure {
    fn from(reason: &str) -> Failure {
        Failure(reason.to_owned())
    }
}

impl From<ErrorStack> for Failure {
    fn from(stack: ErrorStack) -> Failure {
        // The last entry is the outermost; the first says what happened. The rest names files of OpenSSL.
        let reason = stack.errors().iter().find_map(|error| error.reason());
        Failure::from(reason.unwrap_or("OpenSSL gives no reason"))
    }
}

unsafe extern "C" {
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
}

const NO_LOAD_CONFIG: u64 = 0x80;
const NO_ATEXIT: u64 = 0x8_0000;

/// Readies OpenSSL. Every function of this room calls it before anything else of OpenSSL, which would read `openssl.cnf` otherwise.
pub(super) fn start() {
    static START: Once = Once::new();
    START.call_once(|| {
        // SAFETY: OpenSSL takes these options without settings, on any thread. A failure shows in the operations that follow.
        unsafe { OPENSSL_init_crypto(NO_LOAD_CONFIG | NO_ATEXIT, std::ptr::null()) };
    });
}
