"""`idp user invite` and `idp user add --welcome`: letters of welcome, told and sent."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.stores.sql import open_engine
from idp.verdict import load_settings
from tests.cli.conftest import Idp

EMAIL = "office@example.gov.bd"
OTHER = "other@example.gov.bd"
PASSWORD = "Nodi#Tir2026"
CLIENT = """
[[clients]]
client_id = "backoffice"
name = { bn = "ব্যাকঅফিস", en = "Back office" }
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9001/"
auth = "none"
redirect_uris = ["http://127.0.0.1:9001/callback"]
"""


def letters(config: Path) -> list[tuple[str, str, dict[str, str]]]:
    """Return kind, addressee and facts of what waits in the outbox."""
    engine = open_engine(load_settings(config).database.url)
    with engine.connect() as connection:
        rows = connection.execute(text('SELECT kind, "to", facts FROM outbox ORDER BY "to"')).all()
    engine.dispose()
    return [(kind, to, json.loads(facts)) for kind, to, facts in rows]


def test_a_user_is_added_with_a_letter_of_welcome(installed: Idp, config: Path) -> None:
    answer = installed("user", "add", EMAIL, "--welcome")
    assert answer.stdout == f"Added {EMAIL}. A letter of welcome is in the outbox.\n"
    assert [(kind, to) for kind, to, _ in letters(config)] == [("welcome", EMAIL)]


def test_a_user_who_is_given_a_password_is_not_welcomed_with_a_link(
    installed: Idp, config: Path
) -> None:
    answer = installed("user", "add", EMAIL, "--welcome", "--password-stdin", typed=PASSWORD)
    assert answer.exit_code == 2
    assert "--welcome is for a user without a password." in answer.stderr
    assert letters(config) == []
    assert installed("user", "show", EMAIL).exit_code == 1


def test_a_user_is_invited_and_told_for_how_long(installed: Idp, config: Path) -> None:
    installed("user", "add", EMAIL)
    answer = installed("user", "invite", EMAIL, "--json")
    assert json.loads(answer.stdout) == {"ok": True, "email": EMAIL, "hours": 24}
    assert [(kind, to) for kind, to, _ in letters(config)] == [("welcome", EMAIL)]


def test_neither_answer_nor_outbox_holds_the_link(installed: Idp, config: Path) -> None:
    installed("user", "add", EMAIL)
    answer = installed("user", "invite", EMAIL)
    assert "/reset" not in answer.stdout + answer.stderr
    ((_, _, facts),) = letters(config)
    assert facts.keys() == {"token", "key_version", "client"}


def test_the_letter_names_the_application_to_go_on_to(installed: Idp, config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(CLIENT)
    installed("user", "add", EMAIL)
    assert installed("user", "invite", EMAIL, "--client", "backoffice").exit_code == 0
    ((_, _, facts),) = letters(config)
    assert facts["client"] == "backoffice"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nobody@example.gov.bd"], 1, "No user has this e-mail address.\n"),
        ([EMAIL, "--client", "nothing"], 2, "There is no client nothing.\n"),
        ([], 2, "Name one EMAIL, or give --all-without-password."),
        ([EMAIL, "--all-without-password"], 2, "Name one EMAIL, or give --all-without-password."),
        ([EMAIL, "--apply"], 2, "--apply belongs to --all-without-password."),
    ],
)
def test_an_invitation_of_nobody_is_refused_in_one_sentence(
    installed: Idp, config: Path, arguments: list[str], code: int, told: str
) -> None:
    installed("user", "add", EMAIL)
    answer = installed("user", "invite", *arguments)
    assert answer.exit_code == code
    assert told in answer.stderr
    if code == 1:
        assert answer.stderr == told
    assert letters(config) == []


def test_who_has_a_password_is_not_invited(installed: Idp, config: Path) -> None:
    installed("user", "add", EMAIL, "--password-stdin", typed=PASSWORD)
    answer = installed("user", "invite", EMAIL)
    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"{EMAIL} has a password already")
    assert letters(config) == []


def test_inviting_everybody_tells_first_and_then_does_it_once(installed: Idp, config: Path) -> None:
    installed("user", "add", EMAIL)
    installed("user", "add", OTHER)
    installed("user", "add", "third@example.gov.bd", "--password-stdin", typed=PASSWORD)
    told = installed("user", "invite", "--all-without-password", "--json")
    assert json.loads(told.stdout) == {"ok": True, "would_invite": 2}
    assert letters(config) == []
    done = installed("user", "invite", "--all-without-password", "--apply")
    assert done.stdout == "Letters of welcome in the outbox: 2; they leave within 1 min.\n"
    again = installed("user", "invite", "--all-without-password", "--apply", "--json")
    assert json.loads(again.stdout) == {"ok": True, "invited": 0}
    assert [(kind, to) for kind, to, _ in letters(config)] == [
        ("welcome", EMAIL),
        ("welcome", OTHER),
    ]


@pytest.mark.parametrize(("life", "hours"), [("1h", 1), ("90m", 1), ("24h", 24)])
def test_the_life_of_the_link_is_configured(
    installed: Idp, config: Path, life: str, hours: int
) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f'\n[reset]\nwelcome_ttl = "{life}"\n')
    installed("user", "add", EMAIL)
    assert json.loads(installed("user", "invite", EMAIL, "--json").stdout)["hours"] == hours


@pytest.mark.parametrize("life", ["59m", "25h", "7d"])
def test_a_life_that_no_letter_can_tell_is_refused(idp: Idp, config: Path, life: str) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f'\n[reset]\nwelcome_ttl = "{life}"\n')
    answer = idp("config", "check")
    assert answer.exit_code == 2
    assert "reset.welcome_ttl" in answer.stderr + answer.stdout
    assert "must be 1h to 24h" in answer.stderr + answer.stdout
