"""Random identifiers and the digests under which secrets are stored."""

import hashlib
import secrets

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L: people read it out on the phone


def new_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """Return 128 random bits as 22 URL-safe characters: a row's or a grant's name."""
    return secrets.token_urlsafe(16)


def new_reference() -> str:
    """Return a short reference such as `7F3K-2Q` for people to read out."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return f"{letters[:4]}-{letters[4:]}"


def digest(secret: str) -> bytes:
    """Return the SHA-256 under which a random secret is stored (32 bytes)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
