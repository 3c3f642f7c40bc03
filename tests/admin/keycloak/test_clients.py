"""Clients of a realm: a file each that the loader takes, and a word on what it leaves out."""

import json
import tomllib
from hashlib import sha256
from typing import Any

import pytest

from idp.admin.keycloak.clients import ClientProposal, propose_clients
from idp.admin.keycloak.findings import Findings
from idp.settings.checks import check_client
from idp.settings.clients import Client
from tests.admin.keycloak.exports import SECRET, client, facts

OWNER = "ops@example.gov.bd"
_NO_OPTIONAL: dict[str, Any] = {"optionalClientScopes": []}


def proposal(**changes: Any) -> ClientProposal:
    (made,) = propose_clients({"clients": [client(**changes)]}, OWNER, Findings())
    return made


def table(**changes: Any) -> dict[str, Any]:
    (found,) = tomllib.loads(proposal(**changes).text)["clients"]
    return dict(found)


def findings(*clients: dict[str, Any]) -> dict[str, list[str]]:
    collected = Findings()
    list(propose_clients({"clients": list(clients)}, OWNER, collected))
    return {found.what: found.examples for found in collected}


def attributes(**changes: Any) -> dict[str, Any]:
    named = {key.replace("_", "."): value for key, value in changes.items()}
    return {**client()["attributes"], **named}


def test_a_confidential_client_keeps_its_secret_addresses_and_grants():
    found = table()
    assert found["client_id"] == "citizen-desk"
    assert found["name"] == {"bn": "ব্যাকঅফিস", "en": "citizen-desk"}
    assert found["owner"] == OWNER
    assert found["auth"] == "client_secret_basic"
    assert found["secrets"] == [{"hash": f"sha256:{sha256(SECRET.encode()).hexdigest()}"}]
    assert found["grants"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert found["redirect_uris"] == ["https://citizen-desk.example.gov.bd/cb"]
    assert found["post_logout_redirect_uris"] == [
        "https://citizen-desk.example.gov.bd/bye",
        "https://citizen-desk.example.gov.bd/",
    ]
    assert found["backchannel_logout_uri"] == "https://citizen-desk.example.gov.bd/bcl"
    assert found["home_url"] == "https://citizen-desk.example.gov.bd/"
    assert found["web_origins"] == ["https://citizen-desk.example.gov.bd"]
    assert found["pkce"] == "optional"
    assert found["scopes"] == ["openid", "profile", "email", "offline_access"]
    assert found["claims_style"] == "keycloak"


def test_a_public_client_has_no_secret_and_must_send_pkce():
    mobile = next(one for one in facts()["clients"] if one["clientId"] == "mobile-app")
    (made,) = propose_clients({"clients": [mobile]}, OWNER, Findings())
    (found,) = tomllib.loads(made.text)["clients"]
    assert (found["auth"], found["pkce"]) == ("none", "required")
    assert "secrets" not in found
    assert found["name"] == {"bn": "Land SPA", "en": "Land SPA"}
    assert found["home_url"] == "https://land.example.gov.bd/"


def test_a_secret_is_never_written_or_told():
    made = proposal()
    assert SECRET not in made.text
    assert SECRET not in repr(made)
    assert not any(SECRET in one for one in made.to_do)


def test_a_short_secret_stays_valid_and_is_told():
    assert any("16 characters" in one for one in proposal().to_do)
    assert not any("characters:" in one for one in proposal(secret="s" * 32).to_do)


def test_a_wildcard_is_a_comment_with_what_to_write():
    made = proposal()
    (line,) = [one for one in made.text.splitlines() if "*" in one]
    assert line.startswith('# redirect_uris: "https://citizen-desk.example.gov.bd/*"')
    assert "each exact address" in line
    assert line.removeprefix("# ") in made.to_do


@pytest.mark.parametrize(
    "uri",
    [
        "http://citizen-desk.example.gov.bd/cb",
        "bd.gov.app://cb",
        "https://a.example.gov.bd/#x",
        "*",
        "+",
        "https://a b.example",
        'https://a.example.gov.bd/"\n[evil]',
    ],
)
def test_an_address_that_is_not_allowed_here_is_a_comment(uri: str):
    made = proposal(redirectUris=[uri, "https://citizen-desk.example.gov.bd/cb"])
    assert made.is_ready
    (found,) = tomllib.loads(made.text)["clients"]
    assert found["redirect_uris"] == ["https://citizen-desk.example.gov.bd/cb"]
    assert any(one.startswith("redirect_uris: ") for one in made.to_do)


def test_without_an_exact_address_the_whole_file_is_a_comment_until_one_is_written():
    made = proposal(redirectUris=["https://citizen-desk.example.gov.bd/*"])
    assert not made.is_ready
    assert tomllib.loads(made.text) == {}
    assert "redirect_uris must have at least one element" in made.to_do
    assert 'client_id = "citizen-desk"' in made.text


def test_relative_addresses_are_resolved_at_the_root():
    found = table(
        rootUrl="https://desk.example.gov.bd/", baseUrl="/start", redirectUris=["/cb", "/cb"]
    )
    assert found["redirect_uris"] == ["https://desk.example.gov.bd/cb"]
    assert found["home_url"] == "https://desk.example.gov.bd/start"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("+", ["https://citizen-desk.example.gov.bd/cb"]),
        ("-", None),
        ("", None),
        ("https://a.example.gov.bd/##https://b.example.gov.bd/*", ["https://a.example.gov.bd/"]),
    ],
)
def test_addresses_after_a_logout_follow_keycloaks_signs(after: str, expected: list[str] | None):
    found = table(attributes=attributes(post_logout_redirect_uris=after))
    assert found.get("post_logout_redirect_uris") == expected


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        (["+"], ["https://citizen-desk.example.gov.bd"]),
        (["https://A.example.gov.bd/"], ["https://a.example.gov.bd"]),
        (["http://a.example.gov.bd", "https://b.example.gov.bd"], ["https://b.example.gov.bd"]),
        (["*"], None),
        ([], None),
    ],
)
def test_origins_of_scripts(origins: list[str], expected: list[str] | None):
    assert table(webOrigins=origins).get("web_origins") == expected


def test_a_service_account_alone_gets_no_addresses():
    found = table(standardFlowEnabled=False)
    assert found["grants"] == ["client_credentials"]
    assert "redirect_uris" not in found
    assert proposal(standardFlowEnabled=False).is_ready


def test_a_client_that_keeps_no_refresh_tokens_asks_for_none():
    found = table(attributes=attributes(use_refresh_tokens="false"))
    assert found["grants"] == ["authorization_code", "client_credentials"]
    assert "offline_access" not in found["scopes"]


def test_signing_is_kept_where_it_is_offered():
    kept = {**client()["attributes"], "id.token.signed.response.alg": "ES256"}
    assert table(attributes=kept)["id_token_alg"] == "ES256"
    other = {**kept, "id.token.signed.response.alg": "HS256"}
    assert "id_token_alg" not in table(attributes=other)
    assert any("HS256" in what for what in findings(client(attributes=other)))


def test_a_client_without_its_secret_is_a_comment():
    made = proposal(secret=None)
    assert not made.is_ready
    assert any("secrets" in one for one in made.to_do)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"enabled": False}, "switched off"),
        ({"bearerOnly": True}, "bearer-only"),
        ({"protocol": "saml"}, "protocol saml"),
        ({"clientId": "https://desk.example.gov.bd/app"}, "no name here"),
        ({"clientId": "../../etc/passwd"}, "no name here"),
        ({"clientAuthenticatorType": "client-jwt"}, "client-jwt"),
        ({"standardFlowEnabled": False, "serviceAccountsEnabled": False}, "without the code flow"),
        ({"clientId": "admin-cli"}, "Keycloak's own"),
        ({"attributes": {"realm_client": "true"}}, "Keycloak's own"),
    ],
)
def test_what_is_left_out_is_told_by_name(changes: dict[str, Any], what: str):
    left = client(**changes)
    assert list(propose_clients({"clients": [left]}, OWNER, Findings())) == []
    (told,) = findings(left).items()
    assert what in told[0]
    assert told[1] == [left["clientId"]]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"implicitFlowEnabled": True}, "implicit flow"),
        ({"directAccessGrantsEnabled": True}, "direct access grants"),
        ({"consentRequired": True}, "consent"),
        ({"frontchannelLogout": True}, "front-channel"),
        ({"authorizationServicesEnabled": True}, "authorization services"),
        ({"authenticationFlowBindingOverrides": {"browser": "x"}}, "login flow of their own"),
        ({"protocolMappers": [{"name": "m", "protocolMapper": "oidc-x"}]}, "mapper oidc-x"),
        ({"somethingNew": 1}, "Keys of clients that are not known"),
        ({"attributes": {"tls.x": "y"}}, "Attributes of clients"),
        ({"attributes": {"login_theme": "x"}}, "login theme"),
        ({"attributes": {"oauth2.device.authorization.grant.enabled": "true"}}, "device flow"),
        ({"attributes": {"pkce.code.challenge.method": "plain"}}, "method plain"),
        ({"attributes": {"client.secret.rotated": "x"}}, "former secret"),
        ({"webOrigins": ["*"]}, "let in from everywhere"),
        ({"publicClient": True, "secret": None}, "without PKCE"),
        ({"defaultClientScopes": ["office"]}, "Client scopes without a counterpart"),
    ],
)
def test_what_has_no_place_here_is_told(changes: dict[str, Any], what: str):
    plain = {"attributes": {}, "webOrigins": [], "defaultClientScopes": [], **_NO_OPTIONAL}
    assert any(what in told for told in findings(client(**{**plain, **changes})))
    assert not any(what in told for told in findings(client(**plain)))


def test_a_name_that_looks_like_toml_stays_a_name():
    odd = 'x" }\n[[clients]]\nclient_id = "evil'
    parsed = tomllib.loads(proposal(name=odd).text)["clients"]
    assert [one["name"]["en"] for one in parsed] == [odd]


def test_every_proposal_of_the_export_is_valid_for_the_loader():
    made = list(propose_clients(facts(), OWNER, Findings()))
    assert [one.client_id for one in made] == ["citizen-desk", "mobile-app"]
    for one in made:
        (found,) = tomllib.loads(one.text)["clients"]
        loaded = Client.model_validate_json(json.dumps(found))
        assert list(check_client(loaded, {"mode": "production"})) == []


def is_commented_out(made: ClientProposal) -> bool:
    return not made.is_ready and tomllib.loads(made.text) == {}


@pytest.mark.parametrize(
    ("changes", "why", "kind"),
    [
        ({"fullScopeAllowed": False}, "only the roles of its scope", "only some roles"),
        ({"defaultClientScopes": ["profile"]}, "told it no roles", "told no roles"),
    ],
)
def test_a_client_that_was_told_fewer_roles_waits_for_a_person(
    changes: dict[str, Any], why: str, kind: str
):
    made = proposal(**changes)
    assert is_commented_out(made)
    (told,) = made.to_do[-1:]
    assert why in told
    assert "Take the line claims_style away" in told
    assert f"# To do: {told}" in made.text.splitlines()
    assert any(kind in what for what in findings(client(**changes)))


def test_a_client_that_was_told_all_roles_waits_for_nobody():
    """So it is where the export does not say, and for services, which have no person's roles."""
    assert proposal(fullScopeAllowed=None, defaultClientScopes=None).is_ready
    assert proposal(fullScopeAllowed=False, standardFlowEnabled=False).is_ready


def test_a_secret_that_can_be_guessed_waits_for_a_person():
    made = proposal(secret="s" * 15)
    assert is_commented_out(made)
    (told,) = [one for one in made.to_do if one.startswith("rotate:")]
    assert "idp client rotate citizen-desk --expires 0" in told
    assert f"# To do: {told}" in made.text.splitlines()
    assert any("can be guessed" in what for what in findings(client(secret="s" * 15)))
    assert proposal(secret="s" * 16).is_ready


def test_a_client_without_an_id_is_no_client_of_the_name_none():
    nameless = {**client(), "clientId": None}
    assert list(propose_clients({"clients": [nameless]}, OWNER, Findings())) == []
