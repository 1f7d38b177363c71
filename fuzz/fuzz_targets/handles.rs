//! Sequences of interface calls on handles in any order, with the misuse that the header promises to detect: nulls, wrong sizes, counts
//! and lengths that can't be, unknown options, accessors of nothing, and handles that outlive what they were made from.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Bytes, Handle, Host, Library, OK, PANIC, Pair, Request, apps, written};
use libfuzzer_sys::fuzz_target;
use std::ptr::null_mut;

#[derive(Arbitrary, Debug)]
enum Step {
    Engine { option: (u8, u8), count: u8 },
    Registry(u8),
    Install { registry: u8, bundle: u8 },
    Options { registry: u8, option: (u8, u8), count: u8 },
    Find { registry: u8, method: u8, path: u8 },
    Execute { endpoint: u8, sizes: (u8, u8), fields: u8 },
    Read { response: u8, index: u8 },
    Report { kind: u8, handle: u8 },
    TakeError,
    Free { kind: u8, handle: u8 },
    Null(u8),
}

/// Handles of one kind; number 0 is null.
#[derive(Default)]
struct Slots(Vec<Handle>);

impl Slots {
    fn get(&self, number: u8) -> Handle {
        match usize::from(number) % (self.0.len() + 1) {
            0 => null_mut(),
            index => self.0[index - 1],
        }
    }

    fn keep(&mut self, handle: Handle, free: unsafe extern "C" fn(Handle)) {
        const MOST: usize = 4;
        if !handle.is_null() {
            self.0.push(handle);
        }
        if self.0.len() > MOST {
            // SAFETY: it is taken out, so it is freed once.
            unsafe { free(self.0.remove(0)) };
        }
    }

    fn take(&mut self, number: u8) -> Handle {
        match usize::from(number) % (self.0.len() + 1) {
            0 => null_mut(),
            index => self.0.remove(index - 1),
        }
    }
}

const NAMES: [&str; 6] =
    ["max_heap_bytes", "max_execution_time_ms", "realm", "intl", "nonsense", "max_cached_interpreters"];
const VALUES: [&str; 7] = ["", "1000", "-1", "off", "0", "18446744073709551616", "\u{fffd}"];
const PATHS: [&str; 5] = ["/a", "/b/c", "", "/none", "/app/a"];
const METHODS: [&str; 4] = ["GET", "POST", "HEAD", ""];

/// Bytes as the header has them, or with a place or a length that can't be.
fn bytes(text: &str, number: u8) -> Bytes {
    match number {
        253 => Bytes { data: text.as_ptr(), len: 1 << 62 },
        254 => Bytes { data: std::ptr::null(), len: text.len() + 1 },
        255 => Bytes { data: text.as_ptr(), len: usize::MAX },
        _ => Bytes::of(text.as_bytes()),
    }
}

fn size_of_struct<T>(number: u8) -> usize {
    match number {
        253 => 0,
        254 => size_of::<T>() - 1,
        // Of a later version of the header.
        255 => size_of::<T>() + 8,
        _ => size_of::<T>(),
    }
}

/// A struct with room behind it, for sizes that claim more.
#[repr(C)]
struct WithRoom<T>(T, [u64; 2]);

fuzz_target!(|steps: Vec<Step>| {
    let library = Library::get();
    let call = &library.functions;
    let (mut engines, mut registries, mut endpoints, mut responses) =
        (Slots(vec![]), Slots::default(), Slots::default(), Slots::default());
    let good = apps::bundle(
        "let n = 0; export function f(request) { n += 1; return { body: request.body.text() + n }; }",
        &[("get", "/a", "f", "readwrite"), ("post", "/b/{c}", "f", "readonly")],
    );
    let bundles = ["", "{}", "[", &good, &good, "{\"metadata\": {\"endpoints\": {}}, \"modules\": []}"];
    let check = |status: u32| {
        assert_ne!(status, PANIC);
        let _ = library.check(status);
    };
    // In all unsafe blocks: handles are those of the slots, which are freed once, or null; other pointers are to live values or null.
    for step in steps.into_iter().take(24) {
        match step {
            Step::Engine { option, count } => {
                let option = Pair {
                    name: bytes(NAMES[usize::from(option.0) % NAMES.len()], option.0),
                    value: bytes(VALUES[usize::from(option.1) % VALUES.len()], option.1),
                };
                let mut engine = null_mut();
                let options = if count % 4 == 3 { std::ptr::null() } else { &raw const option };
                let count = if count == 255 && options.is_null() { usize::MAX } else { usize::from(count % 2) };
                // SAFETY: see above.
                check(unsafe { (call.engine_new)(options, count, std::ptr::null(), &raw mut engine) });
                engines.keep(engine, call.engine_free);
            }
            Step::Registry(number) => {
                let engine = if number % 2 == 0 { library.engine } else { engines.get(number / 2) };
                let mut registry = null_mut();
                // SAFETY: see above.
                check(unsafe { (call.registry_new)(engine, &raw mut registry) });
                registries.keep(registry, call.registry_free);
            }
            Step::Install { registry, bundle } => {
                let bundle = bytes(bundles[usize::from(bundle) % bundles.len()], bundle);
                // SAFETY: see above.
                check(unsafe { (call.registry_install)(registries.get(registry), bundle) });
            }
            Step::Options { registry, option, count } => {
                let option = Pair {
                    name: bytes(NAMES[usize::from(option.0) % NAMES.len()], option.0),
                    value: bytes(VALUES[usize::from(option.1) % VALUES.len()], option.1),
                };
                // SAFETY: see above.
                check(unsafe {
                    (call.registry_set_options)(registries.get(registry), &raw const option, usize::from(count % 2))
                });
            }
            Step::Find { registry, method, path } => {
                let mut endpoint = null_mut();
                let method = bytes(METHODS[usize::from(method) % METHODS.len()], method);
                let path = bytes(PATHS[usize::from(path) % PATHS.len()], path);
                // SAFETY: see above.
                check(unsafe { (call.registry_find)(registries.get(registry), method, path, &raw mut endpoint) });
                endpoints.keep(endpoint, call.endpoint_free);
            }
            Step::Execute { endpoint, sizes, fields } => {
                let mut memory = MemoryHost::default();
                let mut host = WithRoom(memory.table(), [0; 2]);
                host.0.size = size_of_struct::<Host>(sizes.0);
                let request = WithRoom(
                    Request {
                        size: size_of_struct::<Request>(sizes.1),
                        method: bytes("GET", fields),
                        path: bytes("/a", fields.wrapping_add(1)),
                        query: bytes("", fields.wrapping_add(2)),
                        headers: std::ptr::null(),
                        header_count: if fields == 7 { usize::MAX } else { 0 },
                        body: bytes("body", fields.wrapping_add(3)),
                        caller: bytes(if fields == 9 { "{" } else { "null" }, fields.wrapping_add(4)),
                        historical_state: std::ptr::null(),
                    },
                    [0; 2],
                );
                let mut response = null_mut();
                // SAFETY: see above.
                check(unsafe {
                    (call.endpoint_execute)(
                        endpoints.get(endpoint),
                        if fields == 11 { std::ptr::null() } else { &raw const request.0 },
                        if fields == 13 { std::ptr::null() } else { &raw const host.0 },
                        &raw mut response,
                    )
                });
                responses.keep(response, call.response_free);
            }
            Step::Read { response, index } => {
                let response = responses.get(response);
                let (mut name, mut value) = (Bytes::EMPTY, Bytes::EMPTY);
                // SAFETY: see above.
                unsafe {
                    let status = (call.response_header)(response, usize::from(index), &raw mut name, &raw mut value);
                    assert_eq!(status == OK, usize::from(index) < (call.response_header_count)(response));
                    check(status);
                    assert_eq!((call.response_status)(response) == 0, response.is_null());
                    (call.response_body)(response).slice();
                    (call.response_exception)(response).slice();
                    (call.response_exception_trace)(response).slice();
                    (call.response_claims_digest)(response).slice();
                }
            }
            Step::Report { kind, handle } => {
                // SAFETY: see above.
                let (status, report) = written(|sink| unsafe {
                    let sink = if handle == 255 { std::ptr::null() } else { sink };
                    if kind % 2 == 0 {
                        (call.engine_report)(engines.get(handle), sink)
                    } else {
                        (call.registry_report)(registries.get(handle), sink)
                    }
                });
                check(status);
                assert_eq!(status == OK, serde_json::from_str::<serde_json::Value>(&report).is_ok());
            }
            Step::TakeError => {
                // SAFETY: see above.
                unsafe {
                    let error = (call.error_take)();
                    assert!((call.last_error)().is_null());
                    (call.error_message)(error).slice();
                    (call.error_free)(error);
                }
            }
            Step::Free { kind, handle } => {
                // SAFETY: see above; an engine may go before what was made from it.
                unsafe {
                    match kind % 4 {
                        0 => (call.engine_free)(engines.take(handle)),
                        1 => (call.registry_free)(registries.take(handle)),
                        2 => (call.endpoint_free)(endpoints.take(handle)),
                        _ => (call.response_free)(responses.take(handle)),
                    }
                }
            }
            Step::Null(kind) => {
                // SAFETY: see above.
                unsafe {
                    match kind % 6 {
                        0 => check((call.engine_new)(std::ptr::null(), 0, std::ptr::null(), null_mut())),
                        1 => check((call.registry_new)(library.engine, null_mut())),
                        2 => check((call.registry_set_cache)(registries.get(kind), std::ptr::null())),
                        3 => check((call.registry_find)(registries.get(kind), Bytes::EMPTY, Bytes::EMPTY, null_mut())),
                        4 => check((call.engine_idle)(engines.get(kind), 0, null_mut())),
                        _ => {
                            assert_eq!((call.endpoint_template)(null_mut()).len, 0);
                            assert_eq!((call.endpoint_mode)(endpoints.get(kind)) / 3, 0);
                            (call.endpoint_properties)(endpoints.get(kind)).slice();
                        }
                    }
                }
            }
        }
    }
    // SAFETY: what is left is freed once, engines first.
    unsafe {
        engines.0.into_iter().for_each(|handle| (call.engine_free)(handle));
        registries.0.into_iter().for_each(|handle| (call.registry_free)(handle));
        responses.0.into_iter().for_each(|handle| (call.response_free)(handle));
        endpoints.0.into_iter().for_each(|handle| (call.endpoint_free)(handle));
    }
});
