"""Plays the logging scenario on both libraries over HTTP, then compares them: demo.py BUILD_FOLDER."""

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "apps" / "logging"
CONFIGURATIONS = [
    ("V8, JIT", "libjsv8.so", ["jit=on"]),
    ("V8, jitless", "libjsv8.so", ["jit=off"]),
    ("QuickJS", "libjsquickjs.so", []),
]
SCENARIO = [
    ("write a message", "POST", "/app/log/private", {"id": 42, "msg": "hello"}),
    ("read it", "GET", "/app/log/private?id=42", None),
    ("count the messages", "GET", "/app/log/private/count", None),
    ("delete it", "DELETE", "/app/log/private?id=42", None),
    ("read it again", "GET", "/app/log/private?id=42", None),
    ("forget the id: the handler throws", "GET", "/app/log/private", None),
    ("ask for a path that is not there", "GET", "/app/nothing", None),
]
REQUESTS = ['POST /log/private {"id":{n},"msg":"hello"}', "GET /log/private?id=1"]


def fail(message: str) -> None:
    print(f"demo: {message}", file=sys.stderr)
    sys.exit(1)


@contextlib.contextmanager
def serving(host: Path, library: Path, options: list[str]) -> Iterator[tuple[str, int]]:
    """Runs the host with a library for the duration of the block; gives its address."""
    command = [str(host), "serve", "--plugin", str(library), "--app", str(APP), "--listen", "127.0.0.1:0"]
    for option in options:
        command += ["--option", option]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("listening on http://"):
                fail(f"{' '.join(command)} did not start; it said: {line.strip() or 'nothing'}")
            name, _, port = line.strip().removeprefix("listening on http://").rpartition(":")
            yield name, int(port)
        finally:
            process.terminate()


def play(address: tuple[str, int]) -> list[tuple[int, str]]:
    """Sends the scenario's requests; gives status and body of each response."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    responses = []
    for what, method, path, body in SCENARIO:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"content-type": "application/json"} if content else {})
        response = connection.getresponse()
        text = response.read().decode()
        responses.append((response.status, text))
        print(f"  {what:36} {method:6} {path:26} {response.status} {text}")
    connection.close()
    return responses


def measure(build: Path, seconds: float, threads: int) -> list[dict]:
    """Runs the host's own bench on each configuration."""
    results = []
    for _, library, options in CONFIGURATIONS:
        command = [str(build / "jsep-host"), "bench", "--plugin", str(build / library)]
        for option in options:
            command += ["--option", option]
        command += ["--app", str(APP), "--threads", str(threads), "--seconds", str(seconds), "--json"]
        for request in REQUESTS:
            command += ["--request", request]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{' '.join(command)} failed: {done.stderr.strip()}")
        results += json.loads(done.stdout)["results"]
    return results


def table(results: list[dict]) -> None:
    """Prints the results side by side, with the throughput relative to the last configuration."""
    columns = ["", "requests/s", "p50 µs", "p99 µs", "CPU µs", "RSS MiB", "start ms", "errors", "x QuickJS"]
    per_configuration = len(REQUESTS)
    for index, request in enumerate(REQUESTS):
        print(f"\n{request}")
        print(f"{columns[0]:14}" + "".join(f"{column:>12}" for column in columns[1:]))
        rows = results[index::per_configuration]
        for (name, _, _), row in zip(CONFIGURATIONS, rows, strict=True):
            ratio = row["requests_per_second"] / rows[-1]["requests_per_second"]
            figures = [
                f"{row['requests_per_second']:.0f}",
                f"{row['p50_us']:.0f}",
                f"{row['p99_us']:.0f}",
                f"{row['cpu_us_per_request']:.0f}",
                f"{row['rss_mib']:.1f}",
                f"{row['startup_ms'] + row['install_ms']:.1f}",
                f"{row['errors']}",
                f"{ratio:.2f}",
            ]
            print(f"{name:14}" + "".join(f"{figure:>12}" for figure in figures))


def main() -> None:
    build = Path(sys.argv[1]).resolve()
    answers = []
    for name, library, options in CONFIGURATIONS:
        print(f"\n== {name}: {library} {' '.join(options)}")
        with serving(build / "jsep-host", build / library, options) as address:
            answers.append(play(address))
    if any(answer != answers[0] for answer in answers):
        fail("the libraries answered differently")
    print("\nAll libraries gave the same answers. Measuring, a fresh realm for each request, one thread:")
    table(measure(build, seconds=3, threads=1))


if __name__ == "__main__":
    main()
