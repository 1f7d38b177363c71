"""Apps that a test writes itself."""

import json
from pathlib import Path

from hosts import Answer

GOOD_MODULE = "export function handler() {\n  return { body: 'fine' };\n}\n"


def properties(**changes):
    """Properties of an endpoint that anybody may call; a change to None leaves a property out."""
    whole = {
        "js_module": "main.js",
        "js_function": "handler",
        "mode": "readonly",
        "forwarding_required": "never",
        "authn_policies": [],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def write_app(directory: Path, modules: dict[str, str], metadata: dict | str | None = None) -> Path:
    """Writes an app, whose one endpoint is `GET /x` unless `metadata` says otherwise."""
    metadata = metadata or {"endpoints": {"/x": {"get": properties()}}}
    (directory / "src").mkdir(parents=True)
    (directory / "app.json").write_text(metadata if isinstance(metadata, str) else json.dumps(metadata))
    for name, source in modules.items():
        path = directory / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return directory


def assert_refused(answer: Answer, *parts: str) -> None:
    """The program has failed, and said why."""
    assert answer.exit_code > 0, f"the host must fail, and not by a signal: {answer}"
    assert [part for part in parts if part not in answer.errors] == [], answer.errors
    assert "panick" not in answer.errors
