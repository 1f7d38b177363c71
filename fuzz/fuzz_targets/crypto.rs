//! Keys, certificates and parameters of `ccf.crypto`: they are taken or refused by an exception.
//!
//! An input is the number of a function and its arguments, separated by `SEPARATOR`; each begins with a letter that says what it is.
#![no_main]

use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Endpoint, Library};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

const APP: &str = r#"
const names = ["pubPemToJwk", "pemToJwk", "pubRsaPemToJwk", "rsaPemToJwk", "pubEddsaPemToJwk", "eddsaPemToJwk", "pubJwkToPem", "jwkToPem",
  "pubRsaJwkToPem", "rsaJwkToPem", "pubEddsaJwkToPem", "eddsaJwkToPem", "isValidX509CertBundle", "isValidX509CertChain", "digest", "sign",
  "verifySignature", "wrapKey", "unwrapKey", "generateEcdsaKeyPair", "generateEddsaKeyPair", "pemToId"];
const SEPARATOR = 0xfe;
function argument(bytes) {
  const rest = bytes.slice(1);
  switch (bytes[0] % 4) {
    case 0: return ccf.bufToStr(rest.buffer);
    case 1: return rest.buffer;
    case 2: return ccf.bufToJsonCompatible(rest.buffer);
    default: return rest[0];
  }
}
export function call(request) {
  const bytes = new Uint8Array(request.body.arrayBuffer());
  const values = [];
  let begin = 1;
  for (let end = 1; end <= bytes.length; end += 1) {
    if (end === bytes.length || bytes[end] === SEPARATOR) { values.push(argument(bytes.slice(begin, end))); begin = end + 1; }
  }
  const name = names[bytes[0] % names.length];
  const result = name === "pemToId" ? ccf.pemToId(...values) : ccf.crypto[name](...values);
  return { body: typeof result };
}
"#;

struct Call(Endpoint);
// SAFETY: the interface allows any thread to execute an endpoint.
unsafe impl Send for Call {}
// SAFETY: as above.
unsafe impl Sync for Call {}

fuzz_target!(|data: &[u8]| {
    static CALL: OnceLock<Call> = OnceLock::new();
    let call = CALL.get_or_init(|| {
        let registry = Library::get().registry();
        registry
            .install(apps::bundle(APP, &[("post", "/", "call", "readonly")]).as_bytes())
            .expect("the app is installed");
        Call(registry.find(b"POST", b"/").expect("an endpoint"))
    });
    let mut host = MemoryHost::default();
    let parts = Parts { method: b"POST", path: b"/", body: data, ..Parts::default() };
    let reply = send(&call.0, &parts, &host.table()).expect("a refused key is a response");
    assert!(matches!(reply.status, 200 | 500));
});
