"""The example apps that are made with npm, where scripts/build_apps.sh leaves them."""

from pathlib import Path

import pytest

from hosts import BUILD

NPM_APPS = BUILD / "apps"


def npm_app(name: str) -> Path:
    """The directory of a built app."""
    app = NPM_APPS / name
    if not (app / "app.json").exists():
        pytest.fail(f"{app} is missing; build it with scripts/build_apps.sh {BUILD}")
    return app
