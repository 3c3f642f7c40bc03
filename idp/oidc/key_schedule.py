"""The life of a signing key: announced, signing, published, gone. Facts and a schedule, no I/O.

A new key is published before it signs, so that relying parties that keep the JWK Set for a while
know it by its first token; an old one stays published until its last token has expired.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from idp.oidc.protocol import SIGNING_ALGS, ProtocolSettings
from idp.settings import Settings
from idp.stores.ports import SigningKey

State: TypeAlias = Literal["announced", "signing", "published", "gone"]

_OFFERED: Final = "RS256"  # every provider must offer it (OIDC Discovery 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySchedule:
    """When keys follow each other, in seconds, and which algorithms are in use."""

    rotate: int = 90 * 24 * 3600  # how long a key signs
    announce: int = 7 * 24 * 3600  # how long it is published before it signs
    keep: int = 30 * 24 * 3600  # how long it is published after it signed
    algs: Collection[str] = SIGNING_ALGS

    @classmethod
    def of(cls, settings: Settings) -> "KeySchedule":
        """Return what a configuration demands; no key leaves before its last token."""
        keys, protocol = settings.keys, ProtocolSettings(issuer=settings.issuer)
        used = {_OFFERED, keys.id_token, keys.access_token}
        used |= {client.id_token_alg for client in settings.clients if client.id_token_alg}
        return cls(
            rotate=keys.rotate,
            announce=keys.announce,
            keep=max(keys.keep, settings.tokens.access, protocol.id_token_lifetime),
            algs=tuple(alg for alg in SIGNING_ALGS if alg in used),
        )

    def lives(self, keys: Iterable[SigningKey], now: int) -> list["KeyLife"]:
        """Return where each key is in its life at `now`, oldest first, by algorithm.

        Keys of an algorithm that is not used any more sign nothing. Nobody noted when it fell out
        of use, so the last one is kept as if it had signed as long as a key may.
        """
        stored = sorted(keys, key=lambda k: (k.alg, k.signs_from, k.created_at, k.kid))
        algs = sorted({key.alg for key in stored}, reverse=True)
        return [
            life for alg in algs for life in self._lives([k for k in stored if k.alg == alg], now)
        ]

    def _lives(self, keys: Sequence[SigningKey], now: int) -> list["KeyLife"]:
        """Return the lives of one algorithm's keys, in the order in which they sign."""
        ends = [after.signs_from for _, after in pairwise(keys)]
        last = keys[-1].signs_from + self.rotate
        if keys[0].alg in self.algs:
            begun = [number for number, key in enumerate(keys) if key.signs_from <= now]
            # A clock that lags behind the one that made the key must sign all the same.
            signer = begun[-1] if begun else 0
            ends.append(max(last, now))
        else:
            signer = len(keys)
            ends.append(last)
        return [
            self._life(key, number - signer, end, now)
            for number, (key, end) in enumerate(zip(keys, ends, strict=True))
        ]

    def _life(self, key: SigningKey, place: int, end: int, now: int) -> "KeyLife":
        """Return the life of the key `place` places after the one that signs until `end`."""
        if place > 0:
            return KeyLife(key, "announced", key.created_at, key.signs_from)
        if place == 0:
            return KeyLife(key, "signing", key.signs_from, end)
        state: State = "published" if now < end + self.keep else "gone"
        return KeyLife(key, state, end if end <= now else key.created_at, end + self.keep)

    def is_due(self, lives: Iterable["KeyLife"], alg: str, now: int) -> bool:
        """Answer whether a successor of `alg` made now would sign no earlier than it is due."""
        ours = [life for life in lives if life.key.alg == alg]
        if any(life.state == "announced" for life in ours):
            return False
        signing = [life.since for life in ours if life.state == "signing"]
        return not signing or now + self.announce >= signing[0] + self.rotate


@dataclass(frozen=True, slots=True)
class KeyLife:
    """A key, its state since when and until when (seconds since 1970 UTC).

    The end of a signing key without a successor is the one that is planned.
    """

    key: SigningKey
    state: State
    since: int
    until: int
