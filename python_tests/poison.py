"""Gives each app an endpoint that poisons its realm, and calls it before each request of the tests.

On demand only: with JSEP_TEST_POISON=1 the whole suite, or a part of it, has to pass all the same. Tests of what an
app's endpoints are, or of how many requests there were, are not for that.
"""

import itertools
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import requests

IS_ON = bool(os.environ.get("JSEP_TEST_POISON"))
MODULE = Path(__file__).resolve().parent / "apps/poison/poison.js"
PATH = "/poison_the_realm"
# How a request that poisons ends, or what it does in the end, and the status that it answers.
ENDS = {"return": 299, "throw": 500, "jobs": 500, "subclass": 299, "delete": 299, "freeze": 299}


@cache
def _directory() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="poisoned")


@cache
def poisoned(app: Path) -> Path:
    """The app with one endpoint more; an app that is not a directory with metadata as it is."""
    try:
        metadata = json.loads((app / "app.json").read_text())
        endpoints = metadata["endpoints"]
        modules = sorted({what["js_module"] for methods in endpoints.values() for what in methods.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return app
    copy = Path(_directory().name) / str(len(list(Path(_directory().name).iterdir()))) / app.name
    shutil.copytree(app, copy)
    endpoints[PATH] = {
        "get": {
            "js_module": "poison_the_realm.js",
            "js_function": "run",
            "mode": "readonly",
            "forwarding_required": "never",
            "authn_policies": [],
            "openapi_hidden": True,
        }
    }
    (copy / "app.json").write_text(json.dumps(metadata))
    imports = [
        f"import * as module{number} from {json.dumps('/' + name.lstrip('/'))};" for number, name in enumerate(modules)
    ]
    names = ", ".join(f"module{number}" for number in range(len(modules)))
    run = f'import {{ poison }} from "./poison.js";\nexport const run = (request) => poison([{names}], request);\n'
    (copy / "src/poison_the_realm.js").write_text("\n".join([*imports, run]))
    shutil.copy(MODULE, copy / "src/poison.js")
    return copy


class PoisonedSession(requests.Session):
    """Poisons the realm of the app at `url` before each request."""

    def __init__(self, url: str):
        super().__init__()
        self._url = url
        self._ends = itertools.cycle(ENDS)

    def request(self, method, url, **keywords):
        if url.startswith(self._url):
            end = next(self._ends)
            options = {name: keywords[name] for name in ("timeout", "verify", "cert") if name in keywords}
            response = super().request("GET", f"{self._url}{path(end)}", **options)
            # An app that a test has installed has no such endpoint, and limits may end a request before.
            assert response.status_code in (ENDS[end], 404, 500), f"{end}: {response.status_code} {response.text}"
        return super().request(method, url, **keywords)


def path(end: str) -> str:
    return f"{PATH}?end={end}"
