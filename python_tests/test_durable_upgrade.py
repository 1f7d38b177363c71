"""Upgrades: a new script in a realm that keeps its state."""

import pytest

from durable import DURABLE_ENGINES, Shell, options
from hosts import run_host

FIRST = """
let count = 0;
var greeting = 'hello';
function next() { return ++count; }
"""


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture
def data(tmp_path):
    return tmp_path / "realm"


@pytest.fixture
def shell(engine, data, tmp_path):
    """Starts a shell in the test's realm."""
    running = []
    script = tmp_path / "first.js"
    script.write_text(FIRST)

    def start():
        running.append(Shell(engine, data, script=script))
        return running[-1]

    yield start
    for shell in running:
        shell.stop()


@pytest.fixture
def version(tmp_path):
    """Writes a version and gives the shell's command for it."""

    def write(source):
        path = tmp_path / "version.js"
        path.write_text(source)
        return f".upgrade {path}"

    return write


def test_an_upgrade_keeps_the_state_and_changes_the_functions(shell, version):
    one = shell()
    one.ask("next(), next()")
    assert one.ask(version("function next() { return count += 10; }")) == "undefined"
    assert one.ask("next()") == "12"
    one.kill()
    assert shell().ask("next()") == "22"


def test_migrate_gets_what_names_stood_for(shell, version):
    one = shell()
    source = """
        var greeting = { text: 'none' };
        function migrate(old) { greeting.text = old.greeting; return [Object.keys(old), old.next(), 'migrate' in old]; }
    """
    assert one.ask(version(source)) == '[["greeting","next"],1,false]'
    assert one.ask("greeting.text") == '"hello"'
    one.kill()
    assert shell().ask("greeting.text") == '"hello"'


def test_a_migration_runs_once(shell, version):
    one = shell()
    one.ask(version("var migrated = 0; function migrate() { migrated++; }"))
    one.ask(version("function next() { return 'third'; }"))
    assert one.ask("[migrated, next()]") == '[1,"third"]'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("function next() { return 'broken'; } function migrate() { count = 99; throw Error('no way'); }", "no way"),
        ("function next() { return 'broken'; } async function migrate() { throw Error('rejected'); }", "rejected"),
        ("function next() { return 'broken'; } throw Error('at the top')", "at the top"),
        ("let count = 1; function next() {}", "Identifier 'count' has already been declared"),
        ("function next( {", "SyntaxError"),
    ],
)
def test_an_upgrade_that_fails_leaves_the_former_version(shell, version, source, message):
    one = shell()
    assert message in one.ask_in_vain(version(source))
    assert one.ask("next()") == "1"
    one.kill()
    assert shell().ask("[next(), greeting]") == '[2,"hello"]'


def test_the_program_upgrades_a_realm(engine, data, shell, tmp_path):
    shell().stop()
    path = tmp_path / "version.js"
    path.write_text("function next() { return 'new'; } 'done'")
    words = ["realm", "upgrade", *options(engine, data), "--name", "shell", str(path)]
    answer = run_host(*words)
    assert (answer.exit_code, answer.output) == (0, '"done"\n'), answer.errors
    assert shell().ask("next()") == '"new"'


def test_the_program_upgrades_only_what_is_there(engine, data, shell, tmp_path):
    shell().stop()
    path = tmp_path / "version.js"
    path.write_text("1")
    answer = run_host("realm", "upgrade", *options(engine, data), "--name", "other", str(path))
    assert answer.exit_code == 2
    assert "has no realm other" in answer.errors
