"""A host that has a V8 of its own: Node.js, with a module in C that loads a library."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hosts import BUILD, QUICKJS, REPOSITORY, V8

SOURCES = Path(__file__).resolve().parent / "node_host"
C_SOURCES = REPOSITORY / "harness/tests"
TOOL_SECONDS = 300


def run(*words, where=None):
    done = subprocess.run(
        [str(word) for word in words], cwd=where, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def addon(tmp_path_factory):
    """The module, compiled with the headers of Node.js, which come from npm."""
    packages = BUILD / "npm" / "node_host"
    packages.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, packages)
    if not (packages / "node_modules").exists():
        run("npm", "ci", "--no-audit", "--no-fund", where=packages)
    addon = tmp_path_factory.mktemp("node") / "addon.node"
    includes = (packages / "node_modules/node-api-headers/include", REPOSITORY / "include", C_SOURCES)
    sources = [SOURCES / "addon.c", *(C_SOURCES / name for name in ("library.c", "host.c", "check.c"))]
    compiler = os.environ.get("CC", "cc")
    run(compiler, "-shared", "-fPIC", "-D_GNU_SOURCE", *(f"-I{it}" for it in includes), *sources, "-o", addon)
    return addon


@pytest.mark.parametrize("words", [(V8, "on"), (V8, "off"), (QUICKJS,)], ids=["jsv8", "jsv8-jitless", "jsquickjs"])
def test_library_and_node_serve_in_turns(addon, words):
    result = json.loads(run("node", SOURCES / "host.js", addon, *words).splitlines()[-1])
    # Node.js says the same before, between and after the requests.
    assert result == {"results": ['[499500,5000,"TypeError"]'], "served": 50}
