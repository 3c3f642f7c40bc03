"""Keyrings: the versions of one secret, newest first, and the keys derived from it by purpose."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Keyring:
    """Versions of a 256-bit secret. The highest makes new things, all recognise old ones."""

    versions: Mapping[int, bytes] = field(repr=False)

    @property
    def newest(self) -> int:
        return max(self.versions)

    def mac(self, purpose: str, message: bytes, *, version: int | None = None) -> bytes:
        """Return HMAC-SHA-256 of `message` under the key of `purpose` (32 bytes).

        Raises KeyError when `version` has left the ring: what was made with it is void.
        """
        return hmac.digest(self._key(purpose, version or self.newest), message, hashlib.sha256)

    def fernet_keys(self, purpose: str) -> list[bytes]:
        """Return the keys of `purpose` for `MultiFernet`, newest first, URL-safe Base64."""
        ordered = sorted(self.versions, reverse=True)
        return [base64.urlsafe_b64encode(self._key(purpose, v)) for v in ordered]

    def _key(self, purpose: str, version: int) -> bytes:
        # HKDF-Expand with one block (RFC 5869 2.3): the secret is uniform already.
        return hmac.digest(self.versions[version], purpose.encode() + b"\x01", hashlib.sha256)
