"""Fixtures of the end-to-end suite: every test runs on every engine."""

import itertools
import tomllib
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest

import poison
from hosts import ENGINES, HOST_PROGRAM, TEST_APPS, Engine, Hosts, call
from service import Service

INSTALL_MILLISECONDS = 10_000
IMPATIENT_MILLISECONDS = 300
DIFFERENCES = Path(__file__).resolve().parent / "expected_differences.toml"


@pytest.fixture(scope="session", params=ENGINES, ids=lambda engine: engine.name)
def engine(request) -> Engine:
    for needed in (HOST_PROGRAM, request.param.library):
        if not needed.exists():
            pytest.fail(f"{needed} is missing; build it first, or say with JSEP_BUILD where it is")
    return request.param


@pytest.fixture(scope="session")
def hosts(engine, tmp_path_factory):
    running = Hosts(engine, tmp_path_factory.mktemp(engine.name))
    yield running
    running.stop()


@pytest.fixture
def serve(hosts):
    """Gives a running host for an app (a name below `apps`, or a directory) and options; it must outlive the test."""

    def start(app, *words, **options):
        return hosts.serve(TEST_APPS / app, words, options)

    yield start
    hosts.assert_alive()


@pytest.fixture
def serve_alone(engine, tmp_path_factory):
    """Like `serve`, for tests that change their host: it is no other test's."""
    hosts = Hosts(engine, tmp_path_factory.mktemp("alone"))

    def start(app, *words, **options):
        return hosts.serve(TEST_APPS / app, words, options)

    yield start
    hosts.assert_alive()
    hosts.stop()


@pytest.fixture
def serve_impatient(serve):
    """Like `serve`, with a short limit of time; the install may take longer, as it does on a busy machine."""

    def start(app, **options):
        host = serve(app, "--custom-endpoints", "anyone", max_execution_time_ms=INSTALL_MILLISECONDS, **options)
        limit = {"max_execution_time_ms": IMPATIENT_MILLISECONDS}
        host.request("PATCH", "/app/custom_endpoints/runtime_options", json=limit).raise_for_status()
        return host

    return start


@pytest.fixture
def call_app(engine):
    """Runs one request of an app in a process of its own."""

    def run(app, method, path, *words, **options):
        return call(engine, TEST_APPS / app, method, path, *words, **options)

    return run


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Service:
    return Service(tmp_path_factory.mktemp("service"))


@pytest.fixture
def serve_secure(serve, service):
    """Serves an app over TLS to the people of `service`; gives a function that sends a request as one of them."""

    def start(app, **options):
        return partial(service.send, serve(app, *service.words, **options))

    return start


_numbers = itertools.count(1)


@pytest.fixture
def table() -> str:
    """Name of a table that no other test uses."""
    return f"table{next(_numbers)}"


def pytest_collection_modifyitems(config, items):
    """Turns listed differences into strictly expected failures, and refuses entries that match no test."""
    differences = tomllib.loads(DIFFERENCES.read_text())["difference"]
    whole_files = not any("::" in argument for argument in config.args)
    collected_files = {item.path.name for item in items}
    for difference in differences:
        pattern = difference["test"]
        matches = [
            (item, engine)
            for item in items
            for engine in difference["engines"]
            if fnmatchcase(f"{item.path.name}::{item.originalname}", pattern)
            and difference.get("case", "") in item.name
            and _runs_on(item, engine)
        ]
        if not matches and whole_files and pattern.partition("::")[0] in collected_files:
            raise pytest.UsageError(f"{DIFFERENCES.name}: no test matches {pattern!r}")
        for item, _ in matches:
            item.add_marker(pytest.mark.xfail(reason=difference["reason"], strict=True))


def _runs_on(item, engine: str) -> bool:
    parameters = getattr(item, "callspec", None)
    return parameters is not None and "engine" in parameters.params and parameters.params["engine"].name == engine


def pytest_sessionfinish(session):
    """Fails a run whose poison was always excused."""
    if missing := poison.ends_without_effect():
        print(f"\nnever took effect: {', '.join(missing)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
