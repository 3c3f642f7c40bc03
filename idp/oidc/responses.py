"""Authorization responses: one place that knows where `code`, `error`, `state` and `iss` go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from idp.model.errors import AuthorizationError
from idp.model.request import AuthorizationRequest, ReplyTo, ResponseMode
from idp.oidc.errors import error_uri


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """An answer on its way to the client: a redirect, or a form that the browser posts."""

    reply_to: ReplyTo
    fields: tuple[tuple[str, str], ...] = field(repr=False)  # the body, for form_post

    @property
    def mode(self) -> ResponseMode:
        return self.reply_to.response_mode

    @property
    def location(self) -> str:
        """The redirect URI with the answer in its query or fragment; its own query is kept.

        For form_post it is the bare redirect URI, the form's action (OAuth 2.0 Form Post 2).
        """
        uri = self.reply_to.redirect_uri
        if self.mode == "form_post":
            return uri
        if self.mode == "fragment":
            return f"{uri}#{urlencode(self.fields)}"
        return with_query(uri, self.fields)


def success(request: AuthorizationRequest, code: str, *, issuer: str) -> AuthorizationResponse:
    """Answer with a code (RFC 6749 4.1.2, RFC 9207 2)."""
    return _response(request.reply_to, [("code", code)], issuer)


def failure(error: AuthorizationError, *, issuer: str) -> AuthorizationResponse:
    """Answer with an error (RFC 6749 4.1.2.1); `iss` is in it too (RFC 9207 2)."""
    facts = [
        ("error", error.error),
        ("error_description", error.description),
        ("error_uri", error_uri(issuer, error.error)),
    ]
    return _response(error.reply_to, facts, issuer)


def with_query(uri: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return `uri` with `fields` behind its own query, which stays as it is."""
    return f"{uri}{_joint(uri)}{urlencode(fields)}" if fields else uri


def _response(
    reply_to: ReplyTo, facts: list[tuple[str, str]], issuer: str
) -> AuthorizationResponse:
    state = [("state", reply_to.state)] if reply_to.state is not None else []
    return AuthorizationResponse(reply_to, (*facts, *state, ("iss", issuer)))


def _joint(uri: str) -> str:
    if "?" not in uri:
        return "?"
    return "" if uri.endswith(("?", "&")) else "&"
