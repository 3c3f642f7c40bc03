"""The writers' queue of an SQLite database: one writer a machine, asleep instead of polling.

SQLite's own busy handler sleeps in growing steps, which costs a writer hundreds of milliseconds
under load. A thread lock in front of a `flock` hands the turn over at once.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

_PATIENCE = 5.0  # seconds that a writer waits for its turn
_NAP = 0.001  # seconds between two looks at another process's lock


class WriteLockTimeoutError(TimeoutError):
    """The turn to write did not come."""


class WriteLock:
    """The turn to write to one database file, held by one thread of one process."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._thread_lock = threading.Lock()
        self._holder: int | None = None
        self._file = -1

    def acquire(self) -> None:
        """Wait for the turn. Raises WriteLockTimeoutError after five seconds."""
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("this thread has a unit of work open already")
        if not self._thread_lock.acquire(timeout=_PATIENCE):
            raise WriteLockTimeoutError("another thread is writing")
        try:
            self._lock_file()
        except BaseException:
            self._thread_lock.release()
            raise
        self._holder = me

    def release(self) -> None:
        self._holder = None
        file, self._file = self._file, -1
        # Not by closing alone: a child forked meanwhile has the same open file.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)
        self._thread_lock.release()

    def forget(self) -> None:
        """Start afresh in a forked child: the threads that wait and write stayed behind."""
        self._thread_lock = threading.Lock()
        self._holder = None
        self._file = -1

    def _lock_file(self) -> None:
        # Opened anew each time: a descriptor inherited by a fork would share its parent's lock.
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _PATIENCE
        try:
            while not _try_lock(file):
                _nap_until(deadline)
        except BaseException:
            os.close(file)
            raise
        self._file = file


def _nap_until(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise WriteLockTimeoutError("another process is writing")
    time.sleep(_NAP)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_locks: dict[Path, WriteLock] = {}
_registry = threading.Lock()


def write_lock_of(database: Path) -> WriteLock:
    """Return the one lock of this process for a database file, however many engines open it."""
    with _registry:
        return _locks.setdefault(database, WriteLock(database))


def _forget_all() -> None:
    for lock in _locks.values():
        lock.forget()


os.register_at_fork(after_in_child=_forget_all)
