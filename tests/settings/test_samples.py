"""The files in `config/` stay valid, and the sample shows every key that there is."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Settings, find_looks, load, read_configuration
from idp.settings.effective import effective_values
from idp.settings.explain import known_keys
from idp.settings.toml_text import toml_value

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


_EXAMPLE = re.compile(r"^# (?=[a-z_]+ = |\[)", re.MULTILINE)
_UNLIKE_THE_ISSUER = re.compile(r"^# keycloak_realm = .*\n", re.MULTILINE)


@pytest.fixture(name="sample")
def _sample(tmp_path: Path) -> Path:
    """The production sample where an administrator copies it to: beside its own clients."""
    (tmp_path / "clients.d").mkdir()
    return Path(shutil.copy(CONFIG / "idp.example.toml", tmp_path / "idp.toml"))


def test_the_production_sample_is_valid_and_needs_nothing_from_the_environment(
    sample: Path,
) -> None:
    settings = load(sample, {})
    assert settings.mode == "production"
    assert settings.mail.tls == "starttls"
    assert settings.include == ("clients.d/*.toml",)
    assert settings.clients == ()


def test_every_example_of_the_sample_is_a_right_one(sample: Path) -> None:
    text = _UNLIKE_THE_ISSUER.sub("", sample.read_text())
    sample.write_text(_EXAMPLE.sub("", text))
    settings = read_configuration(
        sample, {"IDP_SMTP_PASSWORD": "hush"}, looks=find_looks(CONFIG.parent / "themes")
    ).settings
    (client,) = settings.clients
    assert (client.flow, client.theme) == ("staff", "ministry")
    assert settings.scopes["office"].claims["office_code"].attribute == "office_code"
    assert settings.flows.named["staff"] == ("password",)
    assert (settings.mail.user, settings.mail.password) == ("sso", "hush")
    assert settings.limits.offices[0].factor == 25


def test_the_sample_shows_every_key(sample: Path) -> None:
    tables: dict[str, Any] = tomllib.loads(_EXAMPLE.sub("", sample.read_text()))
    assert set(tables) == set(known_keys(Settings, ()))
    assert set(tables.pop("scopes")["office"]) == {"claims"}
    assert set(tables.pop("clients")[0]) == set(known_keys(Settings, ("clients",)))
    assert set(tables.pop("flows")) == {"browser", "staff"}
    for name, table in tables.items():
        assert not isinstance(table, dict) or set(table) == set(known_keys(Settings, (name,)))


def test_what_the_sample_does_not_comment_out_is_a_default_or_required(sample: Path) -> None:
    required = {"config_version", "issuer", "database.url", "mail.host", "mail.from", "include"}
    loaded = read_configuration(sample, {})
    least = {
        key: value
        for key, value in tomllib.loads(sample.read_text()).items()
        if key in {"config_version", "issuer", "database", "include"}
    }
    sample.write_text(
        "".join(f"{key} = {toml_value(value)}\n" for key, value in least.items())
        + 'mail = { host = "smtp.example.gov.bd", from = "no-reply@example.gov.bd" }\n'
    )
    bare = read_configuration(sample, {})
    assert loaded.snapshot == bare.snapshot
    written = {".".join(v.path) for v in effective_values(bare) if v.source.origin != "default"}
    assert written == required


def test_the_comments_stay_on_the_screen(sample: Path) -> None:
    comments = [line for line in sample.read_text().splitlines() if line.startswith("# ")]
    assert max(len(line) for line in comments if " = " not in line) <= 100
    assert not [line for line in comments if line.endswith(" ")]
