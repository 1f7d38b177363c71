"""The page with plots: one file that needs no network."""

import html
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from suite import growth, layers, matrix, octane, targets
from suite.figures import Figure
from suite.run import MODES

Report = dict[str, Any]
COLORS = {"V8, JIT": "#1f77b4", "V8, jitless": "#2ca02c", "QuickJS": "#ff7f0e"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1150px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px; }
th, td { padding: 3px 10px; border-bottom: 1px solid #ddd; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
.met { color: #18794e; } .missed { color: #b42318; font-weight: 600; }
"""


def write(report: Report) -> str:
    sections = [machine(report), failures(report)]
    for name, draw in (("targets", goals), ("layers", layer_plots), ("matrix", matrix_plots)):
        sections += [draw(report[name])] if name in report else []
    for name, draw in (("octane", octane_plots), ("growth", growth_plots)):
        sections += [draw(report[name])] if name in report else []
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Benches of jsv8</title>"
        f"<style>{STYLE}</style><script>{get_plotlyjs()}</script></head><body><h1>Benches of jsv8</h1>"
        f"{''.join(sections)}</body></html>"
    )


def heading(module: Any) -> str:
    return f"<h2>{html.escape(module.TITLE)}</h2><p>{html.escape(module.NOTE)}</p>"


def rows(titles: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(cell_of(cell) for cell in line) + "</tr>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>"


def cell_of(cell: object) -> str:
    kind = f" class='{cell}'" if cell in ("met", "missed") else ""
    return f"<td{kind}>{html.escape('' if cell is None else str(cell))}</td>"


def machine(report: Report) -> str:
    return rows(("", ""), report["run"].items())


def failures(report: Report) -> str:
    if not report["failures"]:
        return ""
    lines = [(each["part"], each["what"], each["why"]) for each in report["failures"]]
    return "<h2>What failed</h2>" + rows(("part", "what", "why"), lines)


def goals(part: list[dict[str, Any]]) -> str:
    lines = [(each["what"], each["mode"], each["goal"], each["figure"], each["verdict"]) for each in part]
    return heading(targets) + rows(("", "mode", "goal", "this run", ""), lines)


def bars(title: str, cells: list[dict[str, Any]], label: str, value: str, unit: str, logarithmic: bool = True) -> str:
    """Groups of bars by label, one bar for each mode, with the spread as error bars."""
    figure = go.Figure()
    labels = list(dict.fromkeys(cell[label] for cell in cells))
    for mode in MODES:
        own = {cell[label]: cell[value] for cell in cells if cell["mode"] == mode.name and value in cell}
        present = [name for name in labels if name in own]
        figures: list[Figure] = [own[name] for name in present]
        figure.add_bar(
            name=mode.name,
            x=present,
            y=[each.median for each in figures],
            marker_color=COLORS[mode.name],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [each.high - each.median for each in figures],
                "arrayminus": [each.median - each.low for each in figures],
            },
        )
    figure.update_xaxes(categoryorder="array", categoryarray=labels)
    figure.update_yaxes(title=unit, type="log" if logarithmic else "linear")
    figure.update_layout(title=title, barmode="group", height=430)
    return drawn(figure)


def drawn(figure: go.Figure) -> str:
    figure.update_layout(template="plotly_white", margin={"t": 60, "b": 40})
    return figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})


def layer_plots(part: list[dict[str, Any]]) -> str:
    lines = [
        [name, *(text_of_layer(part, name, mode) for mode in layers.LIBRARIES.values())]
        for name in dict.fromkeys(row["row"] for row in part)
    ]
    plot = bars("Time of one operation", part, "row", "us", "µs")
    return heading(layers) + plot + rows(("", *layers.LIBRARIES.values()), lines)


def text_of_layer(part: list[dict[str, Any]], name: str, mode: str) -> object:
    row = next((row for row in part if row["row"] == name and row["mode"] == mode), {})
    return f"not on this library: {row['refused']}" if "refused" in row else row.get("us")


def matrix_plots(part: dict[str, list[dict[str, Any]]]) -> str:
    parts = [heading(matrix)]
    for threads in (1, 2):
        cells = [cell for cell in part["saturation"] if cell["threads"] == threads and "refused" not in cell]
        words = f"{threads} thread{'s' if threads > 1 else ''}"
        parts.append(bars(f"Throughput at saturation, {words}", cells, "handler", "requests_per_second", "requests/s"))
    lines = [[cell["handler"], *matrix.saturation_row(cell)] for cell in part["saturation"]]
    parts.append(rows(("", "mode", "threads", "requests/s", "x QuickJS", "CPU µs", "memory MiB", "rung"), lines))
    parts.append(f"<p>{html.escape(matrix.LATENCY_NOTE)}</p>")
    for load in matrix.PARTS_OF_CAPACITY:
        cells = [cell for cell in part["latency"] if cell["load"] == load]
        for name, words in (("p50_us", "Median"), ("p99_us", "99th percentile of the")):
            parts.append(bars(f"{words} latency at {load} of QuickJS's capacity", cells, "handler", name, "µs"))
    lines = [[cell["handler"], *matrix.latency_row(cell)] for cell in part["latency"]]
    titles = ("", "mode", "load", "requests/s", "p50 µs", "p99 µs", "p99.9 µs", "of", "unsent", "rung")
    return "".join(parts) + rows(titles, lines)


def octane_plots(part: dict[str, Any]) -> str:
    parts = [heading(octane)]
    ratios = [{**cell, "label": cell["name"]} for cell in part["programs"] if cell["mode"] != "QuickJS"]
    parts.append(bars("Times as fast as QuickJS", ratios, "label", "ratio", "QuickJS = 1"))
    lines = [(mean["mode"], mean["programs"], mean["ratio"], mean["one_ratio"]) for mean in part["means"]]
    parts.append(rows(("geometric mean", "programs", "x QuickJS", "only one run, x QuickJS"), lines))
    return "".join(parts) + rows(octane.TITLES, map(octane.row, part["programs"]))


def growth_plots(part: dict[str, list[dict[str, Any]]]) -> str:
    parts = [heading(growth)]
    by_threads = [{**cell, "label": f"{cell['threads']} threads"} for cell in part["threads"]]
    by_apps = [{**cell, "label": f"{cell['apps']} apps"} for cell in part["apps"]]
    parts.append(bars("Throughput by threads, tiny", by_threads, "label", "requests_per_second", "requests/s"))
    parts.append(bars("Memory by installed apps", by_apps, "label", "serving_mib", "MiB"))
    for name, title, unit in (
        ("requests_per_second", "Throughput over time, tiny", "requests/s"),
        ("rss_mib", "Resident memory over time, tiny", "MiB"),
    ):
        figure = go.Figure()
        for cell in part["million"]:
            done, x, y = 0, [], []
            for each in cell["slices"]:
                done += each["requests"]
                x.append(done)
                y.append(each[name])
            figure.add_scatter(x=x, y=y, name=cell["mode"], line_color=COLORS[cell["mode"]], mode="lines+markers")
        figure.update_xaxes(title="requests", type="log")
        figure.update_yaxes(title=unit, rangemode="tozero")
        figure.update_layout(title=title, height=380)
        parts.append(drawn(figure))
    for section in growth.SECTIONS:
        cells = [{name: value for name, value in cell.items() if name != "slices"} for cell in part[section]]
        if cells:
            parts.append(f"<h3>{section.replace('_', ' ')}</h3>")
            parts.append(rows(cells[0], [[growth.text(value) for value in cell.values()] for cell in cells]))
    return "".join(parts)
