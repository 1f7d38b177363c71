"""Durable realms in a shell of the host program: each line is a turn."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import requests

from hosts import BUILD, ENGINES, HOST_PROGRAM, REPOSITORY, REQUEST_SECONDS, Engine, run_host
from written_apps import properties

# The rungs of the realm ladder mean nothing to durable realms.
DURABLE_ENGINES = [engine for engine in ENGINES if engine.name in ("jsv8", "jsv8-jitless", "jsquickjs")]

# Lets calls go wrong that write the files of a log; harness/tests/faults.c says how.
FAULTS = BUILD / "harness" / "tests" / "libjsep_faults.so"

# Marks the end of an answer of several lines.
END = "end of the answer"

COUNTER = REPOSITORY / "apps" / "counter" / "counter.js"


def options(engine: Engine, data: Path) -> list[str]:
    """Command-line arguments of all commands about durable realms."""
    words = ["--plugin", str(engine.library), "--data", str(data)]
    for option in engine.options:
        words += ["--option", option]
    return words


def fault(at: int, kind: str, trace: Path | None = None) -> dict[str, str]:
    """The environment of a program whose writing call number `at` goes wrong; with 0 none does."""
    environment = {"LD_PRELOAD": str(FAULTS), "JSEP_FAULT_AT": str(at), "JSEP_FAULT_KIND": kind}
    return environment if trace is None else {**environment, "JSEP_FAULT_TRACE": str(trace)}


class Shell:
    """A running shell. With ids, a turn is named, and can be asked for again."""

    def __init__(self, engine: Engine, data: Path, *words: str, script: Path | None = None, ids: bool = False):
        arguments = [str(HOST_PROGRAM), "shell", *options(engine, data), *words]
        if script is not None:
            arguments += ["--script", str(script)]
        if ids:
            arguments.append("--ids")
        pipe = subprocess.PIPE
        self.errors = data.with_suffix(".errors")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=errors, text=True)
        self.greeting = self.process.stdout.readline().rstrip("\n")
        if not self.greeting:
            self.stop()
            raise AssertionError(self.errors.read_text())

    def send(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, script: str, identity: str = "") -> str:
        """The answer to a turn: one line."""
        self.send(f"{identity}\t{script}" if identity else script)
        answer = self.process.stdout.readline()
        assert answer, self.errors.read_text()
        return answer.rstrip("\n")

    def ask_in_vain(self, script: str) -> str:
        """What is said of a turn that fails: any number of lines."""
        self.send(script)
        self.send(f"'{END}'")
        lines = []
        while (line := self.process.stdout.readline().rstrip("\n")) != f'"{END}"':
            assert line, self.errors.read_text()
            lines.append(line)
        return "\n".join(lines)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(REQUEST_SECONDS)

    def close(self) -> int:
        self.process.stdin.close()
        return self.process.wait(REQUEST_SECONDS)

    def stop(self) -> None:
        """Ends it in whatever state it is."""
        self.kill()
        self.process.stdout.close()
        # A line may be left that nobody will read.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def until(condition, seconds: float = REQUEST_SECONDS) -> None:
    """Waits for what other processes do, as long as any request may take."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def verify(engine: Engine, data: Path) -> dict:
    """What `realm verify` says of a directory that is whole."""
    answer = run_host("realm", "verify", *options(engine, data))
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)


def checkpoint(engine: Engine, data: Path) -> dict:
    """Makes a checkpoint of the shell's realm and tells what came of it."""
    answer = run_host("realm", "checkpoint", *options(engine, data))
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)


def report(engine: Engine, data: Path) -> dict:
    """What `realm report` says of the shell's realm, which is restored for that."""
    answer = run_host("realm", "report", *options(engine, data))
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)["realms"][0]


def refusal(engine: Engine, data: Path, command: str = "verify") -> str:
    """What a command says of a directory that is not."""
    answer = run_host("realm", command, *options(engine, data))
    assert answer.exit_code != 0, answer.output
    return answer.errors


def copy(data: Path, name: str) -> Path:
    """A copy of a directory of realms."""
    return Path(shutil.copytree(data, data.with_name(name)))


def endpoint(function: str, module: str = "main.js", policies: tuple[str, ...] = ("no_auth",)) -> dict:
    """An endpoint of an app that answers from a realm."""
    return properties(js_module=module, js_function=function, mode="readwrite", authn_policies=list(policies))


class RealmHost:
    """A running `jsep-host serve --realm`."""

    def __init__(self, engine: Engine, data: Path, *words: str, environment: dict[str, str] | None = None):
        arguments = [str(HOST_PROGRAM), "serve", "--plugin", str(engine.library), "--realm", str(data), *words]
        for option in engine.options:
            arguments += ["--option", option]
        self.errors = data.with_suffix(".errors")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*arguments, "--listen", "127.0.0.1:0"],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        line = self.process.stdout.readline().split()
        if line[:2] != ["listening", "on"]:
            self.kill()
            raise AssertionError(self.errors.read_text())
        self.url = line[2]

    def send(self, method: str, path: str, **keywords) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(method, self.url + path, timeout=REQUEST_SECONDS, **keywords)
        response.encoding = "utf-8"
        return response

    def kill(self) -> None:
        if not self.process.stdout.closed:
            self.process.kill()
            self.process.wait(REQUEST_SECONDS)
            self.process.stdout.close()
