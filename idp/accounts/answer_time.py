"""The one moment at which all answers to a password leave while slower hashes may be stored.

Schemes from elsewhere take other times than ours, and so does a hash of ours of a cost above
today's; a wrong password must not tell whose account has been here before,
or at all. docs/decisions/012 tells what is counted and why.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TypeAlias

from idp.accounts import foreign_hashes
from idp.accounts.foreign_hashes import PREFIX, Bcrypt, Scheme
from idp.accounts.passwords import Hasher, foreign_rounds, spend_one_hash
from idp.stores.ports import Work

Monotonic: TypeAlias = Callable[[], float]

_FRESH = 5  # seconds for which a process believes what it has read of the schemes in use
# Seconds for the costs of ours, which every row is read for; dearer ones than today's are left by
# an earlier configuration, and a new one begins by reading them.
_FRESH_COSTS = 600
_MOST_SCHEMES = 32  # with their parameters; a realm has two or three
_RUNS = 5
_BUDGET = 0.5  # seconds for the runs of one scheme
_BEHIND = "$~"  # sorts behind every Base64 letter of a salt


def slowest_of(work: Callable[[], object], monotonic: Monotonic) -> float:
    """Return how long `work` takes in seconds: the 95th percentile of a few runs is the slowest.

    At least two runs, for the first one finds cold caches.
    """
    taken: list[float] = []
    while len(taken) < 2 or (len(taken) < _RUNS and sum(taken) < _BUDGET):  # noqa: PLR2004 - see above
        begun = monotonic()
        work()
        taken.append(monotonic() - begun)
    return max(taken)


def schemes_in(work: Work) -> Iterator[Scheme]:
    """Yield each scheme that is in use with each of its parameters: one look-up for each."""
    after = PREFIX
    for _ in range(_MOST_SCHEMES):
        tagged_hash = work.credentials.next_foreign(after)
        if tagged_hash is None:
            return
        found = foreign_hashes.parse(tagged_hash)
        if found is None:  # nobody can log in with it
            after = tagged_hash
            continue
        yield found.scheme
        after = f"{PREFIX}{found.scheme}{_BEHIND}"


@dataclass
class AnswerTime:
    """Knows the schemes in use, and keeps every answer until the slowest of them would have it.

    `monotonic` is in seconds; who waits does so in his place of the hasher's gate.
    """

    hasher: Hasher
    monotonic: Monotonic = time.monotonic
    _schemes: frozenset[Scheme] = field(default=frozenset(), init=False)
    _dearest: Bcrypt | None = field(default=None, init=False)  # of ours, above today's cost
    _read_at: int | None = field(default=None, init=False)
    _costs_read_at: int | None = field(default=None, init=False)

    def refresh(self, work: Work, *, now: int) -> None:
        """Read which schemes are in use, unless that was done in the last seconds."""
        if _is_stale(self._read_at, _FRESH, now):
            self._read_at = now  # first: of many threads one reads
            self._schemes = frozenset(schemes_in(work))
        if _is_stale(self._costs_read_at, _FRESH_COSTS, now):
            self._costs_read_at = now
            highest = max(work.credentials.costs(), default=0)
            self._dearest = Bcrypt(highest) if highest > self.hasher.cost else None

    def deadline(self, password: str) -> float | None:
        """Return when the answer to a password that is verified from now on leaves; None: at once.

        A right password of theirs, or of a dearer one of ours, costs that hash and, stored anew,
        one of ours; so much every answer takes. How often their hash is tried depends on the
        password as it was typed alone.
        The caller holds the turn to hash: what was never timed is timed here.
        """
        schemes, dearest = self._schemes, self._dearest
        slow = [foreign_rounds(password) * self.seconds_of(scheme) for scheme in schemes]
        slow += [self.seconds_of(dearest)] if dearest else []
        if not slow:
            return None
        ours = self.seconds_of(None)
        return self.monotonic() + ours + max(slow)

    def keep_until(self, deadline: float | None) -> None:
        """Sleep until the deadline, in the caller's place and without the turn."""
        if deadline is not None:
            self.hasher.gate.rest(deadline - self.monotonic())

    def seconds_of(self, scheme: Scheme | None) -> float:
        """Return how long one hash takes here; None: one of ours."""
        if scheme is None:
            return _timed_ours(self.hasher.cost, self.monotonic)
        return _timed(scheme, self.monotonic)


def _is_stale(read_at: int | None, fresh: int, now: int) -> bool:
    return read_at is None or not 0 <= now - read_at < fresh


# Once a process, however often it is assembled anew by a reload.
@cache
def _timed(scheme: Scheme, monotonic: Monotonic) -> float:
    dummy = foreign_hashes.dummy(scheme)
    return slowest_of(lambda: dummy.matches(b"x"), monotonic)


@cache
def _timed_ours(cost: int, monotonic: Monotonic) -> float:
    return slowest_of(partial(spend_one_hash, cost), monotonic)
