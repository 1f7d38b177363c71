//! What a library takes in a process of its own: time until the first response, memory per app, isolate and realm.
//!
//! `resources first-response|first-response-stored|apps|isolates|ready-realms|realms LIBRARY NUMBER [OPTION=VALUE…]` prints one JSON
//! object. The number is that of functions which the first request calls, of apps, isolates or realms.

use jsep_bench::{Endpoint, Library, Registry};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The environment variable that names the file with what a former process has stored.
const STORED: &str = "JSEP_STORED";

const TINY: &str = "export function handler() { return { body: 'ok' }; }";
const ONE_READ: &str =
    "export function handler() { ccf.kv['public:t'].get(new ArrayBuffer(1)); return { body: 'ok' }; }";
/// How long requests are sent to the installed apps.
const APPS_TIME: Duration = Duration::from_millis(1500);
const WARM_UP: usize = 20;

/// A bundle with one module and so many endpoints `GET /0`, `GET /1`, …, each perhaps with a reuse key of its own.
fn bundle(source: &str, endpoints: usize, reuse: bool) -> String {
    let endpoint = |number: usize| {
        let mut endpoint = json!({
            "js_module": "app.js", "js_function": "handler", "mode": "readonly", "forwarding_required": "never",
            "authn_policies": [],
        });
        if reuse {
            endpoint["interpreter_reuse"] = json!({ "key": format!("key {number}") });
        }
        (format!("/{number}"), json!({ "get": endpoint }))
    };
    let endpoints: serde_json::Map<String, Value> = (0..endpoints).map(endpoint).collect();
    json!({ "metadata": { "endpoints": endpoints }, "modules": [{ "name": "app.js", "module": source }] }).to_string()
}

/// A module whose handler calls so many functions, itself included.
fn source(functions: usize) -> String {
    let others = 1..functions;
    let body = "const squares = []; for (const value of [by, by + 1]) squares.push(value * value); \
                return squares.filter((square) => square % 2 === 0).map((square) => ({ square, by })).length;";
    let defined: String = others.clone().map(|number| format!("function f{number}(by) {{ {body} }}\n")).collect();
    let called: String = others.map(|number| format!("f{number}({number});\n")).collect();
    format!("{defined}export function handler() {{\n{called}return {{ body: 'ok' }};\n}}")
}

fn resident_kib() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc/self/status: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix("kB")).map(str::trim);
    number.and_then(|number| number.parse().ok()).ok_or_else(|| "/proc/self/status has no VmRSS in kB".to_owned())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// From before `dlopen` until the first response is there; what the install makes may be stored in `file`.
fn first_response(library: &Path, options: &[&str], functions: usize, file: Option<&PathBuf>) -> Result<Value, String> {
    let app = bundle(&source(functions), 1, false);
    let begin = Instant::now();
    let library = Library::load(library, options)?;
    let started = begin.elapsed();
    let endpoint = library.install_with(&app, file)?.endpoint("/0")?;
    let installed = begin.elapsed();
    endpoint.execute("")?;
    let answered = begin.elapsed();
    Ok(json!({
        "load_and_start_ms": milliseconds(started),
        "install_ms": milliseconds(installed - started),
        "first_response_ms": milliseconds(answered - installed),
        "total_ms": milliseconds(answered),
    }))
}

/// The same in a later process, which finds what the first one has stored.
fn first_response_stored(library: &Path, options: &[&str], functions: usize) -> Result<Value, String> {
    let file = std::env::temp_dir().join(format!("jsep-first-response-{}", std::process::id()));
    let command = std::env::current_exe().map_err(|error| error.to_string())?;
    let stored = (|| {
        let child = || {
            let mut command = std::process::Command::new(&command);
            command.arg("first-response").arg(library).arg(functions.to_string()).args(options).env(STORED, &file);
            let output = command.output().map_err(|error| error.to_string())?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
        };
        child()?;
        child()
    })();
    let _ = std::fs::remove_file(&file);
    stored
}

/// Requests to each of many installed apps in turn.
fn apps(library: &Path, options: &[&str], number: usize) -> Result<Value, String> {
    let library = Library::load(library, options)?;
    let before = resident_kib()?;
    // Apps that differ, so that none can share what was made for another.
    let install = |number: usize| library.install(&bundle(&format!("{TINY} // {number}"), 1, false));
    let begin = Instant::now();
    let registries: Vec<Registry<'_>> = (0..number).map(install).collect::<Result<_, _>>()?;
    let install = begin.elapsed();
    let endpoints: Vec<Endpoint<'_>> =
        registries.iter().map(|registry| registry.endpoint("/0")).collect::<Result<_, _>>()?;
    let installed = resident_kib()?;
    for _ in 0..WARM_UP {
        endpoints.iter().try_for_each(|endpoint| endpoint.execute("").map(|_| ()))?;
    }
    let begin = Instant::now();
    let mut requests = 0_u64;
    while begin.elapsed() < APPS_TIME {
        for endpoint in &endpoints {
            endpoint.execute("")?;
            requests += 1;
        }
    }
    Ok(json!({
        "apps": number,
        "requests_per_second": requests as f64 / begin.elapsed().as_secs_f64(),
        "install_ms_per_app": milliseconds(install) / number as f64,
        "installed_kib_per_app": (installed.saturating_sub(before)) as f64 / number as f64,
        "serving_mib": resident_kib()? as f64 / 1024.0,
    }))
}

/// What more isolates add that have served requests: so many requests that overlap need as many isolates.
fn isolates(library: &Path, options: &[&str], number: usize) -> Result<Value, String> {
    let library = Library::load(library, options)?;
    let registry = library.install(&bundle(ONE_READ, 1, false))?;
    let serve = |number: usize| -> Result<u64, String> {
        let endpoint = registry.slow_endpoint("/0")?;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..number).map(|_| scope.spawn(|| serve_all(&endpoint))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
        })?;
        resident_kib()
    };
    let one = serve(1)?;
    let all = serve(number)?;
    Ok(json!({ "isolates": number, "kib_per_isolate": (all.saturating_sub(one)) as f64 / (number - 1) as f64 }))
}

fn serve_all(endpoint: &Endpoint<'_>) -> Result<(), String> {
    (0..WARM_UP).try_for_each(|_| endpoint.execute("").map(|_| ()))
}

/// What realms add that are made before a request needs them, in isolates that have served requests.
fn ready_realms(library: &Path, options: &[&str], number: usize) -> Result<Value, String> {
    let mut options = options.to_vec();
    options.extend(["realm=3", "helper_threads=0"]);
    let library = Library::load(library, &options)?;
    let registry = library.install(&bundle(ONE_READ, 1, false))?;
    let endpoint = registry.slow_endpoint("/0")?;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..number).map(|_| scope.spawn(|| serve_all(&endpoint))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    let before = resident_kib()?;
    library.idle()?;
    let grown = resident_kib()?.saturating_sub(before);
    let report: Value = serde_json::from_str(&registry.report()?).map_err(|error| error.to_string())?;
    let realms = report["realms"]["ready_realms"].as_u64().unwrap_or(0);
    if realms == 0 {
        return Err("the library made no ready realms".to_owned());
    }
    Ok(json!({ "ready_realms": realms, "kib_per_ready_realm": grown as f64 / realms as f64 }))
}

/// What more live realms add: each `interpreter_reuse` key keeps one.
fn realms(library: &Path, options: &[&str], number: usize) -> Result<Value, String> {
    let most = format!("max_cached_interpreters={}", number + 1);
    let mut options = options.to_vec();
    options.push(&most);
    let library = Library::load(library, &options)?;
    let registry = library.install(&bundle(TINY, number, true))?;
    let endpoints = (0..number).map(|number| registry.endpoint(&format!("/{number}")));
    let endpoints: Vec<Endpoint<'_>> = endpoints.collect::<Result<_, _>>()?;
    let (first, others) = endpoints.split_at(number / 2);
    first.iter().try_for_each(serve_all)?;
    let before = resident_kib()?;
    others.iter().try_for_each(serve_all)?;
    let grown = resident_kib()?.saturating_sub(before);
    Ok(json!({ "realms": others.len(), "kib_per_realm": grown as f64 / others.len() as f64 }))
}

fn run(arguments: &[String]) -> Result<Value, String> {
    let [what, library, number, options @ ..] = arguments else {
        return Err("usage: resources first-response|first-response-stored|apps|isolates|ready-realms|realms LIBRARY NUMBER [OPTION=VALUE…]".to_owned());
    };
    let library = Path::new(library);
    let number: usize = number.parse().map_err(|_| format!("{number} is not a number"))?;
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    match what.as_str() {
        "first-response" if number > 0 => {
            first_response(library, &options, number, std::env::var_os(STORED).map(PathBuf::from).as_ref())
        }
        "first-response-stored" if number > 0 => first_response_stored(library, &options, number),
        "apps" if number > 0 => apps(library, &options, number),
        "isolates" if number > 1 => isolates(library, &options, number),
        "ready-realms" if number > 0 => ready_realms(library, &options, number),
        "realms" if number > 1 => realms(library, &options, number),
        _ => Err(format!("{what} {number}: there is no such measurement")),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(result) => println!("{result}"),
        Err(reason) => {
            eprintln!("resources: {reason}");
            std::process::exit(1);
        }
    }
}
