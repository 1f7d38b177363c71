//! Single calls under the check, each in a realm of its own. What the call of an attack may have changed is then looked at without the
//! check. A call that was not stopped must have changed nothing.

use super::memory::Memory;
use super::start;
use crate::app::{App, Mode};
use crate::engine::v8::checked;
use crate::engine::v8::ending::Ending;
use crate::engine::v8::isolates::Worker;
use crate::engine::v8::limits::Limits;
use crate::engine::v8::platform;
use crate::engine::v8::realm::{Realm, Served};
use crate::engine::v8::restoring;
use crate::engine::v8::seed;
use crate::engine::v8::snapshot::{self, Blob, Capture, Making};
use crate::engine::v8::watchdog::{Script, Watchdog};
use crate::engine::{ABILITIES, CaptureTimings, Compilation, Execution, Failure, Options, Request, RuntimeOptions};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An isolate is used for this many calls, each in a realm of its own. Dead realms make collections slow.
const REALMS_PER_ISOLATE: u32 = 20;
/// Longest call.
const LONGEST: Duration = Duration::from_millis(1_500);

/// An app with the old state, installed.
pub(in crate::engine::v8) struct Installed {
    pub(in crate::engine::v8) app: Arc<App>,
    pub(in crate::engine::v8) blob: Arc<Blob>,
    pub(in crate::engine::v8) runtime: RuntimeOptions,
    pub(in crate::engine::v8) watchdog: Watchdog,
    pub(super) captured: bool,
    /// An isolate, with the number of realms it has had.
    worker: Cell<Option<(Worker, u32)>>,
}

/// What came of a call.
pub(super) struct Came {
    /// Why it was stopped.
    pub(super) stopped: Option<String>,
    threw: bool,
    /// What it answered, or what it threw.
    pub(super) answer: String,
}

pub(in crate::engine::v8) fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/proven_reuse").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines that are neither empty nor comments.
pub(in crate::engine::v8) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty() && !line.starts_with("//"))
}

/// The modules of an app with the old state, the first of which begins with `state`.
pub(super) fn modules(with_buffers: bool, exports: &str) -> serde_json::Value {
    let state = serde_json::Value::from(file("state.js"));
    let main = format!(
        "import * as ns from './other.js';\nglobalThis.ns = ns;\nglobalThis.withBuffers = {with_buffers};\n\
         (0, eval)({state});\n{exports}"
    );
    serde_json::json!([{ "name": "/main.js", "module": main }, { "name": "/other.js", "module": file("other.js") }])
}

impl Installed {
    pub(in crate::engine::v8) fn new(with_buffers: bool) -> Installed {
        let (options, runtime) = Options::parse(&start::engine_options(), ABILITIES).unwrap();
        platform::start(&options).unwrap();
        let properties = serde_json::json!({
            "js_module": "/main.js", "js_function": "nothing", "mode": "readwrite", "authn_policies": [],
            "forwarding_required": "always",
        });
        let bundle = serde_json::json!({
            "metadata": { "endpoints": { "/it": { "post": properties } } },
            "modules": modules(with_buffers, "export function nothing() {}"),
        });
        let app = Arc::new(App::parse(bundle.to_string().as_bytes()).unwrap());
        let watchdog = Watchdog::begin().unwrap();
        let making = Making {
            app: &app,
            runtime: &runtime,
            watchdog: &watchdog,
            optional: options.optional,
            compilation: Compilation::Lazy,
        };
        // As an install does it. Without the first, the blob would not fit once no other test has an isolate.
        seed::keep().unwrap();
        restoring::learn(making).unwrap();
        let (blob, captured) = match snapshot::evaluated_app(making, &mut CaptureTimings::default()).unwrap() {
            Capture::App(blob) => (blob, true),
            Capture::Impossible(obstacle) => {
                assert!(with_buffers && obstacle.independent, "the app can't be captured: {}", obstacle.reason);
                (snapshot::globals(making).unwrap(), false)
            }
        };
        let blob = Arc::new(blob);
        checked::verify(&blob, &app, &runtime, &watchdog).unwrap();
        Installed { app, blob, runtime, watchdog, captured, worker: Cell::new(None) }
    }

    /// Runs `use_it` in a realm as the first checked call finds it.
    pub(super) fn in_realm<R>(&self, use_it: impl FnOnce(&mut v8::Isolate, &mut Realm, &Worker) -> R) -> R {
        let former = self.worker.take().filter(|(_, realms)| *realms < REALMS_PER_ISOLATE);
        let new = || (Worker::new(&self.blob, self.runtime.max_heap_bytes).unwrap(), 0);
        let (worker, realms) = former.unwrap_or_else(new);
        let limits = Limits::new(Instant::now() + Duration::from_secs(60), &self.runtime);
        let mut locker = worker.isolate.lock();
        let run = limits.guard(&mut locker, &worker.heap, &self.watchdog, |isolate| {
            let mut realm = Realm::new(isolate, &worker, &self.app, true).unwrap_or_else(|it| panic!("{}", it.message));
            use_it(isolate, &mut realm, &worker)
        });
        drop(locker);
        if let Ok((_, None)) = run {
            self.worker.set(Some((worker, realms + 1)));
        }
        run.unwrap_or_else(|ended| panic!("{ended:?}")).0
    }

    /// A checked call of `handler`, which is the text of a function.
    fn serve(&self, isolate: &mut v8::Isolate, realm: &mut Realm, worker: &Worker, handler: &str) -> Served {
        let (host, request) = (Memory::new(), request());
        let mut execution = Execution::new(&request, &[], "/it", Mode::ReadWrite, &self.runtime, &host);
        execution.deadline = Instant::now() + LONGEST;
        execution.attempt();
        if let Err(error) = realm.set_handler(isolate, 0, handler) {
            println!("{handler}: {error}");
        }
        let script = Script { isolate: isolate.thread_safe_handle(), ending: Ending::default() };
        let deadline = self.watchdog.arm(execution.deadline, script);
        let served = realm.serve(isolate, worker, &self.app, 0, &mut execution, Instant::now());
        if deadline.disarm() {
            isolate.cancel_terminate_execution();
        }
        served
    }

    /// What comes of a checked call in a realm of its own.
    pub(super) fn call(&self, handler: &str) -> Came {
        self.in_realm(|isolate, realm, worker| came(&self.serve(isolate, realm, worker, handler)))
    }

    /// What a realm looks like after these calls in it, one after the other; nothing if one of them is stopped. That can happen to what
    /// is let through alone: a template that a call has made is older for the next one.
    fn after(&self, handlers: &[String]) -> Option<String> {
        self.in_realm(|isolate, realm, worker| {
            for handler in handlers {
                if self.serve(isolate, realm, worker, handler).refused.is_some() {
                    return None;
                }
            }
            Some(self.look(isolate, realm, worker))
        })
    }

    /// What a realm looks like when a script has run in it that nothing checks.
    fn after_unchecked(&self, script: &str) -> String {
        self.in_realm(|isolate, realm, worker| {
            let _ = self.run_unchecked(isolate, realm, worker, script);
            self.look(isolate, realm, worker)
        })
    }

    fn run_unchecked(&self, isolate: &mut v8::Isolate, realm: &Realm, worker: &Worker, script: &str) -> String {
        let (host, request) = (Memory::new(), request());
        let mut execution = Execution::new(&request, &[], "/it", Mode::ReadWrite, &self.runtime, &host);
        let result = realm.run_unchecked(isolate, worker, &self.app, &mut execution, script);
        result.unwrap_or_else(|error| format!("the probe failed: {error}"))
    }

    /// All that can be seen of the old state.
    fn look(&self, isolate: &mut v8::Isolate, realm: &Realm, worker: &Worker) -> String {
        self.run_unchecked(isolate, realm, worker, &file("probe.js"));
        self.run_unchecked(isolate, realm, worker, "probe1()");
        self.run_unchecked(isolate, realm, worker, "probe()")
    }
}

fn came(served: &Served) -> Came {
    let answer = match (&served.result, &served.exception) {
        (Ok(reply), _) => {
            reply.body.as_ref().map_or_else(String::new, |(body, _)| String::from_utf8_lossy(body).into_owned())
        }
        (Err(_), Some(exception)) => exception.message.clone(),
        (Err(failure), None) => failure.message().to_string(),
    };
    Came { stopped: served.refused.clone(), threw: served.result == Err(Failure::Thrown), answer }
}

pub(in crate::engine::v8) fn request() -> Request<'static> {
    Request {
        method: "POST".into(),
        path: "/app/it".into(),
        query: "q=1".into(),
        headers: [("h".to_owned(), "v".into())].into(),
        body: b"{\"body\":[1,2]}",
        caller: Some("{\"policy\":\"no_auth\"}"),
        historical_state: None,
    }
}

/// A line as a function: its value, or what it returns. What it throws is caught, because the end of a request that throws is refused
/// for its own reason; lines with `throw` are about that end.
pub(in crate::engine::v8) fn function(line: &str) -> String {
    let body = if line.contains("return ") { line.to_owned() } else { format!("return ({line})") };
    let body = if line.contains("throw ") {
        body
    } else {
        format!("try {{ {body}\n}} catch {{ return {{ body: 'caught' }} }}")
    };
    format!("(function (request) {{ 'use strict'; {body}\n}})")
}

/// Where two texts begin to differ.
fn difference(was: &str, is: &str) -> String {
    let at = was.bytes().zip(is.bytes()).position(|(was, is)| was != is).unwrap_or(was.len().min(is.len()));
    let cut = |text: &str| {
        let bytes = &text.as_bytes()[at.saturating_sub(60).min(text.len())..(at + 80).min(text.len())];
        String::from_utf8_lossy(bytes).replace('\n', " | ")
    };
    format!("    was {}\n    is  {}", cut(was), cut(is))
}

/// The families of attacks: name and text.
pub(in crate::engine::v8) fn families() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/proven_reuse/attacks");
    let names = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut families: Vec<_> = names.map(|name| (name.clone(), file(&format!("attacks/{name}")))).collect();
    families.sort();
    families.push(("wide operands".to_owned(), wide()));
    families
}

/// Stores with wide operands: functions with more than 256 registers or constants.
fn wide() -> String {
    let variables: Vec<String> = (0..300).map(|index| format!("v{index}")).collect();
    let properties: String = (0..300).fold(String::new(), |mut text, index| {
        let _ = write!(text, "q.p{index}={index};");
        text
    });
    let mut text = String::new();
    for store in [
        "v299=old; v299.a=5",
        "v299=arr; v299[0]=5",
        "v299=arr; v299.push(5)",
        "v299='a'; old[v299]=5",
        "v299=inc; v299()",
        "v299=s; v299.add(9)",
        "({a:v299.x}={a:1})",
        "v299=old; delete v299.a",
        "v299=ait; [...v299]",
        "v299=sit; for (const x of v299) break",
        "counter=7",
        "v299=sit; let [k]=v299",
        "v299=ta; v299[0]=5",
        "v299=g0; v299.next()",
        "v299=old; [v299.a]=[5]",
        "v299=Fs; Array.of.call(v299,1)",
        "v299={...changing}",
        "v299=priv; Priv.write(v299,5)",
        "v299=home; v299.write(5)",
    ] {
        let _ = writeln!(text, "let {}; v299={{}}; {store}; return 1", variables.join(","));
        let _ = writeln!(text, "let q={{}},v299={{}};{properties}{store}; return 1");
    }
    text
}

/// The calls that change a realm in which they were let through, each with the first difference. Looking takes long, so a realm serves
/// some calls before it is looked at, as realms do that are used again.
fn changing(installed: &Installed, calls: &[(String, String)]) -> Vec<String> {
    const CALLS_PER_LOOK: usize = 24;
    let untouched = installed.after_unchecked("1");
    assert!(untouched.contains("statics"), "{untouched}");
    let again = installed.after(&["(function () {})".to_owned()]).unwrap();
    assert!(untouched == again, "the probe differs each time\n{}", difference(&untouched, &again));
    let mut holes = Vec::new();
    for some in calls.chunks(CALLS_PER_LOOK) {
        let handlers: Vec<_> = some.iter().map(|(_, handler)| handler.clone()).collect();
        let together = installed.after(&handlers);
        if together.as_ref() == Some(&untouched) {
            continue;
        }
        let former = holes.len();
        for (name, handler) in some {
            if let Some(looks) = installed.after(std::slice::from_ref(handler)).filter(|looks| *looks != untouched) {
                holes.push(format!("{name}\n{}", difference(&untouched, &looks)));
            }
        }
        if let (Some(together), true) = (together, holes.len() == former) {
            let names: Vec<_> = some.iter().map(|(name, _)| name.as_str()).collect();
            holes.push(format!("together: {}\n{}", names.join("\n  "), difference(&untouched, &together)));
        }
    }
    holes
}

/// Runs all attacks, and answers with the holes. With `JSEP_ATTACK=text` only those that contain the text, and says what came of each; with
/// `JSEP_POWER=1` also counts those that would change a realm in which nothing is checked.
fn attack(installed: &Installed) -> Vec<String> {
    let only = std::env::var("JSEP_ATTACK").ok();
    let untouched = std::env::var("JSEP_POWER").is_ok().then(|| installed.after_unchecked("1"));
    let (mut seen, mut ended, mut all) = (BTreeSet::new(), Vec::new(), [0; 4]);
    for (family, text) in families() {
        let mut counts = [0; 4];
        for line in lines(&text).filter(|line| only.as_ref().is_none_or(|only| line.contains(only.as_str()))) {
            if !seen.insert(line.to_owned()) {
                continue;
            }
            let came = installed.call(&function(line));
            if only.is_some() {
                println!("{line}: stopped {:?}, threw {}, {}", came.stopped, came.threw, came.answer);
            }
            counts[if came.stopped.is_some() {
                0
            } else if came.threw {
                2
            } else {
                1
            }] += 1;
            if came.stopped.is_none() {
                let end = line.char_indices().rev().nth(300).map_or(0, |(at, _)| at);
                ended.push((format!("{family}: {}", &line[end..]), function(line)));
            }
            if let Some(untouched) = &untouched {
                counts[3] += usize::from(installed.after_unchecked(&format!("{}({{}})", function(line))) != *untouched);
            }
        }
        println!("{family}: {}", counted(counts));
        all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    println!("all: {}", counted(all));
    assert!(only.is_some() || all[..3].iter().sum::<usize>() > 2_300, "attacks are missing");
    changing(installed, &ended)
}

fn counted([stopped, ended, threw, changing]: [usize; 4]) -> String {
    let changing = if changing > 0 { format!(", would change an unchecked realm {changing}") } else { String::new() };
    format!("stopped {stopped}, ended {ended}, threw {threw}{changing}")
}

#[test]
fn no_attack_changes_a_realm_of_an_evaluated_app() {
    let installed = Installed::new(true);
    assert!(!installed.captured);
    let holes = attack(&installed);
    assert!(holes.is_empty(), "{} holes\n{}", holes.len(), holes.join("\n"));
}

#[test]
fn no_attack_changes_a_realm_of_a_captured_app() {
    let installed = Installed::new(false);
    assert!(installed.captured);
    let holes = attack(&installed);
    assert!(holes.is_empty(), "{} holes\n{}", holes.len(), holes.join("\n"));
}

/// Lines begin with `ends` or `refused`; the refused ones are refused without need, which is known. `ends` can tell what the answer is
/// after ` // `.
#[test]
fn what_is_harmless_is_let_through() {
    let installed = Installed::new(true);
    let text = file("harmless.txt");
    let (mut wrong, mut ended, mut refused) = (Vec::new(), Vec::new(), 0);
    for line in lines(&text) {
        let (expected, code) = line.split_once(": ").unwrap();
        let (code, answer) = code.split_once(" // ").map_or((code, None), |(code, answer)| (code, Some(answer)));
        let handler = match answer {
            Some(_) => format!("(function (request) {{ return {{ body: ({})(request) }} }})", function(code)),
            None => function(code),
        };
        let came = installed.call(&handler);
        let is = if came.stopped.is_some() { "refused" } else { "ends" };
        if is != expected {
            wrong.push(format!("{is}: {code} // {}", came.stopped.clone().unwrap_or_default()));
        } else if came.stopped.is_none() && (came.threw || came.answer == "caught") {
            wrong.push(format!("threw: {code} // {}", came.answer));
        } else if answer.is_some_and(|answer| came.stopped.is_none() && answer != came.answer) {
            wrong.push(format!("answers: {code} // {}", came.answer));
        }
        match came.stopped {
            Some(_) => refused += 1,
            None => ended.push((code.to_owned(), handler)),
        }
    }
    println!("harmless: ended {}, refused without need {refused}", ended.len());
    wrong.extend(changing(&installed, &ended));
    assert!(wrong.is_empty(), "{} lines are not as expected\n{}", wrong.len(), wrong.join("\n"));
}

/// V8 does not capture the hash of the global object, so a captured collection finds it by luck. It must not depend on former calls.
#[test]
fn no_call_changes_the_hash_of_the_global_object() {
    let installed = Installed::new(false);
    let script =
        "const before = globals.has(globalThis); new WeakSet([globalThis]); String(before === globals.has(globalThis))";
    for _ in 0..3 * REALMS_PER_ISOLATE {
        let same = installed.in_realm(|isolate, realm, worker| installed.run_unchecked(isolate, realm, worker, script));
        assert_eq!(same, "true");
    }
}
