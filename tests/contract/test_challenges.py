"""Mailed codes: tries, sendings, one answer."""

from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.sessions import Challenge
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, ODD, challenge


@pytest.fixture
def waiting(stores: SqlStores) -> Challenge:
    made = challenge()
    with stores.write() as work:
        work.challenges.add(made)
    return made


def test_a_challenge_comes_back_as_it_was_stored(stores: SqlStores, waiting: Challenge) -> None:
    with stores.read() as view:
        assert view.challenges.find(waiting.id) == waiting
        assert view.challenges.find("unknown") is None
        assert view.challenges.find(ODD) is None


def test_tries_count_down_to_none(stores: SqlStores, waiting: Challenge) -> None:
    left = []
    for _ in range(4):
        with stores.write() as work:
            left.append(work.challenges.reserve_try(waiting.id, limit=3, now=NOW))
    assert left == [2, 1, 0, None]
    with stores.read() as view:
        assert view.challenges.find(waiting.id) == replace(waiting, tries=3)


def test_an_expired_challenge_gives_no_try_and_no_sending(
    stores: SqlStores, waiting: Challenge
) -> None:
    end = waiting.expires_at
    with stores.write() as work:
        assert work.challenges.reserve_try(waiting.id, limit=5, now=end) is None
        assert not work.challenges.reserve_send(waiting.id, limit=5, not_after=end, now=end)
        assert work.challenges.reserve_try(waiting.id, limit=5, now=end - 1) == 4


def test_a_challenge_is_answered_once(stores: SqlStores, waiting: Challenge) -> None:
    with stores.write() as work:
        work.challenges.spend(waiting.id, now=NOW + 7)
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.challenges.spend(waiting.id, now=NOW + 8)
        assert work.challenges.reserve_try(waiting.id, limit=5, now=NOW + 8) is None
        assert not work.challenges.reserve_send(waiting.id, limit=9, not_after=NOW + 8, now=NOW + 8)
        assert work.challenges.find(waiting.id) == replace(waiting, spent_at=NOW + 7)


def test_an_unknown_challenge_can_neither_be_tried_nor_spent(stores: SqlStores) -> None:
    with stores.write() as work:
        assert work.challenges.reserve_try("unknown", limit=5, now=NOW) is None
        with pytest.raises(AlreadySpent):
            work.challenges.spend("unknown", now=NOW)


def test_a_sending_waits_its_time_and_is_capped(stores: SqlStores, waiting: Challenge) -> None:
    def send(at: int) -> bool:
        with stores.write() as work:
            return work.challenges.reserve_send(waiting.id, limit=3, not_after=at - 60, now=at)

    assert [send(NOW + 59), send(NOW + 60), send(NOW + 119), send(NOW + 120)] == [
        False,
        True,
        False,
        True,
    ]
    assert not send(NOW + 300)
    with stores.read() as view:
        assert view.challenges.find(waiting.id) == replace(waiting, sends=3, last_sent_at=NOW + 120)
