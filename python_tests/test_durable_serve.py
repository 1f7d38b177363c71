"""Apps and scripts that answer requests from a durable realm: what their answers promise."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from durable import DURABLE_ENGINES, RealmHost, endpoint, fault, verify
from hosts import run_host, wait_until
from written_apps import write_app

MODULE = """
import { shown } from './shown.js';
let count = 0;
const seen = [];
export const hit = () => ({ body: String(++count) });
export const look = () => ({ body: String(count) });
export const keep = (request) => {
  seen.push(request.body.arrayBuffer());
  return { statusCode: 201, body: seen.at(-1) };
};
export const kept = (request) => ({ body: seen[Number(request.params.index)] });
export const fail = () => { count = 1000; throw new Error('no'); };
export const spin = () => { count = 1000; for (;;); };
export const bad = () => { count = 1000; return 7; };
export const write = () => { ccf.kv['public:t'].set(ccf.strToBuf('k'), ccf.strToBuf('v')); return {}; };
export const echo = (request) => ({
  headers: { 'x-method': request.method, 'x-request': request.headers['x-given'] ?? 'none' },
  body: { query: request.query, path: request.path, params: request.params, caller: request.caller, shown },
});
"""

SCRIPT = """
let count = 0;
async function handleRequest(request, response) {
  await null;
  if (request.uri === '/missing') return;
  response.statusCode = request.url.startsWith('/made') ? 201 : 200;
  response.headers = { 'x-method': request.method, 'x-given': request.headers['x-given'] ?? 'none' };
  response.body = request.method === 'PUT' ? request.bytes() : `${++count} ${request.body}`;
}
"""


ENDPOINTS = {
    "/hit": {"post": endpoint("hit"), "patch": endpoint("hit")},
    "/look": {"get": endpoint("look")},
    "/keep": {"post": endpoint("keep")},
    "/kept/{index}": {"get": endpoint("kept")},
    "/fail": {"post": endpoint("fail")},
    "/spin": {"post": endpoint("spin")},
    "/bad": {"post": endpoint("bad")},
    "/write": {"post": endpoint("write")},
    "/echo/{name}": {"get": endpoint("echo")},
    "/users": {"get": endpoint("echo", policies=("jwt",))},
}


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def app(tmp_path):
    modules = {"main.js": MODULE, "shown.js": "export const shown = 'imported';"}
    return ("--app", str(write_app(tmp_path / "app", modules, {"endpoints": ENDPOINTS})))


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.js"
    path.write_text(SCRIPT)
    return ("--script", str(path))


@pytest.fixture
def serve(engine, tmp_path):
    """Starts a host that answers from the test's realm."""
    running = []

    def start(*words: str, **settings) -> RealmHost:
        running.append(RealmHost(engine, tmp_path / "realm", *words, **settings))
        return running[-1]

    yield start
    for host in running:
        host.kill()


def test_what_a_module_keeps_survives_a_kill(serve, app):
    host = serve(*app)
    answers = []
    for _ in range(3):
        answers += [host.send("POST", "/hit").text for _ in range(4)]
        host.kill()
        host = serve(*app)
    assert answers == [str(number) for number in range(1, 13)]
    assert host.send("GET", "/look").text == "12"


def test_a_realm_goes_on_with_the_app_in_its_log(serve, app, tmp_path):
    host = serve(*app)
    assert host.send("POST", "/hit").text == "1"
    host.kill()
    (tmp_path / "app" / "src" / "main.js").write_text("export const hit = () => ({ body: 'another app' });")
    assert serve(*app).send("POST", "/hit").text == "2"


def test_an_endpoint_gets_the_request_that_it_knows(serve, app):
    host = serve(*app)
    answer = host.send("GET", "/app/echo/a%20b?x=1&y=%C3%A4", headers={"X-Given": "yes"})
    assert (answer.headers["x-method"], answer.headers["x-request"]) == ("GET", "yes")
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["query"], body["path"], body["params"]) == ("x=1&y=ä", "/app/echo/a%20b", {"name": "a%20b"})
    assert (body["caller"]["policy"], body["shown"]) == ("no_auth", "imported")


def test_bodies_of_any_bytes_are_kept(serve, app):
    body = bytes(range(256)) * 4096
    host = serve(*app)
    answer = host.send("POST", "/keep", data=body)
    assert (answer.status_code, answer.content == body) == (201, True)
    host.kill()
    assert serve(*app).send("GET", "/kept/0").content == body


def test_head_patch_and_unknown_methods(serve, app):
    host = serve(*app)
    assert host.send("PATCH", "/hit").text == "1"
    head = host.send("HEAD", "/look")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "1")
    refused = host.send("DELETE", "/hit")
    assert (refused.status_code, sorted(refused.headers["allow"].split(", "))) == (405, ["OPTIONS", "PATCH", "POST"])
    assert host.send("OPTIONS", "/hit").status_code == 204
    assert host.send("GET", "/nowhere").status_code == 404


def test_policies_hold(serve, app):
    host = serve(*app)
    assert host.send("GET", "/users").status_code == 401


def test_turns_of_many_clients_do_not_overlap(serve, app, engine, tmp_path):
    host = serve(*app)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: int(host.send("POST", "/hit").text), range(80)))
    assert sorted(answers) == list(range(1, 81))
    host.kill()
    assert verify(engine, tmp_path / "realm")["turns"] == {"service": 80}


def test_a_retry_gets_the_stored_answer(serve, app):
    host = serve(*app)
    first = host.send("POST", "/hit", headers={"Idempotency-Key": "a"})
    again = host.send("POST", "/hit", headers={"idempotency-key": "a"})
    assert (first.text, again.text, again.headers["content-type"]) == ("1", "1", "text/plain")
    host.kill()
    host = serve(*app)
    assert host.send("POST", "/hit", headers={"Idempotency-Key": "a"}).text == "1"
    assert host.send("POST", "/hit", headers={"Idempotency-Key": "b"}).text == "2"


def test_a_key_belongs_to_its_request(serve, app):
    host = serve(*app)
    assert host.send("POST", "/hit", headers={"Idempotency-Key": "a"}).text == "1"
    assert host.send("PATCH", "/hit", headers={"Idempotency-Key": "a"}).text == "2"
    assert host.send("POST", "/hit", headers={"Idempotency-Key": "a" * 256}).status_code == 400


@pytest.mark.parametrize("path", ["/fail", "/bad", "/spin", "/write"])
def test_a_handler_that_fails_leaves_no_trace(serve, app, path):
    host = serve(*app, "--option", "max_execution_time_ms=300")
    assert host.send("POST", "/hit").text == "1"
    answer = host.send("POST", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalError")
    assert host.send("POST", "/hit").text == "2"
    host.kill()
    assert serve(*app).send("GET", "/look").text == "2"


def test_with_commit_a_handler_that_throws_keeps_what_it_did(serve, app):
    host = serve(*app, "--on-throw", "commit")
    keyed = {"Idempotency-Key": "a"}
    assert [host.send("POST", "/fail", headers=keyed).status_code for _ in range(2)] == [500, 500]
    host.kill()
    assert serve(*app, "--on-throw", "commit").send("POST", "/hit").text == "1001"


def test_a_failing_sync_answers_nothing_and_stops_the_realm(serve, app):
    host = serve(*app, environment=fault(41, "error"))
    answers = []
    while len(answers) < 40:
        try:
            answer = host.send("POST", "/hit")
        except requests.ConnectionError:
            break
        if answer.status_code == 503:
            break
        answers.append(int(answer.text))
    assert answers == list(range(1, len(answers) + 1))
    assert len(answers) < 40
    assert host.send("GET", "/look").status_code == 503
    host.kill()
    count = int(serve(*app).send("GET", "/look").text)
    assert count in (len(answers), len(answers) + 1)


def test_a_script_answers_requests(serve, script):
    host = serve(*script)
    answer = host.send("POST", "/made?x=1", data="ä", headers={"X-Given": "yes"})
    assert (answer.status_code, answer.content.decode()) == (201, "1 ä")
    assert (answer.headers["x-method"], answer.headers["x-given"]) == ("POST", "yes")
    host.kill()
    host = serve(*script)
    assert host.send("GET", "/").text == "2 "
    body = bytes(range(256)) * 4096
    assert host.send("PUT", "/", data=body).content == body


def test_a_script_has_checkpoints_made(serve, script, engine, tmp_path):
    host = serve(*script, "--checkpoint-bytes", "20000")
    sent = 0

    def made():
        nonlocal sent
        sent += 1
        assert host.send("POST", "/", data="x" * 2000).text.startswith(f"{sent} ")
        return any((tmp_path / "realm").glob("checkpoint-*-[ab]"))

    wait_until(made, "no checkpoint was made")
    host.kill()
    host = serve(*script)
    assert host.send("GET", "/").text == f"{sent + 1} "
    host.kill()
    assert verify(engine, tmp_path / "realm")["checkpoints"]["service"]["whole"]


def test_a_script_without_a_status_answers_a_fixed_page(serve, script):
    answer = serve(*script).send("GET", "/missing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Not Found" in answer.text


def test_an_app_that_cannot_be_used_is_refused_with_its_place(engine, tmp_path):
    endpoints = {"/hit": {"post": endpoint("hit")}}
    folder = str(write_app(tmp_path / "app", {"main.js": "export const hit = ;"}, {"endpoints": endpoints}))
    words = ["serve", "--plugin", str(engine.library), "--realm", str(tmp_path / "realm"), "--app", folder]
    answer = run_host(*words)
    assert answer.exit_code == 2
    assert "main.js:1:20" in answer.errors
    assert verify(engine, tmp_path / "realm")["turns"] == {}


def test_options_that_mean_nothing_here_are_refused(tmp_path, app):
    words = ["serve", "--plugin", str(DURABLE_ENGINES[0].library), "--realm", str(tmp_path / "realm")]
    assert "--realm needs either --app or --script" in run_host(*words).errors
    assert "do not go with --realm" in run_host(*words, *app, "--store", str(tmp_path / "store")).errors
