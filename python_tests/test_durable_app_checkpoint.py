"""Checkpoints of realms that began with an app: its modules go on as they were, in processes that hash otherwise."""

import pytest

from durable import DURABLE_ENGINES, RealmHost, checkpoint, endpoint, report
from hosts import wait_until
from written_apps import write_app

# Many exports, so that tables of their names have an order that depends on how names are hashed.
NAMES = [f"name_{number}" for number in range(40)]

MODULES = {
    "main.js": """
import { bump, count, Log } from './counter.js';
import * as counter from './counter.js';
import * as all from './all.js';
import { even } from './cycle.js';
let last = null;
const log = new Log();
const started = await Promise.resolve('started');
export const odd = (n) => n !== 0 && even(n - 1);
export function hit(request) {
  last = request.query;
  log.add(bump());
  return { body: { count, last } };
}
export async function look() {
  const late = await import('./late.js');
  return { body: {
    count, seen: counter.count, last, log: log.list(), started,
    names: Object.keys(all), sum: Object.values(all).reduce((a, b) => a + b),
    late: late.next(), same: late.counter === counter, odd: odd(7),
    meta: typeof import.meta, frozen: Object.isSealed(counter),
  } };
}
export async function missing() {
  try { await import('./missing.js'); } catch (error) { return { body: error.message }; }
}
""",
    "counter.js": """
export let count = 0;
export const bump = () => ++count;
export class Log { #items = []; add(item) { this.#items.push({ item }); } list() { return this.#items; } }
""",
    "cycle.js": "import { odd } from './main.js'; export const even = (n) => n === 0 || odd(n - 1);",
    "all.js": "export * from './names.js'; export * from './more.js';",
    "names.js": "".join(f"export const {name} = {number};" for number, name in enumerate(NAMES[:30])),
    "more.js": "".join(f"export const {name} = {number};" for number, name in enumerate(NAMES[30:], 30)),
    "late.js": "import * as counter from './counter.js'; let n = 0; export const next = () => ++n; export { counter };",
}


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def serve(engine, tmp_path):
    """Starts a host that answers from the test's realm with the app."""
    endpoints = {f"/{name}": {"get": endpoint(name)} for name in ("look", "missing")}
    endpoints["/hit"] = {"post": endpoint("hit")}
    app = str(write_app(tmp_path / "app", MODULES, {"endpoints": endpoints}))
    running = []

    def start(*words: str) -> RealmHost:
        running.append(RealmHost(engine, tmp_path / "realm", "--app", app, *words))
        return running[-1]

    yield start
    for host in running:
        host.kill()


def expected(hits: int, looks: int) -> dict:
    return {
        "count": hits,
        "seen": hits,
        "last": f"n={hits}",
        "log": [{"item": item} for item in range(1, hits + 1)],
        "started": "started",
        "names": sorted(NAMES),
        "sum": sum(range(len(NAMES))),
        "late": looks,
        "same": True,
        "odd": True,
        "meta": "object",
        "frozen": True,
    }


@pytest.mark.parametrize("looks_before", [0, 1])
def test_modules_go_on_from_a_checkpoint(serve, engine, tmp_path, looks_before):
    host = serve()
    hits = looks = 0
    for generation in range(3):
        for _ in range(4):
            hits += 1
            assert host.send("POST", f"/hit?n={hits}").json() == {"count": hits, "last": f"n={hits}"}
        for _ in range(looks_before):
            looks += 1
            assert host.send("GET", "/look").json() == expected(hits, looks)
        host.kill()
        said = checkpoint(engine, tmp_path / "realm")
        assert (said["made"], said["turns"]) == (True, hits + looks)
        # The first has the turn that installs the app.
        assert said["replayed"] == 4 + looks_before + (1 if generation == 0 else 0)
        host = serve()
    assert host.send("GET", "/look").json() == expected(hits, looks + 1)
    assert "missing.js" in host.send("GET", "/missing").text
    host.kill()
    said = report(engine, tmp_path / "realm")
    assert said["checkpoint"]["records"] == hits + looks_before * 3 + 1
    assert said["unused_checkpoints"] == []


def test_the_log_of_an_app_stays_short(serve, engine, tmp_path):
    directory = tmp_path / "realm"
    host = serve("--checkpoint-bytes", "4000000")
    hits = 0

    def shortened():
        nonlocal hits
        hits += 1
        assert host.send("POST", f"/hit?n={hits}", data="x" * 200_000).json()["count"] == hits
        return (directory / "log-0000000001").stat().st_size == 0

    wait_until(shortened, "the log was never shortened")
    host.kill()
    # The bundle is in the log no more.
    assert serve().send("GET", "/look").json() == expected(hits, 1)


# What a module may keep a request in, so that it is in no source.
KEPT = {
    "variables": "let q; export const f = () => q; export const look = ({ query }) => { q = query; return {}; };",
    "objects": "const kept = []; export const look = (request) => { kept.push({ q: request.query }); return {}; };",
    "exports": "export let kept; export const look = (request) => { kept = request.query; return {}; };",
    "numbers": "export let kept; export const look = (request) => { kept = request.query.length; return {}; };",
    "closures": "export let f; export const look = ({ query }) => { f = () => query; return {}; };",
}


@pytest.mark.parametrize("case", KEPT)
def test_the_digest_of_a_state_sees_modules(tmp_path, case):
    engine = DURABLE_ENGINES[0]
    modules = {"main.js": "export { look } from './state.js';", "state.js": KEPT[case]}
    app = str(write_app(tmp_path / "app", modules, {"endpoints": {"/look": {"get": endpoint("look")}}}))
    digests = []
    for name, value in [("one", 7), ("same", 7), ("other", 88)]:
        host = RealmHost(engine, tmp_path / name, "--app", app)
        assert host.send("GET", f"/look?value={value}").status_code == 200
        host.kill()
        digests.append(checkpoint(engine, tmp_path / name)["digest"])
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
