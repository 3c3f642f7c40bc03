from dataclasses import replace

import pytest

from idp.oidc.protocol import USERINFO
from idp.oidc.userinfo import claims_of
from tests.oidc.conftest import House
from tests.oidc.relying_party import OFFICER, basic, client, clients

FORM = "application/x-www-form-urlencoded"


def refused(answer, status: int, error: str | None) -> bool:
    challenge = answer.headers["WWW-Authenticate"]
    told = f'error="{error}"' in challenge if error else "error" not in challenge
    return answer.status_code == status and challenge.startswith("Bearer realm=") and told


def test_claims_come_by_scope(house: House):
    answer = house.userinfo(house.tokens()["access_token"])
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json() == {
        "sub": OFFICER.id,
        "name": "Secretariat",
        "name#bn": "সচিবালয়",
        "office": "মন্ত্রিপরিষদ বিভাগ",
        "locale": "bn",
        "updated_at": 1_790_000_000,
        "email": "office@example.gov.bd",
        "email_verified": True,
    }


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        (("openid",), {"sub"}),
        (("openid", "profile"), {"sub", "name", "name#bn", "office", "locale", "updated_at"}),
        (("openid", "email"), {"sub", "email", "email_verified"}),
    ],
)
def test_no_claim_comes_unasked(scope: tuple[str, ...], claims: set[str]):
    assert set(claims_of(OFFICER, scope)) == claims


def test_claims_without_a_value_are_left_out():
    nameless = replace(OFFICER, name_en="", name_bn="", office="", locale="")
    assert set(claims_of(nameless, ("openid", "profile"))) == {"sub", "updated_at"}
    assert claims_of(replace(OFFICER, name_en=""), ("openid", "profile"))["name"] == "সচিবালয়"


def test_the_subject_is_that_of_the_id_token(house: House):
    tokens = house.tokens()
    sub = house.userinfo(tokens["access_token"]).get_json()["sub"]
    assert sub == house.claims(tokens["id_token"])["sub"]


def test_a_token_may_be_posted_in_header_or_body(house: House):
    token = house.tokens()["access_token"]
    by_header = house.browser.post(USERINFO, headers={"Authorization": f"bearer {token}"})
    by_body = house.browser.post(USERINFO, data={"access_token": token})
    assert by_header.get_json() == by_body.get_json() == house.userinfo(token).get_json()


def test_two_tokens_are_refused(house: House):
    token = house.tokens()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = house.browser.post(USERINFO, data={"access_token": token}, headers=headers)
    assert refused(answer, 400, "invalid_request")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": ""}])
def test_without_a_token_there_is_only_a_challenge(house: House, headers: dict[str, str]):
    for answer in (
        house.browser.get(USERINFO, headers=headers),
        house.browser.post(USERINFO, headers=headers),
    ):
        assert refused(answer, 401, None)


def test_a_token_in_the_query_is_refused(house: House):
    token = house.tokens()["access_token"]
    answer = house.browser.get(USERINFO, query_string={"access_token": token})
    assert refused(answer, 401, "invalid_token")


@pytest.mark.parametrize("token", ["x", "a.b.c", "", "\xff", "x" * 9000, "a b"])
def test_a_garbled_token_is_refused(house: House, token: str):
    answer = house.browser.get(USERINFO, headers={"Authorization": f"Bearer {token}"})
    assert refused(answer, 401, "invalid_token")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((b"access_token=%00", 400), (b"access_token=%FF", 400), (b"\xff", 400)),
        *((b"access_token=a&access_token=a", 400), (b"x=" + b"x" * 70_000, 413)),
    ],
)
def test_a_garbled_body_is_refused(house: House, body: bytes, status: int):
    answer = house.browser.post(USERINFO, data=body, content_type=FORM)
    assert refused(answer, status, "invalid_request")


def test_a_json_body_carries_no_token_and_harms_no_header(house: House):
    token = house.tokens()["access_token"]
    answer = house.browser.post(USERINFO, json={"access_token": token})
    assert answer.status_code == 401
    header = {"Authorization": f"Bearer {token}"}
    assert house.browser.post(USERINFO, json={}, headers=header).status_code == 200


def test_a_token_dies_at_its_time(house: House):
    token = house.tokens()["access_token"]
    house.clock.advance(299)
    assert house.userinfo(token).status_code == 200
    house.clock.advance(1)
    assert refused(house.userinfo(token), 401, "invalid_token")


def test_an_id_token_is_no_access_token(house: House):
    assert refused(house.userinfo(house.tokens()["id_token"]), 401, "invalid_token")


def test_a_disabled_person_s_token_is_dead(house: House):
    token = house.tokens()["access_token"]
    with house.stores.write() as work:
        work.users.set_enabled(OFFICER.id, enabled=False, now=house.clock())
    assert refused(house.userinfo(token), 401, "invalid_token")


def test_a_logged_out_session_s_token_is_dead(house: House):
    session = house.log_in()
    token = house.tokens(session)["access_token"]
    with house.stores.write() as work:
        work.user_sessions.end(session.sid, now=house.clock())
    assert refused(house.userinfo(token), 401, "invalid_token")


def test_a_disabled_client_s_token_is_dead(house: House, make_house):
    token = house.tokens()["access_token"]
    later = make_house(clients() | {"backoffice": client("backoffice", enabled=False)})
    assert refused(later.userinfo(token), 401, "invalid_token")


def test_a_robot_has_no_userinfo(house: House):
    headers = basic("robot", "robot-secret")
    token = house.token({"grant_type": "client_credentials"}, headers=headers).get_json()
    assert refused(house.userinfo(token["access_token"]), 403, "insufficient_scope")


def test_a_token_for_an_api_and_for_us_is_good_here(house: House):
    uri = "https://elliptic.example/cb"
    code = house.code(client_id="elliptic", redirect_uri=uri)
    headers = basic("elliptic", "elliptic-secret")
    token = house.redeem(code, redirect_uri=uri, headers=headers).get_json()["access_token"]
    assert house.userinfo(token).status_code == 200


def test_a_token_that_is_not_for_us_is_refused(house: House):
    claims = house.claims(house.tokens()["access_token"], "at+jwt")
    for change in ({"aud": "https://api.example"}, {"iss": "https://other.example"}):
        token = house.keys.sign(claims | change, alg="ES256", typ="at+jwt")
        assert refused(house.userinfo(token), 401, "invalid_token")
