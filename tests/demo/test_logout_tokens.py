"""The receiver of logout tokens (OIDC Back-Channel Logout 1.0), before honest and lying ones."""

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.demo.logout_tokens import EVENT, LEEWAY
from tests.demo.fake_provider import LIFETIME, NEXT_KEY, FakeProvider, Twist
from tests.demo.visits import Watch, at_provider, is_logged_in, log_in, press

EVIL = "http://evil.example"
Make = Callable[[FakeProvider], str]


def tell(site: Flask, token: str) -> TestResponse:
    """Send a logout token as a provider does: without a cookie."""
    return site.test_client().post("/backchannel-logout", data={"logout_token": token})


def without_signature(provider: FakeProvider) -> str:
    """Return a token with `alg` none."""
    _, claims, _ = provider.logout_token().split(".")
    header = json.dumps({"alg": "none", "typ": "logout+jwt"}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{claims}."


def changed(**changes: Any) -> Make:
    return lambda provider: provider.logout_token(**changes)


# Each lie with the reason that the answer must tell: a lie caught by luck fails here.
LIES: dict[str, tuple[Make, str]] = {
    "a foreign issuer": (changed(iss=EVIL), "InvalidClaimError"),
    "for another client": (changed(aud="ministry"), "InvalidClaimError"),
    "for others, not us": (changed(aud=["ministry", "x"]), "InvalidClaimError"),
    "expired": (changed(exp=1), "ExpiredTokenError"),
    "of the future": (changed(iat=4_000_000_000), "InvalidClaimError"),
    "an end that is no number": (changed(exp="never"), "InvalidClaimError"),
    "no issuer": (changed(left_out="iss"), "MissingClaimError"),
    "no audience": (changed(left_out="aud"), "MissingClaimError"),
    "no time of issue": (changed(left_out="iat"), "MissingClaimError"),
    "no end": (changed(left_out="exp"), "MissingClaimError"),
    "no jti": (changed(left_out="jti"), "MissingClaimError"),
    "a jti that is no text": (changed(jti=["x"]), "InvalidClaimError"),
    "with a nonce": (changed(nonce="n"), "nonce"),
    "with a nonce of null": (changed(nonce=None), "nonce"),
    "no events": (changed(left_out="events"), "events"),
    "another event": (changed(events={"x": {}}), "events"),
    "an event that is no object": (changed(events={EVENT: True}), "events"),
    "events that are a list": (changed(events=[EVENT]), "events"),
    "nobody's": (changed(sub="", sid=""), "sub, sid"),
    "of a person that is no text": (changed(sub=7), "InvalidClaimError"),
    "of a session that is no text": (changed(sid=["s1"]), "sub, sid"),
    "an ID token": (changed(typ="JWT"), "typ"),
    "an access token": (changed(typ="at+jwt"), "typ"),
    "not signed": (without_signature, "UnsupportedAlgorithmError"),
    "no token at all": (lambda _: "", "DecodeError"),
    "rubbish": (lambda _: "ক.খ.গ", "DecodeError"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_ends_nothing(
    provider: FakeProvider, site: Flask, member: FlaskClient, lie: str
) -> None:
    make, reason = LIES[lie]
    answer = tell(site, make(provider))
    assert answer.status_code == 400
    assert answer.json == {"error": "invalid_request", "error_description": reason}
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_logged_in(member)


def test_a_token_that_another_signed_is_refused(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    provider.twist = Twist(is_signed_by_a_stranger=True)
    answer = tell(site, provider.logout_token())
    assert (answer.status_code, answer.json) == (
        400,
        {"error": "invalid_request", "error_description": "BadSignatureError"},
    )
    assert is_logged_in(member)


@pytest.mark.parametrize(
    "body", [{}, {"token": "x"}, {"logout_token": "x" * 70_000}], ids=["none", "other", "huge"]
)
def test_a_request_without_a_logout_token_is_refused(site: Flask, body: dict[str, str]) -> None:
    answer = site.test_client().post("/backchannel-logout", data=body)
    assert answer.status_code in {400, 413}
    assert site.test_client().get("/backchannel-logout").status_code == 405


def test_an_honest_token_ends_the_session_at_once(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    assert is_logged_in(member)
    answer = tell(site, provider.logout_token())
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert not is_logged_in(member)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["x", "backoffice"]},
        {"typ": "application/logout+jwt"},
        {"typ": "LOGOUT+JWT"},
        {"left_out": "sub"},
        {"left_out": "sid"},
        {"events": {EVENT: {}, "x": 1}},
        {"unknown": "claim"},
    ],
    ids=str,
)
def test_other_honest_forms_of_the_token_are_followed(
    provider: FakeProvider, site: Flask, member: FlaskClient, changes: dict[str, Any]
) -> None:
    assert tell(site, provider.logout_token(**changes)).status_code == 200
    assert not is_logged_in(member)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ["other browser", "other person"]),
        ({"left_out": "sid"}, ["other person"]),
        ({"sid": "s9"}, ["browser", "other browser", "other person"]),
    ],
    ids=["one session", "one person", "a session that we do not know"],
)
def test_only_the_sessions_meant_end(
    provider: FakeProvider, site: Flask, changes: dict[str, Any], left: list[str]
) -> None:
    claims = {
        "browser": {},
        "other browser": {"sid": "s2"},
        "other person": {"sub": "u2", "sid": "s3"},
    }
    browsers = {}
    for name, twist in claims.items():
        person = {"sub": twist["sub"]} if "sub" in twist else {}
        provider.twist = Twist(claims=twist, userinfo=person)
        browsers[name] = site.test_client()
        log_in(browsers[name])
    assert tell(site, provider.logout_token(**changes)).status_code == 200
    assert [name for name, browser in browsers.items() if is_logged_in(browser)] == left


def test_a_token_is_followed_once(provider: FakeProvider, site: Flask, member: FlaskClient) -> None:
    token = provider.logout_token()
    assert tell(site, token).status_code == 200
    log_in(member)  # under the same name of the session, so a replay would end it
    answer = tell(site, token)
    assert answer.status_code == 400
    assert "seen before" in answer.json["error_description"]  # type: ignore[index] # it is an object
    assert is_logged_in(member)
    assert tell(site, provider.logout_token()).status_code == 200


def test_a_refused_token_does_not_use_up_its_name(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    assert tell(site, provider.logout_token(jti="a", aud="ministry")).status_code == 400
    assert tell(site, provider.logout_token(jti="a")).status_code == 200
    assert not is_logged_in(member)


def test_a_name_is_remembered_for_as_long_as_its_token_could_be_followed(
    provider: FakeProvider, site: Flask, watch: Watch
) -> None:
    token = provider.logout_token(jti="a")
    assert tell(site, token).status_code == 200
    watch.ahead = LIFETIME + LEEWAY - 5
    assert "seen before" in tell(site, token).text
    watch.ahead = LIFETIME + LEEWAY + 5
    assert "ExpiredTokenError" in tell(site, token).text
    now = int(watch())
    assert tell(site, provider.logout_token(jti="a", exp=now + LIFETIME)).status_code == 200


@pytest.mark.race
def test_of_many_who_bring_one_token_one_is_followed(provider: FakeProvider, site: Flask) -> None:
    token, start = provider.logout_token(), threading.Barrier(8)
    told: list[int] = []

    def bring() -> None:
        start.wait()
        told.append(tell(site, token).status_code)

    threads = [threading.Thread(target=bring) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [200] + [400] * 7


def test_after_a_rotation_the_keys_are_asked_for_again(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    assert tell(site, provider.logout_token(sid="s9")).status_code == 200
    provider.key = NEXT_KEY
    assert tell(site, provider.logout_token()).status_code == 200
    assert not is_logged_in(member)


def test_no_algorithm_is_none_even_when_the_provider_offers_it(
    provider: FakeProvider, site: Flask
) -> None:
    provider.twist = Twist(metadata={"id_token_signing_alg_values_supported": ["RS256", "none"]})
    assert "UnsupportedAlgorithmError" in tell(site, without_signature(provider)).text


def test_a_provider_that_is_away_leaves_the_session_alone(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    token = provider.logout_token()
    provider.twist = Twist(metadata={"issuer": EVIL})
    site.extensions["authlib.integrations.flask_client"].backoffice.server_metadata.clear()
    answer = tell(site, token)
    assert (answer.status_code, answer.json) == (
        400,
        {"error": "invalid_request", "error_description": "WrongIssuerError"},
    )
    assert is_logged_in(member)


def test_the_notice_that_follows_this_sites_own_logout_spoils_nothing(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    back = at_provider(press(member, "/logout"))
    assert tell(site, provider.logout_token()).status_code == 200
    assert "আপনি লগআউট করেছেন" in member.get(back).text


def test_a_form_of_a_page_whose_session_has_ended_says_so(
    provider: FakeProvider, site: Flask, member: FlaskClient
) -> None:
    member.get("/")
    tell(site, provider.logout_token())
    answer = member.post("/refresh", data={"csrf": "x"})
    assert answer.status_code == 400
    assert "আপনার সেশন শেষ হয়েছে" in answer.text
    assert provider.refreshes == 0
