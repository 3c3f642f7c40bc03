"""The writers' queue: between threads, between processes, and when it does not move."""

import fcntl
import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from idp.model.errors import StoreUnavailable
from idp.stores.sql import SqlStores, open_engine, write_lock
from idp.stores.sql.write_lock import WriteLock, WriteLockTimeoutError, write_lock_of
from tests.contract.builders import user

COUNTING = """
import sys
from idp.model.tokens import digest
from idp.stores.ports import Schedule
from idp.stores.sql import SqlStores, open_engine
stores = SqlStores(open_engine(sys.argv[1]))
for _ in range(100):
    with stores.write() as work:
        work.counters.reserve(digest("shared"), Schedule(0, ()), now=1)
"""


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_lock, "_PATIENCE", 0.05)


def test_one_process_has_one_lock_a_file(tmp_path: Path) -> None:
    assert write_lock_of(tmp_path / "a.db") is write_lock_of(tmp_path / "a.db")
    assert write_lock_of(tmp_path / "a.db") is not write_lock_of(tmp_path / "b.db")


def test_the_lock_file_is_nobody_elses_to_open(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "a.db")
    lock.acquire()
    lock.release()
    assert (tmp_path / "a.db.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("impatience")
def test_another_thread_waits_and_gives_up(tmp_path: Path) -> None:
    lock, failures = WriteLock(tmp_path / "a.db"), []

    def wait() -> None:
        try:
            lock.acquire()
        except WriteLockTimeoutError as error:
            failures.append(str(error))

    lock.acquire()
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    lock.release()
    assert failures == ["another thread is writing"]


@pytest.mark.usefixtures("impatience")
def test_another_process_that_never_ends_makes_the_store_unavailable(
    sqlite_url: str, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url)
    stores = SqlStores(engine)
    with (tmp_path / "probesh.db.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreUnavailable), stores.write():
            pass
        with stores.read() as view:
            assert view.users.find("x") is None
    with stores.write() as work:
        work.users.add(user())
    engine.dispose()


def test_processes_that_write_at_once_lose_nothing(sqlite_url: str) -> None:
    command = [sys.executable, "-c", COUNTING, sqlite_url]
    writers = [subprocess.Popen(command) for _ in range(3)]
    assert [writer.wait(30) for writer in writers] == [0, 0, 0]
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT failures FROM counters").scalar() == 300
    engine.dispose()


def test_a_process_forked_from_a_writer_does_not_hold_its_lock(tmp_path: Path) -> None:
    lock = write_lock_of(tmp_path / "a.db")
    lock.acquire()
    forking = multiprocessing.get_context("fork")
    may_write, has_written = forking.Event(), forking.Event()

    def write() -> None:
        may_write.wait(10)
        lock.acquire()  # the parent's turn is over; the thread lock inherited from it counts not
        has_written.set()
        lock.release()

    child = forking.Process(target=write)
    child.start()
    lock.release()
    lock.acquire()
    lock.release()
    may_write.set()
    assert has_written.wait(10)
    child.join()
    assert child.exitcode == 0
