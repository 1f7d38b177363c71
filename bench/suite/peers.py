"""jsep-host beside workerd and Node.js over HTTP: python -m suite.peers BUILD_FOLDER."""

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.figures import Figure, table
from suite.run import APPS, MODES, RESULTS, ROOT, FailedError, Run

SOURCES = ROOT / "bench" / "peers"
REPEAT = 3
SECONDS = 3
CONNECTIONS = 8
START_SECONDS = 20
SHARED = "answers in the one realm of all requests"
CONTEXT = "makes a context, evaluates the handler in it, answers"
FRESH = "gives a fresh realm, under limits, a store transaction and a log line (to /dev/null)"


@dataclass(frozen=True)
class Server:
    """A program that answers with the tiny handler, and what it does for each request."""

    name: str
    per_request: str
    path: str
    command: list[str]


def servers(run: Run, port: int) -> list[Server]:
    tools = run.build / "npm" / "peers" / "node_modules" / ".bin"
    address = f"127.0.0.1:{port}"
    workerd = [str(tools / "workerd"), "serve", str(SOURCES / "workerd.capnp"), f"--socket-addr=http={address}"]
    node = ["node", str(SOURCES / "node.js"), str(port)]
    found = [
        Server("workerd", SHARED, "/", workerd),
        Server("Node.js", SHARED, "/", node),
        Server("Node.js, a new vm context", CONTEXT, "/", [*node, "fresh"]),
    ]
    for mode in MODES:
        command = [
            str(run.build / "jsep-host"),
            "serve",
            "--plugin",
            str(run.build / mode.library),
            "--threads",
            "1",
            "--log",
            "/dev/null",
        ]
        command += [part for option in mode.options for part in ("--option", option)]
        command += ["--app", str(APPS / "handlers"), "--listen", address]
        found.append(Server(f"jsep-host, {mode.name}", FRESH, "/app/tiny", command))
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(server: Server, url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server for the duration of the block, which starts when it answers."""
    with log.open("wb") as output, subprocess.Popen(server.command, stdout=output, stderr=output, cwd=ROOT) as process:
        try:
            wait_for(process, url, server, log)
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[bytes], url: str, server: Server, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
            if (body := response.read()) != b"ok":
                raise FailedError(f"{server.name} answered {body[:200]!r} instead of ok")
            return
        time.sleep(0.05)
    raise FailedError(f"{server.name} does not answer at {url}; it said: {log.read_text()[-1000:] or 'nothing'}")


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def measure(run: Run, server: Server, port: int) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}{server.path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(SOURCES / "report.lua"), url]
    results = []
    with serving(server, url, RESULTS / "peer.log") as process:
        run.command([*command[:3], "-d1s", *command[4:]], 60)
        for _ in range(REPEAT):
            results.append(json.loads(run.command(command, 60).splitlines()[-1]))
            results[-1]["rss_mib"] = resident_mib(process)
    if errors := sum(result["errors"] for result in results):
        raise FailedError(f"{errors} requests failed")
    names = ("requests_per_second", "p50_us", "p99_us", "rss_mib")
    figures = {name: Figure.of([result[name] for result in results]) for name in names}
    return {"server": server.name, "per_request": server.per_request, **figures}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench-peers", description="Measures jsep-host beside workerd and Node.js.")
    parser.add_argument("build", type=Path, help="folder with jsep-host and the libraries")
    run = Run(parser.parse_args().build.resolve(), part="peers")
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows = []
    port = free_port()
    for server in servers(run, port):
        try:
            rows.append(measure(run, server, port))
            run.say(f"{server.name}: {rows[-1]['requests_per_second']} requests/s")
        except FailedError as failure:
            run.fail(server.name, str(failure))
    lines = [["the tiny handler over HTTP", "requests/s", "p50 µs", "p99 µs", "memory MiB", "for each request it"]]
    columns = ("server", "requests_per_second", "p50_us", "p99_us", "rss_mib", "per_request")
    for row in rows:
        lines.append([str(row[name]) for name in columns])
    print(f"{CONNECTIONS} connections, one thread of JavaScript in each server, wrk on the same machine")
    print(table(lines))
    as_json = json.dumps({"rows": rows, "failures": run.failures}, default=Figure.as_json, indent=1)
    (RESULTS / "peers.json").write_text(as_json)
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
