//! Sequences of interface calls on handles in any order and on any thread, with the misuse that the header promises to detect: nulls,
//! wrong sizes, counts and lengths that can't be, unknown options, accessors of nothing, and handles that outlive what they were made from.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::misuse::{Slots, WithRoom, bytes, impossible, one_of_texts, pointer, size_of_struct};
use jsep_fuzz::realm::Memory;
use jsep_fuzz::{
    Bytes, Cache, Functions, Host, Library, Logger, NOT_FOUND, OK, PANIC, Pair, Registry, Request, STRUCT_SIZE,
    Storage, TURN_FAILED, Timings, apps, written,
};
use libfuzzer_sys::fuzz_target;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};

/// Numbers choose handles, texts and mistakes.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Engine { option: (u8, u8), count: u8, logger: u8 },
    Registry(u8),
    Install { registry: u8, bundle: u8 },
    Cache { registry: u8, size: u8, functions: u8 },
    Options { registry: u8, option: (u8, u8), count: u8 },
    Find { registry: u8, method: u8, path: u8 },
    Execute { endpoint: u8, sizes: (u8, u8), fields: u8 },
    Read { response: u8, index: u8 },
    Report { kind: u8, handle: u8 },
    Timings { kind: u8, handle: u8, size: u8 },
    Idle { engine: u8, nanoseconds: u64, more: bool },
    TakeError,
    Log { size: u8, missing: u8 },
    Realm { handles: (u8, u8), texts: (u8, u8), option: (u8, u8), host: u8 },
    Turn { realm: u8, kind: u8, texts: (u8, u8), host: u8 },
    Free { kind: u8, handle: u8 },
    Null(u8),
}

#[derive(Arbitrary, Debug)]
struct Call {
    step: Step,
    /// Not by the thread that made the handles.
    elsewhere: bool,
}

/// Most calls of one input.
const CALLS: usize = 24;
/// Most turns of one input that throw: the realm of such a turn is made anew, which takes as long as a hundred other steps.
const THROWN: u32 = 2;

const NAMES: [&str; 8] = [
    "max_heap_bytes",
    "max_execution_time_ms",
    "realm",
    "intl",
    "nonsense",
    "max_cached_interpreters",
    "on_throw",
    "peer_key",
];
const VALUES: [&str; 8] = ["", "1000", "-1", "off", "0", "18446744073709551616", "\u{fffd}", "commit"];
const PATHS: [&str; 5] = ["/a", "/b/c", "", "/none", "/app/a"];
const METHODS: [&str; 4] = ["GET", "POST", "HEAD", ""];
const REALMS: [&str; 4] = ["r", "s", "", "\u{0}/"];
const SCRIPTS: [&str; 5] = ["let n = 0; function f() { return n += 1; }", "n", "throw 1;", "", "f"];
/// An app, for an install and a realm.
const APP: &str = "let n = 0; export function f(request) { n += 1; return { body: request.body.text() + n }; }";

unsafe extern "C" fn log(_context: *mut c_void, _level: u32, text: Bytes) {
    // SAFETY: the library lends the text.
    std::str::from_utf8(unsafe { text.slice() }).expect("a line of the log is UTF-8");
}

fn good() -> String {
    apps::bundle(APP, &[("get", "/a", "f", "readwrite"), ("post", "/b/{c}", "f", "readonly")])
}

/// A registry that has the app and stays, because an install takes as long as many other steps.
fn installed() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = Library::get().registry();
        registry.install(good().as_bytes()).expect("the app is installed");
        registry
    })
}

fn option((name, value): (u8, u8)) -> Pair {
    Pair { name: one_of_texts(&NAMES, name), value: one_of_texts(&VALUES, value) }
}

#[derive(Default)]
#[expect(clippy::vec_box, reason = "the tables point to what is in the boxes")]
struct Handles {
    engines: Slots,
    registries: Slots,
    endpoints: Slots,
    responses: Slots,
    logs: Slots,
    realms: Slots,
    /// What logs are kept in and caches keep to, for longer than them.
    memories: Vec<Box<Memory>>,
    caches: Vec<Box<MemoryHost>>,
    thrown: u32,
}

// SAFETY: the interface allows any thread to use a handle, and one does at a time.
unsafe impl Send for Handles {}

/// No call may answer with a defect, and each failure says why. That a realm has no alarm is none.
fn check(status: u32) -> u32 {
    assert_ne!(status, PANIC);
    if status != NOT_FOUND {
        let _ = Library::get().check(status);
    }
    status
}

impl Handles {
    // In all unsafe blocks: handles are those of the slots, which are freed once, or null; other pointers are to live values or null.
    fn step(&mut self, step: Step) {
        let library = Library::get();
        let call = &library.functions;
        match step {
            Step::Engine { option: numbers, count, logger } => {
                let option = option(numbers);
                let mut engine = null_mut();
                let options = if count % 4 == 3 { std::ptr::null() } else { &raw const option };
                let count = impossible(count).filter(|_| options.is_null()).unwrap_or_else(|| usize::from(count % 2));
                let write = if logger % 4 == 3 { None } else { Some(log as _) };
                let with_room =
                    WithRoom::of(Logger { size: size_of_struct::<Logger>(logger), context: null_mut(), write });
                let logger = if logger.is_multiple_of(2) { std::ptr::null() } else { &raw const with_room.0 };
                // SAFETY: see above.
                check(unsafe { (call.engine_new)(options, count, logger, &raw mut engine) });
                self.engines.keep(engine, call.engine_free);
            }
            Step::Registry(number) => {
                let engine = if number % 2 == 0 { library.engine } else { self.engines.get(number / 2) };
                let mut registry = null_mut();
                // SAFETY: see above.
                check(unsafe { (call.registry_new)(engine, &raw mut registry) });
                self.registries.keep(registry, call.registry_free);
            }
            Step::Install { registry, bundle } => {
                let good = good();
                // An install that succeeds takes as long as many other steps.
                let bundle = match bundle % 64 {
                    60 | 61 => bytes(&good, bundle),
                    62 => bytes("{\"metadata\": {\"endpoints\": {}}, \"modules\": []}", bundle),
                    _ => one_of_texts(&["", "{}", "["], bundle),
                };
                // SAFETY: see above.
                check(unsafe { (call.registry_install)(self.registries.get(registry), bundle) });
            }
            Step::Cache { registry, size, functions } => {
                let mut memory = Box::new(MemoryHost::default());
                let mut cache = WithRoom::of(memory.cache());
                cache.0.size = size_of_struct::<Cache>(size);
                cache.0.load = cache.0.load.filter(|_| functions % 3 != 1);
                cache.0.store = cache.0.store.filter(|_| functions % 3 != 2);
                cache.0.secret = bytes("secret", functions);
                let pointer = pointer(&cache.0, functions);
                self.caches.push(memory);
                // SAFETY: see above.
                check(unsafe { (call.registry_set_cache)(self.registries.get(registry), pointer) });
            }
            Step::Options { registry, option: numbers, count } => {
                let option = option(numbers);
                let count = impossible(count).unwrap_or_else(|| usize::from(count % 2));
                // SAFETY: see above.
                check(unsafe { (call.registry_set_options)(self.registries.get(registry), &raw const option, count) });
            }
            Step::Find { registry, method, path } => {
                let mut endpoint = null_mut();
                let (method, path) = (one_of_texts(&METHODS, method), one_of_texts(&PATHS, path));
                // Most look where there is something.
                let registry = if registry % 4 == 3 { self.registries.get(registry / 4) } else { installed().handle };
                // SAFETY: see above.
                unsafe {
                    check((call.registry_find)(registry, method, path, &raw mut endpoint));
                    check(written(|sink| (call.registry_methods)(registry, path, sink)).0);
                }
                self.endpoints.keep(endpoint, call.endpoint_free);
            }
            Step::Execute { endpoint, sizes, fields } => {
                let mut response = null_mut();
                let endpoint = self.endpoints.get(endpoint);
                with_arguments(sizes, fields, |request, host| {
                    // SAFETY: see above.
                    check(unsafe { (call.endpoint_execute)(endpoint, request, host, &raw mut response) });
                });
                self.responses.keep(response, call.response_free);
            }
            Step::Read { response, index } => {
                let response = self.responses.get(response);
                let (mut name, mut value) = (Bytes::EMPTY, Bytes::EMPTY);
                let index = impossible(index).unwrap_or_else(|| usize::from(index));
                // SAFETY: see above.
                unsafe {
                    let status = (call.response_header)(response, index, &raw mut name, &raw mut value);
                    assert_eq!(status == OK, index < (call.response_header_count)(response));
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
                    match kind % 5 {
                        0 => (call.engine_report)(self.engines.get(handle), sink),
                        1 => (call.registry_report)(self.registries.get(handle), sink),
                        2 => (call.log_report)(self.logs.get(handle), sink),
                        3 => (call.log_trim)(self.logs.get(handle), sink),
                        _ => (call.realm_report)(self.realms.get(handle), sink),
                    }
                });
                check(status);
                assert_eq!(status == OK, serde_json::from_str::<serde_json::Value>(&report).is_ok());
            }
            Step::Timings { kind, handle, size } => {
                // The first says the size of its struct, in numbers.
                let (get, handle, numbers) = match kind % 3 {
                    0 => (call.engine_timings_get, self.engines.get(handle), 3),
                    1 => (call.registry_timings_get, self.registries.get(handle), 6),
                    _ => (call.response_timings_get, self.responses.get(handle), 6),
                };
                let size = usize::from(size) * 4;
                let mut timings = Timings { size, numbers: [u64::MAX; 6] };
                // SAFETY: see above.
                let status = check(unsafe { get(handle, &raw mut timings) });
                let is_small = size < numbers * size_of::<u64>();
                assert!(handle.is_null() || (status == if is_small { STRUCT_SIZE } else { OK }), "{status}");
                assert_eq!(timings.numbers == [u64::MAX; 6], status != OK);
            }
            Step::Idle { engine, nanoseconds, more } => {
                // Long enough to do all that there is to do.
                const MOST: u64 = 1_000_000;
                let mut is_more = false;
                let place = if more { &raw mut is_more } else { null_mut() };
                // SAFETY: see above.
                check(unsafe { (call.engine_idle)(self.engines.get(engine), nanoseconds % MOST, place) });
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
            Step::Log { size, missing } => {
                let mut memory = Box::new(Memory::at(0.0));
                let mut storage = WithRoom::of(memory.storage());
                self.memories.push(memory);
                storage.0.size = size_of_struct::<Storage>(size);
                match missing {
                    1 => storage.0.read = None,
                    2 => storage.0.append = None,
                    3 => storage.0.sync = None,
                    4 => storage.0.replace = None,
                    _ => {}
                }
                let mut log = null_mut();
                let pointer = pointer(&storage.0, missing);
                // SAFETY: see above.
                unsafe {
                    let opened = check((call.log_open)(pointer, &raw mut log));
                    let verified = check(written(|sink| (call.log_verify)(pointer, sink)).0);
                    assert_eq!(opened, verified);
                    assert!(opened != OK || !(1..=4).contains(&missing), "a table without a function");
                }
                self.logs.keep(log, call.log_free);
            }
            Step::Realm { handles, texts, option: numbers, host } => self.open(handles, texts, numbers, host),
            Step::Turn { .. } if self.thrown >= THROWN => {}
            Step::Turn { realm, kind, texts, host } => self.turn(realm, kind, texts, host),
            Step::Free { kind, handle } => {
                // SAFETY: see above; an engine may go before what was made from it.
                unsafe {
                    match kind % 6 {
                        0 => (call.engine_free)(self.engines.take(handle)),
                        1 => (call.registry_free)(self.registries.take(handle)),
                        2 => (call.endpoint_free)(self.endpoints.take(handle)),
                        3 => (call.log_free)(self.logs.take(handle)),
                        4 => (call.realm_free)(self.realms.take(handle)),
                        _ => (call.response_free)(self.responses.take(handle)),
                    }
                }
            }
            Step::Null(kind) => self.nothing(kind, call),
        }
    }

    fn open(&mut self, handles: (u8, u8), texts: (u8, u8), numbers: (u8, u8), host: u8) {
        let library = Library::get();
        let call = &library.functions;
        let engine = if handles.0.is_multiple_of(2) { library.engine } else { self.engines.get(handles.0 / 2) };
        let (name, options) = (one_of_texts(&REALMS, texts.0), [option(numbers)]);
        let count = impossible(host).unwrap_or_else(|| usize::from(host % 2));
        let mut realm = null_mut();
        with_arguments((host, 0), host, |_, host| {
            let (log, options) = (self.logs.get(handles.1), options.as_ptr());
            // SAFETY: see `step`.
            check(unsafe {
                if texts.1 % 4 == 3 {
                    let app = apps::bundle(APP, &[("get", "/a", "f", "readwrite")]);
                    let app = bytes(&app, texts.1);
                    (call.realm_open_app)(engine, log, name, app, options, count, host, &raw mut realm)
                } else {
                    let source = one_of_texts(&SCRIPTS, texts.1);
                    (call.realm_open)(engine, log, name, source, options, count, host, &raw mut realm)
                }
            });
        });
        self.realms.keep(realm, call.realm_free);
    }

    fn turn(&mut self, realm: u8, kind: u8, texts: (u8, u8), host: u8) {
        let call = &Library::get().functions;
        let realm = self.realms.get(realm);
        let (id, text) = (one_of_texts(&["", "1", "2"], texts.0), one_of_texts(&SCRIPTS, texts.1));
        let (mut time, mut response) = (0.0, null_mut());
        with_arguments((host, texts.0), texts.1, |request, host| {
            // SAFETY: see `step`.
            let (status, _) = written(|sink| unsafe {
                match kind % 11 {
                    0 => (call.realm_eval)(realm, id, text, host, sink),
                    1 => (call.realm_call)(realm, id, text, bytes("1", kind), host, sink),
                    2 => (call.realm_upgrade)(realm, id, text, host, sink),
                    3 => (call.realm_execute)(realm, id, request, host, &raw mut response),
                    4 => (call.realm_endpoint)(
                        realm,
                        one_of_texts(&METHODS, texts.0),
                        one_of_texts(&PATHS, texts.1),
                        sink,
                    ),
                    5 => (call.realm_methods)(realm, one_of_texts(&PATHS, texts.1), sink),
                    6 => (call.realm_next_alarm)(realm, host, &raw mut time),
                    7 => (call.realm_alarm)(realm, host),
                    8 => (call.realm_outgoing)(realm, host, std::ptr::null(), &raw mut time),
                    9 => (call.realm_incoming)(realm, text, host, std::ptr::null()),
                    _ => {
                        (call.datagram_receiver)(text).slice();
                        OK
                    }
                }
            });
            self.thrown += u32::from(check(status) == TURN_FAILED);
        });
        self.responses.keep(response, call.response_free);
    }

    /// Calls without a place for the result, or with nothing to ask.
    fn nothing(&self, kind: u8, call: &Functions) {
        let library = Library::get();
        // SAFETY: see `step`.
        unsafe {
            match kind % 8 {
                0 => drop(check((call.engine_new)(std::ptr::null(), 0, std::ptr::null(), null_mut()))),
                1 => drop(check((call.registry_new)(library.engine, null_mut()))),
                2 => drop(check((call.registry_set_cache)(self.registries.get(kind), std::ptr::null()))),
                3 => {
                    check((call.registry_find)(self.registries.get(kind), Bytes::EMPTY, Bytes::EMPTY, null_mut()));
                }
                4 => drop(check((call.engine_idle)(self.engines.get(kind), 0, null_mut()))),
                5 => drop(check((call.engine_timings_get)(library.engine, null_mut()))),
                6 => drop(check((call.log_open)(std::ptr::null(), null_mut()))),
                _ => {
                    assert_eq!((call.endpoint_template)(null_mut()).len, 0);
                    assert_eq!((call.endpoint_mode)(self.endpoints.get(kind)) / 3, 0);
                    (call.endpoint_properties)(self.endpoints.get(kind)).slice();
                }
            }
        }
    }

    /// Frees what is left, engines and logs first.
    fn free(&mut self, call: &Functions) {
        self.engines.free(call.engine_free);
        self.logs.free(call.log_free);
        self.registries.free(call.registry_free);
        self.responses.free(call.response_free);
        self.endpoints.free(call.endpoint_free);
        self.realms.free(call.realm_free);
    }
}

/// Calls with a request and a host that may be null, or of a wrong size or with wrong fields.
fn with_arguments(sizes: (u8, u8), fields: u8, call: impl FnOnce(*const Request, *const Host)) {
    let mut memory = MemoryHost::default();
    let mut host = WithRoom::of(memory.table());
    host.0.size = size_of_struct::<Host>(sizes.0);
    let request = WithRoom::of(Request {
        size: size_of_struct::<Request>(sizes.1),
        method: bytes("GET", fields),
        path: bytes("/a", fields.wrapping_add(1)),
        query: bytes("", fields.wrapping_add(2)),
        headers: std::ptr::null(),
        header_count: if fields == 7 { usize::MAX } else { 0 },
        body: bytes("body", fields.wrapping_add(3)),
        caller: bytes(if fields == 9 { "{" } else { "null" }, fields.wrapping_add(4)),
        historical_state: std::ptr::null(),
    });
    call(pointer(&request.0, sizes.1), pointer(&host.0, sizes.0));
}

/// Another thread, which stays, because an engine makes a realm for each thread that is new to it.
type Other = Mutex<(Sender<Errand>, Receiver<Handles>)>;
/// Steps that come one after the other, because to wait for another thread takes as long as many of them.
type Errand = (Handles, Vec<Step>);

fn elsewhere(errand: Errand) -> Handles {
    static OTHER: OnceLock<Other> = OnceLock::new();
    let other = OTHER.get_or_init(|| {
        let (given, taken) = (channel::<Errand>(), channel());
        std::thread::spawn(move || {
            for (mut handles, steps) in given.1 {
                steps.into_iter().for_each(|step| handles.step(step));
                taken.0.send(handles).expect("the first thread waits");
            }
        });
        Mutex::new((given.0, taken.1))
    });
    let other = other.lock().expect("nothing fails while it is locked");
    other.0.send(errand).expect("the other thread waits");
    other.1.recv().expect("a call on another thread")
}

fuzz_target!(|calls: Vec<Call>| {
    let mut handles = Handles::default();
    let calls = &calls[..calls.len().min(CALLS)];
    for calls in calls.chunk_by(|one, next| one.elsewhere == next.elsewhere) {
        let steps = calls.iter().map(|call| call.step);
        if calls[0].elsewhere {
            handles = elsewhere((handles, steps.collect()));
        } else {
            steps.for_each(|step| handles.step(step));
        }
    }
    handles.free(&Library::get().functions);
});
