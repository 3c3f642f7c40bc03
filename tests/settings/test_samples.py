"""The files in `config/` stay valid, and the sample shows every key that there is."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Settings, load
from idp.settings.explain import known_keys

CONFIG = Path(__file__).parents[2] / "config"


def test_the_development_default_needs_nothing_from_the_environment() -> None:
    settings = load(CONFIG / "idp.toml", {})
    assert settings.mode == "development"
    assert settings.issuer == "http://127.0.0.1:9000"
    assert settings.secrets_dir == CONFIG.parent / "var" / "secrets"
    assert settings.database.url == f"sqlite:///{CONFIG.parent / 'var' / 'idp.sqlite'}"
    assert [client.client_id for client in settings.clients] == ["backoffice", "ministry"]
    assert {client.theme for client in settings.clients} == {None, "ministry"}
    assert settings.limits.offices[0].factor == 100


def test_the_environment_moves_the_development_default() -> None:
    settings = load(
        CONFIG / "idp.toml",
        {
            "IDP_ISSUER": "http://127.0.0.1:9500",
            "IDP_PORT": "9500",
            "IDP_SMTP_PORT": "9525",
            "IDP_DB_URL": "postgresql://idp:pw@127.0.0.1/idp",
            "IDP_REDIS_URL": "redis://127.0.0.1:6379/0",
        },
    )
    assert (settings.listen.port, settings.mail.port) == (9500, 9525)
    assert settings.database.url == "postgresql://idp:pw@127.0.0.1/idp"
    assert settings.redis.url == "redis://127.0.0.1:6379/0"


def test_both_sample_clients_are_told_of_log_outs_at_their_own_address() -> None:
    for client, port in zip(load(CONFIG / "idp.toml", {}).clients, (9001, 9002), strict=True):
        home = f"http://127.0.0.1:{port}/"
        assert (client.home_url, client.redirect_uris) == (home, (f"{home}callback",))
        assert all(uri.startswith(home) for uri in client.post_logout_redirect_uris)
        assert client.post_logout_redirect_uris
        assert client.backchannel_logout_uri == f"{home}backchannel-logout"


def test_no_secret_is_committed() -> None:
    for file in CONFIG.rglob("*.toml"):
        hashes = re.findall(r"sha256:([0-9a-f]{64})", file.read_text())
        assert set(hashes) <= {"0" * 64}


@pytest.fixture(name="sample")
def _sample(tmp_path: Path) -> Path:
    """The production sample where an administrator copies it to: beside its own clients."""
    return Path(shutil.copy(CONFIG / "idp.example.toml", tmp_path / "idp.toml"))


def test_the_production_sample_is_valid(sample: Path) -> None:
    settings = load(sample, {"IDP_SMTP_PASSWORD": "x"})
    assert settings.mode == "production"
    assert settings.mail.tls == "starttls"


def test_the_production_sample_shows_every_key(sample: Path) -> None:
    text = re.sub(r"^# (?=[a-z_]+ = )", "", sample.read_text(), flags=re.MULTILINE)
    tables: dict[str, Any] = tomllib.loads(text)
    assert set(tables) == set(known_keys(Settings, ())) - {"clients"}
    for name, table in tables.items():
        keys = known_keys(Settings, (name,))
        if keys and name != "flows":
            assert set(table) == set(keys)


def test_what_the_sample_calls_a_default_is_one(sample: Path) -> None:
    shown = load(sample, {"IDP_SMTP_PASSWORD": "x"})
    bare = Settings.model_fields
    for name in (
        "flows",
        "password",
        "reset",
        "otp",
        "session",
        "theme",
        "keys",
        "tokens",
        "logging",
    ):
        assert getattr(shown, name) == bare[name].default
