//! The same apps and requests in both libraries have the same answers.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use jsep_fuzz::apps::{self, Parts, send};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Bytes, Failure, Library, Pair, Registry, Reply, generate};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

#[derive(Debug)]
enum Input<'a> {
    Run { script: String },
    Echo { method: bool, name: &'a [u8], query: &'a [u8], headers: Vec<(&'a [u8], &'a [u8])>, body: &'a [u8] },
}

impl<'a> Arbitrary<'a> for Input<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Input<'a>> {
        Ok(if input.ratio(3u8, 4u8)? {
            Input::Run { script: generate::handler(input)? }
        } else {
            Input::Echo {
                method: input.arbitrary()?,
                name: input.arbitrary()?,
                query: input.arbitrary()?,
                headers: input.arbitrary()?,
                body: input.arbitrary()?,
            }
        })
    }
}

impl Input<'_> {
    fn parts(&self) -> Parts<'_> {
        match self {
            Input::Run { script } => {
                Parts { method: b"POST", path: b"/run", body: script.as_bytes(), ..Parts::default() }
            }
            Input::Echo { method, name, query, headers, body } => Parts {
                method: if *method { b"POST" } else { b"GET" },
                path: name,
                query,
                headers: headers.clone(),
                body,
                caller: b"",
            },
        }
    }

    fn look_up(&self) -> (&[u8], Vec<u8>) {
        match self {
            Input::Run { .. } => (b"POST", b"/run".to_vec()),
            Input::Echo { method, name, .. } => (if *method { b"POST" } else { b"GET" }, [b"/echo/", *name].concat()),
        }
    }
}

/// The app in one library, without details of exceptions, whose texts are the engines' own.
fn app(library: &'static Library) -> Registry {
    let registry = apps::evaluating(library);
    let option = Pair { name: Bytes::of(b"return_exception_details"), value: Bytes::of(b"false") };
    // SAFETY: all arguments are live.
    let status = unsafe { (library.functions.registry_set_options)(registry.handle, &raw const option, 1) };
    library.check(status).expect("an option");
    registry
}

/// The answer, and what the engine says of an exception, whose text is its own.
fn answer(registry: &Registry, input: &Input) -> (std::result::Result<Reply, Failure>, String) {
    let (method, path) = input.look_up();
    let sent = registry.find(method, &path).and_then(|found| {
        let mut host = MemoryHost::default();
        send(&found, &input.parts(), &host.table())
    });
    let Ok(mut reply) = sent else { return (sent, String::new()) };
    let exception = String::from_utf8_lossy(&std::mem::take(&mut reply.exception)).into_owned();
    reply.headers.sort();
    (Ok(reply), exception)
}

fuzz_target!(|input: Input| {
    static APPS: OnceLock<(Registry, Registry)> = OnceLock::new();
    let (one, other) = APPS.get_or_init(|| (app(Library::get()), app(Library::other())));
    let ((first, first_exception), (second, second_exception)) = (answer(one, &input), answer(other, &input));
    assert!(
        first == second,
        "the libraries differ\n{input:?}\n{first:?}\n{second:?}\n{:?} {first_exception}\n{:?} {second_exception}",
        first.as_ref().map(|reply| String::from_utf8_lossy(&reply.body)),
        second.as_ref().map(|reply| String::from_utf8_lossy(&reply.body)),
    );
});
