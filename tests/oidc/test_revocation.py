import pytest

from tests.oidc.conftest import House
from tests.oidc.relying_party import basic

MINISTRY = {"client_id": "ministry", "client_secret": "ministry-secret"}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "id_token", "ইঙ্গিত"])
def test_an_own_token_ends_its_grant(house: House, kind: str, hint: str | None):
    tokens = house.tokens()
    answer = house.revoke(tokens[kind], token_type_hint=hint)
    assert (answer.status_code, answer.get_json()) == (200, {})
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert house.refresh(tokens["refresh_token"]).status_code == 400


def test_a_public_client_revokes_with_its_name(house: House):
    tokens = house.public_tokens()
    assert house.revoke(tokens["refresh_token"], headers={}, client_id="spa").status_code == 200
    assert house.userinfo(tokens["access_token"]).status_code == 401


def test_a_rotated_token_ends_its_grant_too(house: House):
    old = house.public_tokens()["refresh_token"]
    new = house.refresh_public(old).get_json()["refresh_token"]
    assert house.revoke(old, headers={}, client_id="spa").status_code == 200
    assert house.refresh_public(new).status_code == 400


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_client_s_token_stays_and_nothing_is_told(house: House, kind: str):
    tokens = house.tokens()
    answer = house.revoke(tokens[kind], headers={}, **MINISTRY)
    assert (answer.status_code, answer.get_json()) == (200, {})
    assert house.userinfo(tokens["access_token"]).status_code == 200
    assert house.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "টোকেন", "x" * 9000])
def test_an_unknown_token_is_as_good_as_revoked(house: House, token: str):
    assert house.revoke(token).status_code == 200


def test_an_id_token_revokes_nothing(house: House):
    tokens = house.tokens()
    assert house.revoke(tokens["id_token"]).status_code == 200
    assert house.userinfo(tokens["access_token"]).status_code == 200


def test_one_grant_ends_and_the_others_stay(house: House):
    session = house.log_in()
    one, other = house.tokens(session), house.tokens(session)
    house.revoke(one["access_token"])
    assert house.userinfo(other["access_token"]).status_code == 200


def test_a_robot_s_token_cannot_be_revoked(house: House):
    robot = basic("robot", "robot-secret")
    token = house.token({"grant_type": "client_credentials"}, headers=robot).get_json()
    answer = house.revoke(token["access_token"], headers=robot)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unsupported_token_type")


def test_without_authentication_nothing_is_revoked(house: House):
    tokens = house.tokens()
    for headers in ({}, basic("backoffice", "wrong")):
        assert house.revoke(tokens["access_token"], headers=headers).status_code == 401
    assert house.userinfo(tokens["access_token"]).status_code == 200


def test_a_missing_token_is_an_invalid_request(house: House):
    answer = house.revoke("")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
