"""Alarms of durable realms: they outlive the process and count once."""

import time

import pytest

from durable import DURABLE_ENGINES, Shell, until

SCRIPT = """
var rang = [];
function alarm(name, time) { rang.push(name + ' ' + (Date.now() >= time)); }
"""


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def shell(engine, tmp_path):
    """Starts a shell in the test's realm."""
    running = []
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)

    def start(*words):
        running.append(Shell(engine, tmp_path / "realm", *words, script=script))
        return running[-1]

    yield start
    for shell in running:
        shell.stop()


def test_an_alarm_rings_once_when_it_is_due(shell):
    one = shell()
    one.ask("setAlarm(Date.now() + 50, 'tea')")
    until(lambda: one.ask("rang") == '["tea true"]')
    one.kill()
    assert shell().ask("rang") == '["tea true"]'


def test_an_alarm_survives_a_kill_before_it_is_due(shell):
    one = shell()
    one.ask("setAlarm(new Date(Date.now() + 1500))")
    one.kill()
    two = shell()
    until(lambda: two.ask("rang") == '[" true"]')


def test_an_alarm_that_was_due_while_nothing_ran_rings_at_the_start(shell):
    one = shell()
    due = float(one.ask("const due = Date.now() + 100; setAlarm(due, 'late'); due"))
    one.kill()
    until(lambda: time.time() * 1000 > due)
    two = shell()
    until(lambda: two.ask("rang") == '["late true"]')
    two.kill()
    assert shell().ask("rang") == '["late true"]'


def test_alarms_with_names_are_set_anew_and_cleared(shell):
    one = shell()
    one.ask("setAlarm(8e15, 'a'), setAlarm(8e15, 'b'), setAlarm(8e15), setAlarm(0, 'a'), clearAlarm('b'), clearAlarm()")
    until(lambda: one.ask("rang") == '["a true"]')


def test_an_alarm_may_set_itself_again(shell):
    one = shell()
    one.ask("var alarm = (name) => { if (rang.push(name) < 3) setAlarm(Date.now() + 1, name); }; setAlarm(0, 'again')")
    until(lambda: one.ask("rang.length") == "3")


def test_an_alarm_that_throws_leaves_no_trace_and_stays(shell):
    one = shell()
    one.ask("var allowed = false; var alarm = () => { rang.push(1); if (!allowed) throw Error('not yet'); }")
    one.ask("setAlarm(0)")
    until(lambda: "not yet" in one.errors.read_text())
    assert one.ask("rang") == "[]"
    one.ask("allowed = true")
    until(lambda: one.ask("rang") == "[1]")


def test_with_commit_an_alarm_that_throws_has_rung(shell):
    one = shell("--on-throw", "commit")
    one.ask("var alarm = () => { rang.push(1); throw Error('after all'); }")
    one.ask("setAlarm(0)")
    until(lambda: one.ask("rang") == "[1]")
    until(lambda: "after all" in one.errors.read_text())
    one.kill()
    assert shell("--on-throw", "commit").ask("rang") == "[1]"


@pytest.mark.parametrize("time", ["", "NaN", "1 / 0", "'soon'", "new Date(NaN)"])
def test_an_alarm_needs_a_time(shell, time):
    assert "TypeError: First argument must be a time" in shell().ask_in_vain(f"setAlarm({time})")


def test_alarms_are_bounded(shell):
    one = shell()
    text = one.ask_in_vain("for (let n = 0; n <= 1000; n++) setAlarm(8e15, 'a' + n)")
    assert "RangeError: setAlarm: 1000 alarms are set already" in text
    assert one.ask("for (let n = 0; n < 1000; n++) setAlarm(8e15, 'a' + n)") == "undefined"
    assert one.ask("clearAlarm('a0'), setAlarm(8e15, 'other')") == "undefined"


def test_a_turn_that_throws_sets_no_alarm(shell):
    one = shell()
    one.ask_in_vain("setAlarm(0); throw 1")
    assert one.ask("rang") == one.ask("rang") == "[]"
