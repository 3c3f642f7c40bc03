"""The worker: a thread that keeps the courier walking and sweeps the stores now and then."""

import logging
import threading
import traceback

from idp.model.clock import Clock
from idp.model.errors import ProbeshError
from idp.outbox.courier import Courier
from idp.stores.ports import Stores

POLL = 0.5  # seconds between two looks when nobody rings
PURGE_EVERY = 300  # seconds

_log = logging.getLogger(__name__)


class Worker:
    """One daemon thread a process. Many may run on one database: a lease keeps them apart."""

    def __init__(
        self, courier: Courier, stores: Stores, clock: Clock, *, poll: float = POLL
    ) -> None:
        """Take `poll` in seconds; nothing runs before start()."""
        self._courier = courier
        self._stores = stores
        self._clock = clock
        self._poll = poll
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._purge_at = 0
        self._trouble = ""

    def start(self) -> None:
        """Start the thread; a second call changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="outbox", daemon=False)
            self._thread.start()

    def bell(self) -> None:
        """Wake it at once: a letter was committed. Safe from any thread."""
        self._bell.set()

    def stop(self, timeout: float = 10) -> bool:
        """Ask it to end after the letter in hand and wait `timeout` seconds. True: it has ended."""
        self._stopping.set()
        self._bell.set()
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
            self._round()
            self._bell.wait(self._poll)

    def _must_end(self) -> bool:
        return self._stopping.is_set() or not threading.main_thread().is_alive()

    def _round(self) -> None:
        try:
            while not self._must_end() and self._courier.deliver_next():
                pass
            self._purge_if_due()
        except ProbeshError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001 - a fault in one letter must not end all mail
            _log.error("the outbox worker met %s", _place(error))
        else:
            self._recovered()

    def _purge_if_due(self) -> None:
        now = self._clock()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_EVERY
            self._stores.purge(now=now)

    def _report(self, error: ProbeshError) -> None:
        """Log a trouble once, not at every look, and by its type: a message may name a server."""
        if self._trouble != type(error).__name__:
            self._trouble = type(error).__name__
            _log.warning("the outbox waits: %s", self._trouble)

    def _recovered(self) -> None:
        if self._trouble:
            self._trouble = ""
            _log.warning("the outbox works again")


def _place(error: Exception) -> str:
    """Name an exception by type and line: its message may hold an address or a code."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
