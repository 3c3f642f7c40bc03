"""Before a provider that lies: every lie ends on a calm page, never in a session."""

import pytest
from flask.testing import FlaskClient

from tests.demo.fake_provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    HONEST,
    REFRESH_TOKEN,
    FakeProvider,
    Twist,
)
from tests.demo.visits import Watch, answered, cookie, fact, log_in, press

EVIL = "http://evil.example"
# Each lie with the status and the fact that the page must tell: a lie caught by luck fails here.
LIES = {
    "another issuer answers": (Twist(response={"iss": EVIL}), 502, "WrongIssuerError"),
    "the promised iss is missing": (Twist(response={"iss": None}), 502, "WrongIssuerError"),
    "the code is missing": (Twist(response={"code": None}), 502, "MissingCodeException"),
    "the person said no": (
        Twist(response={"code": None, "error": "access_denied"}),
        400,
        "access_denied",
    ),
    "another nonce": (Twist(claims={"nonce": "x"}), 502, "InvalidClaimError"),
    "a nonce of null": (Twist(claims={"nonce": None}), 502, "InvalidClaimError"),
    "no nonce": (Twist(left_out="nonce"), 502, "MissingClaimError"),
    "another issuer's ID token": (Twist(claims={"iss": EVIL}), 502, "InvalidClaimError"),
    "an ID token for another client": (Twist(claims={"aud": "other"}), 502, "InvalidClaimError"),
    "an audience without us, though azp names us": (
        Twist(claims={"aud": ["x", "y"], "azp": CLIENT_ID}),
        502,
        "InvalidClaimError",
    ),
    "an ID token of the past": (Twist(claims={"exp": 1}), 502, "ExpiredTokenError"),
    "another key under the same name": (
        Twist(is_signed_by_a_stranger=True),
        502,
        "BadSignatureError",
    ),
    "userinfo that is no object": (Twist(userinfo=[1]), 502, "TypeError"),
    "no ID token": (Twist(left_out="id_token"), 400, "missing_id_token"),
    "a refused code": (Twist(token_error="invalid_grant"), 400, "invalid_grant"),
    "a token endpoint out of its mind": (Twist(is_garbage=True), 502, "HTTPError"),
    "userinfo of another person": (Twist(userinfo={"sub": "u2"}), 400, "wrong_subject"),
    "no access token": (Twist(left_out="access_token"), 400, "unsupported_token_type"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_on_a_calm_page_and_the_next_honest_login_works(
    provider: FakeProvider, visitor: FlaskClient, lie: str
) -> None:
    provider.twist, status, told = LIES[lie]
    answer = log_in(visitor)
    assert fact(answer) == (status, told)
    assert "লগইন সম্পন্ন হয়নি" in answer.text
    provider.twist = HONEST
    assert log_in(visitor).status_code == 303


def test_discovery_of_another_issuer_starts_no_login_and_is_asked_for_again(
    provider: FakeProvider, visitor: FlaskClient
) -> None:
    provider.twist = Twist(metadata={"issuer": EVIL})
    assert fact(visitor.get("/")) == (503, "WrongIssuerError")
    provider.twist = HONEST
    assert log_in(visitor).status_code == 303


@pytest.mark.parametrize(("named", "status"), [("ours", 303), (None, 303), (EVIL, 502)])
def test_a_provider_that_promises_no_iss_may_leave_it_out_but_not_name_another(
    provider: FakeProvider, visitor: FlaskClient, named: str | None, status: int
) -> None:
    issuer = provider.issuer if named == "ours" else named
    provider.twist = Twist(
        metadata={"authorization_response_iss_parameter_supported": False},
        response={"iss": issuer},
    )
    assert log_in(visitor).status_code == status


def test_a_login_leads_home_and_the_cookie_carries_no_token(visitor: FlaskClient) -> None:
    answer = log_in(visitor)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert len(cookie(visitor)) == 43
    seen = str(answer.headers) + visitor.get("/").text
    assert ACCESS_TOKEN not in seen
    assert REFRESH_TOKEN not in seen


def test_the_home_page_tells_who_is_there_and_markup_stays_text(member: FlaskClient) -> None:
    page = member.get("/").text
    assert "স্বাগতম, রহিমা" in page
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert "UTC+6)" in page


@pytest.mark.parametrize(
    ("ahead", "told"), [(30, "আর ৪ মিনিট"), (290, "এক মিনিটেরও কম"), (9999, "এক মিনিটেরও কম")]
)
def test_lifetimes_are_told_in_whole_minutes(
    member: FlaskClient, watch: Watch, ahead: int, told: str
) -> None:
    watch.ahead = ahead
    assert member.get("/").text.count(told) == 2


def test_the_login_gives_another_cookie(visitor: FlaskClient) -> None:
    visitor.get("/")
    before = cookie(visitor)
    log_in(visitor)
    assert cookie(visitor) not in {"", before}


def test_a_refresh_is_told_once(provider: FakeProvider, member: FlaskClient) -> None:
    assert press(member, "/refresh").status_code == 303
    assert provider.refreshes == 1
    assert "টোকেন নবায়ন হয়েছে" in member.get("/").text
    assert "টোকেন নবায়ন হয়েছে" not in member.get("/").text


@pytest.mark.parametrize("path", ["/refresh", "/forget", "/logout"])
def test_a_form_with_another_token_does_nothing(
    provider: FakeProvider, member: FlaskClient, path: str
) -> None:
    assert member.post(path, data={"csrf": "x"}).status_code == 400
    assert provider.refreshes == 0
    assert member.get("/").status_code == 200


def test_a_refresh_without_an_id_token_keeps_the_person(
    provider: FakeProvider, member: FlaskClient
) -> None:
    provider.twist = Twist(left_out="id_token")
    assert press(member, "/refresh").status_code == 303
    assert "রহিমা" in member.get("/").text


def test_an_answer_to_an_old_attempt_leaves_a_member_logged_in(member: FlaskClient) -> None:
    assert member.get("/callback?code=c0&state=old").status_code == 303
    assert "আগের লগইনের চেষ্টাটি আর চালু নেই" in member.get("/").text


def test_an_answer_is_taken_only_once(visitor: FlaskClient) -> None:
    callback = answered(visitor)
    assert visitor.get(callback).status_code == 303
    visitor.get(callback)
    assert "আগের লগইনের চেষ্টাটি আর চালু নেই" in visitor.get("/").text


def test_a_refusal_is_taken_only_once(provider: FakeProvider, visitor: FlaskClient) -> None:
    provider.twist = Twist(response={"code": None, "error": "access_denied"})
    callback = answered(visitor)
    assert fact(visitor.get(callback)) == (400, "access_denied")
    assert fact(visitor.get(callback)) == (400, "unknown state")


def test_a_refresh_while_the_provider_is_out_of_its_mind_keeps_the_session(
    provider: FakeProvider, member: FlaskClient
) -> None:
    provider.twist = Twist(is_garbage=True)
    assert fact(press(member, "/refresh")) == (502, "HTTPError")
    assert member.get("/").status_code == 200


@pytest.mark.parametrize(
    ("twist", "told"),
    [
        (Twist(claims={"sub": "u2"}), "wrong_subject"),
        (Twist(token_error="invalid_grant"), "invalid_grant"),
    ],
    ids=["another person", "refused"],
)
def test_a_refresh_that_is_refused_ends_the_session(
    provider: FakeProvider, member: FlaskClient, twist: Twist, told: str
) -> None:
    provider.twist = twist
    answer = press(member, "/refresh")
    assert fact(answer) == (400, told)
    assert "আপনার সেশন শেষ হয়েছে" in answer.text
    assert member.get("/").status_code == 302


@pytest.mark.parametrize(
    ("twist", "told"),
    [
        (Twist(claims={"iss": EVIL}), "InvalidClaimError"),
        (Twist(claims={"aud": "other"}), "InvalidClaimError"),
        (Twist(is_signed_by_a_stranger=True), "BadSignatureError"),
    ],
    ids=["issuer", "audience", "key"],
)
def test_a_refreshed_id_token_is_checked_like_the_first(
    provider: FakeProvider, member: FlaskClient, twist: Twist, told: str
) -> None:
    provider.twist = twist
    assert fact(press(member, "/refresh")) == (502, told)


def test_without_a_refresh_token_no_refresh_is_offered(
    provider: FakeProvider, visitor: FlaskClient
) -> None:
    provider.twist = Twist(left_out="refresh_token")
    log_in(visitor)
    page = visitor.get("/").text
    assert "রহিমা" in page
    assert "/refresh" not in page


def test_a_forgotten_session_is_gone_with_its_cookie(member: FlaskClient) -> None:
    assert press(member, "/forget").headers["Location"] == "/forgotten"
    assert cookie(member) == ""
    assert member.get("/").status_code == 302
