"""Client authentication (RFC 6749 2.3): exactly the way that the client is registered with."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError

from idp.oidc.clients import RegisteredClient, is_secret_of
from idp.oidc.errors import ClientRefused
from idp.oidc.parameters import is_readable

Method: TypeAlias = Literal["client_secret_basic", "client_secret_post", "none"]


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
) -> tuple[RegisteredClient, Method]:
    """Return the client that proved itself, and how.

    Raises InvalidRequestError for more than one credential, ClientRefused (401) for everything
    else; an unknown client and a wrong secret get the same answer at the same cost.
    """
    credentials = _presented(authorization, form)
    client = clients.get(credentials.client_id)
    is_proven = credentials.method == "none" or is_secret_of(client, credentials.secret, now=now)
    if client is None or not is_proven or client.record.auth != credentials.method:
        raise ClientRefused
    return client, credentials.method


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
