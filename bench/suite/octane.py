"""The Octane programs as endpoints."""

import json
import math
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.figures import Figure, geometric_mean, table
from suite.run import JIT, JITLESS, QUICKJS, RESULTS, FailedError, Mode, RefusedError, Run

TITLE = "Octane programs as endpoints"
NOTE = (
    "Each program of the npm package benchmark-octane is one app, evaluated at its top level. Octane's own measure is "
    "how often a program runs in a second: one request runs it that often, and the first columns tell what a run "
    "takes. The others are for requests of one run, which begin with cold code. All are the handlers' times in "
    "requests with a fresh realm each. Mandreel, zlib and Typescript are trimmed so that QuickJS takes a second or a "
    "few. Median and range."
)
PACKAGE = "benchmark-octane@1.0.1"
CACHE = RESULTS / "octane"
REPEAT = 2
# What one request of many runs is to take.
SECOND_MS = 1000.0
# Runs of one request take this share of it at least.
ENOUGH = 0.6
TIMEOUT = 180
OPTIONS = ["max_execution_time_ms=120000", "max_heap_bytes=1073741824", "max_stack_bytes=8388608"]


@dataclass(frozen=True)
class Program:
    """A suite of Octane, its files, and what is replaced in them."""

    name: str
    files: tuple[str, ...]
    changes: tuple[tuple[str, str], ...] = ()


# Setup has made the world already; of the twenty pictures four remain, and the check is for all of them.
MANDREEL = (
    ("  __init(g_stack_pointer+800*1024);\n  for (var i = 0; i < 20; i++) {", "  for (var i = 0; i < 4; i++) {"),
    ("  Mandreel_checkState();\n}", "}"),
)
# In strict mode a global eval keeps its variables to itself.
GAMEBOY = (('"use strict";', ""),)
# Six rounds of sixty.
ZLIB = (("{g=60;break}", "{g=6;break}"),)
# A part of the program that is compiled; the checks are for all of it.
TYPESCRIPT = (
    ("compiler.addUnit(compiler_input,", "compiler.addUnit(compiler_input.slice(0, 300000),"),
    ('throw new Error("Parse errors.");', ""),
    ('throw new Error("Wrong checksum.");', ""),
)

PROGRAMS = [
    Program("Richards", ("richards",)),
    Program("DeltaBlue", ("deltablue",)),
    Program("Crypto", ("crypto",)),
    Program("RayTrace", ("raytrace",)),
    Program("EarleyBoyer", ("earley-boyer",)),
    Program("RegExp", ("regexp",)),
    Program("Splay", ("splay",)),
    Program("NavierStokes", ("navier-stokes",)),
    Program("PdfJS", ("pdfjs",)),
    Program("Mandreel", ("mandreel",), MANDREEL),
    Program("Gameboy", ("gbemu-part1", "gbemu-part2"), GAMEBOY),
    Program("CodeLoad", ("code-load",)),
    Program("Box2D", ("box2d",)),
    Program("zlib", ("zlib", "zlib-data"), ZLIB),
    Program("Typescript", ("typescript", "typescript-input", "typescript-compiler"), TYPESCRIPT),
]

# Octane's files are scripts in sloppy mode, which no module can hold; a global eval runs them as they are.
HANDLER = """
(0, eval)("var performance = { now: Date.now }; var print = function() {}; var read = function() {};");
for (const source of SOURCES) {
  (0, eval)(source);
}

// As often as the query says.
export function run(request) {
  const suite = BenchmarkSuite.suites[0];
  BenchmarkSuite.ResetRNG();
  for (const benchmark of suite.benchmarks) {
    benchmark.Setup();
    for (let time = 0; time < Number(request.query); time++) {
      benchmark.run();
    }
    benchmark.TearDown();
  }
  return { body: suite.name };
}
"""


def measure(run: Run) -> dict[str, Any]:
    sources = fetch(run)
    chosen = os.environ.get("OCTANE", "").split()
    cells: list[dict[str, Any]] = []
    for program in PROGRAMS:
        if chosen and program.name not in chosen:
            continue
        app = make_app(sources, program)
        for mode in (QUICKJS, JITLESS, JIT):
            measure_program(run, program, app, mode, cells)
        run.say(
            f"{program.name}: " + ", ".join(f"{c['mode']} {c['run_ms']} ms" for c in cells if c["name"] == program.name)
        )
    if not cells:
        raise FailedError("no program ran")
    means = [mean for mode in (JIT, JITLESS) if (mean := mean_of(mode, cells))]
    print(table([TITLES, *map(row, cells)]))
    for mean in means:
        print(
            f"{mean['mode']}: geometric mean of {mean['programs']} programs: {mean['ratio']} times QuickJS, "
            f"with one run per request {mean['one_ratio']}"
        )
    return {"programs": cells, "means": means}


def fetch(run: Run) -> Path:
    """The unpacked package."""
    folder = CACHE / "package" / "lib" / "octane"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        said = run.command(["npm", "pack", "--silent", "--pack-destination", str(CACHE), PACKAGE], 120)
        with tarfile.open(CACHE / said.strip().splitlines()[-1]) as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def make_app(sources: Path, program: Program) -> Path:
    folder = CACHE / "apps" / program.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    endpoint = {
        "js_module": "program.js",
        "js_function": "run",
        "mode": "readonly",
        "forwarding_required": "never",
        "authn_policies": ["no_auth"],
    }
    (folder / "app.json").write_text(json.dumps({"endpoints": {"/run": {"get": endpoint}}}))
    texts = [(sources / f"{name}.js").read_text(encoding="utf-8") for name in ("base", *program.files)]
    for former, new in program.changes:
        if not any(former in text for text in texts):
            raise FailedError(f"{program.name} has changed: it has no {former!r}")
        texts = [text.replace(former, new) for text in texts]
    (folder / "src" / "program.js").write_text(f"const SOURCES = {json.dumps(texts)};\n" + HANDLER)
    return folder


def measure_program(run: Run, program: Program, app: Path, mode: Mode, cells: list[dict[str, Any]]) -> None:
    try:
        one, results = measure_runs(run, app, mode, 1)
        times, many = 1, one
        # Code that becomes hot runs more often in a second than the first runs foretell.
        while (took := many.median * times) < ENOUGH * SECOND_MS * run.scale:
            times = math.ceil(times * min(1000.0, SECOND_MS * run.scale / max(took, 1e-3)))
            many, results = measure_runs(run, app, mode, times)
    except (FailedError, RefusedError) as failure:
        run.fail(f"{program.name}, {mode.name}", str(failure))
        return
    cell = {
        "name": program.name,
        "mode": mode.name,
        "times": times,
        "run_ms": many,
        "one_ms": one,
        "rung": "".join(results[0]["rungs"]),
    }
    base = next((c for c in cells if c["name"] == program.name and c["mode"] == QUICKJS.name), None)
    if base:
        cell["ratio"] = base["run_ms"].over(many)
        cell["one_ratio"] = base["one_ms"].over(one)
    cells.append(cell)


def measure_runs(run: Run, app: Path, mode: Mode, times: int) -> tuple[Figure, list[dict[str, Any]]]:
    """What one of so many runs in a request takes."""
    warm_up = "0.001" if times == 1 else "0"
    given = ["--seconds", "100", "--count", "1", "--warm-up", warm_up, "--repeat", str(REPEAT)]
    for option in OPTIONS:
        given += ["--option", option]
    results = run.measure(mode, app, f"GET /run?{times}", given, TIMEOUT)
    return Figure.of([result["call_ns_mean"] / 1e6 / times for result in results]), results


def mean_of(mode: Mode, cells: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Over the programs that ran on both; what did not is among the failures."""
    compared = [cell for cell in cells if cell["mode"] == mode.name and "ratio" in cell]
    if not compared:
        return None
    ratio, one = (geometric_mean([cell[name] for cell in compared]) for name in ("ratio", "one_ratio"))
    return {"mode": mode.name, "programs": len(compared), "ratio": ratio, "one_ratio": one}


TITLES = ["", "mode", "runs", "a run, ms", "x QuickJS", "only one, ms", "x QuickJS"]


def row(cell: dict[str, Any]) -> list[str]:
    ratios = [str(cell[name]) if name in cell else "" for name in ("ratio", "one_ratio")]
    return [
        cell["name"],
        cell["mode"],
        str(cell["times"]),
        str(cell["run_ms"]),
        ratios[0],
        str(cell["one_ms"]),
        ratios[1],
    ]
