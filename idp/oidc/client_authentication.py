"""Client authentication (RFC 6749 2.3): exactly the way that the client is registered with."""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError

from idp.oidc.clients import RegisteredClient, find_secret
from idp.oidc.errors import ClientRefused
from idp.oidc.parameters import is_readable
from idp.settings.clients import ClientSecret

Method: TypeAlias = Literal["client_secret_basic", "client_secret_post", "none"]


_EITHER = ("client_secret_basic", "client_secret_post")
NoteUse: TypeAlias = Callable[[str, ClientSecret], None]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a caller says it is, and how."""

    method: Method
    client_id: str
    secret: str = field(repr=False)


def authenticate(
    clients: Mapping[str, RegisteredClient],
    *,
    authorization: str | None,
    form: Mapping[str, str],
    now: int,
    note: NoteUse = lambda _client_id, _secret: None,
) -> tuple[RegisteredClient, Method]:
    """Return the client that proved itself, and how; a secret that was right is noted.

    Raises InvalidRequestError for more than one credential, ClientRefused (401) for everything
    else; an unknown client and a wrong secret get the same answer at the same cost.
    """
    credentials = _presented(authorization, form)
    client = clients.get(credentials.client_id)
    is_public = credentials.method == "none"
    secret = None if is_public else find_secret(client, credentials.secret, now=now)
    is_proven = is_public or secret is not None
    if client is None or not is_proven or credentials.method not in _methods(client):
        raise ClientRefused
    if secret is not None:
        note(client.client_id, secret)
    return client, credentials.method


def presented_client_id(authorization: str | None, form: Mapping[str, str]) -> str:
    """Return who the caller says it is, for the log; "": that cannot be read. Never a secret."""
    try:
        return _presented(authorization, form).client_id
    except (ClientRefused, InvalidRequestError):
        return "" if authorization is not None else form.get("client_id", "")


def _methods(client: RegisteredClient) -> Collection[str]:
    """Return how the client may prove itself: as registered, or either way as at Keycloak."""
    return _EITHER if client.is_keycloak_style and not client.is_public else (client.record.auth,)


def _presented(authorization: str | None, form: Mapping[str, str]) -> Credentials:
    ways = [authorization, form.get("client_secret"), form.get("client_assertion")]
    if sum(way is not None for way in ways) > 1:
        raise InvalidRequestError("The client presents more than one credential.")
    if "client_assertion" in form:
        raise ClientRefused
    if authorization is not None:
        return _basic(authorization, form.get("client_id"))
    client_id = form.get("client_id")
    if client_id is None:
        raise ClientRefused
    if "client_secret" in form:
        return Credentials("client_secret_post", client_id, form["client_secret"])
    return Credentials("none", client_id, "")


def _basic(authorization: str, client_id_in_body: str | None) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise ClientRefused from error
    name, colon, secret = decoded.partition(":")
    # Both are form-encoded before they are put together (RFC 6749 2.3.1).
    client_id = unquote_plus(name)
    if not colon or not is_readable(client_id):
        raise ClientRefused
    if client_id_in_body not in (None, client_id):
        raise InvalidRequestError("The client_id is not that of the Authorization header.")
    return Credentials("client_secret_basic", client_id, unquote_plus(secret))
