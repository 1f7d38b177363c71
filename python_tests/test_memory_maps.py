"""Executable memory: without machine code there is none but what the libraries' files hold."""

import re
import subprocess
import time

import pytest

from hosts import HOST_PROGRAM, TEST_APPS, arguments

# What the kernel gives each process.
OF_THE_KERNEL = {"[vdso]", "[vsyscall]"}
LINE = re.compile(r"(?P<place>\S+) (?P<protection>\S{4}) \S+ \S+ \S+ *(?P<file>.*)")
ROUNDS = 20


@pytest.fixture
def compiles(engine):
    """Whether the engine makes machine code while it runs."""
    return engine.name.startswith("jsv8") and "jit=off" not in engine.options


def executable(maps):
    """The executable parts of a process, by place, protection and file."""
    parts = [LINE.fullmatch(line).groups() for line in maps.splitlines()]
    return {part for part in parts if "x" in part[1]}


def assert_only_files(parts):
    for place, protection, file in parts:
        assert "w" not in protection, f"{place} {file} is writable and executable"
        assert file.startswith("/") or file in OF_THE_KERNEL, f"{place} is executable and of no file"


def test_nothing_is_writable_and_executable_at_any_time(engine, compiles):
    if compiles:
        pytest.skip("V8 makes its machine code in memory that stays writable")
    command = [str(HOST_PROGRAM), "call", *arguments(engine, TEST_APPS / "errors", {}), "GET", "/case/garbage"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    looks = 0
    files = set()
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/maps") as maps:
                parts = executable(maps.read())
        except ProcessLookupError:
            break
        assert_only_files(parts)
        files |= {file for _, _, file in parts}
        looks += 1
        time.sleep(0.001)
    output = process.communicate()[0]
    assert output.startswith(b"HTTP/1.1 200 ")
    assert looks > 1
    assert str(engine.library) in files


def test_nothing_becomes_executable_after_the_install(serve, compiles):
    if compiles:
        pytest.skip("V8 makes machine code while it runs")
    app = serve("errors")
    before = executable(app.memory_maps())
    assert_only_files(before)
    for _ in range(ROUNDS):
        app.get("/fine").raise_for_status()
        assert app.get("/case/error").status_code == 500
    assert executable(app.memory_maps()) == before
