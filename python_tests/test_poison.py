"""A request that poisons its realm, before any other: what it does is real, and the next request does not notice."""

import pytest

import poison
from hosts import TEST_APPS

APPS = ["globals", "isolation", "request", "kv"]


@pytest.fixture(params=APPS)
def app(serve, request):
    return serve(poison.poisoned(TEST_APPS / request.param))


def test_poison_takes_effect(app):
    response = app.get(poison.path("return"))
    assert (response.status_code, response.text) == (299, "poisoned")


@pytest.mark.parametrize("end", poison.ENDS)
def test_poisoned_request_may_end_in_any_way(app, end):
    assert app.get(poison.path(end)).status_code == poison.ENDS[end]


def test_poison_is_not_seen_by_the_next_request(app):
    for _ in range(3):
        assert app.get(poison.path("return")).text == "poisoned"
