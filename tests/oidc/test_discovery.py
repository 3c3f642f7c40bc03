import json
from typing import Any

from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.rpinitiated import OpenIDProviderMetadata as LogoutMetadata

from idp.oidc.discovery import metadata
from idp.oidc.protocol import DISCOVERY, ProtocolSettings
from tests.oidc.conftest import House


def published(house: House) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(house.provider.discovery.body)
    return read


def test_authlib_finds_the_metadata_valid(house: House):
    OpenIDProviderMetadata(published(house)).validate()
    LogoutMetadata(published(house)).validate_end_session_endpoint()


def test_endpoints_stand_under_the_issuer(house: House):
    read = published(house)
    assert read["issuer"] == "https://sso.example"
    endpoints = {name: uri for name, uri in read.items() if name.endswith(("_endpoint", "_uri"))}
    assert endpoints == {
        "authorization_endpoint": "https://sso.example/authorize",
        "token_endpoint": "https://sso.example/token",
        "userinfo_endpoint": "https://sso.example/userinfo",
        "jwks_uri": "https://sso.example/jwks",
        "revocation_endpoint": "https://sso.example/revoke",
        "introspection_endpoint": "https://sso.example/introspect",
        "end_session_endpoint": "https://sso.example/logout",
    }
    assert DISCOVERY == "/.well-known/openid-configuration"


def test_what_is_supported_and_what_is_not_is_said(house: House):
    read = published(house)
    assert read["response_types_supported"] == ["code"]
    assert read["response_modes_supported"] == ["query", "fragment", "form_post"]
    assert read["code_challenge_methods_supported"] == ["S256"]
    assert read["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    assert read["scopes_supported"] == ["openid", "profile", "email", "offline_access"]
    assert read["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
    assert read["ui_locales_supported"] == ["bn", "en"]
    assert read["authorization_response_iss_parameter_supported"] is True
    for unsupported in ("claims", "request", "request_uri"):
        assert read[f"{unsupported}_parameter_supported"] is False
    assert read["backchannel_logout_supported"] is True
    assert read["backchannel_logout_session_supported"] is True
    assert not [name for name in read if name.startswith(("frontchannel_", "check_session"))]
    assert "none" not in read["introspection_endpoint_auth_methods_supported"]


def test_every_claim_that_we_give_is_listed(house: House):
    tokens = house.tokens()
    given = set(house.claims(tokens["id_token"])) | set(
        house.userinfo(tokens["access_token"]).get_json()
    )
    assert given == set(published(house)["claims_supported"])


def test_documentation_is_named_if_there_is_some(house: House):
    settings = ProtocolSettings(issuer="https://x.example", service_documentation="https://d")
    assert metadata(settings, house.keys)["service_documentation"] == "https://d"
    assert "service_documentation" not in published(house)


def test_jwks_is_the_key_set(house: House):
    document = house.provider.jwks
    assert json.loads(document.body) == house.keys.public_jwks()
    assert document.content_type == "application/json"


def test_an_entity_tag_follows_the_bytes(house: House, make_house):
    same, other = make_house(), make_house(locales=("bn",))
    assert same.provider.discovery.etag == house.provider.discovery.etag
    assert other.provider.discovery.etag != house.provider.discovery.etag
    assert house.provider.jwks.etag.startswith('"')
