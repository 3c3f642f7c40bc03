"""A relying party as the logout plans of the conformance suite are one, before a whole provider."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import Client

from tests.browser import Browser
from tests.oidc.relying_party import basic
from tests.system import CALLBACK, ISSUER, SECRET, VERIFIER, System, authorize_url, log_in

BYE = "http://127.0.0.1:9001/bye"
STATE = "x9-Zৎ " + "s" * 120  # the suite sends 128 characters


@dataclass
class RelyingParty:
    """The client backoffice and the browser of somebody who has just logged in there."""

    system: System
    browser: Browser
    id_token: str

    def end_session(self, **parameters: str) -> Browser:
        """Send the browser to the end_session_endpoint and follow what it answers."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.browser.get(f"/logout{query}")

    @property
    def is_logged_in(self) -> bool:
        """Ask with prompt=none, in another tab of the same browser."""
        tab = Browser(self.system.assembly.wsgi, ISSUER)
        tab.client = self.browser.client
        answer = tab.get(authorize_url(prompt="none")).answer
        assert ("code" in answer) != (answer.get("error") == "login_required"), answer
        return "code" in answer


def logged_in(system: System) -> RelyingParty:
    """Run the authorization code flow up to an ID token."""
    browser = log_in(system)
    party = RelyingParty(system, browser, _redeem(system, browser.answer["code"])["id_token"])
    assert party.is_logged_in
    return party


def document(system: System, path: str) -> dict[str, Any]:
    """Return a public JSON document."""
    response = Client(system.assembly.wsgi).get(path, base_url=ISSUER)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    content: dict[str, Any] = response.get_json()
    return content


def _redeem(system: System, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    headers = basic("backoffice", SECRET)
    answer = Client(system.assembly.wsgi).post(
        "/token", base_url=ISSUER, data=form, headers=headers
    )
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.get_json()
    return tokens
