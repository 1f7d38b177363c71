"""What installs make is kept in a directory, and used by later starts only if nothing about it has changed."""

import json
import random
import shutil
import stat

import pytest

from hosts import TEST_APPS, V8, arguments, run_host
from written_apps import assert_refused, write_app

CAPTURED = TEST_APPS / "isolation"
EVALUATED = TEST_APPS / "clock"
FLIPS = 40

KEEPS_STATE = """
const map = new Map([["a", 1], [Symbol.for("s"), 2], [{}, 3]]);
const set = new Set(Array.from({ length: 100 }, (_, number) => `k${number}`));
const key = {};
const weak = new WeakMap([[key, 7]]);
const many = {};
for (let number = 0; number < 3000; number++) many[`p${number}`] = number;
delete many.p7;
let one = 1;
export function handler() {
  const missing = Array.from({ length: 3000 }, (_, number) => number).filter((number) => many[`p${number}`] !== number);
  const found = [map.get("a"), map.get(Symbol.for("s")), set.has("k99"), weak.get(key), eval("one")];
  return { body: { missing, found } };
}
"""


@pytest.fixture
def v8(engine):
    if engine.library != V8:
        pytest.skip("this library stores nothing")
    return engine


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def report(engine, app, cache, *words, **options):
    """The report after an install: counts of the cache, and whether the app came from there."""
    answer = run_host("report", *arguments(engine, app, options), "--cache", str(cache), *words)
    assert answer.exit_code == 0, answer.errors
    registry = json.loads(answer.output)["registry"]
    return registry["cache"], registry["realms"].get("from_cache", False)


def count(**counts):
    return {"used": 0, "missing": 0, "ignored": 0, "stored": 0, "not_stored": 0, **counts}


FIRST = (count(missing=1, stored=1), False)
SECOND = (count(used=1), True)
REPLACED = (count(ignored=1, stored=1), False)


@pytest.mark.parametrize("app", [CAPTURED, EVALUATED], ids=["captured", "evaluated"])
def test_second_start_uses_the_cache(v8, cache, app):
    if app == EVALUATED and any(option in v8.options for option in ("realm=2", "realm=4")):
        pytest.skip("the app can't be installed with this option")
    assert report(v8, app, cache) == FIRST
    assert report(v8, app, cache) == SECOND


def test_install_from_the_cache_needs_no_time(v8, cache):
    no_time = {"max_execution_time_ms": 0}
    answer = run_host("report", *arguments(v8, CAPTURED, no_time), "--cache", str(cache))
    assert_refused(answer, "interrupted")
    assert report(v8, CAPTURED, cache) == FIRST
    assert report(v8, CAPTURED, cache, **no_time) == SECOND


def test_state_is_the_same_in_another_process(v8, cache, tmp_path):
    app = write_app(tmp_path / "app", {"main.js": KEEPS_STATE})
    expected = {"missing": [7], "found": [1, 2, True, 7, 1]}
    for _ in range(3):
        answer = run_host("call", *arguments(v8, app, {}), "--cache", str(cache), "GET", "/x")
        assert json.loads(answer.body) == expected


def test_each_flipped_byte_is_survived(v8, cache):
    report(v8, CAPTURED, cache)
    (entry,) = cache.iterdir()
    content = entry.read_bytes()
    places = [*range(0, 48, 8), *random.Random(1).sample(range(len(content)), FLIPS), len(content) - 1]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        entry.write_bytes(changed)
        assert report(v8, CAPTURED, cache) == REPLACED, place
    assert report(v8, CAPTURED, cache) == SECOND


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(100_000)], ids=["empty", "garbage", "zeros"])
def test_entry_that_is_none(v8, cache, content):
    report(v8, CAPTURED, cache)
    (entry,) = cache.iterdir()
    entry.write_bytes(content)
    assert report(v8, CAPTURED, cache) == REPLACED
    assert report(v8, CAPTURED, cache) == SECOND


@pytest.mark.parametrize("length", [10, 48, 1000, -1])
def test_entry_that_is_cut(v8, cache, length):
    report(v8, CAPTURED, cache)
    (entry,) = cache.iterdir()
    entry.write_bytes(entry.read_bytes()[:length])
    assert report(v8, CAPTURED, cache) == REPLACED


def test_other_options_and_apps_have_entries_of_their_own(v8, cache):
    assert report(v8, CAPTURED, cache) == FIRST
    assert report(v8, CAPTURED, cache, max_heap_bytes=50 << 20) == FIRST
    assert report(v8, CAPTURED, cache, subprocesses="on") == FIRST
    assert report(v8, TEST_APPS / "kv", cache) == FIRST
    assert len(list(cache.iterdir())) == 4
    assert report(v8, CAPTURED, cache) == SECOND


def test_other_mode_has_an_entry_of_its_own(v8, cache):
    other = "on" if "jit=off" in v8.options else "off"
    assert report(v8, CAPTURED, cache) == FIRST
    assert report(v8, CAPTURED, cache, jit=other) == FIRST
    assert report(v8, CAPTURED, cache) == SECOND


def test_other_version_of_an_app_has_an_entry_of_its_own(v8, cache, tmp_path):
    source = "export function handler() { return { body: 'one' }; }"
    one = write_app(tmp_path / "one", {"main.js": source})
    two = write_app(tmp_path / "two", {"main.js": source.replace("one", "two")})
    for app, body in ((one, "one"), (two, "two"), (one, "one"), (two, "two")):
        answer = run_host("call", *arguments(v8, app, {}), "--cache", str(cache), "GET", "/x")
        assert answer.body == body
    assert len(list(cache.iterdir())) == 2


def test_entry_of_another_app_is_not_used(v8, cache, tmp_path):
    report(v8, CAPTURED, cache)
    (entry,) = cache.iterdir()
    other = tmp_path / "other"
    report(v8, TEST_APPS / "kv", other)
    (other_entry,) = other.iterdir()
    shutil.copy(entry, other_entry)
    assert report(v8, TEST_APPS / "kv", other) == REPLACED


def test_entry_counts_only_under_its_secret(v8, cache, tmp_path):
    secrets = []
    for name in ("one", "two"):
        secret = tmp_path / name
        secret.write_bytes(random.Random(name).randbytes(32))
        secrets.append(("--cache-secret", str(secret)))
    assert report(v8, CAPTURED, cache, *secrets[0]) == FIRST
    assert report(v8, CAPTURED, cache, *secrets[0]) == SECOND
    assert report(v8, CAPTURED, cache, *secrets[1]) == REPLACED
    assert report(v8, CAPTURED, cache) == REPLACED


def test_directory_that_can_not_be_written(v8, cache):
    cache.mkdir()
    # The key's file can't be made where a directory of that name is, whoever the user is.
    report(v8, CAPTURED, cache)
    (entry,) = cache.iterdir()
    entry.unlink()
    entry.mkdir()
    (entry / "full").touch()
    cache.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert report(v8, CAPTURED, cache) == (count(missing=1, not_stored=1), False)
    finally:
        cache.chmod(stat.S_IRWXU)


def test_apps_of_one_process_keep_apart(v8, cache, serve_alone, tmp_path):
    sources = {name: KEEPS_STATE.replace("7]", f"{number}]") for number, name in enumerate("ab")}
    apps = {name: write_app(tmp_path / name, {"main.js": source}) for name, source in sources.items()}
    for _ in range(2):
        host = serve_alone(apps["a"], "--cache", str(cache), "--custom-endpoints", "anyone")
        for number, name in ((1, "b"), (0, "a"), (1, "b")):
            bundle = {
                "metadata": json.loads((apps[name] / "app.json").read_text()),
                "modules": [{"name": "main.js", "module": (apps[name] / "src/main.js").read_text()}],
            }
            host.request("PUT", "/app/custom_endpoints", json=bundle).raise_for_status()
            assert host.get("/x").json() == {"missing": [7], "found": [1, 2, True, number, 1]}


def test_library_that_stores_nothing_accepts_a_cache(engine, cache):
    if engine.library == V8:
        pytest.skip("this library stores")
    assert report(engine, CAPTURED, cache) == (count(), False)
    assert list(cache.iterdir()) == []


def test_secret_needs_a_cache_and_content(engine, cache, tmp_path):
    secret = tmp_path / "secret"
    secret.touch()
    words = arguments(engine, CAPTURED, {})
    assert run_host("report", *words, "--cache-secret", str(secret)).exit_code > 0
    answer = run_host("report", *words, "--cache", str(cache), "--cache-secret", str(secret))
    assert answer.exit_code > 0
    assert "is empty" in answer.errors
