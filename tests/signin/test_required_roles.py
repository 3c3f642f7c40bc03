"""A client that asks for roles: who has none is told so, gets nothing, and is not stuck."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from idp.model.tokens import digest
from tests.browser import Browser
from tests.signin.resetting import OTHER, USER
from tests.system import (
    CALLBACK,
    PASSWORD,
    SECRET,
    VERIFIER,
    System,
    authorize_url,
    log_in,
)

FORBIDDEN = "এই সেবা ব্যবহারের অনুমতি আপনার নেই"
ASKING = """
[[clients]]
client_id = "payroll"
name = {{ bn = "বেতন", en = "Payroll" }}
owner = "ops@example.gov.bd"
home_url = "http://127.0.0.1:9007/"
secrets = [{{ hash = "{hash}" }}]
redirect_uris = ["{callback}"]
scopes = ["openid", "profile", "email", "offline_access"]
grants = ["authorization_code", "refresh_token"]
required_roles = ["payer", "auditor"]
"""


@pytest.fixture
def asking(make: Callable[..., System]) -> System:
    """Return a provider one of whose clients asks for a role that nobody has yet."""
    hashed = f"sha256:{digest(SECRET).hex()}"
    return make(more=ASKING.format(hash=hashed, callback=CALLBACK))


def give(system: System, roles: dict[str, object], email: str = USER) -> None:
    with system.stores.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE users SET roles = ?, enabled = 1 WHERE email = ?", (json.dumps(roles), email)
        )


def _tokens(browser: Browser, **form: str) -> tuple[int, dict[str, str]]:
    given = base64.b64encode(f"payroll:{SECRET}".encode()).decode()
    answer = browser.client.post(
        "/token", base_url=browser.origin, data=form, headers={"Authorization": f"Basic {given}"}
    )
    return answer.status_code, answer.json or {}


def _redeem(browser: Browser, code: str) -> tuple[int, dict[str, str]]:
    return _tokens(
        browser,
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )


def _grants(system: System) -> int:
    with system.stores.engine.connect() as connection:
        counted: int = connection.exec_driver_sql("SELECT count(*) FROM grants").scalar_one()
    return counted


def test_who_has_no_role_is_told_after_the_login_and_gets_no_code(asking: System):
    browser = log_in(asking, client_id="payroll", redirect_uri=CALLBACK)
    assert not browser.left_to
    assert (browser.status, _grants(asking)) == (403, 0)
    assert FORBIDDEN in browser.text
    assert "বেতন-এ ফিরে যান" in browser.text
    assert 'href="http://127.0.0.1:9007/"' in browser.html
    assert FORBIDDEN in browser.get(browser.url).text  # a refresh, a bookmark
    assert log_in_silently(browser, "backoffice")  # elsewhere the login is as good as any


def log_in_silently(browser: Browser, client_id: str, **request: str) -> str:
    browser.get(authorize_url(client_id, redirect_uri=CALLBACK, prompt="none", **request))
    return browser.answer.get("code", "")


def test_who_is_logged_in_already_is_told_at_once(asking: System):
    browser = log_in(asking).get(authorize_url("payroll", redirect_uri=CALLBACK))
    assert (browser.status, FORBIDDEN in browser.text) == (403, True)
    assert "Payroll" in browser.press("en", name="language").text
    assert browser.status == 403


def test_nobody_is_stuck_another_user_id_goes_on_with_the_same_request(asking: System):
    give(asking, {"realm": ["auditor"]}, OTHER)
    browser = log_in(asking)
    asking.clock.advance(5)
    browser.get(authorize_url("payroll", redirect_uri=CALLBACK, state="kept")).press("switch")
    assert f'value="{USER}"' not in browser.html
    browser.press("submit", userid=OTHER, password=PASSWORD).press("submit", code=asking.code())
    assert (browser.answer["state"], bool(browser.answer["code"])) == ("kept", True)


def test_without_a_page_the_client_is_told_access_denied(asking: System):
    browser = log_in(asking).get(
        authorize_url("payroll", redirect_uri=CALLBACK, prompt="none", state="s")
    )
    assert (browser.answer["error"], browser.answer["state"]) == ("access_denied", "s")
    nobody = asking.browser().get(authorize_url("payroll", redirect_uri=CALLBACK, prompt="none"))
    assert nobody.answer["error"] == "login_required"


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        ({"realm": ["payer"]}, True),
        ({"clients": {"payroll": ["auditor", "x"]}}, True),
        ({"clients": {"backoffice": ["auditor"]}}, False),
        ({"realm": ["Payer", "payers"]}, False),
        ({}, False),
    ],
)
def test_a_role_of_the_realm_or_of_this_client_is_enough(
    asking: System, roles: dict[str, Any], may: bool
):
    give(asking, roles)
    assert bool(log_in_silently(log_in(asking), "payroll")) == may


def test_a_role_that_is_taken_away_takes_along_what_was_given(asking: System):
    give(asking, {"realm": ["payer"]})
    browser = log_in(asking)
    waiting = log_in_silently(browser, "payroll")
    status, tokens = _redeem(browser, log_in_silently(browser, "payroll"))
    assert status == 200
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert _tokens(browser, **renewal)[0] == 200
    give(asking, {})
    for answer in (_tokens(browser, **renewal), _redeem(browser, waiting)):
        assert (answer[0], answer[1]["error"]) == (400, "invalid_grant")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = browser.client.get("/userinfo", base_url=browser.origin, headers=bearer)
    assert told.status_code == 401


def test_a_role_that_is_given_meanwhile_counts_at_the_next_press(asking: System):
    browser = log_in(asking)
    asking.clock.advance(5)
    browser.get(authorize_url("payroll", redirect_uri=CALLBACK, state="kept"))
    give(asking, {"realm": ["payer"]})
    page = browser.forms[-1]
    browser.post(page.action, {**page.fields, "action": "continue"})
    assert browser.answer["state"] == "kept"
