//! What the guards of a request cost, on against off: `make guards` prints it.

use super::buffers::{self, BufferBudget};
use super::checked::tests::start;
use super::limits::{HeapGuard, Limits};
use super::platform;
use super::watchdog::Watchdog;
use crate::engine::{Abilities, Options, RuntimeOptions};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
/// Each on its slow path inside V8, where the library looks whether the script is to end: a property of a large object, a string of
/// a number, a match.
const SLOW_PATHS: &str = "(() => { const o = {}; for (let i = 0; i < 2000; i++) o['k' + i] = i; let s = 0; \
                          for (const k in o) { s += o[k]; delete o[k] } return String(s).replace(/\\d/g, 'x') })()";
const BUFFERS: &str = "(() => { for (let i = 0; i < 1000; i++) new ArrayBuffer(64) })()";

/// Nanoseconds of one call: median, least and greatest of the rounds.
fn measure(times: u32, mut work: impl FnMut()) -> [f64; 3] {
    work();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            (0..times).for_each(|_| work());
            begin.elapsed().as_nanos() as f64 / f64::from(times)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    [rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]]
}

fn print(what: &str, on: [f64; 3], off: [f64; 3]) {
    let text = |[median, least, most]: [f64; 3]| format!("{median:.0} ({least:.0} to {most:.0})");
    println!("| {what} | {} | {} | {:.0} ns |", text(on), text(off), on[0] - off[0]);
}

fn realm(isolate: &mut v8::Isolate) -> v8::Global<v8::Context> {
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    v8::Global::new(scope, context)
}

/// Runs a script without any guard but those of the isolate.
fn run(isolate: &mut v8::Isolate, realm: &v8::Global<v8::Context>, source: &str) {
    v8::scope!(let scope, isolate);
    let context = v8::Local::new(scope, realm);
    let scope = &mut v8::ContextScope::new(scope, context);
    let source = v8::String::new(scope, source).and_then(|source| v8::Script::compile(scope, source, None));
    assert!(source.and_then(|script| script.run(scope)).is_some());
}

#[test]
#[ignore = "it measures"]
fn cost_of_guards() {
    let abilities = Abilities { jit: true, intl: true };
    let (options, runtime): (Options, RuntimeOptions) =
        Options::parse(&start::engine_options(), abilities).unwrap_or_else(|_| unreachable!());
    assert!(platform::start(&options).is_ok());
    let watchdog = Watchdog::begin().unwrap_or_else(|_| unreachable!());
    let budget = BufferBudget::new();
    budget.set_limit(runtime.max_heap_bytes);
    let counted = buffers::allocator(Arc::clone(&budget)).make_shared();
    let mut guarded = v8::Isolate::new(v8::Isolate::create_params().array_buffer_allocator(counted));
    let heap = HeapGuard::watch(&mut guarded);
    let own = realm(&mut guarded);
    let limits = Limits::new(Instant::now() + Duration::from_secs(3600), &runtime);
    println!("| guard | on, ns | off, ns | difference |\n| --- | --- | --- | --- |");
    let nothing = measure(10_000, || {
        black_box(());
    });
    let on = measure(10_000, || {
        assert!(limits.guard(&mut guarded, &heap, &watchdog, |_| ()).is_ok());
    });
    print("time, heap and stack limit of a run", on, nothing);
    let on = measure(10_000, || {
        black_box(std::panic::catch_unwind(|| black_box(())).is_ok());
    });
    print("no panic reaches the host", on, nothing);
    let on = measure(20, || {
        assert!(limits.guard(&mut guarded, &heap, &watchdog, |isolate| run(isolate, &own, SLOW_PATHS)).is_ok());
    });
    let off = measure(20, || run(&mut guarded, &own, SLOW_PATHS));
    print("V8's slow paths look at the limit, 8 000 times", on, off);
    let on = measure(20, || run(&mut guarded, &own, BUFFERS));
    drop((own, heap, guarded));
    let mut free = v8::Isolate::new(v8::Isolate::create_params());
    let own = realm(&mut free);
    let off = measure(20, || run(&mut free, &own, BUFFERS));
    drop((own, free));
    print("1 000 array buffers count", on, off);
}
