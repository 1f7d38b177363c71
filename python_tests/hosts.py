"""Starts the host program, once per app, engine and options, and talks to it over HTTP."""

import http.client
import os
import re
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

import poison

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("JSEP_BUILD", REPOSITORY / "build")).resolve()
HOST_PROGRAM = BUILD / "jsep-host"
TEST_APPS = Path(__file__).resolve().parent / "apps"
START_SECONDS = 60

# A run in which no thread that executes requests may make a system call beyond those of docs/system_calls.md.
CONFINED = bool(os.environ.get("JSEP_TEST_SECCOMP"))
REQUEST_SECONDS = 20

# What is mapped for each thread of the host.
THREAD_STACK = 8 << 20

# The run-time options of an app, as they are when nobody has set them.
DEFAULT_OPTIONS = {
    "max_heap_bytes": 100 << 20,
    "max_stack_bytes": 1 << 20,
    "max_execution_time_ms": 5000,
    "log_exception_details": False,
    "return_exception_details": False,
    "max_cached_interpreters": 10,
}

TRANSACTION_HEADER = "x-ms-ccf-transaction-id"


@dataclass(frozen=True)
class Engine:
    """A library with the engine options that it runs with."""

    name: str
    library: Path
    options: tuple[str, ...] = ()


V8 = BUILD / "libjsv8.so"
QUICKJS = BUILD / "libjsquickjs.so"

# Without `realm`, V8 chooses the rung of the realm ladder; the others hold all rules on one rung each.
ENGINES = [
    Engine("jsv8", V8),
    Engine("jsv8-jitless", V8, ("jit=off",)),
    Engine("jsv8-realm0", V8, ("realm=0",)),
    Engine("jsv8-realm1", V8, ("realm=1", "jit=off")),
    Engine("jsv8-realm2", V8, ("realm=2", "jit=off")),
    Engine("jsv8-realm3", V8, ("realm=3",)),
    Engine("jsv8-realm4", V8, ("realm=4", "jit=off")),
    Engine("jsquickjs", QUICKJS),
]

# What the library says of an app for which the wished rung does not exist.
NO_SUCH_RUNG = re.compile(r"realm=\d asks for (?!it\b).*")


def arguments(engine: Engine, app: Path, options: dict[str, object]) -> list[str]:
    """Command-line arguments that both `serve` and `call` take."""
    app = poison.poisoned(app) if poison.IS_ON else app
    words = ["--plugin", str(engine.library), "--app", str(app)]
    for option in [*engine.options, *(f"{name}={value}" for name, value in options.items())]:
        words += ["--option", option]
    # A second run with the same directory holds all rules on stored apps (but for test_cache.py, which has its own).
    if os.environ.get("JSEP_TEST_CACHE"):
        words += ["--cache", os.environ["JSEP_TEST_CACHE"]]
    if CONFINED:
        words += ["--seccomp"]
    return words


@dataclass
class Answer:
    """What `jsep-host call` came to."""

    exit_code: int
    output: str
    errors: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def skip_without_rung(log: str) -> None:
    """Skips a test whose app can't run on the rung that the engine is held to."""
    refusal = NO_SUCH_RUNG.search(log)
    if refusal:
        pytest.skip(refusal.group())


def call(engine: Engine, app: Path, method: str, path: str, *words: str, **options: object) -> Answer:
    """Runs one request in a process of its own."""
    return run_host("call", *arguments(engine, app, options), *words, method, path)


def run_host(*words: str) -> Answer:
    """Runs the host program to its end; reads its output as that of `call`."""
    done = subprocess.run([str(HOST_PROGRAM), *words], capture_output=True, timeout=REQUEST_SECONDS, check=False)
    answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
    skip_without_rung(answer.errors)
    head, _, answer.body = answer.output.replace("\r\n", "\n").partition("\n\n")
    status_line, *header_lines = head.split("\n")
    numbers = [word for word in status_line.split(" ") if word.isdecimal()]
    if numbers:
        answer.status = int(numbers[0])
    answer.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in header_lines)}
    return answer


def wait_until(holds, otherwise: str) -> None:
    """Waits for something that another process does; fails when it takes too long."""
    deadline = time.monotonic() + REQUEST_SECONDS
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


class Host:
    """A running `jsep-host serve`."""

    def __init__(self, engine: Engine, app: Path, log_path: Path, words: tuple[str, ...], options: dict[str, object]):
        self._log_path = log_path
        command = [str(HOST_PROGRAM), "serve", *arguments(engine, app, options), "--listen", "127.0.0.1:0", *words]
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        self.url = self._read_address()
        self._victim = poison.Victim(self.url, app, words, options) if poison.IS_ON else None
        self.session = self.new_session()

    def _read_address(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(self._process.stdout.fileno(), 1) if ready else b""
            if chunk == b"":
                self.stop()
                skip_without_rung(self.log())
                raise RuntimeError(f"the host did not start: {line.decode()}\n{self.log()}")
            line += chunk
        words = line.decode().split()
        if words[:2] != ["listening", "on"]:
            self.stop()
            raise RuntimeError(f"unexpected first line of the host: {line!r}\n{self.log()}")
        return words[2]

    def new_session(self) -> requests.Session:
        """A session with connections of its own, for use by one thread."""
        session = poison.PoisonedSession(self._victim) if self._victim else requests.Session()
        session.trust_env = False
        return session

    def request(self, method: str, path: str, **keywords) -> requests.Response:
        """Sends a request. A host that does not answer is stopped, so that later tests get a new one."""
        try:
            response = self.session.request(method, self.url + path, timeout=REQUEST_SECONDS, **keywords)
        except requests.Timeout:
            self._process.kill()
            self._process.wait()
            raise
        # Scripts send UTF-8 whatever the content type says, which may leave it open.
        response.encoding = "utf-8"
        return response

    def get(self, path: str, **keywords) -> requests.Response:
        return self.request("GET", path, **keywords)

    def post(self, path: str, **keywords) -> requests.Response:
        return self.request("POST", path, **keywords)

    def put(self, path: str, **keywords) -> requests.Response:
        return self.request("PUT", path, **keywords)

    def delete(self, path: str, **keywords) -> requests.Response:
        return self.request("DELETE", path, **keywords)

    def connection(self) -> http.client.HTTPConnection:
        """A connection that sends a request target as it is given. It is not encrypted."""
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=REQUEST_SECONDS)

    def memory_maps(self) -> str:
        """The parts of the host's memory, as the kernel lists them."""
        return Path(f"/proc/{self._process.pid}/maps").read_text()

    def peak_memory(self) -> int:
        """The most memory that the host had, in bytes, since the last `forget_peak`."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE).group(1)) << 10

    def forget_peak(self) -> int:
        """Has the kernel look anew for the peak, which is what the host has now."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        return self.peak_memory()

    def deepest_stack(self) -> int:
        """The most that a thread has used of its stack, in bytes: what was used once stays."""
        parts = Path(f"/proc/{self._process.pid}/smaps").read_text()
        sizes = re.findall(rf"^Size: +{THREAD_STACK >> 10} kB\n(?:.+\n)*?Rss: +(\d+) kB$", parts, re.MULTILINE)
        return max(int(size) for size in sizes) << 10

    def log(self) -> str:
        """All that the host has written to its log."""
        return self._log_path.read_text(errors="replace")

    def log_lines_of(self, action) -> list[str]:
        """The lines that the host writes to its log during `action`, but for those of requests that poison."""
        before = len(self.log())
        action()
        return [line for line in self.log()[before:].splitlines() if poison.PATH not in line]

    def wait_for_log(self, text: str, start: int = 0) -> None:
        """Waits until the host has written a text to its log, after that many characters."""
        wait_until(lambda: text in self.log()[start:], f"the log has no {text!r}")

    def reload(self, text: str) -> None:
        """Makes the host read its files again, and waits until its log says a text."""
        before = len(self.log())
        self._process.send_signal(signal.SIGHUP)
        self.wait_for_log(text, before)

    def assert_alive(self) -> None:
        code = self._process.poll()
        assert code is None, f"the host died with {code}; the end of its log:\n{self.log()[-4000:]}"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        if hasattr(self, "session"):
            self.session.close()


class Hosts:
    """The running hosts of one engine."""

    def __init__(self, engine: Engine, log_directory: Path):
        self._engine = engine
        self._log_directory = log_directory
        self._running: dict[tuple, Host] = {}

    def serve(self, app: Path, words: tuple[str, ...], options: dict[str, object]) -> Host:
        """The host for these arguments, started at the first use."""
        key = (app, words, tuple(sorted(options.items())))
        if key not in self._running:
            log_path = self._log_directory / f"{app.name}-{len(self._running)}.log"
            self._running[key] = Host(self._engine, app, log_path, words, options)
        return self._running[key]

    def assert_alive(self) -> None:
        """Fails when a host has died, and forgets it, so that only the test at fault fails."""
        for key, host in list(self._running.items()):
            try:
                host.assert_alive()
            except AssertionError:
                del self._running[key]
                host.stop()
                raise

    def stop(self) -> None:
        for host in self._running.values():
            host.stop()
