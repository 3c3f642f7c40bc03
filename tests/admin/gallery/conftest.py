"""A gallery of the program's themes and one of the installation's own, and a browser for it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from idp.admin.gallery import Gallery
from idp.admin.theme_shelf import Shelf
from idp.settings import Settings

THEME = 'parent = "portal"\n\n[tokens.light]\naction = "#7a1f5c"\n'
SEALED = """\
{% extends "!layout.html" %}
{% block brand %}{{ super() }}<img src="{{ static("seal.svg") }}" alt="">{% endblock %}
"""
Get = Callable[..., TestResponse]


def settings_with(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "config_version": 1,
            "issuer": "https://sso.example.gov.bd",
            "database": {"url": f"sqlite:///{folder}/nowhere/idp.sqlite"},
            "mail": {"host": "smtp.example.gov.bd", "from": "no-reply@example.gov.bd"},
            "theme": {"folder": folder},
        }
    )


@pytest.fixture(scope="session", name="shelf")
def _shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Themes that no test changes: each page of `mine` fetches a picture."""
    folder = tmp_path_factory.mktemp("themes")
    for name, text in (
        ("theme.toml", THEME),
        ("static/seal.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("templates/layout.html", SEALED),
    ):
        (folder / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mine" / name).write_text(text, "utf-8")
    return Shelf(settings_with(folder))


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Path:
    """A theme that a test may spoil."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "theme.toml").write_text(THEME, "utf-8")
    return tmp_path / "own"


def visiting(shelf: Shelf, first: str = "portal") -> Get:
    """Return what asks a gallery as a browser on this machine does."""
    client = Client(Gallery(shelf, first))

    def get(address: str, method: str = "GET", host: str = "127.0.0.1:8000") -> TestResponse:
        return client.open(address, method=method, headers={"Host": host})

    return get


@pytest.fixture(name="get")
def _get(shelf: Shelf) -> Get:
    return visiting(shelf)
