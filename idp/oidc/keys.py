"""Signing keys: sealed in the store, parsed once a process, used through one port, rotated.

A token of ours carries one of our own headers, byte for byte. Verification looks that header up
instead of believing it, so that no header of somebody else's making chooses a key or an algorithm.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, MultiFernet
from cryptography.fernet import InvalidToken as InvalidSeal
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, RSAKey

from idp.model.clock import Clock
from idp.model.errors import ProbeshError, SettingsRefused, StoreUnavailable
from idp.model.keyring import Keyring
from idp.oidc.key_schedule import KeyLife, KeySchedule
from idp.oidc.protocol import SIGNING_ALGS
from idp.stores.ports import SigningKey, Stores

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - a media type (RFC 9068 2.1)
ID_TOKEN: Final = "JWT"  # noqa: S105 - a media type
LOGOUT_TOKEN: Final = "logout+jwt"  # noqa: S105 - a media type (Back-Channel Logout 2.4)
PURPOSE: Final = "signing-keys"  # of the key-encryption key

_TYPES: Final = (ACCESS_TOKEN, ID_TOKEN, LOGOUT_TOKEN)
_LONGEST: Final = 8 * 1024  # characters of a token that is read at all
_REMEMBERED: Final = 1024  # tokens whose signature was good
_COORDINATE: Final = 32  # bytes of r and of s in an ES256 signature (RFC 7518 3.4)
_RSA_BITS: Final = 2048


class InvalidToken(ProbeshError):
    """A token that is not ours, not of the type asked for, or damaged."""


class NoSigningKey(StoreUnavailable):
    """The key that signed was withdrawn, and this process has got no other one yet."""


class SignatureKey(Protocol):
    """The port through which everything is signed: a private key with its algorithm.

    A key in a hardware module is one more adapter.
    """

    def sign(self, message: bytes) -> bytes: ...
    def is_signature(self, signature: bytes, message: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Rs256Key:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3)."""

    private: rsa.RSAPrivateKey = field(repr=False)
    public: rsa.RSAPublicKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), SHA256())

    def is_signature(self, signature: bytes, message: bytes) -> bool:
        try:
            self.public.verify(signature, message, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Es256Key:
    """ECDSA on P-256 with SHA-256 (RFC 7518 3.4)."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    public: ec.EllipticCurvePublicKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)

    def is_signature(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != 2 * _COORDINATE:
            return False
        r, s = signature[:_COORDINATE], signature[_COORDINATE:]
        encoded = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        try:
            self.public.verify(encoded, message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoadedKey:
    kid: str
    alg: str
    key: SignatureKey = field(repr=False)
    public_jwk: Mapping[str, Any]
    signs: bool

    def header(self, typ: str) -> str:
        # Changing these bytes voids every access token and id_token_hint that is out there.
        fields = {"alg": self.alg, "typ": typ, "kid": self.kid}
        return _base64url(json.dumps(fields, separators=(",", ":")).encode())


class _Ring:
    """The keys of one moment, ready for use."""

    def __init__(self, keys: Iterable[_LoadedKey]) -> None:
        self.keys = tuple(keys)
        self.current = {k.alg: k for k in self.keys if k.signs}
        self.headers = {(k.kid, typ): k.header(typ) for k in self.keys for typ in _TYPES}
        self.by_header = {k.header(typ): (typ, k) for k in self.keys for typ in _TYPES}
        # A token is checked at every call of its client; what was signed once stays signed.
        self.signed_claims = lru_cache(_REMEMBERED)(self._verify_signature)

    def _verify_signature(self, token: str) -> Mapping[str, Any]:
        header, payload, signature = token.split(".")
        _, known = self.by_header[header]
        if not known.key.is_signature(_decoded(signature), f"{header}.{payload}".encode()):
            raise InvalidToken
        claims: dict[str, Any] = json.loads(_decoded(payload))
        return claims


class KeySet:
    """All published keys of the provider; one of each algorithm signs, all of them verify.

    Everybody who signs or verifies shares one set, whose content is exchanged by one assignment.
    """

    def __init__(self, keys: Iterable[_LoadedKey]) -> None:
        self._ring = _Ring(keys)

    @classmethod
    def load(cls, stores: Stores, kek: Keyring, schedule: KeySchedule, now: int) -> "KeySet":
        """Read and parse the keys: about 30 ms for each RSA key, so once a `key_stamp`.

        Raises SettingsRefused when an algorithm in use has none, or none that this key-encryption
        key opens: a provider that cannot sign must not start.
        """
        lives = _published(stores, schedule, now)
        missing = set(schedule.algs) - {life.key.alg for life in lives}
        if not lives:
            raise SettingsRefused("There are no signing keys: run idp init.")
        if missing:
            raise SettingsRefused(f"There is no key for {min(missing)}: run idp init.")
        opened = _opened([life.key for life in lives], kek)
        return cls(_loaded(life, jwk) for life, jwk in zip(lives, opened, strict=True))

    def take(self, successor: "KeySet") -> None:
        """Hold from now on what `successor` holds; what was remembered of tokens is forgotten."""
        self._ring = successor._ring  # noqa: SLF001 - of the same class

    def only(self, kids: Collection[str]) -> "KeySet":
        """Return a set of those of these keys that are named."""
        return KeySet(key for key in self._ring.keys if key.kid in kids)

    def sign(self, claims: Mapping[str, Any], *, alg: str, typ: str) -> str:
        """Return `claims` as a JWS in compact serialization (RFC 7515 3.1).

        Raises NoSigningKey while a withdrawn key has no successor here.
        """
        ring = self._ring
        key = ring.current.get(alg)
        if key is None:
            raise NoSigningKey(f"no {alg} key may sign")
        payload = _base64url(json.dumps(claims, separators=(",", ":")).encode())
        message = f"{ring.headers[key.kid, typ]}.{payload}"
        return f"{message}.{_base64url(key.key.sign(message.encode()))}"

    def verify(
        self, token: str, *, typ: str, algs: Collection[str] = SIGNING_ALGS
    ) -> dict[str, Any]:
        """Return the claims of a token that we signed; times and audience are the caller's matter.

        Raises InvalidToken for anything else: foreign or missing keys and algorithms, other types,
        extra header fields, damage, more than 8 KiB (RFC 8725 3.1, 3.11).
        """
        if len(token) > _LONGEST or not token.isascii() or token.count(".") != 2:  # noqa: PLR2004
            raise InvalidToken
        ring = self._ring
        known = ring.by_header.get(token.partition(".")[0])
        if known is None or known[0] != typ or known[1].alg not in algs:
            raise InvalidToken
        return dict(ring.signed_claims(token))

    def public_jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK Set (RFC 7517 5), announced ones too, newest last."""
        return {"keys": [key.public_jwk for key in self._ring.keys]}

    @property
    def algs(self) -> frozenset[str]:
        return frozenset(self._ring.current)


def key_stamp(stores: Stores, schedule: KeySchedule, now: int) -> dict[str, bool]:
    """Return the `kid`s of the published keys, and of each whether it signs.

    It changes whenever a `KeySet` loaded anew would sign or publish otherwise.

    One small read, for every process once a second.
    """
    lives = _published(stores, schedule, now)
    return {life.key.kid: life.state == "signing" for life in lives}


def make_keys(
    stores: Stores, kek: Keyring, clock: Clock, algs: Collection[str] = SIGNING_ALGS
) -> list[str]:
    """Make and store a key for every algorithm that has none; return the `kid`s of the new ones."""

    def plan(stored: Sequence[SigningKey]) -> _Plan:
        present = {key.alg for key in stored}
        return _Plan({alg: clock() for alg in algs if alg not in present})

    return _change(stores, kek, clock, plan)


def rotate_if_due(stores: Stores, kek: Keyring, schedule: KeySchedule, clock: Clock) -> list[str]:
    """Announce successors that are due, remove keys whose time is over; return the new `kid`s.

    An algorithm that came into use since gets its first key, which signs at once. Processes and
    nodes may call it together. Raises SettingsRefused when the key-encryption key is another one.
    """

    def plan(stored: Sequence[SigningKey]) -> _Plan:
        now, lives = clock(), schedule.lives(stored, clock())
        gone = [life.key.kid for life in lives if life.state == "gone"]
        due = [alg for alg in schedule.algs if stored and schedule.is_due(lives, alg, now)]
        known = {key.alg for key in stored}
        return _Plan({alg: now + schedule.announce * (alg in known) for alg in due}, gone)

    return _change(stores, kek, clock, plan)


def announce_keys(
    stores: Stores, kek: Keyring, schedule: KeySchedule, clock: Clock, algs: Collection[str]
) -> list[str]:
    """Make successors now, which sign after their announcement; return their `kid`s.

    An algorithm whose successor is announced already gets no other one.
    """

    def plan(stored: Sequence[SigningKey]) -> _Plan:
        lives = schedule.lives(stored, clock())
        announced = {life.key.alg for life in lives if life.state == "announced"}
        return _Plan({alg: clock() + schedule.announce for alg in algs if alg not in announced})

    return _change(stores, kek, clock, plan)


def replace_keys(
    stores: Stores, kek: Keyring, schedule: KeySchedule, clock: Clock, alg: str | None = None
) -> list[str]:
    """Withdraw every key there is, used or not, or only those of `alg`.

    Every token of theirs is void from now on. Return the `kid`s of the new keys, which sign at
    once: one for each of these algorithms that is in use.
    """

    def plan(stored: Sequence[SigningKey]) -> _Plan:
        new = dict.fromkeys((a for a in schedule.algs if alg in {None, a}), clock())
        return _Plan(new, [key.kid for key in stored if alg in {None, key.alg}])

    return _change(stores, kek, clock, plan)


def token_hash(token: str) -> str:
    """Return the `at_hash` of an access token under RS256 or ES256 (OIDC Core 3.1.3.6)."""
    return _base64url(hashlib.sha256(token.encode("ascii")).digest()[:16])


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which algorithms get a key that signs from when, and which keys leave."""

    new: Mapping[str, int] = field(default_factory=dict)
    leaving: Sequence[str] = ()


def _change(
    stores: Stores, kek: Keyring, clock: Clock, plan: Callable[[Sequence[SigningKey]], _Plan]
) -> list[str]:
    with stores.read() as work:
        stored = work.signing_keys.all()
    wanted = plan(stored)
    if not wanted.new and not wanted.leaving:
        return []
    # An RSA key takes a while: it is made before the turn, for nothing if somebody was faster.
    keys = {alg: _new_key(alg) for alg in wanted.new}
    with stores.write() as work:
        work.signing_keys.take_turn()
        stored = work.signing_keys.all()
        decided = plan(stored)
        leaving = set(decided.leaving)
        _opened([key for key in stored if key.kid not in leaving], kek)  # or it seals for nobody
        for kid in decided.leaving:
            work.signing_keys.remove(kid)
        made = [
            _sealed(keys[alg], alg, kek, times=(clock(), signs_from))
            for alg, signs_from in decided.new.items()
            if alg in keys
        ]
        for key in made:
            work.signing_keys.add(key)
    return [key.kid for key in made]


def _new_key(alg: str) -> RSAKey | ECKey:
    return RSAKey.generate_key(_RSA_BITS) if alg == "RS256" else ECKey.generate_key("P-256")


def _sealed(key: RSAKey | ECKey, alg: str, kek: Keyring, *, times: tuple[int, int]) -> SigningKey:
    private = json.dumps(key.as_dict(private=True)).encode()
    return SigningKey(key.thumbprint(), alg, _seal(kek).encrypt(private), *times)


def _published(stores: Stores, schedule: KeySchedule, now: int) -> list[KeyLife]:
    with stores.read() as work:
        stored = work.signing_keys.all()
    return [life for life in schedule.lives(stored, now) if life.state != "gone"]


def _opened(stored: Sequence[SigningKey], kek: Keyring) -> list[dict[str, Any]]:
    """Return the private keys as JWKs. Raises SettingsRefused."""
    seal = _seal(kek)
    try:
        return [json.loads(seal.decrypt(key.sealed)) for key in stored]
    except InvalidSeal as error:
        message = "The signing keys were sealed with another key_encryption_key: restore it."
        raise SettingsRefused(message) from error


def _loaded(life: KeyLife, jwk: dict[str, Any]) -> _LoadedKey:
    alg, kid = life.key.alg, life.key.kid
    parsed = RSAKey.import_key(jwk) if alg == "RS256" else ECKey.import_key(jwk)
    public = parsed.as_dict(private=False)
    return _LoadedKey(
        kid=kid,
        alg=alg,
        key=_signature_key(parsed.raw_value),
        public_jwk={**public, "kid": kid, "use": "sig", "alg": alg},
        signs=life.state == "signing",
    )


def _signature_key(private: object) -> SignatureKey:
    if isinstance(private, rsa.RSAPrivateKey):
        return Rs256Key(private, private.public_key())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return Es256Key(private, private.public_key())
    raise TypeError("A stored signing key is not a private key.")


def _seal(kek: Keyring) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in kek.fernet_keys(PURPOSE)])


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decoded(segment: str) -> bytes:
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise InvalidToken from error
