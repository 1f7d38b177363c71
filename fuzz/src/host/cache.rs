//! A place for what installs make, which keeps to the plan of its host as the store does.

use super::{Behaviour, MemoryHost, enter, write};
use crate::interface::*;
use std::ffi::c_void;

/// The map that the entries are in.
const MAP: &[u8] = b"cache";

impl MemoryHost {
    /// The table, which must not outlive the host.
    pub fn cache(&mut self) -> Cache {
        Cache {
            size: size_of::<Cache>(),
            context: std::ptr::from_mut(self).cast(),
            load: Some(load),
            store: Some(store),
            secret: Bytes::of(b"a secret"),
        }
    }
}

// In both: the library gives the table's context, borrowed bytes and a live sink.

unsafe extern "C" fn load(context: *mut c_void, key: Bytes, entry: *const Sink) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        let found = host.entries.get(&(MAP.to_vec(), key.slice().to_vec())).cloned();
        if found.is_none() && behaviour == Behaviour::Behave {
            return NOT_FOUND;
        }
        write(entry, behaviour, &found.unwrap_or_default());
        host.answer(behaviour, OK)
    }
}

unsafe extern "C" fn store(context: *mut c_void, key: Bytes, entry: Bytes) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        host.entries.insert((MAP.to_vec(), key.slice().to_vec()), entry.slice().to_vec());
        host.answer(behaviour, OK)
    }
}
