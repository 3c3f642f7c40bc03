"""Logout tokens (OIDC Back-Channel Logout 1.0): read, checked in full, and taken once."""

import threading
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from idp.demo.protocol import Protocol
from idp.demo.settings import Clock

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = frozenset({"logout+jwt", "application/logout+jwt"})
LEEWAY = 120  # seconds that two clocks may differ, as Authlib allows for ID tokens


class RefusedLogoutTokenError(ValueError):
    """A logout token that must not be followed; the message says why."""


@dataclass(frozen=True)
class LoggedOut:
    """Whose sessions have ended: the one named `sid`, or all of `sub` when there is no `sid`."""

    sub: str
    sid: str


class LogoutTokens:
    """Reads the provider's logout tokens and remembers their `jti` until they have expired."""

    def __init__(self, protocol: Protocol, clock: Clock) -> None:
        self._protocol = protocol
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def accept(self, text: str) -> LoggedOut:
        """Check a logout token in the order of Back-Channel Logout 2.6; a second time it fails.

        Raises:
            RefusedLogoutTokenError, or one of PROVIDER_FAULTS: it must not be followed.

        """
        token = self._decoded(text)
        if str(token.header.get("typ")).lower() not in TYPES:
            raise RefusedLogoutTokenError("typ")
        self._check_standard_claims(token.claims)
        _check_event(token.claims)
        logged_out = _logged_out(token.claims)
        self._take(token.claims["jti"], token.claims["exp"] + LEEWAY)
        return logged_out

    def _decoded(self, text: str) -> jwt.Token:
        metadata = self._protocol.checked_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in offered if name != "none"]
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        try:
            return jwt.decode(text, self._keys(), registry=registry)
        except InvalidKeyIdError:  # the keys have been rotated
            return jwt.decode(text, self._keys(force=True), registry=registry)

    def _keys(self, *, force: bool = False) -> KeySet:
        return KeySet.import_key_set(self._protocol.client.fetch_jwk_set(force=force))

    def _check_standard_claims(self, claims: dict[str, Any]) -> None:
        settings = self._protocol.settings
        jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)

    def _take(self, jti: str, until: float) -> None:
        now = self._clock()
        with self._lock:
            self._seen = {name: end for name, end in self._seen.items() if end > now}
            if jti in self._seen:
                raise RefusedLogoutTokenError("jti: seen before")
            self._seen[jti] = until


def _check_event(claims: dict[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise RefusedLogoutTokenError("events")
    if "nonce" in claims:
        # An ID token must never pass for a logout token.
        raise RefusedLogoutTokenError("nonce")


def _logged_out(claims: dict[str, Any]) -> LoggedOut:
    sub, sid = claims.get("sub", ""), claims.get("sid", "")
    if not isinstance(sub, str) or not isinstance(sid, str) or not (sub or sid):
        raise RefusedLogoutTokenError("sub, sid")
    return LoggedOut(sub, sid)
