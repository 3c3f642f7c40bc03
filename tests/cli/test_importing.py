"""`idp import keycloak`: tells by default, writes and stores when asked to."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.admin.keycloak.exports import ARGON, ARGON_ID, REALM, SECRET, facts
from tests.cli.conftest import Idp

SMTP_SECRET = "smtp-secret"
USERS = 13


def export(folder: Path, **changes: Any) -> Path:
    file = folder / "changed.json"
    file.write_text(json.dumps({**facts(), **changes}), encoding="utf-8")
    return file


def stored(config: Path) -> dict[str, tuple[str, str]]:
    """Return ids and hashes by e-mail address."""
    query = "SELECT email, id, tagged_hash FROM users LEFT JOIN credentials ON user_id = id"
    with sqlite3.connect(config.with_name("idp.sqlite")) as database:
        found = {email: (subject, tagged) for email, subject, tagged in database.execute(query)}
    database.close()
    return found


def test_it_tells_and_stores_nothing_by_default(installed: Idp, config: Path) -> None:
    answer = installed("import", "keycloak", str(REALM))
    assert answer.exit_code == 0
    assert "Realm seba of Keycloak 26.7.3, 16 users." in answer.stdout
    assert "Client citizen-desk: clients.d/citizen-desk.toml." in answer.stdout
    assert "to do: redirect_uris:" in answer.stdout
    assert f"added {USERS}," in answer.stdout
    assert "--apply would do it" in answer.stdout
    assert stored(config) == {}
    assert sorted(one.name for one in config.parent.iterdir() if "toml" in one.name) == ["idp.toml"]


def test_apply_stores_the_users_and_a_rerun_changes_nothing(installed: Idp, config: Path) -> None:
    answer = installed("import", "keycloak", str(REALM), "--apply")
    assert answer.exit_code == 0
    assert f"added {USERS}, changed 0" in answer.stdout
    found = stored(config)
    assert len(found) == USERS
    assert found[ARGON][0] == ARGON_ID
    assert found[ARGON][1].startswith("keycloak:$argon2id$")
    again = installed("import", "keycloak", str(REALM), "--apply")
    assert f"added 0, changed 0 (of which switched off 0), unchanged {USERS}" in again.stdout


def test_out_writes_proposals_that_nobody_else_may_read(idp: Idp, tmp_path: Path) -> None:
    folder = tmp_path / "proposed"
    answer = idp("import", "keycloak", str(REALM), "--out", str(folder))
    assert answer.exit_code == 0
    files = [one for one in folder.rglob("*") if one.is_file()]
    names = sorted(str(one.relative_to(folder)) for one in files)
    assert names == ["clients.d/citizen-desk.toml", "clients.d/mobile-app.toml", "idp.toml"]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    again = idp("import", "keycloak", str(REALM), "--out", str(folder))
    assert again.exit_code == 1
    assert "exists already; nothing was written" in again.stderr


def test_json_tells_everything_to_a_program(installed: Idp) -> None:
    answer = installed("import", "keycloak", str(REALM), "--json")
    told = json.loads(answer.stdout)
    assert told["ok"] is True
    assert (told["realm"], told["keycloak"]) == ("seba", "26.7.3")
    assert told["users"]["in_export"] == 16
    assert (told["users"]["added"], told["users"]["compared"]) == (USERS, True)
    assert [one["client_id"] for one in told["clients"]] == ["citizen-desk", "mobile-app"]
    assert all(one["ready"] for one in told["clients"])
    kinds = {(one["area"], one["what"]) for one in told["findings"]}
    assert ("users", "Users without an e-mail address, who cannot be taken over") in kinds
    assert all(one["count"] >= 1 for one in told["findings"])


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--apply",)])
def test_no_secret_of_the_export_is_ever_told(installed: Idp, arguments: tuple[str, ...]) -> None:
    answer = installed("import", "keycloak", str(REALM), *arguments)
    hashes = [
        json.loads(c["secretData"])["value"] for u in facts()["users"] for c in u["credentials"]
    ]
    for secret in (SECRET, SMTP_SECRET, *hashes):
        assert secret not in answer.output


def test_without_a_configuration_it_still_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idp: Idp
) -> None:
    monkeypatch.setenv("IDP_CONFIG", str(tmp_path / "none.toml"))
    answer = idp("import", "keycloak", str(REALM))
    assert answer.exit_code == 0
    assert "compared with no database" in answer.stdout
    assert f"added {USERS}," in answer.stdout
    applied = idp("import", "keycloak", str(REALM), "--apply")
    assert applied.exit_code == 2


def test_a_database_that_is_not_there_fails_only_what_needs_it(idp: Idp) -> None:
    assert idp("import", "keycloak", str(REALM)).exit_code == 0
    applied = idp("import", "keycloak", str(REALM), "--apply")
    assert applied.exit_code != 0
    assert applied.stderr.count("\n") == 1


def test_a_faulty_user_stops_all_unless_told_otherwise(
    installed: Idp, config: Path, tmp_path: Path
) -> None:
    users = facts()["users"]
    users.append({**users[0], "id": "another", "username": "x"})
    users.append({**users[0], "id": "third", "email": "কখগ@example.gov.bd"})
    file = export(tmp_path, users=users)
    answer = installed("import", "keycloak", str(file), "--apply")
    assert answer.exit_code == 2
    assert stored(config) == {}
    assert (
        "user 17 (x): The e-mail address argon20@example.gov.bd is there already" in answer.stderr
    )
    assert "--skip-faulty" in answer.stdout
    skipped = installed("import", "keycloak", str(file), "--apply", "--skip-faulty")
    assert skipped.exit_code == 2
    assert len(stored(config)) == USERS


def test_a_masked_export_is_refused_before_anything_is_written(
    installed: Idp, config: Path, tmp_path: Path
) -> None:
    users = facts()["users"]
    users[-1]["credentials"][0]["secretData"] = "**********"
    file = export(tmp_path, users=users)
    out = tmp_path / "proposed"
    answer = installed("import", "keycloak", str(file), "--apply", "--out", str(out))
    assert answer.exit_code == 1
    assert "masked value" in answer.stderr
    assert "kc.sh export" in answer.stderr
    assert stored(config) == {}
    assert not out.exists()


BAD: dict[str, Callable[[Path], object]] = {
    "missing": lambda _: None,
    "a directory": lambda file: file.mkdir(),
    "empty": lambda file: file.touch(),
    "binary": lambda file: file.write_bytes(os.urandom(5000)),
    "a list": lambda file: file.write_text("[{}]"),
    "50 MB": lambda file: file.write_bytes(b"x" * 50_000_000),
    "50 MB of JSON": lambda file: file.write_bytes(b'{"a":[' + b"1," * 25_000_000 + b"1]}"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_bad_file_is_one_sentence(
    installed: Idp, tmp_path: Path, kind: str, as_json: bool
) -> None:
    file = tmp_path / "realm.json"
    BAD[kind](file)
    answer = installed("import", "keycloak", str(file), *(["--json"] if as_json else []))
    assert answer.exit_code == 1
    told = json.loads(answer.stdout)["error"] if as_json else answer.stderr
    assert str(file) in told
    assert told.strip().count("\n") == 0


def test_help_shows_an_example(idp: Idp) -> None:
    answer = idp("import", "keycloak", "--help")
    assert "Example: idp import keycloak realm.json --out proposed" in answer.stdout
    assert idp("import", "keycloak").exit_code == 2


def test_an_issuer_that_is_none_is_refused(idp: Idp) -> None:
    answer = idp("import", "keycloak", str(REALM), "--issuer", "http://x")
    assert answer.exit_code == 1
    assert "--issuer" in answer.stderr


def test_ctrl_c_leaves_whole_batches_and_a_rerun_completes(
    installed: Idp, config: Path, tmp_path: Path
) -> None:
    users = facts()["users"]
    many = [
        {**users[0], "id": f"id-{number}", "username": f"u{number}@example.gov.bd"}
        | {"email": f"u{number}@example.gov.bd"}
        for number in range(6000)
    ]
    file = export(tmp_path, users=many)
    command = [sys.executable, "-m", "idp.cli", "import", "keycloak", str(file), "--apply"]
    command[1:3] = ["-c", "from idp.cli import main; main()"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    ) as running:
        while running.poll() is None and not stored(config):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=30)
    assert "Traceback" not in told
    kept = len(stored(config))
    assert kept % 1000 == 0
    assert kept > 0
    completed = installed("import", "keycloak", str(file), "--apply")
    assert completed.exit_code == 0
    assert f"added {6000 - kept}," in completed.stdout
    assert len(stored(config)) == 6000


def one_user(folder: Path, **changes: Any) -> str:
    """Return an export with one user, changed."""
    one = next(user for user in facts()["users"] if user.get("email") == ARGON)
    return str(export(folder, users=[{**one, **changes}]))


def test_a_rerun_takes_nothing_back_that_was_done_here(installed: Idp, tmp_path: Path) -> None:
    file = one_user(tmp_path)
    assert installed("import", "keycloak", file, "--apply").exit_code == 0
    assert installed("user", "disable", ARGON).exit_code == 0
    assert installed("user", "require", ARGON, "update_password").exit_code == 0
    for flags in ((), ("--update",)):
        again = installed("import", "keycloak", file, "--apply", *flags)
        assert again.exit_code == 0
        assert "changed 0" in again.stdout
        assert "kept switched off 1." in again.stdout
        assert f"user 1 ({ARGON}): stays switched off here" in again.stdout
        told = json.loads(installed("import", "keycloak", file, *flags, "--json").stdout)["users"]
        assert (told["kept_off_count"], told["kept_off"]) == (1, [f"user 1 ({ARGON})"])
    shown = json.loads(installed("user", "show", ARGON, "--json").stdout)
    assert shown["enabled"] is False
    assert shown["required_actions"] == ["update_password"]


def test_an_id_moves_an_account_only_when_an_update_is_asked_for(
    installed: Idp, config: Path, tmp_path: Path
) -> None:
    installed("import", "keycloak", one_user(tmp_path), "--apply")
    evil = one_user(tmp_path, email="evil@example.org", username="evil", realmRoles=["root"])
    answer = installed("import", "keycloak", evil, "--apply")
    assert answer.exit_code == 2
    assert f"user 1 (evil): The account with this id has the e-mail address {ARGON}" in (
        answer.stderr
    )
    assert "--update" in answer.stderr
    assert list(stored(config)) == [ARGON]
    moved = installed("import", "keycloak", evil, "--apply", "--update")
    assert moved.exit_code == 0
    assert "user 1 (evil): the account's e-mail address becomes that of the export." in moved.stdout
    assert "Changes: " in moved.stdout
    assert "email of 1" in moved.stdout
    assert stored(config)["evil@example.org"][0] == ARGON_ID


def test_roles_follow_a_newer_export_only_when_an_update_is_asked_for(
    installed: Idp, tmp_path: Path
) -> None:
    installed("import", "keycloak", one_user(tmp_path), "--apply")
    newer = one_user(tmp_path, realmRoles=["root"])
    assert "changed 0" in installed("import", "keycloak", newer, "--apply").stdout
    answer = installed("import", "keycloak", newer, "--apply", "--update", "--json")
    assert json.loads(answer.stdout)["users"]["fields"] == {"roles": 1}


def test_nothing_of_an_export_steers_the_terminal(installed: Idp, tmp_path: Path) -> None:
    evil = "\x1b[2J\x9b1m\u202e"
    file = export(
        tmp_path,
        realm=f"seba{evil}",
        keycloakVersion=f"26{evil}",
        groups=[{"name": evil, "path": evil}],
        users=[{"id": "x", "username": evil, "email": evil}, {"username": evil}],
    )
    answer = installed("import", "keycloak", str(file))
    assert answer.exit_code == 2
    assert all(line.isprintable() for line in answer.output.splitlines())
