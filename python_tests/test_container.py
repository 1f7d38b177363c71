"""An app with a dependency-injection container: built once where requests share a realm, anew for each elsewhere."""

import pytest

from npm_apps import npm_app

REQUESTS = 6


@pytest.fixture
def app(serve):
    return serve(npm_app("container"))


def visits(app, endpoint, guest, count=REQUESTS):
    """What so many visits of one guest came to."""
    found = []
    for _ in range(count):
        response = app.post(f"/{endpoint}/{guest}")
        assert response.status_code == 200, response.text
        found.append(response.json())
    return found


def test_services_are_found_by_their_types(app, table):
    (visit,) = visits(app, "fresh", table, 1)
    assert visit == {"wasCached": False, "opened": 1, "container": visit["container"], "visits": 1}


def test_container_is_new_for_each_request(app, table):
    found = visits(app, "fresh", table)
    assert [(visit["wasCached"], visit["opened"]) for visit in found] == [(False, 1)] * REQUESTS
    assert len({visit["container"] for visit in found}) == REQUESTS


def test_store_outlives_the_container(app, table):
    found = [visit["visits"] for endpoint in ("fresh", "shared") for visit in visits(app, endpoint, table)]
    assert found == list(range(1, 2 * REQUESTS + 1))
    assert app.get(f"/visits/{table}").json() == 2 * REQUESTS


def test_container_is_built_once_where_the_realm_is_shared(app, table):
    first, *later = visits(app, "shared", table)
    assert [visit["wasCached"] for visit in later] == [True] * len(later)
    assert {visit["container"] for visit in later} == {first["container"]}
    assert [visit["opened"] - first["opened"] for visit in later] == list(range(1, REQUESTS))


def test_two_keys_are_two_containers(app, table):
    (shared,) = visits(app, "shared", table, 1)
    (elsewhere,) = visits(app, "elsewhere", table, 1)
    (again,) = visits(app, "shared", table, 1)
    assert elsewhere["container"] != shared["container"]
    assert again["container"] == shared["container"]


def test_request_without_a_key_does_not_touch_the_shared_container(app, table):
    (before,) = visits(app, "shared", table, 1)
    (fresh,) = visits(app, "fresh", table, 1)
    (after,) = visits(app, "shared", table, 1)
    assert fresh["container"] != before["container"]
    assert (after["container"], after["opened"]) == (before["container"], before["opened"] + 1)


def test_container_outlives_an_exception(app, table):
    (before,) = visits(app, "shared", table, 1)
    assert app.post(f"/stumble/{table}").status_code == 500
    (after,) = visits(app, "shared", table, 1)
    assert after["container"] == before["container"]
    # The failed request came through the door, but its write to the store is gone.
    assert (after["opened"], after["visits"]) == (before["opened"] + 2, before["visits"] + 1)
