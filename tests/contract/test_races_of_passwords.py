"""Twenty threads at one password, one link, one mailbox: one wins, and nothing old stays open."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from idp.model.errors import AlreadySpent
from idp.model.sessions import AuthenticationSession
from idp.model.user import User
from idp.stores.sql import SqlStores
from idp.stores.sql.tables import action_tokens, authentication_sessions, outbox, users
from tests.contract.builders import (
    NOW,
    action_token,
    authentication_session,
    letter,
    stored_user,
    user,
)
from tests.contract.races import ROUNDS, THREADS, race

pytestmark = pytest.mark.race
ONE_WINNER = [1] * ROUNDS


def owners(stores: SqlStores) -> list[User]:
    made = [user() for _ in range(ROUNDS)]
    with stores.write() as work:
        for each in made:
            work.users.add(each)
    return made


def links(stores: SqlStores, of: Iterable[User], *, each: int) -> list[list[str]]:
    """Store so many links of every user; return their ids."""
    made = [[action_token(owner) for _ in range(each)] for owner in of]
    with stores.write() as work:
        for token in (token for tokens in made for token in tokens):
            work.action_tokens.add(token)
    return [[token.id for token in tokens] for tokens in made]


def conversations(stores: SqlStores, of: Iterable[User]) -> list[list[AuthenticationSession]]:
    """Store a conversation of every user for each thread."""
    made = [[authentication_session(user_id=owner.id) for _ in range(THREADS)] for owner in of]
    with stores.write() as work:
        for session in (session for sessions in made for session in sessions):
            work.authentication_sessions.add(session)
    return [[replace(session, version=1) for session in sessions] for sessions in made]


def open_conversations(stores: SqlStores) -> int:
    still_open = (
        select(func.count())
        .select_from(authentication_sessions)
        .where(authentication_sessions.c.taken_at.is_(None))
    )
    with stores.engine.connect() as connection:
        return int(connection.scalar(still_open) or 0)


def test_a_link_is_used_by_one(stores: SqlStores) -> None:
    ids = links(stores, owners(stores), each=1)

    def spend(number: int) -> bool:
        with stores.write() as work:
            work.action_tokens.spend(ids[number][0], now=NOW)
        return True

    assert [len(won) for won in race(spend)] == ONE_WINNER


def test_a_password_is_set_over_one_version_by_one(stores: SqlStores) -> None:
    owner = stored_user(stores)

    def set_password(number: int) -> str:
        tagged_hash = f"hash {number}"
        with stores.write() as work:
            work.credentials.set_password(
                owner.id, tagged_hash, version=number + 1, keep=4, now=NOW
            )
        return tagged_hash

    assert race(set_password) == [[f"hash {number}"] for number in range(ROUNDS)]
    with stores.read() as view:
        newest = [f"hash {ROUNDS - age}" for age in range(1, 6)]
        assert list(view.credentials.recent_hashes(owner.id, most=9)) == newest


def test_of_many_links_of_one_user_one_sets_the_password_and_the_others_do_nothing(
    stores: SqlStores,
) -> None:
    made = owners(stores)
    ids = links(stores, made, each=THREADS)

    def reset(number: int) -> bool:
        owner, link = made[number], ids[number].pop()
        with stores.write() as work:
            work.outbox.add(letter(kind="changed"))
            work.action_tokens.spend(link, now=NOW)
            work.users.verify_email(owner.id)
            work.credentials.set_password(owner.id, "hash", version=1, keep=4, now=NOW)
        return True

    assert [len(won) for won in race(reset)] == ONE_WINNER
    with stores.engine.connect() as connection:
        used = select(func.count(action_tokens.c.used_at))
        assert connection.scalar(used) == ROUNDS
        assert connection.scalar(select(func.count(outbox.c.id))) == ROUNDS
        assert connection.scalar(select(func.max(users.c.credential_version))) == 2


def test_no_login_of_the_old_password_stays_open_after_a_change(stores: SqlStores) -> None:
    made = owners(stores)
    parts = [["change", "log in"] * (THREADS // 2) for _ in made]  # the last goes first

    def attempt(number: int) -> str | None:
        owner, part = made[number], parts[number].pop()
        with stores.write() as work:
            if part == "change":
                work.credentials.set_password(owner.id, "hash", version=1, keep=4, now=NOW)
                work.authentication_sessions.take_all_of_user(owner.id, but="", now=NOW)
            elif work.credentials.holds_version(owner.id, 1):
                work.authentication_sessions.add(authentication_session(user_id=owner.id))
            else:
                return None
        return part

    won = race(attempt)
    assert [answers.count("change") for answers in won] == ONE_WINNER
    assert any("log in" in answers for answers in won)
    assert open_conversations(stores) == 0


def test_many_tabs_that_change_one_password_never_wait_for_each_other_in_a_circle(
    stores: SqlStores,
) -> None:
    made = owners(stores)
    tabs = conversations(stores, made)

    def change(number: int) -> bool:
        owner, tab = made[number], tabs[number].pop()
        with stores.write() as work:
            work.credentials.set_password(owner.id, "hash", version=1, keep=4, now=NOW)
            work.authentication_sessions.take_all_of_user(owner.id, but=tab.id, now=NOW)
            work.authentication_sessions.take(tab.id, version=1, now=NOW)
        return True

    assert [len(won) for won in race(change)] == ONE_WINNER
    assert open_conversations(stores) == 0


def test_a_mailbox_is_given_to_one_and_the_units_of_work_of_the_others_go_on(
    stores: SqlStores,
) -> None:
    made = [[user() for _ in range(THREADS)] for _ in range(ROUNDS)]
    with stores.write() as work:
        for each in (each for round_ in made for each in round_):
            work.users.add(each)

    def move(number: int) -> str | None:
        owner, wanted = made[number].pop(), f"{number}@x.gov.bd"
        with stores.write() as work:
            try:
                work.users.set_email(owner.id, wanted, wanted, now=NOW)
            except AlreadySpent:
                work.outbox.add(letter(kind="taken"))
                return None
        return owner.id

    won = race(move)
    assert [len(ids) for ids in won] == ONE_WINNER
    with stores.read() as view:
        found = [view.users.find_by_email(f"{number}@x.gov.bd") for number in range(ROUNDS)]
    assert [[each.id] if each else [] for each in found] == won
    with stores.engine.connect() as connection:
        told = connection.scalar(select(func.count(outbox.c.id)))
    assert told == ROUNDS * (THREADS - 1)
