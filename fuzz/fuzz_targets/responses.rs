//! What handlers give back: every value becomes a proper response.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use jsep_fuzz::apps::{self, Parts, REALMS, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Endpoint, Library, choice, generate};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

#[derive(Debug)]
struct Script(String);

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Script> {
        generate::handler(input).map(Script)
    }
}

struct Run(Endpoint);
// SAFETY: the interface allows any thread to execute an endpoint.
unsafe impl Send for Run {}
// SAFETY: as above.
unsafe impl Sync for Run {}

fuzz_target!(|script: Script| {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        let run = |library| Run(apps::evaluating(library).find(b"POST", b"/run").expect("an endpoint"));
        REALMS.iter().map(|realm| run(Library::get().beside(&[("realm", realm)]))).collect()
    });
    let run = choice(runs, &script.0);
    let mut host = MemoryHost::default();
    let parts = Parts { method: b"POST", path: b"/run", body: script.0.as_bytes(), ..Parts::default() };
    let reply = send(&run.0, &parts, &host.table()).expect("a script's mistake is a response");
    assert!(
        reply.status != 500 || !reply.body.is_empty() || reply.exception.is_empty(),
        "an exception without an answer"
    );
});
