"""The store as scripts see it: `ccf.kv`, map handles, permissions, commit and conflict."""

import pytest

from hosts import TRANSACTION_HEADER

NOT_A_BUFFER = "TypeError: Argument must be an ArrayBuffer"
ALL_METHODS = 7
READS = ["has", "get", "getVersionOfPreviousWrite", "size", "forEach"]
WRITES = ["set", "delete", "clear"]


@pytest.fixture
def app(serve):
    return serve("kv")


@pytest.fixture
def case(app, table):
    """Runs a function of the app in a table of its own."""

    def run(name, method="POST", query=table, **keywords):
        response = app.request(method, f"/case/{name}?{query}", **keywords)
        assert response.status_code == 200, response.text
        return response.json()

    return run


@pytest.fixture
def committed(app, case):
    """Fills the table, in a transaction of its own."""

    def fill(**entries):
        case("fill", json=entries)

    return fill


# Methods


def test_has_and_get(case):
    assert case("hasAndGet") == [False, True, True, "value"]


def test_get_gives_a_fresh_array_buffer(case):
    assert case("getGivesArrayBuffer") == [True, 5, True]


def test_set_gives_the_handle(case):
    assert case("setIsChainable") == [True, [["a", "1"], ["b", "2"], ["c", "3"]]]


def test_set_replaces(case):
    assert case("setReplaces") == [[["key", "two"]], 1]


def test_delete_removes_and_gives_undefined(case):
    assert case("deleteRemoves") == [True, False, 0]


def test_delete_of_a_missing_key(case):
    assert case("deleteOfMissingKey") == ["nothing thrown", 0]


def test_clear_removes_all_and_gives_undefined(case):
    assert case("clearRemovesAll") == [True, 0, False, []]


def test_set_after_clear(case):
    assert case("setAfterClear") == [1, [["b", "2"]]]


def test_size_is_a_getter(case):
    assert case("sizeIsGetter") == ["number", 1, True]


def test_size_follows_own_writes(case):
    assert case("sizeFollowsWrites") == [0, 1, 1, 0, 0]


def test_own_writes_are_seen_over_committed_ones(case, committed):
    committed(kept="old", changed="old", removed="old")
    assert case("ownWritesOverCommitted") == {
        "entries": [["added", "own"], ["changed", "own"], ["kept", "old"]],
        "size": 3,
        "removed": [False, True],
    }
    assert case("listEntries") == [["added", "own"], ["changed", "own"], ["kept", "old"]]


def test_clear_hides_committed_entries(case, committed):
    committed(kept="old", other="old")
    assert case("clearOverCommitted") == {"entries": [["added", "own"]], "size": 1, "kept": False}
    assert case("listEntries") == [["added", "own"]]


# forEach


def test_for_each_calls_with_value_key_and_handle(case):
    assert case("forEachArguments") == [True, [["value", "key", True, 3, True]]]


def test_for_each_ignores_what_the_function_returns(case):
    assert case("forEachIgnoresResult") == 2


def test_exception_stops_for_each(case):
    assert case("forEachStopsAtException") == [1, True]


def test_for_each_walks_the_state_at_its_call(case):
    result = case("forEachWhileWriting")
    assert result["seen"] == [["a", "1"], ["b", "2"], ["c", "3"]]
    assert result["after"] == [["b", "changed"], ["new-a", "4"], ["new-b", "4"], ["new-c", "4"]]


def test_clear_while_walking(case):
    assert case("forEachWhileClearing") == [["a", "b"], 0]


def test_for_each_may_write_to_another_table(case):
    assert case("forEachWritesToAnotherTable") == [["a", "1"], ["b", "2"], ["size-a", "2"], ["size-b", "2"]]


def test_for_each_inside_for_each(case):
    assert case("forEachInsideForEach") == ["aa", "ab", "ba", "bb"]


def test_for_each_over_many_entries(case):
    assert case("forEachOfMany") == [1000, sum(range(1000)) + 20 * sum(range(50))]


# Keys and values


def test_keys_and_values_may_be_empty(case):
    assert case("emptyKeyAndValue") == [True, 0, 1, [["", ""]]]


def test_keys_compare_by_content(case):
    assert case("keysCompareByContent") == [True, False]


def test_nul_in_keys_and_values(case):
    expected = [["a", "2"], ["a\0b", "1"], ["a\0c", "3\0"]]
    assert case("keysWithNul") == expected
    assert case("listEntries") == expected


def test_every_byte_in_keys_and_values(case):
    assert case("everyByteInKeyAndValue") == [list(range(256))] * 2


def test_buffers_are_copied_in_and_out(case):
    assert case("buffersAreCopied") == [["key", "value"]]
    assert case("listEntries") == [["key", "value"]]


def test_large_value(case):
    assert case("largeValue") == [1 << 20, 7]


# Errors of arguments


def test_key_must_be_an_array_buffer(case):
    assert case("keyTypes") == [NOT_A_BUFFER]


def test_key_and_value_of_set_must_be_array_buffers(case):
    assert case("setTypes") == [["TypeError: Arguments must be ArrayBuffers"], 0]


def test_for_each_needs_a_function(case):
    assert case("forEachTypes") == ["TypeError: Argument must be a function"]


def test_number_of_arguments_is_exact(case):
    def passed(count, expected):
        return f"TypeError: Passed {count} arguments, but expected {expected}"

    one_key = [passed(0, 1), passed(2, 1)]
    assert case("argumentCounts") == [
        *one_key * 4,
        *[passed(0, 2), passed(1, 2), passed(3, 2)],
        *[passed(0, 1), passed(2, 1)],
        passed(1, "none"),
    ]


def test_errors_are_of_the_realm(case):
    assert case("errorsAreOfTheRealm") == [True, True, True]


# Versions


def test_version_of_a_key_never_written(app, table):
    assert app.get(f"/version/key?{table}").json() == {}


def test_version_is_that_of_the_last_committed_write(app, table):
    versions = []
    for value in ("one", "two"):
        written = app.request("PUT", f"/entry/key?{table}", data=value)
        seqno = int(written.headers[TRANSACTION_HEADER].split(".")[1])
        assert app.get(f"/version/key?{table}").json() == {"version": seqno}
        versions.append(seqno)
    assert versions[0] < versions[1]


def test_version_is_per_key(app, table):
    app.request("PUT", f"/entry/key?{table}", data="1")
    before = app.get(f"/version/key?{table}").json()
    app.request("PUT", f"/entry/other?{table}", data="1")
    assert app.get(f"/version/key?{table}").json() == before


def test_version_does_not_see_own_writes(case, committed):
    assert case("versionIgnoresOwnWrites") == {}
    committed(other="value")
    versions = case("versionIgnoresOwnWrites")
    assert isinstance(versions["before"], int)
    assert versions["after"] == versions["before"]


# `ccf.kv` and handles as objects


def test_each_read_of_a_table_is_a_new_handle(case):
    assert case("eachReadIsANewHandle") is True


def test_kv_lists_no_keys(case):
    assert case("keysOfKv") == [[], [], "{}"]


def test_every_string_names_a_table(case):
    assert case("everyStringIsATable") == ["function"] * 6


def test_every_string_is_an_own_property(case):
    assert case("everyStringIsOwn") == [True, True, True, False]


def test_number_names_a_table(case):
    assert case("numbersNameTables") == "by number"


def test_symbols_name_no_table(case):
    assert case("symbolsAreUndefined") == [True] * 4


def test_tables_can_not_be_assigned(case):
    assert case("assignmentThrows") == [True, "function"]


@pytest.fixture
def outcome(serve):
    """Evaluates strict code; gives its value, or the name of what it throws."""

    def run(expression):
        found = serve("evaluate").post("/evaluate", data=f'"use strict"; {expression}').json()
        return found["value"] if "value" in found else found["thrown"].partition(":")[0]

    return run


@pytest.mark.parametrize(
    "change",
    [
        "ccf.kv.table = 1",
        "delete ccf.kv.table",
        "Object.defineProperty(ccf.kv, 'table', { value: 1 })",
        "Object.setPrototypeOf(ccf.kv, null)",
        "Object.preventExtensions(ccf.kv)",
        "Object.freeze(ccf.kv)",
    ],
)
def test_kv_can_not_be_changed(outcome, change):
    assert outcome(change) == "TypeError"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("String(ccf.kv.table)", "[object Object]"),
        ("ccf.kv.table.hasOwnProperty('get')", True),
        ("ccf.kv.table instanceof Object", True),
        ("typeof ccf.kv.table", "object"),
        ("ccf.kv.table == ccf.kv.table", False),
    ],
)
def test_handle_is_an_object_like_others(outcome, expression, value):
    assert outcome(expression) == value


def test_handles_of_one_table_see_the_same(case):
    assert case("twoHandlesOneTable") == ["value", "value"]


def test_nul_in_the_name_of_a_table(case):
    assert case("nameWithNul") == ["long", "other", 0]


def test_name_of_a_table_beyond_latin(case):
    assert case("nameBeyondLatin") == [["key", "value"]]


def test_public_and_private_tables_are_apart(case):
    assert case("publicAndPrivateAreTwoTables") == [0, 1]


def test_handle_taken_at_top_level(case):
    assert case("handleOfTopLevelWrites") == ["value", True]
    assert case("handleOfTopLevelReads", "GET") == "value"


def test_methods_of_a_handle(case):
    assert case("membersOfHandle") == ["function"] * ALL_METHODS


@pytest.mark.parametrize("name", ["methodsCalledOnTheirHandle", "boundMethods"])
def test_methods_need_their_handle_only(case, name):
    assert case(name) == "value"


def test_method_works_on_the_handle_it_is_called_on(case):
    assert case("methodsOfAnotherHandle") == [0, "other"]


@pytest.mark.parametrize(
    "receiver",
    [
        "receiverUndefined",
        "receiverEmptyObject",
        "receiverKv",
        "receiverInherits",
        "receiverProxy",
        "receiverFake",
        "receiverSpreadCopy",
    ],
)
def test_methods_refuse_what_is_no_handle(case, receiver):
    errors = case(receiver)
    assert len(errors) == ALL_METHODS
    assert [error for error in errors if "KV Map Handle object expected" not in error] == []


@pytest.mark.parametrize(
    "name",
    ["callsOnSpreadCopy", "callsOnInheriting", "callsOnProxy", "sizeOfInheriting", "sizeOfProxyWithItselfAsReceiver"],
)
def test_lookalikes_are_no_handles(case, name):
    assert "KV Map Handle object expected" in case(name)


def test_map_name_can_not_be_forged(case):
    assert case("ownMapNameChangesNothing") == [1, 0]


def test_handles_in_cycles(case):
    assert [case("handlesInCycles") for _ in range(5)] == ["function"] * 5


def test_many_handles(case):
    assert case("manyHandles") == 0


# Permissions


def refusal(method, table, access, context):
    return (
        f'TypeError: Cannot call "{method}" on table named {table}. This table is {access} in current ({context}) '
        "execution context. See https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html "
        "for more detail."
    )


APPLICATION, READ_ONLY_APPLICATION = "application", "read-only application"


@pytest.mark.parametrize(
    ("method", "name", "access"),
    [
        ("POST", "private", "read-write"),
        ("POST", "public:own", "read-write"),
        ("POST", "ccf.governance", "read-write"),
        ("POST", "public:ccf.gov.nodes", "read-only"),
        ("POST", "public:ccf.internal.tree", "read-only"),
        ("POST", "ccf.gov.nodes", "inaccessible"),
        ("POST", "ccf.internal.tree", "inaccessible"),
        ("GET", "private", "read-only"),
        ("GET", "public:own", "read-only"),
        ("GET", "public:ccf.gov.nodes", "read-only"),
        ("GET", "public:ccf.internal.tree", "read-only"),
        ("GET", "ccf.gov.nodes", "inaccessible"),
        ("GET", "ccf.internal.tree", "inaccessible"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_permission(case, table, method, name, access):
    name = f"{name}-{table}"
    context = APPLICATION if method == "POST" else READ_ONLY_APPLICATION
    refused = {"read-write": [], "read-only": WRITES, "inaccessible": READS + WRITES}[access]
    expected = {
        member: refusal(member, name, access, context) if member in refused else "nothing thrown"
        for member in READS + WRITES
    }
    assert case("allMembers", method, name) == expected


def test_refusal_is_a_type_error(case):
    assert case("refusalIsTypeError") is True


def test_method_aimed_at_a_read_only_table(case):
    text = "TypeError: Cannot perform this operation on table named public:ccf.gov.members"
    assert case("retargetedAtGovernance") == [text, text, text, "nothing thrown"]


def test_method_aimed_at_an_inaccessible_table(case):
    text = "TypeError: Cannot perform this operation on table named ccf.internal.secrets"
    assert case("retargetedAtInternal") == [text] * 4


def test_refused_write_does_not_fail_the_request(app, case, table):
    case("allMembers", "GET")
    assert app.get(f"/entry/key?{table}").status_code == 404
