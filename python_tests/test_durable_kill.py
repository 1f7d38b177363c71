"""A realm whose process is killed again and again, while checkpoints are made, answers as one whose process never is.

`JSEP_DURABLE_TURNS=10000` makes it the long form.
"""

import os
import random
import select

import pytest

from durable import DURABLE_ENGINES, Shell, until, verify

TURNS = int(os.environ.get("JSEP_DURABLE_TURNS", "240"))
# One turn in so many is killed while it runs, is written or is synced.
TURNS_PER_KILL = 12 if TURNS < 1000 else 100
# Seconds, for a checkpoint on a busy machine.
PATIENCE = 120

SCRIPT = """
class Account { #sum = 0; add(n) { this.#sum += n; return this.#sum; } }
var accounts = new Map(), log = [], draws = 0;
var step = (n) => {
  const name = 'a' + n % 7;
  if (!accounts.has(name)) accounts.set(name, new Account());
  log.push(n);
  if (n % 5 === 0) draws += Math.random() < 2 ? 1 : 0;
  return [n, accounts.get(name).add(n), log.length, draws, Date.now() > 0].join(' ');
};
"""


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


def expected() -> list[str]:
    """What an uninterrupted run answers, told without the library."""
    sums: dict[int, int] = {}
    answers = []
    for turn in range(TURNS):
        sums[turn % 7] = sums.get(turn % 7, 0) + turn
        answers.append(f'"{turn} {sums[turn % 7]} {turn + 1} {turn // 5 + 1} true"')
    return answers


def test_killed_runs_answer_as_one_that_is_not(engine, tmp_path):
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)
    data = tmp_path / "realm"
    chance = random.Random(20)
    answers, kills, turn = [], 0, 0
    # Each shell has a checkpoint made as soon as it can; that goes on when the shell is killed.
    words = ["--checkpoint-bytes", "1000"]
    shell = Shell(engine, data, *words, script=script, ids=True)
    try:
        while turn < TURNS:
            shell.send(f"turn {turn}\tstep({turn})")
            if chance.randrange(TURNS_PER_KILL) == 0:
                # Anywhere from before the turn to behind its answer.
                select.select([shell.process.stdout], [], [], chance.random() * 0.004)
                shell.kill()
                kills += 1
                shell.stop()
                shell = Shell(engine, data, *words, ids=True)
                continue  # Nobody heard the answer, so it is asked again.
            answers.append(shell.process.stdout.readline().rstrip("\n"))
            turn += 1

        def has_a_checkpoint() -> bool:
            # Asked again, the last turn does not run; but the shell looks for checkpoints.
            assert shell.ask(f"step({TURNS - 1})", f"turn {TURNS - 1}") == answers[-1]
            return any(data.glob("checkpoint-*-[ab]"))

        until(has_a_checkpoint, PATIENCE)
    finally:
        shell.stop()
    assert answers == expected()
    assert kills > TURNS // TURNS_PER_KILL // 3
    said = verify(engine, data)
    assert said["turns"] == {"shell": TURNS}
    assert said["checkpoints"]["shell"]["whole"]
