"""Whatever call goes wrong that writes a log, a new process goes on where the answers of the former one ended.

Each call of a short run fails once in each way. What was answered is there afterwards, and what was not can be sent
again under its id; together the answers are those of a run in which nothing goes wrong.
`JSEP_DURABLE_FAULT_TURNS=20` makes it the long form.
"""

import contextlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from durable import DURABLE_ENGINES, FAULTS, fault, options, verify
from hosts import HOST_PROGRAM, REQUEST_SECONDS

ENGINE = DURABLE_ENGINES[0]
TURNS = int(os.environ.get("JSEP_DURABLE_FAULT_TURNS", "3"))
# An answer that was lost and is made anew has another number at its end.
INPUTS = [f"{number}\tcount += {number}, `{number}: ${{count}} ${{Math.random()}}`" for number in range(TURNS)]
KINDS = ["error", "kill", "tear", "power", "cut", "short"]
WORKERS = 4


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("faults") / "script.js"
    path.write_text("let count = 0;")
    return path


def run(data, script, environment=None) -> list[str]:
    """Sends all inputs to a shell, each when the one before is answered; the answers until one does not come."""
    arguments = [str(HOST_PROGRAM), "shell", *options(ENGINE, data), "--ids", "--script", str(script)]
    pipe = subprocess.PIPE
    environment = {**os.environ, **(environment or {})}
    answers = []
    with subprocess.Popen(
        arguments, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as shell:
        greeting = shell.stdout.readline()
        for line in INPUTS if greeting else []:
            try:
                print(line, file=shell.stdin, flush=True)
            except BrokenPipeError:
                break
            answer = shell.stdout.readline()
            if not answer:
                break
            answers.append(answer)
        with contextlib.suppress(BrokenPipeError):
            shell.stdin.close()
        shell.wait(REQUEST_SECONDS)
    return answers


def sums(answers: list[str]) -> list[str]:
    """Answers without their random numbers."""
    return [answer.rpartition(" ")[0] for answer in answers]


@pytest.fixture(scope="module")
def expected(tmp_path_factory, script):
    """The answers of a run in which nothing goes wrong, and how many calls write."""
    data = tmp_path_factory.mktemp("expected")
    trace = data / "trace"
    answers = run(data / "realm", script, fault(0, "", trace))
    calls = trace.read_text().splitlines()
    return sums(answers), calls


def test_a_run_makes_the_calls_that_can_go_wrong(expected):
    answers, calls = expected
    assert answers == [f'"{turn}: {sum(range(turn + 1))}' for turn in range(TURNS)]
    names = {call.split()[0] for call in calls}
    assert {"write", "fdatasync", "fsync", "renameat"} <= names | ({"write"} if "pwrite" in names else set())
    assert sum(call.startswith("fdatasync log-") for call in calls) >= TURNS


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_call_goes_wrong_the_answers_stay_the_same(kind, expected, script, tmp_path):
    answers, calls = expected
    places = range(1, len(calls) + 1)
    assert FAULTS.exists()

    def check(at: int) -> int:
        data = tmp_path / str(at)
        before = run(data, script, fault(at, kind))
        # With their ids, inputs that were answered are not run again.
        after = run(data, script)
        what = f"{kind} at {at}, {calls[at - 1]}: {before} and then {after}"
        assert sums(after) == answers, what
        assert after[: len(before)] == before, what
        return len(before)

    with ThreadPoolExecutor(WORKERS) as pool:
        answered = list(pool.map(check, places))
    # The faults took effect: each number of answers came before one, but for writes that are only short.
    assert set(answered) == ({TURNS} if kind == "short" else set(range(TURNS + 1)))


def test_two_faults_in_a_row_lose_nothing(expected, script, tmp_path):
    answers, calls = expected
    for at in range(len(calls) // 2, len(calls), 3):
        data = tmp_path / str(at)
        first = run(data, script, fault(at, "power"))
        second = run(data, script, fault(1 + at % 6, "cut"))
        third = run(data, script)
        assert sums(third) == answers, f"at {at}, {calls[at - 1]}"
        assert (third[: len(first)], third[: len(second)]) == (first, second), f"at {at}, {calls[at - 1]}"
        assert verify(ENGINE, data)["turns"] == {"shell": TURNS}
