"""The gate before password hashing: slow hashes must not hold every thread of the server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from idp.model.errors import Busy

_RETRY_AFTER = 1  # seconds


class HashGate:
    """One hash at a time in this process, few requests waiting, the rest told to come back.

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
        self._counting = Lock()
        self._turn = Lock()
        self._holder: int | None = None  # the thread whose turn it is

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
            if not self._turn.acquire(timeout=self._wait):
                raise Busy(_RETRY_AFTER)
            self._holder = get_ident()
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

    def _return_turn(self) -> None:
        """Return the turn unless this thread has returned it before."""
        if self._holder == get_ident():
            self._holder = None
            self._turn.release()

    def _return_place(self) -> None:
        with self._counting:
            self._taken -= 1
