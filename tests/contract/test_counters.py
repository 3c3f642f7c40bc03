"""Counters: reserved beforehand, refunded, blocked, over."""

import pytest

from idp.model.tokens import digest
from idp.stores.ports import Blocked, Schedule
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW

KEY = digest("pair")
PAIR = Schedule(window=60, pauses=((5, 60),))
CODE = Schedule(window=0, pauses=((3, 600), (5, 3600), (7, 0)))


def reserve(stores: SqlStores, schedule: Schedule, now: int, key: bytes = KEY) -> Blocked | None:
    with stores.write() as work:
        return work.counters.reserve(key, schedule, now=now)


def blocked(stores: SqlStores, now: int) -> Blocked | None:
    with stores.read() as view:
        return view.counters.blocked(KEY, now=now)


def test_the_failure_that_reaches_the_count_is_the_last_before_the_pause(
    stores: SqlStores,
) -> None:
    assert [reserve(stores, PAIR, NOW) for _ in range(5)] == [None] * 5
    assert reserve(stores, PAIR, NOW + 1) == Blocked(NOW + 60)
    assert blocked(stores, NOW + 59) == Blocked(NOW + 60)
    assert blocked(stores, NOW + 60) is None
    assert reserve(stores, PAIR, NOW, key=digest("another pair")) is None


def test_a_blocked_key_counts_nothing(stores: SqlStores) -> None:
    for _ in range(50):
        reserve(stores, CODE, NOW)
    assert reserve(stores, CODE, NOW + 600) is None  # the fourth
    assert blocked(stores, NOW + 600) is None
    assert reserve(stores, CODE, NOW + 600) is None  # the fifth
    assert blocked(stores, NOW + 600) == Blocked(NOW + 4200)


def test_a_window_that_is_over_starts_again_at_one(stores: SqlStores) -> None:
    for second in (0, 1, 2, 59):
        reserve(stores, PAIR, NOW + second)
    assert reserve(stores, PAIR, NOW + 60) is None
    for _ in range(3):
        assert reserve(stores, PAIR, NOW + 61) is None
    assert blocked(stores, NOW + 61) is None
    assert reserve(stores, PAIR, NOW + 119) is None
    assert blocked(stores, NOW + 119) == Blocked(NOW + 179)


def test_a_pause_outlives_its_window(stores: SqlStores) -> None:
    schedule = Schedule(window=10, pauses=((1, 100),))
    assert reserve(stores, schedule, NOW) is None
    assert reserve(stores, schedule, NOW + 99) == Blocked(NOW + 100)
    assert reserve(stores, schedule, NOW + 100) is None


def test_without_a_window_failures_are_never_forgotten(stores: SqlStores) -> None:
    day = 24 * 3600
    assert [reserve(stores, CODE, NOW + i * day) for i in range(7)] == [None] * 7
    assert blocked(stores, NOW + 100 * day) == Blocked(None)
    assert reserve(stores, CODE, NOW + 10_000 * day) == Blocked(None)


def test_behind_the_last_count_every_failure_pauses(stores: SqlStores) -> None:
    schedule = Schedule(window=0, pauses=((2, 10),))
    for _ in range(2):
        reserve(stores, schedule, NOW)
    assert reserve(stores, schedule, NOW + 10) is None
    assert blocked(stores, NOW + 10) == Blocked(NOW + 20)


def test_a_refund_gives_the_slot_back_and_lifts_the_pause_it_caused(stores: SqlStores) -> None:
    for _ in range(5):
        reserve(stores, PAIR, NOW)
    with stores.write() as work:
        work.counters.refund(KEY)
    assert blocked(stores, NOW) is None
    assert reserve(stores, PAIR, NOW) is None
    assert reserve(stores, PAIR, NOW) == Blocked(NOW + 60)


def test_a_refund_never_goes_below_zero_or_makes_a_row(stores: SqlStores) -> None:
    with stores.write() as work:
        work.counters.refund(KEY)
        work.counters.reserve(KEY, PAIR, now=NOW)
        for _ in range(3):
            work.counters.refund(KEY)
    assert [reserve(stores, PAIR, NOW) for _ in range(6)] == [None] * 5 + [Blocked(NOW + 60)]


def test_clearing_reopens_a_closed_key(stores: SqlStores) -> None:
    schedule = Schedule(window=0, pauses=((1, 0),))
    reserve(stores, schedule, NOW)
    assert reserve(stores, schedule, NOW) == Blocked(None)
    with stores.write() as work:
        work.counters.clear(KEY)
    assert reserve(stores, schedule, NOW) is None


@pytest.mark.parametrize("window", [0, 60])
def test_a_schedule_without_pauses_only_counts(stores: SqlStores, window: int) -> None:
    schedule = Schedule(window=window, pauses=())
    assert [reserve(stores, schedule, NOW) for _ in range(20)] == [None] * 20


def test_what_is_rolled_back_was_not_counted(stores: SqlStores) -> None:
    schedule = Schedule(window=0, pauses=((1, 0),))
    with pytest.raises(ZeroDivisionError), stores.write() as work:  # noqa: PT012 - the unit fails at its end
        work.counters.reserve(KEY, schedule, now=NOW)
        raise ZeroDivisionError
    assert blocked(stores, NOW) is None
