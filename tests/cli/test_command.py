"""What all commands share: the way to the configuration, JSON, exit codes, one sentence."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from idp.cli.command import CommandFailed, Invocation, sentence
from idp.model.errors import AlreadySpent, Busy, StoreUnavailable
from tests.cli.conftest import Idp
from tests.cli.walking import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", [c.words for c in COMMANDS.values()], ids=" ".join)
def test_every_command_explains_itself_and_takes_json_and_config(
    idp: Idp, command: tuple[str, ...]
) -> None:
    answer = idp(*command, "--help")
    assert answer.exit_code == 0
    assert "--json" in answer.output
    assert "--config" in answer.output


def test_the_configuration_is_named_before_or_after_the_command(idp: Idp, config: Path) -> None:
    other = config.rename(config.with_name("other.toml"))
    assert idp("config", "check").exit_code == 2
    assert idp("--config", str(other), "config", "check").exit_code == 0
    assert idp("config", "check", "--config", str(other)).exit_code == 0


def test_the_option_wins_over_the_environment(
    idp: Idp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDP_CONFIG", "/nowhere/idp.toml")
    assert "/nowhere/idp.toml E001 cannot be read" in idp("config", "check").stderr
    assert idp("config", "check", "--config", str(config)).exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("konfig",), ("user", "add"), ("run", "--port", "0"), ("user", "add", "a", "-p")]
)
def test_a_wrong_command_line_is_not_valid(idp: Idp, arguments: tuple[str, ...]) -> None:
    answer = idp(*arguments)
    assert answer.exit_code == 2
    assert len(answer.stderr.splitlines()) == 1
    assert "Usage" not in answer.stderr


@pytest.mark.parametrize("command", [("init",), ("db", "upgrade"), ("user", "enable", "a@b.bd")])
def test_a_wrong_configuration_stops_every_command(
    idp: Idp, config: Path, command: tuple[str, ...]
) -> None:
    config.write_text(f"{config.read_text()}listen.prot = 1\n")
    answer = idp(*command)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr == (f'{config}:7:8 E101 listen.prot is not a key. Did you mean "port"?\n')


def test_an_installation_without_secrets_is_told_what_to_run(idp: Idp, config: Path) -> None:
    answer = idp("user", "enable", "a@example.gov.bd")
    assert answer.exit_code == 2
    pepper = config.parent / "secrets" / "pepper"
    assert answer.stderr == (
        f"The secret {pepper} is missing: restore it from the backup, "
        "or run idp init for a new installation.\n"
    )


def test_an_error_in_json_is_one_object(installed: Idp) -> None:
    answer = installed("user", "disable", "nobody@example.gov.bd", "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout) == {
        "ok": False,
        "error": "No user has this e-mail address.",
    }


def test_a_database_that_is_not_there_is_one_sentence(installed: Idp, config: Path) -> None:
    (config.parent / "idp.sqlite").unlink()
    answer = installed("user", "enable", "a@example.gov.bd")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("The database cannot be used (")
    assert answer.stderr.endswith("): check database.url, then run idp init.\n")


def test_a_file_that_is_no_database_sends_to_the_backup(installed: Idp, config: Path) -> None:
    (config.parent / "idp.sqlite").write_bytes(bytes(range(256)) * 64)
    for beside in config.parent.glob("idp.sqlite-*"):
        beside.unlink()
    answer = installed("user", "enable", "a@example.gov.bd")
    told = "the file is no SQLite database): restore it from the backup.\n"
    assert (answer.exit_code, answer.stderr) == (1, f"The database cannot be used ({told}")


def test_a_full_disk_is_told_with_what_to_do() -> None:
    told = "The database cannot be used (its disk is full): make room on it, then try again."
    assert sentence(StoreUnavailable("its disk is full")) == told


def test_errors_without_words_still_make_a_sentence() -> None:
    assert sentence(CommandFailed("It is so.")) == "It is so."
    assert sentence(Busy(2)) == "Too many passwords are being hashed; try again in 2 seconds."
    assert sentence(AlreadySpent()) == "The command failed: AlreadySpent."


def test_a_trouble_of_the_system_is_one_sentence(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Invocation) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/var/idp.toml")

    monkeypatch.setattr(Invocation, "settings", broken)
    answer = idp("keys", "list")
    assert (answer.exit_code, answer.stderr) == (
        1,
        "/var/idp.toml: No space left on device.\n",
    )


def test_ctrl_c_is_one_word(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Invocation) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Invocation, "settings", interrupted)
    answer = idp("keys", "list")
    assert (answer.exit_code, answer.stderr.strip()) == (1, "Stopped.")


def test_a_reader_that_goes_away_is_no_trouble(config: Path) -> None:
    program = "from idp.cli import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", program, "config", "schema"],
        env={**os.environ, "IDP_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_the_command_is_a_program_of_its_own(config: Path) -> None:
    program = "from idp.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "config", "check", "--json"],
        env={**os.environ, "IDP_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["issuer"] == "http://127.0.0.1:9000"
