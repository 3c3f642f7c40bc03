"""Password hashes that people bring from Keycloak, verified as it did.

At rest each is `keycloak:` and the scheme's usual text, Base64 without padding:

    keycloak:$argon2id$v=19$m=7168,t=5,p=1$SALT$HASH     (argon2i, argon2d; v=16 is Argon2 1.0)
    keycloak:$pbkdf2-sha512$i=210000,l=64$SALT$HASH      (pbkdf2-sha256, pbkdf2-sha1; l: bytes)
    keycloak:$2a$10$SALTANDHASH                          (bcrypt; $2b$, $2y$)

A file of users may hold the same texts. What would take absurdly long or much memory is no hash
that is known here: whoever writes one row must not be able to stop the server.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TypeAlias

import bcrypt
from argon2.low_level import Type, hash_secret_raw
from typing_extensions import override

PREFIX = "keycloak:"
LARGEST_MEMORY = 262_144  # KiB of one Argon2
MOST_LANES = 8
MOST_PASSES = 1_572_864  # KiB of memory times iterations: about two seconds
# HMACs of one PBKDF2, about two seconds: Keycloak's own most are 5,200,000 of SHA-1.
MOST_ROUNDS = {"sha1": 6_000_000, "sha256": 6_000_000, "sha512": 3_000_000}
BCRYPT_SALT = r"[./A-Za-z0-9]{21}[.Oeu]"  # 16 bytes: the last letter has two bits of them
_HIGHEST_COST = 14  # of bcrypt: about one second and a half
_SLICES = 4  # of a lane and an iteration; each is a thread of its own where lanes are several
_THREAD = 128  # KiB that are filled in the time of starting one
_LONGEST_BCRYPT = 72  # bytes that bcrypt looks at
_OCTETS = range(8, 129)  # in a salt or a hash

_B64 = r"[A-Za-z0-9+/]{11,172}"
_ARGON2 = re.compile(
    r"keycloak:\$argon2(?P<type>id|i|d)\$v=(?P<version>19|16)\$m=(?P<memory>[1-9][0-9]{0,6}),"
    r"t=(?P<time>[1-9][0-9]{0,4}),p=(?P<lanes>[1-9][0-9]?)"
    rf"\$(?P<salt>{_B64})\$(?P<digest>{_B64})"
)
_PBKDF2 = re.compile(
    r"keycloak:\$pbkdf2-(?P<hash>sha1|sha256|sha512)\$i=(?P<iterations>[1-9][0-9]{0,7}),"
    r"l=(?P<length>[1-9][0-9]{0,2})"
    rf"\$(?P<salt>{_B64})\$(?P<digest>{_B64})"
)
_BCRYPT = re.compile(
    r"keycloak:(?P<hash>\$(?P<version>2[aby])\$(?P<cost>[0-9]{2})\$"
    rf"{BCRYPT_SALT}[./A-Za-z0-9]{{31}})"
)
_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


@dataclass(frozen=True, slots=True)
class Argon2:
    """Argon2 (RFC 9106): `memory` in KiB, `length` of the hash in bytes."""

    type: str  # id, i or d
    version: int  # 19: 1.3, 16: 1.0
    memory: int
    iterations: int
    lanes: int
    length: int

    def is_bearable(self) -> bool:
        is_whole = self.memory >= 8 * self.lanes  # RFC 9106 3.1
        is_small = self.memory <= LARGEST_MEMORY and self.lanes <= MOST_LANES
        return is_whole and is_small and self._passes() <= MOST_PASSES

    def _passes(self) -> int:
        """Return the work in KiB to fill; with many lanes the threads cost more than the memory."""
        threads = _SLICES * self.iterations * self.lanes if self.lanes > 1 else 0
        return self.memory * self.iterations + threads * _THREAD

    def hash(self, password: bytes, salt: bytes) -> bytes:
        return hash_secret_raw(
            password,
            salt,
            time_cost=self.iterations,
            memory_cost=self.memory,
            parallelism=self.lanes,
            hash_len=self.length,
            type=_TYPES[self.type],
            version=self.version,
        )

    @override
    def __str__(self) -> str:
        cost = f"m={self.memory},t={self.iterations},p={self.lanes}"
        return f"$argon2{self.type}$v={self.version}${cost}"


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 (RFC 8018 5.2) with HMAC; `length` of the hash in bytes, as it was stored."""

    hash_name: str  # sha1, sha256 or sha512
    iterations: int
    length: int

    def is_bearable(self) -> bool:
        blocks = -(-self.length // hashlib.new(self.hash_name).digest_size)
        return self.iterations * blocks <= MOST_ROUNDS[self.hash_name]

    def hash(self, password: bytes, salt: bytes) -> bytes:
        return hashlib.pbkdf2_hmac(self.hash_name, password, salt, self.iterations, self.length)

    @override
    def __str__(self) -> str:
        return f"$pbkdf2-{self.hash_name}$i={self.iterations},l={self.length}"


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """bcrypt; bytes beyond the 72nd never counted, so they are cut off here."""

    cost: int
    version: str = "2b"

    def is_bearable(self) -> bool:
        return 4 <= self.cost <= _HIGHEST_COST  # noqa: PLR2004 - bcrypt's own least

    def hash(self, password: bytes, salt: bytes) -> bytes:
        """Return the whole text; `salt` is a text that begins with version, cost and salt."""
        return bcrypt.hashpw(password[:_LONGEST_BCRYPT], salt)

    @override
    def __str__(self) -> str:
        return f"${self.version}${self.cost:02}"


Scheme: TypeAlias = Argon2 | Pbkdf2 | Bcrypt


@dataclass(frozen=True, slots=True)
class ForeignHash:
    """One hash: its scheme with all parameters, salt and the digest to compare with."""

    scheme: Scheme
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def matches(self, password: bytes) -> bool:
        """Tell whether these very bytes are the password; compared in constant time."""
        return hmac.compare_digest(self.scheme.hash(password, self.salt), self.digest)

    @override
    def __str__(self) -> str:
        """Return the tagged form, as it is stored."""
        if isinstance(self.scheme, Bcrypt):
            return PREFIX + self.digest.decode("ascii")
        return f"{PREFIX}{self.scheme}${_encode(self.salt)}${_encode(self.digest)}"


def parse(tagged_hash: str) -> ForeignHash | None:
    """Return the parts of a hash from elsewhere; None: not one, or one that costs too much."""
    if not tagged_hash.startswith(PREFIX):
        return None
    found = _parse_bcrypt(tagged_hash) or _parse_argon2(tagged_hash) or _parse_pbkdf2(tagged_hash)
    return found if found is not None and is_bearable(found) else None


def is_bearable(found: ForeignHash) -> bool:
    """Tell whether this server may be asked to verify such a hash at a login."""
    is_sized = len(found.salt) in _OCTETS and len(found.digest) in _OCTETS
    return is_sized and found.scheme.is_bearable()


def dummy(scheme: Scheme) -> ForeignHash:
    """Return a hash without a preimage: comparing with it costs what a real one does."""
    if isinstance(scheme, Bcrypt):
        salt = bcrypt.gensalt(scheme.cost)
        return ForeignHash(scheme, salt, salt + b"." * 31)
    return ForeignHash(scheme, b"s" * 16, b"d" * scheme.length)


def _parse_argon2(tagged_hash: str) -> ForeignHash | None:
    found = _ARGON2.fullmatch(tagged_hash)
    octets = found and _decoded(found["salt"], found["digest"])
    if not found or not octets:
        return None
    scheme = Argon2(
        type=found["type"],
        version=int(found["version"]),
        memory=int(found["memory"]),
        iterations=int(found["time"]),
        lanes=int(found["lanes"]),
        length=len(octets[1]),
    )
    return ForeignHash(scheme, *octets)


def _parse_pbkdf2(tagged_hash: str) -> ForeignHash | None:
    found = _PBKDF2.fullmatch(tagged_hash)
    octets = found and _decoded(found["salt"], found["digest"])
    if not found or not octets or len(octets[1]) != int(found["length"]):
        return None
    scheme = Pbkdf2(found["hash"], int(found["iterations"]), len(octets[1]))
    return ForeignHash(scheme, *octets)


def _parse_bcrypt(tagged_hash: str) -> ForeignHash | None:
    found = _BCRYPT.fullmatch(tagged_hash)
    if found is None:
        return None
    # $2a$, $2b$ and $2y$ name bugs of libraries of the past; what they compute is the same.
    hashed = found["hash"].encode("ascii")
    return ForeignHash(Bcrypt(int(found["cost"]), found["version"]), hashed, hashed)


def _decoded(salt: str, digest: str) -> tuple[bytes, bytes] | None:
    try:
        return _decode(salt), _decode(digest)
    except binascii.Error:
        return None


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii").rstrip("=")
