"""The protocol as openid-client 6 sees it: a certified relying party in another language."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system import PASSWORD, SECRET
from tests.walks.conftest import Street, open_street
from tests.walks.processes import ROOT, HttpBrowser

LIBRARY = ROOT / "tests/npm/node_modules/openid-client"
USER = "office@example.gov.bd"
STEPS = ["tokens", "userinfo", "refreshed", "introspected", "revoked"]


class RelyingParty:
    """The script beside this file, asked and answered by JSON lines."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, **facts: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(facts) + "\n")
        self._process.stdin.flush()

    def hear(self, step: str) -> dict[str, Any]:
        """Return the next line, which must be of this step."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate(timeout=10)
            raise AssertionError(f"openid-client refused before {step!r}:\n{said}")
        heard: dict[str, Any] = json.loads(line)
        assert heard.pop("step") == step
        return heard


@contextlib.contextmanager
def _relying_party(**settings: str) -> Iterator[RelyingParty]:
    assert LIBRARY.exists(), "openid-client is missing: make test installs it"
    process = subprocess.Popen(
        ["node", Path(__file__).with_name("openid_client.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            party = RelyingParty(process)
            party.tell(**settings)
            yield party
            assert process.wait(10) == 0
        finally:
            process.kill()


def _settings(street: Street, **changes: str) -> dict[str, str]:
    return {
        "issuer": street.provider,
        "client_id": "backoffice",
        "client_secret": SECRET,
        "redirect_uri": f"{street.backoffice}/callback",
        "scope": "openid profile email offline_access",
        "id_token_alg": "RS256",
        **changes,
    }


def _log_in(street: Street, url: str) -> str:
    """Walk the login as a person; return the address of the client at which it ends."""
    with HttpBrowser(home=(street.provider,)) as browser:
        browser.get(url)
        browser.press(userid=USER, password=PASSWORD)
        return browser.press(code=street.code()).left_to


def _walk(street: Street, settings: dict[str, str], steps: list[str]) -> dict[str, dict[str, Any]]:
    with _relying_party(**settings) as party:
        heard = {step: party.hear(step) for step in ("discovered", "authorization")}
        party.tell(callback=_log_in(street, heard["authorization"]["url"]))
        return heard | {step: party.hear(step) for step in steps}


def test_openid_client_discovers_logs_in_refreshes_and_revokes(street: Street):
    heard = _walk(street, _settings(street), STEPS)

    metadata = heard["discovered"]["metadata"]
    assert metadata["issuer"] == street.provider
    assert metadata["authorization_response_iss_parameter_supported"] is True

    tokens = heard["tokens"]
    claims = tokens["claims"]
    assert tokens["header"]["alg"] == "RS256"
    assert tokens["expires_in"] == 300
    assert (claims["iss"], claims["aud"]) == (street.provider, "backoffice")
    assert claims["amr"] == ["pwd", "email"]
    assert claims["acr"] in metadata["acr_values_supported"]

    userinfo = heard["userinfo"]["userinfo"]
    assert (userinfo["sub"], userinfo["email"]) == (claims["sub"], USER)
    assert userinfo["name#bn"] == "দপ্তর"

    refreshed = heard["refreshed"]
    assert refreshed["is_new_access_token"] is True
    assert refreshed["is_rotated"] is False  # bound to a confidential client, which keeps it
    for name in ("sub", "auth_time", "aud", "iss"):
        assert refreshed["claims"][name] == claims[name]

    assert heard["introspected"] == {
        "access_token": True,
        "refresh_token": True,
        "own": True,
        "nonsense": False,
    }
    assert heard["revoked"] == {
        "refresh": {"error": "invalid_grant", "status": 400},
        "userinfo": "invalid_token",
        "again": {"error": "invalid_grant", "status": 400},
    }


def test_openid_client_accepts_es256_where_the_configuration_says_so(sqlite_folder):
    street = open_street(*sqlite_folder, more='[keys]\nid_token = "ES256"')
    with street.doors:
        heard = _walk(street, _settings(street, id_token_alg="ES256"), STEPS)
    assert heard["tokens"]["header"]["alg"] == "ES256"
    assert heard["revoked"]["refresh"] == {"error": "invalid_grant", "status": 400}


def test_openid_client_without_a_secret_gets_a_new_refresh_token_each_time(street: Street):
    public = _settings(
        street,
        client_id="app",
        client_secret="",
        redirect_uri="http://127.0.0.1:9005/callback",
        scope="openid email",
    )
    heard = _walk(street, public, ["tokens", "userinfo", "refreshed", "revoked"])
    assert heard["refreshed"]["is_rotated"] is True
    assert heard["revoked"]["refresh"] == {"error": "invalid_grant", "status": 400}


def test_openid_client_refuses_a_signature_it_did_not_expect(street: Street):
    """The walks above can fail: the library does judge what it is given."""
    settings = _settings(street, id_token_alg="ES256")
    with pytest.raises(AssertionError, match='unexpected JWT "alg" header'):
        _walk(street, settings, STEPS)
