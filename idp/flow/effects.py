"""What a step wants done, as frozen values that the engine applies in its one unit of work.

An effect that may happen only once raises AlreadySpent when somebody else was faster; then
nothing of the whole unit of work happens.
"""

from dataclasses import dataclass, field
from typing import Protocol

from idp.model.errors import AlreadySpent
from idp.model.letter import Letter
from idp.model.sessions import Challenge
from idp.stores.ports import Work


class Effect(Protocol):
    """One change, applied inside the engine's unit of work at `now` (seconds since 1970 UTC)."""

    def apply(self, work: Work, *, now: int) -> None: ...


@dataclass(frozen=True, slots=True)
class StartChallenge:
    """Store a challenge and promise the letter that carries its code."""

    challenge: Challenge
    letter: Letter

    def apply(self, work: Work, *, now: int) -> None:
        work.challenges.add(self.challenge)
        work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class ResendChallenge:
    """Promise the same code once more, if the last letter is old enough and sends are left."""

    challenge_id: str
    letter: Letter
    limit: int
    not_after: int

    def apply(self, work: Work, *, now: int) -> None:
        if not work.challenges.reserve_send(
            self.challenge_id, limit=self.limit, not_after=self.not_after, now=now
        ):
            raise AlreadySpent
        work.outbox.add(self.letter)


@dataclass(frozen=True, slots=True)
class SpendChallenge:
    """Mark the challenge answered: the second right answer finds it spent."""

    challenge_id: str

    def apply(self, work: Work, *, now: int) -> None:
        work.challenges.spend(self.challenge_id, now=now)


@dataclass(frozen=True, slots=True)
class ClearCounter:
    """Forget the failures of a key: its owner has just proven himself."""

    key: bytes

    def apply(self, work: Work, *, now: int) -> None:
        work.counters.clear(self.key)


@dataclass(frozen=True, slots=True)
class Rehash:
    """Store the same password under today's scheme, pepper and cost."""

    user_id: str
    tagged_hash: str = field(repr=False)
    old: str = field(repr=False)

    def apply(self, work: Work, *, now: int) -> None:
        work.credentials.rehash(self.user_id, self.tagged_hash, old=self.old)
