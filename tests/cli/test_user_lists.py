"""`idp user list` and `idp user show`."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Idp

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from idp.cli import main; main()")


@pytest.fixture(name="peopled")
def _peopled(installed: Idp, tmp_path: Path) -> Idp:
    users = [
        {
            "email": "b@example.gov.bd",
            "id": "B-1",
            "name_bn": "নদী",
            "office": "[red]ঢাকা",
            "hash": "probesh1:1:$2b$04$" + "a" * 21 + "." * 32,
            "enabled": False,
            "attributes": {"code": "7", "services": ["x", "y"]},
            "roles": {"realm": ["admin"]},
            "required_actions": ["update_password"],
            "created_at": 1_700_000_000,
        },
        {"email": "A@example.gov.bd", "name_en": "River", "name_bn": "নদী"},
        {"email": "c@other.gov.bd"},
    ]
    file = tmp_path / "users.json"
    file.write_text(json.dumps(users))
    assert installed("user", "import", str(file), "--apply").exit_code == 0
    return installed


def listed(idp: Idp, *options: str) -> list[str]:
    answer = idp("user", "list", "--json", *options)
    assert answer.exit_code == 0
    return [json.loads(line)["email"] for line in answer.stdout.splitlines()]


def test_users_are_listed_by_address_a_line_each(peopled: Idp) -> None:
    answer = peopled("user", "list")
    assert answer.stdout.splitlines() == [
        "A@example.gov.bd\tRiver\t\tenabled",
        "b@example.gov.bd\tনদী\t[red]ঢাকা\tdisabled",
        "c@other.gov.bd\t\t\tenabled",
    ]
    assert answer.stderr == ""


def test_a_program_gets_an_object_a_line_without_a_hash(peopled: Idp) -> None:
    answer = peopled("user", "list", "--json", "--search", "B@EX")
    assert json.loads(answer.stdout) == {
        "email": "b@example.gov.bd",
        "id": "B-1",
        "name_bn": "নদী",
        "name_en": "",
        "office": "[red]ঢাকা",
        "enabled": False,
        "email_verified": False,
    }


def test_a_list_can_be_narrowed(peopled: Idp) -> None:
    assert listed(peopled, "--disabled") == ["b@example.gov.bd"]
    assert listed(peopled, "--enabled") == ["A@example.gov.bd", "c@other.gov.bd"]
    assert listed(peopled, "--search", "নদী") == ["A@example.gov.bd", "b@example.gov.bd"]
    assert listed(peopled, "--search", "নদী", "--disabled") == ["b@example.gov.bd"]
    assert listed(peopled, "--search", "\udcff") == []


def test_a_long_list_goes_on_where_it_ended(peopled: Idp) -> None:
    answer = peopled("user", "list", "--limit", "2")
    assert answer.stdout.count("\n") == 2
    assert answer.stderr == "There are more: --after b@example.gov.bd\n"
    assert listed(peopled, "--after", "B@example.gov.bd") == ["c@other.gov.bd"]
    assert peopled("user", "list", "--limit", "3").stderr == ""


def test_nobody_is_told(peopled: Idp) -> None:
    assert peopled("user", "list", "--search", "nobody").stderr == "There is nobody.\n"
    assert listed(peopled, "--search", "nobody") == []


def test_disabled_and_enabled_at_once_are_refused(peopled: Idp) -> None:
    assert peopled("user", "list", "--disabled", "--enabled").exit_code == 2


def test_a_person_at_a_terminal_gets_a_table(peopled: Idp, config: Path) -> None:
    assert peopled("user", "list").exit_code == 0
    master, slave = pty.openpty()
    environment = {**os.environ, "IDP_CONFIG": str(config), "COLUMNS": "120"}
    command = (*PROGRAM, "user", "list")
    with os.fdopen(master, "rb", buffering=0) as terminal:
        subprocess.run(command, env=environment, cwd=ROOT, stdout=slave, check=True)
        os.close(slave)
        shown = terminal.read(65_536).decode()
    assert "E-mail" in shown
    assert "[red]ঢাকা" in shown


def test_everything_of_a_user_is_shown_but_the_password(peopled: Idp) -> None:
    answer = peopled("user", "show", "B@example.gov.bd")
    lines = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
    assert lines.pop("updated at").endswith("+06:00")
    assert lines == {
        "email": "b@example.gov.bd",
        "name bn": "নদী",
        "name en": "-",
        "office": "[red]ঢাকা",
        "enabled": "false",
        "email verified": "false",
        "locale": "-",
        "required actions": '["update_password"]',
        "attributes": '{"code": "7", "services": ["x", "y"]}',
        "roles": '{"realm": ["admin"]}',
        "created at": "2023-11-15 04:13:20+06:00",
        "id": "B-1",
        "has password": "true",
        "sessions": "0",
    }
    assert "probesh1" not in answer.stdout


def test_a_program_is_shown_the_same(peopled: Idp) -> None:
    shown = json.loads(peopled("user", "show", "A@example.gov.bd", "--json").stdout)
    assert (shown["ok"], shown["name_en"], shown["has_password"]) == (True, "River", False)
    assert "hash" not in shown


def test_nobody_is_not_shown(peopled: Idp) -> None:
    for email in ("nobody@example.gov.bd", "\udcff"):
        answer = peopled("user", "show", email)
        assert (answer.exit_code, answer.stderr) == (1, "No user has this e-mail address.\n")
