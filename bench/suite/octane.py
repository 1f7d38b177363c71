"""The Octane programs as endpoints: one request runs one program."""

import json
import math
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.figures import Figure, geometric_mean, table
from suite.run import JIT, JITLESS, QUICKJS, RESULTS, FailedError, Mode, RefusedError, Run, figure

TITLE = "Octane programs as endpoints"
NOTE = (
    "Each program of the npm package benchmark-octane is one app, evaluated at its top level, and one request runs "
    "it so many times as the row says, so that QuickJS takes a second or a few; Mandreel, zlib and Typescript are "
    "trimmed for that. The first ratio compares the handlers' time, the second the whole requests', each with its "
    "fresh realm. Median and range."
)
PACKAGE = "benchmark-octane@1.0.1"
CACHE = RESULTS / "octane"
REPEAT = 2
TIMEOUT = 180
OPTIONS = ["max_execution_time_ms=120000", "max_heap_bytes=1073741824", "max_stack_bytes=8388608"]


@dataclass(frozen=True)
class Program:
    """A suite of Octane, its files, how often one request runs each of its benchmarks, and what is replaced in them."""

    name: str
    files: tuple[str, ...]
    times: int
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
    Program("Richards", ("richards",), 100),
    Program("DeltaBlue", ("deltablue",), 50),
    Program("Crypto", ("crypto",), 3),
    Program("RayTrace", ("raytrace",), 8),
    Program("EarleyBoyer", ("earley-boyer",), 5),
    Program("RegExp", ("regexp",), 1),
    Program("Splay", ("splay",), 100),
    Program("NavierStokes", ("navier-stokes",), 4),
    Program("PdfJS", ("pdfjs",), 1),
    Program("Mandreel", ("mandreel",), 1, MANDREEL),
    Program("Gameboy", ("gbemu-part1", "gbemu-part2"), 1, GAMEBOY),
    Program("CodeLoad", ("code-load",), 30),
    Program("Box2D", ("box2d",), 4),
    Program("zlib", ("zlib", "zlib-data"), 1, ZLIB),
    Program("Typescript", ("typescript", "typescript-input", "typescript-compiler"), 1, TYPESCRIPT),
]

# Octane's files are scripts in sloppy mode, which no module can hold; a global eval runs them as they are.
HANDLER = """
(0, eval)("var performance = { now: Date.now }; var print = function() {}; var read = function() {};");
for (const source of SOURCES) {
  (0, eval)(source);
}

export function run() {
  const suite = BenchmarkSuite.suites[0];
  BenchmarkSuite.ResetRNG();
  for (const benchmark of suite.benchmarks) {
    benchmark.Setup();
    for (let time = 0; time < TIMES; time++) {
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
        app = make_app(sources, program, max(1, math.ceil(program.times * min(1.0, run.scale))))
        for mode in (QUICKJS, JITLESS, JIT):
            measure_program(run, program, app, mode, cells)
        run.say(
            f"{program.name}: "
            + ", ".join(f"{c['mode']} {c['handler_ms']} ms" for c in cells if c["name"] == program.name)
        )
    if not cells:
        raise FailedError("no program ran")
    means = [mean for mode in (JIT, JITLESS) if (mean := mean_of(mode, cells))]
    print(table([["", "times", "mode", "handler ms", "x QuickJS", "request ms", "x QuickJS"], *map(row, cells)]))
    for mean in means:
        print(f"{mean['mode']}: geometric mean of {mean['programs']} programs: {mean['ratio']} times QuickJS")
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


def make_app(sources: Path, program: Program, times: int) -> Path:
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
    constants = f"const SOURCES = {json.dumps(texts)};\nconst TIMES = {times};\n"
    (folder / "src" / "program.js").write_text(constants + HANDLER)
    (folder / "times").write_text(str(times))
    return folder


def measure_program(run: Run, program: Program, app: Path, mode: Mode, cells: list[dict[str, Any]]) -> None:
    given = ["--seconds", "100", "--count", "1", "--warm-up", "0", "--repeat", str(REPEAT)]
    for option in OPTIONS:
        given += ["--option", option]
    try:
        results = run.measure(mode, app, "GET /run", given, TIMEOUT)
    except (FailedError, RefusedError) as failure:
        run.fail(f"{program.name}, {mode.name}", str(failure))
        return
    handler = Figure.of([result["call_ns_mean"] / 1e6 for result in results])
    cell = {
        "name": program.name,
        "times": int((app / "times").read_text()),
        "mode": mode.name,
        "handler_ms": handler,
        "request_ms": figure(results, "p50_us").times(1e-3),
        "rung": "".join(results[0]["rungs"]),
    }
    base = next((c for c in cells if c["name"] == program.name and c["mode"] == QUICKJS.name), None)
    if base:
        cell["ratio"] = base["handler_ms"].over(handler)
        cell["request_ratio"] = base["request_ms"].over(cell["request_ms"])
    cells.append(cell)


def mean_of(mode: Mode, cells: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Over the programs that ran on both; what did not is among the failures."""
    ratios = [cell["ratio"] for cell in cells if cell["mode"] == mode.name and "ratio" in cell]
    return {"mode": mode.name, "programs": len(ratios), "ratio": geometric_mean(ratios)} if ratios else None


def row(cell: dict[str, Any]) -> list[str]:
    ratios = [str(cell[name]) if name in cell else "" for name in ("ratio", "request_ratio")]
    return [
        cell["name"],
        str(cell["times"]),
        cell["mode"],
        str(cell["handler_ms"]),
        ratios[0],
        str(cell["request_ms"]),
        ratios[1],
    ]
