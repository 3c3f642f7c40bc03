"""`idp mail test`: one letter over a real socket, told in one sentence either way."""

import json
from pathlib import Path

from tests.cli.conftest import CONFIG, Idp
from tests.outbox.servers import Received, dead_port, serve

ADDRESS = "office@example.gov.bd"


def test_the_letter_leaves_at_once(idp: Idp, config: Path) -> None:
    received = Received()
    with serve(received) as port:
        config.write_text(CONFIG.format(smtp=port))
        answer = idp("mail", "test", ADDRESS, "--json")
    assert answer.exit_code == 0
    server = f"127.0.0.1:{port}"
    assert json.loads(answer.stdout) == {"ok": True, "server": server, "address": ADDRESS}
    assert received.envelopes == [("no@example.bd", [ADDRESS])]


def test_a_refusal_is_one_sentence_with_the_servers_words(idp: Idp, config: Path) -> None:
    received = Received(recipient_replies=["550 5.1.1 no such mailbox"])
    with serve(received) as port:
        config.write_text(CONFIG.format(smtp=port))
        answer = idp("mail", "test", ADDRESS)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert "no such mailbox" in answer.stderr


def test_a_server_that_is_not_there_is_one_sentence(idp: Idp, config: Path) -> None:
    config.write_text(CONFIG.format(smtp=dead_port()))
    answer = idp("mail", "test", ADDRESS)
    assert answer.exit_code == 1
    assert answer.stderr == "The mail server cannot be reached (Connection refused).\n"
