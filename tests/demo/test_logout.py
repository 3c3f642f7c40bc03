"""The way out: from this site to the provider and back, whatever the provider answers."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from werkzeug.test import TestResponse

from idp.demo.relying_party import create_app
from idp.demo.settings import BACKOFFICE, MINISTRY, Settings
from tests.demo.fake_provider import CLIENT_ID, HONEST, KEY, SECRETS, FakeProvider, Twist
from tests.demo.visits import (
    BASE_URL,
    answered,
    at_provider,
    cookie,
    fact,
    is_logged_in,
    log_in,
    press,
    token_of_form,
)

DONE = "আপনি লগআউট করেছেন"
NOBODY = "আপনি এখানে লগইন করা নেই"
HALF = "এই সাইট থেকে লগআউট হয়েছে"


def query(answer: TestResponse) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def issued_at_of_hint(answer: TestResponse) -> int:
    claims = jwt.decode(query(answer)["id_token_hint"], KEY).claims
    issued_at: int = claims["iat"]
    return issued_at


def test_the_button_ends_the_session_and_asks_the_provider_with_the_id_token(
    provider: FakeProvider, member: FlaskClient
) -> None:
    answer = press(member, "/logout")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{provider.issuer}/logout?")
    sent = query(answer)
    assert set(sent) == {"id_token_hint", "post_logout_redirect_uri", "client_id", "state"}
    assert sent["post_logout_redirect_uri"] == f"{BASE_URL}/bye"
    assert sent["client_id"] == CLIENT_ID
    assert jwt.decode(sent["id_token_hint"], KEY).claims["sub"] == "u1"
    assert len(sent["state"]) >= 20
    assert not is_logged_in(member)


def test_the_person_comes_back_to_a_calm_page_which_starts_no_login(
    provider: FakeProvider, member: FlaskClient
) -> None:
    back = at_provider(press(member, "/logout"))
    assert len(provider.logouts) == 1
    page = member.get(back)
    assert page.status_code == 200
    assert DONE in page.text
    assert 'href="/">আবার লগইন করুন' in page.text
    assert cookie(member) == ""
    assert not is_logged_in(member)


def test_the_answer_is_taken_once_and_reloading_it_says_no_more_than_is_known(
    member: FlaskClient,
) -> None:
    back = at_provider(press(member, "/logout"))
    assert DONE in member.get(back).text
    assert NOBODY in member.get(back).text


@pytest.mark.parametrize("path", ["/bye", "/bye?state=", "/bye?state=x", "/bye?state=%00%ff"])
def test_an_answer_that_nobody_waits_for_ends_nothing(member: FlaskClient, path: str) -> None:
    assert member.get(path).headers["Location"] == "/"
    assert is_logged_in(member)
    press(member, "/forget")
    page = member.get(path)
    assert page.status_code == 200
    assert NOBODY in page.text


def test_states_of_login_and_logout_do_not_pass_for_each_other(visitor: FlaskClient) -> None:
    state = parse_qs(urlsplit(answered(visitor)).query)["state"][0]
    assert NOBODY in visitor.get(f"/bye?state={state}").text
    log_in(visitor)
    state = query(press(visitor, "/logout"))["state"]
    assert fact(visitor.get(f"/callback?code=c0&state={state}")) == (400, "unknown state")
    assert DONE in visitor.get(f"/bye?state={state}").text


def test_another_browser_cannot_use_the_state(site: Flask, member: FlaskClient) -> None:
    back = at_provider(press(member, "/logout"))
    assert NOBODY in site.test_client().get(back).text


def test_pressing_twice_asks_the_provider_twice(member: FlaskClient) -> None:
    csrf = token_of_form(member.get("/").text, "/logout")
    first, second = (member.post("/logout", data={"csrf": csrf}) for _ in range(2))
    assert query(first)["id_token_hint"] == query(second)["id_token_hint"]
    assert query(first)["state"] != query(second)["state"]
    assert DONE in member.get(at_provider(second)).text


def test_who_is_not_logged_in_is_told_so(visitor: FlaskClient) -> None:
    answer = visitor.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/bye")
    assert visitor.get("/logout").status_code == 405


@pytest.mark.parametrize(
    "metadata",
    [{"end_session_endpoint": None}, {"issuer": "http://evil.example"}],
    ids=["no endpoint", "another issuer"],
)
def test_a_provider_that_cannot_be_asked_is_told_and_can_be_asked_again(
    provider: FakeProvider, site: Flask, member: FlaskClient, metadata: dict[str, str | None]
) -> None:
    provider.twist = Twist(metadata=metadata)
    forget_metadata(site)
    answer = press(member, "/logout")
    assert answer.status_code == 502
    assert HALF in answer.text
    assert not is_logged_in(member)
    provider.twist = HONEST
    forget_metadata(site)
    csrf = token_of_form(answer.text, "/logout")
    assert DONE in member.get(at_provider(member.post("/logout", data={"csrf": csrf}))).text


def forget_metadata(site: Flask) -> None:
    """Let the site read the discovery document anew, as after a restart."""
    client = site.extensions["authlib.integrations.flask_client"].backoffice
    client.server_metadata.clear()


@pytest.mark.parametrize(("left_out", "is_newer"), [("", True), ("id_token", False)])
def test_the_hint_is_the_newest_id_token(
    provider: FakeProvider, visitor: FlaskClient, left_out: str, is_newer: bool
) -> None:
    provider.twist = Twist(claims={"iat": 1_000_000_000})
    log_in(visitor)
    provider.twist = Twist(left_out=left_out)
    press(visitor, "/refresh")
    issued_at = issued_at_of_hint(press(visitor, "/logout"))
    assert (issued_at > 1_000_000_000) is is_newer


def test_the_policy_lets_the_form_lead_to_the_provider_only(
    provider: FakeProvider, member: FlaskClient
) -> None:
    policy = member.get("/").headers["Content-Security-Policy"]
    assert f"form-action 'self' {provider.issuer};" in policy


def test_two_sites_on_one_address_keep_their_sessions_apart(
    provider: FakeProvider, member: FlaskClient
) -> None:
    settings = Settings(provider.issuer, "ministry", SECRETS["ministry"], BASE_URL, MINISTRY)
    ministry = create_app(settings).test_client()
    ministry.set_cookie(BACKOFFICE.cookie, cookie(member))
    assert not is_logged_in(ministry)
    log_in(ministry)
    assert cookie(ministry) == cookie(member) != ""  # untouched by the other site
    assert cookie(ministry, MINISTRY) not in {"", cookie(member)}
    page = ministry.get("/").text
    assert "মন্ত্রণালয়ের অ্যাপ" in page
    assert "<code>ministry</code>" in page
    press(ministry, "/logout")
    assert is_logged_in(member)
