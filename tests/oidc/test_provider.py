import pytest

from idp.oidc.keys import InvalidToken
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import authorization_pairs, client, clients


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


# Back-channel logout.


def test_enabled_clients_with_an_address_are_told_of_logouts(house: House):
    assert house.provider.backchannel_uri("backoffice") == "https://backoffice.example/ended"
    for silent in ("relaxed", "closed", "nobody", ""):
        assert house.provider.backchannel_uri(silent) is None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backoffice": client("backoffice", backchannel_logout_uri=None)},
        {"backoffice": client("backoffice", enabled=False)},
    ],
    ids=["gone", "silent", "disabled"],
)
def test_there_is_no_logout_token_for_a_client_that_takes_none_any_more(
    make_house: MakeHouse, changes
):
    others = {name: record for name, record in clients().items() if name != "backoffice"}
    provider = make_house(others | changes).provider
    assert provider.logout_token("backoffice", sub="u", sid="s", now=1) is None
    assert provider.logout_token("ministry", sub="u", sid="s", now=1) is not None


def test_a_logout_token_opens_nothing(house: House):
    session = house.log_in()
    now = house.clock()
    token = house.provider.logout_token("backoffice", sub=session.user_id, sid=session.sid, now=now)
    assert token is not None
    assert house.userinfo(token).status_code == 401
    assert house.introspect(token) == {"active": False}
    with pytest.raises(InvalidToken):
        house.claims(token)


def test_clients_have_names_in_both_languages(house: House):
    assert house.provider.client_name("backoffice", "bn") == "ব্যাকঅফিস"
    assert house.provider.client_name("closed", "en") == "Back office"
    assert house.provider.client_name("gone", "en") == ""
