"""Handlers against libraries: at saturation with one and two threads, and at planned rates below it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.figures import Figure, short, table
from suite.run import (
    APPS,
    JIT,
    JITLESS,
    MODES,
    QUICKJS,
    RESULTS,
    ROOT,
    FailedError,
    Mode,
    RefusedError,
    Run,
    figure,
    served_by,
)

TITLE = "Handlers against libraries"
NOTE = (
    "A fresh realm for each request. Saturation: each thread sends its next request when the one before is "
    "answered. Median of three measurements in one process, with their range; ratios are to QuickJS with as many "
    "threads."
)
LATENCY_NOTE = (
    "Requests at planned times, evenly spaced, one thread, at a quarter and half of what QuickJS does at "
    "saturation. A duration counts from the planned time, so a stall shows in all requests that it delays."
)
REPEAT = 3
SECONDS = 0.4
LATENCY_SECONDS = 0.8
WARM_UP = 0.3
TIMEOUT = 120
# What `auto` chooses between; rung 2 beside them where the realm is nearly all of the time.
REALMS = ("4", "3")
ALL_REALMS = ("4", "3", "2")
PARTS_OF_CAPACITY = {"a quarter": 0.25, "half": 0.5}
JSON_TYPE = "content-type:application/json"


@dataclass(frozen=True)
class Handler:
    """One row: a request to an app, and on which rungs and with how many threads it is measured."""

    name: str
    app: Path
    request: str
    headers: tuple[str, ...] = ()
    threads: tuple[int, ...] = (1, 2)
    realms: tuple[str, ...] = REALMS
    latency: bool = True


def handlers(run: Run) -> list[Handler]:
    own, npm = APPS / "handlers", run.build / "apps"
    body = 'POST /check {"name":"Blue Ash","day":"2026-01-02T10:00:00Z"}'
    return [
        Handler("tiny", own, "GET /tiny", realms=ALL_REALMS),
        Handler("tiny, refused by the check", own, "GET /refused", realms=ALL_REALMS),
        Handler("tiny, with a generator", own, "GET /generator"),
        Handler("tiny, with a private field", own, "GET /private_field", (), (1,), (), False),
        Handler("tiny, with a typed array", own, "GET /typed_array", (), (1,), (), False),
        Handler("request and two store calls", own, 'POST /store {"id":{n},"msg":"hello"}', (JSON_TYPE,)),
        Handler("200 records, regular expression", APPS / "records", "GET /records?name=^elm.*3$"),
        Handler("1 000 allocations", own, "GET /allocations"),
        Handler("loop of 20 000", own, "GET /loop"),
        Handler("JSON of 1 MiB", own, f"POST /json @{json_body()}", (JSON_TYPE,), (1, 2), ()),
        Handler("TypeScript app", npm / "typescript", "POST /numbers/partition [1,2,3,4]", (JSON_TYPE,)),
        Handler("1 MB of npm libraries", npm / "npm_libraries", body, (JSON_TYPE,)),
        Handler("lodash, whose loading reads the clock", npm / "npm_lodash", body, (JSON_TYPE,), (1,), (), False),
    ]


def json_body() -> Path:
    """A file with an array of records, 1 MiB."""
    path = RESULTS / "records.json"
    records, size = [], 2
    while True:
        number = len(records)
        record = f'{{"id":{number},"name":"record {number}","tags":["a","b"],"price":{number}.25,"seen":false}}'
        if size + len(record) + 1 > 1 << 20:
            break
        records.append(record)
        size += len(record) + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[{','.join(records)}]")
    return path


@dataclass
class Cells:
    """What was measured; a refused rung is a cell without figures."""

    saturation: list[dict[str, Any]] = field(default_factory=list)
    latency: list[dict[str, Any]] = field(default_factory=list)


def modes_of(handler: Handler) -> list[Mode]:
    # QuickJS first: the ratios are to it.
    return [QUICKJS, JIT, JITLESS, *(mode.on(realm) for mode in (JIT, JITLESS) for realm in handler.realms)]


def measure(run: Run) -> dict[str, list[dict[str, Any]]]:
    for apps in ([], [str(APPS.relative_to(ROOT))]):
        run.command(["scripts/build_apps.sh", str(run.build), *apps], 600)
    cells = Cells()
    for handler in handlers(run):
        begin = time.monotonic()
        for mode in modes_of(handler):
            # The rungs are told apart with one thread.
            for threads in handler.threads if mode in MODES else (1,):
                measure_saturation(run, handler, mode, threads, cells)
        if handler.latency:
            measure_latency(run, handler, cells)
        run.say(f"{handler.name}: {time.monotonic() - begin:.0f} s")
        print_handler(handler, cells)
    return {"saturation": cells.saturation, "latency": cells.latency}


def arguments(handler: Handler, seconds: float, threads: int) -> list[str]:
    given = ["--seconds", str(seconds), "--repeat", str(REPEAT), "--threads", str(threads), "--warm-up", str(WARM_UP)]
    return given + [part for header in handler.headers for part in ("--header", header)]


def measure_saturation(run: Run, handler: Handler, mode: Mode, threads: int, cells: Cells) -> None:
    cell: dict[str, Any] = {"handler": handler.name, "mode": mode.name, "threads": threads}
    try:
        given = arguments(handler, run.seconds(SECONDS), threads)
        results = run.measure(mode, handler.app, handler.request, given, TIMEOUT)
    except RefusedError as refusal:
        cell["refused"] = str(refusal)
    except FailedError as failure:
        run.fail(f"{handler.name}, {mode.name}, {threads} threads", str(failure))
        return
    else:
        cell |= {
            "requests_per_second": figure(results, "requests_per_second"),
            "cpu_us": figure(results, "cpu_us_per_request"),
            "p50_us": figure(results, "p50_us"),
            "p99_us": figure(results, "p99_us"),
            "rss_mib": figure(results, "rss_mib"),
            "install_ms": results[0]["install_ms"],
            "rungs": served_by(results),
        }
        base = cell if mode == QUICKJS else find(cells.saturation, handler.name, QUICKJS.name, threads=threads)
        if base:
            cell["ratio"] = cell["requests_per_second"].over(base["requests_per_second"])
    cells.saturation.append(cell)


def measure_latency(run: Run, handler: Handler, cells: Cells) -> None:
    base = find(cells.saturation, handler.name, QUICKJS.name, threads=1)
    if base is None:
        run.fail(f"{handler.name}, latency", "the capacity of QuickJS is not known")
        return
    for load, part in PARTS_OF_CAPACITY.items():
        rate = base["requests_per_second"].median * part
        for mode in MODES:
            given = [*arguments(handler, run.seconds(LATENCY_SECONDS), 1), "--rate", f"{rate:.3f}"]
            try:
                results = run.measure(mode, handler.app, handler.request, given, TIMEOUT)
            except FailedError as failure:
                run.fail(f"{handler.name}, {mode.name}, {load} of the load", str(failure))
                continue
            cells.latency.append(
                {
                    "handler": handler.name,
                    "mode": mode.name,
                    "load": load,
                    "rate": rate,
                    "requests": sum(result["requests"] for result in results),
                    "unsent": sum(result["unsent"] for result in results),
                    **{name: figure(results, name) for name in ("p50_us", "p99_us", "p999_us")},
                    "rungs": served_by(results),
                }
            )


def find(cells: list[dict[str, Any]], handler: str, mode: str, **others: object) -> dict[str, Any] | None:
    wanted = {"handler": handler, "mode": mode, **others}
    return next((cell for cell in cells if all(cell.get(name) == value for name, value in wanted.items())), None)


def print_handler(handler: Handler, cells: Cells) -> None:
    rows = [["", "threads", "requests/s", "x QuickJS", "CPU µs", "memory MiB", "rung"]]
    for cell in (cell for cell in cells.saturation if cell["handler"] == handler.name):
        rows.append(saturation_row(cell))
    print(table(rows))
    rows = [["", "load", "requests/s", "p50 µs", "p99 µs", "p99.9 µs", "of", "unsent", "rung"]]
    for cell in (cell for cell in cells.latency if cell["handler"] == handler.name):
        rows.append(latency_row(cell))
    if len(rows) > 1:
        print(table(rows))


def saturation_row(cell: dict[str, Any]) -> list[str]:
    if "refused" in cell:
        return [cell["mode"], str(cell["threads"]), "refused", "", "", "", ""]
    figures: list[Figure | None] = [cell["requests_per_second"], cell.get("ratio"), cell["cpu_us"], cell["rss_mib"]]
    return [cell["mode"], str(cell["threads"]), *(str(each) if each else "" for each in figures), cell["rungs"]]


def latency_row(cell: dict[str, Any]) -> list[str]:
    figures = [str(cell[name]) for name in ("p50_us", "p99_us", "p999_us")]
    counts = [str(cell["requests"]), str(cell["unsent"])]
    return [cell["mode"], cell["load"], short(cell["rate"]), *figures, *counts, cell["rungs"]]
