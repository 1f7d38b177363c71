"""What grows: threads, installed apps, isolates and realms, requests over time; and the way to the first response."""

import json
from collections.abc import Callable
from typing import Any

from suite.figures import short, table
from suite.run import APPS, MODES, QUICKJS, FailedError, Mode, RefusedError, Run, figure

TITLE = "Growth: threads, apps, isolates, realms, a million requests, the first response"
NOTE = (
    "Memory is resident memory of the process. An isolate's is what three more add when four requests overlap; a "
    "ready realm's, what those add that are made ahead; a realm's, what fifty more interpreter_reuse keys add, which "
    "have an isolate each. Each figure has the range of its repetitions; apps, isolates, realms and the first response "
    "are each measured in processes of their own. Compilation: an app whose first request calls 1000 functions, which "
    "are compiled then (lazy) or at the install (eager)."
)
THREADS = (1, 2, 4)
APP_COUNTS = (1, 10, 50)
REPEAT = 3
SECONDS = 0.6
ISOLATES = 4
REALMS = 100
# One isolate: more than a few would be given back.
READY_ISOLATES = 1
STARTS = 15
FUNCTIONS = 1000
COMPILATIONS = ("lazy", "eager")
MILLION = 1_000_000
SLICES = 20
MOST_SECONDS = 20
TIMEOUT = 180
SECTIONS = (
    "threads",
    "apps",
    "isolates",
    "ready_realms",
    "realms",
    "first_response",
    "stored_first_response",
    "compilation",
    "million",
)


def measure(run: Run) -> dict[str, list[dict[str, Any]]]:
    run.command(["cargo", "build", "--release", "--locked", "-p", "jsep-bench", "--bins"], 900)
    report: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS}
    for mode in MODES:
        for threads in THREADS:
            add(
                run,
                report["threads"],
                f"{threads} threads, {mode.name}",
                lambda m=mode, n=threads: by_threads(run, m, n),
            )
        for count in APP_COUNTS:
            add(run, report["apps"], f"{count} apps, {mode.name}", lambda m=mode, n=count: by_apps(run, m, n))
        add(run, report["isolates"], f"isolates, {mode.name}", lambda m=mode: memory(run, m, "isolates", ISOLATES))
        add(run, report["realms"], f"realms, {mode.name}", lambda m=mode: memory(run, m, "realms", REALMS))
        for section, work in (("first_response", "first-response"), ("stored_first_response", "first-response-stored")):
            add(run, report[section], f"{work}, {mode.name}", lambda m=mode, w=work: first_response(run, m, w))
        if mode is not QUICKJS:
            add(
                run,
                report["ready_realms"],
                f"ready realms, {mode.name}",
                lambda m=mode: memory(run, m, "ready-realms", READY_ISOLATES),
            )
            for name in COMPILATIONS:
                chosen = Mode(f"{mode.name}, {name}", mode.library, (*mode.options, f"compilation={name}"))
                add(
                    run,
                    report["compilation"],
                    f"compilation, {chosen.name}",
                    lambda m=chosen: first_response(run, m, "first-response", FUNCTIONS),
                )
        add(run, report["million"], f"a million requests, {mode.name}", lambda m=mode: million(run, m))
        run.say(f"{mode.name}: done")
    print_all(report)
    return report


def add(run: Run, cells: list[dict[str, Any]], what: str, work: Callable[[], dict[str, Any]]) -> None:
    try:
        cells.append(work())
    except (FailedError, RefusedError) as failure:
        run.fail(what, str(failure))


def by_threads(run: Run, mode: Mode, threads: int) -> dict[str, Any]:
    given = ["--threads", str(threads), "--seconds", str(run.seconds(SECONDS)), "--repeat", str(REPEAT)]
    results = run.measure(mode, APPS / "handlers", "GET /tiny", given, TIMEOUT)
    names = ("requests_per_second", "p99_us", "cpu_us_per_request", "rss_mib")
    return {"mode": mode.name, "threads": threads, **{name: figure(results, name) for name in names}}


def resources(run: Run, mode: Mode, what: str, number: int, times: int) -> list[dict[str, float]]:
    """Results of the program `resources`, a process each."""
    program = str(run.target / "release" / "resources")
    command = [program, what, str(run.build / mode.library), str(number), *mode.options]
    return [json.loads(run.command(command, TIMEOUT)) for _ in range(times)]


def by_apps(run: Run, mode: Mode, count: int) -> dict[str, Any]:
    results = resources(run, mode, "apps", count, 2)
    names = ("requests_per_second", "install_ms_per_app", "installed_kib_per_app", "serving_mib")
    return {"mode": mode.name, "apps": count, **{name: figure(results, name) for name in names}}


def memory(run: Run, mode: Mode, what: str, number: int) -> dict[str, Any]:
    results = resources(run, mode, what, number, REPEAT)
    return {"mode": mode.name, "kib": figure(results, f"kib_per_{what.removesuffix('s').replace('-', '_')}")}


def first_response(run: Run, mode: Mode, what: str, functions: int = 1) -> dict[str, Any]:
    results = resources(run, mode, what, functions, STARTS)
    names = ("load_and_start_ms", "install_ms", "first_response_ms", "total_ms")
    return {"mode": mode.name, **{name: figure(results, name) for name in names}}


def million(run: Run, mode: Mode) -> dict[str, Any]:
    """Slices of a million requests; a library that would take too long for all of them gets less time for each."""
    given = [
        "--count",
        str(MILLION // SLICES),
        "--repeat",
        str(SLICES),
        "--seconds",
        str(run.seconds(MOST_SECONDS) / SLICES),
    ]
    results = run.measure(mode, APPS / "handlers", "GET /tiny", given, TIMEOUT)
    quarter = SLICES // 4
    first, last = results[quarter : 2 * quarter], results[-quarter:]
    return {
        "mode": mode.name,
        "requests": sum(result["requests"] for result in results),
        "slices": [
            {name: result[name] for name in ("requests", "seconds", "requests_per_second", "rss_mib")}
            for result in results
        ],
        # The first quarter still warms up.
        "throughput_change": figure(last, "requests_per_second").over(figure(first, "requests_per_second")),
        "memory_change_mib": figure(last, "rss_mib").median - figure(first, "rss_mib").median,
    }


def print_all(report: dict[str, list[dict[str, Any]]]) -> None:
    for section in SECTIONS:
        cells = [{name: value for name, value in cell.items() if name != "slices"} for cell in report[section]]
        if cells:
            print(section.replace("_", " "))
            print(table([list(cells[0]), *([text(value) for value in cell.values()] for cell in cells)]))


def text(value: object) -> str:
    return short(value) if isinstance(value, float) else str(value)
