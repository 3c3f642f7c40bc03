"""The Basic plan of the OpenID Foundation's conformance suite, module by module.

One test a module, named after it, asserts the outcome that the suite looks for. These tests stand
at the protocol's own border; where a module needs a person before a page, tests/walks/ goes on.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt

from idp.model.errors import AuthorizationError, RequestRefused
from idp.model.sessions import UserSession
from idp.oidc.assurance import ACR_VALUES
from idp.oidc.keys import token_hash
from idp.oidc.protocol import OPENID_SCOPES, USERINFO
from tests.oidc.conformance.plan import named_after, names_of_tests
from tests.oidc.conftest import House, MakeHouse
from tests.oidc.relying_party import (
    ISSUER,
    OFFICER,
    authorization_pairs,
    basic,
    client,
    clients,
    published,
)

# The suite's clients send no PKCE, but for one module.
PLAIN: dict[str, Any] = {
    "client_id": "relaxed",
    "redirect_uri": "https://relaxed.example/cb",
    "scope": "openid",
    "code_challenge": None,
    "code_challenge_method": None,
}
SECRET = basic("relaxed", "relaxed-secret")

MODULES = (
    *("server", "response-type-missing", "idtoken-signature", "idtoken-unsigned"),
    *("userinfo-get", "userinfo-post-header", "userinfo-post-body"),
    *("ensure-request-without-nonce-succeeds-for-code-flow", "scope-profile", "scope-email"),
    *("scope-address", "scope-phone", "scope-all", "alternate-happy-flow", "display-page"),
    *("display-popup", "prompt-login", "prompt-none-not-logged-in", "prompt-none-logged-in"),
    *("max-age-1", "max-age-10000", "ensure-request-with-unknown-parameter-succeeds"),
    *("id-token-hint", "login-hint", "ui-locales", "claims-locales"),
    *("ensure-request-with-acr-values-succeeds", "codereuse", "codereuse-30seconds"),
    *("ensure-registered-redirect-uri", "ensure-post-request-succeeds"),
    *("server-client-secret-post", "claims-essential", "refresh-token"),
    "unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "ensure-request-object-with-redirect-uri",
    "ensure-request-with-valid-pkce-succeeds",
    # With dynamic registration, which this provider does not offer yet.
    "redirect-uri-query-OK",
    "redirect-uri-query-mismatch",
    "redirect-uri-query-added",
    "redirect-uri-regfrag",
    "ensure-redirect-uri-in-authorization-request",
    "request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
)
SKIPPED = {
    "idtoken-unsigned": "no alg none in id_token_signing_alg_values_supported",
    "scope-address": "scopes_supported has no address",
    "scope-phone": "scopes_supported has no phone",
    "scope-all": "asks for address and phone, which scopes_supported has not",
}


def test_every_module_has_its_test_or_a_reason():
    tests = names_of_tests(__name__)
    expected = {named_after(module) for module in MODULES if module not in SKIPPED}
    assert expected <= tests
    assert set(SKIPPED) < set(MODULES)
    assert all(SKIPPED.values())
    assert tests - expected == {
        "test_every_module_has_its_test_or_a_reason",
        "test_skips_rest_on_what_discovery_says",
    }


def test_skips_rest_on_what_discovery_says(house: House):
    assert "none" not in house.keys.algs
    assert not {"address", "phone"} & set(OPENID_SCOPES)


def run(house: House, session: UserSession | None = None, **changes: str | None) -> dict[str, Any]:
    """Send a person through and return the token response."""
    answer = house.authorize(session, **(PLAIN | changes))
    assert answer.location.startswith("https://relaxed.example/cb?")
    sent = dict(answer.fields)
    assert set(sent) == {"code", "state", "iss"}
    assert sent["iss"] == ISSUER
    assert sent["state"] == changes.get("state", "af0ifjsldkj")
    uri = changes.get("redirect_uri", "https://relaxed.example/cb")
    tokens = house.redeem(sent["code"], headers=SECRET, redirect_uri=uri, code_verifier=None)
    assert tokens.status_code == 200
    body: dict[str, Any] = tokens.get_json()
    return body


def validated(house: House, tokens: dict[str, Any]) -> dict[str, Any]:
    """Validate the ID token as the suite does and return its claims."""
    public = published(house.keys)
    token = jwt.decode(tokens["id_token"], public, algorithms=["RS256"])
    assert token.header["alg"] == "RS256"
    assert token.header["kid"]
    claims = token.claims
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "relaxed"
    assert claims["iat"] == house.clock() < claims["exp"]
    assert claims["at_hash"] == token_hash(tokens["access_token"])
    unasked = {"auth_time", "acr", "amr", "at_hash", "sid"}
    assert set(claims) - unasked <= {"iss", "sub", "aud", "exp", "iat", "nonce"}
    return claims


def refusal(house: House, *extra: tuple[str, str], **changes: str | None) -> AuthorizationError:
    with pytest.raises(AuthorizationError) as caught:
        house.provider.check_request([*authorization_pairs(**(PLAIN | changes)), *extra])
    fields = dict(house.provider.failure(caught.value).fields)
    assert set(fields) == {"error", "error_description", "error_uri", "state", "iss"}
    return caught.value


def check_page(house: House, **changes: str | None) -> None:
    with pytest.raises(RequestRefused):
        house.provider.check_request(authorization_pairs(**(PLAIN | changes)))


def reason(house: House, session: UserSession | None, **changes: str | None) -> str | None:
    asked = house.provider.check_request(authorization_pairs(**(PLAIN | changes)))
    return house.provider.reason_to_ask(asked, session, now=house.clock())


def test_server(house: House):
    tokens = run(house)
    claims = validated(house, tokens)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["sub"] == OFFICER.id
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] > 0


def test_server_client_secret_post(make_house: MakeHouse):
    post = client("relaxed", auth="client_secret_post", pkce="optional")
    house = make_house(clients() | {"relaxed": post})
    code = house.code(**PLAIN)
    form = {"client_id": "relaxed", "client_secret": "relaxed-secret", "code_verifier": None}
    uri = "https://relaxed.example/cb"
    tokens = house.redeem(code, headers={}, redirect_uri=uri, **form)
    assert validated(house, tokens.get_json())


def test_response_type_missing(house: House):
    assert refusal(house, response_type=None).error == "invalid_request"


def test_idtoken_signature(house: House):
    assert validated(house, run(house))


def test_userinfo_get(house: House):
    assert house.userinfo(run(house)["access_token"]).get_json() == {"sub": OFFICER.id}


def test_userinfo_post_header(house: House):
    headers = {"Authorization": f"Bearer {run(house)['access_token']}"}
    assert house.browser.post(USERINFO, headers=headers).get_json() == {"sub": OFFICER.id}


def test_userinfo_post_body(house: House):
    form = {"access_token": run(house)["access_token"]}
    assert house.browser.post(USERINFO, data=form).get_json() == {"sub": OFFICER.id}


def test_ensure_request_without_nonce_succeeds_for_code_flow(house: House):
    assert "nonce" not in validated(house, run(house, nonce=None))


def test_scope_profile(house: House):
    """The suite warns about claims that nobody here has: given_name, birthdate and others."""
    tokens = run(house, scope="openid profile")
    assert validated(house, tokens)
    claims = house.userinfo(tokens["access_token"]).get_json()
    assert claims["name"] == OFFICER.name_en
    assert isinstance(claims["updated_at"], int)


def test_scope_email(house: House):
    tokens = run(house, scope="openid email")
    assert validated(house, tokens)  # neither name nor email leaks into it
    claims = house.userinfo(tokens["access_token"]).get_json()
    assert claims == {"sub": OFFICER.id, "email": OFFICER.email, "email_verified": True}


def test_alternate_happy_flow(house: House):
    pairs = authorization_pairs(**(PLAIN | {"scope": "email profile openid"}))
    asked = house.provider.check_request(pairs[::-1])
    assert asked.scope == ("email", "profile", "openid")
    assert validated(house, run(house, scope="email profile openid"))


def test_display_page(house: House):
    assert run(house, display="page")


def test_display_popup(house: House):
    assert run(house, display="popup")


def test_prompt_login(house: House):
    session = house.log_in()
    assert reason(house, session, prompt="login") == "login_prompted"
    first = validated(house, run(house, session))
    house.clock.advance(2)
    second = validated(house, run(house, house.log_in(), prompt="login"))
    assert second["auth_time"] > first["auth_time"]


def test_prompt_none_not_logged_in(house: House):
    with pytest.raises(AuthorizationError) as caught:
        reason(house, None, prompt="none")
    assert caught.value.error == "login_required"


def test_prompt_none_logged_in(house: House):
    session = house.log_in()
    first = validated(house, run(house, session))
    house.clock.advance(5)
    assert reason(house, session, prompt="none") is None
    second = validated(house, run(house, session, prompt="none"))
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


def test_max_age_1(house: House):
    session = house.log_in()
    house.clock.advance(2)
    assert reason(house, session, max_age="1") == "max_age"
    assert validated(house, run(house, house.log_in(), max_age="1"))["auth_time"] == house.clock()


def test_max_age_10000(house: House):
    session = house.log_in()
    first = validated(house, run(house, session, max_age="15000"))
    house.clock.advance(100)
    assert reason(house, session, max_age="10000") is None
    second = validated(house, run(house, session, max_age="10000"))
    assert first["auth_time"] == second["auth_time"]


def test_ensure_request_with_unknown_parameter_succeeds(house: House):
    assert run(house, extra="foobar")


def test_id_token_hint(house: House):
    session = house.log_in()
    hint = run(house, session)["id_token"]
    assert reason(house, session, prompt="none", id_token_hint=hint) is None
    assert validated(house, run(house, session, prompt="none", id_token_hint=hint))


def test_login_hint(house: House):
    asked = house.provider.check_request(authorization_pairs(login_hint="buffy@example.gov.bd"))
    assert asked.login_hint == "buffy@example.gov.bd"
    assert run(house, login_hint="buffy@example.gov.bd")


def test_ui_locales(house: House):
    assert run(house, ui_locales="se")


def test_claims_locales(house: House):
    assert run(house, claims_locales="se")


def test_ensure_request_with_acr_values_succeeds(house: House):
    acr_values = " ".join(ACR_VALUES)
    assert validated(house, run(house, acr_values=acr_values))["acr"] in ACR_VALUES


def test_codereuse(house: House):
    code = house.code(**PLAIN)
    redeem: Callable[[], Any] = lambda: house.redeem(  # noqa: E731
        code, headers=SECRET, redirect_uri="https://relaxed.example/cb", code_verifier=None
    )
    assert redeem().status_code == 200
    again = redeem()
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")


def test_codereuse_30seconds(house: House):
    code = house.code(**PLAIN)
    uri: dict[str, Any] = {"redirect_uri": PLAIN["redirect_uri"], "code_verifier": None}
    token = house.redeem(code, headers=SECRET, **uri).get_json()["access_token"]
    house.clock.advance(30)
    again = house.redeem(code, headers=SECRET, **uri)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert house.userinfo(token).status_code == 401


def test_ensure_registered_redirect_uri(house: House):
    check_page(house, redirect_uri="https://relaxed.example/cb/unregistered")


def test_ensure_redirect_uri_in_authorization_request(house: House):
    check_page(house, redirect_uri=None)


def test_redirect_uri_query_ok(house: House):
    uri = "https://relaxed.example/cb?tenant=1"
    location = house.authorize(**(PLAIN | {"redirect_uri": uri})).location
    assert dict(parse_qsl(urlsplit(location).query)).keys() >= {"tenant", "code", "iss"}
    assert validated(house, run(house, redirect_uri=uri))


def test_redirect_uri_query_mismatch(house: House):
    check_page(house, redirect_uri="https://relaxed.example/cb?tenant=2")


def test_redirect_uri_query_added(house: House):
    check_page(house, redirect_uri="https://relaxed.example/cb?tenant=1&foo=bar")


def test_redirect_uri_regfrag():
    with pytest.raises(ValueError, match="fragment"):
        client("relaxed", redirect_uris=("https://relaxed.example/cb#f",))


def test_ensure_post_request_succeeds(house: House):
    # Both methods read the same parameters: a form's and a query's pairs are checked alike.
    asked = house.provider.check_request(authorization_pairs(**PLAIN))
    assert asked.client_id == "relaxed"


def test_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(house: House):
    assert refusal(house, ("request", "eyJhbGciOiJub25lIn0.e30.")).error == "request_not_supported"


def test_ensure_request_object_with_redirect_uri(house: House):
    assert refusal(house, ("request", "eyJhbGciOiJub25lIn0.e30.")).error == "request_not_supported"


def test_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(house: House):
    uri = "https://suite.example/request-object"
    assert refusal(house, ("request_uri", uri)).error == "request_uri_not_supported"


def test_claims_essential(house: House):
    """The claims parameter is not supported: it is ignored, and discovery says so."""
    claims = '{"userinfo":{"name":{"essential":true}}}'
    assert validated(house, run(house, claims=claims))


def test_refresh_token(house: House):
    tokens = run(house, scope="openid offline_access", prompt="consent")
    old = validated(house, tokens)
    house.clock.advance(5)
    fresh = house.refresh(tokens["refresh_token"], headers=SECRET).get_json()
    new = validated(house, fresh)
    same = ("iss", "sub", "aud", "auth_time", "acr", "sid")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert house.userinfo(fresh["access_token"]).status_code == 200
    other = house.refresh(tokens["refresh_token"])  # by the second client
    assert (other.status_code, other.get_json()["error"]) == (400, "invalid_grant")


def test_ensure_request_with_valid_pkce_succeeds(house: House):
    uri = "https://relaxed.example/cb"
    code = house.code(client_id="relaxed", redirect_uri=uri)
    assert house.redeem(code, headers=SECRET, redirect_uri=uri).status_code == 200
