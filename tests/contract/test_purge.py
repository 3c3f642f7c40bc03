"""What a purge deletes, and what it must leave."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from idp.model.tokens import digest
from idp.stores.ports import Schedule
from idp.stores.sql import SqlStores, tables
from tests.contract.builders import (
    DAY,
    HOUR,
    NOW,
    authentication_session,
    challenge,
    letter,
    stored_grant,
    stored_token,
    stored_user,
    user,
    user_session,
)

Fill = Callable[[SqlStores], None]


def conversation(stores: SqlStores) -> None:
    with stores.write() as work:
        work.authentication_sessions.add(authentication_session(expires_at=NOW))


def waiting_code(stores: SqlStores) -> None:
    with stores.write() as work:
        work.challenges.add(challenge(expires_at=NOW))


def link(stores: SqlStores) -> None:
    stored_token(stores, stored_user(stores), expires_at=NOW)


def ghosts_link(stores: SqlStores) -> None:
    stored_token(stores, user(), expires_at=NOW)


def used_link(stores: SqlStores) -> None:
    made = stored_token(stores, stored_user(stores), expires_at=NOW)
    with stores.write() as work:
        work.action_tokens.spend(made.id, now=NOW - 9)


def login(stores: SqlStores) -> None:
    owner = stored_user(stores)
    with stores.write() as work:
        work.user_sessions.add(user_session(owner, expires_at=NOW))


def browser(stores: SqlStores) -> None:
    owner = stored_user(stores)
    with stores.write() as work:
        work.known_browsers.remember(owner.id, digest("b"), keep=9, now=NOW)


def code(stores: SqlStores) -> None:
    stored_grant(stores, stored_user(stores), expires_at=NOW)  # its code lives 60 s


def family(stores: SqlStores) -> None:
    stored_grant(stores, stored_user(stores), expires_at=NOW + DAY)


def refresh_token(stores: SqlStores) -> None:
    grant = stored_grant(stores, stored_user(stores), expires_at=NOW + 900 * DAY)
    with stores.write() as work:
        work.refresh_tokens.add(digest("r"), grant.id, expires_at=NOW + HOUR, now=NOW)


def failures(stores: SqlStores) -> None:
    with stores.write() as work:
        work.counters.reserve(digest("k"), Schedule(60, ((2, 600),)), now=NOW)


def pause(stores: SqlStores) -> None:
    with stores.write() as work:
        work.counters.reserve(digest("k"), Schedule(60, ((1, 600),)), now=NOW)


def delivered_letter(stores: SqlStores) -> None:
    promised = letter()
    with stores.write() as work:
        work.outbox.add(promised)
        work.outbox.delivered(promised.id, now=NOW)


def buried_letter(stores: SqlStores) -> None:
    promised = letter()
    with stores.write() as work:
        work.outbox.add(promised)
        work.outbox.bury(promised.id, now=NOW, answer="")


@pytest.mark.parametrize(
    ("fill", "table", "kept_for"),
    [
        (conversation, "authentication_sessions", DAY),
        (waiting_code, "challenges", DAY),
        (link, "action_tokens", DAY),
        (ghosts_link, "action_tokens", DAY),
        (used_link, "action_tokens", DAY),
        (login, "user_sessions", 0),
        (browser, "known_browsers", 90 * DAY),
        (code, "grants", 60 + 600),
        (family, "grants", DAY + 600),
        (refresh_token, "refresh_tokens", HOUR),
        (failures, "counters", 60),
        (pause, "counters", 600),
        (delivered_letter, "outbox", 7 * DAY),
        (buried_letter, "outbox", 7 * DAY),
    ],
)
def test_a_row_goes_when_nobody_can_need_it_and_not_a_second_before(
    stores: SqlStores, fill: Fill, table: str, kept_for: int
) -> None:
    fill(stores)
    stores.purge(now=NOW + kept_for - 1)
    assert count(stores, table) == 1
    assert stores.purge(now=NOW + kept_for) >= 1
    assert count(stores, table) == 0


@pytest.mark.parametrize("is_revoked", [False, True])
def test_a_grant_stays_as_long_as_the_session_in_which_it_was_given(
    stores: SqlStores, is_revoked: bool
) -> None:
    owner = stored_user(stores)
    session = user_session(owner, expires_at=NOW + DAY)
    made = stored_grant(stores, owner, sid=session.sid, expires_at=NOW)
    with stores.write() as work:
        work.user_sessions.add(session)
        if is_revoked:
            work.grants.end(made.id, now=NOW)
    stores.purge(now=NOW + DAY - 1)
    assert count(stores, "grants") == 1
    stores.purge(now=NOW + DAY)
    assert count(stores, "grants") == 0


def test_a_grant_of_a_session_that_was_ended_goes_in_its_time(stores: SqlStores) -> None:
    owner = stored_user(stores)
    session = user_session(owner, expires_at=NOW + DAY)
    stored_grant(stores, owner, sid=session.sid, expires_at=NOW)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.user_sessions.end(session.sid, now=NOW)
    stores.purge(now=NOW + 659)
    assert count(stores, "grants") == 1
    stores.purge(now=NOW + 660)
    assert count(stores, "grants") == 0


def test_waiting_letters_closed_keys_users_and_passwords_are_never_purged(
    stores: SqlStores,
) -> None:
    owner = stored_user(stores)
    with stores.write() as work:
        work.credentials.set_password(owner.id, "old", version=1, keep=4, now=NOW)
        work.credentials.set_password(owner.id, "new", version=2, keep=4, now=NOW)
        work.required_actions.require(owner.id, "update_password", now=NOW)
        work.outbox.add(letter())
        work.counters.reserve(digest("closed"), Schedule(0, ((1, 0),)), now=NOW)
        work.counters.reserve(digest("no window"), Schedule(0, ((9, 5),)), now=NOW)
    assert stores.purge(now=NOW + 1000 * DAY) == 0


def test_a_key_that_was_closed_within_a_window_goes_with_it(stores: SqlStores) -> None:
    with stores.write() as work:
        work.counters.reserve(digest("closed"), Schedule(60, ((1, 0),)), now=NOW)
    assert stores.purge(now=NOW + 59) == 0
    assert stores.purge(now=NOW + 60) == 1


def test_a_counter_that_was_refunded_to_nothing_goes(stores: SqlStores) -> None:
    with stores.write() as work:
        work.counters.reserve(digest("k"), Schedule(0, ((9, 5),)), now=NOW)
        work.counters.refund(digest("k"))
    assert stores.purge(now=NOW) == 1


def test_more_rows_than_one_bite_go_too_and_are_counted(stores: SqlStores) -> None:
    with stores.write() as work:
        for _ in range(230):
            work.challenges.add(challenge(expires_at=NOW))
    assert stores.purge(now=NOW + DAY) == 230
    assert count(stores, "challenges") == 0


def count(stores: SqlStores, table: str) -> int:
    with stores.engine.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(tables.metadata.tables[table]))
    return int(found or 0)
