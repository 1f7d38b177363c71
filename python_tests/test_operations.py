"""What the host does besides answering: metrics, other files at SIGHUP, restricted tables, processes."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hosts import CONFINED, REPOSITORY, wait_until
from service import Service
from written_apps import GOOD_MODULE, assert_refused, properties, write_app

LOGGING_APP = REPOSITORY / "apps/logging"
NOTHING_YET = {"calls": 0, "errors": 0, "failures": 0, "retries": 0}


# Metrics


def metrics_of(app, method, path):
    response = app.get("/app/api/metrics")
    assert response.status_code == 200, response.text
    entries = [entry for entry in response.json()["metrics"] if (entry["method"], entry["path"]) == (method, path)]
    assert len(entries) <= 1
    return {name: entries[0][name] if entries else 0 for name in NOTHING_YET}


@pytest.fixture
def counted(serve):
    """What the metrics of an endpoint grow by during an action on its host."""

    def run(app, method, path, action):
        app = serve(app)
        before = metrics_of(app, method, path)
        action(app)
        return {name: count - before[name] for name, count in metrics_of(app, method, path).items()}

    return run


def test_metrics_count_calls(counted):
    def call(app):
        for _ in range(3):
            app.get("/fine")
        app.post("/fine")

    assert counted("errors", "GET", "fine", call) == {**NOTHING_YET, "calls": 3}


def test_metrics_are_by_template(counted):
    def call(app):
        for name in ("set", "get"):
            app.get(f"/app/entry/{name}?t")

    assert counted("kv", "GET", "entry/{key}", call)["calls"] == 2


def test_metrics_count_errors(counted):
    grown = counted("kv", "GET", "entry/{key}", lambda app: app.get("/entry/none?no_such_table"))
    assert grown == {**NOTHING_YET, "calls": 1, "errors": 1}


def test_metrics_count_refused_callers(counted):
    path = "log/private/admin_only"
    grown = counted(LOGGING_APP, "POST", path, lambda app: app.post(f"/{path}", json={"id": 1, "msg": "text"}))
    assert grown == {**NOTHING_YET, "calls": 1, "errors": 1}


def test_metrics_count_failures(counted):
    grown = counted("errors", "GET", "case/{name}", lambda app: app.get("/case/error"))
    assert grown == {**NOTHING_YET, "calls": 1, "failures": 1}


def test_metrics_count_retries(counted, table):
    def conflict(app):
        app.post(f"/increment/counter?{table}").raise_for_status()
        answered = threading.Event()

        def overtake():
            with app.new_session() as session:
                while not answered.is_set():
                    session.post(f"{app.url}/increment/counter?{table}", timeout=60)

        with ThreadPoolExecutor(1) as pool:
            overtaking = pool.submit(overtake)
            # It waits at each of its 30 tries until others have committed.
            assert app.post(f"/lag?{table}").status_code == 503
            answered.set()
            overtaking.result()

    assert counted("kv", "POST", "lag", conflict) == {"calls": 1, "errors": 0, "failures": 1, "retries": 29}


def test_metrics_count_built_in_endpoints(counted):
    assert counted("errors", "GET", "commit", lambda app: app.get("/app/commit"))["calls"] == 1


# Built-in endpoints


def test_endpoint_of_the_app_hides_a_built_in_one(serve_alone, tmp_path):
    endpoints = {path: {"get": properties()} for path in ("/commit", "/api", "/api/metrics", "/tx", "/receipt")}
    app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}, {"endpoints": endpoints}))
    assert {app.get(f"/app{path}").text for path in endpoints} == {"fine"}


def test_endpoint_of_the_app_with_another_method_hides_nothing(serve_alone, tmp_path):
    endpoints = {"/commit": {"post": properties()}}
    app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}, {"endpoints": endpoints}))
    assert app.post("/app/commit").text == "fine"
    assert "transaction_id" in app.get("/app/commit").json()


@pytest.mark.parametrize("path", ["/app/api", "/api", "/app/commit", "/app/api/metrics"])
def test_built_in_endpoint_allows_get_only(serve, path):
    app = serve("errors")
    response = app.post(path)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "UnsupportedHttpVerb"
    assert response.headers["allow"] == "OPTIONS, GET"
    response = app.request("OPTIONS", path)
    assert (response.status_code, response.headers["allow"]) == (204, "OPTIONS, GET")


def test_head_of_a_built_in_endpoint_has_no_body(serve):
    response = serve("errors").request("HEAD", "/app/api")
    assert (response.status_code, response.text) == (200, "")


# What the host reads again at SIGHUP


def test_app_is_installed_again(serve_alone, tmp_path):
    app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}))
    (tmp_path / "src/main.js").write_text(GOOD_MODULE.replace("fine", "new"))
    assert app.get("/x").text == "fine"
    app.reload(f"installed {tmp_path} again")
    assert app.get("/x").text == "new"


def test_former_app_serves_on_when_the_new_one_is_wrong(serve_alone, tmp_path):
    app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}))
    (tmp_path / "src/main.js").write_text("\nlet = ;")
    app.reload("the former version keeps serving: main.js:2:")
    assert app.get("/x").text == "fine"
    (tmp_path / "app.json").unlink()
    app.reload("the former version keeps serving: the app")
    assert app.get("/x").text == "fine"


@pytest.fixture
def users(serve_alone, tmp_path):
    return Users(serve_alone, Service(tmp_path))


class Users:
    """A host whose users change."""

    def __init__(self, serve_alone, service):
        self._service = service
        self._file = Path(service.words[service.words.index("--users") + 1])
        self._host = serve_alone(LOGGING_APP, *service.words)

    def status_of_reader(self):
        message = {"id": 1, "msg": "for admins"}
        return self._service.send(self._host, "POST", "/log/private/admin_only", "reader", json=message).status_code

    def change(self, text):
        self._file.write_text(text)
        self._host.reload(f"installed {LOGGING_APP} again")

    def set_reader(self, **reader):
        self.change(json.dumps({self._service.people["reader"].id: reader}))


def test_data_of_a_user_is_read_again(users):
    assert users.status_of_reader() == 403
    users.set_reader(data={"isAdmin": True})
    assert users.status_of_reader() == 200
    users.set_reader(data={"isAdmin": False})
    assert users.status_of_reader() == 403


def test_user_who_is_taken_away_is_a_stranger(users):
    users.set_reader(data={"isAdmin": True})
    users.change("{}")
    assert users.status_of_reader() == 401


def test_former_users_stay_when_the_file_is_wrong(users):
    users.set_reader(data={"isAdmin": True})
    users.change("{")
    assert users.status_of_reader() == 200


# What a single node makes of several


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        ({"forwarding_required": "always"}, 1),
        ({"redirection_strategy": "to_primary"}, 1),
        ({"forwarding_required": "sometimes", "redirection_strategy": "to_backup"}, 1),
        ({"forwarding_required": "never", "redirection_strategy": "none"}, 0),
    ],
    ids=str,
)
def test_wishes_for_other_nodes_are_noted_once(serve_alone, tmp_path, changes, notes):
    endpoints = {path: {"get": properties(**changes), "post": properties(**changes)} for path in ("/x", "/y")}
    app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}, {"endpoints": endpoints}))
    assert app.get("/x").text == "fine"
    assert app.log().count("this host is the only node") == notes


# Restricted tables

RESTRICTIONS = (
    *("--restrict-map", "fixed.=read", "--restrict-map", "closed=none", "--restrict-map", "public:closed=none"),
    *("--restrict-map", "fixed.closed=none", "--restrict-map", "a=b=read"),
)


@pytest.fixture
def restricted(serve):
    return serve("kv", *RESTRICTIONS, return_exception_details="true")


def refusal(response):
    assert response.status_code == 500, response.text
    return response.json()["error"]["details"][0]["message"]


@pytest.mark.parametrize("name", ["open", "fixed", "public:fixed.x", "xclosed", "a"])
def test_other_tables_are_not_restricted(restricted, name):
    assert restricted.request("PUT", f"/entry/key?{name}", data="value").ok
    assert restricted.get(f"/entry/key?{name}").text == "value"


@pytest.mark.parametrize("name", ["fixed.", "fixed.x", "a=b"])
def test_restricted_table_is_only_read(restricted, name):
    message = refusal(restricted.request("PUT", f"/entry/key?{name}", data="value"))
    assert f'Cannot call "set" on table named {name}. This table is read-only' in message
    assert restricted.get(f"/entry/key?{name}").status_code == 404


@pytest.mark.parametrize("name", ["closed", "closed2", "public:closed", "fixed.closed"])
def test_restricted_table_is_not_read_either(restricted, name):
    message = refusal(restricted.get(f"/entry/key?{name}"))
    assert f'Cannot call "get" on table named {name}. This table is inaccessible' in message


def test_refusal_gives_the_reason_of_the_host(restricted):
    message = refusal(restricted.get("/entry/key?closed2"))
    assert message.endswith("The host restricts tables whose names begin with 'closed'.")


@pytest.mark.parametrize("text", ["table", "table=", "table=write", "=", "table=read="])
def test_restriction_that_is_none(call_app, text):
    assert_refused(call_app("kv", "GET", "/entry/key?t", "--restrict-map", text), "--restrict-map", "read", "none")


# Processes

STARTER = """
export function handler(request) {
  const { words, input } = request.body.json();
  return { body: String(ccf.host.triggerSubprocess(words, input === undefined ? undefined : ccf.strToBuf(input))) };
}
"""


@pytest.fixture
def start(serve, tmp_path_factory):
    """Starts a process on the host; gives the response."""
    # One folder for all tests, so that they share a host.
    directory = tmp_path_factory.getbasetemp() / "starter"
    if not directory.exists():
        directory.mkdir()
        write_app(directory, {"main.js": STARTER}, {"endpoints": {"/start": {"post": properties()}}})

    def run(*words, allowed=True, **more):
        if CONFINED and allowed:
            pytest.skip("a confined thread starts no process")
        flags = ("--allow-subprocesses",) if allowed else ()
        app = serve(directory, *flags, subprocesses="on", return_exception_details="true")
        return app.post("/start", json={"words": words, **more})

    return run


@pytest.fixture
def output_of(start, tmp_path):
    """Runs a script of the shell on the host; gives what it wrote to its file."""

    def run(script, **more):
        file = tmp_path / "output"
        # The file is there when it is complete.
        words = ("/bin/sh", "-c", f'{{ {script}; }} > "$1.part" && mv "$1.part" "$1"', "sh", str(file))
        response = start(*words, **more)
        assert (response.status_code, response.text) == (200, "undefined")
        wait_until(file.exists, "the process has not ended")
        return file.read_text()

    return run


@pytest.mark.parametrize("text", ["", "häß\n\0", "x" * 1000000], ids=["empty", "text", "long"])
def test_process_reads_the_input(output_of, text):
    assert output_of("cat", input=text) == text


def test_process_without_input_reads_nothing(output_of):
    assert output_of("cat") == ""


def test_words_are_not_read_by_a_shell(start, tmp_path):
    name = "a; $(b) *'\""
    assert start("touch", str(tmp_path / name)).ok
    wait_until((tmp_path / name).exists, "the process has not ended")


def test_process_has_no_files_of_the_host(output_of):
    # The shell has opened what it writes to, and keeps its former output under a number from 10.
    shown = output_of('for number in 0 2; do readlink "/proc/$$/fd/$number"; done; ls "/proc/$$/fd"').split()
    assert shown[:2] == ["/dev/null", "/dev/null"]
    assert {int(number) for number in shown[2:] if int(number) < 10} == {0, 1, 2}
    assert len(shown[2:]) <= 4


def test_process_has_signals_as_usual(output_of):
    lines = output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status").splitlines()
    # The C library keeps the signals from 32 for itself.
    assert [int(line.split()[1], 16) % (1 << 31) for line in lines] == [0, 0]


def test_process_is_gone_when_it_has_ended(output_of):
    process = Path("/proc", output_of("echo $$").strip())
    wait_until(lambda: not process.exists(), "the process is kept after its end")


def test_host_does_not_wait_for_the_process(start, tmp_path):
    # It ends when the test lets it, which the test does after the host has answered.
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    assert start("/bin/sh", "-c", 'cat "$1" > "$1.read.part" && mv "$1.read.part" "$1.read"', "sh", str(gate)).ok
    gate.write_text("go on")
    result = tmp_path / "gate.read"
    wait_until(result.exists, "the process has not ended")
    assert result.read_text() == "go on"


def test_program_that_does_not_exist(start):
    message = refusal(start("/no/such/program"))
    assert message.endswith("Unable to launch host process: No such file or directory")


def test_words_with_a_nul_character(start):
    assert "Unable to launch host process: an argument has a NUL character" in refusal(start("touch", "a\0b"))


def test_host_that_does_not_allow_processes(start, tmp_path):
    assert "Unable to launch host process" in refusal(start("touch", str(tmp_path / "file"), allowed=False))
    assert not (tmp_path / "file").exists()


def test_processes_need_the_option_of_the_engine(serve, tmp_path):
    source = "export const handler = () => ({ body: typeof ccf.host });\n"
    app = serve(write_app(tmp_path, {"main.js": source}), "--allow-subprocesses")
    assert app.get("/x").text == "undefined"
