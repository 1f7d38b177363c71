//! A host with a store in memory, which a plan can make misbehave at each call.

mod cache;

use crate::interface::*;
use std::collections::BTreeMap;
use std::ffi::c_void;

/// What the callbacks do, one byte a call: even numbers and the end of the plan behave.
#[derive(Default)]
pub struct MemoryHost {
    pub entries: BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>,
    pub plan: Vec<u8>,
    pub calls: usize,
    /// Lines of the log with their levels.
    pub lines: Vec<(u32, String)>,
    /// Whether a store callback has answered `JSEP_CONFLICT`.
    pub conflicted: bool,
    /// Called by a callback that re-enters.
    pub reenter: Option<Box<dyn Fn()>>,
}

/// What one call of a callback does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Behave,
    Answer(u32),
    /// Gives a null pointer with a length.
    Null,
    /// Gives a length that no memory has.
    Endless,
    /// Gives something that is neither JSON nor UTF-8.
    Garbage,
    /// Gives the value piece by piece, with empty pieces.
    Pieces,
    Reenter,
}

fn behaviour(host: &mut MemoryHost) -> Behaviour {
    let planned = host.plan.get(host.calls).copied().unwrap_or(0);
    host.calls += 1;
    if planned % 2 == 0 {
        return Behaviour::Behave;
    }
    match planned / 2 % 8 {
        0 => Behaviour::Answer(CONFLICT),
        1 => Behaviour::Answer(NOT_FOUND),
        2 => Behaviour::Null,
        3 => Behaviour::Endless,
        4 => Behaviour::Garbage,
        5 => Behaviour::Pieces,
        6 => Behaviour::Reenter,
        _ => Behaviour::Answer(if planned > 127 { u32::MAX } else { STATUSES[usize::from(planned / 16) + 3] }),
    }
}

/// The host that a context is, and what it is to do.
///
/// # Safety
/// The context is that of a live [`MemoryHost`].
unsafe fn enter<'a>(context: *mut c_void) -> (&'a mut MemoryHost, Behaviour) {
    // SAFETY: the caller's promise; the library calls one callback at a time.
    let host = unsafe { &mut *context.cast::<MemoryHost>() };
    let behaviour = behaviour(host);
    if behaviour == Behaviour::Reenter
        && let Some(reenter) = &host.reenter
    {
        reenter();
    }
    (host, behaviour)
}

/// Lengths that no memory has, one of which a slice could have.
fn endless(value: &[u8]) -> usize {
    [usize::MAX, 1 << 62][value.len() % 2]
}

const GARBAGE: &[u8] = b"{\"\xff\x00[";

/// Writes a value as the behaviour has it.
///
/// # Safety
/// The sink is the library's.
unsafe fn write(sink: *const Sink, behaviour: Behaviour, value: &[u8]) {
    // SAFETY: the caller's promise; no length is read that the library does not have to refuse.
    unsafe {
        let Some(write) = (*sink).write else { return };
        let context = (*sink).context;
        match behaviour {
            Behaviour::Null => write(context, std::ptr::null(), 5),
            Behaviour::Endless => write(context, value.as_ptr(), endless(value)),
            Behaviour::Garbage => write(context, GARBAGE.as_ptr(), GARBAGE.len()),
            Behaviour::Pieces => {
                write(context, std::ptr::null(), 0);
                value.iter().for_each(|byte| write(context, byte, 1));
            }
            _ => write(context, value.as_ptr(), value.len()),
        }
    }
}

/// Bytes as the behaviour has them.
fn given(behaviour: Behaviour, value: &[u8]) -> Bytes {
    match behaviour {
        Behaviour::Null => Bytes { data: std::ptr::null(), len: 5 },
        Behaviour::Endless => Bytes { data: value.as_ptr(), len: endless(value) },
        Behaviour::Garbage => Bytes::of(GARBAGE),
        _ => Bytes::of(value),
    }
}

impl MemoryHost {
    fn answer(&mut self, behaviour: Behaviour, otherwise: u32) -> u32 {
        match behaviour {
            Behaviour::Answer(code) => code,
            _ => otherwise,
        }
    }

    fn store_answer(&mut self, behaviour: Behaviour, otherwise: u32) -> u32 {
        self.conflicted |= behaviour == Behaviour::Answer(CONFLICT);
        self.answer(behaviour, otherwise)
    }

    /// The table, which must not outlive the host.
    pub fn table(&mut self) -> Host {
        Host {
            size: size_of::<Host>(),
            context: std::ptr::from_mut(self).cast(),
            store_get: Some(store_get),
            store_has: Some(store_has),
            store_version: Some(store_version),
            store_size: Some(store_size),
            store_for_each: Some(store_for_each),
            store_put: Some(store_put),
            store_remove: Some(store_remove),
            store_clear: Some(store_clear),
            log: Some(log),
            clock: Some(clock),
            entropy: Some(entropy),
            last_committed: Some(last_committed),
            transaction_status: Some(transaction_status),
            view_of: Some(view_of),
            historical_range: Some(historical_range),
            historical_drop: Some(historical_drop),
            state_get: Some(state_get),
            state_version: Some(state_version),
            state_for_each: Some(state_for_each),
            restrict_map: Some(restrict_map),
            trigger_subprocess: Some(trigger_subprocess),
            verify_attestation: Some(verify_attestation),
        }
    }
}

// In all callbacks: the library gives the table's context, borrowed bytes, live sinks and places to write to.

fn key_of(map: Bytes, key: Bytes) -> (Vec<u8>, Vec<u8>) {
    // SAFETY: see above.
    unsafe { (map.slice().to_vec(), key.slice().to_vec()) }
}

unsafe extern "C" fn store_get(context: *mut c_void, map: Bytes, key: Bytes, value: *const Sink) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        let found = host.entries.get(&key_of(map, key)).cloned();
        if let Some(found) = &found {
            write(value, behaviour, found);
        } else if behaviour != Behaviour::Behave {
            write(value, behaviour, b"value");
        }
        host.store_answer(behaviour, if found.is_some() || behaviour != Behaviour::Behave { OK } else { NOT_FOUND })
    }
}

unsafe extern "C" fn store_has(context: *mut c_void, map: Bytes, key: Bytes) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    let found = host.entries.contains_key(&key_of(map, key));
    host.store_answer(behaviour, if found { OK } else { NOT_FOUND })
}

unsafe extern "C" fn store_version(context: *mut c_void, map: Bytes, key: Bytes, version: *mut i64) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    let found = host.entries.contains_key(&key_of(map, key));
    // SAFETY: see above.
    unsafe { *version = if behaviour == Behaviour::Garbage { i64::MIN } else { 7 } };
    host.store_answer(behaviour, if found { OK } else { NOT_FOUND })
}

unsafe extern "C" fn store_size(context: *mut c_void, map: Bytes, size: *mut u64) -> u32 {
    // SAFETY: see above.
    let ((host, behaviour), map) = unsafe { (enter(context), map.slice()) };
    let entries = host.entries.keys().filter(|(of, _)| of == map).count() as u64;
    // SAFETY: see above.
    unsafe { *size = if behaviour == Behaviour::Garbage { u64::MAX } else { entries } };
    host.store_answer(behaviour, OK)
}

/// Visits the entries of a map, or more than there are.
///
/// # Safety
/// The map and the visitor are the library's.
unsafe fn visit(host: &MemoryHost, behaviour: Behaviour, map: Bytes, visitor: *const Visitor) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(entry) = (*visitor).entry else { return };
        let map = map.slice();
        for ((_, key), value) in host.entries.iter().filter(|((of, _), _)| of == map) {
            // A host that does not heed the answer.
            entry((*visitor).context, Bytes::of(key), given(behaviour, value));
            if behaviour == Behaviour::Pieces {
                entry((*visitor).context, Bytes::EMPTY, Bytes::EMPTY);
            }
        }
        if matches!(behaviour, Behaviour::Null | Behaviour::Endless) {
            entry((*visitor).context, given(behaviour, b"key"), Bytes::EMPTY);
        }
    }
}

unsafe extern "C" fn store_for_each(context: *mut c_void, map: Bytes, visitor: *const Visitor) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        visit(host, behaviour, map, visitor);
        host.store_answer(behaviour, OK)
    }
}

unsafe extern "C" fn store_put(context: *mut c_void, map: Bytes, key: Bytes, value: Bytes) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    // SAFETY: see above.
    let value = unsafe { value.slice() }.to_vec();
    if !matches!(behaviour, Behaviour::Answer(_)) {
        host.entries.insert(key_of(map, key), value);
    }
    host.store_answer(behaviour, OK)
}

unsafe extern "C" fn store_remove(context: *mut c_void, map: Bytes, key: Bytes) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    host.entries.remove(&key_of(map, key));
    host.store_answer(behaviour, OK)
}

unsafe extern "C" fn store_clear(context: *mut c_void, map: Bytes) -> u32 {
    // SAFETY: see above.
    let ((host, behaviour), map) = unsafe { (enter(context), map.slice()) };
    host.entries.retain(|(of, _), _| of != map);
    host.store_answer(behaviour, OK)
}

unsafe extern "C" fn log(context: *mut c_void, level: u32, text: Bytes) {
    // SAFETY: see above.
    unsafe {
        let (host, _) = enter(context);
        let line = std::str::from_utf8(text.slice()).expect("a line of the log is UTF-8");
        host.lines.push((level, line.to_owned()));
    }
}

unsafe extern "C" fn clock(context: *mut c_void, milliseconds: *mut f64) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    let time = match behaviour {
        Behaviour::Garbage => f64::NAN,
        Behaviour::Endless => f64::INFINITY,
        Behaviour::Null => -1e300,
        _ => 1e12,
    };
    // SAFETY: see above.
    unsafe { *milliseconds = time };
    host.answer(behaviour, OK)
}

unsafe extern "C" fn entropy(context: *mut c_void, data: *mut u8, len: usize) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    // SAFETY: see above.
    unsafe { std::slice::from_raw_parts_mut(data, len) }.fill(if behaviour == Behaviour::Garbage { 0xff } else { 7 });
    host.answer(behaviour, OK)
}

unsafe extern "C" fn last_committed(context: *mut c_void, id: *mut TransactionId) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    let number = if behaviour == Behaviour::Garbage { u64::MAX } else { 3 };
    // SAFETY: see above.
    unsafe { *id = TransactionId { view: number, seqno: number } };
    host.answer(behaviour, OK)
}

unsafe extern "C" fn transaction_status(context: *mut c_void, _id: TransactionId, status: *mut u32) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    // SAFETY: see above.
    unsafe { *status = if behaviour == Behaviour::Garbage { u32::MAX } else { 2 } };
    host.answer(behaviour, OK)
}

unsafe extern "C" fn view_of(context: *mut c_void, _seqno: u64, view: *mut u64) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    // SAFETY: see above.
    unsafe { *view = if behaviour == Behaviour::Garbage { u64::MAX } else { 2 } };
    host.answer(behaviour, OK)
}

unsafe extern "C" fn historical_range(
    context: *mut c_void,
    _handle: u64,
    first: u64,
    _last: u64,
    _seconds: u64,
    visitor: *const StateVisitor,
) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        let size = if behaviour == Behaviour::Garbage { 1 } else { size_of::<State>() };
        let transaction = TransactionId { view: 2, seqno: first };
        let state = State { size, state: first, transaction, receipt: given(behaviour, b"{\"cert\": \"c\"}") };
        if let Some(take) = (*visitor).state {
            take((*visitor).context, &raw const state);
            if behaviour == Behaviour::Pieces {
                take((*visitor).context, std::ptr::null());
            }
        }
        host.answer(behaviour, OK)
    }
}

unsafe extern "C" fn historical_drop(context: *mut c_void, _handle: u64) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    host.answer(behaviour, OK)
}

unsafe extern "C" fn state_get(context: *mut c_void, _state: u64, _map: Bytes, _key: Bytes, value: *const Sink) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        write(value, behaviour, b"past");
        host.store_answer(behaviour, OK)
    }
}

unsafe extern "C" fn state_version(
    context: *mut c_void,
    _state: u64,
    _map: Bytes,
    _key: Bytes,
    version: *mut i64,
) -> u32 {
    // SAFETY: see above.
    let (host, behaviour) = unsafe { enter(context) };
    // SAFETY: see above.
    unsafe { *version = if behaviour == Behaviour::Garbage { i64::MAX } else { 1 } };
    host.store_answer(behaviour, OK)
}

unsafe extern "C" fn state_for_each(context: *mut c_void, _state: u64, map: Bytes, visitor: *const Visitor) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        visit(host, behaviour, map, visitor);
        host.store_answer(behaviour, OK)
    }
}

unsafe extern "C" fn restrict_map(context: *mut c_void, _map: Bytes, permission: *mut u32, reason: *const Sink) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        match behaviour {
            Behaviour::Behave => {}
            Behaviour::Garbage => *permission = u32::MAX,
            _ => *permission = 1,
        }
        if behaviour != Behaviour::Behave {
            write(reason, behaviour, b"Because.");
        }
        host.answer(behaviour, OK)
    }
}

unsafe extern "C" fn trigger_subprocess(
    context: *mut c_void,
    _arguments: *const Bytes,
    _count: usize,
    _input: *const Bytes,
    why: *const Sink,
) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        write(why, behaviour, b"no");
        host.answer(behaviour, OK)
    }
}

unsafe extern "C" fn verify_attestation(
    context: *mut c_void,
    _evidence: Bytes,
    _endorsements: Bytes,
    _uvm_endorsements: *const Bytes,
    _endorsed_tcb: *const Bytes,
    result: *const Sink,
) -> u32 {
    // SAFETY: see above.
    unsafe {
        let (host, behaviour) = enter(context);
        write(result, behaviour, b"{\"a\": {\"base64\": \"aGVsbG8=\"}}");
        host.answer(behaviour, OK)
    }
}
