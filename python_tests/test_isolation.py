"""No request sees what another one has changed."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hosts import TEST_APPS

THREADS = 4

# What a request finds when nobody was there before.
UNTOUCHED = {
    "moduleVariable": 0,
    "lazyVariable": "empty",
    "importedBinding": [0, 1],
    "importedObject": [0, 1],
    "importedNamespace": 0,
    "dynamicallyImported": 0,
    "nestedObject": 0,
    "addedProperty": ["nested"],
    "array": [4, 1],
    "mapEntries": [1, 1, 2],
    "setEntries": [1, 2, True],
    "weakMapEntry": "initial",
    "typedArray": 1,
    "typedArrayFill": [1, 2, 3],
    "dataView": 0,
    "dateObject": 1000,
    "regularExpressionIndex": [0, 0],
    "closureVariable": 0,
    "boundFunction": [0, 0],
    "generatorState": 1,
    "iteratorState": 1,
    "privateField": 0,
    "staticField": 0,
    "privateStaticField": 0,
    "functionProperty": 1,
    "proxyTarget": 0,
    "promiseValue": 0,
    "templateObject": False,
    "frozenObject": False,
    "prototypeOfClass": "undefined",
    "prototypeOfObject": True,
    "globalProperty": "undefined",
    "globalVariable": ["undefined", "number"],
    "globalAccessor": "undefined",
    "deletedGlobal": "function",
    "globalPrototype": "undefined",
    "closedGlobal": True,
    "symbolOnGlobal": "undefined",
    "symbolOnPrototype": "undefined",
    "objectPrototype": "undefined",
    "objectEntries": [["a", 1]],
    "arrayPrototype": [2, 3],
    "arrayIterator": 1,
    "arrayIteratorNext": 1,
    "stringPrototype": "A",
    "numberPrototype": "1",
    "functionPrototype": "undefined",
    "promisePrototype": "undefined",
    "errorConstructor": ["undefined", "undefined"],
    "stackTraceLimit": True,
    "mathFunctions": 2,
    "dateFunctions": True,
    "jsonFunctions": '{"a":1}',
    "regularExpressionStatics": "",
    "regularExpressionPrototype": True,
    "typedArrayPrototype": "undefined",
    "prototypeOfFunctionKinds": ["undefined", "undefined"],
    "frozenBuiltins": [False, False],
    "setterOnPrototype": False,
    "bufToStrReplaced": "text",
    "bufToStrDeleted": "function",
    "bufToStrProperty": "undefined",
    "rpcFunction": "function",
    "cryptoFunction": "function",
    "historicalFunction": "function",
    "consensusFunction": "function",
    "textCoderReplaced": "function",
    "urlDeleted": "function",
    "ccfReplaced": "function",
    "ccfProperty": "undefined",
    "kvReplaced": "function",
    "handlePrototype": "undefined",
    "handleMethodProperty": "undefined",
    "consoleReplaced": "function",
    "switches": [True],
    "requestPrototype": ["undefined", "undefined", "undefined"],
}

# These can't be called from a getter of the result, where the store is gone or a promise is no value.
NOT_IN_GETTER = {"dynamicallyImported", "promiseValue"}

DATA = {
    "text": 6,
    "number": 0.1 + 0.2,
    "negativeZero": True,
    "big": str(2**70),
    "date": "2020-02-29T00:00:00.000Z",
    "list": sum(index * index for index in range(100)),
    "sparse": [4, False, "three"],
    "map": [1, "by object", 2],
    "set": [True, 3],
    "weakMap": "weak",
    "bytes": [1, 2, 3],
    "floats": [0.5],
    "buffer": [9, 8, 7],
    "frozen": [True, True, False],
    "pattern": ["giu", "2024", 0],
    "nothing": True,
    "accessor": 5,
    "proxy": "proxied anything",
    "nullPrototype": None,
    "symbol": ["by symbol", "described"],
    "adders": [11, 12, 13],
    "bound": "cycle",
    "generator": [42, True],
    "classes": [7, True, 1],
    "cycle": True,
    "evaluations": 1,
    "global": "global",
    "prototype": 2,
    "resolved": "resolved",
    "evaluated": 2,
}


@pytest.fixture
def app(serve):
    return serve("isolation")


def get_json(app, path, session=None):
    response = (session or app.session).get(app.url + path, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()


def test_every_spoiler_has_an_expectation():
    source = Path(TEST_APPS / "isolation/src/spoilers.js").read_text()
    assert set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", source, re.MULTILINE)) == set(UNTOUCHED)


@pytest.mark.parametrize("name", UNTOUCHED)
def test_change_is_not_seen_by_the_next_request(app, name):
    found = [get_json(app, f"/spoil/{name}") for _ in range(3)]
    assert found == [UNTOUCHED[name]] * 3


@pytest.mark.parametrize("name", UNTOUCHED)
def test_change_before_an_exception_is_not_seen(app, name):
    assert app.get(f"/spoil_and_throw/{name}").status_code == 500
    assert get_json(app, f"/spoil/{name}") == UNTOUCHED[name]


@pytest.mark.parametrize("name", UNTOUCHED)
def test_change_in_a_promise_job_is_not_seen(app, name):
    app.get(f"/spoil_later/{name}")
    assert get_json(app, f"/spoil/{name}") == UNTOUCHED[name]


@pytest.mark.parametrize("name", [name for name in UNTOUCHED if name not in NOT_IN_GETTER])
def test_change_in_a_getter_of_the_result_is_not_seen(app, name):
    app.get(f"/spoil_from_getter/{name}")
    assert get_json(app, f"/spoil/{name}") == UNTOUCHED[name]


def test_changes_are_not_seen_by_other_endpoints(app):
    for name in UNTOUCHED:
        app.get(f"/spoil/{name}")
    assert {name: get_json(app, f"/spoil/{name}") for name in UNTOUCHED} == UNTOUCHED
    assert get_json(app, "/data") == DATA


def test_changes_are_not_seen_by_parallel_requests(app):
    def run(thread):
        names = list(UNTOUCHED)
        with app.new_session() as session:
            order = names[thread * 7 :] + names[: thread * 7]
            return {name: get_json(app, f"/spoil/{name}", session) for name in order * 2}

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(run, range(THREADS)):
            assert found == UNTOUCHED


def test_parallel_requests_do_not_mix(app):
    def run(thread):
        with app.new_session() as session:
            words = [f"{thread}-{number}" for number in range(25)]
            return [(word, get_json(app, f"/echo/{word}", session)) for word in words]

    expected_sum = sum(index % 7 for index in range(20000))
    with ThreadPoolExecutor(THREADS) as pool:
        for answers in pool.map(run, range(THREADS)):
            assert [found for _, found in answers] == [[word, word, expected_sum] for word, _ in answers]


def test_pending_work_ends_with_its_request(app):
    assert [get_json(app, "/pending") for _ in range(3)] == [[0, "undefined"]] * 3


# Data of the top level


def test_top_level_data_is_there_at_each_request(app):
    assert [get_json(app, "/data") for _ in range(3)] == [DATA] * 3


def test_top_level_data_is_restored_after_changes(app):
    for _ in range(2):
        assert get_json(app, "/spoil_data") == []
        assert get_json(app, "/data") == DATA


def test_top_level_that_reads_the_store_sees_each_commit(serve):
    app = serve("impure")
    for value in ("one", "two", "three"):
        app.request("PUT", "/value", data=value).raise_for_status()
        found = get_json(app, "/top_level")
        assert (found["stored"], found["calls"]) == (value, 1)


@pytest.mark.parametrize("app_name", ["impure", "random"])
def test_top_level_random_numbers_never_repeat(serve, call_app, app_name):
    app = serve(app_name)
    answers = [app.get("/top_level").text for _ in range(5)]
    answers += [call_app(app_name, "GET", "/top_level").body for _ in range(2)]
    numbers = []
    for answer in answers:
        numbers += re.findall(r"0\.\d+(?:e-\d+)?|\d+e-\d+", answer)
    assert len(numbers) >= len(answers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("app_name", ["impure", "clock"])
def test_top_level_clock_is_that_of_the_request(serve, app_name):
    app = serve(app_name)
    for _ in range(2):
        before = time.time_ns() // 1_000_000
        found = get_json(app, "/top_level")
        times = [found["time"], found["timeOfObject"]] if app_name == "impure" else found
        # The text of a date has whole seconds.
        assert [moment for moment in times if moment < before - 1000] == []
        assert [moment for moment in times[:2] if moment < before] == []


# Sharing on demand


def test_realm_is_shared_where_an_endpoint_says_so(app):
    counts = [get_json(app, "/reuse/a") for _ in range(5)]
    assert counts == sorted(counts)
    assert counts[-1] > 1
