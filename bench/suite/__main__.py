"""Runs the benches: python -m suite BUILD_FOLDER [PART…]. Parts that fail are named at the end, and in the exit status."""

import argparse
import json
import sys
from pathlib import Path
from types import ModuleType

from suite import layers, matrix, octane
from suite.run import RESULTS, FailedError, RefusedError, Run, error

PARTS: dict[str, ModuleType] = {"layers": layers, "matrix": matrix, "octane": octane}


def as_json(value: object) -> object:
    return value.as_json()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measures both libraries side by side.")
    parser.add_argument("build", type=Path, help="folder with jsep-host and the libraries")
    parser.add_argument("parts", nargs="*", help="all when none is given: " + ", ".join(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="factor for all times; less than 1 to try the benches")
    given = parser.parse_args()
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    run = Run(given.build.resolve(), given.scale)
    report = {}
    for name in given.parts or PARTS:
        run.part = name
        run.say(f"== {PARTS[name].TITLE}")
        try:
            report[name] = PARTS[name].measure(run)
        except (FailedError, RefusedError) as failure:
            run.fail(name, str(failure))
    (RESULTS / "report.json").write_text(json.dumps(report, default=as_json, indent=1))
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
