//! One layer more per row, side by side for V8 with and without machine code and for QuickJS.
//!
//! The libraries are those of `build/`. Two modes of V8 in one process need two copies of its library.

#![allow(clippy::expect_used, reason = "a bench that can't run has nothing to report but the reason")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jsep_bench::{Endpoint, ExecutionTimings, Library, bundle, logging_app};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TINY: &str = "export function handler() { return { body: 'ok' }; }";

const TWO_READS: &str = "
const table = ccf.kv['records'];
export function handler(request) {
  const key = ccf.strToBuf(request.query);
  const first = ccf.bufToStr(table.get(key));
  const second = ccf.bufToStr(ccf.kv['public:records'].get(key));
  return { body: { first, second } };
}";

/// Rung of realms that an `interpreter_reuse` key shares.
const SHARED_RUNG: u32 = 5;
const RUNG_WARM_UP: u32 = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A library in one of its modes.
struct Mode {
    name: &'static str,
    path: PathBuf,
    options: Vec<&'static str>,
}

impl Mode {
    /// Loads the library with one more option.
    fn load_with(&self, option: &str) -> Result<Library, String> {
        let mut options = self.options.clone();
        options.push(option);
        Library::load(&self.path, &options)
    }
}

/// The modes to compare. The folder keeps a copy of the V8 library.
fn modes(copies: &Path) -> Vec<Mode> {
    let build = root().join("build");
    let jitless = copies.join("libjsv8-jitless.so");
    std::fs::copy(build.join("libjsv8.so"), &jitless).expect("build/libjsv8.so is there; run `make build`");
    vec![
        Mode { name: "v8-jit", path: build.join("libjsv8.so"), options: vec!["jit=on"] },
        Mode { name: "v8-jitless", path: jitless, options: vec!["jit=off"] },
        Mode { name: "quickjs", path: build.join("libjsquickjs.so"), options: vec![] },
    ]
}

/// A row whose figure is a part of what the library itself measures.
fn part_of_execution(
    criterion: &mut Criterion,
    row: &str,
    libraries: &[(&str, Library)],
    bundle: &str,
    path: &str,
    part: fn(&ExecutionTimings) -> u64,
) {
    let mut group = criterion.benchmark_group(row);
    for (name, library) in libraries {
        let endpoint: Endpoint<'_> = library.endpoint(bundle, path).expect("the app can be installed");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_custom(|times| {
                let parts = (0..times).map(|_| part(&endpoint.execute("id=7").expect("the handler answers")));
                Duration::from_nanos(parts.sum())
            });
        });
    }
}

/// One call of the tiny app on a rung of the realm ladder; the reason when the library has no such rung.
fn rung(criterion: &mut Criterion, row: &str, mode: &Mode, rung: u32) -> Result<(), String> {
    // Rung 5 is chosen by the endpoint, not by the engine.
    let shared = rung == SHARED_RUNG;
    let library = mode.load_with(&if shared { "realm=auto".to_owned() } else { format!("realm={rung}") })?;
    let endpoint = library.endpoint(&bundle(TINY, shared), "/")?;
    // The engine may take another rung where the asked one can't serve; some rungs begin with the second request.
    let mut served = 0;
    for _ in 0..RUNG_WARM_UP {
        served = endpoint.execute("")?.rung;
    }
    if served != rung {
        return Err(format!("served by rung {served}"));
    }
    criterion.benchmark_group(row).bench_function(BenchmarkId::from_parameter(mode.name), |bencher| {
        bencher.iter_custom(|times| {
            let parts = (0..times).map(|_| endpoint.execute("").expect("the handler answers").total);
            Duration::from_nanos(parts.sum())
        });
    });
    Ok(())
}

/// A row for each rung, for V8. What a library refuses is written to `target/bench/refused_rungs.json`.
fn rungs(criterion: &mut Criterion) {
    let copies = tempfile::tempdir().expect("a temporary folder can be made");
    // Once: a loaded file must not be written again.
    let modes = modes(copies.path());
    let mut refused = Vec::new();
    for number in 0..=SHARED_RUNG {
        let row = format!("8 call on rung {number}");
        for mode in modes.iter().filter(|mode| mode.name != "quickjs") {
            if let Err(reason) = rung(criterion, &row, mode, number) {
                println!("{row}/{}: not on this library: {reason}", mode.name);
                refused.push(json!({ "row": row, "library": mode.name, "reason": reason }));
            }
        }
    }
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder).expect("target/bench can be made");
    std::fs::write(folder.join("refused_rungs.json"), json!(refused).to_string()).expect("target/bench can be written");
}

fn layers(criterion: &mut Criterion) {
    let copies = tempfile::tempdir().expect("a temporary folder can be made");
    let load = |mode: Mode| (mode.name, Library::load(&mode.path, &mode.options).expect("the library can be loaded"));
    let libraries: Vec<_> = modes(copies.path()).into_iter().map(load).collect();
    let (tiny, two_reads) = (bundle(TINY, false), bundle(TWO_READS, false));
    let mut group = criterion.benchmark_group("1 engine creation");
    for (name, library) in &libraries {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| library.make_engine().expect("an engine can be made"));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("2 install");
    for (name, library) in &libraries {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| library.install(&tiny).expect("the app can be installed"));
        });
    }
    group.finish();
    part_of_execution(criterion, "3 empty realm", &libraries, &tiny, "/", |timings| timings.realm);
    let logging = logging_app().expect("apps/logging can be read");
    part_of_execution(criterion, "4 realm with the app", &libraries, &logging, "/log/private", |timings| timings.realm);
    part_of_execution(criterion, "5 call", &libraries, &tiny, "/", |timings| timings.total);
    part_of_execution(criterion, "6 call with two reads", &libraries, &two_reads, "/", |timings| timings.total);
    let warm = bundle(TWO_READS, true);
    part_of_execution(criterion, "7 the same in a warm realm", &libraries, &warm, "/", |timings| timings.total);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500));
    targets = layers, rungs
}
criterion_main!(benches);
