//! The cache table.

use super::boundary::read_grown;
use super::host_call::HostCall;
use super::{jsep_bytes, jsep_sink};
use crate::engine::{Cache, CacheTable};
use crate::error::Error;
use crate::status::jsep_status;
use std::ffi::c_void;

/// Where the host keeps what installs make, so that a later process installs the same app sooner.
///
/// The functions are called during `jsep_registry_install`, on its thread, with `context` as the first argument, and must not call the
/// library. A key is text of letters, digits and `-`, at most 64 bytes. It stands for the app's text, the options and this very build of
/// the library, so entries under other keys stay good; a host that wants to keep few drops those that were not loaded for long.
///
/// An entry is used only if its seal is right, an HMAC-SHA-256 under `secret` over all that it depends on and all of its bytes; otherwise
/// it is ignored, counted in the report, and stored anew. An install from an entry evaluates nothing, so the limit of time is not asked
/// for. **An entry is as powerful as the library itself**: who can write one with a
/// right seal decides what the process does. Without a secret the seal only shows accidents, so that the host has to keep its entries as
/// safe as the library's file. With one, an entry that was not made under it is not used, as long as nobody else knows the secret.
///
/// The V8 library stores the app's captured state and compiled code; apps of which V8 can't write any go without. The QuickJS library
/// stores nothing, because its installs take less than reading would; it calls no function of the table.
///
/// Source: `src/abi/cache.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_cache {
    /// `sizeof(struct jsep_cache)`.
    pub size: usize,
    /// Passed back as the first argument of each function.
    pub context: *mut c_void,
    /// Writes the entry of `key` to `entry` and answers `JSEP_OK`. Anything else means that there is none.
    pub load: Option<unsafe extern "C" fn(context: *mut c_void, key: jsep_bytes, entry: *const jsep_sink) -> u32>,
    /// Keeps `entry`, or replaces the former one of `key`, as a whole. An answer other than `JSEP_OK` is counted and has no
    /// consequence.
    pub store: Option<unsafe extern "C" fn(context: *mut c_void, key: jsep_bytes, entry: jsep_bytes) -> u32>,
    /// The secret that entries are sealed with, 32 unpredictable bytes at best; no bytes for none. It is copied.
    pub secret: jsep_bytes,
}

/// The largest entry that is read.
const MOST: usize = 1 << 28;

/// The host's table, kept by a registry.
struct HostTable(jsep_cache);

// SAFETY: `jsep_registry_set_cache` demands functions that any thread which installs may call.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

/// Reads the table; null means none.
///
/// # Safety
/// `cache` is null or a live table whose functions accept its context for as long as the result is used.
pub(super) unsafe fn read(cache: *const jsep_cache) -> Result<Option<Cache>, Error> {
    if cache.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises a live table; zero is null for functions and no bytes.
    let table = unsafe { read_grown(cache, size_of::<jsep_cache>(), "cache") }?;
    // SAFETY: the caller promises readable bytes.
    let secret = unsafe { table.secret.copy("cache.secret") }?;
    Ok(Some(Cache::new(Box::new(HostTable(table)), secret)))
}

/// What `load` has written so far.
#[derive(Default)]
struct Loaded {
    bytes: Vec<u8>,
    unusable: bool,
}

unsafe extern "C" fn append(context: *mut c_void, data: *const u8, len: usize) {
    // SAFETY: `context` is what `load` lends for the duration of the callback, and the host gives `len` readable bytes.
    let loaded = unsafe { &mut *context.cast::<Loaded>() };
    loaded.unusable |= len > MOST - loaded.bytes.len();
    // SAFETY: as above.
    loaded.unusable =
        loaded.unusable || unsafe { jsep_bytes { data, len }.append_to(&mut loaded.bytes, "data") }.is_err();
}

impl CacheTable for HostTable {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        let load = self.0.load?;
        let mut loaded = Loaded::default();
        let sink = jsep_sink { context: (&raw mut loaded).cast(), write: Some(append) };
        // SAFETY: the host vouches for function and context; key and sink are borrowed from live values.
        let code = unsafe { load.call_host((self.0.context, jsep_bytes::lend(key.as_bytes()), &raw const sink)) };
        (code == jsep_status::JSEP_OK as u32 && !loaded.unusable).then_some(loaded.bytes)
    }

    fn store(&self, key: &str, entry: &[u8]) -> bool {
        let Some(store) = self.0.store else {
            return false;
        };
        // SAFETY: the host vouches for function and context; key and entry are borrowed from live values.
        let code =
            unsafe { store.call_host((self.0.context, jsep_bytes::lend(key.as_bytes()), jsep_bytes::lend(entry))) };
        code == jsep_status::JSEP_OK as u32
    }
}
