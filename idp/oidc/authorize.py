"""The authorization request's checks, in order (RFC 6749 4.1.1, OIDC Core 3.1.2.1, RFC 7636).

Until the client and its redirect URI are proven a refusal is a page of ours; from then on every
refusal is a standard error at that URI. Descriptions are constants: nothing received is echoed.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from idp.model.errors import AuthorizationError, RequestRefused
from idp.model.request import AuthorizationRequest, ReplyTo, ResponseMode
from idp.oidc.assurance import ACR_VALUES
from idp.oidc.keys import ID_TOKEN, InvalidToken, KeySet
from idp.oidc.parameters import (
    LONGEST_OPAQUE,
    Pairs,
    is_readable,
    is_state,
    offered_locales,
    printable,
    repeated,
    single_values,
    words,
)
from idp.oidc.protocol import PROMPTS, RESPONSE_MODES, ProtocolSettings
from idp.settings.clients import Client

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636 4.2
_SECONDS: Final = re.compile(r"[0-9]{1,18}")
_LONGEST_HINT: Final = 320  # characters of an e-mail address

_UNSUPPORTED: Final = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
_READ: Final = (
    *("response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method"),
    *("prompt", "max_age", "login_hint", "id_token_hint", "ui_locales", "acr_values"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, by a client that is known, to be answered at a URI that is proven."""

    client: Client
    reply_to: ReplyTo
    repeated: frozenset[str]
    known_scopes: Collection[str]
    values: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def refused(self, error: str, description: str) -> AuthorizationError:
        return AuthorizationError(error, description, reply_to=self.reply_to)


def check_request(
    pairs: Pairs,
    *,
    clients: Mapping[str, Client],
    settings: ProtocolSettings,
    keys: KeySet,
) -> AuthorizationRequest:
    """Return the request that the parameters ask for, or say why there is none.

    Raises RequestRefused before the redirect URI is proven, AuthorizationError after it.
    """
    client = require_client(pairs, clients)
    redirect_uri = require_redirect_uri(pairs, client)
    asked = asked_of(pairs, client, redirect_uri, settings.known_scopes)
    for check in CHECKS:
        check(asked)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scope=_granted_scope(asked),
        response_mode=asked.reply_to.response_mode,
        state=asked.reply_to.state,
        nonce=asked.get("nonce"),
        code_challenge=asked.get("code_challenge"),
        prompt=tuple(words(asked.values.get("prompt", ""))),
        max_age=int(asked.values["max_age"]) if "max_age" in asked.values else None,
        login_hint=_login_hint(asked),
        hinted_subject=_hinted_subject(asked, settings, keys),
        ui_locales=offered_locales(asked.values.get("ui_locales", ""), settings.locales),
        acr_values=tuple(v for v in words(asked.values.get("acr_values", "")) if v in ACR_VALUES),
    )


def asked_of(
    pairs: Pairs, client: Client, redirect_uri: str, known_scopes: Collection[str]
) -> Asked:
    """Return what the parameters ask for, not yet checked, of a client that is known."""
    values, twice = single_values(pairs), repeated(pairs)
    return Asked(
        client=client,
        reply_to=_reply_to(redirect_uri, values, twice),
        repeated=twice,
        known_scopes=known_scopes,
        values=values,
    )


def check_reply(request: AuthorizationRequest, clients: Mapping[str, Client]) -> None:
    """Check once more, at the end of a conversation, that its answer may still go out.

    The configuration may have changed while the person was typing. Raises RequestRefused.
    """
    pairs = [("client_id", request.client_id), ("redirect_uri", request.redirect_uri)]
    require_redirect_uri(pairs, require_client(pairs, clients))


# Before the redirect URI is proven: a page of ours.


def require_client(pairs: Pairs, clients: Mapping[str, Client]) -> Client:
    client_id = _require_one(pairs, "client_id")
    client = clients.get(client_id)
    if client is None:
        raise RequestRefused("unknown_client", {"client_id": printable(client_id)})
    if not client.enabled:
        raise RequestRefused("disabled_client", {"client_id": client_id})
    return client


def require_redirect_uri(pairs: Pairs, client: Client) -> str:
    redirect_uri = _require_one(pairs, "redirect_uri")
    if redirect_uri not in client.redirect_uris:  # byte for byte (RFC 9700 2.1)
        raise RequestRefused(
            "unregistered_redirect_uri",
            {"client_id": client.client_id, "redirect_uri": printable(redirect_uri)},
            registered=client.redirect_uris,
            is_test=client.test,
        )
    return redirect_uri


def _require_one(pairs: Pairs, name: str) -> str:
    given = [value for key, value in pairs if key == name]
    if len(given) > 1:
        raise RequestRefused(f"repeated_{name}")
    if not given or not given[0]:
        raise RequestRefused(f"missing_{name}")
    return given[0]


def _reply_to(redirect_uri: str, values: Mapping[str, str], twice: frozenset[str]) -> ReplyTo:
    state = values.get("state")
    echoed = state if state and "state" not in twice and is_state(state) else None
    return ReplyTo(redirect_uri, _response_mode(values, twice), echoed)


def _response_mode(values: Mapping[str, str], twice: frozenset[str]) -> ResponseMode:
    if "response_mode" in twice:
        return "query"
    match values.get("response_mode"):
        case "fragment":
            return "fragment"
        case "form_post":
            return "form_post"
        case _:
            return "query"


# After it: a standard error at the client.


def no_request_object(asked: Asked) -> None:
    """Refuse request objects, which must never be ignored (OIDC Core 6)."""
    for name, error in _UNSUPPORTED.items():
        if name in asked.values:
            raise asked.refused(error, f"This provider does not support the parameter {name}.")


def nothing_twice(asked: Asked) -> None:
    """No parameter may be there twice (RFC 6749 3.1)."""
    if asked.repeated:
        raise asked.refused("invalid_request", "A parameter is there more than once.")


def known_response_mode(asked: Asked) -> None:
    """query, fragment and form_post; anything else is answered in the query."""
    if asked.values.get("response_mode", "query") not in RESPONSE_MODES:
        raise asked.refused("invalid_request", "The response_mode is not supported.")


def readable_values(asked: Asked) -> None:
    """Refuse what is no text in what we use: bad UTF-8, control characters."""
    for name in _READ:
        if not is_readable(asked.values.get(name, "")):
            raise asked.refused("invalid_request", f"The parameter {name} is not readable text.")


def state_and_nonce_of_sane_length(asked: Asked) -> None:
    """Both come back to the client: in a URI, in an ID token."""
    for name in ("state", "nonce"):
        if len(asked.values.get(name, "")) > LONGEST_OPAQUE:
            raise asked.refused("invalid_request", f"The parameter {name} is too long.")


def code_response_type(asked: Asked) -> None:
    """Only the code flow (RFC 9700 2.1.2)."""
    response_type = asked.get("response_type")
    if response_type is None:
        raise asked.refused("invalid_request", "The response_type is missing.")
    if response_type != "code":
        raise asked.refused(
            "unsupported_response_type", "Only the response_type code is supported."
        )


def registered_grant(asked: Asked) -> None:
    """Refuse a client whose declaration does not name the grant (RFC 6749 4.1.2.1)."""
    if "authorization_code" not in asked.client.grants:
        raise asked.refused("unauthorized_client", "The client may not use the code flow.")


def allowed_scope(asked: Asked) -> None:
    """Refuse scopes without openid, or known ones beyond the client's (OIDC Core 3.1.2.1)."""
    scope = tuple(words(asked.values.get("scope", "")))
    if "openid" not in scope:
        raise asked.refused("invalid_scope", "The scope must hold openid.")
    if any(s in asked.known_scopes and s not in asked.client.scopes for s in scope):
        raise asked.refused("invalid_scope", "The scope holds one that the client may not ask for.")


def proof_key(asked: Asked) -> None:
    """PKCE with S256, unless the client's declaration relaxes it (RFC 7636 4.3, RFC 9700 2.1.1)."""
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    is_optional = asked.client.pkce == "optional" and asked.client.auth != "none"
    if challenge is None and method is None and is_optional:
        return
    if challenge is None:
        raise asked.refused("invalid_request", "The code_challenge is missing.")
    if method != "S256":  # omitted would mean plain
        raise asked.refused("invalid_request", "The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise asked.refused("invalid_request", "The code_challenge is malformed.")


def known_prompt(asked: Asked) -> None:
    """None stands alone; values that we do not know are refused (OIDC Core 3.1.2.1)."""
    prompt = tuple(words(asked.values.get("prompt", "")))
    if any(value not in PROMPTS for value in prompt):
        raise asked.refused("invalid_request", "The prompt holds a value that is not supported.")
    if "none" in prompt and len(prompt) > 1:
        raise asked.refused("invalid_request", "The prompt none stands with no other value.")


def whole_seconds(asked: Asked) -> None:
    """max_age counts seconds, in ASCII digits."""
    max_age = asked.get("max_age")
    if max_age is not None and not _SECONDS.fullmatch(max_age):
        raise asked.refused("invalid_request", "The max_age must be a number of seconds.")


CHECKS: Final[tuple[Callable[[Asked], None], ...]] = (
    no_request_object,
    nothing_twice,
    known_response_mode,
    readable_values,
    state_and_nonce_of_sane_length,
    code_response_type,
    registered_grant,
    allowed_scope,
    proof_key,
    known_prompt,
    whole_seconds,
)


# What remains are wishes: none of them can fail.


def _granted_scope(asked: Asked) -> tuple[str, ...]:
    wanted = (s for s in words(asked.values["scope"]) if s in asked.client.scopes)
    may_refresh = "refresh_token" in asked.client.grants
    return tuple(s for s in wanted if may_refresh or s != "offline_access")


def _login_hint(asked: Asked) -> str:
    hint = asked.values.get("login_hint", "")
    return hint if len(hint) <= _LONGEST_HINT else ""


def _hinted_subject(asked: Asked, settings: ProtocolSettings, keys: KeySet) -> str | None:
    """Return the `sub` of the hint, "" (who is nobody) if it is no ID token of this client's.

    An expired one will do (OIDC Core 3.1.2.2).
    """
    hint = asked.get("id_token_hint")
    if hint is None:
        return None
    try:
        claims = keys.verify(hint, typ=ID_TOKEN)
    except InvalidToken:
        return ""
    is_ours = claims["iss"] == settings.issuer and claims["aud"] == asked.client.client_id
    return str(claims["sub"]) if is_ours else ""
