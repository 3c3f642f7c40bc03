"""The worker: a thread a lane keeps its courier walking; one sweeps the stores now and then."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence

from idp.model.clock import Clock
from idp.model.errors import ProbeshError
from idp.outbox.courier import Courier
from idp.stores.ports import Stores

POLL = 0.5  # seconds between two looks when nobody rings
PURGE_EVERY = 300  # seconds

_log = logging.getLogger(__name__)


class Worker:
    """One thread a lane. Many workers may run on one database: a lease keeps them apart."""

    def __init__(
        self, couriers: Sequence[Courier], stores: Stores, clock: Clock, *, poll: float = POLL
    ) -> None:
        """Take one courier a lane and `poll` in seconds; nothing runs before start()."""
        sweep = _Sweep(stores, clock)
        self._rounds = [
            _Round(courier, poll, sweep.if_due if place == 0 else _nothing)
            for place, courier in enumerate(couriers)
        ]

    def start(self) -> None:
        """Start the threads; a second call changes nothing."""
        for each in self._rounds:
            each.start()

    def bell(self) -> None:
        """Wake all lanes at once: a letter was committed. Safe from any thread."""
        for each in self._rounds:
            each.bell()

    def stop(self, timeout: float = 10) -> bool:
        """Ask all to end after the letter in hand and wait `timeout` seconds. True: all ended."""
        for each in self._rounds:
            each.ask_to_end()
        deadline = time.monotonic() + timeout
        ended = [each.wait(max(0, deadline - time.monotonic())) for each in self._rounds]
        return all(ended)


def _nothing() -> None:
    """Leave the stores to another lane."""


class _Sweep:
    """The purge of the stores, when it is due."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._due_at = 0

    def if_due(self) -> None:
        now = self._clock()
        if now >= self._due_at:
            self._due_at = now + PURGE_EVERY
            self._stores.purge(now=now)


class _Round:
    """The thread of one lane."""

    def __init__(self, courier: Courier, poll: float, sweep: Callable[[], None]) -> None:
        self._courier = courier
        self._poll = poll
        self._sweep = sweep
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble = ""

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            name = f"outbox-{self._courier.lane}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=False)
            self._thread.start()

    def bell(self) -> None:
        self._bell.set()

    def ask_to_end(self) -> None:
        self._stopping.set()
        self._bell.set()

    def wait(self, timeout: float) -> bool:
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                return False
            self._thread = None
        return True

    def _run(self) -> None:
        while True:
            # Cleared before the look: a bell rung during it, by stop() too, is heard after it.
            self._bell.clear()
            if self._must_end():
                return
            self._walk()
            self._bell.wait(self._poll)

    def _must_end(self) -> bool:
        return self._stopping.is_set() or not threading.main_thread().is_alive()

    def _walk(self) -> None:
        try:
            while not self._must_end() and self._courier.deliver_next():
                pass
            self._sweep()
        except ProbeshError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001 - a fault in one letter must not end a lane
            _log.error("the %s lane met %s", self._courier.lane, _place(error))
        else:
            self._recovered()

    def _report(self, error: ProbeshError) -> None:
        """Log a trouble once, not at every look, and by its type: a message may name a server."""
        if self._trouble != type(error).__name__:
            self._trouble = type(error).__name__
            _log.warning("the %s lane waits: %s", self._courier.lane, self._trouble)

    def _recovered(self) -> None:
        if self._trouble:
            self._trouble = ""
            _log.warning("the %s lane works again", self._courier.lane)


def _place(error: Exception) -> str:
    """Name an exception by type and line: its message may hold an address or a code."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
