"""`idp config check`."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from idp import verdict
from idp.cli import config as config_commands
from idp.settings import Loaded, MistakesFound, read_configuration
from idp.settings.reference import all_keys
from tests.cli.conftest import Idp

CONFIG = Path(__file__).parents[2] / "config"


def test_a_valid_configuration_is_told_in_one_line(idp: Idp, config: Path) -> None:
    answer = idp("config", "check")
    assert answer.exit_code == 0
    assert answer.stdout == f"{config} is valid: http://127.0.0.1:9000, 0 clients.\n"


def test_a_program_gets_the_facts(idp: Idp, config: Path) -> None:
    assert json.loads(idp("config", "check", "--json").stdout) == {
        "ok": True,
        "config": str(config),
        "issuer": "http://127.0.0.1:9000",
        "mode": "development",
        "clients": [],
        "warnings": [],
    }


def test_all_mistakes_are_told_a_line_each_however_long(idp: Idp, config: Path) -> None:
    config.write_text(f"{config.read_text()}[listen]\nport = 'x'\n[otp]\nttl = '[bold]10'\n")
    answer = idp("config", "check")
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        f"{config}:8:1 E103 listen.port must be a whole number without quotes",
        f'{config}:10:1 E104 otp.ttl must be a duration like "60s", "30m", "10h" or "90d"',
    ]


def test_a_program_gets_the_mistakes_in_parts(idp: Idp, config: Path) -> None:
    config.write_text(f"{config.read_text()}listen.prot = 1\n")
    answer = idp("config", "check", "--json")
    assert answer.exit_code == 2
    assert answer.stderr == ""
    assert json.loads(answer.stdout)["mistakes"] == [
        {
            "file": str(config),
            "line": 7,
            "column": 8,
            "code": "E101",
            "path": "listen.prot",
            "message": "is not a key",
            "hint": 'Did you mean "port"?',
        }
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            '[theme]\nname = "gone"\n',
            (
                ':8:1 E201 theme.name names the theme "gone", which does not exist. '
                "There are base, ministry, portal"
            ),
        ),
        (
            '[theme]\nlocales = ["bn", "fr"]\n',
            (
                ":8:18 E201 theme.locales[1] names the language "
                '"fr", for which there are no words. There are bn, en'
            ),
        ),
        ('[session]\nmax = "999999999d"\n', ":8:1 E104 session.max must not be longer than 3650d"),
    ],
)
def test_what_the_program_would_refuse_at_start_is_refused_here(
    idp: Idp, config: Path, lines: str, said: str
) -> None:
    config.write_text(f"{config.read_text()}{lines}")
    answer = idp("config", "check")
    assert answer.exit_code == 2
    assert answer.stderr == f"{config}{said}\n"


def test_what_only_the_mail_lane_knows_is_told_at_the_mail_table(idp: Idp, config: Path) -> None:
    gone = 'tls = "starttls", ca_file = "gone.pem", timeout'
    config.write_text(config.read_text().replace('tls = "none", timeout', gone))
    answer = idp("config", "check", "--json")
    assert answer.exit_code == 2
    (mistake,) = json.loads(answer.stdout)["mistakes"]
    assert (mistake["line"], mistake["column"], mistake["code"]) == (6, 1, "E201")
    assert "ca_file" in mistake["message"]


def test_a_broken_theme_is_told_at_its_own_place(
    idp: Idp, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    themes = tmp_path / "themes"
    shutil.copytree(verdict.THEMES, themes)
    (themes / "portal" / "theme.toml").write_text('parent = "base"\n\n[tokens.wrong]\na = 1\n')
    monkeypatch.setattr(verdict, "THEMES", themes)
    gone = 'tls = "starttls", ca_file = "gone.pem", timeout'
    config.write_text(config.read_text().replace('tls = "none", timeout', gone))
    answer = idp("config", "check")
    assert answer.exit_code == 2
    mail, theme = answer.stderr.splitlines()
    assert mail.startswith(f"{config}:6:1 E201 mail is refused: ")
    assert theme.startswith(
        f"{themes / 'portal' / 'theme.toml'}:3:1 E301 tokens.wrong is not a key"
    )


def test_a_theme_of_ones_own_is_judged_at_its_own_place(idp: Idp, config: Path) -> None:
    theme = config.parent / "themes" / "office" / "theme.toml"
    theme.parent.mkdir(parents=True)
    theme.write_text('\nlogo = "../x"\n')
    assert idp("config", "check").exit_code == 0, "nobody uses it"
    config.write_text(f'{config.read_text()}[theme]\nname = "office"\n')
    answer = idp("config", "check", "--json")
    assert answer.exit_code == 2
    [mistake] = json.loads(answer.stdout)["mistakes"]
    assert (mistake["file"], mistake["line"], mistake["code"]) == (str(theme), 2, "E301")
    assert mistake["message"] == "logo must be the name of a file in static/"
    theme.write_text('name = { bn = "কার্যালয়" }\n')
    assert idp("config", "check").exit_code == 0


def test_a_name_of_the_programs_own_themes_may_not_be_taken(idp: Idp, config: Path) -> None:
    theme = config.parent / "themes" / "portal" / "theme.toml"
    theme.parent.mkdir(parents=True)
    theme.touch()
    answer = idp("config", "check")
    assert answer.exit_code == 2
    assert answer.stderr == (
        f"{theme}:1:1 E301 the program has a theme 'portal' itself: give yours another name\n"
    )


def test_secrets_that_others_may_open_are_refused_and_missing_ones_are_not(
    idp: Idp, config: Path
) -> None:
    assert idp("config", "check").exit_code == 0
    assert idp("init").exit_code == 0
    assert idp("config", "check").exit_code == 0
    pepper = config.parent / "secrets" / "pepper"
    pepper.chmod(0o644)
    answer = idp("config", "check")
    assert answer.exit_code == 2
    assert answer.stderr == (
        f"{config}:1:1 E106 secrets_dir cannot be used: The secret {pepper} is open to other "
        f"users: run chmod 600 {pepper}.\n"
    )


def test_the_verdict_of_a_check_is_the_verdict_of_a_start(idp: Idp, config: Path) -> None:
    config.write_text(f'{config.read_text()}[theme]\nname = "gone"\n')
    with pytest.raises(MistakesFound) as caught:
        verdict.load_settings(config)
    assert idp("config", "check").stderr == f"{caught.value}\n"


@pytest.fixture(name="whole")
def _whole(config: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a secret, a variable and a client in a file of its own."""
    monkeypatch.setenv("IDP_REDIS_URL", "redis://:hush1@127.0.0.1:6379/0")
    secret = config.parent / "secrets" / "smtp"
    secret.parent.mkdir()
    secret.write_text("hush2\n")
    secret.chmod(0o600)
    mail = config.read_text().replace(
        'tls = "none"', 'tls = "none", user = "u", password = {file = "smtp"}'
    )
    config.write_text(
        f'include = ["clients.d/*.toml"]\nredis.url = {{ env = "IDP_REDIS_URL" }}\n{mail}'
    )
    (config.parent / "clients.d").mkdir()
    shutil.copy(CONFIG / "clients.d" / "ministry.toml", config.parent / "clients.d")
    return config


def test_show_prints_what_is_in_force_with_its_source_and_no_secret(idp: Idp, whole: Path) -> None:
    answer = idp("config", "show")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert f'issuer = "http://127.0.0.1:9000"  # {whole}:4' in lines
    assert f'url = "redis://:***@127.0.0.1:6379/0"  # env IDP_REDIS_URL, {whole}:2' in lines
    assert f'password = "***"  # file smtp, {whole}:8' in lines
    assert 'idle = "1h"  # default' in lines
    assert "[clients.ministry]" in lines
    ministry = whole.parent / "clients.d" / "ministry.toml"
    assert any(re.fullmatch(rf'theme = "ministry"  # {ministry}:\d+', line) for line in lines)
    assert "hush" not in answer.output
    tomllib.loads(answer.stdout)


def test_show_tells_a_program_every_key(idp: Idp, whole: Path) -> None:
    answer = idp("config", "show", "--json")
    facts = json.loads(answer.stdout)
    values = {".".join(value["path"]): value for value in facts["values"]}
    assert facts["ok"]
    assert facts["warnings"] == []
    assert re.fullmatch("[0-9a-f]{64}", facts["digest"])
    assert values["session.idle"] == {
        "path": ["session", "idle"], "value": 3600, "source": "default", "place": "", "name": "",
    }  # fmt: skip
    assert values["redis.url"]["source"] == "env"
    assert values["redis.url"]["name"] == "IDP_REDIS_URL"
    assert values["mail.password"]["place"] == f"{whole}:8"
    assert values["clients.ministry.enabled"]["value"] is True
    assert values["mail.ca_file"]["value"] is None
    assert "hush" not in answer.output


def test_show_of_a_wrong_configuration_tells_the_mistakes(idp: Idp, config: Path) -> None:
    config.write_text(f"{config.read_text()}listen.prot = 1\n")
    answer = idp("config", "show")
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert 'Did you mean "port"?' in answer.stderr


def test_the_commented_file_is_printed_without_any_configuration(idp: Idp, config: Path) -> None:
    config.unlink()
    answer = idp("config", "show", "--commented")
    assert answer.exit_code == 0
    assert answer.stdout == (CONFIG / "idp.example.toml").read_text()
    assert (
        json.loads(idp("config", "show", "--commented", "--json").stdout)["file"] == answer.stdout
    )


def test_a_redirected_commented_file_is_a_valid_configuration(idp: Idp, config: Path) -> None:
    text = idp("config", "show", "--commented").stdout
    (config.parent / "clients.d").mkdir()
    config.write_text(text)
    assert (
        idp("config", "check").stdout
        == f"{config} is valid: https://sso.example.gov.bd, 0 clients.\n"
    )


def test_explain_tells_all_about_a_key(idp: Idp) -> None:
    assert idp("config", "explain", "listen.port").stdout.splitlines() == [
        "listen.port: The TCP port that the server listens on.",
        "It is a whole number.",
        "Limits: 1 to 65535.",
        "Default: 9000.",
        "A change needs a restart.",
    ]
    assert idp("config", "explain", "clients[0].auth").stdout.splitlines()[2:4] == [
        'Choices: "client_secret_basic", "client_secret_post", "none".',
        'Default: "client_secret_basic".',
    ]


def test_explain_of_a_table_lists_its_keys(idp: Idp) -> None:
    answer = idp("config", "explain", "session").stdout
    assert "  session.idle: A login ends when it was not used for so long." in answer.splitlines()
    assert json.loads(idp("config", "explain", "session", "--json").stdout)["keys"] == [
        "session.idle",
        "session.max",
        "session.login_timeout",
    ]


def test_explain_gives_a_program_the_facts(idp: Idp) -> None:
    assert json.loads(idp("config", "explain", "otp.ttl", "--json").stdout) == {
        "ok": True,
        "key": "otp.ttl",
        "about": "How long a mailed code lives.",
        "type": 'a duration like "60s", "30m", "10h" or "90d"',
        "unit": "s, m, h or d",
        "default": '"10m"',
        "required": False,
        "constraints": None,
        "choices": [],
        "example": None,
        "static": False,
        "keys": [],
    }


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("listen.prot", 'There is no key "listen.prot". Did you mean "listen.port"?'),
        ("redirect_uris", 'There is no key "redirect_uris". Did you mean "clients.redirect_uris"?'),
        ("qqqqqqqq", 'There is no key "qqqqqqqq".'),
    ],
)
def test_explain_of_an_unknown_key_names_the_nearest(idp: Idp, key: str, said: str) -> None:
    answer = idp("config", "explain", key)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (2, "", f"{said}\n")


def test_every_key_of_the_reference_can_be_explained(idp: Idp) -> None:
    for key in all_keys():
        answer = idp("config", "explain", key.dotted)
        assert answer.exit_code == 0
        assert key.sentence in answer.stdout


def test_the_schema_is_printed_without_any_configuration(idp: Idp, config: Path) -> None:
    config.unlink()
    answer = idp("config", "schema")
    assert answer.exit_code == 0
    assert answer.stdout == (CONFIG / "idp.schema.json").read_text()


def test_an_old_name_is_a_warning_and_no_failure(
    idp: Idp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_later(file: Path) -> Loaded:
        """Read as a version does that gave a key another name."""
        return read_configuration(file, {}, renamed={"mail.sender": "mail.from"})

    monkeypatch.setattr(verdict, "read", read_later)
    monkeypatch.setattr(config_commands, "read", read_later)
    config.write_text(config.read_text().replace("from =", "sender ="))
    answer = idp("config", "check")
    assert answer.exit_code == 0
    assert answer.stderr.startswith(f"Warning: {config}:6:70 W001 mail.sender is the old name of")
    (warning,) = json.loads(idp("config", "check", "--json").stdout)["warnings"]
    assert (warning["code"], warning["path"]) == ("W001", "mail.sender")
    assert "Warning" in idp("config", "show").stderr


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("kind", ["missing", "directory", "binary", "empty", "huge", "deep"])
def test_a_file_that_is_no_configuration_is_one_sentence(
    idp: Idp, config: Path, command: str, kind: str
) -> None:
    config.unlink()
    if kind == "directory":
        config.mkdir()
    elif kind == "huge":
        with config.open("wb") as file:
            file.truncate(50 * 1024 * 1024)
    elif kind != "missing":
        octets = {"binary": b"\x7fELF\xff\0", "empty": b"", "deep": b"a = " + b"[" * 9000}
        config.write_bytes(octets[kind])
    answer = idp("config", command)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith(str(config))


@pytest.mark.parametrize("command", ["check", "show", "explain", "schema", "diff"])
def test_every_command_shows_an_example(idp: Idp, command: str) -> None:
    assert "Example: idp" in idp("config", command, "--help").stdout
