from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.oidc.grants import is_verifier_of
from idp.oidc.issuance import Redeemed
from idp.settings.clients import Client
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import CHALLENGE, VERIFIER, basic, client, clients

MINISTRY = {"client_id": "ministry", "client_secret": "ministry-secret"}


def refused(answer, error: str = "invalid_grant") -> bool:
    return (answer.status_code, answer.get_json()["error"]) == (400, error)


def with_client(record: Client) -> dict[str, Client]:
    return clients() | {record.client_id: record}


# The code: CD1-CD6, PK4-PK6, RU7.


def test_a_code_is_worth_tokens_once(house: House):
    code = house.code()
    assert house.redeem(code).status_code == 200
    assert refused(house.redeem(code))


def test_a_replayed_code_ends_what_it_gave(house: House):
    code = house.code()
    tokens = house.redeem(code).get_json()
    assert house.userinfo(tokens["access_token"]).status_code == 200
    house.redeem(code)
    assert house.userinfo(tokens["access_token"]).status_code == 401
    assert house.introspect(tokens["access_token"]) == {"active": False}
    assert refused(house.refresh(tokens["refresh_token"]))


@pytest.mark.race
def test_of_twenty_redemptions_at_once_exactly_one_wins(house: House):
    code = house.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: house.redeem(code).status_code, range(20)))
    assert sorted(answers) == [200] + [400] * 19


def test_a_code_lives_for_sixty_seconds(house: House):
    late, early = house.code(), house.code()
    house.clock.advance(59)
    assert house.redeem(early).status_code == 200
    house.clock.advance(2)
    assert refused(house.redeem(late))


def test_a_code_of_an_old_session_is_as_young_as_any(house: House):
    session = house.log_in()
    house.clock.advance(3 * 3600)
    code = house.code(session)
    house.clock.advance(30)
    id_token = house.claims(house.redeem(code).get_json()["id_token"])
    assert id_token["auth_time"] == session.auth_time
    assert id_token["iat"] == session.auth_time + 3 * 3600 + 30


def test_another_client_cannot_redeem_a_code_nor_burn_it(house: House):
    code = house.code()
    assert refused(house.redeem(code, headers={}, **MINISTRY))
    assert house.redeem(code).status_code == 200


def test_a_code_tells_nothing(house: House):
    session = house.log_in()
    code = house.code(session)
    assert len(code) == 43
    assert session.sid not in code
    assert house.officer.id not in code


def test_logout_before_redemption_voids_the_code(house: House):
    session = house.log_in()
    code = house.code(session)
    with house.stores.write() as work:
        work.user_sessions.end(session.sid, now=house.clock())
    assert refused(house.redeem(code))


def test_a_disabled_person_gets_no_tokens(house: House):
    code = house.code()
    with house.stores.write() as work:
        work.users.set_enabled(house.officer.id, enabled=False, now=house.clock())
    assert refused(house.redeem(code))


def test_a_client_that_was_disabled_on_the_way_gets_nothing(house: House, make_house: MakeHouse):
    code = house.code()
    later = make_house(with_client(client("backoffice", enabled=False)))
    assert later.redeem(code).status_code == 401


def test_a_session_that_ran_out_gives_no_tokens(house: House):
    code = house.code(house.log_in(lifetime=30))
    house.clock.advance(30)
    assert refused(house.redeem(code))


@pytest.mark.parametrize(
    "verifier",
    [
        *("w" * 43, "v" * 42, "v" * 129, "v" * 42 + "=", "v" * 42 + "ক", "", None),
        CHALLENGE,
    ],
)
def test_a_wrong_verifier_burns_the_code(house: House, verifier: str | None):
    code = house.code()
    assert refused(house.redeem(code, code_verifier=verifier))
    assert refused(house.redeem(code))


def test_a_verifier_without_a_challenge_is_refused(house: House):
    uri = "https://relaxed.example/cb"
    none = {"code_challenge": None, "code_challenge_method": None}
    relaxed = basic("relaxed", "relaxed-secret")
    code = house.code(client_id="relaxed", redirect_uri=uri, **none)
    assert refused(house.redeem(code, redirect_uri=uri, headers=relaxed))
    code = house.code(client_id="relaxed", redirect_uri=uri, **none)
    plain = house.redeem(code, redirect_uri=uri, code_verifier=None, headers=relaxed)
    assert plain.status_code == 200


def test_the_rfc_s_own_verifier_fits_its_challenge():
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert is_verifier_of("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier)
    assert not is_verifier_of(verifier, verifier)
    assert not is_verifier_of(CHALLENGE, VERIFIER + "\n")


@pytest.mark.parametrize(
    "redirect_uri", [None, "", "https://backoffice.example/cb?tenant=1", "https://evil.example/"]
)
def test_the_redirect_uri_must_be_the_one_of_the_request(house: House, redirect_uri: str | None):
    assert refused(house.redeem(house.code(), redirect_uri=redirect_uri))


@pytest.mark.parametrize("code", ["x", "কোড", "' OR 1=1 --", "x" * 5000])
def test_unknown_codes_are_refused(house: House, code: str):
    assert refused(house.redeem(code))


def test_a_missing_code_is_an_invalid_request(house: House):
    assert refused(house.redeem(""), "invalid_request")


# Refresh: RF1-RF8.


def test_a_client_without_the_grant_gets_no_refresh_token(house: House):
    uri = "https://modest.example/cb"
    code = house.code(client_id="modest", redirect_uri=uri, scope="openid")
    headers = basic("modest", "modest-secret")
    assert "refresh_token" not in house.redeem(code, redirect_uri=uri, headers=headers).get_json()


def test_a_confidential_client_keeps_its_refresh_token(house: House):
    token = house.tokens()["refresh_token"]
    for _ in range(2):
        answer = house.refresh(token)
        assert answer.status_code == 200
        assert "refresh_token" not in answer.get_json()


def test_a_public_client_gets_a_new_one_each_time(house: House):
    first = house.public_tokens()["refresh_token"]
    second = house.refresh_public(first).get_json()["refresh_token"]
    third = house.refresh_public(second).get_json()["refresh_token"]
    assert len({first, second, third}) == 3


def test_a_rotated_token_that_comes_again_ends_the_family(house: House):
    first = house.public_tokens()["refresh_token"]
    answer = house.refresh_public(first).get_json()
    assert refused(house.refresh_public(first))
    assert refused(house.refresh_public(answer["refresh_token"]))
    assert house.userinfo(answer["access_token"]).status_code == 401


@pytest.mark.race
def test_of_twenty_rotations_at_once_at_most_one_wins(house: House):
    token = house.public_tokens()["refresh_token"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: house.refresh_public(token).status_code, range(20)))
    assert sorted(answers) == [200] + [400] * 19


def test_another_client_cannot_refresh(house: House):
    confidential, public = house.tokens()["refresh_token"], house.public_tokens()["refresh_token"]
    assert refused(house.refresh(confidential, headers={}, **MINISTRY))
    assert refused(house.refresh_public(confidential))
    assert refused(house.refresh(public))
    assert house.refresh_public(public).status_code == 200


def test_more_scope_is_refused_and_costs_nothing(house: House):
    token = house.public_tokens()["refresh_token"]
    more = house.refresh_public(token, scope="openid offline_access")
    assert refused(more, "invalid_scope")
    assert house.refresh_public(token).status_code == 200


def test_less_scope_is_given(house: House):
    token = house.tokens()["refresh_token"]
    narrow = house.refresh(token, scope="openid email").get_json()
    assert narrow["scope"] == "openid email"
    assert set(house.userinfo(narrow["access_token"]).get_json()) == {
        "sub",
        "email",
        "email_verified",
    }
    assert house.refresh(token).get_json()["scope"] == "openid profile email"


def test_without_openid_a_refresh_gives_no_id_token(house: House):
    answer = house.refresh(house.tokens()["refresh_token"], scope="email").get_json()
    assert "id_token" not in answer
    assert house.userinfo(answer["access_token"]).status_code == 403


def test_a_new_id_token_tells_of_the_same_login(house: House):
    tokens = house.tokens()
    house.clock.advance(600)
    fresh = house.claims(house.refresh(tokens["refresh_token"]).get_json()["id_token"])
    old = house.claims(tokens["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid")
    assert {name: fresh[name] for name in same} == {name: old[name] for name in same}
    assert "nonce" not in fresh
    assert fresh["iat"] == old["iat"] + 600


@pytest.mark.parametrize("end", ["disable", "logout", "everywhere"])
def test_who_was_logged_out_or_disabled_refreshes_no_more(house: House, end: str):
    session = house.log_in()
    token = house.tokens(session)["refresh_token"]
    with house.stores.write() as work:
        if end == "disable":
            work.users.set_enabled(house.officer.id, enabled=False, now=house.clock())
        elif end == "logout":
            work.user_sessions.end(session.sid, now=house.clock())
        else:
            work.user_sessions.end_all_of_user(house.officer.id, now=house.clock())
    assert refused(house.refresh(token))


def test_a_refresh_token_ends_with_the_session(house: House):
    token = house.tokens(house.log_in(lifetime=7200))["refresh_token"]
    house.clock.advance(7199)
    assert house.refresh(token).status_code == 200
    house.clock.advance(1)
    assert refused(house.refresh(token))


def test_offline_access_outlives_the_session_but_not_its_own_end(house: House):
    session = house.log_in(lifetime=7200)
    month = 30 * 86_400
    token = house.tokens(session, scope="openid offline_access")["refresh_token"]
    house.clock.advance(month - 1)
    assert house.refresh(token).status_code == 200
    house.clock.advance(1)
    assert refused(house.refresh(token))


def test_rotation_does_not_lengthen_a_family_s_life(house: House):
    token = house.public_tokens()["refresh_token"]
    house.clock.advance(35_000)
    token = house.refresh_public(token).get_json()["refresh_token"]
    house.clock.advance(1_000)
    assert refused(house.refresh_public(token))


def test_a_scope_that_left_the_client_s_file_is_given_no_more(house: House, make_house: MakeHouse):
    tokens = house.tokens()
    later = make_house(with_client(client("backoffice", scopes=("openid", "profile"))))
    answer = later.refresh(tokens["refresh_token"], scope="openid email").get_json()
    assert answer["scope"] == "openid"
    assert "email" not in later.userinfo(tokens["access_token"]).get_json()
    assert refused(later.refresh(tokens["refresh_token"], scope="email"), "invalid_scope")


def test_a_client_that_lost_all_its_scopes_gets_nothing_for_a_code(
    house: House, make_house: MakeHouse
):
    code = house.code()
    assert refused(make_house(with_client(client("backoffice", scopes=()))).redeem(code))


def test_a_client_that_lost_the_grant_refreshes_no_more(house: House, make_house: MakeHouse):
    token = house.tokens()["refresh_token"]
    later = make_house(with_client(client("backoffice", grants=("authorization_code",))))
    assert refused(later.refresh(token), "unauthorized_client")


@pytest.mark.parametrize("token", ["x", "টোকেন", "a.b.c", "x" * 5000])
def test_unknown_refresh_tokens_are_refused(house: House, token: str):
    assert refused(house.refresh(token))
    assert refused(house.refresh_public(token))


def test_a_missing_refresh_token_is_an_invalid_request(house: House):
    assert refused(house.refresh(""), "invalid_request")


# client_credentials.


def test_a_robot_gets_a_token_of_its_own(house: House):
    headers = basic("robot", "robot-secret")
    body = house.token({"grant_type": "client_credentials"}, headers=headers).get_json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    claims = house.claims(body["access_token"], "at+jwt")
    assert claims["sub"] == claims["client_id"] == "robot"
    assert "sid" not in claims
    assert "auth_time" not in claims


@pytest.mark.parametrize("scope", ["openid", "profile", "x"])
def test_a_robot_is_no_person(house: House, scope: str):
    headers = basic("robot", "robot-secret")
    form = {"grant_type": "client_credentials", "scope": scope}
    assert refused(house.token(form, headers=headers), "invalid_scope")


def test_a_public_client_has_no_credentials(make_house: MakeHouse):
    public = client("spa", auth="none", secrets=(), grants=("client_credentials",))
    form = {"grant_type": "client_credentials", "client_id": "spa"}
    answer = make_house(with_client(public)).token(form, headers={})
    assert refused(answer, "unauthorized_client")


def test_client_credentials_ask_no_store(house: House, monkeypatch):
    server = house.provider._server
    monkeypatch.setattr(server, "stores", None)
    headers = basic("robot", "robot-secret")
    answer = house.token({"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 200


def test_what_was_redeemed_does_not_show_its_refresh_token(house: House):
    claims = house.claims(house.tokens()["access_token"], "at+jwt")
    with house.stores.read() as work:
        found = work.grants.find_live(claims["jti"].partition(".")[0])
    assert found is not None
    grant, user = found
    redeemed = Redeemed(grant=grant, user=user, scope=(), refresh_token="hidden", now=0)
    assert "hidden" not in repr(redeemed)
