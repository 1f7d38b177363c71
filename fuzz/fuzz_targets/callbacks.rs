//! A host whose functions fail, lie, ask for another try or call the library again, at any of their calls.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{CONFLICT, Library, OK, REENTERED, Registry, STORE_FAILED, written};
use libfuzzer_sys::fuzz_target;
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

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    steps: &'a [u8],
    plan: Vec<u8>,
}

/// Most steps of one request.
const STEPS: usize = 24;

fuzz_target!(|input: Input| {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    let registry = REGISTRY.get_or_init(|| {
        let registry = Library::get().registry();
        let endpoints = [("post", "/run", "run", "readwrite"), ("get", "/good", "good", "readwrite")];
        registry.install(apps::bundle(APP, &endpoints).as_bytes()).expect("the app is installed");
        registry
    });
    let run = registry.find(b"POST", b"/run").expect("an endpoint");
    let mut host = MemoryHost { plan: input.plan, ..MemoryHost::default() };
    host.reenter = Some(Box::new(|| {
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
    }));
    let body = &input.steps[..input.steps.len().min(STEPS)];
    let answer = send(&run, &Parts { method: b"POST", path: b"/run", body, ..Parts::default() }, &host.table());
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
});
