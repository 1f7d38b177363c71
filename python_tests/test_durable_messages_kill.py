"""Two realms exchange messages over a bad network, while both programs are killed again and again.

`JSEP_DURABLE_MESSAGES=100000` makes it the long form.
"""

import os
import random
import select
import socket
import threading

import pytest

from durable import DURABLE_ENGINES, Shell, until, verify

MESSAGES = int(os.environ.get("JSEP_DURABLE_MESSAGES", "400"))
# Of each program, one in so many turns of the sender.
MESSAGES_PER_TURN = 10 if MESSAGES < 10_000 else 100
KILLS = 8 if MESSAGES < 10_000 else 20
PATIENCE = 120 if MESSAGES < 10_000 else 3600

SENDER = f"""
var last = 0;
var step = () => {{
  const end = Math.min(last + {MESSAGES_PER_TURN}, {MESSAGES});
  try {{
    while (last < end) {{
      send('bob', last + 1);
      last++;
    }}
  }} catch (error) {{
    if (!error.message.includes('messages wait')) throw error;
  }}
  return last;
}};
function receive() {{}}
"""
RECEIVER = """
var got = [], answered = 0;
function receive(sender, n) { got.push(n); if (n % 10 === 0) { send('alice', n); answered++; } }
var right = () => got.every((n, index) => n === index + 1);
"""


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


class BadNetwork:
    """Carries datagrams between two programs: loses 30 %, doubles 10 %, holds 20 % back until others have passed."""

    def __init__(self, seed: int):
        self.chance = random.Random(seed)
        # By name: where the other programs send what is for it.
        self.doors = {name: self.door() for name in ("alice", "bob")}
        self.ports = {name: self.free_port() for name in self.doors}
        self.held: list[tuple[str, bytes]] = []
        self.carried = self.lost = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def door() -> socket.socket:
        door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        door.bind(("127.0.0.1", 0))
        return door

    @staticmethod
    def free_port() -> int:
        with BadNetwork.door() as place:
            return place.getsockname()[1]

    def words(self, name: str) -> list[str]:
        other = "bob" if name == "alice" else "alice"
        door = self.doors[other].getsockname()[1]
        return ["--name", name, "--listen", f"127.0.0.1:{self.ports[name]}", "--peer", f"{other}=127.0.0.1:{door}"]

    def run(self) -> None:
        names = {door: name for name, door in self.doors.items()}
        while not self.over.is_set():
            readable, _, _ = select.select(list(names), [], [], 0.05)
            for door in readable:
                self.carry(names[door], door.recv(1 << 16))
            if not readable:
                self.release()

    def carry(self, name: str, datagram: bytes) -> None:
        draw = self.chance.random()
        if draw < 0.3:
            self.lost += 1
        elif draw < 0.5:
            self.held.append((name, datagram))
        else:
            self.pass_on(name, datagram)
            if draw < 0.6:
                self.pass_on(name, datagram)
        if len(self.held) > 5:
            self.release()

    def release(self) -> None:
        self.chance.shuffle(self.held)
        for name, datagram in self.held:
            self.pass_on(name, datagram)
        self.held.clear()

    def pass_on(self, name: str, datagram: bytes) -> None:
        self.carried += 1
        self.doors[name].sendto(datagram, ("127.0.0.1", self.ports[name]))

    def stop(self) -> None:
        self.over.set()
        self.thread.join()
        for door in self.doors.values():
            door.close()


class Program:
    """A shell that is killed and started again."""

    def __init__(self, engine, network, folder, name, source):
        self.engine, self.network, self.name, self.data = engine, network, name, folder / name
        self.script = folder / f"{name}.js"
        self.script.write_text(source)
        self.kills = 0
        self.shell = self.start()

    def start(self) -> Shell:
        return Shell(self.engine, self.data, *self.network.words(self.name), script=self.script, ids=True)

    def kill(self) -> None:
        self.shell.kill()
        self.shell.stop()
        self.kills += 1
        self.shell = self.start()


def test_messages_survive_a_bad_network_and_kills(engine, tmp_path):
    network = BadNetwork(7)
    chance = random.Random(8)
    programs = []
    try:
        alice = Program(engine, network, tmp_path, "alice", SENDER)
        programs.append(alice)
        bob = Program(engine, network, tmp_path, "bob", RECEIVER)
        programs.append(bob)
        kills = set(chance.sample(range(MESSAGES // MESSAGES_PER_TURN), KILLS))
        turn = sent = 0
        while sent < MESSAGES:
            # The id makes a turn that is asked for again count once.
            alice.shell.send(f"turn {turn}\tstep()")
            if turn in kills:
                kills.remove(turn)
                # Anywhere from before the turn to while its messages are under way.
                select.select([alice.shell.process.stdout], [], [], chance.random() * 0.01)
                alice.kill()
                bob.kill()
                continue
            answer = int(alice.shell.process.stdout.readline())
            if answer == sent:
                # As many wait as may.
                until(lambda: int(bob.shell.ask("got.length")) > sent - 5000, PATIENCE)  # noqa: B023
            sent = answer
            turn += 1

        def came() -> bool:
            return int(bob.shell.ask("got.length")) >= MESSAGES

        until(came, PATIENCE)
        bob.kill()
        assert bob.shell.ask("[got.length, right(), answered]") == f"[{MESSAGES},true,{MESSAGES // 10}]"
        assert (alice.kills, bob.kills) == (KILLS, KILLS + 1)
        # A datagram has many messages when many wait.
        assert network.lost > min(MESSAGES // 100, 50)
    finally:
        for program in programs:
            program.shell.stop()
        network.stop()
    assert verify(engine, alice.data)["turns"]["alice"] >= turn
    assert verify(engine, bob.data)["turns"]["bob"] >= MESSAGES
