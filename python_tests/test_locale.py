"""Nothing that scripts see depends on the locale or the time zone of the machine."""

import json

import pytest


@pytest.fixture
def answer(call_app, monkeypatch):
    """Runs a request on a machine somewhere else."""
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")

    def run(path):
        answer = call_app("locale", "GET", path)
        assert answer.status == 200, answer.errors
        return answer

    return run


@pytest.fixture
def result(answer):
    return lambda path: json.loads(answer(path).body)


def test_texts_do_not_depend_on_the_locale(result):
    assert result("/texts") == {
        "number": ["1234.5", "1234.5", "123456789"],
        "list": "1234.5,2",
        "cases": ["i", "I", "SS"],
        "dateTime": [
            "01/01/1970, 12:00:00 AM",
            "02/06/1968, 01:20:00 PM",
            "02/15/-1199, 02:13:20 PM",
            "Invalid Date",
        ],
        "date": ["01/01/1970", "02/06/1968", "02/15/-1199", "Invalid Date"],
        "time": ["12:00:00 AM", "01:20:00 PM", "02:13:20 PM", "Invalid Date"],
    }


def test_strings_are_compared_by_code_points_after_composition(result):
    order = result("/order")
    assert order["words"] == ["", "B", "C", "a", "z", "ä", "a\u0308", "\uffee", "\U0001f600"]
    assert order["equal"] == 0


def test_time_zone_is_utc(result):
    assert result("/zone") == ["2020-07-01T12:00:00.000Z", 0, 12, 0]


def test_date_as_text_names_the_time_zone(answer):
    assert answer("/date").body == "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"


def test_characters_have_their_properties(result):
    assert result("/unicode") == ["fi", 2, True, True, True]


def test_methods_refuse_receivers_of_another_kind(result):
    assert result("/wrong_receivers") == ["TypeError"] * 4
