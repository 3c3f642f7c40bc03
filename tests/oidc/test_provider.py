import pytest

from tests.oidc.conftest import House
from tests.oidc.relying_party import authorization_pairs


def test_clients_are_found_by_name(house: House):
    found = house.provider.client("backoffice")
    assert found is not None
    assert found.name.bn == "ব্যাকঅফিস"
    assert house.provider.client("nobody") is None


def test_origins_of_enabled_clients_alone_are_allowed(house: House):
    assert house.provider.allowed_origin("https://backoffice.example")
    for origin in ("https://closed.example", "https://evil.example", "null", "*", ""):
        assert not house.provider.allowed_origin(origin)


def test_a_code_is_written_in_the_unit_of_work_that_it_is_given(house: House):
    asked = house.provider.check_request(authorization_pairs())
    session = house.log_in()
    codes = []

    def fail_later() -> None:
        with house.stores.write() as work:
            response = house.provider.answer(work, asked, session, now=house.clock())
            codes.append(dict(response.fields)["code"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_later()
    assert house.redeem(codes[0]).status_code == 400


def test_a_grant_remembers_the_request_and_the_login(house: House):
    session = house.log_in()
    claims = house.claims(house.tokens(session)["access_token"], "at+jwt")
    with house.stores.read() as work:
        found = work.grants.find_live(claims["jti"].partition(".")[0])
    assert found is not None
    grant, user = found
    assert (grant.sid, grant.nonce, grant.amr) == (session.sid, "n-0S6_WzA2Mj", session.amr)
    assert grant.expires_at == session.expires_at
    assert user == house.officer


def test_a_response_goes_where_the_request_says(house: House):
    response = house.authorize(response_mode="form_post")
    assert response.mode == "form_post"
    assert response.location == "https://backoffice.example/cb"
    assert [name for name, _ in response.fields] == ["code", "state", "iss"]
