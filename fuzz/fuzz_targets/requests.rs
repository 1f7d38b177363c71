//! The fields of a request: the handler sees them, whatever they hold, and the app goes on.
#![no_main]

use arbitrary::Arbitrary;
use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Endpoint, Library};
use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::OnceLock;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: &'a [u8],
    path: &'a [u8],
    query: &'a [u8],
    headers: Vec<(&'a [u8], &'a [u8])>,
    body: &'a [u8],
    caller: &'a [u8],
}

struct Echo(Endpoint);
// SAFETY: the interface allows any thread to execute an endpoint.
unsafe impl Send for Echo {}
// SAFETY: as above.
unsafe impl Sync for Echo {}

const INVALID_ARGUMENT: u32 = 103;

fuzz_target!(|input: Input| -> Corpus {
    static ECHO: OnceLock<Echo> = OnceLock::new();
    let echo =
        ECHO.get_or_init(|| Echo(apps::evaluating(Library::get()).find(b"POST", b"/echo/a").expect("an endpoint")));
    let Input { method, path, query, headers, body, caller } = input;
    let mut host = MemoryHost::default();
    let is_json = caller.is_empty() || serde_json::from_slice::<&serde_json::value::RawValue>(caller).is_ok();
    match send(&echo.0, &Parts { method, path, query, headers, body, caller }, &host.table()) {
        Err(failure) => {
            assert!(!is_json && failure.status == INVALID_ARGUMENT, "{failure:?}");
            Corpus::Reject
        }
        Ok(reply) => {
            assert!(is_json);
            // A caller may be deeper than an engine reads; anything else can be told.
            assert!(reply.status == 200 || !caller.is_empty(), "{}", String::from_utf8_lossy(&reply.body));
            if reply.status == 200 {
                let told: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                if caller.is_empty() {
                    assert_eq!(told["method"], String::from_utf8_lossy(method).as_ref());
                    assert_eq!(told["query"], String::from_utf8_lossy(query).as_ref());
                }
            }
            Corpus::Keep
        }
    }
});
