"""`idp doctor`: a table for people, a document for programs, and an exit code."""

import json
from pathlib import Path

from tests.cli.conftest import CONFIG, Idp
from tests.outbox.servers import Received, serve


def test_each_check_is_a_line_with_its_verdict_and_advice(installed: Idp) -> None:
    answer = installed("doctor")
    assert answer.exit_code == 1  # nobody serves, and there is no mail server
    lines = {line[9:23].strip(): line for line in answer.stdout.splitlines()}
    assert lines["secrets"].startswith("ok ")
    assert lines["nodes"].startswith("warning  nodes ")
    assert lines["issuer"].startswith("failed   issuer ")
    assert "cannot be reached (Connection refused). Start idp run" in lines["issuer"]
    assert "Look at mail.host, mail.port" in lines["mail server"]


def test_a_program_reads_the_same(installed: Idp, config: Path) -> None:
    with serve(Received()) as port:
        config.write_text(CONFIG.format(smtp=port))
        answer = installed("doctor", "--json")
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["ok"]) == (1, False)
    checks = {check["check"]: check for check in told["checks"]}
    assert checks["mail server"]["verdict"] == "ok"
    assert checks["issuer"]["verdict"] == "failed"
    assert set(checks["issuer"]) == {"check", "verdict", "sentence", "advice"}


def test_a_configuration_that_is_not_valid_is_told_first(installed: Idp, config: Path) -> None:
    config.write_text(f"{config.read_text()}listen.prot = 1\n")
    answer = installed("doctor")
    assert answer.exit_code == 2
    assert "E101 listen.prot is not a key" in answer.stderr


def test_no_check_shows_a_secret(installed: Idp, config: Path) -> None:
    keys = [
        file.read_text().split(":")[1].strip() for file in (config.parent / "secrets").iterdir()
    ]
    shown = installed("doctor").output + installed("doctor", "--json").output
    assert not any(key in shown for key in keys)
