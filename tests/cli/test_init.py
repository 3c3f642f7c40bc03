"""`idp init` and `idp db upgrade`: what an installation needs, made once."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.cli.root import root
from idp.settings import Settings, load
from tests.cli.conftest import Idp
from tests.cli.terminal import Terminal


def test_init_makes_secrets_database_and_signing_keys(idp: Idp, config: Path) -> None:
    answer = idp("init", "--json")
    assert answer.exit_code == 0
    made = json.loads(answer.stdout)["made"]
    assert made[:4] == ["pepper", "key_encryption_key", "form_key", "database"]
    assert len(made) == 6  # and a key for each algorithm
    assert (config.parent / "idp.sqlite").exists()
    assert (config.parent / "secrets" / "pepper").exists()


def test_a_second_init_changes_nothing(installed: Idp, config: Path) -> None:
    secrets = {file: file.read_bytes() for file in (config.parent / "secrets").iterdir()}
    answer = installed("init")
    assert answer.exit_code == 0
    assert answer.stdout == "Nothing to make: everything is there.\n"
    assert {file: file.read_bytes() for file in secrets} == secrets


def test_init_makes_only_what_is_missing(installed: Idp, config: Path) -> None:
    (config.parent / "secrets" / "form_key").unlink()
    assert installed("init").stdout == "Made: form_key.\n"


def test_init_does_not_replace_a_secret_that_the_database_needs(
    installed: Idp, config: Path
) -> None:
    key, pepper = (config.parent / "secrets" / name for name in ("key_encryption_key", "pepper"))
    key.rename(config.parent / "kept")
    answer = installed("init")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == (
        f"The database holds signing keys made with the missing secret {key}: "
        "restore it from the backup.\n"
    )
    assert not key.exists()
    (config.parent / "kept").rename(key)
    words = ("user", "add", "office@example.gov.bd", "--password-stdin")
    assert installed(*words, typed="Nodi#Tir2026\n").exit_code == 0
    pepper.unlink()
    answer = installed("init")
    assert answer.stderr.startswith("The database holds passwords made with the missing secret ")
    assert not pepper.exists()


def test_a_pepper_is_made_anew_while_no_password_needs_it(installed: Idp, config: Path) -> None:
    (config.parent / "secrets" / "pepper").unlink()
    assert installed("init").stdout == "Made: pepper.\n"


def test_the_database_can_be_upgraded_again_and_again(idp: Idp) -> None:
    for _ in range(2):
        answer = idp("db", "upgrade")
        assert answer.exit_code == 0
        assert answer.stdout == "The database has the newest schema.\n"


# -- from nothing ----------------------------------------------------------------------------------

PRODUCTION = (
    *("init", "--issuer", "https://sso.example.gov.bd"),
    *("--mail-host", "smtp.example.gov.bd", "--mail-from", "no-reply@example.gov.bd"),
)
CLIENT = (
    *("--client", "backoffice", "--client-name-bn", "ব্যাকঅফিস", "--client-name-en", "Back office"),
    *("--client-owner", "ops@example.gov.bd"),
    *("--client-home-url", "http://127.0.0.1:9001/"),
    *("--client-redirect-uri", "http://127.0.0.1:9001/cb"),
)
CONFIG = Path("config/idp.toml")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which somebody stands."""
    monkeypatch.delenv("IDP_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(name="fresh")
def _fresh(folder: Path) -> Idp:  # noqa: ARG001 - it must be there
    """The command in the empty folder."""

    def run(*arguments: str, typed: str | bytes | None = None) -> Result:
        return CliRunner().invoke(root, arguments, input=typed, catch_exceptions=False)

    return run


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def settings_of(config: Path) -> Settings:
    return load(config, {})


def test_flags_make_a_whole_installation_that_is_valid(fresh: Idp, folder: Path) -> None:
    answer = fresh(*PRODUCTION)
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.startswith("Made: config/idp.toml, clients.d, pepper, key_encryption_key")
    assert "  1. idp mail test you@example.gov.bd\n" in answer.stdout
    assert "\n  4. idp client new backoffice\n" in answer.stdout
    settings = settings_of(folder / CONFIG)
    assert (settings.issuer, settings.mode) == ("https://sso.example.gov.bd", "production")
    assert (settings.mail.host, settings.mail.port) == ("smtp.example.gov.bd", 587)
    assert settings.include == ("clients.d/*.toml",)
    assert (folder / "config" / "clients.d").is_dir()
    assert fresh("config", "check").exit_code == 0
    assert fresh("init").stdout == "Nothing to make: everything is there.\n"


def test_what_is_secret_is_for_its_owner_alone(fresh: Idp, folder: Path) -> None:
    user = ("--mail-user", "sso", "--mail-password-stdin")
    answer = fresh(*PRODUCTION, *user, typed="Gopon#1\n")
    assert answer.exit_code == 0, answer.stderr
    config = folder / "config"
    for file in (*(config / "secrets").iterdir(), config / "var" / "idp.sqlite"):
        assert mode_of(file) == 0o600, file
    assert mode_of(config / "secrets") == mode_of(config / "var") == 0o700
    assert mode_of(config / "idp.toml") == 0o644
    assert (config / "secrets" / "smtp_password").read_text() == "Gopon#1\n"
    assert "Gopon#1" not in (config / "idp.toml").read_text() + answer.output
    assert settings_of(config / "idp.toml").mail.password == "Gopon#1"


def test_development_needs_no_other_word(fresh: Idp, folder: Path) -> None:
    assert fresh("init", "--development").exit_code == 0
    settings = settings_of(folder / CONFIG)
    assert (settings.issuer, settings.mode) == ("http://127.0.0.1:9000", "development")
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 9000)
    assert (settings.mail.port, settings.mail.tls) == (1025, "none")


def test_a_development_issuer_is_listened_on(fresh: Idp, folder: Path) -> None:
    assert fresh("init", "--development", "--issuer", "http://127.0.0.1:9100").exit_code == 0
    assert settings_of(folder / CONFIG).listen.port == 9100


def test_a_first_client_is_declared_and_told(fresh: Idp, folder: Path) -> None:
    answer = fresh("init", "--development", *CLIENT)
    assert answer.exit_code == 0, answer.stderr
    assert "Declared backoffice at config/clients.d/backoffice.toml:3.\n" in answer.stdout
    assert "OIDC_CLIENT_SECRET=idpcs_" in answer.stdout
    assert "idp client new" not in answer.stdout
    (client,) = settings_of(folder / CONFIG).clients
    assert (client.client_id, len(client.secrets)) == ("backoffice", 1)


def test_json_holds_the_secret_and_the_next_steps(fresh: Idp) -> None:
    answer = fresh("init", "--development", *CLIENT, "--json")
    facts = json.loads(answer.stdout)
    assert facts["client"]["client_secret"].startswith("idpcs_")
    assert facts["next"][-1] == "idp run"
    assert facts["made"][0] == "config/idp.toml"


def test_another_place_is_named_in_the_next_steps(fresh: Idp, folder: Path) -> None:
    answer = fresh("init", "--development", "--config", "etc/idp/sso.toml")
    assert f"  1. export IDP_CONFIG={folder}/etc/idp/sso.toml\n" in answer.stdout
    assert settings_of(folder / "etc/idp/sso.toml").secrets_dir == folder / "etc/idp/secrets"


def test_a_database_is_chosen_by_its_url_or_by_a_variable(
    fresh: Idp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_DATABASE", f"sqlite:///{folder}/elsewhere.sqlite")
    assert fresh(*PRODUCTION, "--database", "env:MY_DATABASE").exit_code == 0
    assert 'url = { env = "MY_DATABASE" }\n' in (folder / CONFIG).read_text()
    assert (folder / "elsewhere.sqlite").exists()


# -- what cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        ((), "--issuer, --mail-host, --mail-from"),
        (("--issuer", "https://sso.gov.bd"), "--mail-host, --mail-from"),
        (("--mail-from", "a@b.bd", "--issuer", "https://sso.gov.bd"), "--mail-host"),
    ],
)
def test_without_a_terminal_the_missing_flags_are_one_sentence(
    fresh: Idp, folder: Path, flags: tuple[str, ...], missing: str
) -> None:
    answer = fresh("init", *flags)
    assert answer.exit_code == 2
    assert answer.stderr == (
        "There is no configuration config/idp.toml and no terminal to ask at: "
        f"give {missing}, or --development.\n"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--issuer", "http://sso.example.gov.bd"), "issuer must begin with https://"),
        (("--issuer", "https://sso.example.gov.bd/"), "issuer must not end with a slash"),
        (("--mail-from", "no-reply"), "mail.from must be a mail address"),
        (("--mail-tls", "none"), 'mail.tls "none" is for a mail server on this machine'),
        (("--database", "mysql://x/y"), "database.url"),
        (("--database", "postgresql://idp:geheim@db/idp"), "database.url holds a password"),
        (("--database", "env:NO_SUCH"), "needs the environment variable NO_SUCH"),
        (CLIENT, "clients[0].redirect_uris[0] must be https"),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(
    fresh: Idp, folder: Path, flags: tuple[str, ...], told: str
) -> None:
    answer = fresh(*PRODUCTION, *flags)
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert "geheim" not in answer.output
    assert list(folder.iterdir()) == []


def test_the_flags_of_a_client_are_named_when_they_are_missing(fresh: Idp, folder: Path) -> None:
    answer = fresh("init", "--development", *CLIENT[:6])
    assert answer.exit_code == 2
    assert answer.stderr == (
        "Without a terminal these options are needed, too: "
        "--client-owner, --client-home-url, --client-redirect-uri.\n"
    )
    assert list(folder.iterdir()) == []


def test_a_mail_user_without_a_password_is_told(fresh: Idp, folder: Path) -> None:
    answer = fresh(*PRODUCTION, "--mail-user", "sso")
    assert answer.exit_code == 2
    assert "--mail-user needs --mail-password-stdin" in answer.stderr
    answer = fresh(*PRODUCTION, "--mail-user", "sso", "--mail-password-stdin", typed="\n")
    assert answer.exit_code == 1
    assert answer.stderr == "There is no password on standard input.\n"
    assert list(folder.iterdir()) == []


def test_an_existing_configuration_is_never_overwritten(installed: Idp, config: Path) -> None:
    before = config.read_bytes()
    answer = installed("init", "--issuer", "https://other.gov.bd")
    assert answer.exit_code == 1
    assert answer.stderr == (
        f"{config} is there already and init never changes it: edit it, or run idp init without "
        "options to make what is missing.\n"
    )
    assert config.read_bytes() == before


@pytest.mark.parametrize("octets", [b"", b"\x00\xff\xfe"])
def test_a_file_that_is_no_configuration_is_not_replaced(
    idp: Idp, config: Path, octets: bytes
) -> None:
    config.write_bytes(octets)
    answer = idp("init")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"{config}:1:")
    assert " E002 " in answer.stderr
    assert config.read_bytes() == octets


def test_a_dangling_link_is_no_place_for_a_configuration(fresh: Idp, folder: Path) -> None:
    (folder / "config").mkdir()
    (folder / CONFIG).symlink_to("gone.toml")
    answer = fresh("init")
    assert answer.exit_code == 2
    assert "cannot be read: No such file or directory" in answer.stderr


def test_a_full_disk_leaves_no_configuration(
    fresh: Idp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    answer = fresh(*PRODUCTION)
    assert answer.exit_code == 1
    assert answer.stderr == (
        "config/idp.toml cannot be written: No space left on device; nothing was changed.\n"
    )
    assert [file for file in folder.rglob("*") if file.is_file()] == []


def test_a_folder_that_is_a_file_is_one_sentence(fresh: Idp, folder: Path) -> None:
    (folder / "config").write_text("not a folder")
    answer = fresh(*PRODUCTION)
    assert (answer.exit_code, answer.stderr) == (
        1,
        "config is no folder; nothing was written.\n",
    )


def test_what_a_kill_left_undone_is_made_by_a_second_init(fresh: Idp, folder: Path) -> None:
    assert fresh(*PRODUCTION).exit_code == 0
    for made in (folder / "config" / "secrets").iterdir():
        made.unlink()
    (folder / "config" / "var" / "idp.sqlite").unlink()
    answer = fresh("init")
    told = "Made: pepper, key_encryption_key, form_key, database, signing keys.\n"
    assert (answer.exit_code, answer.stdout) == (0, told)


# -- asked -----------------------------------------------------------------------------------------


CONVERSATION = (
    ("config/idp.toml is not there yet; it is written after some questions.", None),
    ("Address of this provider (https://…): ", "http://sso.example.gov.bd"),
    ("It must begin with https:// in production mode. Did you mean", None),
    ("Address of this provider", "https://sso.example.gov.bd"),
    ("Database (sqlite:///…, postgresql://…) [sqlite:///var/idp.sqlite]: ", ""),
    ("Mail server: ", "smtp.example.gov.bd"),
    ("[starttls]: ", "implicit"),
    ("Its port [465]: ", "0"),
    ("It must be at least 1.", None),
    ("Its port [465]: ", ""),
    ("User name there (empty: none): ", "sso"),
    ("Letters come from: ", "no-reply"),
    ("It must be a mail address", None),
    ("Letters come from: ", "no-reply@example.gov.bd"),
    ("Password at the mail server: ", "Gopon#1"),
    ("Id of a first application", "backoffice"),
    ("Name in Bengali: ", "ক"),
    ("Name in English: ", "Back office"),
    ("owner: ", "ops@example.gov.bd"),
    ("first page (URL): ", "https://backoffice.example.gov.bd/"),
    ("Redirect URI: ", "https://backoffice.example.gov.bd/cb"),
    ("Redirect URI (empty: no more): ", ""),
    ("after a logout (empty: no more): ", ""),
    ("Back-channel logout URI (empty: none): ", ""),
)


def test_somebody_who_knows_nothing_is_asked_and_told(folder: Path) -> None:
    with Terminal("init", folder=folder) as terminal:
        for words, typed in CONVERSATION:
            if typed is None:
                terminal.wait_for(words)
            else:
                terminal.answer(words, f"{typed}\n")
        code, told = terminal.end()
    assert code == 0, told
    assert "OIDC_CLIENT_SECRET=idpcs_" in told
    assert "Gopon#1" not in told
    settings = settings_of(folder / CONFIG)
    assert (settings.mail.tls, settings.mail.port, settings.mail.user) == ("implicit", 465, "sso")
    assert settings.mail.password == "Gopon#1"
    assert [client.client_id for client in settings.clients] == ["backoffice"]


def test_a_first_client_with_an_id_that_is_none_is_told_so(fresh: Idp, folder: Path) -> None:
    answer = fresh("init", "--development", "--client", "../../x", *CLIENT[2:])
    assert answer.exit_code == 2
    assert "client_id must be 1 to 100 Latin letters, digits" in answer.stderr
    assert list(folder.iterdir()) == []


def test_ctrl_c_in_the_middle_of_the_questions_leaves_an_empty_folder(folder: Path) -> None:
    with Terminal("init", folder=folder) as terminal:
        terminal.answer("Address of this provider", "https://sso.example.gov.bd\n")
        code, told = terminal.interrupt("Database")
    assert code == 1
    assert told.endswith("Stopped.\n")
    assert list(folder.iterdir()) == []


def test_a_loopback_issuer_makes_an_installation_for_development(folder: Path) -> None:
    with Terminal("init", folder=folder) as terminal:
        terminal.answer("Address of this provider", "http://127.0.0.1:9100\n")
        terminal.wait_for("That is for development on this machine only.")
        terminal.answer("Database", "\n")
        terminal.answer("Mail server [127.0.0.1]: ", "\n")
        terminal.answer("[none]: ", "\n")
        terminal.answer("Its port [1025]: ", "\n")
        terminal.answer("User name there", "\n")
        terminal.answer("Letters come from [no-reply@localhost]: ", "\n")
        terminal.answer("Id of a first application", "\n")
        assert terminal.end()[0] == 0
    settings = settings_of(folder / CONFIG)
    assert (settings.mode, settings.listen.port) == ("development", 9100)
