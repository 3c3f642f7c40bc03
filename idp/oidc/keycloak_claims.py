"""Claims where Keycloak puts them, for a client whose file says `claims_style = "keycloak"`.

What is copied and what is not: docs/decisions/013-keycloak-compatibility.md. For every other client
each function here answers with nothing.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from idp.model.grant import Grant
from idp.model.tokens import new_secret
from idp.model.user import User
from idp.oidc.clients import RegisteredClient

# Keycloak grants these with every login, asked for or not.
_DEFAULT_SCOPES: Final = ("profile", "email")
_FROM_ATTRIBUTES: Final = ("preferred_username", "given_name", "family_name")
# A token of more than 8 KiB is not read, here or by many a proxy.
_LONGEST_NAME: Final = 64  # characters of an attribute that becomes a claim of every token
_LONGEST_ROLES: Final = 2048  # characters of JSON
_JWT_HEADER: Final = {"alg": "HS256", "typ": "JWT"}

_TOLD: Final = (
    *("typ", "azp", "sid", "preferred_username", "name", "given_name", "family_name", "locale"),
    *("email", "email_verified", "realm_access", "resource_access"),
)


def granted_scope(client: RegisteredClient, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scope of a new grant: with Keycloak's default scopes, if the client may have them.

    The answer says so (RFC 6749 3.3).
    """
    if not client.is_keycloak_style:
        return asked
    return tuple(dict.fromkeys((*asked, *client.allowed(_DEFAULT_SCOPES))))


def access_claims(
    client: RegisteredClient, user: User, grant: Grant, scope: tuple[str, ...]
) -> dict[str, Any]:
    """Return what an access token says beside RFC 9068, roles above all."""
    if not client.is_keycloak_style:
        return {}
    told = {"typ": "Bearer", "azp": client.client_id, **_person(user, grant, scope)}
    return told | _roles(user, client.client_id)


def own_access_claims(client: RegisteredClient) -> dict[str, Any]:
    """Return what the access token of a client that acts for itself says beside RFC 9068."""
    if not client.is_keycloak_style:
        return {}
    name = f"service-account-{client.client_id}".lower()
    return {"typ": "Bearer", "azp": client.client_id, "preferred_username": name}


def id_token_claims(
    client: RegisteredClient, user: User, grant: Grant, scope: tuple[str, ...]
) -> dict[str, Any]:
    """Return what an ID token says beside OIDC Core 2; never roles."""
    if not client.is_keycloak_style:
        return {}
    return {"typ": "ID", "azp": client.client_id, **_person(user, grant, scope)}


def userinfo_claims(
    client: RegisteredClient, user: User, grant: Grant, scope: tuple[str, ...]
) -> dict[str, Any]:
    """Return what the userinfo endpoint says beside OIDC Core 5.4; never roles."""
    return _person(user, grant, scope) if client.is_keycloak_style else {}


def answer_facts(client: RegisteredClient, grant: Grant, *, now: int) -> dict[str, Any]:
    """Return what Keycloak's token response holds beside RFC 6749 5.1."""
    if not client.is_keycloak_style:
        return {}
    return {
        "refresh_expires_in": grant.expires_at - now,
        "session_state": grant.sid,
        "not-before-policy": 0,
    }


def introspection_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what introspection tells of an access token beside RFC 7662 2.2.

    `typ` is in the tokens of clients of this style only.
    """
    if "typ" not in claims:
        return {}
    told = {name: claims[name] for name in _TOLD if name in claims}
    named = {"username": told["preferred_username"]} if "preferred_username" in told else {}
    return {**told, **named}


def new_refresh_token(client: RegisteredClient, grant: Grant, *, issuer: str, now: int) -> str:
    """Return a refresh token: 256 random bits, for a client of this style in the form of a JWT.

    keycloak-js takes every refresh token for one, and applications read its `exp`. The random bits
    stand where a signature would, under a key that nobody has; as a whole it is stored and found
    like any other.
    """
    secret = new_secret()
    if not client.is_keycloak_style:
        return secret
    payload = {
        "typ": "Refresh",
        "iss": issuer,
        "aud": issuer,
        "sub": grant.user_id,
        "azp": client.client_id,
        "sid": grant.sid,
        "scope": " ".join(grant.scope),
        "iat": now,
        "exp": grant.expires_at,
    }
    return f"{_base64url(_JWT_HEADER)}.{_base64url(payload)}.{secret}"


def _person(user: User, grant: Grant, scope: Iterable[str]) -> dict[str, Any]:
    """Return who it is, as Keycloak's scopes profile and email say it by default."""
    person: dict[str, Any] = {}
    if "profile" in scope:
        given = _attributes(user)
        person = {
            "preferred_username": user.email,
            "name": user.name_en or user.name_bn,
            "locale": user.locale,
            **{name: given[name] for name in _FROM_ATTRIBUTES if name in given},
        }
    if "email" in scope:
        # A mailed code that was typed in is the proof that the mailbox is the user's.
        verified = user.email_verified or "email" in grant.amr
        person |= {"email": user.email, "email_verified": verified}
    return {name: value for name, value in person.items() if value != ""}


def _attributes(user: User) -> dict[str, str]:
    """Return the attributes that are a text, or begin with one, and may become a claim."""
    texts = {}
    for name, value in json.loads(user.attributes).items():
        first = value if isinstance(value, str) else next(iter(value), "")
        if 0 < len(first) <= _LONGEST_NAME:
            texts[name] = first
    return texts


def _roles(user: User, client_id: str) -> dict[str, Any]:
    """Return the roles; of too many, those of this client alone, and of still too many none."""
    roles = json.loads(user.roles)
    realm, by_client = roles.get("realm", []), roles.get("clients", {})
    own = {name: its for name, its in by_client.items() if name == client_id}
    for kept in (_placed(realm, by_client), _placed(realm, own)):
        if len(json.dumps(kept)) <= _LONGEST_ROLES:
            return kept
    return {}


def _placed(realm: list[str], by_client: Mapping[str, list[str]]) -> dict[str, Any]:
    placed = {
        "realm_access": {"roles": realm} if realm else {},
        "resource_access": {name: {"roles": its} for name, its in by_client.items() if its},
    }
    return {name: value for name, value in placed.items() if value}


def _base64url(content: Mapping[str, Any]) -> str:
    encoded = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()
