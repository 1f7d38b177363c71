"""What all parts share: where things are, the libraries to compare, and running a program that measures."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "target" / "bench"
APPS = ROOT / "bench" / "apps"


@dataclass(frozen=True)
class Mode:
    """A library with the options that it is measured with."""

    name: str
    library: str
    options: tuple[str, ...] = ()

    def on(self, realm: str) -> "Mode":
        """The same on a rung of the realm ladder."""
        return Mode(f"{self.name}, realm={realm}", self.library, (*self.options, f"realm={realm}"))


JIT = Mode("V8, JIT", "libjsv8.so", ("jit=on",))
JITLESS = Mode("V8, jitless", "libjsv8.so", ("jit=off",))
QUICKJS = Mode("QuickJS", "libjsquickjs.so")
MODES = (JIT, JITLESS, QUICKJS)


class RefusedError(Exception):
    """A library does not know a rung of the realm ladder."""


class FailedError(Exception):
    """A measurement that could not be made."""


@dataclass
class Run:
    """One run of the benches: what is asked for, and what has failed so far."""

    build: Path
    scale: float = 1.0
    failures: list[dict[str, str]] = field(default_factory=list)
    part: str = ""
    begin: float = field(default_factory=time.monotonic)

    @property
    def target(self) -> Path:
        """Where cargo puts what it builds."""
        return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

    def say(self, text: str) -> None:
        seconds = time.monotonic() - self.begin
        print(f"[{seconds // 60:02.0f}:{seconds % 60:02.0f}] {text}", flush=True)

    def fail(self, what: str, why: str) -> None:
        self.failures.append({"part": self.part, "what": what, "why": why})
        self.say(f"FAILED: {what}: {why}")

    def seconds(self, seconds: float) -> float:
        return seconds * self.scale

    def command(self, command: list[str], timeout: float, environment: dict[str, str] | None = None) -> str:
        """Runs a program and gives what it printed."""
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout,
                cwd=ROOT,
                env=None if environment is None else {**os.environ, **environment},
            )
        except subprocess.TimeoutExpired:
            raise FailedError(f"{' '.join(command)}: not done after {timeout:.0f} s") from None
        except OSError as error:
            raise FailedError(f"{command[0]}: {error.strerror}") from None
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip()
            if "option `realm`" in said:
                raise RefusedError(said)
            raise FailedError(
                f"{' '.join(command)}: exit status {done.returncode}: {said[-2000:] or 'it said nothing'}"
            )
        return done.stdout

    def measure(
        self, mode: Mode, app: Path, request: str, arguments: list[str], timeout: float
    ) -> list[dict[str, Any]]:
        """Results of `jsep-host bench`, one for each repetition. A result with failed requests is an error."""
        command = [str(self.build / "jsep-host"), "bench", "--json", "--plugin", str(self.build / mode.library)]
        for option in mode.options:
            command += ["--option", option]
        command += ["--app", str(app), "--request", request, *arguments]
        results = json.loads(self.command(command, timeout))["results"]
        if errors := sum(result["errors"] for result in results):
            raise FailedError(f"{mode.name}, {request}: {errors} requests failed")
        return results


def figure(results: list[dict[str, Any]], name: str) -> Figure:
    return Figure.of([result[name] for result in results])


def served_by(results: list[dict[str, Any]]) -> str:
    """The rungs that served, most used first."""
    counts: dict[str, int] = {}
    for result in results:
        for rung, count in result["rungs"].items():
            counts[rung] = counts.get(rung, 0) + count
    return " ".join(sorted(counts, key=lambda rung: -counts[rung]))
