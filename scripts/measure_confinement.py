#!/usr/bin/env python3
"""What `--seccomp` costs: measure_confinement.py BUILD_FOLDER [REPEAT]. Prints a table for docs/system_calls.md.

Each repetition measures without and with the filter, right after each other, because the machine may be busy otherwise.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = [("write", 'POST /log/private {"id": {n}, "msg": "text"}'), ("read", "GET /log/private?id=1")]
LIBRARIES = [
    ("V8, JIT", "libjsv8.so", "jit=on"),
    ("V8, jitless", "libjsv8.so", "jit=off"),
    ("QuickJS", "libjsquickjs.so", ""),
]
SECONDS = 1


def requests_per_second(build: Path, library: str, option: str, *words: str) -> list[float]:
    command = [str(build / "jsep-host"), "bench", "--json", "--plugin", str(build / library), *words]
    command += ["--option", option] if option else []
    command += ["--app", str(ROOT / "apps" / "logging"), "--seconds", str(SECONDS)]
    for _, request in REQUESTS:
        command += ["--request", request]
    results = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["results"]
    return [result["requests_per_second"] for result in results]


def main() -> None:
    build = Path(sys.argv[1])
    repeat = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    print("| | requests/s without | with | with / without, median and range |")
    print("| --- | --- | --- | --- |")
    for title, library, option in LIBRARIES:
        free, confined = [], []
        for number in range(repeat):
            # The order changes, so that neither is always the first.
            for kind, words in [(free, ()), (confined, ("--seccomp",))][:: 1 if number % 2 == 0 else -1]:
                kind.append(requests_per_second(build, library, option, *words))
        for index, (name, _) in enumerate(REQUESTS):
            one, other = [row[index] for row in free], [row[index] for row in confined]
            ratios = [with_it / without for without, with_it in zip(one, other, strict=True)]
            print(
                f"| {name}, {title} | {statistics.median(one):,.0f} | {statistics.median(other):,.0f} "
                f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
            )


if __name__ == "__main__":
    main()
