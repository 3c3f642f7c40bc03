import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp.model.errors import StoreUnavailable
from idp.model.letter import Letter, RenderedLetter
from idp.outbox.courier import Courier
from idp.outbox.worker import Worker
from idp.stores.ports import Work
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.outbox.letters import CODE, letter, put, render, state

NEVER = 3600.0  # a poll that no test waits for


class Post:
    """A post that tells when it was handed something."""

    longest = 30

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def send(self, rendered: RenderedLetter, *, to: str, letter_id: str, now: int) -> None:
        self.taken.append(letter_id)
        self.free.wait(5)


class Stores:
    """The real stores behind a database that can go away; it counts the sweeps."""

    def __init__(self, stores: SqlStores) -> None:
        self._stores = stores
        self.away = False
        self.looks = 0
        self.purges: list[int] = []
        self.at_purge: Callable[[], None] = lambda: None

    @contextmanager
    def read(self) -> Iterator[Work]:
        with self._stores.read() as work:
            yield work

    @contextmanager
    def write(self) -> Iterator[Work]:
        self.looks += 1
        if self.away:
            raise StoreUnavailable("postgresql://user:canary@db")
        with self._stores.write() as work:
            yield work

    def purge(self, *, now: int) -> int:
        self.purges.append(now)
        self.at_purge()
        return self._stores.purge(now=now)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def watched(stores: SqlStores) -> Stores:
    return Stores(stores)


@pytest.fixture
def worker_with(watched, post, clock) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def make(poll: float = NEVER, renderer: Any = render) -> Worker:
        courier = Courier(watched, post, {"code": renderer}, clock)
        workers.append(Worker(courier, watched, clock, poll=poll))
        workers[-1].start()
        return workers[-1]

    yield make
    post.free.set()
    for worker in workers:
        assert worker.stop(5)


def soon(condition: Callable[[], bool]) -> bool:
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.005)
    return False


def test_it_delivers_what_waits_when_it_starts(worker_with, stores, engine, clock):
    put(stores, letter(clock()))
    worker_with()
    assert soon(lambda: state(engine)[0] == "delivered")


def test_a_bell_wakes_it_at_once(worker_with, watched, stores, engine, clock):
    worker = worker_with()
    assert soon(lambda: watched.looks == 1)
    put(stores, letter(clock()))
    worker.bell()
    assert soon(lambda: state(engine)[0] == "delivered")


def test_without_a_bell_it_looks_by_itself(worker_with, watched, stores, engine, clock):
    worker_with(poll=0.02)
    assert soon(lambda: watched.looks > 1)
    put(stores, letter(clock()))
    assert soon(lambda: state(engine)[0] == "delivered")


def test_a_bell_after_the_look_and_before_the_wait_is_not_lost(
    worker_with, watched, stores, engine, clock
):
    begun = threading.Event()
    workers: list[Worker] = []

    def commit_and_ring() -> None:
        put(stores, letter(clock()))
        begun.wait(5)
        workers[0].bell()

    watched.at_purge = commit_and_ring
    workers.append(worker_with())
    begun.set()
    assert soon(lambda: state(engine)[0] == "delivered")


def test_it_waits_for_a_database_that_is_away_and_goes_on(
    worker_with, watched, stores, engine, clock, caplog
):
    put(stores, letter(clock()))
    watched.away = True
    worker_with(poll=0.01)
    assert soon(lambda: watched.looks > 3)
    watched.away = False
    assert soon(lambda: state(engine)[0] == "delivered")
    assert soon(lambda: "the outbox works again" in caplog.messages)
    assert caplog.messages.count("the outbox waits: StoreUnavailable") == 1
    assert "canary" not in caplog.text


def test_a_fault_in_one_letter_ends_neither_the_thread_nor_the_secret(
    worker_with, stores, engine, clock, caplog
):
    def fragile(of: Letter) -> RenderedLetter:
        if of.id == "L1":
            raise RuntimeError(CODE)
        return render(of)

    put(stores, letter(clock()), letter(clock(), id="L2"))
    worker_with(poll=0.01, renderer=fragile)
    assert soon(lambda: state(engine, "L2")[0] == "delivered")
    assert "the outbox worker met RuntimeError at " in caplog.text
    assert CODE not in caplog.text


def test_it_sweeps_the_stores_every_five_minutes(worker_with, watched, clock: FakeClock):
    began = clock()
    worker = worker_with()
    assert soon(lambda: watched.purges == [began])
    clock.advance(299)
    worker.bell()
    assert soon(lambda: watched.looks == 2)
    clock.advance(1)
    worker.bell()
    assert soon(lambda: watched.purges == [began, began + 300])


def test_stop_ends_it_after_the_letter_in_hand(worker_with, post, stores, engine, clock):
    post.free.clear()
    put(stores, letter(clock()), letter(clock(), id="L2"))
    worker = worker_with()
    assert soon(lambda: len(post.taken) == 1)
    assert not worker.stop(0.05)
    post.free.set()
    assert worker.stop(5)
    assert sorted([state(engine)[0], state(engine, "L2")[0]]) == ["delivered", "waiting"]


def test_started_twice_it_is_one_thread_and_stopped_twice_it_is_none(worker_with):
    worker = worker_with()
    worker.start()
    assert [t.name for t in threading.enumerate()].count("outbox") == 1
    assert worker.stop(5)
    assert worker.stop(5)
    assert "outbox" not in [t.name for t in threading.enumerate()]


def test_it_can_be_started_again(worker_with, stores, engine, clock):
    worker = worker_with()
    worker.stop(5)
    put(stores, letter(clock()))
    worker.start()
    assert soon(lambda: state(engine)[0] == "delivered")
