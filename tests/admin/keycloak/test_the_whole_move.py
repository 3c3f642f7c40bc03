"""The day of the move in one go: the proposal serves, and an application notices nothing."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from idp.admin import installation
from idp.admin.keycloak.export import Export
from idp.admin.keycloak.moving import Move
from idp.admin.users import user_import
from idp.verdict import load_settings
from tests.admin.keycloak.exports import ARGON, ARGON_ID, PASSWORDS, REALM, SECRET
from tests.browser import Browser
from tests.system import System, start

HOST = "https://sso.example.gov.bd"
BASE = f"{HOST}/realms/seba/protocol/openid-connect"
CALLBACK = "https://citizen-desk.example.gov.bd/cb"


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """A provider that runs on what was proposed, with the users of the export."""
    monkeypatch.setenv("IDP_SMTP_PASSWORD", "of the test")
    move = Move(Export((REALM,)))
    move.write(tmp_path / "new")
    config = tmp_path / "new" / "idp.toml"
    settings = load_settings(config)
    installation.initialise(settings)
    system = start(config)
    importing = user_import(settings, system.stores, keep_own=True, clock=system.clock)
    assert importing.run(move.users, apply=True).fault_count == 0
    yield system
    system.stores.engine.dispose()


def payload(token: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return body


@pytest.mark.parametrize("in_header", [True, False])
def test_an_application_of_keycloak_logs_people_in_as_before(moved: System, in_header: bool):
    """Its addresses, its secret, no PKCE; the password, sub and roles of there."""
    browser = Browser(moved.assembly.wsgi, HOST)
    request = {
        "client_id": "citizen-desk",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
    }
    browser.get(f"{BASE}/auth?{urlencode(request)}")
    browser.press("submit", userid=ARGON, password=PASSWORDS[ARGON])
    browser.press("submit", code=moved.code())  # for the realm asks for a second factor
    assert browser.left_to.startswith(f"{CALLBACK}?")
    form = {
        "grant_type": "authorization_code",
        "code": browser.answer["code"],
        "redirect_uri": CALLBACK,
    }
    proof = {"client_id": "citizen-desk", "client_secret": SECRET}
    answer = browser.client.post(
        "/realms/seba/protocol/openid-connect/token",
        base_url=HOST,
        data=form if in_header else {**form, **proof},
        auth=("citizen-desk", SECRET) if in_header else None,
    )
    assert answer.status_code == 200, answer.text
    tokens = answer.get_json()
    told = payload(tokens["id_token"])
    assert (told["iss"], told["sub"]) == (f"{HOST}/realms/seba", ARGON_ID)
    assert told["given_name"] == "রহিমা"
    access = payload(tokens["access_token"])
    assert "approver" in access["realm_access"]["roles"]
    assert access["resource_access"] == {"citizen-desk": {"roles": ["publisher"]}}


def test_a_service_gets_its_own_token_with_the_secret_of_there(moved: System):
    answer = Browser(moved.assembly.wsgi, HOST).client.post(
        "/realms/seba/protocol/openid-connect/token",
        base_url=HOST,
        data={"grant_type": "client_credentials"},
        auth=("citizen-desk", SECRET),
    )
    assert answer.status_code == 200, answer.text
