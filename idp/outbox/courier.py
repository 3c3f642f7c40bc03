"""The courier: takes due letters of its lane one by one, has them delivered, writes down the end.

Delivery is at least once: a letter is marked after it was accepted, in a unit of work of its own.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from idp.model.clock import Clock
from idp.model.letter import GHOST, Lane, Letter
from idp.outbox.delivery import Delivery, DeliveryFailed, Fault
from idp.stores.ports import Outbox, Stores

LEASE = 60  # seconds: after a crash another worker takes the letter up
MOST = 20  # letters at one call
BACK_OFF = (5, 15, 60, 300)  # seconds after the first, second, … failure; the last one stays

_OPERATORS_MATTER = frozenset({Fault.TLS, Fault.LOGIN, Fault.SENDER})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was accepted, or nothing had to leave."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: again at `until` (seconds since 1970 UTC)."""

    until: int
    answer: str


@dataclass(frozen=True, slots=True)
class Buried:
    """Never: refused for good, expired or impossible to make."""

    answer: str


Outcome: TypeAlias = Delivered | Postponed | Buried


class Courier:
    """Delivers one lane of an outbox. One courier belongs to one thread."""

    def __init__(
        self,
        stores: Stores,
        deliveries: Mapping[str, Delivery],
        clock: Clock,
        *,
        lane: Lane = "mail",
        longest: int,
        unmarked: set[str] | None = None,
    ) -> None:
        """Take one delivery a kind of letter, and the seconds after which any has ended.

        `unmarked` outlives a courier that another one follows in the same process.
        """
        self.lane = lane
        self._stores = stores
        self._deliveries = deliveries
        self._clock = clock
        self._lease = max(LEASE, 2 * longest)
        # Accepted, the mark failed: such a letter must not leave again.
        self._unmarked = set() if unmarked is None else unmarked

    def deliver_due(self, most: int = MOST) -> int:
        """Settle up to `most` due letters and return how many. Raises StoreUnavailable."""
        settled = 0
        while settled < most and self.deliver_next():
            settled += 1
        return settled

    def deliver_next(self) -> bool:
        """Settle one due letter: delivered, postponed or buried. False: nothing is due.

        One lease a letter, so that a slow server never holds letters whose lease runs out.
        Raises StoreUnavailable; the letter is then due again when its lease has run out.
        """
        with self._stores.write() as work:
            letters = work.outbox.lease(self.lane, now=self._clock(), lease=self._lease, most=1)
        for letter in letters:
            outcome = self._outcome_of(letter)
            if isinstance(outcome, Delivered):
                self._unmarked.add(letter.id)
            with self._stores.write() as work:
                _mark(work.outbox, letter, outcome, self._clock())
            self._unmarked.discard(letter.id)
            _tell(letter, outcome)
        return bool(letters)

    def _outcome_of(self, letter: Letter) -> Outcome:
        if letter.id in self._unmarked or letter.kind == GHOST:
            return Delivered()
        if self._clock() >= letter.expires_at:
            return Buried("expired")
        delivery = self._deliveries.get(letter.kind)
        if delivery is None:
            return Buried("unknown kind")
        try:
            delivery(letter)
        except KeyError:
            return Buried("key version gone")
        except DeliveryFailed as failure:
            return self._failed(letter, failure)
        return Delivered()

    def _failed(self, letter: Letter, failure: DeliveryFailed) -> Outcome:
        if failure.fault in _OPERATORS_MATTER:
            _log.error("%s cannot leave: %s", self.lane, failure)
        if failure.fault is Fault.REFUSED:
            return Buried(str(failure))
        # At its expiry at the latest, to be dropped.
        until = max(_again_at(letter, self._clock()), failure.not_before)
        return Postponed(min(until, letter.expires_at), str(failure))


def _again_at(letter: Letter, now: int) -> int:
    failures = min(max(letter.attempts, 1), len(BACK_OFF))
    return now + BACK_OFF[failures - 1]


def _mark(outbox: Outbox, letter: Letter, outcome: Outcome, now: int) -> None:
    match outcome:
        case Delivered():
            outbox.delivered(letter.id, now=now)
        case Postponed(until, answer):
            outbox.postpone(letter.id, until=until, answer=answer)
        case Buried(answer):
            outbox.bury(letter.id, now=now, answer=answer)


def _tell(letter: Letter, outcome: Outcome) -> None:
    """Log the outcome by id, kind and reference, a notice's by its client too.

    Never a mail's address, never the content.
    """
    client = f" client={letter.to}" if letter.lane == "notice" else ""
    _log.log(
        logging.INFO if isinstance(outcome, Delivered) else logging.WARNING,
        "letter %s kind=%s%s reference=%s attempt=%d %s",
        letter.id,
        letter.kind,
        client,
        letter.reference,
        letter.attempts,
        _words(outcome),
    )


def _words(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return "delivered"
        case Postponed(_, answer):
            return f"postponed: {answer}"
        case Buried(answer):
            return f"given up: {answer}"
