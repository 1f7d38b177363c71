"""Durable realms: what survives, what leaves no trace, what is found out."""

import re

import pytest

from durable import COUNTER, DURABLE_ENGINES, Shell, copy, options, refusal, verify
from hosts import run_host


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def shell(engine, tmp_path):
    """Starts a shell in the test's realm."""
    running = []

    def start(*words, **settings):
        running.append(Shell(engine, tmp_path / "realm", *words, **settings))
        return running[-1]

    yield start
    for shell in running:
        shell.stop()


@pytest.fixture
def again(shell):
    """Runs some turns, kills the shell, and answers with what turns in the restored realm say."""

    def run(before: list[str], after: list[str]) -> list[str]:
        first = shell()
        for line in before:
            first.ask(line)
        first.kill()
        second = shell()
        return [second.ask(line) for line in after]

    return run


def test_the_classic_session(shell):
    first = shell(script=COUNTER)
    assert first.greeting == "Initialized realm"
    lines = ["var counter = create_counter()", "counter.next()", "counter.next()", "counter.peek()"]
    assert [first.ask(line) for line in lines] == ["undefined", "1", "2", "2"]
    source = first.ask("counter.next")
    assert source == "() => ++count"
    first.kill()
    second = shell()
    assert re.fullmatch(r"Restored realm \(5 turns, \d+ ms\)", second.greeting)
    assert [second.ask(line) for line in ["counter.next()", "counter.peek()", "counter.next"]] == ["3", "3", source]


def test_lines_of_a_turn_count_as_heap(shell):
    """They are held back until the turn is on the disk."""
    realm = shell("--option", f"max_heap_bytes={64 << 20}")
    assert "out of memory" in realm.ask_in_vain("for (;;) console.log('x'.repeat(1 << 20))")
    assert realm.ask("1 + 1") == "2"


SURVIVORS = {
    "variables": (["let a = 1; const b = [a, {c: 2}]"], "JSON.stringify([a, b])", r'"[1,[1,{\"c\":2}]]"'),
    "closures": (["var next = (() => { let n = 0; return () => ++n; })()", "next()"], "next()", "2"),
    "private fields": (["class P { #n = 1; get n() { return this.#n++; } }; var p = new P", "p.n"], "p.n", "2"),
    "symbols": (["var s = Symbol('mark'); var o = {[s]: 1}"], "o[s]", "1"),
    "maps and sets": (["var m = new Map([['k', new Set([1])]])"], "m.get('k').has(1)", "true"),
    "weak maps": (["var k = {}; var w = new WeakMap([[k, 7]])"], "w.get(k)", "7"),
    "buffers": (["var t = new Uint8Array([1, 2]); t[0] = 9"], "Array.from(t)", "[9,2]"),
    "resizable buffers": (["var r = new ArrayBuffer(1, {maxByteLength: 9}); r.resize(5)"], "r.byteLength", "5"),
    "generators": (["function* g() { yield 1; yield 2; } var i = g()", "i.next()"], "i.next().value", "2"),
    "pending promises": (
        ["var done, seen = 0; new Promise(resolve => { done = resolve; }).then(value => { seen = value; })"],
        "done(5), Promise.resolve().then(() => seen)",
        "5",
    ),
    "suspended async functions": (
        ["var go, got = 0; (async () => { got = await new Promise(resolve => { go = resolve; }); })()", "go(3)"],
        "got",
        "3",
    ),
    "proxies": (["var p = new Proxy({}, {get: (_, name) => name + '!'})"], "p.hello", '"hello!"'),
    "regular expressions": (["var x = /a/g; x.test('aa')"], "x.lastIndex", "1"),
    "changed built-ins": (["Array.prototype.last = function () { return this.at(-1); }"], "[1, 2].last()", "2"),
    "frozen globals": (["Object.freeze(Error); Error.mark = 1"], "Error.mark", "undefined"),
    "dates": (["var d = new Date(0)"], "d.toISOString()", '"1970-01-01T00:00:00.000Z"'),
}


@pytest.mark.parametrize("case", SURVIVORS)
def test_state_survives_a_kill(again, case):
    before, after, expected = SURVIVORS[case]
    assert again(before, [after]) == [expected]


@pytest.mark.parametrize(
    "name", ["WeakRef", "FinalizationRegistry", "SharedArrayBuffer", "Atomics", "WebAssembly", "Intl", "performance"]
)
def test_what_cannot_be_repeated_is_absent(shell, name):
    assert shell().ask(f"typeof {name}") == '"undefined"'


@pytest.mark.parametrize("name", ["sign", "generateAesKey", "generateRsaKeyPair", "wrapKey"])
def test_functions_that_draw_their_own_randomness_are_absent(shell, name):
    assert shell().ask(f"typeof ccf.crypto.{name}") == '"undefined"'


def test_time_and_randomness_are_those_of_the_first_run(shell):
    first = shell()
    first.ask("var t = Date.now(), r = [Math.random(), Math.random()], d = new Date()")
    assert first.ask("r[0] !== r[1] && t > 1e12 && d.getTime() === t") == "true"
    values = first.ask("[t, r, d]")
    first.kill()
    assert shell().ask("[t, r, d]") == values


def test_time_stands_still_during_a_turn(shell):
    assert shell().ask("var t = Date.now(); for (let i = 0; i < 1e6; i++); Date.now() - t") == "0"


FAILING = {
    "throw": "changed = 1; throw new Error('enough')",
    "rejected promise": "changed = 1; Promise.reject(new Error('enough'))",
    "error in a job": "changed = 1; Promise.resolve().then(() => { changed = 2; throw new Error('enough'); })",
    "caught stack overflow": "changed = 1; var deep = () => deep(); try { deep(); } catch {}",
    "caught lack of memory": "changed = 1; try { new ArrayBuffer(2 ** 28); } catch {}",
    "exhausted heap": "changed = 1; var all = []; for (;;) all.push(new Array(1000).fill(all.length))",
    "unknown variable": "changed = 1; nothing_of_this_name",
    "syntax error": "changed = 1; }",
}


@pytest.mark.parametrize("case", FAILING)
def test_a_turn_that_fails_leaves_no_trace(shell, case):
    first = shell()
    first.ask("var changed = 0; const kept = {list: [1]}; let count = 0")
    first.ask("count++")
    assert first.ask_in_vain(f"kept.list.push(2); count++; {FAILING[case]}")
    assert first.ask("[changed, kept.list, count]") == "[0,[1],1]"
    first.kill()
    assert shell().ask("[changed, kept.list, count]") == "[0,[1],1]"


def test_a_turn_that_takes_too_long_leaves_no_trace(shell):
    first = shell("--option", "max_execution_time_ms=300")
    first.ask("var count = 0")
    assert "interrupted" in first.ask_in_vain("count++; for (;;);")
    assert first.ask("count") == "0"


def test_with_commit_a_turn_that_throws_keeps_what_it_did(shell):
    first = shell("--on-throw", "commit")
    first.ask("var count = 0")
    assert "enough" in first.ask_in_vain("count++; throw new Error('enough')")
    first.kill()
    second = shell("--on-throw", "commit")
    assert second.ask("count") == "1"


def test_a_repeated_id_gives_the_answer_of_the_first_time(shell):
    first = shell(ids=True)
    first.ask("var count = 0", "a")
    assert [first.ask("++count", name) for name in ("b", "c", "b")] == ["1", "2", "1"]
    first.kill()
    second = shell(ids=True)
    assert [second.ask("++count", name) for name in ("c", "b", "d")] == ["2", "1", "3"]


def test_a_replay_that_asks_for_something_else_stops_the_realm(shell, engine, tmp_path):
    first = shell()
    first.ask("1")
    first.ask("Date.now() > 0")
    first.close()
    # With this option the clock is not asked.
    answer = run_host("realm", "report", *options(engine, tmp_path / "realm"), "--option", "untrusted_time=gated")
    assert answer.exit_code != 0
    assert re.search(r"turn 2 of the realm `shell` went another way: it did not ask `clock` this time", answer.errors)


def test_a_replay_that_answers_something_else_stops_the_realm(shell, engine, tmp_path):
    first = shell()
    first.ask("typeof Intl")
    first.close()
    answer = run_host("realm", "report", *options(engine, tmp_path / "realm"), "--option", "intl=on")
    assert answer.exit_code != 0
    assert 'turn 1 of the realm `shell` went another way: it answered `"object"`' in answer.errors


def test_lines_of_the_console_come_once(shell):
    first = shell()
    first.send("console.log('hello'); 1")
    assert [first.process.stdout.readline() for _ in range(2)] == ["hello\n", "1\n"]
    first.kill()
    assert shell().ask("2") == "2"


def test_a_realm_has_one_user_at_a_time(shell, engine, tmp_path):
    shell().ask("1")
    assert "another program uses" in refusal(engine, tmp_path / "realm")


@pytest.fixture
def written(shell, engine, tmp_path):
    """A directory with a realm of some turns, closed or killed."""

    def write(kill: bool):
        first = shell(script=COUNTER)
        for line in ["var counter = create_counter()", *["counter.next()"] * 5]:
            first.ask(line)
        if kill:
            first.kill()
        else:
            assert first.close() == 0
        return tmp_path / "realm"

    return write


def test_verify_and_report_tell_what_there_is(written, engine):
    data = written(kill=False)
    report = verify(engine, data)
    assert report["turns"] == {"shell": 6}
    assert report["dropped"] is None
    answer = run_host("realm", "report", *options(engine, data))
    assert answer.exit_code == 0
    assert '"restored": true' in answer.output


def test_a_flipped_byte_of_a_closed_log_is_reported_with_its_place(written, engine):
    data = written(kill=False)
    for file in [path for path in data.iterdir() if path.suffix != ".new"]:
        whole = file.read_bytes()
        # The tests of the library flip each byte; here the place in the message counts.
        for at in range(0, len(whole), 37):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert re.search(rf"`{file.name}` is damaged at byte \d+", refusal(engine, data))
        file.write_bytes(whole)
    assert verify(engine, data)["turns"] == {"shell": 6}


def test_a_torn_end_is_dropped_and_reported(written, shell, engine):
    data = written(kill=True)
    file = max(path for path in data.iterdir() if path.name.startswith("log-"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    report = verify(engine, data)
    assert report["turns"] == {"shell": 5}
    assert report["dropped"]["bytes"] > 0
    assert [shell().ask("counter.peek()")] == ["4"]


def test_a_copy_is_a_realm_of_its_own(written, engine):
    data = written(kill=True)
    other = copy(data, "other")
    with Shell(engine, other) as second:
        assert second.ask("counter.next()") == "6"
    with Shell(engine, data) as first:
        assert first.ask("counter.peek()") == "5"
