"""claims_style = "keycloak": Keycloak's claims in Keycloak's places, for that client alone."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy import update

from idp.oidc.keycloak_claims import introspection_claims
from idp.stores.sql.tables import users
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import ISSUER, OFFICER, VERIFIER, basic, client

ROLES = {"realm": ["approver"], "clients": {"desk": ["publisher"], "land": ["surveyor"]}}
ATTRIBUTES = {"given_name": "রহিমা", "family_name": ["খাতুন", "বেগম"], "phone": "01555", "title": []}
CALLBACK = "https://desk.example/cb"
PERSON = {"preferred_username", "name", "given_name", "family_name", "locale"}
MAILBOX = {"email", "email_verified"}
ALL = "openid profile email"


@pytest.fixture
def keycloak(make_house: MakeHouse) -> House:
    """Return a provider with the same client in both styles, and an officer with roles."""
    records = (
        client("desk", claims_style="keycloak"),
        client("plain"),
        client("spa", auth="none", secrets=(), claims_style="keycloak"),
        client("narrow", scopes=("openid", "email"), claims_style="keycloak"),
        client("robot", claims_style="keycloak", grants=("client_credentials",), redirect_uris=()),
        client("api"),
        client("far", access_token_audience="account", claims_style="keycloak"),
    )
    house = make_house({record.client_id: record for record in records})
    _describe(house, roles=json.dumps(ROLES), attributes=json.dumps(ATTRIBUTES), locale="bn")
    return house


def _describe(house: House, **changes: Any) -> None:
    """Give the officer other roles, attributes or names."""
    of_officer = update(users).where(users.c.id == OFFICER.id)
    with house.stores.engine.begin() as connection:
        connection.execute(of_officer.values(**changes))


def _answer(house: House, client_id: str = "desk", **changes: Any) -> dict[str, Any]:
    uri = f"https://{client_id}.example/cb"
    code = house.code(client_id=client_id, redirect_uri=uri, **changes)
    is_public = client_id == "spa"
    headers = {} if is_public else basic(client_id, f"{client_id}-secret")
    sent = {"client_id": client_id} if is_public else {}
    answer = house.redeem(code, redirect_uri=uri, headers=headers, **sent)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def _claims(house: House, client_id: str = "desk", **changes: Any) -> dict[str, Any]:
    return house.claims(_answer(house, client_id, **changes)["access_token"], "at+jwt")


# Roles.


def test_roles_stand_where_keycloak_puts_them(keycloak: House):
    claims = _claims(keycloak)
    assert claims["realm_access"] == {"roles": ["approver"]}
    assert claims["resource_access"] == {
        "desk": {"roles": ["publisher"]},
        "land": {"roles": ["surveyor"]},
    }


def test_a_client_of_the_standard_style_never_gets_a_role(keycloak: House):
    answer = _answer(keycloak, "plain")
    texts = [json.dumps(keycloak.claims(answer["access_token"], "at+jwt"))]
    texts += [json.dumps(keycloak.claims(answer["id_token"]))]
    texts += [keycloak.userinfo(answer["access_token"]).text]
    texts += [json.dumps(keycloak.introspect(answer["access_token"], headers=_of("plain")))]
    for text in texts:
        for trace in ("approver", "publisher", "access", "azp", "preferred_username", '"typ"'):
            assert trace not in text


def test_a_client_of_the_standard_style_gets_exactly_the_claims_of_before(keycloak: House):
    answer = _answer(keycloak, "plain")
    assert set(answer) == {
        *("access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token")
    }
    access = keycloak.claims(answer["access_token"], "at+jwt")
    assert set(access) == {
        *("iss", "aud", "client_id", "scope", "iat", "exp", "sub", "jti", "auth_time", "acr", "sid")
    }


def test_the_roles_of_users_are_not_even_read_for_the_standard_style(keycloak: House):
    _describe(keycloak, roles="no JSON at all", attributes="none either")
    assert _answer(keycloak, "plain")["access_token"]


def test_roles_are_in_no_id_token_and_no_userinfo(keycloak: House):
    answer = _answer(keycloak)
    for text in (
        json.dumps(keycloak.claims(answer["id_token"])),
        keycloak.userinfo(answer["access_token"]).text,
    ):
        assert "access" not in text.replace("access_token", "")
        assert "approver" not in text


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        ({}, set()),
        ({"realm": [], "clients": {"desk": []}}, set()),
        ({"realm": ["a"]}, {"realm_access"}),
        ({"clients": {"desk": ["a"]}}, {"resource_access"}),
    ],
)
def test_somebody_without_roles_has_no_claim_of_them(keycloak: House, roles, names: set[str]):
    _describe(keycloak, roles=json.dumps(roles))
    assert {n for n in _claims(keycloak) if n.endswith("_access")} == names


def test_too_many_roles_of_others_leave_those_of_the_client(keycloak: House):
    others = {f"system-{n}": [f"role-{m}" for m in range(10)] for n in range(30)}
    _describe(keycloak, roles=json.dumps({"clients": {"desk": ["publisher"], **others}}))
    answer = _answer(keycloak)
    claims = keycloak.claims(answer["access_token"], "at+jwt")
    assert claims["resource_access"] == {"desk": {"roles": ["publisher"]}}
    assert keycloak.userinfo(answer["access_token"]).status_code == 200


def test_far_too_many_roles_are_none_and_the_token_can_still_be_read(keycloak: House):
    _describe(
        keycloak,
        roles=json.dumps({"realm": [f"ভূমিকা-{n}" for n in range(3_000)]}),
        name_en="ক" * 200,
        attributes=json.dumps(dict.fromkeys(("given_name", "family_name"), "খ" * 64)),
    )
    answer = _answer(keycloak)
    assert "realm_access" not in keycloak.claims(answer["access_token"], "at+jwt")
    assert keycloak.userinfo(answer["access_token"]).status_code == 200


def test_the_longest_of_everything_still_fits_into_a_token(keycloak: House):
    names = dict.fromkeys(("preferred_username", "given_name", "family_name"), "খ" * 64)
    roles = {"realm": ["ভূমিকা-অনুমোদনকারী"] * 15}
    _describe(
        keycloak,
        roles=json.dumps(roles),
        attributes=json.dumps(names),
        name_en="ক" * 200,
    )
    answer = _answer(keycloak)
    assert keycloak.claims(answer["access_token"], "at+jwt")["realm_access"]
    assert keycloak.userinfo(answer["access_token"]).status_code == 200


def test_roles_of_today_are_in_the_next_token(keycloak: House):
    token = _answer(keycloak)["refresh_token"]
    _describe(keycloak, roles="{}")
    refreshed = keycloak.refresh(token, headers=_of("desk")).get_json()
    assert "realm_access" not in keycloak.claims(refreshed["access_token"], "at+jwt")


# Who it is.


def _of(client_id: str) -> dict[str, str]:
    return basic(client_id, f"{client_id}-secret")


def test_the_access_token_is_one_of_rfc_9068_with_keycloaks_claims_beside(keycloak: House):
    claims = _claims(keycloak, scope=ALL)
    assert (claims["typ"], claims["azp"], claims["client_id"]) == ("Bearer", "desk", "desk")
    assert claims["aud"] == ISSUER
    assert claims["sub"] == OFFICER.id
    assert claims["preferred_username"] == OFFICER.email
    assert (claims["given_name"], claims["family_name"]) == ("রহিমা", "খাতুন")
    assert set(claims) >= PERSON | MAILBOX


def test_the_audience_is_what_the_client_s_file_says(keycloak: House):
    assert _claims(keycloak, "far")["aud"] == ["account", ISSUER]


def test_id_token_and_userinfo_say_who_it_is(keycloak: House):
    answer = _answer(keycloak)
    claims = keycloak.claims(answer["id_token"])
    assert (claims["typ"], claims["azp"], claims["aud"]) == ("ID", "desk", "desk")
    assert set(claims) >= PERSON | MAILBOX
    told = keycloak.userinfo(answer["access_token"]).get_json()
    assert set(told) >= PERSON | MAILBOX | {"sub", "name#bn", "office", "updated_at"}
    for name in (*PERSON, *MAILBOX, "sub"):
        assert told[name] == claims[name], name


def test_attributes_that_are_no_name_stay_out_of_tokens(keycloak: House):
    claims = _claims(keycloak)
    assert "phone" not in claims
    assert "title" not in claims


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_is_no_name_is_left_out(keycloak: House, name: str):
    _describe(keycloak, attributes=json.dumps({"given_name": name, "family_name": []}))
    claims = _claims(keycloak)
    assert "given_name" not in claims
    assert "family_name" not in claims


def test_a_user_name_that_came_from_keycloak_is_kept(keycloak: House):
    _describe(keycloak, attributes='{"preferred_username": "rahima"}')
    answer = _answer(keycloak)
    assert keycloak.claims(answer["id_token"])["preferred_username"] == "rahima"
    assert keycloak.introspect(answer["access_token"], headers=_of("desk"))["username"] == "rahima"


def test_no_attribute_takes_the_place_of_a_claim_of_the_protocol(keycloak: House):
    stolen = dict.fromkeys(("sub", "iss", "aud", "azp", "typ", "client_id", "exp", "email"), "evil")
    _describe(keycloak, attributes=json.dumps(stolen))
    answer = _answer(keycloak)
    for token, typ in ((answer["access_token"], "at+jwt"), (answer["id_token"], "JWT")):
        assert "evil" not in json.dumps(keycloak.claims(token, typ))
    assert "evil" not in keycloak.userinfo(answer["access_token"]).text


def test_a_mailed_code_proves_the_mailbox_in_every_place(keycloak: House):
    _describe(keycloak, email_verified=False)
    answer = _answer(keycloak)
    assert keycloak.claims(answer["id_token"])["email_verified"] is True
    assert keycloak.userinfo(answer["access_token"]).get_json()["email_verified"] is True


# Keycloak's default scopes.


def test_profile_and_email_come_with_openid_as_they_do_there(keycloak: House):
    answer = _answer(keycloak, "desk", scope="openid")
    assert answer["scope"] == "openid profile email"
    assert set(keycloak.claims(answer["id_token"])) >= PERSON | MAILBOX


def test_no_default_scope_goes_beyond_the_client_s_file(keycloak: House):
    answer = _answer(keycloak, "narrow", scope="openid")
    assert answer["scope"] == "openid email"
    claims = keycloak.claims(answer["id_token"])
    assert claims.keys() >= MAILBOX
    assert not claims.keys() & PERSON


def test_the_standard_style_gets_the_scope_that_it_asked_for(keycloak: House):
    assert _answer(keycloak, "plain", scope="openid")["scope"] == "openid"


# Introspection.


def test_introspection_tells_what_keycloaks_does(keycloak: House):
    answer = _answer(keycloak)
    told = keycloak.introspect(answer["access_token"], headers=_of("desk"))
    claims = keycloak.claims(answer["access_token"], "at+jwt")
    assert told["active"] is True
    assert (told["token_type"], told["username"]) == ("Bearer", OFFICER.email)
    for name in ("realm_access", "resource_access", "azp", "typ", "sid", "email", "client_id"):
        assert told[name] == claims[name], name


def test_introspection_adds_nothing_to_a_token_without_the_style():
    assert introspection_claims({"sub": "u", "sid": "s", "realm_access": {"roles": ["a"]}}) == {}


# Its own tokens.


def test_a_client_that_acts_for_itself_is_named_as_its_service_account(keycloak: House):
    form = {"grant_type": "client_credentials"}
    answer = keycloak.token(form, headers=_of("robot")).get_json()
    claims = keycloak.claims(answer["access_token"], "at+jwt")
    assert (claims["azp"], claims["typ"], claims["sub"]) == ("robot", "Bearer", "robot")
    assert claims["preferred_username"] == "service-account-robot"
    assert "refresh_expires_in" not in answer


def test_a_client_that_acts_for_itself_may_ask_for_openid_in_vain(keycloak: House):
    form = {"grant_type": "client_credentials", "scope": "openid"}
    answer = keycloak.token(form, headers=_of("robot"))
    assert answer.status_code == 200
    assert "openid" not in answer.get_json().get("scope", "")
    foreign = {**form, "scope": "openid reports"}
    assert keycloak.token(foreign, headers=_of("robot")).get_json()["error"] == "invalid_scope"


# Refresh tokens and the answer.


def _payload(token: str) -> dict[str, Any]:
    _, payload, _ = token.split(".")
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return decoded


def test_a_refresh_token_can_be_read_like_keycloaks(keycloak: House):
    session = keycloak.log_in(lifetime=3_600)
    answer = _answer(keycloak, "desk", session=session)
    payload = _payload(answer["refresh_token"])
    assert payload["typ"] == "Refresh"
    assert payload["exp"] == session.expires_at
    assert (payload["azp"], payload["sub"], payload["sid"]) == ("desk", OFFICER.id, session.sid)
    assert answer["refresh_expires_in"] == 3_600
    assert answer["session_state"] == session.sid
    assert answer["not-before-policy"] == 0


def test_a_readable_refresh_token_is_as_hard_to_guess_as_any_other(keycloak: House):
    answers = [_answer(keycloak)["refresh_token"] for _ in range(20)]
    secrets = {token.rpartition(".")[2] for token in answers}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {43}


def test_a_refresh_token_with_a_changed_part_is_refused(keycloak: House):
    token = _answer(keycloak)["refresh_token"]
    header, payload, secret = token.split(".")
    forged = base64.urlsafe_b64encode(b'{"exp":9999999999}').decode().rstrip("=")
    for bad in (
        secret,
        f"{header}.{forged}.{secret}",
        f"{header}.{payload}.",
        f".{payload}.{secret}",
    ):
        answer = keycloak.refresh(bad, headers=_of("desk"))
        assert answer.get_json()["error"] == "invalid_grant"
    assert keycloak.refresh(token, headers=_of("desk")).status_code == 200


def test_a_refresh_token_is_no_access_token(keycloak: House):
    token = _answer(keycloak)["refresh_token"]
    assert keycloak.userinfo(token).status_code == 401
    assert keycloak.introspect(token, headers=_of("desk"))["active"] is True
    assert keycloak.revoke(token, headers=_of("desk")).status_code == 200
    assert keycloak.introspect(token, headers=_of("desk")) == {"active": False}


def test_a_confidential_client_is_given_its_refresh_token_again(keycloak: House):
    token = _answer(keycloak)["refresh_token"]
    refreshed = keycloak.refresh(token, headers=_of("desk")).get_json()
    assert refreshed["refresh_token"] == token
    plain = _answer(keycloak, "plain")["refresh_token"]
    assert "refresh_token" not in keycloak.refresh(plain, headers=_of("plain")).get_json()


def test_a_public_client_s_refresh_token_rotates_and_stays_readable(keycloak: House):
    token = _answer(keycloak, "spa")["refresh_token"]
    successor = keycloak.refresh_public(token).get_json()["refresh_token"]
    assert successor != token
    assert _payload(successor)["typ"] == "Refresh"
    assert keycloak.refresh_public(token).get_json()["error"] == "invalid_grant"


# Client authentication.


def test_a_secret_may_come_either_way_as_at_keycloak(keycloak: House):
    for client_id, status in (("desk", 200), ("plain", 401)):
        uri = f"https://{client_id}.example/cb"
        code = keycloak.code(client_id=client_id, redirect_uri=uri)
        in_body = {"client_id": client_id, "client_secret": f"{client_id}-secret"}
        assert keycloak.redeem(code, redirect_uri=uri, headers={}, **in_body).status_code == status


def test_neither_way_lets_a_wrong_secret_or_none_in(keycloak: House):
    form = {"grant_type": "authorization_code", "code": "c", "client_id": "desk"}
    for wrong in ({}, {"client_secret": "wrong"}, {"client_secret": "plain-secret"}):
        assert keycloak.token({**form, **wrong}, headers={}).status_code == 401
    assert keycloak.token(form, headers=basic("desk", "wrong")).status_code == 401
    public = {**form, "client_id": "spa", "client_secret": "any"}
    assert keycloak.token(public, headers={}).status_code == 401


def test_the_verifier_is_still_demanded(keycloak: House):
    code = keycloak.code(client_id="desk", redirect_uri=CALLBACK)
    bad = keycloak.redeem(code, redirect_uri=CALLBACK, headers=_of("desk"), code_verifier="x" * 43)
    assert bad.get_json()["error"] == "invalid_grant"
    assert VERIFIER != "x" * 43
