//! What the guards cost: the same work on libraries with and without them, in turns.
//!
//! `guards WITH WITHOUT [ROUNDS [WORDS]]` takes two folders with both libraries and prints a table in Markdown, of all guards and works or
//! of those whose row has the words. Times are those that the thread had a processor, so that others on the machine disturb less.

mod works;

use jsep_bench::{Endpoint, Library, bundle, logging_app};
use std::path::{Path, PathBuf};
use works::{Piece, WORKS, Work};

const ROUNDS: usize = 51;
/// How long a round is at least: pieces are repeated for so long.
const ROUND_NANOSECONDS: u64 = 3_000_000;
/// Rounds that don't count, before and after the pieces of a round are counted: V8 compiles what has run often enough.
const WARM_UP: usize = 30;
const TINY: &str = "export function handler() { return { body: 'ok' }; }";

/// A library in one of its modes, with guards and without.
struct Mode {
    name: &'static str,
    on: Library,
    off: Library,
}

impl Mode {
    /// Two modes of V8 in one process need two copies of its library: each mode has its own, in files that `scripts/guards.sh` makes.
    fn load(name: &'static str, file: &str, options: &[&str], with: &Path, without: &Path) -> Result<Mode, String> {
        let load = |folder: &Path| Library::load(&folder.join(file), options);
        Ok(Mode { name, on: load(with)?, off: load(without)? })
    }
}

const JIT: &str = "V8, JIT";
const JITLESS: &str = "V8, jitless";
const QUICKJS: &str = "QuickJS";

/// A module whose handler does a piece as often as the query says.
fn module(first: &str, piece: &str) -> String {
    format!(
        "let sum = 0;\nlet work;\nfunction prepare() {{\n{first}\nreturn (i) => {{ {piece} }};\n}}\n\
         function run(times) {{ for (let i = 0; i < times; i++) work(i); }}\n\
         export function handler(request) {{\nwork ??= prepare();\nrun(Number(request.query));\n\
         return {{ body: String(sum) }};\n}}"
    )
}

/// The endpoint that does the work.
fn endpoint<'library>(library: &'library Library, piece: Piece) -> Result<Endpoint<'library>, String> {
    match piece {
        Piece::Script(first, piece) => library.endpoint(&bundle(&module(first, piece), true), "/"),
        Piece::Request => library.endpoint(&bundle(TINY, false), "/"),
        Piece::SharedRequest | Piece::Call => library.endpoint(&bundle(TINY, true), "/"),
        Piece::Logging => library.endpoint(&logging_app()?, "/log/private"),
    }
}

/// Nanoseconds that this thread has had a processor.
fn processor_time() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is live; the clock is there on all systems that have threads.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Does the work so many times; nanoseconds of all.
fn run(endpoint: &Endpoint<'_>, piece: Piece, times: u64) -> Result<u64, String> {
    let begin = processor_time();
    match piece {
        Piece::Script(..) => {
            endpoint.execute(&times.to_string())?;
        }
        Piece::Call => endpoint.read_status(times)?,
        Piece::Request | Piece::SharedRequest | Piece::Logging => {
            for _ in 0..times {
                endpoint.execute("id=7")?;
            }
        }
    }
    Ok(processor_time() - begin)
}

/// The least time of three: others may have been spent on what comes once, like a realm.
fn fastest(endpoint: &Endpoint<'_>, piece: Piece, times: u64) -> Result<u64, String> {
    let all = [run(endpoint, piece, times)?, run(endpoint, piece, times)?, run(endpoint, piece, times)?];
    Ok(all.into_iter().fold(u64::MAX, u64::min))
}

/// Median, least and greatest.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[values.len() / 2], values[0], values[values.len() - 1]]
}

/// The cell of the table: nanoseconds of a piece with guards and without, and their ratio.
fn measure(mode: &Mode, work: &Work, rounds: usize) -> Result<String, String> {
    let (on, off) = (endpoint(&mode.on, work.piece)?, endpoint(&mode.off, work.piece)?);
    let mut times = 1;
    // Twice, because compiled code does more in the time of a round.
    for _ in 0..2 {
        while fastest(&off, work.piece, times)? < ROUND_NANOSECONDS {
            times *= 2;
        }
        for _ in 0..WARM_UP {
            run(&on, work.piece, times)?;
            run(&off, work.piece, times)?;
        }
    }
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whichever comes second may profit from the first.
        let (a, b) = match round % 2 {
            0 => (run(&on, work.piece, times)?, run(&off, work.piece, times)?),
            _ => {
                let b = run(&off, work.piece, times)?;
                (run(&on, work.piece, times)?, b)
            }
        };
        let (a, b) = (a as f64 / times as f64, b as f64 / times as f64);
        with.push(a);
        without.push(b);
        ratios.push(a / b);
    }
    let ([on, ..], [off, ..], [ratio, least, most]) = (spread(with), spread(without), spread(ratios));
    Ok(format!("{} / {}: {ratio:.2} ({least:.2} to {most:.2})", digits(on), digits(off)))
}

/// Three digits, and all that are before the point.
fn digits(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn print(with: &Path, without: &Path, rounds: usize, words: &str) -> Result<(), String> {
    let modes = [
        Mode::load(JIT, "libjsv8.so", &["jit=on", "helper_threads=0"], with, without)?,
        Mode::load(JITLESS, "libjsv8-jitless.so", &["jit=off"], with, without)?,
        Mode::load(QUICKJS, "libjsquickjs.so", &[], with, without)?,
    ];
    println!("| guard | work | {JIT} | {JITLESS} | {QUICKJS} |\n| --- | --- | --- | --- | --- |");
    for work in WORKS.iter().filter(|work| work.guard.contains(words) || work.what.contains(words)) {
        let mut cells = Vec::new();
        for mode in &modes {
            cells.push(match mode.name == JIT || !work.compiled {
                true => {
                    measure(mode, work, rounds).map_err(|reason| format!("{}, {}: {reason}", mode.name, work.what))?
                }
                false => String::new(),
            });
        }
        println!("| {} | {} | {} |", work.guard, work.what, cells.join(" | "));
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.get(2).map_or(Some(ROUNDS), |rounds| rounds.parse().ok().filter(|rounds| *rounds > 0));
    let printed = match (&arguments[..], rounds) {
        ([with, without] | [with, without, _] | [with, without, _, _], Some(rounds)) => {
            print(&PathBuf::from(with), &PathBuf::from(without), rounds, arguments.get(3).map_or("", String::as_str))
        }
        _ => Err("usage: guards WITH WITHOUT [ROUNDS [WORDS]]".to_owned()),
    };
    if let Err(reason) = printed {
        eprintln!("guards: {reason}");
        std::process::exit(1);
    }
}
