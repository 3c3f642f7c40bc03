"""`idp keys`: what is told of the signing keys, and the next ones."""

import json
from pathlib import Path

import pytest

from idp.admin.keys import SigningKeyring
from idp.model.clock import system_clock
from idp.serving import KEYS_FAULT
from idp.stores.ports import ServingProcess
from tests.cli.conftest import Idp
from tests.cli.test_reload import report, serving


def told(installed: Idp) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = json.loads(installed("keys", "list", "--json").stdout)["keys"]
    return keys


def states(installed: Idp) -> list[tuple[str, str]]:
    return [(key["alg"], key["state"]) for key in told(installed)]


def test_each_key_is_told_with_its_state_and_times(installed: Idp) -> None:
    answer = installed("keys", "list")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert [line.split()[1:3] for line in lines] == [["RS256", "signing"], ["ES256", "signing"]]
    assert all("since 20" in line and line.endswith(" UTC") for line in lines)
    keys = told(installed)
    assert [line.split()[0] for line in lines] == [key["kid"] for key in keys]
    assert all(int(key["until"]) - int(key["since"]) == 90 * 24 * 3600 for key in keys)


def test_without_keys_it_is_told_what_to_run(idp: Idp, installed: Idp, config: Path) -> None:
    config.write_text(config.read_text().replace("idp.sqlite", "other.sqlite"))
    assert idp("db", "upgrade").exit_code == 0
    answer = installed("keys", "list")
    assert (answer.exit_code, answer.stderr) == (1, "There are no signing keys: run idp init.\n")


def test_a_rotation_announces_a_successor_of_each_algorithm_once(installed: Idp) -> None:
    answer = installed("keys", "rotate")
    assert answer.exit_code == 0
    assert [line.split()[0] for line in answer.stdout.splitlines()] == ["RS256", "ES256"]
    assert all("signs from 20" in line for line in answer.stdout.splitlines())
    expected = [("RS256", "signing"), ("RS256", "announced")]
    expected += [("ES256", "signing"), ("ES256", "announced")]
    assert states(installed) == expected
    again = installed("keys", "rotate", "--alg", "ES256")
    assert again.exit_code == 1
    assert again.stderr == "The next key for ES256 is announced already: see idp keys list.\n"
    assert states(installed) == expected


def test_a_leaked_key_is_gone_at_once(installed: Idp) -> None:
    rsa, leaked = (key["kid"] for key in told(installed))
    answer = installed("keys", "rotate", "--alg", "ES256", "--now", "--yes", "--json")
    [new] = json.loads(answer.stdout)["keys"]
    assert new["state"] == "signing"
    assert [key["kid"] for key in told(installed)] == [rsa, new["kid"]]
    assert new["kid"] != leaked


def test_nobody_withdraws_keys_without_being_asked(
    installed: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(installed)
    answer = installed("keys", "rotate", "--now")
    assert answer.exit_code == 1
    assert answer.stderr == "Nobody can be asked here; add --yes if it is meant.\n"
    monkeypatch.setattr("idp.cli.command._is_terminal", lambda: True)
    refused = installed("keys", "rotate", "--now", typed="n\n")
    assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (1, "Nothing was changed.")
    assert told(installed) == before
    assert installed("keys", "rotate", "--now", typed="y\n").exit_code == 0
    assert {key["kid"] for key in told(installed)}.isdisjoint(key["kid"] for key in before)


def test_another_key_encryption_key_changes_nothing(installed: Idp, config: Path) -> None:
    before = told(installed)
    kek = config.parent / "secrets" / "key_encryption_key"
    kek.write_text(f"1:{'A' * 43}=\n")
    answer = installed("keys", "rotate")
    assert answer.exit_code == 2
    assert "another key_encryption_key: restore it" in answer.stderr
    assert told(installed) == before


def use_no_es256(config: Path) -> None:
    config.write_text(f'{config.read_text()}keys.id_token = "RS256"\nkeys.access_token = "RS256"\n')


def test_after_a_leak_no_key_is_left_not_even_an_unused_one(installed: Idp, config: Path) -> None:
    use_no_es256(config)
    assert states(installed) == [("RS256", "signing"), ("ES256", "published")]
    answer = installed("keys", "rotate", "--now", "--yes")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("All keys before are gone.\nRS256 ")
    assert states(installed) == [("RS256", "signing")]


def test_an_unused_algorithm_gets_no_key(installed: Idp, config: Path) -> None:
    use_no_es256(config)
    answer = installed("keys", "rotate", "--alg", "ES256")
    assert answer.exit_code == 1
    assert answer.stderr == "Nothing is signed with ES256: it needs no key.\n"
    answer = installed("keys", "rotate", "--alg", "ES256", "--now", "--yes")
    assert (answer.exit_code, answer.stdout) == (0, "All ES256 keys before are gone.\n")
    assert states(installed) == [("RS256", "signing")]


def test_a_withdrawal_waits_until_each_process_uses_the_new_keys(
    installed: Idp, config: Path
) -> None:
    with serving(config) as process:
        answer = installed("keys", "rotate", "--now", "--yes", "--json")
        used = {key["kid"] for key in process.assembly.provider.keys.public_jwks()["keys"]}
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["ok"], told["unconfirmed"]) == (0, True, [])
    assert {key["kid"] for key in told["keys"]} == used


def test_a_process_that_does_not_confirm_a_withdrawal_is_named(
    installed: Idp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.admin.keys.SigningKeyring.unconfirmed", _at_once)
    report(config, pid=1)
    answer = installed("keys", "rotate", "--now", "--yes")
    assert answer.exit_code == 1
    assert "Process 1 of " in answer.stdout
    assert answer.stdout.endswith("has not confirmed: it may still use the old keys. Restart it.\n")
    report(config, fault=f"{KEYS_FAULT}no.", seen_at=system_clock() + 60)
    answer = installed("keys", "rotate", "--now", "--yes", "--json")
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["ok"]) == (1, False)
    assert [process["fault"] for process in told["unconfirmed"]] == [f"{KEYS_FAULT}no."]


_unconfirmed = SigningKeyring.unconfirmed


def _at_once(keyring: SigningKeyring) -> list[ServingProcess]:
    return _unconfirmed(keyring, wait=0)
