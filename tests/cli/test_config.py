"""`idp config check`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Idp


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
        ('[theme]\nname = "gone"\n', "gone"),
        ('[session]\nmax = "999999999d"\n', "session.max must not be longer than 3650d"),
    ],
)
def test_what_the_program_would_refuse_at_start_is_refused_here(
    idp: Idp, config: Path, lines: str, said: str
) -> None:
    config.write_text(f"{config.read_text()}{lines}")
    answer = idp("config", "check")
    assert answer.exit_code != 0
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
