"""The logout request's checks (OpenID Connect RP-Initiated Logout 1.0, 2 and 3).

Nothing in such a request is an error to the person in front of it: what is not proven is left out,
and the first reason is told to the relying party's developer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from idp.model.logout import LogoutRequest
from idp.oidc.keys import ID_TOKEN, InvalidToken, KeySet
from idp.oidc.parameters import Pairs, is_state, offered_locales, repeated, single_values
from idp.oidc.protocol import ProtocolSettings
from idp.oidc.responses import with_query
from idp.settings.clients import Client

# logout_hint is not among them: a user ID that anybody can send proves nothing.
_READ: Final = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")


@dataclass(frozen=True, slots=True)
class _Proven:
    """Who asks: a client, and whose session it means if it could show an ID token."""

    client: Client | None = None
    subject: str = ""
    sid: str = ""
    fault: str = ""


def check_logout(
    pairs: Pairs,
    *,
    clients: Mapping[str, Client],
    settings: ProtocolSettings,
    keys: KeySet,
) -> LogoutRequest:
    """Return what is proven of a logout request. Never raises.

    A parameter that is there twice counts as absent: nobody can tell which one was meant.
    """
    twice = repeated(pairs)
    values = {name: v for name, v in single_values(pairs).items() if name not in twice}
    who = _proven(values, clients, _verified(values.get("id_token_hint"), settings, keys))
    redirect_uri, redirect_fault = _redirect_uri(values, who.client)
    state = values.get("state")
    is_kept = state is not None and is_state(state)
    faults = (
        next((f"repeated_{name}" for name in _READ if name in twice), ""),
        who.fault,
        redirect_fault,
        "" if state is None or is_kept else "unusable_state",
    )
    return LogoutRequest(
        client_id=who.client.client_id if who.client else "",
        subject=who.subject,
        sid=who.sid,
        redirect_uri=redirect_uri,
        state=state if is_kept else None,
        ui_locales=offered_locales(values.get("ui_locales", ""), settings.locales),
        fault=next(filter(None, faults), ""),
    )


def redirect_location(request: LogoutRequest) -> str:
    """Return the post-logout redirect URI with the exact state in its query, and nothing else.

    The URI's own query stays as it was registered (RP-Initiated Logout 3). "" without a URI.
    """
    if not request.redirect_uri or request.state is None:
        return request.redirect_uri
    return with_query(request.redirect_uri, [("state", request.state)])


def _verified(
    hint: str | None, settings: ProtocolSettings, keys: KeySet
) -> Mapping[str, Any] | None:
    """Return the claims of a hint, {} if it is none of our ID tokens, None if there is no hint.

    An expired one will do (RP-Initiated Logout 2).
    """
    if hint is None:
        return None
    try:
        claims = keys.verify(hint, typ=ID_TOKEN)
    except InvalidToken:
        return {}
    return claims if claims.get("iss") == settings.issuer else {}


def _proven(
    values: Mapping[str, str], clients: Mapping[str, Client], claims: Mapping[str, Any] | None
) -> _Proven:
    claimed = values.get("client_id")
    if not claims:
        fault = "" if claims is None else "invalid_id_token_hint"
        return _known(claimed, clients, fault=fault) if claimed else _Proven(fault=fault)
    if claimed and claimed != claims["aud"]:  # RP-Initiated Logout 2: they must match
        return _Proven(fault="client_mismatch")
    return _known(claims["aud"], clients, subject=claims["sub"], sid=claims["sid"])


def _known(
    client_id: str,
    clients: Mapping[str, Client],
    *,
    subject: str = "",
    sid: str = "",
    fault: str = "",
) -> _Proven:
    client = clients.get(client_id)
    if client is None:
        return _Proven(fault=fault or "unknown_client")
    if not client.enabled:
        return _Proven(fault=fault or "disabled_client")
    return _Proven(client, subject, sid, fault)


def _redirect_uri(values: Mapping[str, str], client: Client | None) -> tuple[str, str]:
    uri = values.get("post_logout_redirect_uri")
    if uri is None:
        return "", ""
    if client is None:
        return "", "missing_client"
    if uri not in client.post_logout_redirect_uris:  # byte for byte (RP-Initiated Logout 3)
        return "", "unregistered_post_logout_redirect_uri"
    return uri, ""
