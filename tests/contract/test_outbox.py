"""The outbox: leases, delivery, postponing, burying."""

from dataclasses import replace

import pytest

from idp.model.letter import Lane, Letter
from idp.stores.sql import SqlStores
from tests.contract.builders import DAY, NOW, ODD, letter


def add(stores: SqlStores, *letters: Letter) -> None:
    with stores.write() as work:
        for each in letters:
            work.outbox.add(each)


def lease(
    stores: SqlStores, now: int = NOW, *, seconds: int = 30, most: int = 10, lane: Lane = "mail"
) -> list[Letter]:
    with stores.write() as work:
        return list(work.outbox.lease(lane, now=now, lease=seconds, most=most))


def test_a_letter_is_leased_whole_and_counts_the_attempt(stores: SqlStores) -> None:
    promised = letter(facts={"name": "নদী", "minutes": 10})
    add(stores, promised)
    assert lease(stores) == [replace(promised, attempts=1)]


def test_each_lane_has_its_own_letters(stores: SqlStores) -> None:
    mail, notice = letter(), letter(lane="notice", kind="logout", batch="b")
    add(stores, mail, notice)
    assert lease(stores, lane="notice") == [replace(notice, attempts=1)]
    assert lease(stores, lane="notice") == []
    assert lease(stores, lane="mail") == [replace(mail, attempts=1)]


def test_one_lane_never_fills_the_others_lease(stores: SqlStores) -> None:
    add(stores, *(letter(lane="notice", created_at=NOW - 9) for _ in range(5)))
    mail = letter()
    add(stores, mail)
    assert [each.id for each in lease(stores, most=2)] == [mail.id]


def test_a_leased_letter_comes_back_when_its_lease_is_over(stores: SqlStores) -> None:
    add(stores, letter())
    assert len(lease(stores)) == 1
    assert lease(stores, NOW + 29) == []
    assert [each.attempts for each in lease(stores, NOW + 30)] == [2]


def test_a_letter_is_not_due_before_it_was_written(stores: SqlStores) -> None:
    add(stores, letter(created_at=NOW + 5))
    assert lease(stores, NOW + 4) == []
    assert len(lease(stores, NOW + 5)) == 1


def test_the_oldest_go_first_and_no_more_than_asked_for(stores: SqlStores) -> None:
    letters = [letter(created_at=NOW - age) for age in range(5)]
    add(stores, *letters)
    first, second = lease(stores, most=3), lease(stores, most=3)
    assert [each.id for each in first] == [letters[i].id for i in (4, 3, 2)]
    assert [each.id for each in second] == [letters[i].id for i in (1, 0)]


def test_a_letter_past_its_use_is_still_leased(stores: SqlStores) -> None:
    add(stores, letter())
    assert len(lease(stores, NOW + DAY)) == 1


def test_a_delivered_letter_never_comes_back(stores: SqlStores) -> None:
    promised = letter()
    add(stores, promised)
    lease(stores)
    with stores.write() as work:
        work.outbox.delivered(promised.id, now=NOW)
        work.outbox.postpone(promised.id, until=NOW, answer="late")
    assert lease(stores, NOW + DAY) == []


@pytest.mark.parametrize("answer", ["550 no such user", "ক\x00\ud800", ""])
def test_a_postponed_letter_waits_whatever_the_server_said(stores: SqlStores, answer: str) -> None:
    promised = letter()
    add(stores, promised)
    lease(stores)
    with stores.write() as work:
        work.outbox.postpone(promised.id, until=NOW + 90, answer=answer)
    assert lease(stores, NOW + 89) == []
    assert [each.attempts for each in lease(stores, NOW + 90)] == [2]


def test_a_buried_letter_is_kept_with_its_answer_and_never_sent(stores: SqlStores) -> None:
    promised = letter()
    add(stores, promised)
    with stores.write() as work:
        work.outbox.bury(promised.id, now=NOW, answer="550 refused")
    assert lease(stores, NOW + DAY) == []
    with stores.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT closed_at, delivered, answer FROM outbox").one()
    assert (row[0], bool(row[1]), row[2]) == (NOW, False, "550 refused")


def test_a_letter_is_promised_only_if_the_unit_of_work_holds(stores: SqlStores) -> None:
    with pytest.raises(ZeroDivisionError), stores.write() as work:  # noqa: PT012 - the unit fails at its end
        work.outbox.add(letter())
        raise ZeroDivisionError
    assert lease(stores) == []


def undelivered(stores: SqlStores, batch: str) -> list[str]:
    with stores.read() as view:
        return [each.id for each in view.outbox.undelivered(batch)]


def test_what_a_batch_has_not_delivered_is_told_given_up_or_not(stores: SqlStores) -> None:
    waiting, leased, delivered, buried = (
        letter(lane="notice", batch="b", created_at=NOW + number) for number in range(4)
    )
    add(stores, waiting, leased, delivered, buried, letter(batch="c"), letter())
    assert lease(stores, NOW + 1, lane="notice", most=2)
    with stores.write() as work:
        work.outbox.delivered(delivered.id, now=NOW)
        work.outbox.bury(buried.id, now=NOW, answer="404")
        work.outbox.postpone(waiting.id, until=NOW + 60, answer="503")
    assert undelivered(stores, "b") == [waiting.id, leased.id, buried.id]
    with stores.read() as view:
        found = view.outbox.undelivered("b")[1]
    assert found == replace(leased, attempts=1)


@pytest.mark.parametrize("batch", ["", "unknown", "%", ODD])
def test_no_batch_has_no_letters(stores: SqlStores, batch: str) -> None:
    add(stores, letter(), letter(batch="b"))
    assert undelivered(stores, batch) == []


def test_a_batch_is_given_up_when_its_newest_letter_is(stores: SqlStores) -> None:
    first, second = letter(batch="c"), letter(batch="c", created_at=NOW + 60)

    def is_given_up() -> bool:
        with stores.read() as view:
            return view.outbox.is_given_up("c")

    assert not is_given_up()
    add(stores, first, letter(batch="another"))
    assert not is_given_up()
    with stores.write() as work:
        work.outbox.postpone(first.id, until=NOW + 5, answer="later")
    assert not is_given_up()
    with stores.write() as work:
        work.outbox.bury(first.id, now=NOW, answer="refused")
    assert is_given_up()
    add(stores, second)
    assert not is_given_up()
    with stores.write() as work:
        work.outbox.delivered(second.id, now=NOW + 61)
    assert not is_given_up()


def test_letters_of_no_batch_are_never_asked_after(stores: SqlStores) -> None:
    alone = letter()
    add(stores, alone)
    with stores.write() as work:
        work.outbox.bury(alone.id, now=NOW, answer="refused")
    with stores.read() as view:
        assert not view.outbox.is_given_up("")
