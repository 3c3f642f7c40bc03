from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.model.errors import AuthorizationError
from idp.model.request import AuthorizationRequest, ReplyTo, ResponseMode
from idp.oidc.responses import AuthorizationResponse, failure, success, with_query

ISSUER = "https://sso.example"


def answer(
    mode: ResponseMode = "query", uri: str = "https://rp.example/cb", state: str | None = "s"
):
    asked = AuthorizationRequest(
        client_id="rp", redirect_uri=uri, scope=("openid",), response_mode=mode, state=state
    )
    return success(asked, "the-code", issuer=ISSUER)


def test_a_code_travels_with_state_and_issuer_in_the_query():
    assert answer().location == (
        "https://rp.example/cb?code=the-code&state=s&iss=https%3A%2F%2Fsso.example"
    )


def test_without_a_state_there_is_none():
    assert dict(answer(state=None).fields) == {"code": "the-code", "iss": ISSUER}


@pytest.mark.parametrize("uri", ["https://rp.example/cb?a=b%20c", "https://rp.example/cb?a=b%20c&"])
def test_the_query_of_the_redirect_uri_is_kept(uri: str):
    parts = urlsplit(answer(uri=uri).location)
    assert parts.query.startswith("a=b%20c&code=")
    assert "&&" not in parts.query


def test_an_empty_query_is_filled():
    assert answer(uri="https://rp.example/cb?").location.startswith("https://rp.example/cb?code=")


def test_a_fragment_holds_everything():
    parts = urlsplit(answer("fragment", "https://rp.example/cb?a=b").location)
    assert parts.query == "a=b"
    assert dict(parse_qsl(parts.fragment)) == {"code": "the-code", "state": "s", "iss": ISSUER}


def test_a_form_holds_everything_and_the_uri_nothing():
    response = answer("form_post")
    assert (response.mode, response.location) == ("form_post", "https://rp.example/cb")
    assert response.fields == (("code", "the-code"), ("state", "s"), ("iss", ISSUER))


@pytest.mark.parametrize("state", ['a b"c%', "অবস্থা", "a&b=c#d?e+f"])
def test_a_state_comes_back_exactly(state: str):
    query = urlsplit(answer(state=state).location).query
    assert dict(parse_qsl(query))["state"] == state


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_errors_carry_state_and_issuer_in_every_mode(mode: ResponseMode):
    reply_to = ReplyTo("https://rp.example/cb", mode, "s")
    error = AuthorizationError("login_required", "Log in.", reply_to=reply_to)
    assert dict(failure(error, issuer=ISSUER).fields) == {
        "error": "login_required",
        "error_description": "Log in.",
        "error_uri": f"{ISSUER}/developers#login_required",
        "state": "s",
        "iss": ISSUER,
    }


def test_a_response_does_not_show_its_code():
    assert isinstance(answer(), AuthorizationResponse)
    assert "the-code" not in repr(answer())


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://rp.example/bye", "https://rp.example/bye?a=%26+b"),
        ("https://rp.example/bye?", "https://rp.example/bye?a=%26+b"),
        ("https://rp.example/bye?x=%c3", "https://rp.example/bye?x=%c3&a=%26+b"),
        ("https://rp.example/bye?x=1&", "https://rp.example/bye?x=1&a=%26+b"),
    ],
)
def test_a_uri_keeps_its_own_query_before_ours(uri: str, expected: str):
    assert with_query(uri, [("a", "& b")]) == expected
    assert with_query(uri, []) == uri
