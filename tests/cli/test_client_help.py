"""`idp client examples` and `idp client check`."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.cli.conftest import Idp
from tests.servers import free_port

CLIENTS = """
[[clients]]
client_id = "backoffice"
name = {{ bn = "ব্যাকঅফিস", en = "Back office" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:{port}/"
secrets = [{{ hash = "sha256:{hash}" }}]
redirect_uris = ["http://127.0.0.1:{port}/callback"]
grants = ["authorization_code", "refresh_token"]

[[clients]]
client_id = "machine"
name = {{ bn = "যন্ত্র", en = "Machine" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:{port}/"
secrets = [{{ hash = "sha256:{hash}" }}]
grants = ["client_credentials"]
"""


@pytest.fixture(name="port", autouse=True)
def _port(config: Path) -> int:
    port = free_port()
    with config.open("a", encoding="utf-8") as file:
        file.write(CLIENTS.format(port=port, hash="0" * 64))
    return port


def url(port: int, **changes: str) -> str:
    asked = {
        "client_id": "backoffice",
        "redirect_uri": f"http://127.0.0.1:{port}/callback",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"http://127.0.0.1:9000/authorize?{urlencode(asked)}"


def test_the_list_says_which_examples_run_in_the_tests(idp: Idp):
    told = idp("client", "examples", "backoffice")
    assert told.exit_code == 0
    lines = {line.split()[0]: line for line in told.output.splitlines()}
    assert "Run in Probesh's tests" in lines["flask"]
    assert "Not run in our tests." in lines["laravel"]
    assert "oidc-client-ts" not in lines  # the client keeps a secret


def test_an_example_is_printed_as_it_is_and_nothing_else(idp: Idp, port: int):
    told = idp("client", "examples", "backoffice", "--for", "flask")
    assert told.exit_code == 0
    assert told.output.startswith("# Run in Probesh's tests")
    assert f'authorize_redirect("http://127.0.0.1:{port}/callback")' in told.output
    assert 'os.environ["OIDC_CLIENT_SECRET"]' in told.output


def test_a_program_gets_files_and_the_name_of_the_variable(idp: Idp):
    told = json.loads(idp("client", "examples", "backoffice", "--for", "django", "--json").output)
    assert set(told["files"]) == {"settings_oidc.py", "backend_oidc.py", "urls_oidc.py"}
    assert told["env"] == "OIDC_CLIENT_SECRET"
    listed = json.loads(idp("client", "examples", "backoffice", "--json").output)
    assert "flask" in {one["name"] for one in listed["examples"]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("backofice",), "There is no client 'backofice'. Did you mean backoffice?"),
        (("নেই",), "There is no client 'নেই'."),
        (("backoffice", "--for", "cobol"), "There is no example for 'cobol': choose one of"),
        (("backoffice", "--for", "oidc-client-ts"), "keeps no secret"),
        (("machine",), "machine logs nobody in"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_sentence(idp: Idp, arguments, told):
    answer = idp("client", "examples", *arguments)
    assert answer.exit_code == 1
    assert told in answer.output
    assert len(answer.output.strip().splitlines()) == 1


def test_a_good_request_is_told_to_be_good(idp: Idp, port: int):
    answer = idp("client", "check", "backoffice", url(port))
    assert (answer.exit_code, answer.output) == (0, "Nothing is wrong with this request.\n")


def test_a_bad_request_is_told_in_english_with_every_mistake(idp: Idp, port: int):
    bad = url(port, response_type="token", redirect_uri=f"http://localhost:{port}/callback")
    answer = idp("client", "check", "backoffice", bad)
    assert answer.exit_code == 1
    host, kind = answer.output.splitlines()
    assert host.startswith("error unregistered_redirect_uri: http://localhost")
    assert "Host or port differs." in host
    assert kind.endswith("→ Send response_type=code.")
    facts = json.loads(idp("client", "check", "backoffice", bad, "--json").output)
    assert facts["ok"] is False
    assert [one["error"] for one in facts["findings"]] == [
        "unregistered_redirect_uri", "unsupported_response_type",
    ]  # fmt: skip


def test_advice_alone_is_no_failure(idp: Idp, port: int):
    answer = idp("client", "check", "backoffice", url(port, scope="openid groups"))
    assert answer.exit_code == 0
    assert answer.output.startswith("advice ")


def test_a_request_of_another_client_is_told(idp: Idp, port: int):
    answer = idp("client", "check", "backoffice", url(port, client_id="machine"))
    assert answer.exit_code == 1
    assert "client_id=backoffice" in answer.output


@pytest.mark.parametrize("text", ["", "hello", "http://[", "%00", "আমি?a=b"])
def test_what_is_no_address_is_told(idp: Idp, text: str):
    answer = idp("client", "check", "backoffice", text)
    assert answer.exit_code == 1
    assert "no http(s) address with parameters" in answer.output


def test_without_an_address_the_entry_itself_is_looked_over(idp: Idp, port: int):
    answer = idp("client", "check", "backoffice")
    assert answer.exit_code == 0  # warnings only
    assert "warning post_logout_redirect_uris: " in answer.output
    assert f"warning home_url: http://127.0.0.1:{port}/: it cannot be reached" in answer.output
    facts = json.loads(idp("client", "check", "backoffice", "--json").output)
    assert facts["ok"] is True
    assert "home_url" in {one["key"] for one in facts["remarks"]}


def test_an_entry_that_logs_nobody_in_is_a_failure(idp: Idp, config: Path):
    text = config.read_text("utf-8").replace('["authorization_code", "refresh_token"]',
        '["authorization_code"]\nenabled = false')  # fmt: skip
    config.write_text(text, "utf-8")
    answer = idp("client", "check", "backoffice")
    assert answer.exit_code == 1
    assert answer.output.startswith("error enabled: ")


@pytest.mark.parametrize("command", ["examples", "check"])
def test_the_help_shows_an_example(idp: Idp, command: str):
    assert f"Example: idp client {command} backoffice" in idp("client", command, "--help").output
