"""The gate before password hashing: slow hashes must not hold every thread of the server."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, get_ident

from idp.model.errors import Busy

_RETRY_AFTER = 1  # seconds


@dataclass(frozen=True, eq=False)
class _Waiter:
    thread: int
    called: Event = field(default_factory=Event)


class HashGate:
    """One hash at a time in this process, few requests waiting, the rest told to come back.

    Turns go in the order of asking: a plain lock is had again by whoever has just released it, and
    one who hashes many times would let nobody in between.

    Half of the server's `threads` (at least one) may hash or wait; the last of these places is kept
    for known browsers, so that strangers cannot crowd out people who have been here before. With
    one place there is nothing to divide: everybody may use it. `wait` is in seconds.
    """

    def __init__(
        self, threads: int, wait: float = 1.0, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._places = max(1, threads // 2)
        self._strangers = max(1, self._places - 1)
        self._wait = wait
        self._sleep = sleep
        self._taken = 0
        self._counting = Lock()  # guards what stands below, and `_taken`
        self._holder: int | None = None  # the thread whose turn it is
        self._waiting: deque[_Waiter] = deque()

    @contextmanager
    def place(self, *, known_browser: bool) -> Iterator[None]:
        """Hold the one turn to hash while the block runs.

        Raises Busy at once when no place is free, and after `wait` seconds without a turn. A thread
        that holds the turn keeps it: whoever counts before hashing takes the place first, so that
        nothing is counted for a request that is told to come back.
        """
        if self._holder == get_ident():
            yield
            return
        self._take_place(known_browser=known_browser)
        try:
            self._await_turn()
            try:
                yield
            finally:
                self._return_turn()
        finally:
            self._return_place()

    def rest(self, seconds: float) -> None:
        """Give the turn to the next one and sleep, in the place that the caller keeps.

        Who sleeps needs no processor, so the turn goes on; but it holds a thread of the server,
        and only places bound how many threads passwords may hold (docs/decisions/012). It is the
        last thing that is done in a place.
        """
        self._return_turn()
        if seconds > 0:
            self._sleep(seconds)

    def _take_place(self, *, known_browser: bool) -> None:
        limit = self._places if known_browser else self._strangers
        with self._counting:
            if self._taken >= limit:
                raise Busy(_RETRY_AFTER)
            self._taken += 1

    def _await_turn(self) -> None:
        waiter = _Waiter(get_ident())
        with self._counting:
            if self._holder is None:  # then nobody waits: a turn is handed from one to the next
                self._holder = waiter.thread
                return
            self._waiting.append(waiter)
        waiter.called.wait(self._wait)
        with self._counting:
            if self._holder == waiter.thread:
                return
            self._waiting.remove(waiter)
        raise Busy(_RETRY_AFTER)

    def _return_turn(self) -> None:
        """Hand the turn to the next one unless this thread has done so before."""
        with self._counting:
            if self._holder != get_ident():
                return
            following = self._waiting.popleft() if self._waiting else None
            self._holder = following.thread if following else None
        if following:
            following.called.set()

    def _return_place(self) -> None:
        with self._counting:
            self._taken -= 1
