"""The OpenAPI document that the host makes of any app."""

import pytest
from openapi_spec_validator import validate

from written_apps import GOOD_MODULE, properties, write_app

CERTIFICATE_POLICIES = ["user_cert", "member_cert", "any_cert"]


@pytest.fixture
def document_of(serve_alone, tmp_path):
    """Gives the document of an app with these endpoints, which is valid."""

    def read(endpoints):
        app = serve_alone(write_app(tmp_path, {"main.js": GOOD_MODULE}, {"endpoints": endpoints}))
        response = app.get("/app/api")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        document = response.json()
        validate(document)
        return document

    return read


@pytest.fixture
def operation_of(document_of):
    """Gives what the document says of `GET /x` with these properties."""
    return lambda **changes: document_of({"/x": {"get": properties(**changes)}})["paths"]["/x"]["get"]


def test_document_of_an_app_without_endpoints(document_of):
    document = document_of({})
    assert document["openapi"].startswith("3.0.")
    assert document["paths"] == {}


def test_addresses_are_below_app(document_of):
    document = document_of({"x": {"GET": properties()}, "/y": {"post": properties(), "delete": properties()}})
    assert document["servers"] == [{"url": "/app"}]
    assert {path: set(methods) for path, methods in document["paths"].items()} == {
        "/x": {"get"},
        "/y": {"post", "delete"},
    }


def test_hidden_operation_is_left_out(document_of):
    hidden = properties(openapi_hidden=True)
    document = document_of({"/x": {"get": hidden, "post": properties()}, "/y": {"get": hidden}})
    assert {path: set(methods) for path, methods in document["paths"].items()} == {"/x": {"post"}}


def test_method_that_the_standard_does_not_know_is_left_out(document_of):
    document = document_of({"/x": {"get": properties(), "propfind": properties()}})
    assert set(document["paths"]["/x"]) == {"get"}


def test_what_the_app_says_is_taken_as_it_is(operation_of):
    said = {
        "summary": "häß",
        "deprecated": True,
        "x-own": {"a": [1, None, 1.5]},
        "responses": {"201": {"description": "made"}, "default": {"description": "not made"}},
        "security": [],
    }
    assert operation_of(openapi=said, authn_policies=["jwt"]) == said


def test_parameters_of_the_path_are_declared(document_of):
    document = document_of({"/a/{first}/b/{second}": {"get": properties()}})
    operation = document["paths"]["/a/{first}/b/{second}"]["get"]
    assert operation["parameters"] == [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("first", "second")
    ]


def test_parameter_that_the_app_declares_is_kept(document_of):
    declared = [
        {"name": "second", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "first", "in": "query", "schema": {"type": "string"}},
    ]
    document = document_of({"/{first}/{second}": {"get": properties(openapi={"parameters": declared})}})
    parameters = document["paths"]["/{first}/{second}"]["get"]["parameters"]
    assert parameters[:2] == declared
    assert [(parameter["name"], parameter["in"]) for parameter in parameters[2:]] == [("first", "path")]


def test_errors_are_described(document_of):
    document = document_of({"/x": {"get": properties()}})
    default = document["paths"]["/x"]["get"]["responses"]["default"]
    assert default["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    error = document["components"]["schemas"]["Error"]["properties"]["error"]
    assert error["required"] == ["code", "message"]


def test_endpoint_that_says_nothing_answers_with_200(operation_of):
    assert set(operation_of()["responses"]) == {"200", "default"}


def test_errors_are_added_to_responses_of_the_app(operation_of):
    responses = operation_of(openapi={"responses": {"404": {"description": "none"}}})["responses"]
    assert set(responses) == {"404", "default"}


@pytest.mark.parametrize(
    ("policies", "security"),
    [
        ([], []),
        (["no_auth"], [{}]),
        (["jwt"], [{"jwt": []}]),
        (["user_cert", "jwt", "no_auth"], [{"user_cert": []}, {"jwt": []}, {}]),
        ([{"all_of": ["user_cert", "jwt"]}, "any_cert"], [{"user_cert": [], "jwt": []}, {"any_cert": []}]),
    ],
    ids=str,
)
def test_policies_are_security_requirements(operation_of, policies, security):
    assert operation_of(authn_policies=policies)["security"] == security


def test_policies_are_security_schemes(document_of):
    schemes = document_of({})["components"]["securitySchemes"]
    assert schemes["jwt"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert {schemes[policy]["type"] for policy in CERTIFICATE_POLICIES} == {"http"}
