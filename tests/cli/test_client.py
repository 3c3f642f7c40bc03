"""`idp client`: what an administrator types, reads and copies."""

import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from idp.stores.sql import SqlStores, open_engine
from tests.cli.conftest import Idp
from tests.cli.terminal import Terminal

AT_CONFIG = ("--config", "idp.toml")
NEW = (
    *("client", "new", "backoffice"),
    *("--name-bn", "ব্যাকঅফিস", "--name-en", "Back [office]"),
    *("--owner", "ops@example.gov.bd", "--home-url", "http://127.0.0.1:9001/"),
    *("--redirect-uri", "http://127.0.0.1:9001/cb"),
)


@pytest.fixture(name="config")
def _config(config: Path) -> Path:
    (config.parent / "clients.d").mkdir(exist_ok=True)
    config.write_text(f'include = ["clients.d/*.toml"]\n{config.read_text()}')
    return config


def declared(config: Path, client_id: str = "backoffice") -> dict[str, object]:
    text = (config.parent / "clients.d" / f"{client_id}.toml").read_text()
    client: dict[str, object] = tomllib.loads(text)["clients"][0]
    return client


def snippet(told: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in told.splitlines() if line.startswith("OIDC_"))


# -- new -------------------------------------------------------------------------------------------


def test_a_new_client_is_told_with_its_secret_once_and_what_to_copy(idp: Idp, config: Path) -> None:
    answer = idp(*NEW)
    assert answer.exit_code == 0, answer.stderr
    copied = snippet(answer.stdout)
    secret = copied.pop("OIDC_CLIENT_SECRET")
    assert copied == {
        "OIDC_ISSUER": "http://127.0.0.1:9000",
        "OIDC_DISCOVERY": "http://127.0.0.1:9000/.well-known/openid-configuration",
        "OIDC_CLIENT_ID": "backoffice",
    }
    assert answer.stdout.count(secret) == 1
    assert "\nNext: idp reload\nThen: idp client examples backoffice\n" in answer.stdout
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert declared(config)["secrets"] == [{"hash": f"sha256:{digest}"}]
    assert idp("config", "check").exit_code == 0


def test_a_new_client_in_json_has_the_secret_once(idp: Idp) -> None:
    answer = idp(*NEW, "--json")
    facts = json.loads(answer.stdout)
    assert facts["ok"] is True
    assert facts["client_secret"].startswith("idpcs_")
    assert facts["next"] == "idp reload"
    assert answer.stderr == ""
    for command in (("client", "list"), ("client", "show", "backoffice"), ("config", "check")):
        assert facts["client_secret"] not in idp(*command, "--json").output


def test_every_option_of_a_client_is_written(idp: Idp, config: Path) -> None:
    answer = idp(
        *NEW,
        *("--redirect-uri", "http://127.0.0.1:9001/other"),
        *("--post-logout-redirect-uri", "http://127.0.0.1:9001/bye"),
        *("--backchannel-logout-uri", "http://127.0.0.1:9001/bcl"),
        *("--scope", "openid", "--scope", "offline_access", "--test"),
    )
    assert answer.exit_code == 0, answer.stderr
    client = declared(config)
    assert client["redirect_uris"] == ["http://127.0.0.1:9001/cb", "http://127.0.0.1:9001/other"]
    assert client["post_logout_redirect_uris"] == ["http://127.0.0.1:9001/bye"]
    assert client["backchannel_logout_uri"] == "http://127.0.0.1:9001/bcl"
    assert client["scopes"] == ["openid", "offline_access"]
    assert client["grants"] == ["authorization_code", "refresh_token"]
    assert client["test"] is True


def test_a_public_client_gets_no_secret_but_its_origin(idp: Idp, config: Path) -> None:
    answer = idp(*NEW, "--public")
    assert answer.exit_code == 0, answer.stderr
    assert "SECRET" not in answer.stdout
    assert "must use PKCE" in answer.stdout
    client = declared(config)
    assert (client["auth"], client["web_origins"]) == ("none", ["http://127.0.0.1:9001"])
    assert "secrets" not in client
    facts = json.loads(idp(*NEW[:2], "b", *NEW[3:], "--public", "--json").stdout)
    assert "client_secret" not in facts


def test_without_a_terminal_what_is_missing_is_named(idp: Idp, config: Path) -> None:
    answer = idp("client", "new", "backoffice", "--name-bn", "ক", "--owner", "a@b.bd")
    assert answer.exit_code == 2
    assert answer.stderr == (
        "Without a terminal these options are needed, too: --name-en, --home-url, --redirect-uri.\n"
    )
    assert not list((config.parent / "clients.d").iterdir())


def test_what_is_wrong_is_told_in_the_loaders_words(idp: Idp, config: Path) -> None:
    answer = idp(*NEW, "--redirect-uri", "http://shop.gov.bd/cb")
    file = config.parent / "clients.d" / "backoffice.toml"
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr == (
        f"{file}:11:46 E201 clients[0].redirect_uris[1] must be https (http only for loopback, in "
        'development mode). Did you mean "https://shop.gov.bd/cb"?\n'
    )
    assert not file.exists()


def test_an_id_that_exists_is_told_before_anything_is_asked(idp: Idp, config: Path) -> None:
    assert idp(*NEW).exit_code == 0
    file = config.parent / "clients.d" / "backoffice.toml"
    before = file.read_bytes()
    answer = idp("client", "new", "backoffice")
    assert (answer.exit_code, answer.stderr) == (
        1,
        f'"backoffice" is declared already at {file}:3.\n',
    )
    assert file.read_bytes() == before


def test_the_file_may_be_chosen(idp: Idp, config: Path) -> None:
    assert idp(*NEW, "--file", "idp.toml").exit_code == 0
    assert 'client_id = "backoffice"' in config.read_text()
    assert list((config.parent / "clients.d").iterdir()) == []
    answer = idp(*NEW[:2], "second", *NEW[3:], "--file", "none.toml")
    assert answer.exit_code == 1
    assert "No pattern of include" in answer.stderr


# -- asked -----------------------------------------------------------------------------------------


def test_at_a_terminal_a_wrong_answer_is_told_and_asked_again(config: Path) -> None:
    with Terminal(*AT_CONFIG, "client", "new", "backoffice", folder=config.parent) as terminal:
        terminal.answer("Name in Bengali: ", "ব্যাকঅফিস\n")
        terminal.answer("Name in English: ", "Back office\n")
        terminal.answer("Mail address of its owner: ", "ops\n")
        terminal.wait_for("It must be a mail address like office@example.gov.bd.")
        terminal.answer("Mail address of its owner: ", "ops@example.gov.bd\n")
        terminal.answer("Its first page (URL): ", "http://127.0.0.1:9001/\n")
        terminal.answer("Redirect URI: ", "http://shop.gov.bd/*\n")
        terminal.answer("Redirect URI (empty: no more): ", "\n")
        terminal.wait_for("It must be exact: a wildcard matches nothing.")
        terminal.answer("Redirect URI: ", "http://127.0.0.1:9001/cb\n")
        terminal.answer("Redirect URI (empty: no more): ", "\n")
        terminal.answer("Redirect URI after a logout (empty: no more): ", "\n")
        terminal.answer("Back-channel logout URI (empty: none): ", "\n")
        code, told = terminal.end()
    assert (code, len(snippet(told))) == (0, 4), told
    assert declared(config)["name"] == {"bn": "ব্যাকঅফিস", "en": "Back office"}
    assert declared(config)["owner"] == "ops@example.gov.bd"
    assert declared(config)["redirect_uris"] == ["http://127.0.0.1:9001/cb"]


def test_ctrl_c_at_a_question_writes_nothing(config: Path) -> None:
    arguments = (*AT_CONFIG, "client", "new", "backoffice", "--name-bn", "ক")
    with Terminal(*arguments, folder=config.parent) as terminal:
        terminal.answer("Name in English: ", "Back office\n")
        code, told = terminal.interrupt("Mail address of its owner: ")
    assert code == 1
    assert told.endswith("Stopped.\n")
    assert {*config.parent.iterdir()} == {config, config.parent / "clients.d"}


# -- list and show ---------------------------------------------------------------------------------


def test_the_list_names_every_client_and_its_place(idp: Idp, config: Path) -> None:
    assert idp("client", "list").stdout == "No client yet: idp client new ID\n"
    idp(*NEW)
    lines = idp("client", "list").stdout.splitlines()
    assert lines[0].split() == ["ID", "NAME", "AUTH", "ENABLED", "LIVE", "SECRETS", "FILE"]
    place = f"{config.parent / 'clients.d' / 'backoffice.toml'}:3"
    words = ["backoffice", "Back", "[office]", "client_secret_basic", "yes", "1", place]
    assert lines[1].split() == words
    (facts,) = json.loads(idp("client", "list", "--json").stdout)["clients"]
    assert (facts["name"], facts["place"]) == ({"bn": "ব্যাকঅফিস", "en": "Back [office]"}, place)


def test_showing_a_client_tells_values_defaults_and_secrets_without_a_hash(
    installed: Idp, config: Path
) -> None:
    secret = snippet(installed(*NEW).stdout)["OIDC_CLIENT_SECRET"]
    digest = hashlib.sha256(secret.encode()).hexdigest()
    engine = open_engine(f"sqlite:///{config.parent / 'idp.sqlite'}")
    with SqlStores(engine).write() as work:
        work.client_secret_uses.note("backoffice", digest[:8], now=1_790_000_000)
    engine.dispose()
    told = installed("client", "show", "backoffice").stdout
    assert 'client_id = "backoffice"\n' in told
    assert 'pkce = "required"  # default\n' in told
    assert f"secret {digest[:8]} is good without an end, last used 2026-09-21 20:13 +06" in told
    facts = json.loads(installed("client", "show", "backoffice", "--json").stdout)
    assert facts["client"]["owner"] == "ops@example.gov.bd"
    assert facts["secrets"] == [
        {"short": digest[:8], "expires": None, "is_live": True, "last_used": 1_790_000_000}
    ]
    assert digest not in told + json.dumps(facts)


# -- rotate, disable, enable -----------------------------------------------------------------------


def test_rotating_prints_the_new_secret_once_and_the_end_of_the_old(idp: Idp, config: Path) -> None:
    old = snippet(idp(*NEW).stdout)["OIDC_CLIENT_SECRET"]
    answer = idp("client", "rotate", "backoffice", "--expires", "7")
    assert answer.exit_code == 0, answer.stderr
    new = snippet(answer.stdout)["OIDC_CLIENT_SECRET"]
    assert new != old
    assert answer.stdout.count(new) == 1
    assert "The old secret " in answer.stdout
    assert ", no use is known.\n" in answer.stdout
    assert answer.stdout.endswith("Next: idp reload\n")
    secrets = declared(config)["secrets"]
    assert isinstance(secrets, list)
    digests = [f"sha256:{hashlib.sha256(one.encode()).hexdigest()}" for one in (old, new)]
    assert [one["hash"] for one in secrets] == digests
    third = idp("client", "rotate", "backoffice")
    assert third.exit_code == 1
    assert "two live secrets already" in third.stderr


def test_rotating_in_json(idp: Idp) -> None:
    idp(*NEW)
    facts = json.loads(idp("client", "rotate", "backoffice", "--json").stdout)
    assert facts["client_secret"].startswith("idpcs_")
    assert [old["is_live"] for old in facts["old"]] == [True]


def test_ending_the_old_secret_makes_none_and_leaves_the_newer(idp: Idp, config: Path) -> None:
    idp(*NEW)
    new = snippet(idp("client", "rotate", "backoffice").stdout)["OIDC_CLIENT_SECRET"]
    refused = idp("client", "rotate", "backoffice", "--expires", "0")
    assert refused.exit_code == 1
    assert "client rotate backoffice --end-old" in refused.stderr
    answer = idp("client", "rotate", "backoffice", "--end-old")
    assert answer.exit_code == 0, answer.stderr
    assert "idpcs_" not in answer.stdout
    assert answer.stdout.endswith("Next: idp reload\n")
    digest = hashlib.sha256(new.encode()).hexdigest()
    assert declared(config)["secrets"] == [{"hash": f"sha256:{digest}"}]
    again = json.loads(idp("client", "rotate", "backoffice", "--end-old", "--json").stdout)
    assert (again["kept"]["short"], again["ended"]) == (digest[:8], [])
    both = idp("client", "rotate", "backoffice", "--end-old", "--expires", "0")
    assert both.exit_code == 2


def test_a_client_may_refresh_unless_its_scopes_are_chosen(idp: Idp, config: Path) -> None:
    idp(*NEW)
    assert declared(config)["scopes"] == ["openid", "profile", "email", "offline_access"]
    assert declared(config)["grants"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("client_id", ["../../x", ".x", "a/b", "x" * 300])
def test_an_id_that_is_none_is_told_and_nothing_is_written(
    idp: Idp, config: Path, client_id: str
) -> None:
    answer = idp(*NEW[:2], client_id, *NEW[3:])
    assert answer.exit_code == 2
    assert "client_id must be 1 to 100 Latin letters, digits" in answer.stderr
    assert [file for file in config.parent.rglob("*") if file.is_file()] == [config]


@pytest.mark.parametrize("days", ["-1", "366", "soon"])
def test_days_that_are_none_are_refused(idp: Idp, days: str) -> None:
    idp(*NEW)
    answer = idp("client", "rotate", "backoffice", "--expires", days)
    assert answer.exit_code == 2
    assert len(answer.stderr.splitlines()) == 1


def test_a_client_is_switched_off_and_on(idp: Idp, config: Path) -> None:
    idp(*NEW)
    place = f"{config.parent / 'clients.d' / 'backoffice.toml'}:3"
    answer = idp("client", "disable", "backoffice")
    assert answer.stdout == f"backoffice is disabled in {place}.\nNext: idp reload\n"
    assert declared(config)["enabled"] is False
    assert " no " in idp("client", "list").stdout
    again = idp("client", "disable", "backoffice")
    assert (again.exit_code, again.stdout) == (0, f"backoffice is disabled already ({place}).\n")
    facts = json.loads(idp("client", "enable", "backoffice", "--json").stdout)
    assert facts.pop("place") == place
    assert facts == {"ok": True, "client_id": "backoffice", "enabled": True, "changed": True}


@pytest.mark.parametrize("verb", ["show", "rotate", "disable", "enable"])
def test_an_unknown_client_is_one_sentence(idp: Idp, verb: str) -> None:
    answer = idp("client", verb, "nobody")
    assert answer.exit_code == 1
    assert answer.stderr == 'No client is called "nobody": see idp client list.\n'


@pytest.mark.parametrize("verb", ["new", "list", "show", "rotate", "disable", "enable"])
def test_every_command_explains_itself_by_an_example(idp: Idp, verb: str) -> None:
    told = idp("client", verb, "--help").stdout
    assert f"Example: idp client {verb}" in told
    assert "--json" in told


def test_another_configuration_is_named_in_the_next_step(idp: Idp, config: Path) -> None:
    other = config.rename(config.with_name("other.toml"))
    told = idp("--config", str(other), *NEW).stdout
    assert f"Next: idp --config {other} reload\n" in told
