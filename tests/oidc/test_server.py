import logging

import pytest

from idp.oidc.protocol import INTROSPECT, REVOKE, TOKEN
from tests.oidc.conftest import House
from tests.oidc.relying_party import basic

CLIENT = basic("backoffice", "backoffice-secret")
FORMS = [TOKEN, REVOKE, INTROSPECT]


def error(answer) -> tuple[int, str]:
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_json()["error"]


@pytest.mark.parametrize("path", FORMS)
def test_get_is_not_allowed(house: House, path: str):
    answer = house.browser.get(path, headers=CLIENT)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", FORMS)
def test_json_is_refused(house: House, path: str):
    answer = house.browser.post(path, json={"grant_type": "authorization_code"}, headers=CLIENT)
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("path", FORMS)
def test_parameters_in_the_query_are_refused(house: House, path: str):
    uri = f"{path}?grant_type=refresh_token"
    answer = house.browser.post(uri, data={"token": "x"}, headers=CLIENT)
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("name", ["grant_type", "code", "token", "client_id", "whatever"])
def test_a_parameter_twice_is_refused(house: House, path: str, name: str):
    answer = house.browser.post(path, data={name: ["a", "a"]}, headers=CLIENT)
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "body", [b"token=%00", b"token=%FF", b"token=\xff", b"tok%0Aen=x", b"\xff"]
)
def test_what_is_no_text_is_refused(house: House, path: str, body: bytes):
    form = "application/x-www-form-urlencoded"
    answer = house.browser.post(path, data=body, content_type=form, headers=CLIENT)
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("path", FORMS)
def test_a_body_that_is_too_long_is_refused(house: House, path: str):
    answer = house.browser.post(path, data={"token": "x" * 70_000}, headers=CLIENT)
    assert error(answer) == (413, "invalid_request")


@pytest.mark.parametrize(
    "grant_type",
    [
        *("password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"),
        *("urn:ietf:params:oauth:grant-type:token-exchange", "কোড", 'a"b\\c', "Refresh_token"),
    ],
)
def test_other_grant_types_are_refused_without_an_echo(house: House, grant_type: str):
    answer = house.token({"grant_type": grant_type})
    assert error(answer) == (400, "unsupported_grant_type")
    assert answer.get_json()["error_description"] == "The grant_type is not supported."


def test_a_missing_grant_type_is_an_invalid_request(house: House):
    assert error(house.token({})) == (400, "invalid_request")
    assert error(house.token({"grant_type": ""})) == (400, "invalid_request")


def test_a_grant_that_the_client_may_not_use_is_refused(house: House):
    robot = basic("robot", "robot-secret")
    assert error(house.token({"grant_type": "client_credentials"})) == (400, "unauthorized_client")
    for grant in (
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "refresh_token"},
    ):
        assert error(house.token(grant, headers=robot)) == (400, "unauthorized_client")


def test_token_answers_are_not_stored_and_short_lived(house: House):
    answer = house.redeem(house.code())
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.get_json()["token_type"] == "Bearer"
    assert 0 < answer.get_json()["expires_in"] <= 300


def test_no_token_is_logged_even_at_the_most_talkative_level(house: House, caplog):
    caplog.set_level(logging.DEBUG)
    code = house.code()
    body = house.redeem(code).get_json()
    refreshed = house.refresh(body["refresh_token"]).get_json()
    secrets = [code, "backoffice-secret", *body.values(), *refreshed.values()]
    for secret in (str(s) for s in secrets if len(str(s)) > 30):
        assert secret not in caplog.text


def test_a_server_is_made_once_and_its_grants_do_not_grow(make_house):
    for _ in range(3):
        server = make_house().provider._server
        assert len(server._token_grants) == 3
        assert {len(e) for e in server._endpoints.values()} == {1}
