"""Twenty threads, one winner, sixty times: whatever may happen only once."""

from dataclasses import replace

import pytest

from idp.model.grant import Grant
from idp.model.sessions import AuthenticationSession
from idp.model.tokens import digest, new_id
from idp.stores.ports import Schedule
from idp.stores.sql import SqlStores
from tests.contract.builders import (
    NOW,
    authentication_session,
    challenge,
    grant,
    letter,
    stored_user,
)
from tests.contract.races import ROUNDS, THREADS, race

pytestmark = pytest.mark.race
ONE_WINNER = [1] * ROUNDS


def grants(stores: SqlStores) -> list[Grant]:
    owner = stored_user(stores)
    made = [grant(owner) for _ in range(ROUNDS)]
    with stores.write() as work:
        for each in made:
            work.grants.add(each, code_digest=digest(each.id), code_expires_at=NOW + 60)
            work.refresh_tokens.add(digest(each.id), each.id, expires_at=NOW + 60, now=NOW)
    return made


def conversations(stores: SqlStores) -> list[AuthenticationSession]:
    made = [authentication_session() for _ in range(ROUNDS)]
    with stores.write() as work:
        for each in made:
            work.authentication_sessions.add(each)
    return [replace(each, version=1) for each in made]


def challenges(stores: SqlStores) -> list[str]:
    made = [challenge() for _ in range(ROUNDS)]
    with stores.write() as work:
        for each in made:
            work.challenges.add(each)
    return [each.id for each in made]


def test_a_code_is_claimed_by_one(stores: SqlStores) -> None:
    made = grants(stores)

    def claim(number: int) -> object:
        code = digest(made[number].id)
        with stores.write() as work:
            return work.grants.claim_code(code, client_id="backoffice", now=NOW)

    assert [len(won) for won in race(claim)] == ONE_WINNER


def test_a_refresh_token_is_rotated_by_one(stores: SqlStores) -> None:
    made = grants(stores)

    def rotate(number: int) -> object:
        token = digest(made[number].id)
        with stores.write() as work:
            return work.refresh_tokens.rotate(token, client_id="backoffice", now=NOW)

    assert [len(won) for won in race(rotate)] == ONE_WINNER


def test_a_challenge_is_answered_by_one(stores: SqlStores) -> None:
    ids = challenges(stores)

    def spend(number: int) -> bool:
        with stores.write() as work:
            work.challenges.spend(ids[number], now=NOW)
        return True

    assert [len(won) for won in race(spend)] == ONE_WINNER


def test_a_challenge_gives_five_tries_in_all(stores: SqlStores) -> None:
    ids = challenges(stores)

    def reserve(number: int) -> int | None:
        with stores.write() as work:
            return work.challenges.reserve_try(ids[number], limit=5, now=NOW)

    assert [sorted(left) for left in race(reserve)] == [[0, 1, 2, 3, 4]] * ROUNDS


def test_a_code_is_sent_again_by_one(stores: SqlStores) -> None:
    ids = challenges(stores)

    def send(number: int) -> bool | None:
        with stores.write() as work:
            won = work.challenges.reserve_send(ids[number], limit=3, not_after=NOW, now=NOW + 60)
        return won or None

    assert [len(won) for won in race(send)] == ONE_WINNER


def test_a_conversation_is_stored_by_one(stores: SqlStores) -> None:
    made = [authentication_session() for _ in range(ROUNDS)]

    def add(number: int) -> bool:
        with stores.write() as work:
            work.authentication_sessions.add(made[number])
        return True

    assert [len(won) for won in race(add)] == ONE_WINNER


def test_a_conversation_is_moved_by_one(stores: SqlStores) -> None:
    made = conversations(stores)

    def save(number: int) -> bool:
        with stores.write() as work:
            work.authentication_sessions.save(replace(made[number], step=1))
        return True

    assert [len(won) for won in race(save)] == ONE_WINNER


def test_a_conversation_is_taken_by_one(stores: SqlStores) -> None:
    made = conversations(stores)

    def take(number: int) -> bool:
        with stores.write() as work:
            work.authentication_sessions.take(made[number].id, version=1, now=NOW)
        return True

    assert [len(won) for won in race(take)] == ONE_WINNER


def test_a_counter_lets_exactly_its_count_through(stores: SqlStores) -> None:
    schedule = Schedule(window=60, pauses=((5, 60),))
    keys = [digest(new_id()) for _ in range(ROUNDS)]

    def reserve(number: int) -> bool | None:
        with stores.write() as work:
            blocked = work.counters.reserve(keys[number], schedule, now=NOW)
        return None if blocked else True

    assert [len(through) for through in race(reserve)] == [5] * ROUNDS


def test_a_letter_is_leased_by_one(stores: SqlStores) -> None:
    def lease(number: int) -> list[str] | None:
        now = NOW + number
        with stores.write() as work:
            return [
                each.id for each in work.outbox.lease("mail", now=now, lease=9999, most=5)
            ] or None

    due = [letter(created_at=NOW + number) for number in range(ROUNDS)]
    with stores.write() as work:
        for each in due:
            work.outbox.add(each)
    assert race(lease) == [[[each.id]] for each in due]


def test_many_letters_are_shared_out_without_doubles(stores: SqlStores) -> None:
    with stores.write() as work:
        for _ in range(200):
            work.outbox.add(letter())

    def lease(_: int) -> list[str]:
        with stores.write() as work:
            return [each.id for each in work.outbox.lease("mail", now=NOW, lease=60, most=1)]

    leased = [each for answers in race(lease) for ids in answers for each in ids]
    assert len(leased) == len(set(leased)) == 200
    assert THREADS * ROUNDS > 200
