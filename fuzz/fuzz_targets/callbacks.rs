//! A host whose functions fail, lie, ask for another try or call the library again, at any of their calls.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::realm::{Opening, Realm};
use jsep_fuzz::{CONFLICT, Library, OK, REENTERED, Registry, STORE_FAILED, TURN_FAILED, one_of, written};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

/// Every function of the host is behind one of the steps. Exceptions of numbers below 128 are not caught.
const APP: &str = r#"
const table = ccf.kv["table"];
const key = ccf.strToBuf("key");
const steps = [
  () => table.get(key), () => table.has(key), () => table.set(key, key), () => table.delete(key), () => table.clear(),
  () => table.forEach((value, name) => value.byteLength + name.byteLength), () => table.size,
  () => table.getVersionOfPreviousWrite(key), () => ccf.kv["public:x"].set(key, key), () => console.log("line"),
  () => Date.now() + new Date().getTimezoneOffset(), () => Math.random(), () => ccf.crypto.generateAesKey(128),
  () => ccf.consensus.getLastCommittedTxId(), () => ccf.consensus.getStatusForTxId(2, 3), () => ccf.consensus.getViewForSeqno(3),
  () => ccf.historical.getStateRange(1, 3, 5, 10)?.map((state) => [
    state.receipt, state.kv["table"].get(key), state.kv["table"].has(key), state.kv["table"].size,
    state.kv["table"].getVersionOfPreviousWrite(key), state.kv["table"].forEach(() => {})]),
  () => ccf.historical.dropCachedStates(1), () => ccf.rpc.setApplyWrites(true),
  () => snp_attestation.verifySnpAttestation(key, key, key, "tcb"), () => ccf.host?.triggerSubprocess(["a"], key),
];
export function run(request) {
  for (const number of new Uint8Array(request.body.arrayBuffer())) {
    const step = steps[number % steps.length];
    if (number < 128) { step(); } else { try { step(); } catch (error) { String(error); } }
  }
  return { body: "done" };
}
export function good() { table.set(key, key); return { body: ccf.bufToStr(table.get(key)) }; }
"#;

/// Steps of a turn, which reads the store only.
const SCRIPT: &str = r#"
const table = ccf.kv["table"];
const key = ccf.strToBuf("key");
const steps = [
  () => table.get(key), () => table.has(key), () => table.forEach((value, name) => value.byteLength + name.byteLength),
  () => table.size, () => table.getVersionOfPreviousWrite(key), () => console.log("line"), () => Date.now(), () => Math.random(),
];
function run(numbers) {
  for (const number of numbers) {
    const step = steps[number % steps.length];
    if (number < 128) { step(); } else { try { step(); } catch (error) { String(error); } }
  }
  return "done";
}
"#;

/// What the callbacks belong to.
#[derive(Arbitrary, Debug)]
enum Call {
    Request,
    Turn,
    Install,
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    call: Call,
    steps: &'a [u8],
    plan: Vec<u8>,
}

/// Most steps of one request.
const STEPS: usize = 24;
/// Turns until a realm has become slow.
const TURNS: u32 = 16;
const OPENING: Opening = Opening { name: "callbacks", script: SCRIPT, options: &[] };

thread_local! {
    /// The realm, if the library has some, and how many turns are left to it.
    static REALM: RefCell<(Option<Rc<Realm>>, u32)> = const { RefCell::new((None, 0)) };
}

fn realm() -> Option<Rc<Realm>> {
    REALM.with_borrow_mut(|(realm, left)| {
        if *left == 0 {
            (*realm, *left) = (Realm::begin_if_offered(&OPENING, 1e12).map(Rc::new), TURNS);
        }
        *left -= 1;
        realm.clone()
    })
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = Library::get().beside(&[("subprocesses", "on"), ("log_exception_details", "true")]).registry();
        let endpoints = [("post", "/run", "run", "readwrite"), ("get", "/good", "good", "readwrite")];
        registry.install(apps::bundle(APP, &endpoints).as_bytes()).expect("the app is installed");
        registry
    })
}

/// What a callback does that calls the library: all that would run a script is refused.
fn reenter(registry: &Registry, realm: Option<&Realm>) {
    let found = registry.find(b"GET", b"/good").expect("a look-up");
    let mut other = MemoryHost::default();
    let again = send(&found, &Parts::default(), &other.table()).expect_err("a callback executes nothing");
    assert_eq!(again.status, REENTERED);
    assert_eq!(registry.install(b"{}").expect_err("a callback installs nothing").status, REENTERED);
    let library = registry.library;
    // SAFETY: all arguments are live.
    let (idle, (installed, _), (reported, _)) = unsafe {
        let idle = (library.functions.engine_idle)(library.engine, 1000, std::ptr::null_mut());
        let installed = written(|sink| (library.functions.registry_report)(registry.handle, sink));
        (idle, installed, written(|sink| (library.functions.engine_report)(library.engine, sink)))
    };
    assert_eq!((idle, installed, reported), (REENTERED, REENTERED, OK));
    if let Some(realm) = realm {
        assert_eq!(realm.turns(), [REENTERED; 10]);
    }
}

/// A request to the app; afterwards the app is fine.
fn request(registry: &Registry, mut host: MemoryHost, steps: &[u8]) {
    let run = registry.find(b"POST", b"/run").expect("an endpoint");
    let answer = send(&run, &Parts { method: b"POST", path: b"/run", body: steps, ..Parts::default() }, &host.table());
    match &answer {
        Err(failure) => assert!(matches!(failure.status, CONFLICT | STORE_FAILED), "{failure:?}"),
        Ok(reply) => assert!(matches!(reply.status, 200 | 500), "{reply:?}"),
    }
    if host.conflicted {
        assert_eq!(answer.map_err(|failure| failure.status), Err(CONFLICT), "a conflict ends the execution");
    }
    let good = registry.find(b"GET", b"/good").expect("an endpoint");
    let mut host = MemoryHost::default();
    let reply = send(&good, &Parts { method: b"GET", path: b"/good", ..Parts::default() }, &host.table());
    assert_eq!(reply.map(|reply| reply.body), Ok(b"key".to_vec()), "the next request is fine");
}

/// A turn of a realm; afterwards the realm is fine.
fn turn(realm: &Realm, mut host: MemoryHost, steps: &[u8]) {
    let answer = realm.evaluate_with(&format!("run({steps:?})"), &host.table());
    if let Err(failure) = &answer {
        assert!(matches!(failure.status, CONFLICT | TURN_FAILED), "{failure:?}");
    }
    if host.conflicted {
        assert_eq!(answer.map_err(|failure| failure.status), Err(CONFLICT), "a conflict ends the turn");
    }
    assert_eq!(realm.evaluate("1 + 1").as_deref(), Ok("2"), "the next turn is fine");
}

/// Two installs, the second of which finds what the first has stored. Whatever becomes of that, the app is installed.
fn install(library: &'static Library, mut host: MemoryHost) {
    let registry = library.registry();
    let cache = host.cache();
    // SAFETY: the table is live, and its functions and context are until the registry is freed.
    library
        .check(unsafe { (library.functions.registry_set_cache)(registry.handle, &raw const cache) })
        .expect("a cache");
    for _ in 0..2 {
        let bundle = apps::bundle("export function f() { return {}; }", &[("get", "/", "f", "readonly")]);
        registry.install(bundle.as_bytes()).expect("the app is installed");
    }
}

fuzz_target!(|input: Input| {
    let registry = registry();
    let realm = realm();
    let inside = realm.clone();
    let plan = input.plan;
    // What takes as long as a hundred requests.
    let is_install = matches!(input.call, Call::Install) && one_of(64, &plan);
    let reenter: Box<dyn Fn()> = Box::new(move || reenter(registry, inside.as_deref()));
    let host = MemoryHost { plan, reenter: Some(reenter), ..MemoryHost::default() };
    let steps = &input.steps[..input.steps.len().min(STEPS)];
    match (input.call, realm) {
        (Call::Turn, Some(realm)) => turn(&realm, host, steps),
        (Call::Install, _) if is_install => install(registry.library, host),
        _ => request(registry, host, steps),
    }
});
