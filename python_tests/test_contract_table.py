"""The tables in docs name tests that exist, and account for every expected difference."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from hosts import REPOSITORY

TESTS = Path(__file__).resolve().parent
TABLES = sorted((REPOSITORY / "docs/contract").glob("*.md"))
ENTRIES = tomllib.loads((TESTS / "expected_differences.toml").read_text())["difference"]
COLUMNS = ["id", "rule", "tests", "V8", "QuickJS"]
RELIABILITY = REPOSITORY / "docs/reliability.md"
RELIABILITY_COLUMNS = 6
FAILURE_MODES = 29
COSTS_WITHOUT_A_GUARD = {"always on", "at the start", "at install", "when it happens", "realms", "none"}
ENGINES = {"V8": "jsv8", "QuickJS": "jsquickjs"}
DIFFERS = "differs: "


@dataclass(frozen=True)
class Rule:
    """A row, with the place to look for it."""

    place: str
    id: str
    text: str
    tests: tuple[str, ...]
    states: dict[str, str]

    def differences(self, engine: str) -> list[str]:
        state = self.states[engine]
        return state.removeprefix(DIFFERS).split(", ") if state.startswith(DIFFERS) else []


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def read_rules() -> list[Rule]:
    rules = []
    for table in TABLES:
        for number, line in enumerate(table.read_text().splitlines(), 1):
            if not line.startswith("| `"):
                continue
            place = f"{table.name}:{number}"
            row = cells(line)
            assert len(row) == len(COLUMNS), f"{place}: {len(row)} columns"
            values = dict(zip(COLUMNS, row, strict=True))
            tests = tuple(re.findall(r"`([^`]+)`", values["tests"]))
            states = {engine: values[engine] for engine in ENGINES}
            rules.append(Rule(place, values["id"].strip("`"), values["rule"], tests, states))
    return rules


RULES = read_rules()


def entries(difference: str, engine: str) -> list[dict]:
    """The expected differences of that id on an engine; one reason may make several tests fail."""
    return [
        entry
        for entry in ENTRIES
        if entry.get("id") == difference and any(name.startswith(ENGINES[engine]) for name in entry["engines"])
    ]


def python_tests_in(path: Path) -> set[str]:
    """Names of the test functions of a file, which is not run."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(path.read_text(), str(path)).body
    return {
        f"{path.name}::{node.name}" for node in body if isinstance(node, functions) and node.name.startswith("test_")
    }


PYTHON_TESTS = set().union(*(python_tests_in(path) for path in TESTS.glob("test_*.py")))


def words(*paths: Path) -> set[str]:
    return {word for path in paths for word in re.findall(r"\w+", path.read_text())}


C_TESTS = REPOSITORY / "harness/tests"
COMPILED = words(C_TESTS / "CMakeLists.txt")
CALLED = words(C_TESTS / "interface_test.c", C_TESTS / "process_test.c")


def is_run(path: Path) -> bool:
    """Whether a file of C or C++ is compiled, and is a program or has its tests called by one."""
    source = path.read_text()
    tests = set(re.findall(r"^void (test_\w+)\(", source, re.MULTILINE))
    return path.stem in COMPILED and ("int main(" in source or tests <= CALLED)


def exists(test: str) -> bool:
    path = REPOSITORY / test
    if re.match(r"(?:harness/)?tests/", test) and path.is_file():
        return path.parent != C_TESTS or is_run(path)
    return test in PYTHON_TESTS


def assert_none(problems: Iterable[str]) -> None:
    problems = list(problems)
    assert not problems, "\n".join(["", *problems])


def test_tables_have_their_columns():
    heads = [line for table in TABLES for line in table.read_text().splitlines() if line.startswith("| id ")]
    assert len(heads) >= len(TABLES)
    assert {tuple(cells(head)) for head in heads} == {tuple(COLUMNS)}


def test_overview_lists_every_table():
    overview = (REPOSITORY / "docs/contract.md").read_text()
    assert set(re.findall(r"\(contract/(\w+\.md)\)", overview)) == {table.name for table in TABLES}


def test_ids_are_unique():
    assert_none([name for name, count in Counter(rule.id for rule in RULES).items() if count > 1])


def test_ids_are_words_with_dots():
    assert_none([rule.id for rule in RULES if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", rule.id)])


def test_every_rule_says_something():
    assert_none([rule.id for rule in RULES if not rule.text])


def test_every_rule_has_a_test():
    assert_none([f"{rule.place} {rule.id}" for rule in RULES if not rule.tests])


def test_every_test_exists():
    assert_none([f"{rule.place} {test}" for rule in RULES for test in rule.tests if not exists(test)])


@pytest.mark.parametrize("engine", ENGINES)
def test_state_is_yes_or_a_difference(engine):
    wrong = [rule for rule in RULES if rule.states[engine] != "yes" and not rule.differences(engine)]
    assert_none([f"{rule.place} {rule.id}" for rule in wrong])


@pytest.mark.parametrize("engine", ENGINES)
def test_difference_is_expected_of_this_engine(engine):
    assert_none(
        [
            f"{rule.place} {difference}"
            for rule in RULES
            for difference in rule.differences(engine)
            if not entries(difference, engine)
        ]
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_difference_is_in_a_test_of_its_rule(engine):
    assert_none(
        [
            f"{rule.place} {difference}"
            for rule in RULES
            for difference in rule.differences(engine)
            if not any(fnmatchcase(test, entry["test"]) for entry in entries(difference, engine) for test in rule.tests)
        ]
    )


def failure_modes() -> list[list[str]]:
    """The rows of the table of failure modes."""
    return [cells(line) for line in RELIABILITY.read_text().splitlines() if line.startswith("| `fail.")]


def test_every_failure_mode_has_a_row():
    modes = failure_modes()
    assert len({row[0] for row in modes}) == len(modes) == FAILURE_MODES
    assert_none([row[0] for row in modes if len(row) != RELIABILITY_COLUMNS or not all(row[:4])])


def test_every_failure_mode_has_tests_that_exist():
    tests = {row[0]: re.findall(r"`([^`]+)`", row[3]) for row in failure_modes()}
    assert_none([mode for mode, names in tests.items() if not names])
    assert_none([f"{mode} {test}" for mode, names in tests.items() for test in names if not exists(test)])


def guards() -> set[str]:
    """The guards whose costs are in a table."""
    _, table = RELIABILITY.read_text().split("\n| guard | work |")
    rows = table.split("\n\n")[0].splitlines()[2:]
    return {cells(row)[0] for row in rows}


def test_every_failure_mode_has_a_cost():
    known = guards() | COSTS_WITHOUT_A_GUARD
    costs = {row[0]: row[5].split("; ") for row in failure_modes()}
    assert_none([f"{mode} {cost}" for mode, names in costs.items() for cost in names if cost not in known])


def test_every_expected_difference_has_an_id():
    assert_none([entry["test"] for entry in ENTRIES if not entry.get("id")])


def test_every_expected_difference_has_a_rule():
    mentioned = {
        (engine, difference) for rule in RULES for engine in ENGINES for difference in rule.differences(engine)
    }
    differences = {
        (engine, entry["id"])
        for entry in ENTRIES
        for engine in ENGINES
        if entry.get("id") and entry in entries(entry["id"], engine)
    }
    assert_none(f"{engine}: {difference}" for engine, difference in sorted(differences - mentioned))
