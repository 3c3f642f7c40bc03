"""Claims that come from attributes of users, declared scope by scope."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from idp.settings.values import Section, Text, matching

ClaimType: TypeAlias = Literal["string", "number", "boolean", "list"]

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


class ScopeClaims(Section):
    """A scope, and the claims that it opens beside those of OIDC Core 5.4."""

    claims: dict[ClaimName, Annotated[ClaimSource, BeforeValidator(_to_source)]] = Field(
        default={}, description='Claims by name: "attributes.NAME", or a table of from and type.'
    )
