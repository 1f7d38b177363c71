//! Generated endpoints. Each serves some requests in proven realms, request after request in random order, and in fresh realms: the
//! responses, the writes and the log must be the same. Between the requests, an endpoint that only looks shows what a request has left.
//!
//! `JSEP_PROGRAMS=100000` sets how many, `JSEP_SEED` where to begin. A failure prints its seed and the program; `JSEP_SHOW=1` prints all.

use super::corpus;
use super::memory::Memory;
use super::start;
use crate::engine::Request;
use crate::invoke::{Plugin, Registry, Response};
use std::fmt::Write as _;
use std::sync::Arc;

const PROGRAMS_PER_APP: usize = 250;
const REQUESTS_PER_PROGRAM: usize = 2;
/// One request among this many is followed by a look at what it has left, which takes long under the check.
const REQUESTS_PER_LOOK: usize = 16;
/// One app among this many keeps buffers, and is evaluated for each fresh realm, which takes long.
const APPS_PER_APP_WITH_BUFFERS: u64 = 8;

/// A sequence of numbers that looks random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit as u64).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What programs are made of.
struct Parts {
    harmless: Vec<String>,
    attacks: Vec<String>,
}

impl Parts {
    fn read() -> Parts {
        let harmless = corpus::lines(&corpus::file("harmless.txt"))
            .filter_map(|line| line.strip_prefix("ends: "))
            .map(|line| line.split(" // ").next().unwrap().to_owned())
            .collect();
        // Endless, long, or larger than a program should be.
        let left_out =
            ["Object.create(mine)", "r.exec=()=>old; return r[Symbol.match]", "2**29", "return f()+1", "throw "];
        let mut attacks = Vec::new();
        for (family, text) in corpus::families() {
            if family != "hot.txt" && family != "wide operands" {
                attacks.extend(corpus::lines(&text).map(str::to_owned));
            }
        }
        attacks.retain(|line| {
            !left_out.iter().any(|it| line.contains(it)) && !line.contains("4000") && !line.contains("3000")
        });
        Parts { harmless, attacks }
    }

    /// An expression that runs a line of the corpus.
    fn run(line: &str) -> String {
        let body = if line.contains("return ") { line.to_owned() } else { format!("return ({line})") };
        format!("(() => {{ try {{ {body}\n}} catch ($e) {{ return 'caught' }} }})()")
    }

    /// An expression for something new, often with something old in it.
    fn something_new(&self, random: &mut Random) -> String {
        let old = *random.of(&[
            "old",
            "arr",
            "m",
            "s",
            "c",
            "plainre",
            "frozen",
            "F",
            "1",
            "'a'",
            "$n[0]",
            "$n.at(-1)",
            "$q",
        ]);
        let number = random.below(5);
        match random.below(19) {
            0 => format!("{{ a: {number}, b: {old} }}"),
            1 => format!("[{number}, {old}, 3]"),
            2 => format!("new Map([[{number}, {old}], ['k', 1]])"),
            3 => format!("new Set([{number}, {old}])"),
            4 => format!("(x) => [{old}, x, {number}]"),
            5 => format!("new Uint8Array({number} + 1)"),
            6 => "{ ...old, b: 1 }".to_owned(),
            7 => "[...arr, ...s]".to_owned(),
            8 => format!("Object.assign({{ z: {number} }}, old)"),
            9 => "(function* () { let i = 0; while (i < 3) yield i++ })()".to_owned(),
            10 => "gen()".to_owned(),
            11 => "/a(b)?/g".to_owned(),
            12 => format!("JSON.parse('{{\"a\":[1,{number}],\"b\":null}}')"),
            13 => format!(
                "new (class P {{ constructor() {{ this.x = {number} }} get double() {{ return this.x * 2 }} }})()"
            ),
            14 => "Object.create(old)".to_owned(),
            15 => "arr.map(x => x + $q)".to_owned(),
            16 => format!("new DataView(new ArrayBuffer(8 + {number}))"),
            17 => "new WeakMap([[old, 1]])".to_owned(),
            _ => "`${$q}-${old.a}`".to_owned(),
        }
    }

    fn block(&self, random: &mut Random, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..=random.below(4) {
            text.push_str(&self.statement(random, depth));
        }
        text
    }

    fn statement(&self, random: &mut Random, depth: usize) -> String {
        let at = random.below(6);
        let to = random.below(5);
        match random.below(if depth == 0 { 14 } else { 20 }) {
            0 | 1 => format!("$n.push({});\n", self.something_new(random)),
            2..=4 => format!("$out.push($show({}));\n", Parts::run(random.of::<String>(&self.harmless))),
            5 => format!(
                "try {{ $n[{at} % $n.length].p{to} = {} }} catch {{ $out.push('no') }}\n",
                self.something_new(random)
            ),
            6 => format!("try {{ $n[{at} % $n.length].push?.({to}, $q) }} catch {{ $out.push('no') }}\n"),
            7 => format!(
                "try {{ $n[{at} % $n.length].set?.({to}, {}) }} catch {{ $out.push('no') }}\n",
                self.something_new(random)
            ),
            8 => format!(
                "try {{ $n[{at} % $n.length].add?.({to}); $n[{at} % $n.length][{to}] = $q }} catch {{ $out.push('no') }}\n"
            ),
            9 => format!(
                "try {{ for (const x of $n[{at} % $n.length]) $out.push($show(x)) }} catch {{ $out.push('no') }}\n"
            ),
            10 => format!(
                "ccf.kv.u.set($bytes('k{at}'), $bytes('{to}' + $q)); $out.push($text(ccf.kv.u.get($bytes('k{to}'))));\n"
            ),
            11 => format!(
                "if (ccf.kv.t.has($bytes('{}'))) $out.push($text(ccf.kv.t.get($bytes('a')))); ccf.kv.t.delete($bytes('b'));\n",
                random.of(&["a", "b", "x"])
            ),
            // Only some requests attack, so that others come to see what the attack has left.
            12 | 13 => {
                format!("if ($q === {to}) $out.push(typeof {});\n", Parts::run(random.of::<String>(&self.attacks)))
            }
            14 => format!("for (let i = 0; i < {at}; i++) {{\n{}}}\n", self.block(random, depth - 1)),
            15 => format!(
                "if ($q {} {to}) {{\n{}}} else {{\n{}}}\n",
                random.of(&["===", "<", ">", "!=="]),
                self.block(random, depth - 1),
                self.block(random, depth - 1)
            ),
            16 => format!(
                "try {{\n{}if ($q === {to}) throw {};\n}} catch ($e) {{ $out.push($show($e));\n{}}} finally {{ $out.push('f') }}\n",
                self.block(random, depth - 1),
                self.something_new(random),
                self.block(random, depth - 1)
            ),
            17 => format!(
                "{{ let count = {to}; const step = (by) => {{ count += by;\n{}return count }}; $out.push(step(1) + step($q)); $n.push(step) }}\n",
                self.block(random, depth - 1)
            ),
            18 => format!(
                "{{ function* each() {{ yield {to};\n{}yield $q }} for (const x of each()) $out.push($show(x)) }}\n",
                self.block(random, depth - 1)
            ),
            _ => format!(
                "$out.push($show([{}].map((x) => {{\n{}return x }})));\n",
                self.something_new(random),
                self.block(random, depth - 1)
            ),
        }
    }

    fn program(&self, random: &mut Random, index: usize) -> String {
        let body = self.block(random, 3);
        let last = match random.below(12) {
            0 => "if ($q === 3) throw new Error('e' + $q);\n",
            1 => "ccf.rpc.setApplyWrites($q < 3);\n",
            2 => "if ($q === 2) return $n.at(-1);\n",
            _ => "",
        };
        format!(
            "export function e{index}(request) {{\nconst $q = Number(request.query), $out = [], $n = [{{ a: 1 }}, [1, 2], new Map()];\n{body}{last}\
             return {{ statusCode: 200 + $out.length % 50, headers: {{ 'x-n': String($n.length) }}, body: $out.join() + $show($n) }};\n}}\n"
        )
    }
}

fn registry(realm: &'static str) -> Arc<Registry> {
    let mut options = start::engine_options();
    options.extend([("realm", realm), ("max_execution_time_ms", "5000"), ("return_exception_details", "true")]);
    let plugin = Plugin::start(&options, Box::new(|_, _| {})).unwrap_or_else(|error| panic!("{}", error.message));
    Arc::new(Registry::new(Arc::new(plugin)))
}

/// An app with the old state and with these exports, which are its endpoints; and the text of its main module.
fn bundle(buffers: bool, exports: &str, names: impl Iterator<Item = String>) -> (String, String) {
    let state = serde_json::Value::from(corpus::file("state.js"));
    let main = format!(
        "import * as ns from './other.js';\n{}\nglobalThis.ns = ns;\nglobalThis.withBuffers = {buffers};\n(0, eval)({state});\n{exports}",
        corpus::file("programs.js"),
    );
    let endpoints = names.map(|name| {
        let properties = serde_json::json!({
            "js_module": "/main.js", "js_function": name, "mode": "readwrite", "authn_policies": [], "forwarding_required": "always",
        });
        (format!("/{}", name.trim_start_matches('$')), serde_json::json!({ "post": properties }))
    });
    let bundle = serde_json::json!({
        "metadata": { "endpoints": serde_json::Map::from_iter(endpoints) },
        "modules": [{ "name": "/main.js", "module": main }, { "name": "/other.js", "module": corpus::file("other.js") }],
    });
    (bundle.to_string(), main)
}

/// What a request came to.
struct Done {
    text: String,
    rung: u32,
    timed_out: bool,
}

fn request(registry: &Arc<Registry>, path: &str, query: &str) -> Done {
    let host = Memory::new();
    let request = Request {
        method: "POST".into(),
        path: path.to_owned().into(),
        query: query.to_owned().into(),
        headers: [("x-header".to_owned(), query.to_owned().into())].into(),
        body: query.as_bytes(),
        caller: Some("{\"policy\":\"no_auth\"}"),
        historical_state: None,
    };
    let response = registry.find("POST", path).and_then(|found| found.execute(&request, &host));
    let Response { status, headers, body, apply_writes, claims_digest, timed_out, exception, timings } =
        response.unwrap_or_else(|error| panic!("{}", error.message));
    let mut text = format!("{status} {headers:?} {apply_writes} {claims_digest:?}\n{}", String::from_utf8_lossy(&body));
    let message = exception.map(|exception| exception.message);
    let _ = write!(text, "\n{message:?}\n{:?}\n{:?}", host.maps.borrow(), host.log.borrow());
    Done { text, rung: timings.rung, timed_out }
}

#[derive(Default)]
struct Counts {
    requests: usize,
    proven: usize,
    looks: usize,
    timed_out: usize,
}

/// Runs the programs of one app.
fn compare(
    seed: u64,
    number: usize,
    parts: &Parts,
    proven: &Arc<Registry>,
    fresh: &Arc<Registry>,
    buffers: bool,
    counts: &mut Counts,
) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let programs: Vec<String> = (0..number).map(|index| parts.program(&mut random, index)).collect();
    let names = (0..number).map(|index| format!("e{index}")).chain(["$look".to_owned()]);
    let (bundle, main) = bundle(buffers, &programs.concat(), names);
    for registry in [proven, fresh] {
        let installed = registry.install(bundle.as_bytes());
        installed.unwrap_or_else(|error| panic!("seed {seed}: {}\n{main}", error.message));
    }
    let look = request(fresh, "/look", "0").text;
    for _ in 0..number * REQUESTS_PER_PROGRAM {
        let index = random.below(number);
        let (path, query) = (format!("/e{index}"), random.below(6).to_string());
        if std::env::var("JSEP_SHOW").is_ok() {
            println!("{}\nquery {query}", programs[index]);
        }
        let (is, was) = (request(proven, &path, &query), request(fresh, &path, &query));
        counts.requests += 1;
        if std::env::var("JSEP_SHOW").is_ok() {
            println!("rung {}\n{}", is.rung, is.text);
        }
        counts.proven += usize::from(is.rung == 4);
        if is.timed_out || was.timed_out {
            counts.timed_out += 1;
            continue;
        }
        assert!(
            is.text == was.text,
            "seed {seed}, query {query}, rung {}\n{}\nwas {}\nis  {}",
            is.rung,
            programs[index],
            was.text,
            is.text
        );
        if is.rung == 4 && random.below(REQUESTS_PER_LOOK) == 0 {
            let now = request(proven, "/look", "0");
            counts.looks += usize::from(now.rung == 4);
            counts.timed_out += usize::from(now.timed_out);
            assert!(
                now.timed_out || now.text == look,
                "seed {seed}, query {query} left something\n{}\nwas {look}\nis  {}",
                programs[index],
                now.text
            );
        }
    }
}

#[test]
fn generated_programs_do_the_same_in_proven_and_in_fresh_realms() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |it| it.parse().unwrap());
    let (programs, first) = (number("JSEP_PROGRAMS", 2_000), number("JSEP_SEED", 1));
    let parts = Parts::read();
    let [proven, captured, evaluated] = ["4", "2", "0"].map(registry);
    let mut counts = Counts::default();
    let mut left = usize::try_from(programs).unwrap();
    let mut seed = first;
    while left > 0 {
        let some = left.min(PROGRAMS_PER_APP);
        let buffers = seed % APPS_PER_APP_WITH_BUFFERS == 0;
        let fresh = if buffers { &evaluated } else { &captured };
        compare(seed, some, &parts, &proven, fresh, buffers, &mut counts);
        left -= some;
        seed += 1;
    }
    println!(
        "programs: {programs} from seed {first}, requests {}, in proven realms {}, looks {}, timed out {}",
        counts.requests, counts.proven, counts.looks, counts.timed_out
    );
    assert!(counts.looks > 0 && counts.proven * 4 > counts.requests, "hardly anything ran in a proven realm");
}

/// `Object.assign` and `JSON.parse` are the library's own in proven realms, and V8's in others.
#[test]
fn functions_of_the_library_answer_as_those_of_v8() {
    let [proven, fresh] = ["4", "2"].map(registry);
    let lists = ["parse", "removing", "assign", "others"];
    let exports: String = lists.iter().fold(corpus::file("same.js"), |text, list| {
        let call = format!("{list}[Number(request.query)]");
        text + &format!("export function ${list}(request) {{ return {{ body: {call} ? {call}() : 'end' }} }}\n")
    });
    let (bundle, _) = bundle(false, &exports, lists.iter().map(|list| format!("${list}")));
    for registry in [&proven, &fresh] {
        registry.install(bundle.as_bytes()).unwrap_or_else(|error| panic!("{}", error.message));
    }
    let mut wrong = Vec::new();
    for list in lists {
        let (mut number, mut reused) = (0, 0);
        loop {
            let query = number.to_string();
            let [is, was] = [&proven, &fresh].map(|registry| request(registry, &format!("/{list}"), &query));
            if was.text.contains("\nend\n") {
                break;
            }
            number += 1;
            reused += usize::from(is.rung == 4);
            if is.text != was.text {
                let lines = was.text.lines().zip(is.text.lines()).find(|(was, is)| was != is);
                wrong.push(format!("{list} {query}: {lines:?}"));
            }
        }
        println!("{list}: {number} functions, {reused} in proven realms");
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// An error that an app keeps at its top level, made below a function that ran often enough to be compiled.
#[test]
fn the_trace_of_a_captured_error_can_be_read() {
    let fresh = registry("2");
    let exports = "const $make = (i) => (i === 299999 ? new Error('kept') : undefined);\nlet $kept;\n\
                   for (let i = 0; i < 300000; i++) $kept = $make(i);\n\
                   export function $trace() { return { body: $kept.stack } }\n";
    let (bundle, _) = bundle(false, exports, std::iter::once("$trace".to_owned()));
    fresh.install(bundle.as_bytes()).unwrap_or_else(|error| panic!("{}", error.message));
    assert!(request(&fresh, "/trace", "0").text.contains("Error: kept"));
}
