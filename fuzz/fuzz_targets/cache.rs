//! Stored installs that were changed: they are ignored, and the app is installed all the same.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Bytes, Cache, Library, NOT_FOUND, OK, Sink, one_of};
use libfuzzer_sys::fuzz_target;
use std::ffi::c_void;
use std::sync::OnceLock;

#[derive(Arbitrary, Debug)]
enum Change {
    Flip { at: u32, by: u8 },
    Cut { at: u32 },
    Insert { at: u32, byte: u8 },
    Swap { from: u32, to: u32, len: u8 },
    Replace(Vec<u8>),
}

/// What `load` gives, and what was stored.
#[derive(Default)]
struct Entry {
    loaded: Option<Vec<u8>>,
    stored: Option<Vec<u8>>,
}

unsafe extern "C" fn load(context: *mut c_void, _key: Bytes, sink: *const Sink) -> u32 {
    // SAFETY: the context is that of `install`, the sink is the library's.
    unsafe {
        let entry = &*context.cast::<Entry>();
        let (Some(loaded), Some(write)) = (&entry.loaded, (*sink).write) else { return NOT_FOUND };
        write((*sink).context, loaded.as_ptr(), loaded.len());
    }
    OK
}

unsafe extern "C" fn store(context: *mut c_void, _key: Bytes, entry: Bytes) -> u32 {
    // SAFETY: the context is that of `install`, and the library lends the entry.
    unsafe { (*context.cast::<Entry>()).stored = Some(entry.slice().to_vec()) };
    OK
}

const SOURCE: &str = "const list = [1, { a: 2 }]; export function f() { return { body: list }; }";

/// Installs the app with this entry, within the default limit of time or in no time at all, and checks that it serves. What was stored,
/// and whether the entry was used.
fn install(loaded: Option<Vec<u8>>, in_no_time: bool) -> (Option<Vec<u8>>, bool) {
    let library = Library::get();
    let registry = library.registry();
    let mut entry = Entry { loaded, stored: None };
    let cache = Cache {
        size: size_of::<Cache>(),
        context: (&raw mut entry).cast(),
        load: Some(load),
        store: Some(store),
        secret: Bytes::of(b"a secret"),
    };
    // SAFETY: the table is live, and its functions and context are until the registry is freed.
    library
        .check(unsafe { (library.functions.registry_set_cache)(registry.handle, &raw const cache) })
        .expect("a cache");
    let set_time = |value| registry.set_option("max_execution_time_ms", value).expect("a limit of time");
    set_time(if in_no_time { "0" } else { "" });
    let installed = registry.install(apps::bundle(SOURCE, &[("get", "/", "f", "readonly")]).as_bytes());
    if in_no_time && installed.is_err() {
        assert_eq!(entry.stored, None);
        return (None, false);
    }
    installed.expect("the app is installed");
    set_time("");
    let mut host = MemoryHost::default();
    let found = registry.find(b"GET", b"/").expect("an endpoint");
    let reply =
        send(&found, &Parts { method: b"GET", path: b"/", ..Parts::default() }, &host.table()).expect("a reply");
    assert_eq!(reply.body, b"[1,{\"a\":2}]");
    let used = registry.report()["cache"]["used"] == 1;
    drop((found, registry));
    (entry.stored, used)
}

fuzz_target!(|changes: Vec<Change>| {
    static STORED: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    // A library that stores nothing has nothing to lose.
    let Some(good) = STORED.get_or_init(|| install(None, false).0) else { return };
    let mut entry = good.clone();
    for change in changes {
        let place = |at: u32, entry: &Vec<u8>| (at as usize) % (entry.len() + 1);
        match change {
            Change::Flip { at, by } => {
                let at = place(at, &entry);
                if let Some(byte) = entry.get_mut(at) {
                    *byte ^= by;
                }
            }
            Change::Cut { at } => entry.truncate(place(at, &entry)),
            Change::Insert { at, byte } => entry.insert(place(at, &entry), byte),
            Change::Swap { from, to, len } => {
                let (from, to) = (place(from, &entry), place(to, &entry));
                let len = usize::from(len).min(entry.len() - from.max(to));
                for step in 0..len {
                    entry.swap(from + step, to + step);
                }
            }
            Change::Replace(bytes) => entry = bytes,
        }
    }
    let same = entry == *good;
    // An install without its entry takes long, so most inputs leave it no time: then it is refused at once, unless the entry is used.
    let in_no_time = !one_of(64, &entry);
    assert_eq!(install(Some(entry), in_no_time).1, same, "an entry is used if it is as it was, and only then");
});
