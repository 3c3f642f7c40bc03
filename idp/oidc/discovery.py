"""The two public documents, built once: provider metadata (OIDC Discovery 3) and the JWK Set."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.oidc import protocol
from idp.oidc.assurance import ACR_VALUES
from idp.oidc.attribute_claims import AttributeClaims
from idp.oidc.keys import KeySet
from idp.oidc.protocol import ProtocolSettings

_CLAIMS = (
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"),
    *("name", "name#bn", "office", "locale", "updated_at", "email", "email_verified"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """Constant bytes with their entity tag, ready to be served before Flask is asked."""

    body: bytes = field(repr=False)
    etag: str
    content_type: str = "application/json"
    max_age: int = 300  # seconds that others may keep it

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Document":
        body = json.dumps(content, separators=(",", ":")).encode()
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def discovery_document(settings: ProtocolSettings, keys: KeySet) -> Document:
    """Return the provider's metadata (OIDC Discovery 3, RFC 8414, RFC 9207 3).

    Logout: RP-Initiated Logout 2.1, Back-Channel Logout 2.1.
    """
    return Document.of(metadata(settings, keys))


def jwks_document(keys: KeySet) -> Document:
    """Return the public signing keys (RFC 7517 5)."""
    return Document.of(keys.public_jwks())


def metadata(settings: ProtocolSettings, keys: KeySet) -> dict[str, Any]:
    """Return what this provider can do; what it refuses is said as plainly."""
    confidential = [m for m in protocol.CLIENT_AUTHENTICATION_METHODS if m != "none"]
    own = AttributeClaims(settings.scopes).names
    documentation = {"service_documentation": settings.service_documentation}
    return {
        **_endpoints(settings.issuer),
        "scopes_supported": list(settings.known_scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": list(protocol.RESPONSE_MODES),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(keys.algs, reverse=True),
        "token_endpoint_auth_methods_supported": list(protocol.CLIENT_AUTHENTICATION_METHODS),
        "revocation_endpoint_auth_methods_supported": list(protocol.CLIENT_AUTHENTICATION_METHODS),
        "introspection_endpoint_auth_methods_supported": confidential,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": list(ACR_VALUES),
        "prompt_values_supported": list(protocol.PROMPTS),
        "claim_types_supported": ["normal"],
        "claims_supported": list(dict.fromkeys((*_CLAIMS, *own))),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "ui_locales_supported": list(settings.locales),
        **(documentation if settings.service_documentation else {}),
    }


def _endpoints(issuer: str) -> dict[str, str]:
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + protocol.AUTHORIZE,
        "token_endpoint": issuer + protocol.TOKEN,
        "userinfo_endpoint": issuer + protocol.USERINFO,
        "jwks_uri": issuer + protocol.JWKS,
        "revocation_endpoint": issuer + protocol.REVOKE,
        "introspection_endpoint": issuer + protocol.INTROSPECT,
        "end_session_endpoint": issuer + protocol.END_SESSION,
    }
