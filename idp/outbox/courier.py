"""The courier: takes due letters one by one, renders and delivers them, and writes down the end.

Delivery is at least once: a letter is marked after the server's 250, in a unit of work of its own.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from idp.model.clock import Clock
from idp.model.letter import Letter, RenderedLetter
from idp.outbox.delivery import DeliveryFailed, Fault, Post
from idp.stores.ports import Outbox, Stores

Renderer: TypeAlias = Callable[[Letter], RenderedLetter]

GHOST = "none"  # the kind of a letter to an unknown user: the same row, and nothing leaves
LEASE = 60  # seconds: after a crash another worker takes the letter up
MOST = 20  # letters at one call
BACK_OFF = (5, 15, 60, 300)  # seconds after the first, second, … failure; the last one stays

_OPERATORS_MATTER = frozenset({Fault.TLS, Fault.LOGIN, Fault.SENDER})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took the letter, or nothing had to leave."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: again at `until` (seconds since 1970 UTC)."""

    until: int
    answer: str


@dataclass(frozen=True, slots=True)
class Buried:
    """Never: refused for good, expired or impossible to render."""

    answer: str


Outcome: TypeAlias = Delivered | Postponed | Buried


class Courier:
    """Delivers from one outbox through one post. One courier belongs to one thread."""

    def __init__(
        self, stores: Stores, post: Post, renderers: Mapping[str, Renderer], clock: Clock
    ) -> None:
        """Take one renderer a kind of letter; a renderer raises KeyError when its key is gone."""
        self._stores = stores
        self._post = post
        self._renderers = renderers
        self._clock = clock
        self._lease = max(LEASE, 2 * post.longest)
        self._unmarked: set[str] = set()  # accepted by the server, the mark failed

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
            letters = work.outbox.lease(now=self._clock(), lease=self._lease, most=1)
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
        now = self._clock()
        if letter.id in self._unmarked or letter.kind == GHOST:
            return Delivered()
        if now >= letter.expires_at:
            return Buried("expired")
        renderer = self._renderers.get(letter.kind)
        if renderer is None:
            return Buried("unknown kind")
        try:
            rendered = renderer(letter)
        except KeyError:
            return Buried("key version gone")
        return self._send(letter, rendered, now)

    def _send(self, letter: Letter, rendered: RenderedLetter, now: int) -> Outcome:
        try:
            self._post.send(rendered, to=letter.to, letter_id=letter.id, now=now)
        except DeliveryFailed as failure:
            if failure.fault in _OPERATORS_MATTER:
                _log.error("mail cannot leave: %s", failure)
            if failure.fault is Fault.REFUSED:
                return Buried(str(failure))
            return Postponed(_again_at(letter, self._clock()), str(failure))
        return Delivered()


def _again_at(letter: Letter, now: int) -> int:
    """Tell when to try again: growing pauses, and at its expiry at the latest, to be dropped."""
    failures = min(max(letter.attempts, 1), len(BACK_OFF))
    return min(now + BACK_OFF[failures - 1], letter.expires_at)


def _mark(outbox: Outbox, letter: Letter, outcome: Outcome, now: int) -> None:
    match outcome:
        case Delivered():
            outbox.delivered(letter.id, now=now)
        case Postponed(until, answer):
            outbox.postpone(letter.id, until=until, answer=answer)
        case Buried(answer):
            outbox.bury(letter.id, now=now, answer=answer)


def _tell(letter: Letter, outcome: Outcome) -> None:
    """Log the outcome by id, kind and reference: never the address, never the content."""
    _log.log(
        logging.INFO if isinstance(outcome, Delivered) else logging.WARNING,
        "letter %s kind=%s reference=%s attempt=%d %s",
        letter.id,
        letter.kind,
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
