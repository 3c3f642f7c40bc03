"""A folder with configuration files, and the least that makes them right."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from idp.settings import MistakesFound, Settings, load

LEAST = """\
config_version = 1
issuer = "http://127.0.0.1:9000"
mode = "development"
database = { url = "sqlite:///idp.sqlite" }
mail = { host = "127.0.0.1", tls = "none", from = "no-reply@example.gov.bd" }
"""
SECRET = "sha256:" + "a" * 64

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


@pytest.fixture(name="configured")
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load `text` as idp.toml in an empty folder, beside the other files that are given."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str, files: Mapping[str, str] | None = None, **environ: str) -> Settings:
        for name, inner in {"idp.toml": text, **(files or {})}.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(inner.encode())
            Path(name).chmod(0o600)
        return load(Path("idp.toml"), environ)

    return load_text


@pytest.fixture(name="mistakes")
def _mistakes(configured: Load) -> Mistakes:
    """The lines that the same call is refused with."""

    def refused(text: str, files: Mapping[str, str] | None = None, **environ: str) -> list[str]:
        with pytest.raises(MistakesFound) as caught:
            configured(text, files, **environ)
        assert str(caught.value) == "\n".join(str(mistake) for mistake in caught.value.mistakes)
        return [str(mistake) for mistake in caught.value.mistakes]

    return refused
