"""Claims that come from attributes of users, declared scope by scope."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from idp.settings.values import Section, Text, matching

ClaimType: TypeAlias = Literal["string", "number", "boolean", "list"]

# What the program fills itself: OIDC Core 2 and 5.1, RFC 7519 4.1, RFC 9068 2.2, RFC 7662 2.2,
# Back-Channel Logout 2.4, RFC 8693 4.1, RFC 7800 3.1, and the roles of claims_style = "keycloak".
_OF_TOKENS = ("sub", "iss", "aud", "exp", "iat", "nbf", "jti", "nonce", "acr", "amr", "azp", "sid")
_OF_SESSIONS = ("auth_time", "at_hash", "c_hash", "s_hash", "events", "act", "may_act", "cnf")
_OF_CLIENTS = ("client_id", "scope", "active", "token_type", "typ", "username")
_OF_PEOPLE = ("email", "email_verified", "updated_at", "realm_access", "resource_access")
RESERVED_CLAIMS = frozenset((*_OF_TOKENS, *_OF_SESSIONS, *_OF_CLIENTS, *_OF_PEOPLE))

_PREFIX = "attributes."
# A scope of one's own must not look like one that the protocol or the program gives a meaning.
ScopeName: TypeAlias = Annotated[
    Text, matching(r"[a-z][a-z0-9_:.-]{0,63}", "a name in small Latin letters, digits or _ : . -")
]
ClaimName: TypeAlias = Annotated[
    Text, matching(r"[A-Za-z_][A-Za-z0-9_:/.#-]{0,99}", "a name without spaces")
]
AttributeName: TypeAlias = Annotated[
    Text, matching(r"attributes\.[A-Za-z_][A-Za-z0-9_.-]{0,99}", 'like "attributes.office_code"')
]


class ClaimSource(Section):
    """Where a claim comes from, and of which type it is in a token."""

    source: AttributeName = Field(
        alias="from", description="The attribute of the user that the claim holds."
    )
    type: ClaimType = Field(default="string", description="The JSON type of the claim.")

    @property
    def attribute(self) -> str:
        """The attribute's name without its prefix."""
        return self.source.removeprefix(_PREFIX)


def _to_source(value: Any) -> Any:
    """Read the short form: `office = "attributes.office"`."""
    return {"from": value} if isinstance(value, str) else value


AnySource: TypeAlias = Annotated[
    ClaimSource, BeforeValidator(_to_source, json_schema_input_type=AttributeName | ClaimSource)
]


class ScopeClaims(Section):
    """A scope, and the claims that it opens beside those of OIDC Core 5.4."""

    claims: dict[ClaimName, AnySource] = Field(
        default={},
        description='Claims by name: "attributes.NAME", or a table of from and type.',
        examples=[{"office_code": "attributes.office_code"}],
    )
