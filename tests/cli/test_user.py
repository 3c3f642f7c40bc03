"""`idp user`: accounts, and passwords that never stand in an argument or an answer."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from idp.accounts.passwords import Hasher
from idp.accounts.throttle import OTP, Throttle
from idp.admin.installation import directory
from idp.cli.user import user_group
from idp.model.clock import system_clock
from idp.model.tokens import digest
from idp.model.user import User
from idp.stores.sql import SqlStores, open_engine
from idp.verdict import load_settings
from tests.cli.conftest import Idp
from tests.contract.builders import user_session

EMAIL = "office@example.gov.bd"
PASSWORD = "Nodi#তির 2026"  # a blank in it belongs to it
TEMPORARY = ("update_password",)
ROOT = Path(__file__).parents[2]


def _user(config: Path, email: str = EMAIL) -> User | None:
    with SqlStores(open_engine(load_settings(config).database.url)).read() as work:
        return work.users.find_by_email(email)


def _has_password(config: Path, password: str) -> bool:
    user = _user(config)
    assert user is not None
    settings = load_settings(config)
    with SqlStores(open_engine(settings.database.url)).read() as work:
        tagged_hash = work.credentials.password_hash(user.id)
    hasher: Hasher = directory(settings)._hasher
    return tagged_hash is not None and hasher.verify(password, tagged_hash, known_browser=True)


def _required(config: Path) -> tuple[str, ...]:
    user = _user(config)
    assert user is not None
    with SqlStores(open_engine(load_settings(config).database.url)).read() as work:
        return work.required_actions.of_user(user.id)


def _added(idp: Idp) -> Result:
    return idp("user", "add", EMAIL, "--name-bn", "ক দপ্তর", "--name-en", "A", "--office", "ক")


def test_a_user_is_added_without_a_password(installed: Idp, config: Path) -> None:
    answer = _added(installed)
    assert answer.exit_code == 0
    assert answer.stdout == f"Added {EMAIL}.\n"
    user = _user(config)
    assert user is not None
    assert (user.name_bn, user.name_en, user.office, user.enabled) == ("ক দপ্তর", "A", "ক", True)
    assert not _has_password(config, "")


def test_a_user_is_added_with_the_password_from_standard_input(
    installed: Idp, config: Path
) -> None:
    answer = installed("user", "add", EMAIL, "--password-stdin", "--json", typed=f"{PASSWORD}\n")
    user = _user(config)
    assert user is not None
    assert json.loads(answer.stdout) == {"ok": True, "id": user.id, "email": EMAIL}
    assert _has_password(config, PASSWORD)
    assert not _has_password(config, PASSWORD.replace(" ", ""))
    assert _required(config) == ()


def test_the_same_address_is_not_added_twice(installed: Idp) -> None:
    _added(installed)
    answer = installed("user", "add", EMAIL.upper())
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert "exists" in answer.stderr


def test_an_address_that_is_none_is_refused(installed: Idp) -> None:
    answer = installed("user", "add", "office")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("This is not an e-mail address")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "", "\nsecond line\n"])
def test_a_password_is_the_first_line_of_standard_input(
    installed: Idp, config: Path, ending: str
) -> None:
    _added(installed)
    answer = installed("user", "set-password", EMAIL, typed=PASSWORD + ending)
    assert answer.exit_code == 0
    assert answer.stdout == f"The password of {EMAIL} is set.\n"
    assert _has_password(config, PASSWORD)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (b"", "There is no password on standard input."),
        (b"\n", "There is no password on standard input."),
        (b"\xff\xfe\n", "The password on standard input is not UTF-8."),
    ],
)
def test_standard_input_without_a_password_is_refused(
    installed: Idp, typed: bytes, told: str
) -> None:
    _added(installed)
    answer = installed("user", "set-password", EMAIL, typed=typed)
    assert (answer.exit_code, answer.stderr) == (1, f"{told}\n")


def test_nobody_is_added_when_the_password_is_missing(installed: Idp, config: Path) -> None:
    assert installed("user", "add", EMAIL, "--password-stdin", typed="").exit_code == 1
    assert _user(config) is None


def test_a_password_is_no_argument(installed: Idp) -> None:
    _added(installed)
    answer = installed("user", "set-password", EMAIL, PASSWORD)
    assert answer.exit_code == 2


def test_a_user_is_switched_off_and_on(installed: Idp, config: Path) -> None:
    _added(installed)
    assert installed("user", "disable", EMAIL).stdout == f"{EMAIL} is disabled.\n"
    user = _user(config)
    assert user is not None
    assert not user.enabled
    assert installed("user", "enable", EMAIL).stdout == f"{EMAIL} is enabled.\n"
    user = _user(config)
    assert user is not None
    assert user.enabled


@pytest.mark.parametrize(
    "words",
    ["disable {}", "enable {}", "set-password {}", "set-email {} a@b.bd",
     "require {} update_password"],
)  # fmt: skip
def test_an_unknown_user_is_told(installed: Idp, words: str) -> None:
    words = words.format("nobody@example.gov.bd")
    answer = installed("user", *words.split(), typed=f"{PASSWORD}\n")
    assert (answer.exit_code, answer.stderr) == (1, "No user has this e-mail address.\n")


@pytest.mark.parametrize(("again", "code"), [("Nodi#Tir2026", 0), ("Nodi#Tir2027", 1)])
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    installed: Idp, config: Path, again: str, code: int
) -> None:
    _added(installed)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from idp.cli import main; main()", "user", "set-password", EMAIL],
        env={**os.environ, "IDP_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = _read_until(ours, b"Password: ")
    os.write(ours, b"Nodi#Tir2026\n")
    seen += _read_until(ours, b"The same again: ")
    os.write(ours, f"{again}\n".encode())
    if code:
        seen += _read_until(ours, b"do not match")
        process.terminate()
    else:
        seen += _read_until(ours, b"is set.")
    process.wait(20)
    os.close(ours)
    assert b"Nodi" not in seen
    assert _has_password(config, "Nodi#Tir2026") is (code == 0)


def _read_until(terminal: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        try:
            seen += os.read(terminal, 1024)
        except OSError as error:  # how Linux tells that the other end is gone
            raise AssertionError(seen.decode()) from error
    return seen


def test_a_password_that_cannot_be_adds_nobody(installed: Idp) -> None:
    bad = installed("user", "add", EMAIL, "--password-stdin", typed="a\0b\n")
    assert bad.exit_code == 1
    good = installed("user", "add", EMAIL, "--password-stdin", typed=f"{PASSWORD}\n")
    assert good.exit_code == 0


@pytest.mark.parametrize("typed", [" Nodi#Tir2026", "Nodi#Tir2026 "])
def test_a_blank_at_the_edge_of_a_password_is_told(installed: Idp, typed: str) -> None:
    answer = installed("user", "add", EMAIL, "--password-stdin", typed=f"{typed}\n")
    assert answer.exit_code == 1
    assert answer.stderr == "The password must not begin or end with a space.\n"


def test_every_fault_of_a_password_is_told_in_one_line(installed: Idp, config: Path) -> None:
    _added(installed)
    answer = installed("user", "set-password", EMAIL, typed="Dhaka7\n")
    told = "The password needs at least 8 characters, a special sign; it is easy to guess."
    assert (answer.exit_code, answer.stderr) == (1, f"{told}\n")
    assert not _has_password(config, "Dhaka7")


def test_a_policy_of_the_configuration_is_obeyed(installed: Idp, config: Path) -> None:
    _added(installed)
    config.write_text(config.read_text().replace("_cost = 4", "_cost = 4, min_length = 20"))
    answer = installed("user", "set-password", EMAIL, "--json", typed=f"{PASSWORD}\n")
    assert json.loads(answer.stdout) == {
        "ok": False,
        "error": "The password needs at least 20 characters.",
    }


def test_a_temporary_password_is_to_be_changed_at_the_next_login(
    installed: Idp, config: Path
) -> None:
    words = ("user", "add", EMAIL, "--password-stdin", "--temporary")
    assert installed(*words, typed=f"{PASSWORD}\n").exit_code == 0
    assert _required(config) == TEMPORARY
    installed("user", "set-password", EMAIL, typed="Boat#Ghat77x\n")
    assert _required(config) == ()
    installed("user", "set-password", EMAIL, "--temporary", typed=f"{PASSWORD}\n")
    assert _required(config) == TEMPORARY
    assert _has_password(config, PASSWORD)


def test_a_user_without_a_password_has_no_temporary_one(installed: Idp, config: Path) -> None:
    answer = installed("user", "add", EMAIL, "--temporary")
    assert (answer.exit_code, answer.stderr) == (2, "--temporary needs --password-stdin.\n")
    assert _user(config) is None


@pytest.mark.parametrize(("options", "lives"), [((), True), (("--end-sessions",), False)])
def test_the_sessions_end_with_the_password_when_that_is_said(
    installed: Idp, config: Path, options: tuple[str, ...], lives: bool
) -> None:
    _added(installed)
    user = _user(config)
    assert user is not None
    stores = SqlStores(open_engine(load_settings(config).database.url))
    with stores.write() as work:
        work.user_sessions.add(user_session(user, digest=digest("cookie")))
    installed("user", "set-password", EMAIL, *options, typed=f"{PASSWORD}\n")
    with stores.read() as work:
        assert (work.user_sessions.find(digest("cookie")) is not None) is lives


def test_a_new_password_is_demanded_and_not_demanded(installed: Idp, config: Path) -> None:
    _added(installed)
    answer = installed("user", "require", EMAIL, "update_password")
    assert answer.stdout == f"{EMAIL} must do update_password at the next login.\n"
    assert _required(config) == TEMPORARY
    answer = installed("user", "require", EMAIL, "update_password", "--not", "--json")
    assert json.loads(answer.stdout) == {
        "ok": True,
        "email": EMAIL,
        "action": "update_password",
        "demanded": False,
    }
    assert _required(config) == ()


def test_an_action_that_there_is_not_is_told_with_those_there_are(installed: Idp) -> None:
    _added(installed)
    answer = installed("user", "require", EMAIL, "verify_email")
    assert answer.exit_code == 2
    assert answer.stderr.count("\n") == 1
    assert "update_password" in answer.stderr


def test_a_user_moves_to_another_mailbox(installed: Idp, config: Path) -> None:
    _added(installed)
    before = _user(config)
    assert before is not None
    answer = installed("user", "set-email", EMAIL, "New@Example.gov.bd")
    assert answer.stdout == f"{EMAIL} is now New@example.gov.bd.\n"
    moved = _user(config, "new@example.gov.bd")
    assert moved is not None
    assert moved.id == before.id
    answer = installed("user", "set-email", "new@example.gov.bd", EMAIL, "--json")
    assert json.loads(answer.stdout) == {"ok": True, "id": before.id, "email": EMAIL}


def test_a_mailbox_that_is_somebodys_is_told(installed: Idp) -> None:
    _added(installed)
    installed("user", "add", "other@example.gov.bd")
    answer = installed("user", "set-email", EMAIL, "other@example.gov.bd")
    told = "A user with the e-mail address other@example.gov.bd exists.\n"
    assert (answer.exit_code, answer.stderr) == (1, told)


@pytest.mark.parametrize("command", sorted(user_group.commands))
def test_the_help_of_each_command_shows_an_example(idp: Idp, command: str) -> None:
    answer = idp("user", command, "--help")
    assert answer.exit_code == 0
    subject = {"import": "users.csv", "export": "users.csv", "list": "--search"}
    example = f"Example: idp user {command} {subject.get(command, EMAIL)}"
    assert example in " ".join(answer.stdout.split())


def test_every_session_of_a_user_ends_and_of_nobody_else(installed: Idp, config: Path) -> None:
    for email in (EMAIL, "other@example.gov.bd"):
        installed("user", "add", email)
        user = _user(config, email)
        assert user is not None
        now = system_clock()
        with SqlStores(open_engine(load_settings(config).database.url)).write() as work:
            work.user_sessions.add(user_session(user, last_seen_at=now, expires_at=now + 60))
            work.user_sessions.add(user_session(user, expires_at=now - 1))
    answer = installed("user", "end-sessions", EMAIL, "--json")
    assert json.loads(answer.stdout) == {"ok": True, "email": EMAIL, "ended": 1}
    assert json.loads(installed("user", "show", EMAIL, "--json").stdout)["sessions"] == 0
    other = installed("user", "show", "other@example.gov.bd", "--json")
    assert json.loads(other.stdout)["sessions"] == 1


def test_ending_the_sessions_of_nobody_is_told(installed: Idp) -> None:
    answer = installed("user", "end-sessions", EMAIL)
    assert (answer.exit_code, answer.stderr) == (1, "No user has this e-mail address.\n")


def test_what_was_counted_of_a_user_is_forgotten(installed: Idp, config: Path) -> None:
    _added(installed)
    user = _user(config)
    assert user is not None
    stores = SqlStores(open_engine(load_settings(config).database.url))
    key, now = Throttle.otp_key(user.id), system_clock()
    with stores.write() as work:
        for _ in range(10):
            work.counters.reserve(key, OTP, now=now)
    answer = installed("user", "unlock", f" {EMAIL.upper()}")
    assert (answer.exit_code, answer.stdout) == (0, f"{EMAIL} is unlocked.\n")
    with stores.read() as work:
        assert work.counters.blocked(key, now=now) is None
    stores.engine.dispose()


def test_nobody_cannot_be_unlocked(installed: Idp) -> None:
    answer = installed("user", "unlock", EMAIL)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "No user has this e-mail address." in answer.stderr
