import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from idp.accounts.hash_gate import HashGate
from idp.model.errors import Busy

PATIENCE = 5  # seconds, for tests that would hang otherwise


@contextmanager
def in_another_thread(gate: HashGate, *, known_browser: bool = True) -> Iterator[None]:
    """Hold a turn in another thread while the block runs."""
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.place(known_browser=known_browser):
            inside.set()
            leave.wait(PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        try:
            assert inside.wait(PATIENCE)
            yield
        finally:
            leave.set()
        held.result(PATIENCE)


def passes(gate: HashGate, *, known_browser: bool) -> bool:
    try:
        with gate.place(known_browser=known_browser):
            return True
    except Busy:
        return False


def waiters(
    gate: HashGate, pool: ThreadPoolExecutor, count: int, *, known_browser: bool
) -> list[Future[bool]]:
    """Let `count` threads wait for the turn that somebody holds, and return once they do."""
    before = gate._taken
    waiting = [pool.submit(passes, gate, known_browser=known_browser) for _ in range(count)]
    until(lambda: gate._taken == before + count)
    return waiting


def until(is_true: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE * 200):
        if is_true():
            return
        pause.wait(0.005)
    pytest.fail("this never came true")


def test_one_thread_hashes_at_a_time() -> None:
    gate = HashGate(threads=32, wait=PATIENCE)
    inside, most = 0, 0
    start = threading.Barrier(12)

    def work() -> None:
        nonlocal inside, most
        start.wait(PATIENCE)
        with gate.place(known_browser=True):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.002)
            inside -= 1

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(work) for _ in range(12)]:
            done.result(PATIENCE)
    assert most == 1
    assert gate._taken == 0


def _are_waiting(gate: HashGate, count: int) -> bool:
    return len(gate._waiting) == count


def test_who_hashes_again_at_once_comes_behind_everybody_who_waits() -> None:
    gate = HashGate(threads=8, wait=PATIENCE)
    for _ in range(20):  # a plain lock keeps this order sometimes
        order: list[str] = []

        def wait(order: list[str], name: str) -> None:
            with gate.place(known_browser=True):
                order.append(name)

        with ThreadPoolExecutor(2) as pool:
            with gate.place(known_browser=True):
                order.append("first")
                done = []
                for count, name in enumerate(("second", "third"), 1):
                    done.append(pool.submit(wait, order, name))
                    until(partial(_are_waiting, gate, count))
            with gate.place(known_browser=True):
                order.append("first again")
            for one in done:
                one.result(PATIENCE)
        assert order == ["first", "second", "third", "first again"]
    assert (gate._taken, gate._holder) == (0, None)


def test_who_gave_up_is_not_called() -> None:
    gate = HashGate(threads=8, wait=0.02)
    with in_another_thread(gate):
        for _ in range(2):
            assert not passes(gate, known_browser=True)
        assert not gate._waiting
    assert gate._holder is None
    assert passes(gate, known_browser=True)


def test_half_of_the_threads_may_hash_or_wait_and_the_next_is_refused_at_once() -> None:
    gate = HashGate(threads=8, wait=PATIENCE)
    with ThreadPoolExecutor(3) as pool:
        with in_another_thread(gate):
            waiting = waiters(gate, pool, 3, known_browser=True)
            with pytest.raises(Busy) as refused, gate.place(known_browser=True):
                pass
            assert refused.value.retry_after == 1
        assert [w.result(PATIENCE) for w in waiting] == [True, True, True]


def test_the_last_place_is_kept_for_known_browsers() -> None:
    gate = HashGate(threads=8, wait=PATIENCE)
    with ThreadPoolExecutor(3) as pool:
        with in_another_thread(gate, known_browser=False):
            strangers = waiters(gate, pool, 2, known_browser=False)
            assert not passes(gate, known_browser=False)
            known = waiters(gate, pool, 1, known_browser=True)
        assert all(w.result(PATIENCE) for w in strangers + known)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_where_there_is_one_place_a_stranger_may_take_it(threads: int) -> None:
    gate = HashGate(threads=threads)
    assert passes(gate, known_browser=False)
    with in_another_thread(gate):
        assert not passes(gate, known_browser=True)


def test_who_waits_too_long_is_told_to_come_back_and_leaves_no_place_taken() -> None:
    gate = HashGate(threads=8, wait=0.02)
    with in_another_thread(gate):
        with pytest.raises(Busy) as refused, gate.place(known_browser=True):
            pass
        assert refused.value.retry_after == 1
        assert gate._taken == 1
    assert passes(gate, known_browser=True)


def test_a_place_is_returned_when_the_work_in_it_fails() -> None:
    gate = HashGate(threads=2)
    with pytest.raises(ZeroDivisionError), gate.place(known_browser=False):
        raise ZeroDivisionError
    assert passes(gate, known_browser=False)


def test_a_thread_that_holds_the_turn_may_hash_again_in_it() -> None:
    gate = HashGate(threads=2, wait=0.02)
    with ExitStack() as turns:
        turns.enter_context(gate.place(known_browser=False))
        turns.enter_context(gate.place(known_browser=False))
        assert gate._taken == 1
    assert gate._taken == 0


def test_the_turn_ends_with_the_outermost_place() -> None:
    gate = HashGate(threads=8, wait=0.02)
    with gate.place(known_browser=True):
        with gate.place(known_browser=True):
            pass
        with ThreadPoolExecutor(1) as pool:
            assert not pool.submit(passes, gate, known_browser=True).result(PATIENCE)


def test_a_thread_whose_turn_is_over_takes_a_place_like_everybody_else() -> None:
    gate = HashGate(threads=2)
    for _ in range(2):
        with gate.place(known_browser=True):
            assert gate._taken == 1


def test_who_rests_keeps_the_place_and_gives_the_turn_away() -> None:
    seen: list[tuple[int, bool]] = []

    def sleep(seconds: float) -> None:
        with ThreadPoolExecutor(1) as pool:
            passed = pool.submit(passes, gate, known_browser=True).result(PATIENCE)
        seen.append((gate._taken, passed))
        assert seconds == 3

    gate = HashGate(threads=8, wait=0.02, sleep=sleep)
    with gate.place(known_browser=True):
        gate.rest(3)
    assert seen == [(1, True)]
    assert gate._taken == 0


def test_sleepers_fill_the_places_like_everybody_else() -> None:
    refused: list[bool] = []

    def sleep(_seconds: float) -> None:
        with ThreadPoolExecutor(1) as pool:
            refused.append(not pool.submit(passes, gate, known_browser=True).result(PATIENCE))

    gate = HashGate(threads=2, sleep=sleep)
    with gate.place(known_browser=True):
        gate.rest(1)
    assert refused == [True]
    assert passes(gate, known_browser=True)


def test_nothing_left_to_wait_for_is_no_sleep() -> None:
    gate = HashGate(threads=2, sleep=lambda _: pytest.fail("slept"))
    for seconds in (0, -1):
        with gate.place(known_browser=True):
            gate.rest(seconds)
    assert passes(gate, known_browser=True)
