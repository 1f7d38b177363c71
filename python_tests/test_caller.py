"""Who a request comes from: the policies of an endpoint, and `request.caller`."""

import base64
import json

import pytest

from certificates import TokenIssuer

INVALID = "Invalid authentication credentials."


@pytest.fixture
def secure(serve_secure):
    return serve_secure("caller")


def caller(response):
    assert response.status_code == 200, response.text
    return response.json()


def assert_refused(response, *policies):
    assert response.status_code == 401
    error = response.json()["error"]
    assert (error["code"], error["message"]) == ("InvalidAuthenticationInfo", INVALID)
    assert [detail["auth_policy"] for detail in error["details"]] == list(policies)
    assert {detail["code"] for detail in error["details"]} == {"InvalidAuthenticationInfo"}
    assert all(detail["message"] for detail in error["details"])


def user(service, name):
    person = service.people[name]
    data = service.data[name].get("data")
    return {"policy": "user_cert", "id": person.id, "data": data, "cert": person.pem}


def decoded(part: str):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def bearer(service, token):
    header, payload, _ = token.split(".")
    return {
        "policy": "jwt",
        "jwt": {"keyIssuer": service.issuer.name, "header": decoded(header), "payload": decoded(payload)},
    }


# What the app sees


@pytest.mark.parametrize("name", ["admin", "reader"])
def test_user(secure, service, name):
    assert caller(secure("POST", "/user", name)) == user(service, name)


def test_user_without_data(secure, service):
    found = caller(secure("POST", "/user", "nameless"))
    assert found["data"] is None
    assert found == user(service, "nameless")


@pytest.mark.parametrize("name", ["admin", "stranger"])
def test_any_certificate(secure, service, name):
    assert caller(secure("POST", "/any", name)) == {"policy": "any_cert", "cert": service.people[name].pem}


def test_token(secure, service):
    token = service.issuer.token(sub="me", roles=["a", "ü"], number=12345678901234567)
    assert caller(secure("POST", "/token", token=token))["jwt"]["payload"]["roles"] == ["a", "ü"]
    token = service.issuer.token(sub="me")
    assert caller(secure("POST", "/token", token=token)) == bearer(service, token)


def test_all_of_several_policies(secure, service):
    token = service.issuer.token(sub="me")
    assert caller(secure("POST", "/both", "reader", token)) == {
        "policy": ["user_cert", "jwt"],
        "user_cert": user(service, "reader"),
        "jwt": bearer(service, token),
    }


def test_first_policy_that_agrees_decides(secure, service):
    token = service.issuer.token(sub="me")
    assert caller(secure("POST", "/token_or_user", "reader", token))["policy"] == "jwt"
    assert caller(secure("POST", "/token_or_user", "reader"))["policy"] == "user_cert"
    assert caller(secure("POST", "/token_or_user", None, token))["policy"] == "jwt"


def test_policy_that_nobody_has_to_meet(secure):
    assert caller(secure("POST", "/any_or_nobody")) == {"policy": "no_auth"}
    assert caller(secure("POST", "/any_or_nobody", "stranger"))["policy"] == "any_cert"


# Who is refused


@pytest.mark.parametrize("name", [None, "stranger"])
def test_who_is_no_user(secure, name):
    assert_refused(secure("POST", "/user", name), "user_cert")


def test_who_has_no_certificate(secure):
    assert_refused(secure("POST", "/any"), "any_cert")


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "e30.e30.", "e30.e30.AAAA"])
def test_what_is_no_token(secure, token):
    assert_refused(secure("POST", "/token", token=token), "jwt")


def test_missing_token(secure):
    assert_refused(secure("POST", "/token"), "jwt")


def test_authorization_that_is_no_bearer(secure):
    assert_refused(secure("POST", "/token", headers={"authorization": "Basic YTpi"}), "jwt")


def test_token_of_another_key(secure, service):
    assert_refused(secure("POST", "/token", token=TokenIssuer(service.issuer.name).token(sub="me")), "jwt")


def test_token_of_another_issuer(secure):
    assert_refused(secure("POST", "/token", token=TokenIssuer("https://other.example").token(sub="me")), "jwt")


def test_token_that_was_changed(secure, service):
    header, _, signature = service.issuer.token(sub="me").split(".")
    _, payload, _ = service.issuer.token(sub="you").split(".")
    assert_refused(secure("POST", "/token", token=f"{header}.{payload}.{signature}"), "jwt")


def test_token_that_has_expired(secure, service):
    assert_refused(secure("POST", "/token", token=service.issuer.token(sub="me", exp=1)), "jwt")


def test_token_that_is_not_valid_yet(secure, service):
    assert_refused(secure("POST", "/token", token=service.issuer.token(sub="me", nbf=1 << 40)), "jwt")


def test_all_of_needs_each_policy(secure, service):
    assert_refused(secure("POST", "/both", "reader"), "jwt")
    assert_refused(secure("POST", "/both", None, service.issuer.token(sub="me")), "user_cert")


def test_refusal_of_several_policies(secure):
    assert_refused(secure("POST", "/token_or_user"), "jwt", "user_cert")


def test_refused_request_does_not_run(secure):
    caller(secure("POST", "/user", "admin", data="admin"))
    assert_refused(secure("POST", "/user", "stranger", data="stranger"), "user_cert")
    assert secure("GET", "/last").text == "admin"


def test_policy_that_the_host_does_not_offer(secure):
    assert_refused(secure("POST", "/member", "admin"), "member_cert")


def test_unknown_policy_is_named(secure):
    response = secure("POST", "/unknown", "admin")
    assert response.status_code == 500
    assert response.json()["error"]["message"] == "Unknown auth policy: no_such_policy"


def test_unknown_path_needs_no_credentials(secure):
    assert secure("GET", "/no/such/path").status_code == 404
    assert secure("GET", "/user").status_code == 405
