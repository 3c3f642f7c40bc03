from joserfc import jwt

from idp.oidc.issuance import audiences, grant_id_of, is_live
from tests.oidc.conftest import House
from tests.oidc.relying_party import basic, published


def test_a_token_is_live_until_its_exp():
    assert is_live({"exp": 10}, now=9)
    assert not is_live({"exp": 10}, now=10)


def test_an_audience_is_one_name_or_several():
    assert audiences({"aud": "a"}) == ("a",)
    assert audiences({"aud": ["a", "b"]}) == ("a", "b")


def test_a_token_names_its_grant_or_none():
    assert grant_id_of({"jti": "grant.random"}) == "grant"
    assert grant_id_of({"jti": "random"}) is None


# Tokens: JW5, JW7.


def test_tokens_say_who_when_and_for_whom(house: House):
    session = house.log_in()
    tokens = house.tokens(session)
    now = house.clock()
    access = house.claims(tokens["access_token"], "at+jwt")
    jti = access.pop("jti")
    about_login = {
        "iss": "https://sso.example",
        "sub": house.officer.id,
        "iat": now,
        "exp": now + 300,
        "auth_time": session.auth_time,
        "acr": "urn:probesh:acr:password+email-code",
        "sid": session.sid,
    }
    assert access == about_login | {
        "aud": "https://sso.example",
        "client_id": "backoffice",
        "scope": "openid profile email",
    }
    assert jti.count(".") == 1
    id_token = house.claims(tokens["id_token"])
    assert id_token.pop("at_hash")
    assert id_token == about_login | {
        "aud": "backoffice",
        "amr": ["pwd", "email"],
        "nonce": "n-0S6_WzA2Mj",
    }


def test_the_session_s_cookie_is_in_no_token(house: House):
    session = house.log_in()
    assert session.digest.hex() not in str(house.tokens(session))


def test_a_client_chooses_its_algorithm_and_audience(house: House):
    uri = "https://elliptic.example/cb"
    code = house.code(client_id="elliptic", redirect_uri=uri)
    headers = basic("elliptic", "elliptic-secret")
    tokens = house.redeem(code, redirect_uri=uri, headers=headers).get_json()
    assert house.keys.verify(tokens["id_token"], typ="JWT", algs=["ES256"])
    audience = house.claims(tokens["access_token"], "at+jwt")["aud"]
    assert audience == ["api", "https://sso.example"]


def test_without_a_nonce_there_is_none(house: House):
    assert "nonce" not in house.claims(house.tokens(nonce=None)["id_token"])


# Logout tokens: LO5.


def test_a_logout_token_says_whose_session_ended_and_nothing_else(house: House):
    now = house.clock()
    token = house.provider.logout_token("backoffice", sub="a-user", sid="a-sid", now=now)
    assert token is not None
    claims = house.claims(token, "logout+jwt")
    assert claims.pop("jti")
    assert claims == {
        "iss": "https://sso.example",
        "aud": "backoffice",
        "iat": now,
        "exp": now + 120,
        "sub": "a-user",
        "sid": "a-sid",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }


def test_logout_tokens_are_signed_as_the_client_s_id_tokens_are(house: House):
    for client_id, alg in (("backoffice", "RS256"), ("elliptic", "ES256")):
        token = house.provider.logout_token(client_id, sub="u", sid="s", now=house.clock())
        read = jwt.decode(token or "", published(house.keys), algorithms=[alg])
        assert read.header["typ"] == "logout+jwt"
        assert read.header["kid"]


def test_no_two_logout_tokens_have_the_same_name(house: House):
    tokens = [house.provider.logout_token("spa", sub="u", sid="s", now=1) for _ in range(20)]
    assert len({house.claims(t or "", "logout+jwt")["jti"] for t in tokens}) == 20


def test_an_access_token_does_not_outlive_the_session(house: House):
    tokens = house.tokens(house.log_in(lifetime=100))
    assert tokens["expires_in"] == 100
