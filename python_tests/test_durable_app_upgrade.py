"""Upgrades of apps that live in a durable realm: new modules, and the state that they take over."""

import pytest

from durable import DURABLE_ENGINES, RealmHost, checkpoint, endpoint, options
from hosts import run_host
from written_apps import write_app

FIRST = """
export const state = { count: 0, seen: new Set() };
export const hit = ({ query }) => { state.seen.add(query); return { body: String(++state.count) }; };
"""

SECOND = """
import { keep, kept } from './kept.js';
export const migrate = (old) => { keep(old['main.js'].state); return Object.keys(old).join(); };
export const twice = () => ({ body: `${kept().count *= 2} ${[...kept().seen]}` });
"""

KEPT = "let state; export const keep = (given) => { state = given; }; export const kept = () => state;"


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def app(tmp_path):
    """Writes an app whose endpoints are named as their functions."""

    def write(name: str, modules: dict[str, str], functions: dict[str, str]) -> str:
        endpoints = {f"/{function}": {"post": endpoint(function, module)} for function, module in functions.items()}
        return str(write_app(tmp_path / name, modules, {"endpoints": endpoints}))

    return write


@pytest.fixture
def first(app):
    return app("first", {"main.js": FIRST}, {"hit": "main.js"})


@pytest.fixture
def serve(engine, tmp_path, first):
    """Starts a host that answers from the test's realm."""
    running = []

    def start() -> RealmHost:
        running.append(RealmHost(engine, tmp_path / "realm", "--app", first))
        return running[-1]

    yield start
    for host in running:
        host.kill()


@pytest.fixture
def upgrade(engine, tmp_path):
    """Upgrades the test's realm, which nothing else uses meanwhile."""

    def run(version: str):
        return run_host("realm", "upgrade", *options(engine, tmp_path / "realm"), "--name", "service", version)

    return run


@pytest.mark.parametrize("checkpoints", [False, True], ids=["replayed", "captured"])
def test_a_new_version_takes_over_the_state(serve, upgrade, app, engine, tmp_path, checkpoints):
    host = serve()
    assert [host.send("POST", f"/hit?{turn}").text for turn in range(3)] == ["1", "2", "3"]
    host.kill()
    if checkpoints:
        checkpoint(engine, tmp_path / "realm")
    answer = upgrade(app("second", {"main.js": SECOND, "kept.js": KEPT}, {"twice": "main.js"}))
    assert (answer.exit_code, answer.output) == (0, '"main.js"\n'), answer.errors
    host = serve()
    assert host.send("POST", "/twice").text == "6 0,1,2"
    assert host.send("POST", "/hit").status_code == 404
    host.kill()
    if checkpoints:
        checkpoint(engine, tmp_path / "realm")
    host = serve()
    assert host.send("POST", "/twice").text == "12 0,1,2"
    host.kill()
    # And the next one takes it over from that.
    third = "export const migrate = async (old) => (await null, old['kept.js'].kept().count);"
    answer = upgrade(app("third", {"main.js": f"{third} export const look = () => ({{}});"}, {"look": "main.js"}))
    assert (answer.exit_code, answer.output) == (0, "12\n"), answer.errors


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("export const migrate = () => { throw new Error('not that way'); };", "not that way"),
        ("export const migrate = async () => { await null; throw new Error('not that way'); };", "not that way"),
        ("export const migrate = () => new Promise(() => {});", "pending"),
        ("throw new Error('not that way');", "not that way"),
        ("export const = 1;", "main.js:1:14"),
        ("import './missing.js';", "missing.js"),
    ],
    ids=["throws", "rejects", "pends", "top level", "syntax", "missing"],
)
def test_a_version_that_fails_leaves_the_former_one_running(serve, upgrade, app, source, reason):
    host = serve()
    assert host.send("POST", "/hit?a").text == "1"
    host.kill()
    answer = upgrade(app("second", {"main.js": f"{source} export const look = () => ({{}});"}, {"look": "main.js"}))
    assert answer.exit_code != 0
    assert reason in answer.errors
    assert serve().send("POST", "/hit?b").text == "2"


def test_modules_migrate_in_the_order_of_their_names(serve, upgrade, app):
    serve().kill()
    modules = {
        name: f"import {{ order }} from './order.js'; export const {name[0]} = () => ({{ body: order.join() }});"
        f"export const migrate = () => order.push('{name}');"
        for name in ("c.js", "a.js", "b.js")
    }
    modules["order.js"] = "export const order = []; export const migrate = () => order.push('not an endpoint');"
    answer = upgrade(app("second", modules, {name[0]: name for name in ("c.js", "b.js", "a.js")}))
    assert (answer.exit_code, answer.output) == (0, "3\n"), answer.errors
    assert serve().send("POST", "/b").text == "a.js,b.js,c.js"


def test_a_version_without_migration_begins_anew(serve, upgrade, first):
    host = serve()
    assert host.send("POST", "/hit?a").text == "1"
    host.kill()
    answer = upgrade(first)
    assert (answer.exit_code, answer.output) == (0, "undefined\n"), answer.errors
    assert serve().send("POST", "/hit?b").text == "1"
