from idp.oidc.issuance import audiences, grant_id_of, is_live
from tests.oidc.conftest import House
from tests.oidc.relying_party import basic


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


def test_an_access_token_does_not_outlive_the_session(house: House):
    tokens = house.tokens(house.log_in(lifetime=100))
    assert tokens["expires_in"] == 100
