import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp.model.errors import StoreUnavailable
from idp.model.letter import Letter, RenderedLetter
from idp.outbox.courier import Courier
from idp.outbox.mailing import mailed
from idp.outbox.worker import Worker
from idp.stores.ports import Work
from idp.stores.sql import SqlStores
from tests.fakes import FakeClock
from tests.outbox.letters import CODE, letter, notice, put, render, state

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
        mails = Courier(watched, {"code": mailed(post, renderer, clock)}, clock, longest=30)
        workers.append(Worker([mails], watched, clock, poll=poll))
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
    assert soon(lambda: "the mail lane works again" in caplog.messages)
    assert caplog.messages.count("the mail lane waits: StoreUnavailable") == 1
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
    assert "the mail lane met RuntimeError at " in caplog.text
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
    assert [t.name for t in threading.enumerate()].count("outbox-mail") == 1
    assert worker.stop(5)
    assert worker.stop(5)
    assert "outbox-mail" not in [t.name for t in threading.enumerate()]


def test_it_can_be_started_again(worker_with, stores, engine, clock):
    worker = worker_with()
    worker.stop(5)
    put(stores, letter(clock()))
    worker.start()
    assert soon(lambda: state(engine)[0] == "delivered")


# -- two lanes ----------------------------------------------------------------------------------


class Notices:
    """A client that takes its time, and remembers what it was told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.free = threading.Event()

    def deliver(self, of: Letter) -> None:
        self.taken.append(of.id)
        self.free.wait(5)


def lanes_alive() -> set[str]:
    return {each.name for each in threading.enumerate() if each.name.startswith("outbox")}


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def lanes(watched, post, notices, clock) -> Iterator[Worker]:
    mails = Courier(watched, {"code": mailed(post, render, clock)}, clock, longest=30)
    told = {"logout": notices.deliver}
    tells = Courier(watched, told, clock, lane="notice", longest=30)
    worker = Worker([mails, tells], watched, clock, poll=NEVER)
    worker.start()
    yield worker
    notices.free.set()
    post.free.set()
    assert worker.stop(5)


def test_a_client_that_hangs_delays_no_mail(lanes, notices, stores, engine, clock):
    put(stores, notice(clock()))
    lanes.bell()
    assert soon(lambda: notices.taken == ["N1"])
    put(stores, letter(clock()))
    lanes.bell()
    assert soon(lambda: state(engine)[0] == "delivered")
    assert state(engine, "N1")[0] == "waiting"


def test_a_mail_server_that_hangs_delays_no_notice(lanes, post, notices, stores, engine, clock):
    post.free.clear()
    notices.free.set()
    put(stores, letter(clock()))
    lanes.bell()
    assert soon(lambda: post.taken == ["L1"])
    put(stores, notice(clock()))
    lanes.bell()
    assert soon(lambda: state(engine, "N1")[0] == "delivered")
    assert state(engine)[0] == "waiting"


def test_a_bell_wakes_every_lane(lanes, watched, notices, stores, engine, clock):
    notices.free.set()
    assert soon(lambda: watched.looks == 2)
    put(stores, letter(clock()), notice(clock()))
    lanes.bell()
    assert soon(lambda: state(engine)[0] == state(engine, "N1")[0] == "delivered")


def test_one_lane_sweeps_for_all(lanes, watched, clock):
    assert soon(lambda: watched.looks == 2)
    assert soon(lambda: len(watched.purges) == 1)
    clock.advance(300)
    lanes.bell()
    assert soon(lambda: watched.looks == 4)
    assert soon(lambda: len(watched.purges) == 2)


def test_a_busy_lane_leaves_the_sweep_to_no_other(lanes, watched, post, stores, clock):
    assert soon(lambda: watched.looks == 2)
    assert soon(lambda: len(watched.purges) == 1)
    post.free.clear()
    put(stores, letter(clock()))
    lanes.bell()
    assert soon(lambda: post.taken == ["L1"])
    clock.advance(300)
    looks = watched.looks
    lanes.bell()
    assert soon(lambda: watched.looks == looks + 1)
    time.sleep(0.05)
    assert len(watched.purges) == 1


def test_stop_waits_for_all_lanes_no_longer_than_it_was_told(lanes, notices, post, stores, clock):
    post.free.clear()
    put(stores, letter(clock()), notice(clock()))
    lanes.bell()
    assert soon(lambda: (post.taken, notices.taken) == (["L1"], ["N1"]))
    began = time.monotonic()
    assert not lanes.stop(0.5)
    assert time.monotonic() - began < 0.9


def test_stop_ends_every_lane_and_waits_for_the_slowest(lanes, notices, stores, engine, clock):
    put(stores, notice(clock()))
    lanes.bell()
    assert soon(lambda: notices.taken == ["N1"])
    assert lanes_alive() == {"outbox-mail", "outbox-notice"}
    began = time.monotonic()
    assert not lanes.stop(0.1)
    assert time.monotonic() - began < 2
    assert lanes_alive() == {"outbox-notice"}
    notices.free.set()
    assert lanes.stop(5)
    assert lanes_alive() == set()
    assert state(engine, "N1")[0] == "delivered"
