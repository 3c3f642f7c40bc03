"""The authorization request (OIDC Core 3.1.2.1), once it has passed all checks."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

ResponseMode: TypeAlias = Literal["query", "fragment", "form_post"]


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where and how an answer may go: a redirect URI that is proven to be the client's."""

    redirect_uri: str
    response_mode: ResponseMode
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asked for. Every field has been checked; `max_age` is in seconds."""

    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    response_mode: ResponseMode = "query"
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None  # S256 (RFC 7636 4.2); the only method there is
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    hinted_subject: str | None = None  # `sub` of a verified id_token_hint
    ui_locales: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()

    @property
    def reply_to(self) -> ReplyTo:
        return ReplyTo(self.redirect_uri, self.response_mode, self.state)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, ready for JSON."""
        values = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return {name: value for name, value, default in values if value != default}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "AuthorizationRequest":
        """Undo `as_dict`, also after a round through JSON, which knows no tuples."""
        thawed: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()
        }
        return cls(**{"scope": (), **thawed})
