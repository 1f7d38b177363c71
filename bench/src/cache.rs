//! A place for what installs make: one file, the entry of whichever app comes.

use crate::interface::{Bytes, Cache, Sink};
use std::ffi::c_void;
use std::path::PathBuf;

const DONE: u32 = 0;
const NONE: u32 = 1;

unsafe extern "C" fn load(file: *mut c_void, _key: Bytes, entry: *const Sink) -> u32 {
    // SAFETY: the context is the path that `table` was given, which outlives the table.
    let file = unsafe { &*file.cast::<PathBuf>() };
    let Ok(bytes) = std::fs::read(file) else { return NONE };
    // SAFETY: the library lends a live sink, whose function takes its context.
    unsafe {
        if let Some(write) = (*entry).write {
            write((*entry).context, bytes.as_ptr(), bytes.len());
        }
    }
    DONE
}

unsafe extern "C" fn store(file: *mut c_void, _key: Bytes, entry: Bytes) -> u32 {
    // SAFETY: as above; the library lends readable bytes.
    let (file, entry) = unsafe { (&*file.cast::<PathBuf>(), entry.slice()) };
    if std::fs::write(file, entry).is_ok() { DONE } else { NONE }
}

/// The table for a file, which must live as long.
pub(crate) fn table(file: &PathBuf) -> Cache {
    Cache {
        size: size_of::<Cache>(),
        context: std::ptr::from_ref(file).cast_mut().cast(),
        load: Some(load),
        store: Some(store),
        secret: Bytes::EMPTY,
    }
}
