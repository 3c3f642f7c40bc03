"""Passwords in Keycloak's export, as the tagged hashes that are verified here."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from idp.accounts.foreign_hashes import (
    Argon2,
    Bcrypt,
    ForeignHash,
    Pbkdf2,
    Scheme,
    is_bearable,
    parse,
)

_PBKDF2: Final = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_VERSIONS: Final = {"1.3": 19, "1.0": 16}


class HashRefused(Exception):
    """A hash that nobody could log in with here; the message says why."""


def tagged_hash(credential: Mapping[str, Any]) -> str:
    """Return the tagged form of a credential of the type password. Raises HashRefused."""
    if "value" in credential:
        raise HashRefused("Passwords in clear text, which are not taken over")
    try:
        secret = json.loads(credential["secretData"])
        data = json.loads(credential["credentialData"])
        found = _hash_of(str(data["algorithm"]), data, secret)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise HashRefused("Password hashes that cannot be read") from error
    text = str(found)
    if not is_bearable(found):
        raise HashRefused("Password hashes whose cost is absurd")
    if parse(text) != found:  # what is stored must be what a login will read
        raise HashRefused("Password hashes that cannot be read")
    return text


def _hash_of(algorithm: str, data: Mapping[str, Any], secret: Mapping[str, Any]) -> ForeignHash:
    if algorithm == "bcrypt":
        found = parse(f"keycloak:{secret['value']}")
        if found is None or not isinstance(found.scheme, Bcrypt):
            raise ValueError(algorithm)
        return found
    salt, digest = _octets(secret["salt"]), _octets(secret["value"])
    return ForeignHash(_scheme(algorithm, data, len(digest)), salt, digest)


def _scheme(algorithm: str, data: Mapping[str, Any], length: int) -> Scheme:
    iterations = int(data["hashIterations"])
    if algorithm in _PBKDF2:
        return Pbkdf2(_PBKDF2[algorithm], iterations, length)
    if algorithm != "argon2":
        raise HashRefused(f"Password hashes of the scheme {algorithm}, which is not known here")
    more = data["additionalParameters"]
    return Argon2(
        type=_first(more["type"]),
        version=_VERSIONS[_first(more["version"])],
        memory=int(_first(more["memory"])),
        iterations=iterations,
        lanes=int(_first(more["parallelism"])),
        length=length,
    )


def _first(value: Any) -> str:
    """Return a parameter: Keycloak writes each as a list of one text."""
    return str(value[0] if isinstance(value, list) else value)


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no Base64") from error
