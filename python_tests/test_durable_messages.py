"""Messages between durable realms: what a value may be, in which order they come, and what is refused."""

import hashlib
import hmac
import random
import socket
import subprocess

import pytest

from durable import DURABLE_ENGINES, Shell, options, until
from hosts import HOST_PROGRAM, REQUEST_SECONDS

SCRIPT = """
var got = [];
function receive(sender, value) { got.push([sender, value]); }
"""


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def text(value: str) -> bytes:
    return len(value).to_bytes(4, "little") + value.encode()


def forged(
    sender: str, first: int, *messages: bytes, receiver="bob", own=bytes(16), identity=b"i" * 16, known=0
) -> bytes:
    """A datagram as docs/durable.md has it, for realms without a key."""
    words = b"JSEM\x01" + text(receiver) + own + text(sender) + identity
    words += known.to_bytes(8, "little") + first.to_bytes(8, "little")
    words += b"".join(len(message).to_bytes(4, "little") + message for message in messages)
    return words + hmac.digest(b"", len(words).to_bytes(8, "little") + words, hashlib.sha256)


ONE = b"\xff\x10I\x02"


class Pair:
    """Programs with a realm each, that know each other."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder
        self.ports = {"alice": free_port(), "bob": free_port()}
        self.running = []
        self.script = folder / "script.js"
        self.script.write_text(SCRIPT)

    def start(self, name, *words, peers=True, data=None):
        other = "bob" if name == "alice" else "alice"
        words = ["--name", name, "--listen", f"127.0.0.1:{self.ports[name]}", *words]
        if peers:
            words += ["--peer", f"{other}=127.0.0.1:{self.ports[other]}"]
        self.running.append(Shell(self.engine, self.folder / (data or name), *words, script=self.script))
        return self.running[-1]


@pytest.fixture
def pair(engine, tmp_path):
    pair = Pair(engine, tmp_path)
    yield pair
    for shell in pair.running:
        shell.stop()


def until_got(shell, expected):
    until(lambda: shell.ask("got") == expected)


def test_messages_come_once_and_in_order(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    alice.ask("for (let n = 1; n <= 50; n++) send('bob', n)")
    bob.ask("send('alice', 'hello')")
    until_got(alice, '[["bob","hello"]]')
    until(lambda: bob.ask("got.length") == "50")
    assert bob.ask("got.every(([sender, n], index) => sender === 'alice' && n === index + 1)") == "true"


def test_a_message_waits_for_a_realm_that_is_not_there_yet(pair):
    alice = pair.start("alice")
    alice.ask("send('bob', 'early')")
    alice.kill()
    bob = pair.start("bob")
    pair.start("alice")
    until_got(bob, '[["alice","early"]]')


def test_a_turn_that_throws_sends_nothing(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    alice.ask_in_vain("send('bob', 1); throw 1")
    alice.ask("send('bob', 2)")
    until_got(bob, '[["alice",2]]')


VALUES = {
    "primitives": (
        "[null, undefined, true, 1.5, -0, NaN, 'é\\u{1F600}', 12n]",
        "v.length === 8 && Object.is(v[4], -0)",
    ),
    "maps": ("new Map([['k', new Set([1])]])", "v.get('k').has(1)"),
    "buffers": ("new Uint8Array([7, 8]).subarray(1)", "v instanceof Uint8Array && v.length === 1 && v[0] === 8"),
    "cycles": ("(() => { const a = []; a.push(a); return a; })()", "v[0] === v"),
    "errors": ("new RangeError('far')", "v instanceof RangeError && v.message === 'far'"),
    "dates and patterns": ("[new Date(5), /a/gi]", "v[0].getTime() === 5 && v[1].flags === 'gi'"),
    "resizable buffers": ("new ArrayBuffer(2, { maxByteLength: 9 })", "v.maxByteLength === 9"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_value_is_what_structured_clone_makes_of_it(pair, case):
    value, check = VALUES[case]
    alice, bob = pair.start("alice"), pair.start("bob")
    alice.ask(f"send('bob', {value})")
    until(lambda: bob.ask("got.length") == "1")
    bob.kill()
    assert pair.start("bob").ask(f"(v => {check})(got[0][1])") == "true"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("send('bob', () => 1)", "DataCloneError: () => 1 could not be cloned."),
        ("send('bob', { s: Symbol('x') })", "DataCloneError: Symbol(x) could not be cloned."),
        ("send('bob', ccf.kv.some)", "DataCloneError: an object of the host could not be cloned."),
        ("send('bob', Promise.resolve())", "DataCloneError: #<Promise> could not be cloned."),
        ("send('bob', 'x'.repeat(60000))", "RangeError: send: a message of 60006 bytes is larger than 60000"),
        ("send('bob', 'x'.repeat(1e6))", "RangeError: the message is too large"),
        ("send('bob', Array(1e6).fill('x'.repeat(1e6)))", "RangeError: the message is too large"),
        ("send('bob', { get a() { throw Error('mine'); } })", "Error: mine"),
        ("send('', 1)", "RangeError: send: the name of a realm has from 1 to 255 bytes"),
        ("send('b'.repeat(256), 1)", "RangeError: send: the name of a realm has from 1 to 255 bytes"),
        ("send(7, 1)", "TypeError: First argument must be the name of a realm"),
        ("send('bob')", "TypeError: Passed 1 arguments, but expected 2"),
    ],
)
def test_what_cannot_be_sent_is_refused(pair, call, message):
    alice = pair.start("alice", peers=False)
    assert message in alice.ask_in_vain(call)
    assert alice.ask("1") == "1"


def test_the_queue_is_bounded_and_has_room_again(pair):
    alice = pair.start("alice")
    fill = "(n => { try { for (;;) { send('bob', n); n++; } } catch (error) { return [n, error.message]; } })(0)"
    full = '[10000,"send: 10000 messages wait for `bob` already"]'
    assert alice.ask(fill) == full
    assert "10000 messages wait" in alice.ask_in_vain("send('bob', 1)")
    alice.kill()
    alice = pair.start("alice")
    assert "10000 messages wait" in alice.ask_in_vain("send('bob', 1)")
    bob = pair.start("bob")
    until(lambda: bob.ask("got.length") == "10000")
    until(lambda: alice.ask("(() => { try { send('bob', 'more'); return 1; } catch { return 0; } })()") == "1")
    until(lambda: bob.ask("got.at(-1)") == '["alice","more"]')


def test_a_message_whose_receive_throws_is_tried_again_and_then_dropped(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    bob.ask("var receive = (_, v) => { got.push(v); if (v === 'bad') throw Error('no'); }")
    alice.ask("send('bob', 'bad'), send('bob', 'good')")
    until(lambda: bob.ask("got") == '["good"]')
    text = bob.errors.read_text()
    assert "message 1 of `alice`, attempt 1 of 5: Error: no" in text
    assert "message 1 of `alice`, attempt 5 of 5: Error: no" in text


def test_a_function_that_awaits_may_wait_for_the_next_message(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    bob.ask(
        "var go;"
        "var receive = async (_, v) => { if (v === 2) return go(v); await new Promise(r => { go = r; }); got = v; }"
    )
    alice.ask("send('bob', 1), send('bob', 2)")
    until(lambda: bob.ask("got") == "1")


def test_garbage_is_ignored(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for garbage in (b"", b"x", b"JSEM\x01", b"JSEM\x01\xff\xff\xff\xff", b"JSEM\x01\x03\0\0\0bob" + bytes(200)):
            stranger.sendto(garbage, ("127.0.0.1", pair.ports["bob"]))
    alice.ask("send('bob', 1)")
    until_got(bob, '[["alice",1]]')


def test_realms_with_another_key_are_strangers(pair, tmp_path):
    (tmp_path / "key").write_text("secret")
    (tmp_path / "other").write_text("guessed")
    alice = pair.start("alice", "--peer-key", tmp_path / "other")
    bob = pair.start("bob", "--peer-key", tmp_path / "key")
    alice.ask("send('bob', 1)")
    until(lambda: "no datagram of a realm with the same key" in bob.errors.read_text())
    assert bob.ask("got") == "[]"
    alice.stop()
    pair.start("alice", "--peer-key", tmp_path / "key")
    until_got(bob, '[["alice",1]]')


def test_a_realm_that_was_made_anew_is_not_taken_for_the_former_one(pair):
    alice, bob = pair.start("alice"), pair.start("bob")
    alice.ask("send('bob', 1)")
    until_got(bob, '[["alice",1]]')
    alice.stop()
    pair.start("alice", data="another").ask("send('bob', 2)")
    until(lambda: "are not the realms that knew each other" in bob.errors.read_text())
    assert bob.ask("got") == '[["alice",1]]'


def test_the_manual_describes_datagrams(pair):
    bob = pair.start("bob")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", pair.ports["alice"]))
        place.settimeout(20)
        place.sendto(forged("alice", 1, ONE, ONE), ("127.0.0.1", pair.ports["bob"]))
        until_got(bob, '[["alice",1],["alice",1]]')
        reply = place.recv(1 << 16)
    head = b"JSEM\x01" + text("alice") + b"i" * 16 + text("bob")
    assert reply.startswith(head)
    own = reply[len(head) : len(head) + 16]
    assert reply == forged("bob", 0, receiver="alice", own=b"i" * 16, identity=own, known=2)


def test_forged_datagrams_do_no_harm(pair):
    bob = pair.start("bob")
    bob.ask("send('alice', 1)")
    chance = random.Random(9)
    most = (1 << 64) - 1
    wrong = [
        forged("alice", 0, ONE),
        forged("alice", most, ONE),
        forged("alice", most - 1, ONE, ONE),
        forged("alice", 1 << 40, ONE),
        forged("alice", 1, ONE, own=b"x" * 16),
        forged("alice", 1, ONE, identity=bytes(16)),
        forged("alice", 0, known=1),
        forged("alice", 0, known=most),
        forged("", 1, ONE),
        forged("a" * 256, 1, ONE),
        forged("alice", 1, ONE, receiver="carol"),
        forged("alice", 1, ONE)[:-33] + bytes(33),
    ]
    tags = b"\xff\x10oOaA;:{}@$\"cSINT0FtuvRDBVwp\\^'~\x00\x02\x10"
    for number in range(40):
        value = bytes(chance.choice(tags) for _ in range(chance.randrange(40)))
        wrong.append(forged(f"stranger {number}", 1, (b"\xff\x10" + value) if number % 5 else value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in wrong:
            stranger.sendto(datagram, ("127.0.0.1", pair.ports["bob"]))
            bob.ask("1")
    assert bob.ask("got.filter(([sender]) => !sender.startsWith('stranger'))") == "[]"
    alice = pair.start("alice")
    until_got(alice, '[["bob",1]]')
    alice.ask("send('bob', 'still there')")
    until(lambda: bob.ask("got.at(-1)") == '["alice","still there"]')
    bob.kill()
    assert pair.start("bob").ask("got.at(-1)") == '["alice","still there"]'


def test_realms_of_one_program_reach_each_other(engine, tmp_path):
    data, script = tmp_path / "realms", tmp_path / "script.js"
    script.write_text("function receive(sender, n) { console.log(sender, 'says', n); if (n < 4) send(sender, n + 1); }")
    with Shell(engine, data, "--name", "one", script=script) as shell:
        shell.ask("send('two', 1)")
        shell.close()
    words = ["realm", "run", *options(engine, data), "--name", "one", "--name", "two", "--script", script]
    with subprocess.Popen([HOST_PROGRAM, *words], stdout=subprocess.PIPE, text=True) as program:
        lines = [program.stdout.readline() for _ in range(5)]
        program.terminate()
        assert program.wait(REQUEST_SECONDS) == 0
    assert lines == ["Running 2 realms\n", "one says 1\n", "two says 2\n", "one says 3\n", "two says 4\n"]
