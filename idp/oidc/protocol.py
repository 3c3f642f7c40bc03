"""The protocol's own vocabulary: endpoint paths, scopes, claims, and the settings it works by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from idp.settings.claims import ScopeClaims
from idp.settings.clients import STANDARD_SCOPES

AUTHORIZE: Final = "/authorize"
TOKEN: Final = "/token"  # noqa: S105 - a path
USERINFO: Final = "/userinfo"
REVOKE: Final = "/revoke"
INTROSPECT: Final = "/introspect"
JWKS: Final = "/jwks"
END_SESSION: Final = "/logout"
DEVELOPERS: Final = "/developers"
DISCOVERY: Final = "/.well-known/openid-configuration"

OPENID_SCOPES: Final = STANDARD_SCOPES
SIGNING_ALGS: Final = ("RS256", "ES256")
RESPONSE_MODES: Final = ("query", "fragment", "form_post")
PROMPTS: Final = ("none", "login", "consent", "select_account")
CLIENT_AUTHENTICATION_METHODS: Final = ("client_secret_basic", "client_secret_post", "none")
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolSettings:
    """The configuration, as far as the protocol is concerned. Lifetimes are in seconds."""

    issuer: str  # without a slash at its end
    code_lifetime: int = 60
    access_lifetime: int = 300
    id_token_lifetime: int = 300
    refresh_lifetime: int = 30 * 24 * 3600  # with offline_access; without it, the user session's
    locales: tuple[str, ...] = ("bn", "en")
    id_token_alg: str = "RS256"  # noqa: S105 - every provider must offer it (OIDC Core 15.1)
    access_token_alg: str = "ES256"  # noqa: S105 - an algorithm
    service_documentation: str | None = None
    scopes: Mapping[str, ScopeClaims] = field(default_factory=dict)  # claims from attributes

    @property
    def known_scopes(self) -> tuple[str, ...]:
        """The scopes of the protocol and those of the configuration's own."""
        return tuple(dict.fromkeys((*OPENID_SCOPES, *self.scopes)))
