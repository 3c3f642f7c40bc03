"""ID tokens as somebody else would make them: with our header, but never with our key."""

import base64
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey


def read(token: str, part: int = 1) -> dict[str, Any]:
    """Return the claims of a token (or its header, part 0) without verifying it."""
    segment = token.split(".")[part]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return content


def unsigned(token: str) -> str:
    """Return the same claims under the algorithm none."""
    return f"{_encoded({'alg': 'none'})}.{token.split('.')[1]}."


def of_foreign_hand(token: str) -> str:
    """Return the same header and claims, signed with a key of the forger's own."""
    return jwt.encode(read(token, 0), read(token), RSAKey.generate_key(2048))


def with_claims(token: str, **claims: object) -> str:
    """Return the token with other claims, which its signature does not cover."""
    header, _, signature = token.split(".")
    return f"{header}.{_encoded(read(token) | claims)}.{signature}"


def _encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
