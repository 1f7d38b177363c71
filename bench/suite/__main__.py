"""Runs the benches: python -m suite BUILD_FOLDER [PART…]. What fails is named at the end, and in the exit status."""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from suite import growth, layers, matrix, octane, page, targets
from suite.figures import Figure
from suite.run import RESULTS, ROOT, FailedError, RefusedError, Run

PARTS: dict[str, ModuleType] = {"layers": layers, "matrix": matrix, "octane": octane, "growth": growth}


def as_json(value: object) -> object:
    if isinstance(value, Figure):
        return value.as_json()
    raise TypeError(f"{value!r} has no form in JSON")


def about(given: argparse.Namespace) -> dict[str, object]:
    """Where and how the figures came about."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "begun": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "processor": f"{os.cpu_count()} x {models[0] if models else platform.machine()}",
        "kernel": platform.release(),
        "load before the run": f"{os.getloadavg()[0]:.2f}",
        "scale of all times": given.scale,
    }


def measure(run: Run, name: str) -> Any:
    """What a part measured; nothing when it could not go on. The others go on in any case."""
    run.part = name
    run.say(f"== {PARTS[name].TITLE}")
    try:
        return PARTS[name].measure(run)
    except (FailedError, RefusedError) as failure:
        run.fail(name, str(failure))
    except Exception as failure:
        traceback.print_exc()
        run.fail(name, f"a defect of the benches: {failure!r}")
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measures both libraries side by side.")
    parser.add_argument("build", type=Path, help="folder with jsep-host and the libraries")
    parser.add_argument("parts", nargs="*", help="all when none is given: " + ", ".join(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="factor for all times; less than 1 to try the benches")
    given = parser.parse_args()
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    run = Run(given.build.resolve(), given.scale)
    report: dict[str, Any] = {"run": about(given), "failures": run.failures}
    for name in given.parts or PARTS:
        part = measure(run, name)
        if part is not None:
            report[name] = part
    report["targets"] = targets.judge(report)
    run.say(f"== {targets.TITLE}")
    targets.print_goals(report["targets"])
    (RESULTS / "report.json").write_text(json.dumps(report, default=as_json, indent=1))
    (RESULTS / "report.html").write_text(page.write(report))
    run.say(f"wrote {RESULTS / 'report.json'} and {RESULTS / 'report.html'}")
    for failure in run.failures:
        print(f"bench: FAILED: {failure['part']}: {failure['what']}: {failure['why']}", file=sys.stderr)
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
