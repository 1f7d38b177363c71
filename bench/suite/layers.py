"""The layer table: what each layer of a request adds, by criterion."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from suite.figures import Figure, table
from suite.run import RESULTS, ROOT, FailedError, Run

TITLE = "Layers: what one operation takes, µs"
NOTE = (
    "Estimate of the mean by criterion with its 95 % interval. Each row adds a layer; the last rows are one call of"
    " the tiny app on each rung of the realm ladder."
)
LIBRARIES = {"v8-jit": "V8, JIT", "v8-jitless": "V8, jitless", "quickjs": "QuickJS"}
NANOSECONDS = 1e-3


def measure(run: Run) -> list[dict[str, Any]]:
    begin = time.time()
    (RESULTS / "refused_rungs.json").unlink(missing_ok=True)
    command = ["cargo", "bench", "--locked", "-p", "jsep-bench", "--bench", "layers", "--"]
    if run.scale < 1:
        command += ["--warm-up-time", "0.1", "--measurement-time", str(max(0.2, run.seconds(1.5)))]
    # What it prints is its progress.
    if (status := subprocess.run(command, cwd=ROOT, check=False).returncode) != 0:
        run.fail("criterion", f"{' '.join(command)}: exit status {status}")
    rows = rows_of(run.target / "criterion", begin) + refused_rows()
    if not rows:
        raise FailedError("criterion left no estimates")
    rows.sort(key=lambda row: (row["row"], list(LIBRARIES.values()).index(row["mode"])))
    print_rows(rows)
    return rows


def rows_of(folder: Path, begin: float) -> list[dict[str, Any]]:
    """What criterion wrote in this run."""
    rows = []
    for estimates in folder.glob("*/*/new/estimates.json"):
        if estimates.stat().st_mtime < begin:
            continue
        names = json.loads((estimates.parent / "benchmark.json").read_text())
        mean = json.loads(estimates.read_text())["mean"]
        interval = mean["confidence_interval"]
        figure = Figure(mean["point_estimate"], interval["lower_bound"], interval["upper_bound"]).times(NANOSECONDS)
        rows.append({"row": names["group_id"], "mode": LIBRARIES[names["value_str"]], "us": figure})
    return rows


def refused_rows() -> list[dict[str, Any]]:
    path = RESULTS / "refused_rungs.json"
    if not path.exists():
        return []
    return [
        {"row": refused["row"], "mode": LIBRARIES[refused["library"]], "refused": refused["reason"]}
        for refused in json.loads(path.read_text())
    ]


def print_rows(rows: list[dict[str, Any]]) -> None:
    lines = [["", *LIBRARIES.values()]]
    for name in dict.fromkeys(row["row"] for row in rows):
        cells = {row["mode"]: "refused" if "refused" in row else str(row["us"]) for row in rows if row["row"] == name}
        lines.append([name, *(cells.get(mode, "") for mode in LIBRARIES.values())])
    print(table(lines))
