"""Authlib's own faults, held still: a failure says that upstream changed (docs/authlib.md)."""

import importlib.metadata
from types import SimpleNamespace

import pytest
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, UnsupportedTokenTypeError
from authlib.oauth2.rfc6749.errors import InsecureTransportError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.hooks import Hookable
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from joserfc.jwk import ECKey, RSAKey

from idp.oidc.grants import CodeGrant
from idp.oidc.protocol import TOKEN
from tests.oidc.conftest import House
from tests.oidc.relying_party import basic, raw_basic

# Where the faults still are.


@pytest.mark.parametrize("description", ["বাংলা", 'a"b', "a\\b"])
def test_upstream_1_descriptions_raise(description: str):
    with pytest.raises(ValueError, match="forbidden characters"):
        OAuth2Error(description)


def test_upstream_5_plain_http_raises():
    with pytest.raises(InsecureTransportError):
        OAuth2Request("POST", "http://sso.example/token")


def test_upstream_7_plain_is_the_default_method():
    extension = CodeChallenge()
    extension.SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    payload = SimpleNamespace(data={"code_challenge": "x" * 43}, datalist={})
    grant = SimpleNamespace(request=SimpleNamespace(payload=payload))
    assert extension.validate_code_challenge(grant, "https://rp.example/cb") is None
    assert extension.DEFAULT_CODE_CHALLENGE_METHOD == "plain"


def test_upstream_12_access_tokens_live_for_ten_days():
    assert BearerTokenGenerator.GRANT_TYPES_EXPIRES_IN["authorization_code"] == 864_000


def test_upstream_20_received_values_are_echoed():
    assert "বাংলা" in UnsupportedGrantTypeError("বাংলা").get_error_description()


def test_upstream_24_hooks_have_no_order():
    assert isinstance(Hookable()._hooks["any"], set)


def test_upstream_25_grants_are_appended():
    server = AuthorizationServer()
    for _ in range(3):
        server.register_grant(CodeGrant)
    assert len(server._token_grants) == 3


def test_upstream_basic_credentials_keep_their_plus():
    assert extract_basic_authorization(raw_basic(b"rp:a+b")) == ("rp", "a+b")


def test_upstream_an_unknown_hint_is_an_error():
    request = SimpleNamespace(form={"token": "x", "token_type_hint": "id_token"})
    with pytest.raises(UnsupportedTokenTypeError) as caught:
        IntrospectionEndpoint(None).check_params(request, None)
    assert caught.value.status_code == 401


# What we rely on.


def test_the_version_is_the_one_that_was_read():
    assert importlib.metadata.version("authlib").startswith("1.9.")


def test_the_scheme_of_a_request_decides_nothing(house: House):
    code = house.code()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "https://backoffice.example/cb",
        "code_verifier": "v" * 43,
    }
    headers = basic("backoffice", "backoffice-secret")
    answer = house.browser.post(TOKEN, data=form, headers=headers, base_url="http://10.0.0.7:8000/")
    assert answer.status_code == 200


def test_the_server_does_not_change_while_it_serves(house: House):
    server = house.provider._server
    before = dict(vars(server))
    house.tokens()
    house.revoke("x")
    assert vars(server) == before
    assert server._client_auth is None


def test_no_key_is_parsed_while_serving(house: House, monkeypatch):
    def refuse(*_args, **_kwargs):
        pytest.fail("a key was parsed")

    for kind in (RSAKey, ECKey):
        monkeypatch.setattr(kind, "import_key", refuse)
    tokens = house.tokens()
    assert house.userinfo(tokens["access_token"]).status_code == 200
