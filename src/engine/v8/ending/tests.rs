//! Scripts and installs that end at each place at which they can. Where V8 takes for granted that nothing is thrown it ends the process,
//! so what these tests show is that they come to their own end.
//!
//! `JSEP_ENDS=1000` tries so many places of each script, and says which script it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::counted;
use crate::app::Mode;
use crate::engine::v8::checked::tests::corpus::{self, Installed};
use crate::engine::v8::checked::tests::memory::Memory;
use crate::engine::v8::isolates::Worker;
use crate::engine::v8::limits::Limits;
use crate::engine::v8::realm::Realm;
use crate::engine::v8::snapshot::{self, Making};
use crate::engine::{CaptureTimings, Compilation, Execution, OptionalGlobals};
use std::time::{Duration, Instant};

/// Places of an install, which takes long.
const PLACES_OF_INSTALL: u64 = 60;
/// Places of a script that calls native functions in a way of its own.
const PLACES_OF_NATIVES: u64 = 30;
/// Places of each of the many scripts that attack proven reuse.
const PLACES_OF_ATTACKS: u64 = 2;
/// More than any script has.
const MANY: u64 = 1 << 40;

/// Runs it to its own end, and then to some of the places at which it can end, evenly spread: `run` is to end after so many. How many places
/// there are.
fn at_places(most: u64, mut run: impl FnMut(u64)) -> u64 {
    run(MANY);
    let places = counted::left().map_or(0, |left| MANY - left);
    let step = usize::try_from(places.div_ceil(most).max(1)).unwrap();
    for place in (0..places).step_by(step) {
        run(place);
    }
    counted::end_after(None);
    places
}

/// Runs a handler in a fresh realm, and ends it after so many places.
fn serve(installed: &Installed, handler: &str, place: u64) {
    counted::end_after(None);
    let worker = Worker::new(&installed.blob, installed.runtime.max_heap_bytes).unwrap();
    let limits = Limits::new(Instant::now() + Duration::from_secs(60), &installed.runtime);
    let mut locker = worker.isolate.lock();
    let run = limits.guard(&mut locker, &worker.heap, &installed.watchdog, |isolate| {
        let Ok(mut realm) = Realm::new(isolate, &worker, &installed.app, false) else { return };
        let (host, request) = (Memory::new(), corpus::request());
        let mut execution = Execution::new(&request, &[], "/it", Mode::ReadWrite, &installed.runtime, &host);
        if realm.set_handler(isolate, 0, handler).is_err() {
            return;
        }
        counted::end_after(Some(place));
        realm.serve(isolate, &worker, &installed.app, 0, &mut execution, Instant::now());
    });
    run.unwrap();
}

fn most(otherwise: u64) -> u64 {
    std::env::var("JSEP_ENDS").map_or(otherwise, |most| most.parse().expect("JSEP_ENDS is a number"))
}

/// Ends each script; how many places they have together.
fn end_scripts<'a>(scripts: impl Iterator<Item = &'a str>, places: u64) -> u64 {
    let installed = Installed::new(false);
    let says = std::env::var_os("JSEP_ENDS").is_some();
    let end = |script| {
        if says {
            println!("{script}");
        }
        at_places(most(places), |place| serve(&installed, &corpus::function(script), place))
    };
    scripts.map(end).sum()
}

#[test]
fn the_making_of_a_realm_has_no_such_place() {
    let installed = Installed::new(false);
    let limits = Limits::new(Instant::now() + Duration::from_secs(60), &installed.runtime);
    let worker = Worker::new(&installed.blob, installed.runtime.max_heap_bytes).unwrap();
    let mut locker = worker.isolate.lock();
    let run = limits.guard(&mut locker, &worker.heap, &installed.watchdog, |isolate| {
        at_places(1, |place| {
            counted::end_after(Some(place));
            // The first realm was made with the isolate.
            for _ in 0..2 {
                assert!(Realm::new(isolate, &worker, &installed.app, false).is_ok());
            }
        })
    });
    assert_eq!(run.unwrap().0, 0);
}

#[test]
fn an_install_can_end_at_each_place() {
    let installed = Installed::new(false);
    let making = Making {
        app: &installed.app,
        runtime: &installed.runtime,
        watchdog: &installed.watchdog,
        optional: OptionalGlobals::default(),
        compilation: Compilation::Lazy,
    };
    let places = at_places(most(PLACES_OF_INSTALL), |place| {
        counted::end_after(Some(place));
        let _ = snapshot::evaluated_app(making, &mut CaptureTimings::default());
    });
    assert!(places > 0, "nothing was counted");
}

#[test]
fn native_functions_can_end_at_each_place() {
    let scripts = corpus::lines(include_str!("../../../../tests/ending/natives.txt"));
    let places = end_scripts(scripts, PLACES_OF_NATIVES);
    assert!(places > 200, "{places} places: V8 does not call the functions that are to end its own");
}

#[test]
fn attacks_can_end_at_each_place() {
    let families = corpus::families();
    end_scripts(families.iter().flat_map(|(_, text)| corpus::lines(text)), PLACES_OF_ATTACKS);
}
