"""The goals of the realm ladder, each met or missed by the figures of this run."""

from typing import Any

from suite.figures import Figure, table
from suite.matrix import find
from suite.run import JIT, JITLESS, QUICKJS

TITLE = "Goals"
NOTE = (
    "Met or missed by the median of this run; ratios are to QuickJS in the same run. Not measured: the part did not"
    " run or failed."
)
Report = dict[str, Any]


def judge(report: Report) -> list[dict[str, Any]]:
    return [*ratios(report), *latency(report), *octane(report), *growth(report)]


def goal(
    what: str, mode: str, figure: Figure | None, unit: str, least: float | None, most: float | None
) -> dict[str, Any]:
    wanted = f"≥ {least:g}{unit}" if least is not None else f"≤ {most:g}{unit}"
    verdict = "not measured"
    if figure is not None:
        met = figure.median >= least if least is not None else figure.median <= (most or 0)
        verdict = "met" if met else "missed"
    return {"what": what, "mode": mode, "goal": wanted, "figure": figure, "verdict": verdict}


def ratios(report: Report) -> list[dict[str, Any]]:
    cells = report.get("matrix", {}).get("saturation", [])
    wanted = [
        ("tiny, provable", "tiny", 5, 5),
        ("request and two store calls, provable", "request and two store calls", 4, 4),
        ("tiny that can't be proven, at saturation", "tiny, refused by the check", 0.8, 0.9),
        ("TypeScript app", "TypeScript app", 10, 10),
        ("1 MB of npm libraries", "1 MB of npm libraries", 25, 25),
        ("1 000 allocations", "1 000 allocations", 2.5, 2.5),
    ]
    goals = []
    for what, handler, jit, jitless in wanted:
        for mode, least in ((JIT, jit), (JITLESS, jitless)):
            cell = find(cells, handler, mode.name, threads=1) or {}
            goals.append(goal(f"{what}: requests/s over QuickJS", mode.name, cell.get("ratio"), "", least, None))
    for mode in (JIT, JITLESS):
        one, two = (find(cells, "tiny", mode.name, threads=threads) for threads in (1, 2))
        part = two["requests_per_second"].over(one["requests_per_second"].times(2)) if one and two else None
        goals.append(goal("second thread, tiny: part of twice the throughput", mode.name, part, "", 0.9, None))
    return goals


def latency(report: Report) -> list[dict[str, Any]]:
    cells = report.get("matrix", {}).get("latency", [])
    base = find(cells, "tiny, refused by the check", QUICKJS.name, load="half")
    goals = []
    for mode in (JIT, JITLESS):
        cell = find(cells, "tiny, refused by the check", mode.name, load="half")
        what = "tiny that can't be proven, at half load: p50"
        goals.append(goal(what, mode.name, cell and cell["p50_us"], " µs", None, 25))
        faster = base["p50_us"].over(cell["p50_us"]) if base and cell else None
        goals.append(goal(f"{what}, times faster than QuickJS", mode.name, faster, "", 1, None))
    return goals


def octane(report: Report) -> list[dict[str, Any]]:
    part = report.get("octane", {})
    goals = []
    for mode, least in ((JIT, 30), (JITLESS, 2.5)):
        mean = next((mean["ratio"] for mean in part.get("means", []) if mean["mode"] == mode.name), None)
        goals.append(goal("Octane: geometric mean over QuickJS", mode.name, mean, "", least, None))
    rows = [cell["ratio"] for cell in part.get("programs", []) if cell["mode"] == JITLESS.name and "ratio" in cell]
    lowest = min(rows, key=lambda ratio: ratio.median, default=None)
    goals.append(goal("Octane: lowest row over QuickJS", JITLESS.name, lowest, "", 1, None))
    return goals


def growth(report: Report) -> list[dict[str, Any]]:
    part = report.get("growth", {})

    def of(section: str, mode: str, name: str) -> Figure | None:
        return next((cell[name] for cell in part.get(section, []) if cell["mode"] == mode), None)

    def decimal(figure: Figure | None, bytes_of_unit: float) -> Figure | None:
        return figure and figure.times(1024 / bytes_of_unit)

    goals = []
    for mode in (JIT.name, JITLESS.name):
        rows = report.get("layers", [])
        shared = next((row.get("us") for row in rows if row["row"].startswith("7 ") and row["mode"] == mode), None)
        goals += [
            goal("reuse key with two store calls: a call", mode, shared, " µs", None, 3),
            goal("dlopen to first response", mode, of("first_response", mode, "total_ms"), " ms", None, 15),
            goal(
                "dlopen to first response with a stored cache",
                mode,
                of("stored_first_response", mode, "total_ms"),
                " ms",
                None,
                6,
            ),
            goal("idle isolate", mode, decimal(of("isolates", mode, "kib"), 1e6), " MB", None, 8),
            goal("ready realm", mode, decimal(of("ready_realms", mode, "kib"), 1e3), " KB", None, 120),
        ]
    return goals


def print_goals(goals: list[dict[str, Any]]) -> None:
    lines = [["", "mode", "goal", "this run", ""]]
    for each in goals:
        lines.append([each["what"], each["mode"], each["goal"], str(each["figure"] or ""), each["verdict"]])
    print(table(lines))
    count = {
        verdict: sum(each["verdict"] == verdict for each in goals) for verdict in ("met", "missed", "not measured")
    }
    print(", ".join(f"{number} {verdict}" for verdict, number in count.items()))
