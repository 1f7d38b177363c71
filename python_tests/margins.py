"""How far requests go beyond their limits: prints the table of docs/reliability.md. `make margins` runs it.

Times are what a client sees; memory and stack are what the kernel says of the host's process.
"""

import contextlib
import re
import statistics
import tempfile
import time
from pathlib import Path

from hosts import ENGINES, TEST_APPS, Host, Hosts
from test_errors import ENDLESS
from test_limits import PLACES

NAMES = {"jsv8": "V8, JIT", "jsv8-jitless": "V8, jitless", "jsquickjs": "QuickJS"}
ROUNDS = 3
MILLISECONDS = 200
HEAP = 100 << 20
STACK = 1 << 20
# Within which memory has to run out.
PATIENT_MILLISECONDS = 2000

EXPRESSIONS = ["backReference", "lookAhead", "countedRepeats", "withoutCase", "ofUnicode"]
GROWING = re.findall(r"^export const (growing\w+)", (TEST_APPS / "errors/src/memory.js").read_text(), re.MULTILINE)
RECURSION = re.findall(r"^export const (recursion\w+)", (TEST_APPS / "errors/src/memory.js").read_text(), re.MULTILINE)


def milliseconds_beyond(host: Host, path: str) -> float:
    begin = time.monotonic()
    host.get(path)
    return (time.monotonic() - begin) * 1000 - MILLISECONDS


def mebibytes_beyond(host: Host, path: str) -> float:
    before = host.forget_peak()
    host.get(path)
    return (host.peak_memory() - before - HEAP) / (1 << 20)


def kibibytes_of_stack_beyond(host: Host, path: str) -> float:
    host.get(path)
    return (host.deepest_stack() - STACK) / (1 << 10)


def cases(names: list[str]) -> list[tuple[str, str]]:
    return [("errors", f"/case/{name}") for name in names]


LOOPS = [*(("limits", f"/{place}/loop") for place in PLACES), *cases(ENDLESS)]
NATIVES = [("limits", f"/handler/{deed}") for deed in ("slowDigests", "slowTexts", "slowKeys")]
KINDS = [
    ("time", "endless loops wherever a script runs", LOOPS, MILLISECONDS, milliseconds_beyond, "ms"),
    ("time", "regular expressions", cases(EXPRESSIONS), MILLISECONDS, milliseconds_beyond, "ms"),
    ("time", "functions of `ccf` again and again", NATIVES, MILLISECONDS, milliseconds_beyond, "ms"),
    ("heap", "scripts that keep what they make", cases(GROWING), PATIENT_MILLISECONDS, mebibytes_beyond, "MiB"),
    ("stack", "recursion", cases(RECURSION), PATIENT_MILLISECONDS, kibibytes_of_stack_beyond, "KiB"),
]


def figures(hosts: Hosts, requests: list[tuple[str, str]], milliseconds: int, measure) -> list[float]:
    found = []
    for app, path in requests:
        options = {"max_heap_bytes": HEAP, "max_stack_bytes": STACK}
        host = hosts.serve(TEST_APPS / app, ("--custom-endpoints", "anyone"), options)
        # The install may take longer.
        limit = {"max_execution_time_ms": milliseconds}
        host.request("PATCH", "/app/custom_endpoints/runtime_options", json=limit).raise_for_status()
        found += [measure(host, path) for _ in range(ROUNDS)]
    return found


def cell(values: list[float], unit: str) -> str:
    return f"{max(0, statistics.median(values)):.0f}, at most {max(0, *values):.0f} {unit}"


def main() -> None:
    print(f"| limit | what goes on | {' | '.join(NAMES.values())} |")
    print("| --- " * (2 + len(NAMES)) + "|")
    with contextlib.ExitStack() as ends:
        machines = []
        for engine in [engine for engine in ENGINES if engine.name in NAMES]:
            machines.append(Hosts(engine, Path(ends.enter_context(tempfile.TemporaryDirectory()))))
            ends.callback(machines[-1].stop)
        for limit, what, requests, milliseconds, measure, unit in KINDS:
            cells = [cell(figures(hosts, requests, milliseconds, measure), unit) for hosts in machines]
            print(f"| {limit} | {what} ({len(requests)}) | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
