"""`idp init` and `idp db upgrade`: what an installation needs, made once."""

import json
from pathlib import Path

from tests.cli.conftest import Idp


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


def test_the_database_can_be_upgraded_again_and_again(idp: Idp) -> None:
    for _ in range(2):
        answer = idp("db", "upgrade")
        assert answer.exit_code == 0
        assert answer.stdout == "The database has the newest schema.\n"
