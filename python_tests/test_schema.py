"""The generated OpenAPI document of the logging app, and requests that are generated from it."""

import json

import pytest
import schemathesis
from hypothesis import given
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from generated import generated
from hosts import REPOSITORY

APP = REPOSITORY / "apps/logging"
ENDPOINTS = json.loads((APP / "app.json").read_text())["endpoints"]
OPERATIONS = [(path, method) for path, methods in ENDPOINTS.items() for method in methods]
OPEN_OPERATIONS = [
    (path, method) for path, method in OPERATIONS if "no_auth" in ENDPOINTS[path][method]["authn_policies"]
]
# Those that a request can be improper for.
DEMANDING_OPERATIONS = [
    (path, method)
    for path, method in OPERATIONS
    if '"required": true' in json.dumps(ENDPOINTS[path][method]["openapi"])
]


@pytest.fixture
def app(serve):
    return serve(APP)


@pytest.fixture
def document(app):
    response = app.get("/app/api")
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture
def try_operation(app, document):
    """Sends generated requests of one operation, and gives each with its response to a check."""

    def run(path, method, mode, check):
        operation = schemathesis.openapi.from_dict(document)[path][method]

        @generated(10)
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case):
            check(case, case.call(base_url=f"{app.url}/app", session=app.session))

        each()

    return run


def part_of(described, written):
    """What of a description was written by hand; the host may add parameters and responses."""
    if isinstance(written, dict):
        return {key: described[key] for key in written}
    return [item for item in described if item in written] if isinstance(written, list) else described


def test_document_is_valid(document):
    validate(document)


def test_document_has_the_operations_of_the_app(document):
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert set(OPERATIONS) <= described


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_document_has_what_the_app_says(document, path, method):
    written = ENDPOINTS[path][method]["openapi"]
    described = document["paths"][path][method]
    assert written == {key: part_of(described[key], value) for key, value in written.items()}


@pytest.mark.parametrize(("path", "method"), OPEN_OPERATIONS)
def test_answers_to_proper_requests_are_as_described(try_operation, path, method):
    def check(case, response):
        # The host refuses what it can't serve with statuses of its own below 500.
        described = str(response.status_code) in ENDPOINTS[path][method]["openapi"]["responses"]
        assert described or 400 <= response.status_code < 500, f"{response.text} for {case.as_curl_command()}"
        case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])

    try_operation(path, method, GenerationMode.POSITIVE, check)


@pytest.mark.parametrize(("path", "method"), DEMANDING_OPERATIONS)
def test_improper_requests_are_answered(try_operation, path, method):
    def check(case, response):
        if response.status_code >= 500:
            assert response.json()["error"]["code"] == "InternalError", case.as_curl_command()

    try_operation(path, method, GenerationMode.NEGATIVE, check)
