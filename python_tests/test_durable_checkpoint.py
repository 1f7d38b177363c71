"""Checkpoints: restores are short, damage is found out, and a replay after one is as one from the beginning."""

import re
import signal
import subprocess

import pytest

from durable import DURABLE_ENGINES, Shell, checkpoint, copy, options, refusal, report, until, verify
from hosts import HOST_PROGRAM, run_host

SCRIPT = "var calls = 0, filler = 'x'.repeat(1000); const next = (text) => ++calls;"


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def data(engine, tmp_path):
    """A realm with 20 turns, a checkpoint after 10 of them, and one after 15."""
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)
    directory = tmp_path / "realm"
    for turns in (10, 5, 5):
        with Shell(engine, directory, script=script, ids=True) as shell:
            for _ in range(turns):
                shell.ask("next()", f"id {shell.greeting} {_}")
            assert shell.close() == 0
        if turns == 10 or not (directory / "checkpoint-0000000001-b").exists():
            checkpoint(engine, directory)
    return directory


def ask(engine, directory, *lines: str) -> list[str]:
    with Shell(engine, directory) as shell:
        return [shell.ask(line) for line in lines]


def test_a_restore_begins_at_the_newest_checkpoint(engine, data):
    said = report(engine, data)
    assert said["checkpoint"]["records"] == 16
    assert said["turns"] == 20
    assert 0 < said["replay_bytes"] < 500
    assert ask(engine, data, "next()") == ["21"]


def test_checkpoints_build_on_each_other(engine, data):
    said = checkpoint(engine, data)
    assert (said["made"], said["turns"], said["replayed"]) == (True, 20, 5)
    assert ask(engine, data, "next()") == ["21"]


def test_without_a_turn_since_the_last_two_none_is_made(engine, data):
    assert [checkpoint(engine, data)["made"] for _ in range(3)] == [True, True, False]


def flip(path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_of_a_damaged_checkpoint_the_former_is_used(engine, data):
    flip(data / "checkpoint-0000000001-b", 5000)
    assert "`checkpoint-0000000001-b` is damaged" in refusal(engine, data)
    said = report(engine, data)
    assert said["checkpoint"]["records"] == 11
    assert "`checkpoint-0000000001-b` is damaged" in said["unused_checkpoints"][0]
    assert ask(engine, data, "next()") == ["21"]


def test_of_two_damaged_checkpoints_the_whole_log_is_used(engine, data):
    for slot in "ab":
        flip(data / f"checkpoint-0000000001-{slot}", 5000)
    said = report(engine, data)
    assert said["checkpoint"] is None
    assert len(said["unused_checkpoints"]) == 2
    assert ask(engine, data, "next()") == ["21"]


def test_each_flipped_byte_of_a_checkpoint_is_found_out(tmp_path):
    engine = DURABLE_ENGINES[0]
    with Shell(engine, tmp_path / "realm") as shell:
        shell.ask("1")
    checkpoint(engine, tmp_path / "realm")
    path = tmp_path / "realm" / "checkpoint-0000000001-a"
    whole = path.read_bytes()
    # All of the head, all of the tail, and strides through the blob.
    places = [*range(0, 200, 7), *range(200, len(whole) - 40, len(whole) // 40), *range(len(whole) - 40, len(whole), 7)]
    for place in places:
        flip(path, place)
        assert "is damaged" in refusal(engine, tmp_path / "realm"), place
        path.write_bytes(whole)
    for length in (0, 1, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "is damaged" in refusal(engine, tmp_path / "realm"), length


def test_a_checkpoint_of_another_log_is_not_used(engine, data, tmp_path):
    with Shell(engine, tmp_path / "other") as shell:
        shell.ask("var calls = 1000")
    checkpoint(engine, tmp_path / "other")
    foreign = (tmp_path / "other" / "checkpoint-0000000001-a").read_bytes()
    (data / "checkpoint-0000000001-b").write_bytes(foreign)
    assert ask(engine, data, "calls") == ["20"]


def test_a_checkpoint_that_is_ahead_of_its_log_is_not_used(engine, data):
    before = copy(data, "before")
    ask(engine, data, "next()", "next()")
    checkpoint(engine, data)
    (before / "checkpoint-0000000001-a").write_bytes((data / "checkpoint-0000000001-a").read_bytes())
    said = report(engine, before)
    assert "is ahead of the log" in said["unused_checkpoints"][0]
    assert ask(engine, before, "calls") == ["20"]


def test_a_checkpoint_made_with_other_flags_is_not_used(tmp_path):
    jit, jitless = DURABLE_ENGINES[:2]
    with Shell(jit, tmp_path / "realm") as shell:
        shell.ask("var mark = 4")
    checkpoint(jit, tmp_path / "realm")
    said = report(jitless, tmp_path / "realm")
    assert said["checkpoint"] is None
    assert "with other flags" in said["unused_checkpoints"][0]
    assert ask(jitless, tmp_path / "realm", "mark") == ["4"]


def test_ids_are_known_after_a_restore_from_a_checkpoint(engine, data):
    checkpoint(engine, data)
    with Shell(engine, data, ids=True) as shell:
        assert shell.ask("next()", "id Initialized realm 3") == "4"
        assert shell.ask("next()", "new") == "21"


def test_a_failing_turn_rolls_back_to_a_checkpoint(engine, data):
    with Shell(engine, data) as shell:
        assert shell.ask("next()") == "21"
        assert "enough" in shell.ask_in_vain("calls = 0; next(); throw new Error('enough')")
        assert shell.ask("next()") == "22"


def test_a_checkpoint_is_made_beside_a_running_shell(engine, data):
    with Shell(engine, data) as shell:
        shell.ask("next()")
        assert checkpoint(engine, data)["turns"] == 21
        assert shell.ask("next()") == "22"
        # A roll-back takes the new checkpoint.
        shell.ask_in_vain("calls = 0; throw 1")
        assert shell.ask("next()") == "23"
    assert ask(engine, data, "calls") == ["23"]


STACKS = [
    "var deep = (n) => n ? deep(n - 1) : new Error('deep').stack; deep(3)",
    "deep(20)",
    "[Error.stackTraceLimit, Object.keys(globalThis).join(), Object.getOwnPropertyNames(globalThis).length]",
    "var f = function named() { return named.toString() }; f()",
    "deep(1) + f()",
]


def test_stacks_and_orders_are_the_same_after_a_restore(engine, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    expected = ask(engine, one, *STACKS)
    assert ask(engine, other, *STACKS[:2]) == expected[:2]
    checkpoint(engine, other)
    assert ask(engine, other, *STACKS[2:]) == expected[2:]
    # What was answered after a restore from a checkpoint is answered by a replay of the whole log.
    (other / "checkpoint-0000000001-a").unlink()
    assert report(engine, other)["turns"] == report(engine, one)["turns"]


def test_a_checkpoint_process_that_is_killed_leaves_the_former_one(engine, data):
    ask(engine, data, "for (let i = 0; i < 3e7; i++); next()")
    former = (data / "checkpoint-0000000001-b").read_bytes()
    words = [str(HOST_PROGRAM), "realm", "checkpoint", *options(engine, data)]
    for seconds in (0, 0.02, 0.1):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (data / "checkpoint-0000000001-b").read_bytes() == former
    assert ask(engine, data, "next()") == ["22"]


def test_one_program_at_a_time_makes_checkpoints(engine, data):
    import fcntl

    with (data / "checkpoint.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another program makes checkpoints" in run_host("realm", "checkpoint", *options(engine, data)).errors


NEVER = ("--checkpoint-bytes", "0", "--checkpoint-seconds", "0")
LONG_TURN = f"next('{'x' * 200_000}')"

# For a process that shares a busy machine.
CHECKPOINT_SECONDS = 120


def log_sizes(directory) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in directory.glob("log-*")}


def checkpoint_times(directory) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in directory.glob("checkpoint-*-[ab]")}


def test_a_shell_has_checkpoints_made_and_the_log_stays_short(tmp_path):
    engine = DURABLE_ENGINES[0]
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)
    directory = tmp_path / "realm"
    turns = 0
    with Shell(engine, directory, "--checkpoint-bytes", "4000000", script=script) as shell:

        def turn(line: str) -> None:
            nonlocal turns
            turns += 1
            assert shell.ask(line) == str(turns)

        def turns_until(condition) -> None:
            """The shell looks for checkpoints after turns, and does not wait for them."""

            def holds() -> bool:
                turn("next()")
                return condition()

            until(holds, CHECKPOINT_SECONDS)

        for _ in range(8):
            former = checkpoint_times(directory)
            for _ in range(25):
                turn(LONG_TURN)
            turns_until(lambda former=former: checkpoint_times(directory) != former)
        # 40 MB were written. The older checkpoint holds 25 MB at least, and with them two segments of 8 MiB.
        turns_until(lambda: sum(log_sizes(directory).values()) < 24_000_000)
        assert shell.close() == 0
    assert log_sizes(directory)["log-0000000001"] == 0
    said = verify(engine, directory)
    assert said["first_segment"] > 2
    assert said["turns"]["shell"] == turns
    assert ask(engine, directory, "calls") == [str(turns)]
    # Without its checkpoints, such a log can't be used, and says so.
    for slot in "ab":
        flip(directory / f"checkpoint-0000000001-{slot}", 5000)
    message = refusal(engine, directory, "report")
    assert re.search(r"the first \d+ turns of the realm `shell` are only in its checkpoints", message), message
    assert "checkpoint-0000000001-a" in message


def test_what_checkpoints_hold_that_no_shell_waited_for_is_given_up_by_the_next(engine, data):
    with Shell(engine, data, *NEVER) as shell:
        for _ in range(50):
            shell.ask(LONG_TURN)
    checkpoint(engine, data)
    with Shell(engine, data, *NEVER) as shell:
        assert shell.ask("next()") == "71"
    checkpoint(engine, data)
    # Who wants no checkpoints keeps the whole log.
    with Shell(engine, data, *NEVER) as shell:
        assert shell.ask("next()") == "72"
    assert log_sizes(data)["log-0000000001"] > 8_000_000
    with Shell(engine, data) as shell:
        assert shell.ask("next()") == "73"
        # It looks after the answer.
        assert shell.close() == 0
    assert log_sizes(data)["log-0000000001"] == 0
    assert verify(engine, data)["turns"]["shell"] == 73
    assert ask(engine, data, "next()") == ["74"]


def test_a_lost_manifest_is_found_out_when_the_first_segments_are_gone(engine, data):
    (data / "log-0000000001").write_bytes(b"")
    (data / "manifest").unlink()
    assert "`manifest` is damaged at byte 0: it is missing" in refusal(engine, data)
