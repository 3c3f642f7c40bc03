"""An installation of its own for each test, and the `idp` command that works on it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.cli.root import root

CONFIG = """\
config_version = 1
issuer = "http://127.0.0.1:9000"
mode = "development"
database = {{ url = "sqlite:///idp.sqlite" }}
password = {{ bcrypt_cost = 4 }}
mail = {{ host = "127.0.0.1", port = {smtp}, tls = "none", timeout = "3s", from = "no@example.bd" }}
"""

Idp = Callable[..., Result]


@pytest.fixture(name="config")
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of an installation that has nothing yet."""
    file = tmp_path / "idp.toml"
    file.write_text(CONFIG.format(smtp=1))
    monkeypatch.setenv("IDP_CONFIG", str(file))
    return file


@pytest.fixture(name="idp")
def _idp(config: Path) -> Idp:  # noqa: ARG001 - it must be there
    """The command in this process: `idp("user", "add", "a@example.gov.bd", typed="…")`."""

    def run(*arguments: str, typed: str | bytes | None = None) -> Result:
        # Not caught by the runner: an exception that escapes is a traceback for a person.
        return CliRunner().invoke(root, arguments, input=typed, catch_exceptions=False)

    return run


@pytest.fixture(name="installed")
def _installed(idp: Idp) -> Idp:
    """The same, after `idp init`."""
    assert idp("init").exit_code == 0
    return idp
