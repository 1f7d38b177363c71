"""Gives each app an endpoint that poisons its realm, and calls it before each request of the tests.

On demand only: with JSEP_TEST_POISON=1 the whole suite, or a part of it, has to pass all the same. Tests of what an
app's endpoints are, or of how many requests there were, are not for that; nor is a process that answers one request,
before which there is none that could poison.
"""

import itertools
import json
import os
import shutil
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import requests

IS_ON = bool(os.environ.get("JSEP_TEST_POISON"))
MODULE = Path(__file__).resolve().parent / "apps/poison/poison.js"
PATH = "/poison_the_realm"
# How a request that poisons ends, or what it does in the end, and the status that it answers.
ENDS = {"return": 299, "throw": 500, "jobs": 298, "subclass": 299, "delete": 299, "freeze": 299}
NOT_FOUND = 404
FAILED = 500

# How many requests that poison have come to each end that was tried.
effects = Counter()


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


class Victim:
    """An app that a host serves, and what a request that poisons it may answer other than its end says."""

    def __init__(self, url: str, app: Path, words: tuple[str, ...], options: dict[str, object]):
        self.url = url
        self.ends = itertools.cycle(ENDS)
        self.excuses = set()
        # No endpoint was added to this app, or the host goes on with an app from its store, which may have none.
        if poisoned(app) == app or "--store" in words:
            self.excuses.add(NOT_FOUND)
        if any(name.startswith("max_") for name in options):
            self.excuses.add(FAILED)

    def notice(self, method: str, url: str) -> None:
        """Knows the requests after which the app is another one, or has other limits."""
        if "/custom_endpoints" in url:
            self.excuses |= {"PUT": {NOT_FOUND}, "PATCH": {FAILED}}.get(method, set())


class PoisonedSession(requests.Session):
    """Poisons the realm of its victim before each request."""

    def __init__(self, victim: Victim):
        super().__init__()
        self._victim = victim

    def request(self, method, url, **keywords):
        victim = self._victim
        if url.startswith(victim.url):
            end = next(victim.ends)
            options = {name: keywords[name] for name in ("timeout", "verify", "cert") if name in keywords}
            response = super().request("GET", f"{victim.url}{path(end)}", **options)
            status = response.status_code
            assert status in {ENDS[end], *victim.excuses}, f"{end}: {status} {response.text}"
            effects[end] += status == ENDS[end]
            victim.notice(method, url)
        return super().request(method, url, **keywords)


def ends_without_effect() -> list[str]:
    """The ends of poisoned requests that never came, though each of them was tried: all answers were excused."""
    return [end for end, count in effects.items() if count == 0]


def path(end: str) -> str:
    return f"{PATH}?end={end}"
