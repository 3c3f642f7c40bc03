"""What is known beside the settings: where each value came from, warnings, the masked snapshot."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Loaded, load, make_secrets, masked_snapshot, read_configuration
from idp.settings.diagnostics import Finding
from idp.settings.effective import Effective, effective_values
from tests.settings.conftest import SECRET

CLIENT = f"""\
[[clients]]
client_id = "archive"
name = {{ bn = "আর্কাইভ", en = "Archive" }}
owner = "ops@example.gov.bd"
home_url = "https://archive.example.gov.bd/"
secrets = [{{ hash = "{SECRET}", expires = 2027-03-01 }}]
redirect_uris = ["https://archive.example.gov.bd/cb"]
"""
MAIN = """\
config_version = 1
include = ["clients.d/*.toml"]
issuer = "http://127.0.0.1:9000"
mode = "development"
database = { url = { env = "DB" } }
redis = { url = { env = "REDIS", default = "" } }
flows.staff = ["password"]
support.hours = { bn = "সকাল", en = "morning" }
[mail]
host = "127.0.0.1"
tls = "none"
user = "sso"
password = { file = "smtp" }
from = "no-reply@example.gov.bd"
[session]
idle = "90m"
"""
DB = "postgresql://idp:hush1@127.0.0.1:5432/idp"


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clients.d").mkdir()
    Path("idp.toml").write_text(MAIN)
    Path("clients.d/a.toml").write_text(CLIENT.replace("archive", "annex"))
    Path("clients.d/b.toml").write_text(f"# second\n{CLIENT}flow = 'staff'\n")
    Path("secrets").mkdir()
    Path("secrets/smtp").write_text("hush2\n")
    Path("secrets/smtp").chmod(0o600)
    return tmp_path


def read(**environ: str) -> Loaded:
    return read_configuration(Path("idp.toml"), {"DB": DB, **environ})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("issuer",), "idp.toml:3"),
        (("listen", "port"), "default"),
        (("database", "url"), "env DB, idp.toml:5"),
        (("redis", "url"), "idp.toml:6"),
        (("flows", "staff"), "idp.toml:7"),
        (("flows", "browser"), "default"),
        (("support", "hours"), "idp.toml:8"),
        (("mail", "password"), "file smtp, idp.toml:13"),
        (("session", "idle"), "idp.toml:16"),
        (("session", "max"), "default"),
        (("clients", "annex", "flow"), "default"),
        (("clients", "annex", "redirect_uris"), "clients.d/a.toml:7"),
        (("clients", "archive", "flow"), "clients.d/b.toml:9"),
        (("clients", "nobody", "flow"), "default"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_every_value_tells_where_it_came_from(path: tuple[str, ...], said: str) -> None:
    assert str(read().origins.source_of(path)) == said


@pytest.mark.usefixtures("folder")
def test_a_default_stands_aside_for_a_variable_that_is_set() -> None:
    source = read(REDIS="redis://127.0.0.1/").origins.source_of(("redis", "url"))
    assert (source.origin, source.name, source.place) == ("env", "REDIS", "idp.toml:6")


@pytest.mark.usefixtures("folder")
def test_of_two_variables_the_one_that_is_set_is_named() -> None:
    inner = '{ env = "A", default = { env = "B", default = "x" } }'
    Path("idp.toml").write_text(f"listen.host = {inner}\n{MAIN}")
    said = {
        str(read(**environ).origins.source_of(("listen", "host")))
        for environ in ({}, {"A": "1"}, {"B": "1"}, {"A": "1", "B": "2"})
    }
    assert said == {"idp.toml:1", "env A, idp.toml:1", "env B, idp.toml:1"}


@pytest.mark.usefixtures("folder")
def test_a_finding_of_another_room_gets_the_place_of_its_key() -> None:
    origins = read().origins
    theme = Finding(("clients", "archive", "flow"), "E201", "is tired")
    assert str(origins.locate(theme)) == "clients.d/b.toml:9:1 E201 clients[0].flow is tired"
    mail = Finding(("mail", "ca_file"), "E201", "is gone")
    assert str(origins.locate(mail)) == "idp.toml:9:2 E201 mail.ca_file is gone"


@pytest.mark.usefixtures("folder")
def test_the_snapshot_is_json_without_a_secret() -> None:
    loaded = read(REDIS="redis://:hush3@127.0.0.1/")
    text = json.dumps(loaded.snapshot)
    assert json.loads(text) == loaded.snapshot
    assert "hush" not in text
    assert SECRET not in text
    assert loaded.snapshot["mail"]["password"] == "***"
    assert loaded.snapshot["database"]["url"] == "postgresql://idp:***@127.0.0.1:5432/idp"
    assert loaded.snapshot["redis"]["url"] == "redis://:***@127.0.0.1/"
    assert list(loaded.snapshot["clients"]) == ["annex", "archive"]
    assert loaded.snapshot["clients"]["annex"]["secrets"] == [
        {"hash": "sha256:aaaaaaaa…", "expires": "2027-03-01"}
    ]
    assert loaded.snapshot["session"]["idle"] == 5400


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////srv/idp.sqlite", "sqlite:////srv/idp.sqlite"),
        ("postgresql://db/idp", "postgresql://db/idp"),
        ("postgresql://idp@db/idp", "postgresql://idp@db/idp"),
        ("postgresql://idp:a%40b@db:5432/idp", "postgresql://idp:***@db:5432/idp"),
        (
            "postgresql://db/idp?user=u&password=hush&sslmode=require",
            "postgresql://db/idp?user=u&password=***&sslmode=require",
        ),
        ("postgresql://[::1]:5432/idp", "postgresql://[::1]:5432/idp"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_address_of_a_store_shows_no_password(url: str, shown: str) -> None:
    assert read(DB=url).snapshot["database"]["url"] == shown


@pytest.mark.usefixtures("folder")
def test_the_digest_is_the_same_for_the_same_and_another_for_anything_else() -> None:
    first = read().digest
    assert re.fullmatch(r"[0-9a-f]{64}", first)
    assert read().digest == first
    Path("idp.toml").write_text(MAIN.replace("90m", "5400s") + "# a comment\n")
    assert read().digest == first
    Path("clients.d/b.toml").write_text(f"{CLIENT}flow = 'staff'\nenabled = false\n")
    assert read().digest != first


def test_another_password_of_the_mail_server_is_seen_and_not_told(folder: Path) -> None:
    make_secrets(folder / "secrets")
    first = read()
    assert re.fullmatch(r"\*\*\*[0-9a-f]{8}", first.snapshot["mail"]["password"])
    (folder / "secrets" / "smtp").write_text("other\n")
    second = read()
    assert second.snapshot["mail"]["password"] != first.snapshot["mail"]["password"]
    assert second.digest != first.digest
    another = folder / "elsewhere"
    make_secrets(another)
    other_key = (another / "pepper").read_bytes()
    (folder / "secrets" / "pepper").write_bytes(other_key)
    assert read().snapshot["mail"]["password"] != second.snapshot["mail"]["password"]


@pytest.mark.usefixtures("folder")
def test_a_snapshot_without_a_key_tells_of_a_secret_only_that_there_is_one() -> None:
    settings = load(Path("idp.toml"), {"DB": DB})
    assert masked_snapshot(settings)["mail"]["password"] == "***"
    Path("idp.toml").write_text(MAIN.replace('user = "sso"\npassword = { file = "smtp" }\n', ""))
    assert masked_snapshot(load(Path("idp.toml"), {"DB": DB}))["mail"]["password"] == ""


def _by_key(values: list[Effective]) -> dict[str, Effective]:
    return {".".join(value.path): value for value in values}


@pytest.mark.usefixtures("folder")
def test_all_that_is_in_force_is_listed_once_with_its_text() -> None:
    values = effective_values(read())
    shown = _by_key(values)
    assert len(shown) == len(values)
    texts = {key: shown[key].text for key in ("session.idle", "otp.resend_after", "listen.port")}
    assert texts == {"session.idle": '"90m"', "otp.resend_after": '"60s"', "listen.port": "9000"}
    assert shown["flows.staff"].text == '["password"]'
    assert shown["mail.password"].text == '"***"'
    assert shown["mail.ca_file"].text == ""
    assert shown["support.hours"].text == '{ bn = "সকাল", en = "morning" }'
    assert shown["clients.archive.flow"].text == '"staff"'
    assert shown["clients.archive.flow"].table == "clients.archive"
    assert "hush" not in "".join(value.text for value in values)


def _leaves(snapshot: Any, path: tuple[str, ...] = ()) -> set[str]:
    tables = {(), ("flows",), ("scopes",), ("clients",)}
    if isinstance(snapshot, dict) and (len(path) < 2 or path[:-1] in tables - {()}):
        return {leaf for key, value in snapshot.items() for leaf in _leaves(value, (*path, key))}
    return {".".join(path)}


@pytest.mark.usefixtures("folder")
def test_nothing_that_the_program_knows_is_left_out_of_the_list() -> None:
    loaded = read()
    assert set(_by_key(effective_values(loaded))) == _leaves(loaded.snapshot)


@pytest.mark.usefixtures("folder")
def test_a_claim_is_listed_under_its_scope() -> None:
    Path("idp.toml").write_text(MAIN + '[scopes."a.b"]\nclaims.office = "attributes.office"\n')
    shown = {value.path: value for value in effective_values(read())}
    claim = shown["scopes", "a.b", "claims", "office", "from"]
    assert (claim.text, claim.table) == ('"attributes.office"', 'scopes."a.b".claims.office')
