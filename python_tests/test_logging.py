"""The logging app, as a client uses it."""

import json

import pytest

from certificates import TokenIssuer, new_certificate
from hosts import REPOSITORY, TRANSACTION_HEADER

APP = REPOSITORY / "apps/logging"
NO_SUCH_KEY = {"error": "No such key"}
TABLES = ["private", "public"]


@pytest.fixture
def app(serve):
    return serve(APP)


@pytest.fixture
def scope(table):
    """Gives each test tables of its own."""
    return f"scope={table}"


@pytest.fixture(params=TABLES)
def log(request, app, scope):
    """The records of one table."""
    return Log(app, f"/log/{request.param}", scope)


class Log:
    def __init__(self, app, path, scope):
        self.app, self.path, self.scope = app, path, scope

    def write(self, number, message, **more):
        response = self.app.post(f"{self.path}?{self.scope}", json={"id": number, "msg": message, **more})
        assert response.status_code == 200, response.text
        return response

    def read(self, number):
        response = self.app.get(f"{self.path}?id={number}&{self.scope}")
        assert response.status_code == 200, response.text
        return response.json()

    def remove(self, number):
        response = self.app.delete(f"{self.path}?id={number}&{self.scope}")
        assert response.status_code == 200, response.text
        return response.json()

    def clear(self):
        response = self.app.delete(f"{self.path}/all?{self.scope}")
        assert response.status_code == 200, response.text
        return response.json()

    def count(self):
        response = self.app.get(f"{self.path}/count?{self.scope}")
        assert response.status_code == 200, response.text
        return response.json()


# Records


def test_write_and_read(log):
    response = log.write(7, "hello")
    assert response.json() is True
    assert response.headers["content-type"] == "application/json"
    assert TRANSACTION_HEADER in response.headers
    assert log.read(7) == {"msg": "hello"}


def test_write_replaces(log):
    log.write(7, "one")
    log.write(7, "two")
    assert log.read(7) == {"msg": "two"}


@pytest.mark.parametrize("message", ["", "häß 😀", "a\0b", 'quotes " and \\', "x" * 100000])
def test_any_message(log, message):
    log.write(1, message)
    assert log.read(1) == {"msg": message}


def test_missing_key(log):
    assert log.read(7) == NO_SUCH_KEY


def test_remove(log):
    log.write(7, "hello")
    log.write(8, "stays")
    assert log.remove(7) is True
    assert log.read(7) == NO_SUCH_KEY
    assert log.read(8) == {"msg": "stays"}


def test_remove_of_a_missing_key(log):
    assert log.remove(7) == NO_SUCH_KEY


def test_clear(log):
    for number in range(10):
        log.write(number, f"message {number}")
    assert log.clear() is True
    assert [log.read(number) for number in range(10)] == [NO_SUCH_KEY] * 10


def test_count(log):
    assert log.count() == 0
    counts = []
    for number in range(5):
        log.write(number, "message")
        counts.append(log.count())
    log.write(0, "the same record")
    assert [*counts, log.count()] == [1, 2, 3, 4, 5, 5]
    log.clear()
    assert log.count() == 0


def test_tables_are_apart(app, scope):
    private, public = (Log(app, f"/log/{name}", scope) for name in TABLES)
    private.write(7, "private")
    assert public.read(7) == NO_SUCH_KEY
    public.write(7, "public")
    assert private.read(7) == {"msg": "private"}


def test_scopes_are_apart(log):
    other = Log(log.app, log.path, f"{log.scope}-other")
    log.write(7, "here")
    assert other.read(7) == NO_SUCH_KEY
    other.write(8, "there")
    assert (log.count(), other.count()) == (1, 1)


def test_without_scope(app):
    app.post("/log/private", json={"id": 1000, "msg": "no scope"}).raise_for_status()
    assert app.get("/log/private?id=1000").json() == {"msg": "no scope"}


def test_prefix_of_the_path_may_be_left_out(log):
    with_prefix = Log(log.app, f"/app{log.path}", log.scope)
    log.write(1, "without")
    with_prefix.write(2, "with")
    assert with_prefix.read(1) == {"msg": "without"}
    assert log.read(2) == {"msg": "with"}
    assert with_prefix.count() == 2


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", TABLES)
def test_missing_id_in_the_query(app, method, name):
    response = app.request(method, f"/log/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "InternalError"


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("message", [{"msg": "no id"}, {"id": 1}, None, []], ids=repr)
def test_incomplete_message(app, name, message):
    response = app.post(f"/log/{name}", data=json.dumps(message))
    assert response.status_code == 500
    assert TRANSACTION_HEADER not in response.headers


def test_claim_over_a_public_message(app, scope):
    log = Log(app, "/log/public", scope)
    assert log.write(7, "claimed", record_claim=True).json() is True
    assert log.read(7) == {"msg": "claimed"}


def test_parallel_requests_keep_apart(app, scope):
    # Several connections at once, each with records of its own.
    sessions = [app.new_session() for _ in range(4)]
    for number, session in enumerate(sessions):
        url = f"{app.url}/log/private?{scope}"
        session.post(url, json={"id": number, "msg": f"of {number}"}, timeout=60).raise_for_status()
    found = [
        session.get(f"{app.url}/log/private?id={number}&{scope}").json() for number, session in enumerate(sessions)
    ]
    assert found == [{"msg": f"of {number}"} for number in range(len(sessions))]
    for session in sessions:
        session.close()


# Raw text


def post_raw_text(app, scope, data, content_type="text/plain"):
    headers = {"content-type": content_type} if content_type else {}
    return app.post(f"/log/private/raw_text/9?{scope}", data=data, headers=headers)


@pytest.mark.parametrize("content_type", ["application/json", "text/html", None], ids=str)
def test_raw_text_needs_its_content_type(app, scope, content_type):
    response = post_raw_text(app, scope, "text", content_type)
    assert response.status_code == 415
    assert response.headers["content-type"] == "text/plain"
    assert Log(app, "/log/private", scope).read(9) == NO_SUCH_KEY


@pytest.mark.parametrize("text", ["This is not JSON", "häß 😀", '{"id": 1}', ""])
def test_raw_text_round_trip(app, scope, text):
    assert post_raw_text(app, scope, text.encode()).status_code == 200
    assert Log(app, "/log/private", scope).read(9) == {"msg": text}


# Authentication by the app itself


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-custom-auth-name": "Alice"},
        {"x-custom-auth-age": "42"},
        {"x-custom-auth-name": "Alice", "x-custom-auth-age": "old"},
        {"x-custom-auth-name": "Alice", "x-custom-auth-age": "15"},
    ],
    ids=["nothing", "no age", "no name", "no number", "too young"],
)
def test_custom_auth_refuses(app, headers):
    response = app.get("/custom_auth", headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "text/plain"
    assert response.text


@pytest.mark.parametrize("age", [16, 42])
def test_custom_auth_accepts(app, age):
    response = app.get("/custom_auth", headers={"X-Custom-Auth-Name": "Alice", "x-custom-auth-age": str(age)})
    assert response.status_code == 200
    assert {key: response.json()[key] for key in ("name", "age")} == {"name": "Alice", "age": age}
    assert "description" in response.json()


def test_exception_in_custom_auth(app):
    assert app.get("/custom_auth", headers={"x-custom-auth-explode": "yes"}).status_code == 500
    assert app.get("/custom_auth").status_code == 401


# Callers that the host supplies


def user(data=None, name="user"):
    return {"policy": "user_cert", "id": name, "data": data, "cert": new_certificate(name).pem}


@pytest.fixture
def call_as(call_app):
    """Runs one request as a caller."""

    def run(caller, method, path, message=None):
        body = () if message is None else ("--body", json.dumps(message))
        return call_app(APP, method, path, "--caller", json.dumps(caller), *body)

    return run


@pytest.mark.parametrize("data", [None, {}, {"isAdmin": False}, {"isAdmin": "true"}], ids=repr)
def test_admin_only_refuses(call_as, data):
    answer = call_as(user(data), "POST", "/log/private/admin_only", {"id": 1, "msg": "secret"})
    assert (answer.status, answer.body) == (403, "Only admins may access this endpoint"), answer.errors


def test_admin_only_accepts(call_as):
    answer = call_as(user({"isAdmin": True}), "POST", "/log/private/admin_only", {"id": 1, "msg": "secret"})
    assert (answer.status, answer.body) == (200, "true"), answer.errors


def test_prefix_needs_a_certificate_that_can_be_read(call_as):
    caller = {"policy": "user_cert", "id": "me", "data": None, "cert": "no certificate"}
    assert call_as(caller, "POST", "/log/private/prefix_cert", {"id": 1, "msg": "mine"}).status == 500


def test_every_caller_is_described_differently(call_as):
    token = {"policy": "jwt", "jwt": {"keyIssuer": "issuer", "header": {"kid": "1"}, "payload": {"sub": "me"}}}
    other_token = {"policy": "jwt", "jwt": {"keyIssuer": "issuer", "header": {"kid": "1"}, "payload": {"sub": "you"}}}
    one, other = user(name="one"), user(name="other")
    callers = [
        {"policy": "no_auth"},
        one,
        {**one, "data": {"isAdmin": True}},
        other,
        token,
        other_token,
        {"policy": ["user_cert", "jwt"], "user_cert": one, "jwt": token},
        {"policy": ["user_cert", "jwt"], "user_cert": one, "jwt": other_token},
        {"policy": ["user_cert", "jwt"], "user_cert": other, "jwt": token},
    ]
    answers = [call_as(caller, "GET", "/multi_auth") for caller in callers]
    assert [answer.status for answer in answers] == [200] * len(callers)
    assert {answer.headers["content-type"] for answer in answers} == {"text/plain"}
    assert len({answer.body for answer in answers}) == len(callers)


# Callers that the host authenticates


@pytest.fixture
def secure(serve_secure):
    return serve_secure(APP)


def test_write_and_read_over_tls(secure, scope):
    assert secure("POST", f"/log/private?{scope}", json={"id": 1, "msg": "safe"}).status_code == 200
    assert secure("GET", f"/log/private?id=1&{scope}").json() == {"msg": "safe"}


@pytest.mark.parametrize("person", [None, "stranger"])
def test_certificate_of_a_user_is_needed(secure, person):
    for path in ("/log/private/admin_only", "/log/private/prefix_cert"):
        response = secure("POST", path, person, json={"id": 1, "msg": "mine"})
        assert response.status_code == 401
        error = response.json()["error"]
        assert (error["code"], error["message"]) == (
            "InvalidAuthenticationInfo",
            "Invalid authentication credentials.",
        )
        assert [detail["auth_policy"] for detail in error["details"]] == ["user_cert"]


def test_data_of_the_user_decides(secure, scope):
    path, message = f"/log/private/admin_only?{scope}", {"id": 1, "msg": "secret"}
    assert secure("POST", path, "reader", json=message).status_code == 403
    assert secure("GET", f"/log/private?id=1&{scope}").json() == NO_SUCH_KEY
    assert secure("POST", path, "admin", json=message).status_code == 200
    assert secure("GET", f"/log/private?id=1&{scope}").json() == {"msg": "secret"}


def test_message_with_the_id_of_the_certificate(secure, service, scope):
    path = f"/log/private/prefix_cert?{scope}"
    assert secure("POST", path, "reader", json={"id": 1, "msg": "mine"}).status_code == 200
    expected = {"msg": f"{service.people['reader'].id}: mine"}
    assert secure("GET", f"/log/private?id=1&{scope}").json() == expected


def test_each_caller_is_described_differently(secure, service):
    tokens = [service.issuer.token(sub=name) for name in ("me", "you")]
    callers = [
        *[(person, token) for person in ("admin", "reader") for token in (None, *tokens)],
        *[(None, token) for token in (None, *tokens)],
    ]
    responses = [secure("GET", "/multi_auth", person, token) for person, token in callers]
    assert [response.status_code for response in responses] == [200] * len(callers)
    assert len({response.text for response in responses}) == len(callers)


def test_nobody_and_a_stranger_are_the_same(secure):
    assert secure("GET", "/multi_auth").text == secure("GET", "/multi_auth", "stranger").text


def test_description_holds_id_data_and_claims(secure, service):
    text = secure("GET", "/multi_auth", "reader", service.issuer.token(sub="me", role="ü")).text
    found = [part in text for part in (service.people["reader"].id, '{"a":"ü"}', service.issuer.name, '"role":"ü"')]
    assert found == [True] * 4


def test_forged_token_is_no_token(secure, service):
    forged = TokenIssuer(service.issuer.name).token(sub="me")
    assert secure("GET", "/multi_auth", None, forged).text == secure("GET", "/multi_auth").text
