import pytest

from idp.oidc.protocol import INTROSPECT
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import basic, client, clients

INACTIVE = {"active": False}
MINISTRY = {"client_id": "ministry", "client_secret": "ministry-secret"}


def test_an_access_token_is_described_to_its_client(house: House):
    session = house.log_in()
    told = house.introspect(house.tokens(session)["access_token"])
    assert told.pop("jti")
    assert told == {
        "active": True,
        "token_type": "Bearer",
        "iss": "https://sso.example",
        "sub": house.officer.id,
        "aud": "https://sso.example",
        "client_id": "backoffice",
        "scope": "openid profile email",
        "iat": house.clock(),
        "exp": house.clock() + 300,
        "auth_time": session.auth_time,
        "acr": "urn:probesh:acr:password+email-code",
    }


def test_a_refresh_token_is_described_to_its_client(house: House):
    told = house.introspect(house.tokens(house.log_in(lifetime=900))["refresh_token"])
    assert told == {
        "active": True,
        "iss": "https://sso.example",
        "sub": house.officer.id,
        "client_id": "backoffice",
        "scope": "openid profile email",
        "exp": house.clock() + 900,
    }


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "ইঙ্গিত"])
def test_a_hint_is_only_a_hint(house: House, hint: str):
    tokens = house.tokens()
    for kind in ("access_token", "refresh_token"):
        assert house.introspect(tokens[kind], token_type_hint=hint)["active"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_client_learns_nothing(house: House, kind: str):
    assert house.introspect(house.tokens()[kind], headers={}, **MINISTRY) == INACTIVE


def test_the_audience_may_ask_about_access_tokens(house: House):
    uri = "https://elliptic.example/cb"
    code = house.code(client_id="elliptic", redirect_uri=uri)
    headers = basic("elliptic", "elliptic-secret")
    tokens = house.redeem(code, redirect_uri=uri, headers=headers).get_json()
    api = basic("api", "api-secret")
    assert house.introspect(tokens["access_token"], headers=api)["active"]
    assert house.introspect(tokens["refresh_token"], headers=api) == INACTIVE


@pytest.mark.parametrize("headers", [{}, basic("backoffice", "wrong"), basic("nobody", "x")])
def test_who_is_not_authenticated_may_not_ask(house: House, headers: dict[str, str]):
    token = house.tokens()["access_token"]
    answer = house.post(INTROSPECT, {"token": token}, headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_public_client_may_not_ask(house: House):
    form = {"token": house.public_tokens()["access_token"], "client_id": "spa"}
    assert house.post(INTROSPECT, form, headers={}).status_code == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "টোকেন", "x" * 9000])
def test_unknown_tokens_are_inactive(house: House, token: str):
    assert house.introspect(token) == INACTIVE


def test_an_id_token_is_inactive(house: House):
    assert house.introspect(house.tokens()["id_token"]) == INACTIVE


def test_an_expired_token_is_inactive(house: House):
    token = house.tokens()["access_token"]
    house.clock.advance(300)
    assert house.introspect(token) == INACTIVE


def test_after_a_logout_everything_is_inactive(house: House):
    tokens = house.tokens()
    with house.stores.write() as work:
        work.user_sessions.end_all_of_user(house.officer.id, now=house.clock())
    assert house.introspect(tokens["access_token"]) == INACTIVE
    assert house.introspect(tokens["refresh_token"]) == INACTIVE


def test_a_disabled_person_s_tokens_are_inactive(house: House):
    tokens = house.tokens()
    with house.stores.write() as work:
        work.users.set_enabled(house.officer.id, enabled=False, now=house.clock())
    assert house.introspect(tokens["access_token"]) == INACTIVE
    assert house.introspect(tokens["refresh_token"]) == INACTIVE


def test_a_disabled_client_s_tokens_are_inactive_to_their_audience(
    house: House, make_house: MakeHouse
):
    uri = "https://elliptic.example/cb"
    code = house.code(client_id="elliptic", redirect_uri=uri)
    headers = basic("elliptic", "elliptic-secret")
    token = house.redeem(code, redirect_uri=uri, headers=headers).get_json()["access_token"]
    later = make_house(clients() | {"elliptic": client("elliptic", enabled=False)})
    assert later.introspect(token, headers=basic("api", "api-secret")) == INACTIVE


def test_a_robot_s_token_is_active_until_it_expires(house: House):
    robot = basic("robot", "robot-secret")
    token = house.token({"grant_type": "client_credentials"}, headers=robot).get_json()
    told = house.introspect(token["access_token"], headers=robot)
    assert told["active"]
    assert told["sub"] == "robot"


def test_a_missing_token_is_an_invalid_request(house: House):
    assert house.introspect("")["error"] == "invalid_request"
