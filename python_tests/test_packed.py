"""An app is the same from a directory and packed into one JSON document."""

import json
from pathlib import Path

import pytest

from examples import EXAMPLES, answers

PACKED_BY_NPM = ["container", "typescript"]


@pytest.fixture(scope="module")
def answers_of_directory(engine, tmp_path_factory):
    """Gives the answers of an example app, asked once."""
    logs = tmp_path_factory.mktemp("directory")
    known = {}

    def ask(name: str) -> list[tuple]:
        if name not in known:
            example = EXAMPLES[name]
            known[name] = answers(engine, example.directory(), example.asks, logs / f"{name}.log")
        return known[name]

    return ask


def pack(app: Path, prefix: str) -> str:
    """The app as one JSON document; `prefix` comes before the names of modules."""
    source = app / "src"
    modules = [
        {"name": prefix + path.relative_to(source).as_posix(), "module": path.read_text()}
        for path in sorted(source.rglob("*"))
        if path.is_file()
    ]
    return json.dumps({"metadata": json.loads((app / "app.json").read_text()), "modules": modules})


@pytest.mark.parametrize("prefix", ["", "/"], ids=["name", "name with slash"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_packed_app_answers_as_its_directory(engine, answers_of_directory, tmp_path, name, prefix):
    packed = tmp_path / "bundle.json"
    packed.write_text(pack(EXAMPLES[name].directory(), prefix))
    found = answers(engine, packed, EXAMPLES[name].asks, tmp_path / "host.log")
    assert found == answers_of_directory(name)


@pytest.mark.parametrize("name", PACKED_BY_NPM)
def test_app_that_npm_has_packed_answers_as_its_directory(engine, answers_of_directory, tmp_path, name):
    packed = EXAMPLES[name].directory() / "bundle.json"
    found = answers(engine, packed, EXAMPLES[name].asks, tmp_path / "host.log")
    assert found == answers_of_directory(name)
