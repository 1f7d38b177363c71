"""New versions of an app and other limits over HTTP, while the app serves."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import poison
from hosts import DEFAULT_OPTIONS
from service import Service
from written_apps import GOOD_MODULE, properties, write_app

APP_PATH = "/app/custom_endpoints"
OPTIONS_PATH = f"{APP_PATH}/runtime_options"


@pytest.fixture
def first_app(tmp_path):
    return write_app(tmp_path, {"main.js": GOOD_MODULE})


@pytest.fixture
def app(serve_alone, first_app):
    """A host of this test, whose operator anyone may be."""
    return serve_alone(first_app, "--custom-endpoints", "anyone")


@pytest.fixture
def limited(serve):
    """A host whose options are the same again after each test."""
    app = serve("errors", "--custom-endpoints", "anyone")
    yield app
    patch(app, dict.fromkeys(DEFAULT_OPTIONS))


def bundle(source, name="main.js", **endpoints):
    endpoints = endpoints or {"x": {"get": properties()}}
    paths = {f"/{path}": methods for path, methods in endpoints.items()}
    return {"metadata": {"endpoints": paths}, "modules": [{"name": name, "module": source}]}


def saying(text):
    return f"export const handler = () => ({{ body: {json.dumps(text)} }});\n"


def install(app, what):
    response = app.request("PUT", APP_PATH, json=what)
    assert response.status_code == 204, response.text
    assert response.text == ""


def assert_invalid(response, *parts):
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["code"] == "InvalidInput"
    assert [part for part in parts if part not in error["message"]] == [], error["message"]


# Installs


def test_installed_app_serves(app):
    assert app.get("/x").text == "fine"
    install(app, bundle(saying("new")))
    assert app.get("/x").text == "new"


def test_former_endpoints_are_gone(app):
    install(app, bundle(saying("new"), y={"get": properties()}))
    assert app.get("/y").text == "new"
    assert app.get("/x").status_code == 404


def test_data_stays(serve_alone, tmp_path):
    write = "export const handler = () => { ccf.kv.t.set(new ArrayBuffer(1), new ArrayBuffer(2)); return {}; };\n"
    directory = write_app(tmp_path, {"main.js": write}, {"endpoints": {"/x": {"post": properties(mode="readwrite")}}})
    app = serve_alone(directory, "--custom-endpoints", "anyone")
    assert app.post("/x").ok
    install(app, bundle("export const handler = () => ({ body: ccf.kv.t.size });\n"))
    assert app.get("/x").json() == 1


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ('{"metadata":\n?', ["bundle:2:1", "JSON"]),
        ("", ["bundle"]),
        ("[]", ["bundle"]),
        (json.dumps({"metadata": {"endpoints": {}}}), ["modules"]),
        (json.dumps(bundle("let = ;")), ["main.js:1:", "Failed to compile module 'main.js'"]),
        (json.dumps(bundle(GOOD_MODULE + "throw new Error('at once');")), ["Failed to execute main.js", "at once"]),
        (json.dumps(bundle("export const other = 1;")), ["Failed to find export 'handler' in module 'main.js'"]),
        (
            json.dumps(bundle(GOOD_MODULE, x={"get": properties(mode="sometimes")})),
            ['metadata.endpoints["/x"]["get"].mode'],
        ),
    ],
    ids=["json", "empty", "array", "modules", "syntax", "top_level", "export", "mode"],
)
def test_former_app_serves_on_when_an_install_fails(app, body, parts):
    before = app.get(APP_PATH).json()
    assert_invalid(app.request("PUT", APP_PATH, data=body), *parts)
    assert app.get("/x").text == "fine"
    assert app.get(APP_PATH).json() == before


def test_running_request_ends_in_the_version_that_it_began_in(serve_alone, tmp_path):
    # It goes on when somebody has written, which only the next version can.
    wait = """
    export function handler() {
      const { seqno } = ccf.consensus.getLastCommittedTxId();
      console.log("waiting");
      while (ccf.consensus.getStatusForTxId(2, seqno + 1) === "Unknown") {}
      return { body: "former" };
    }
    """
    write = "export const handler = () => { ccf.kv.t.set(new ArrayBuffer(1), new ArrayBuffer(2)); return {}; };\n"
    directory = write_app(tmp_path, {"main.js": wait})
    app = serve_alone(directory, "--custom-endpoints", "anyone", max_execution_time_ms=15000)
    with ThreadPoolExecutor(1) as pool, app.new_session() as session:
        running = pool.submit(session.get, f"{app.url}/x", timeout=20)
        app.wait_for_log("waiting")
        install(app, bundle(write, y={"post": properties(mode="readwrite")}))
        assert app.get("/x").status_code == 404
        assert app.post("/y").ok
        assert running.result().text == "former"


def test_what_is_installed_is_shown(app):
    given = bundle(saying("new"), "/folder//main.js", x={"get": properties(js_module="folder/main.js")})
    install(app, given)
    assert app.get(APP_PATH).json() == {
        "metadata": {"endpoints": {"/x": {"GET": properties(js_module="folder/main.js")}}},
        "modules": [{"name": "/folder/main.js", "module": saying("new")}],
    }


@pytest.mark.skipif(poison.IS_ON, reason="there it has one endpoint more")
def test_app_of_the_start_is_shown(app):
    assert app.get(APP_PATH).json() == {
        "metadata": {"endpoints": {"/x": {"GET": properties()}}},
        "modules": [{"name": "/main.js", "module": GOOD_MODULE}],
    }


def test_what_is_shown_can_be_installed(app):
    install(app, bundle(saying("new"), y={"get": properties()}))
    shown = app.get(APP_PATH).json()
    install(app, bundle(GOOD_MODULE))
    install(app, shown)
    assert app.get("/y").text == "new"
    assert app.get(APP_PATH).json() == shown


def test_document_is_that_of_the_installed_app(app):
    install(app, bundle(saying("new"), y={"get": properties()}))
    assert list(app.get("/app/api").json()["paths"]) == ["/y"]


# Operators


OPERATIONS = [("GET", APP_PATH), ("PUT", APP_PATH), ("GET", OPTIONS_PATH), ("PATCH", OPTIONS_PATH)]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_there_are_no_operators_unless_the_host_says_so(serve, method, path):
    assert serve("errors").request(method, path).status_code == 404


@pytest.mark.parametrize("person", [None, "stranger"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operators_may_have_to_be_users(serve_secure_alone, method, path, person):
    send = serve_secure_alone("errors", "--custom-endpoints", "users")
    response = send(method, path, person, json={})
    assert response.status_code == 401
    assert response.json()["error"]["details"][0]["auth_policy"] == "user_cert"


def test_users_may_be_operators(serve_secure_alone):
    send = serve_secure_alone("errors", "--custom-endpoints", "users")
    assert send("PATCH", OPTIONS_PATH, "reader", json={}).json() == DEFAULT_OPTIONS
    assert send("PUT", APP_PATH, "reader", json=bundle(saying("new"))).status_code == 204
    assert send("GET", "/x").text == "new"


@pytest.fixture
def serve_secure_alone(serve_alone, tmp_path):
    service = Service(tmp_path)

    def start(app, *words):
        host = serve_alone(app, *service.words, *words)
        return lambda *request, **keywords: service.send(host, *request, **keywords)

    return start


@pytest.mark.parametrize(("path", "methods"), [(APP_PATH, {"GET", "PUT"}), (OPTIONS_PATH, {"GET", "PATCH"})])
def test_other_methods_are_not_allowed(limited, path, methods):
    response = limited.post(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"OPTIONS", *methods}


# Run-time options


def patch(app, changes):
    response = app.request("PATCH", OPTIONS_PATH, json=changes)
    assert response.status_code == 200, response.text
    return response.json()


def shown_options(app):
    response = app.get(OPTIONS_PATH)
    assert response.status_code == 200, response.text
    return response.json()


def test_all_options_are_shown(limited):
    assert shown_options(limited) == DEFAULT_OPTIONS


@pytest.mark.parametrize("name", DEFAULT_OPTIONS)
def test_option_is_changed_and_others_stay(limited, name):
    value = True if DEFAULT_OPTIONS[name] is False else 123456
    changed = {**DEFAULT_OPTIONS, name: value}
    assert patch(limited, {name: value}) == changed
    assert shown_options(limited) == changed
    assert patch(limited, {name: None}) == DEFAULT_OPTIONS


def test_several_options_are_changed_together(limited):
    changes = {"max_heap_bytes": 1 << 25, "return_exception_details": True, "max_stack_bytes": None}
    assert patch(limited, changes) == {**DEFAULT_OPTIONS, **changes, "max_stack_bytes": 1 << 20}


def test_empty_patch_changes_nothing(limited):
    patch(limited, {"max_cached_interpreters": 3})
    assert patch(limited, {}) == {**DEFAULT_OPTIONS, "max_cached_interpreters": 3}


@pytest.mark.parametrize(
    "change",
    [
        {"no_such_option": 1},
        {"no_such_option": None},
        {"jit": "off"},
        {"max_heap_bytes": "1000"},
        {"max_heap_bytes": 1.5},
        {"max_heap_bytes": -1},
        {"max_heap_bytes": True},
        {"max_heap_bytes": 10**30},
        {"max_heap_bytes": ""},
        {"log_exception_details": 1},
        {"log_exception_details": "true"},
        {"log_exception_details": []},
    ],
    ids=str,
)
def test_patch_with_one_wrong_option_changes_nothing(limited, change):
    response = limited.request("PATCH", OPTIONS_PATH, json={"max_stack_bytes": 1 << 18, **change})
    assert_invalid(response, *change)
    assert shown_options(limited) == DEFAULT_OPTIONS


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", '"max_heap_bytes"'])
def test_patch_that_is_no_object(limited, body):
    assert_invalid(limited.request("PATCH", OPTIONS_PATH, data=body), "object")
    assert shown_options(limited) == DEFAULT_OPTIONS


def test_next_request_has_the_new_options(limited):
    assert "details" not in limited.get("/case/error").json()["error"]
    patch(limited, {"return_exception_details": True})
    assert "details" in limited.get("/case/error").json()["error"]
    patch(limited, {"return_exception_details": None})
    assert "details" not in limited.get("/case/error").json()["error"]


@pytest.mark.parametrize("name", ["max_heap_bytes", "max_stack_bytes", "max_execution_time_ms"])
def test_limit_that_lets_nothing_run_can_be_taken_back(limited, name):
    patch(limited, {name: 0})
    response = limited.get("/fine")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "InternalError"
    patch(limited, {name: None})
    assert limited.get("/fine").status_code == 200


def test_default_is_that_of_the_start(serve):
    app = serve("errors", "--custom-endpoints", "anyone", max_execution_time_ms=4000)
    assert patch(app, {"max_execution_time_ms": 3000})["max_execution_time_ms"] == 3000
    assert patch(app, {"max_execution_time_ms": None})["max_execution_time_ms"] == 4000


def test_options_stay_when_an_app_is_installed(app):
    patch(app, {"max_cached_interpreters": 3})
    install(app, bundle(saying("new")))
    assert shown_options(app)["max_cached_interpreters"] == 3
