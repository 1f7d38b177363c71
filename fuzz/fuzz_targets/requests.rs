//! The fields of a request: the handler sees them as they were sent, whatever they hold, and the app goes on.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use jsep_fuzz::apps::{self, send};
use jsep_fuzz::fields::{self, Fields};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{INVALID_ARGUMENT, Library, Registry, json, one_of};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use std::sync::OnceLock;

const APP: &str = r#"
function outcome(action) {
  try { return { value: action() }; } catch (error) { return { thrown: error.name }; }
}
export function echo(request) {
  const { headers, query, path, method, hostname, route, url, params, caller, body } = request;
  const { transactionId, receipt } = ccf.historicalState ?? {};
  return {
    body: {
      ...{ headers, query, path, method, hostname, route, url, params, caller, transactionId, receipt },
      text: body.text(),
      json: outcome(() => body.json()),
      bytes: Array.from(new Uint8Array(body.arrayBuffer())),
    },
  };
}
"#;

/// Which endpoint is asked.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Place {
    One,
    Two,
    Past,
}

#[derive(Debug)]
struct Input {
    place: Place,
    parameter: Vec<u8>,
    fields: Fields,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Input> {
        const PARAMETERS: [&str; 7] = ["a", "a%2fb", ".", "{name}", "é", "a b", ":"];
        /// Deeper than an engine writes.
        const DEEPEST: usize = 8000;
        let (place, parameter) = (input.arbitrary()?, fields::text(input, &PARAMETERS)?);
        let is_deep = !input.ratio(31u8, 32u8)?;
        let mut fields: Fields = input.arbitrary()?;
        // What takes as long as many requests, and any input that is made from a deep one would be deep too.
        if is_deep && one_of(64, &fields) {
            fields.caller = fields::deep(input, DEEPEST)?;
        }
        Ok(Input { place, parameter, fields })
    }
}

impl Input {
    /// Method, path and template.
    fn look_up(&self) -> (&[u8], Vec<u8>, &str) {
        let name = self.parameter.as_slice();
        match self.place {
            Place::One => (b"POST", [b"/echo/", name].concat(), "/echo/{name}"),
            Place::Two => (b"POST", [b"/app/echo/b/", name].concat(), "/echo/{first}/{second}"),
            Place::Past => (b"GET", [b"/echo/", name].concat(), "/echo/{name}"),
        }
    }

    /// What the handler is to tell.
    fn expected(&self) -> Value {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Fields { method, path, query, headers: sent, body, caller, past } = &self.fields;
        let mut headers = serde_json::Map::new();
        for (name, value) in sent {
            let (name, value) = (text(name).to_ascii_lowercase(), text(value));
            let joined = headers.get(&name).and_then(Value::as_str).map(|former| format!("{former}, {value}"));
            headers.insert(name, json!(joined.unwrap_or(value)));
        }
        let parameter = text(&self.parameter);
        let query = text(query);
        let url = text(path) + if query.is_empty() { "" } else { "?" } + &query;
        let mut expected = json!({
            "hostname": headers.get("host"), "headers": headers, "query": query, "path": text(path), "method": text(method),
            "route": format!("/app{}", self.look_up().2), "url": url, "caller": read_json(caller),
            "params": match self.place {
                Place::Two => json!({ "first": "b", "second": parameter }),
                Place::One | Place::Past => json!({ "name": parameter }),
            },
            "text": text(body), "bytes": body,
            "json": if json::is_json(text(body).as_bytes()) {
                json!({ "value": read_json(text(body).as_bytes()) })
            } else {
                json!({ "thrown": "SyntaxError" })
            },
        });
        if let (Place::Past, Some((view, seqno, receipt))) = (self.place, past) {
            expected["transactionId"] = json!(format!("{view}.{seqno}"));
            expected["receipt"] = read_json(receipt);
        }
        expected
    }
}

/// Stands for JSON that engines read and this program does not: it is too deep, or has numbers and text that only JavaScript has.
const UNREADABLE: &str = "can't be read here";

fn read_json(bytes: &[u8]) -> Value {
    if bytes.is_empty() { Value::Null } else { serde_json::from_slice(bytes).unwrap_or_else(|_| json!(UNREADABLE)) }
}

fuzz_target!(|input: Input| {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    let registry = REGISTRY.get_or_init(|| {
        let registry = Library::get().registry();
        let endpoints = [
            ("post", "/echo/{name}", "echo", "readwrite"),
            ("post", "/echo/{first}/{second}", "echo", "readonly"),
            ("get", "/echo/{name}", "echo", "historical"),
        ];
        registry.install(apps::bundle(APP, &endpoints).as_bytes()).expect("the app is installed");
        registry
    });
    // Such a path is another one, see the target `routes`.
    if input.parameter.is_empty() || input.parameter.contains(&b'/') {
        return;
    }
    let (method, path, _) = input.look_up();
    let found = registry.find(method, &path).expect("an endpoint");
    let Fields { caller, past, .. } = &input.fields;
    let receipt = past.as_ref().map_or(&[] as &[u8], |(_, _, receipt)| receipt);
    let is_good = [caller.as_slice(), receipt].iter().all(|bytes| bytes.is_empty() || json::is_json(bytes));
    let mut host = MemoryHost::default();
    let reply = match send(&found, &input.fields.parts(), &host.table()) {
        Err(failure) => {
            assert!(!is_good && failure.status == INVALID_ARGUMENT, "{failure:?}");
            return;
        }
        Ok(reply) => reply,
    };
    assert!(is_good, "{reply:?}");
    // Read as the answer is, of which some is too deep.
    let Ok(expected) = serde_json::from_str::<Value>(&input.expected().to_string()) else { return };
    if expected.to_string().contains(UNREADABLE) {
        assert!(matches!(reply.status, 200 | 500), "{reply:?}");
        return;
    }
    let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    assert!(
        reply.status == 200 && json::same(&told, &expected),
        "{expected}\n{}",
        String::from_utf8_lossy(&reply.body)
    );
});
