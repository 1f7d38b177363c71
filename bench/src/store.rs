//! A store that has one value for every key, whatever is written.

use crate::interface::{Bytes, Host, Sink};
use std::ffi::c_void;
use std::time::Duration;

const OK: u32 = 0;
const VALUE: &[u8] = b"hello";
const SLOW_READ: Duration = Duration::from_millis(3);

unsafe extern "C" fn get(context: *mut c_void, _map: Bytes, _key: Bytes, value: *const Sink) -> u32 {
    if !context.is_null() {
        std::thread::sleep(SLOW_READ);
    }
    // SAFETY: the library lends a live sink, whose function takes its context.
    unsafe {
        if let Some(write) = (*value).write {
            write((*value).context, VALUE.as_ptr(), VALUE.len());
        }
    }
    OK
}

unsafe extern "C" fn put(_context: *mut c_void, _map: Bytes, _key: Bytes, _value: Bytes) -> u32 {
    OK
}

/// The host table of the benches.
pub(crate) fn host() -> Host {
    Host {
        size: size_of::<Host>(),
        context: std::ptr::null_mut(),
        store_get: Some(get),
        reads: [std::ptr::null(); 4],
        store_put: Some(put),
        others: [std::ptr::null(); 5],
    }
}

/// The same, with reads that take their time.
pub(crate) fn slow_host() -> Host {
    // Any pointer but null says so; it is not followed.
    Host { context: std::ptr::dangling_mut(), ..host() }
}
