"""Generations of the configuration, the processes that serve them, and whom a change reaches."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from idp.stores.ports import Generation, ServingProcess
from idp.stores.sql import SqlStores
from tests.contract.builders import DAY, HOUR, NOW, stored_grant, stored_user, user_session

NODE = "machine:/etc/probesh/idp.toml"
PROCESS = ServingProcess("p", NODE, 4711, 3, "d", "", NOW)


def store(stores: SqlStores, snapshot: str, *, node: str = NODE, now: int = NOW) -> int:
    with stores.write() as work:
        return work.generations.store(node, f"digest of {snapshot}", snapshot, now=now)


def store_if_new(stores: SqlStores, snapshot: str) -> int:
    with stores.write() as work:
        return work.generations.store_if_new(NODE, f"digest of {snapshot}", snapshot, now=NOW)


def find(stores: SqlStores, node: str = NODE) -> Generation | None:
    with stores.read() as view:
        return view.generations.find(node)


def number(stores: SqlStores, node: str = NODE) -> int:
    with stores.read() as view:
        return view.generations.number(node)


def test_a_node_that_was_never_told_anything_has_number_0(stores: SqlStores) -> None:
    assert (number(stores), find(stores)) == (0, None)


def test_each_generation_of_a_node_has_the_next_number(stores: SqlStores) -> None:
    assert [store(stores, "{}"), store(stores, "{}"), store(stores, "[]", now=NOW + 5)] == [1, 2, 3]
    assert store(stores, "{}", node="another") == 1
    assert number(stores) == 3
    assert find(stores) == Generation(NODE, 3, "digest of []", "[]", NOW + 5)


def test_a_process_that_starts_with_the_same_files_makes_no_new_generation(
    stores: SqlStores,
) -> None:
    numbers = [store_if_new(stores, text) for text in ("{}", "{}", "[]", "[]", "{}")]
    assert numbers == [1, 1, 2, 2, 3]


def at_once(attempt: Callable[[int], int]) -> list[int]:
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(attempt, range(8)))


@pytest.mark.race
def test_of_many_that_store_at_once_everybody_gets_a_number_of_its_own(stores: SqlStores) -> None:
    assert at_once(lambda place: store(stores, f"{place}")) == list(range(1, 9))


@pytest.mark.race
def test_of_many_processes_that_start_at_once_one_makes_the_generation(stores: SqlStores) -> None:
    assert at_once(lambda _: store_if_new(stores, "{}")) == [1] * 8


def test_a_generation_that_nobody_took_is_withdrawn_unless_a_newer_one_was_told(
    stores: SqlStores,
) -> None:
    store(stores, "old")
    old = find(stores)
    assert old
    refused = store(stores, "new")
    with stores.write() as work:
        work.generations.withdraw(NODE, refused, old)
    assert find(stores) == replace(old, number=2)

    store(stores, "newest")
    with stores.write() as work:
        work.generations.withdraw(NODE, refused, old)
    found = find(stores)
    assert found
    assert (found.number, found.snapshot) == (3, "newest")


def test_a_process_has_one_row_however_often_it_reports(stores: SqlStores) -> None:
    newer = replace(PROCESS, number=4, digest="e", fault="garbled", seen_at=NOW + 15)
    other = replace(PROCESS, id="q", node="another", pid=1)
    with stores.write() as work:
        for report in (PROCESS, other, newer):
            work.serving_processes.report(report)
    with stores.read() as view:
        assert view.serving_processes.live(not_before=NOW) == [other, newer]
        assert view.serving_processes.live(not_before=NOW + 15) == [newer]
    with stores.write() as work:
        work.serving_processes.forget("p")
    with stores.read() as view:
        assert view.serving_processes.live(not_before=NOW) == [other]


def test_a_process_that_was_not_seen_for_a_day_is_purged(stores: SqlStores) -> None:
    with stores.write() as work:
        work.serving_processes.report(PROCESS)
    assert stores.purge(now=NOW + DAY - 1) == 0
    assert stores.purge(now=NOW + DAY) == 1


def test_a_shorter_idle_limit_reaches_whoever_is_idle_between_the_two(stores: SqlStores) -> None:
    owner = stored_user(stores)
    ages = [0, 1799, 1800, 3599, 3600]  # seconds since last seen
    with stores.write() as work:
        for age in ages:
            session = user_session(owner, expires_at=NOW + HOUR)
            work.user_sessions.add(replace(session, last_seen_at=NOW - age))
        over = user_session(owner, expires_at=NOW)
        work.user_sessions.add(replace(over, last_seen_at=NOW - 1800))
        ended = user_session(owner, expires_at=NOW + HOUR)
        work.user_sessions.add(replace(ended, last_seen_at=NOW - 1800))
        work.user_sessions.end(ended.sid, now=NOW)
    with stores.read() as view:
        assert view.reach.idle_sessions(old=3600, new=1800, now=NOW) == 2  # 1800 and 3599
        assert view.reach.idle_sessions(old=1800, new=3600, now=NOW) == 0


def test_the_grants_of_a_client_are_those_that_could_still_be_used(stores: SqlStores) -> None:
    owner = stored_user(stores)
    live = stored_grant(stores, owner, expires_at=NOW + DAY)
    ended = stored_grant(stores, owner, expires_at=NOW + DAY)
    stored_grant(stores, owner, expires_at=NOW - DAY)
    stored_grant(stores, owner, client_id="other", expires_at=NOW + DAY)
    with stores.write() as work:
        work.grants.end(ended.id, now=NOW)
    later = NOW + 3600  # every code is over
    with stores.read() as view:
        assert view.reach.live_grants(live.client_id, now=later) == 1
        assert view.reach.live_grants("nobody", now=later) == 0
