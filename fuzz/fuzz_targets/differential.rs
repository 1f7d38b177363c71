//! The same apps and requests in both libraries have the same answers, writes and lines in the log.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use jsep_fuzz::apps::{self, Parts, REALMS, REALMS_OF_ANY_APP, send};
use jsep_fuzz::fields::{self, Fields};
use jsep_fuzz::generate::{self, Module};
use jsep_fuzz::host::MemoryHost;
use jsep_fuzz::{Failure, Library, Registry, Reply, choice, one_of};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Debug, Hash)]
enum Input {
    /// The app that is there runs a script.
    Run { script: String },
    /// The app that is there tells what it sees.
    Echo { method: &'static str, name: Vec<u8>, fields: Fields },
    /// An app of its own gets two requests, or the app that is there runs it as a script.
    Install { module: Module, mode: &'static str, fields: Fields },
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Input> {
        Ok(match input.int_in_range(0..=15)? {
            0..=10 => Input::Run { script: generate::handler(input)? },
            11..=14 => Input::Echo {
                method: input.choose(&["GET", "POST"])?,
                name: fields::text(input, &["a", "a%2fb", "é", ""])?,
                fields: input.arbitrary()?,
            },
            _ => Input::Install {
                module: input.arbitrary()?,
                mode: input.choose(&["readwrite", "readonly", "historical"])?,
                fields: input.arbitrary()?,
            },
        })
    }
}

/// What there is to compare of a request.
#[derive(Debug, PartialEq)]
struct Seen {
    answer: std::result::Result<Reply, Failure>,
    entries: BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>,
    lines: Vec<(u32, String)>,
}

/// What is seen of a request, and what the engine says of an exception, whose text is its own.
fn seen(registry: &Registry, method: &str, path: &[u8], parts: &Parts) -> (Seen, String) {
    let mut host = MemoryHost::default();
    for (map, key) in [("table", "a"), ("table", "c"), ("public:table", "a"), ("public:ccf.gov.table", "b")] {
        host.entries.insert((map.into(), key.into()), b"value".to_vec());
    }
    let mut answer = registry.find(method.as_bytes(), path).and_then(|found| send(&found, parts, &host.table()));
    let mut exception = String::new();
    if let Ok(reply) = &mut answer {
        exception = String::from_utf8_lossy(&std::mem::take(&mut reply.exception)).into_owned();
        reply.headers.sort();
    }
    let mut lines = host.lines;
    for (_, line) in &mut lines {
        if line.starts_with("[js] JS execution complete: ") {
            // What follows is the time that it took.
            line.truncate(line.rfind('=').expect("a figure"));
        }
    }
    (Seen { answer, entries: host.entries, lines }, exception)
}

/// A registry whose answers have no details of exceptions, which are the engines' own.
fn without_details(registry: Registry) -> Registry {
    registry.set_option("return_exception_details", "false").expect("an option");
    registry
}

fn compare(libraries: (&Registry, &Registry), method: &str, path: &[u8], parts: &Parts) {
    let ((first, first_exception), (second, second_exception)) =
        (seen(libraries.0, method, path, parts), seen(libraries.1, method, path, parts));
    let body = |seen: &Seen| seen.answer.as_ref().ok().map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
    assert!(
        first == second,
        "the libraries differ\n{first:?}\n{second:?}\n{:?} {first_exception}\n{:?} {second_exception}",
        body(&first),
        body(&second),
    );
}

fn run(libraries: (&Registry, &Registry), script: &str) {
    let parts = Parts { method: b"POST", path: b"/run", body: script.as_bytes(), ..Parts::default() };
    compare(libraries, "POST", b"/run", &parts);
}

fuzz_target!(|input: Input| {
    type Both<T> = (T, T);
    /// Engines that make realms in each way, and the app that is there in them.
    static APPS: OnceLock<Vec<Both<(&Library, Registry)>>> = OnceLock::new();
    let realms = APPS.get_or_init(|| {
        let of = |library: &'static Library| (library, without_details(apps::evaluating(library)));
        let both = |realm| [Library::get(), Library::other()].map(|library| library.beside(&[("realm", realm)]));
        REALMS.iter().map(|realm| both(realm)).map(|[one, other]| (of(one), of(other))).collect()
    });
    let realms = if matches!(input, Input::Install { .. }) { &realms[..REALMS_OF_ANY_APP] } else { realms };
    let ((one_library, one), (other_library, other)) = choice(realms, &input);
    match &input {
        Input::Run { script } => {
            run((one, other), script);
        }
        Input::Echo { method, name, fields } => {
            compare((one, other), method, &[b"/echo/", name.as_slice()].concat(), &fields.parts());
        }
        // An install takes as long as a hundred requests.
        Input::Install { module, .. } if !one_of(64, &input) => run((one, other), &module.script()),
        Input::Install { module, mode, fields } => {
            let bundle = apps::bundle(&module.source(), &[("get", "/{name}", "f", mode)]);
            let [one, other] = [one_library, other_library].map(|library| without_details(library.registry()));
            let [first, second] = [&one, &other].map(|registry| registry.install(bundle.as_bytes()));
            let status = |installed: &std::result::Result<(), Failure>| {
                installed.as_ref().map_err(|failure| failure.status).copied()
            };
            assert_eq!(status(&first), status(&second), "installs differ\n{first:?}\n{second:?}\n{}", module.source());
            for name in [b"/a", b"/b"] {
                compare((&one, &other), "GET", name, &fields.parts());
            }
        }
    }
});
