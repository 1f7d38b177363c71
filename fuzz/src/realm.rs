//! A durable realm over a storage in memory.

use crate::apps::{Parts, with_request};
use crate::interface::*;
use crate::library::{Failure, Library, written};
use std::collections::BTreeMap;
use std::ffi::c_void;

/// Objects by name, and the time.
pub struct Memory {
    objects: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Milliseconds since 1970.
    now: f64,
}

impl Memory {
    /// Nothing yet, at a time in milliseconds since 1970.
    pub fn at(now: f64) -> Memory {
        Memory { objects: BTreeMap::new(), now }
    }

    /// The table, which must not outlive the memory.
    pub fn storage(&mut self) -> Storage {
        Storage {
            size: size_of::<Storage>(),
            context: std::ptr::from_mut(self).cast(),
            read: Some(read),
            append: Some(append),
            sync: Some(sync),
            replace: Some(replace),
        }
    }
}

/// # Safety
/// The context is that of a live [`Memory`], which one callback uses at a time.
unsafe fn memory<'a>(context: *mut c_void) -> &'a mut Memory {
    // SAFETY: the caller's promise.
    unsafe { &mut *context.cast::<Memory>() }
}

unsafe extern "C" fn read(context: *mut c_void, name: Bytes, offset: u64, most: u64, sink: *const Sink) -> u32 {
    // SAFETY: the library gives its own arguments and the context of the table.
    unsafe {
        let Some(bytes) = memory(context).objects.get(name.slice()) else { return NOT_FOUND };
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = begin.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)).min(bytes.len());
        if let Some(write) = (*sink).write {
            write((*sink).context, bytes[begin..end].as_ptr(), end - begin);
        }
    }
    OK
}

unsafe extern "C" fn append(context: *mut c_void, name: Bytes, bytes: Bytes) -> u32 {
    // SAFETY: as above.
    unsafe {
        let Some(object) = memory(context).objects.get_mut(name.slice()) else { return NOT_FOUND };
        object.extend_from_slice(bytes.slice());
    }
    OK
}

unsafe extern "C" fn sync(_context: *mut c_void, _name: Bytes) -> u32 {
    OK
}

unsafe extern "C" fn replace(context: *mut c_void, name: Bytes, bytes: Bytes) -> u32 {
    // SAFETY: as above.
    unsafe { memory(context).objects.insert(name.slice().to_vec(), bytes.slice().to_vec()) };
    OK
}

unsafe extern "C" fn clock(context: *mut c_void, now: *mut f64) -> u32 {
    // SAFETY: as above.
    unsafe { *now = memory(context).now };
    OK
}

unsafe extern "C" fn carry(context: *mut c_void, _receiver: Bytes, datagram: Bytes) {
    // SAFETY: the context is the list of `Realm::carried`.
    unsafe { (*context.cast::<Vec<Vec<u8>>>()).push(datagram.slice().to_vec()) };
}

/// What a realm is opened with.
pub struct Opening {
    pub name: &'static str,
    pub script: &'static str,
    pub options: &'static [(&'static str, &'static str)],
}

/// A realm that frees itself, its log and what it is kept in.
pub struct Realm {
    library: &'static Library,
    opening: &'static Opening,
    log: Handle,
    realm: Handle,
    /// From a box.
    memory: *mut Memory,
}

impl Realm {
    /// Begins a realm at a time, in milliseconds since 1970.
    pub fn begin(opening: &'static Opening, now: f64) -> Realm {
        Realm::begin_if_offered(opening, now).expect("a library with durable realms")
    }

    /// The same, or nothing with a library that has no durable realms.
    pub fn begin_if_offered(opening: &'static Opening, now: f64) -> Option<Realm> {
        let memory = Box::into_raw(Box::new(Memory::at(now)));
        let library = Library::get();
        let mut realm = Realm { library, opening, log: std::ptr::null_mut(), realm: std::ptr::null_mut(), memory };
        match realm.open() {
            Err(failure) if failure.status == NOT_SUPPORTED => None,
            opened => {
                opened.expect("the realm can be opened");
                Some(realm)
            }
        }
    }

    /// Has the realm go, and come back from what is kept.
    pub fn restart(&mut self) {
        self.close();
        self.open().expect("the realm can be opened");
    }

    /// Lets time pass.
    pub fn wait(&self, milliseconds: f64) {
        // SAFETY: the library uses it only while it is called.
        unsafe { (*self.memory).now += milliseconds };
    }

    /// Bytes of its log.
    pub fn kept_bytes(&self) -> usize {
        // SAFETY: as above.
        unsafe { (*self.memory).objects.values().map(Vec::len).sum() }
    }

    fn storage(&self) -> Storage {
        // SAFETY: as above.
        unsafe { (*self.memory).storage() }
    }

    fn open(&mut self) -> Result<(), Failure> {
        let storage = self.storage();
        let functions = &self.library.functions;
        // SAFETY: all arguments are live.
        let status = unsafe { (functions.log_open)(&raw const storage, &raw mut self.log) };
        self.library.check(status).expect("the log can be opened");
        let Opening { name, script, options } = self.opening;
        let options: Vec<Pair> = options
            .iter()
            .map(|(name, value)| Pair { name: Bytes::of(name.as_bytes()), value: Bytes::of(value.as_bytes()) })
            .collect();
        let (name, script) = (Bytes::of(name.as_bytes()), Bytes::of(script.as_bytes()));
        let (host, engine, log) = (self.host(), self.library.engine, self.log);
        // SAFETY: as above.
        let status = unsafe {
            let (options, count) = (options.as_ptr(), options.len());
            (functions.realm_open)(engine, log, name, script, options, count, &raw const host, &raw mut self.realm)
        };
        self.library.check(status)
    }

    fn close(&mut self) {
        // SAFETY: both are freed once, the realm first; null is fine.
        unsafe {
            (self.library.functions.realm_free)(std::mem::replace(&mut self.realm, std::ptr::null_mut()));
            (self.library.functions.log_free)(std::mem::replace(&mut self.log, std::ptr::null_mut()));
        }
    }

    /// A host that has nothing but the time.
    fn host(&self) -> Host {
        // SAFETY: the table is numbers and pointers, and functions that may be missing.
        let nothing: Host = unsafe { std::mem::zeroed() };
        Host { size: size_of::<Host>(), context: self.memory.cast(), clock: Some(clock), ..nothing }
    }

    /// The value of a script.
    pub fn evaluate(&self, script: &str) -> Result<String, Failure> {
        self.evaluate_with(script, &self.host())
    }

    /// The value of a script that has this host.
    pub fn evaluate_with(&self, script: &str, host: &Host) -> Result<String, Failure> {
        let (host, script) = (std::ptr::from_ref(host), Bytes::of(script.as_bytes()));
        let functions = &self.library.functions;
        // SAFETY: all arguments are live.
        let (status, value) =
            written(|sink| unsafe { (functions.realm_eval)(self.realm, Bytes::EMPTY, script, host, sink) });
        self.library.check(status).map(|()| value)
    }

    /// What the functions that take turns or capture them answer: each of them refuses to be called by a callback.
    pub fn turns(&self) -> [u32; 10] {
        let (host, storage, call) = (self.host(), self.storage(), &self.library.functions);
        let (host, text, id) = (&raw const host, Bytes::of(b"1"), Bytes::EMPTY);
        let (realm, mut made, mut time) = (self.realm, std::ptr::null_mut(), 0.0);
        let name = Bytes::of(self.opening.name.as_bytes());
        let parts = Parts { method: b"GET", path: b"/", ..Parts::default() };
        // SAFETY: all arguments are live, and what is made by mistake is lost.
        unsafe {
            [
                written(|sink| (call.realm_eval)(realm, id, text, host, sink)).0,
                written(|sink| (call.realm_call)(realm, id, text, id, host, sink)).0,
                written(|sink| (call.realm_upgrade)(realm, id, text, host, sink)).0,
                with_request(&parts, |request| (call.realm_execute)(realm, id, request, host, &raw mut made)),
                (call.realm_next_alarm)(realm, host, &raw mut time),
                (call.realm_alarm)(realm, host),
                self.carried(|carrier| (call.realm_outgoing)(realm, host, carrier, &raw mut time)).0,
                (call.realm_open)(
                    self.library.engine,
                    self.log,
                    Bytes::of(b"another"),
                    text,
                    std::ptr::null(),
                    0,
                    host,
                    &raw mut made,
                ),
                (call.realm_open_app)(
                    self.library.engine,
                    self.log,
                    Bytes::of(b"another"),
                    Bytes::of(b"{}"),
                    std::ptr::null(),
                    0,
                    host,
                    &raw mut made,
                ),
                written(|sink| (call.log_checkpoint)(self.library.engine, &raw const storage, name, sink)).0,
            ]
        }
    }

    /// What the realm has for others.
    pub fn outgoing(&self) -> Vec<Vec<u8>> {
        let mut next = 0.0;
        let (host, functions) = (self.host(), &self.library.functions);
        // SAFETY: all arguments are live.
        let (status, datagrams) = self.carried(|carrier| unsafe {
            (functions.realm_outgoing)(self.realm, &raw const host, carrier, &raw mut next)
        });
        self.library.check(status).expect("what is to be sent");
        datagrams
    }

    /// Gives the realm a datagram; what it answers.
    pub fn incoming(&self, datagram: &[u8]) -> (Result<(), Failure>, Vec<Vec<u8>>) {
        let (host, functions) = (self.host(), &self.library.functions);
        // SAFETY: all arguments are live.
        let (status, datagrams) = self.carried(|carrier| unsafe {
            (functions.realm_incoming)(self.realm, Bytes::of(datagram), &raw const host, carrier)
        });
        (self.library.check(status), datagrams)
    }

    fn carried(&self, call: impl FnOnce(*const Carrier) -> u32) -> (u32, Vec<Vec<u8>>) {
        let mut datagrams: Vec<Vec<u8>> = Vec::new();
        let carrier = Carrier { context: (&raw mut datagrams).cast(), carry: Some(carry) };
        let status = call(&raw const carrier);
        (status, datagrams)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.close();
        // SAFETY: it comes from a box, and nothing uses it any more.
        drop(unsafe { Box::from_raw(self.memory) });
    }
}
