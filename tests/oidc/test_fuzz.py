"""Every parameter of every endpoint × every class of bad value: 4xx or a refusal, never a crash."""

from urllib.parse import quote, quote_from_bytes

import pytest

from idp.model.errors import AuthorizationError, RequestRefused
from idp.oidc.parameters import parse_pairs
from idp.oidc.protocol import INTROSPECT, REVOKE, TOKEN, USERINFO
from tests.oidc.conftest import House
from tests.oidc.relying_party import authorization_pairs, basic

FORM = "application/x-www-form-urlencoded"
BAD: dict[str, bytes] = {
    "empty": b"",
    "NUL": b"a\x00b",
    "control": b"a\r\n\x1b[31m",
    "broken UTF-8": b"\xff\xfe",
    "lone surrogate": b"\xed\xa0\x80",
    "overlong": b"\xc0\x80",
    "BOM": b"\xef\xbb\xbfx",
    "Bengali": "বাংলা ০১২".encode(),
    "quotes": b"\"'\\<script>{{7*7}}${x}",
    "oversized": b"x" * 9_000,
    "number": b"99999999999999999999999999",
    "separators": b"&=?#;%25",
    "JSON": b'{"a":[1]}',
    "JWT": b"eyJhbGciOiJub25lIn0.e30.",
}
AUTHORIZE = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge"),
    *("code_challenge_method", "prompt", "max_age", "login_hint", "id_token_hint", "ui_locales"),
    *("acr_values", "display", "claims", "claims_locales", "request", "request_uri"),
    *("registration", "response_mode", "unknown"),
)
CREDENTIALS = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
BODIES = {
    TOKEN: (
        *("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope"),
        *CREDENTIALS,
    ),
    REVOKE: ("token", "token_type_hint", *CREDENTIALS),
    INTROSPECT: ("token", "token_type_hint", *CREDENTIALS),
    USERINFO: ("access_token", "unknown"),
}


def without(name: str, good: dict[str, str]) -> str:
    return "&".join(f"{k}={quote(v, safe='')}" for k, v in good.items() if k != name)


@pytest.mark.parametrize("name", AUTHORIZE)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_the_authorization_endpoint_answers_everything(house: House, name: str, bad: bytes):
    rest = without(name, dict(authorization_pairs()))
    for raw in (
        f"{rest}&{name}={quote_from_bytes(bad)}".encode(),
        f"{rest}&{name}=".encode() + bad,
        f"{rest}&{name}={quote_from_bytes(bad)}&{name}=x".encode(),
    ):
        try:
            asked = house.provider.check_request(parse_pairs(raw))
        except RequestRefused as refusal:
            shown = "".join([refusal.reason, *refusal.details.values()])
            shown.encode()  # a page of ours can be made of it
            continue
        except AuthorizationError as error:
            response = house.provider.failure(error)
        else:
            session = house.log_in()
            with house.stores.write() as work:
                response = house.provider.answer(work, asked, session, now=house.clock())
        assert response.location.startswith("https://backoffice.example/cb?")
        assert response.location.isascii()


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_the_endpoints_of_programs_answer_everything(house: House, path: str, bad: bytes):
    for grant_type in ("authorization_code", "refresh_token", "client_credentials"):
        good = {"grant_type": grant_type, "token": "x", "code": "x", "refresh_token": "x"}
        for name in BODIES[path]:
            rest = without(name, {} if path == USERINFO else good)
            for body in (
                f"{rest}&{name}={quote_from_bytes(bad)}".encode(),
                f"{rest}&{name}=".encode() + bad,
                f"{rest}&{quote_from_bytes(bad)}={name}".encode(),
            ):
                for headers in (basic("backoffice", "backoffice-secret"), {}):
                    answer = house.browser.post(path, data=body, content_type=FORM, headers=headers)
                    assert answer.status_code in {200, 400, 401, 403, 413}, (name, body)
                    assert answer.content_type == "application/json"
                    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("scheme", ["Basic ", "Bearer ", ""])
def test_the_authorization_header_may_hold_anything(
    house: House, path: str, bad: bytes, scheme: str
):
    value = scheme + bad.decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
    answer = house.browser.post(
        path, data={"grant_type": "refresh_token"}, headers={"Authorization": value}
    )
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("content_type", ["", "x", "application/json", "multipart/form-data", "ক"])
@pytest.mark.parametrize("path", BODIES)
def test_any_content_type_is_answered(house: House, path: str, content_type: str):
    answer = house.browser.post(
        path, data=b"--x\r\n", headers={"Content-Type": content_type.encode().decode("latin-1")}
    )
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_any_query_is_answered(house: House, path: str, bad: bytes):
    answer = house.browser.post(f"{path}?x={quote_from_bytes(bad)}", data={"token": "x"})
    assert answer.status_code in {400, 401}
