from dataclasses import replace

import pytest

from idp.accounts.sign_out import SignOut
from idp.accounts.user_sessions import UserSessionRules
from idp.model.sessions import UserSession
from idp.model.tokens import digest
from idp.model.user import User
from idp.stores.sql import SqlStores

NOW, IDLE, MAXIMUM = 1_795_000_000, 3600, 36_000
RULES = UserSessionRules(IDLE, MAXIMUM, SignOut(frozenset()))
PWD = ("pwd", "email")


def a_user(stores: SqlStores, name: str = "office") -> User:
    email = f"{name}@example.gov.bd"
    user = User(id=f"id-of-{name}", email=email, email_canonical=email)
    with stores.write() as work:
        work.users.add(user)
    return user


@pytest.fixture
def office(stores: SqlStores) -> User:
    return a_user(stores)


def start(
    stores: SqlStores, user: User, *, now: int = NOW, replaces: UserSession | None = None
) -> tuple[str, UserSession]:
    with stores.write() as work:
        return RULES.start(work, user, amr=PWD, now=now, replaces=replaces)


def find(stores: SqlStores, cookie: str | None, now: int = NOW) -> UserSession | None:
    with stores.read() as work:
        found = RULES.find_good(work, cookie, now=now)
    return None if found is None else found[0]


def touch(stores: SqlStores, session: UserSession, now: int) -> None:
    with stores.write() as work:
        RULES.touch(work, session, now=now)


def test_the_cookie_of_a_started_session_finds_it_and_its_user(
    stores: SqlStores, office: User
) -> None:
    cookie, session = start(stores, office)
    with stores.read() as work:
        assert RULES.find_good(work, cookie, now=NOW) == (session, office)
    assert (session.amr, session.auth_time, session.created_at) == (PWD, NOW, NOW)
    assert session.expires_at == NOW + MAXIMUM


def test_a_cookie_has_256_bits_and_only_its_digest_is_kept(stores: SqlStores, office: User) -> None:
    cookie, session = start(stores, office)
    assert len(cookie) == 43
    assert session.digest == digest(cookie)
    assert session.sid not in cookie


@pytest.mark.parametrize("cookie", [None, "", "unknown", "\x00", "\ud800", "ক" * 5000])
def test_other_cookies_find_nothing(stores: SqlStores, office: User, cookie: str | None) -> None:
    start(stores, office)
    assert find(stores, cookie) is None


def test_the_sid_is_no_cookie(stores: SqlStores, office: User) -> None:
    _, session = start(stores, office)
    assert find(stores, session.sid) is None


def test_a_session_is_over_when_nobody_used_it_for_the_idle_time(
    stores: SqlStores, office: User
) -> None:
    cookie, _ = start(stores, office)
    assert find(stores, cookie, NOW + IDLE - 1)
    assert find(stores, cookie, NOW + IDLE) is None


def test_a_session_in_use_lives_until_its_absolute_limit(stores: SqlStores, office: User) -> None:
    cookie, _ = start(stores, office)
    for now in range(NOW, NOW + MAXIMUM, IDLE // 2):
        session = find(stores, cookie, now)
        assert session is not None
        touch(stores, session, now)
    assert find(stores, cookie, NOW + MAXIMUM - 1)
    assert find(stores, cookie, NOW + MAXIMUM) is None


def test_an_ended_session_is_over(stores: SqlStores, office: User) -> None:
    cookie, session = start(stores, office)
    with stores.write() as work:
        work.user_sessions.end(session.sid, now=NOW + 1)
    assert find(stores, cookie, NOW + 1) is None


def test_a_disabled_user_has_no_good_session(stores: SqlStores, office: User) -> None:
    cookie, _ = start(stores, office)
    with stores.write() as work:
        work.users.set_enabled(office.id, enabled=False, now=NOW)
    assert find(stores, cookie) is None


def test_a_session_is_touched_at_most_once_a_minute(stores: SqlStores, office: User) -> None:
    cookie, session = start(stores, office)
    touch(stores, session, NOW + 59)
    untouched = find(stores, cookie, NOW + 59)
    assert untouched is not None
    assert untouched.last_seen_at == NOW
    touch(stores, session, NOW + 60)
    touched = find(stores, cookie, NOW + 60)
    assert touched is not None
    assert touched.last_seen_at == NOW + 60


def test_the_same_user_again_keeps_the_sid_and_gets_a_new_cookie(
    stores: SqlStores, office: User
) -> None:
    old_cookie, old = start(stores, office)
    cookie, session = start(stores, office, now=NOW + 100, replaces=old)
    assert cookie != old_cookie
    assert session.sid == old.sid
    assert (session.auth_time, session.created_at) == (NOW + 100, NOW)
    assert session.expires_at == NOW + 100 + MAXIMUM
    assert find(stores, cookie, NOW + 100) == session
    assert find(stores, old_cookie, NOW + 100) is None


def test_another_user_in_the_same_browser_ends_the_session_before(
    stores: SqlStores, office: User
) -> None:
    old_cookie, old = start(stores, office)
    cookie, session = start(stores, a_user(stores, "other"), replaces=old)
    assert session.sid != old.sid
    assert find(stores, cookie)
    assert find(stores, old_cookie) is None


def test_a_session_that_is_over_is_not_brought_back_to_life(
    stores: SqlStores, office: User
) -> None:
    _, old = start(stores, office)
    later = NOW + IDLE
    cookie, session = start(stores, office, now=later, replaces=old)
    assert session.sid != old.sid
    assert session.created_at == later
    assert find(stores, cookie, later) == session


def test_two_tabs_that_log_in_at_once_both_have_a_session(stores: SqlStores, office: User) -> None:
    _, old = start(stores, office)
    first_cookie, first = start(stores, office, replaces=old)
    second_cookie, second = start(stores, office, replaces=old)  # has not seen the first
    assert first.sid == old.sid != second.sid
    assert find(stores, first_cookie) == first
    assert find(stores, second_cookie) == second


def test_an_ended_session_is_not_renewed(stores: SqlStores, office: User) -> None:
    _, old = start(stores, office)
    with stores.write() as work:
        work.user_sessions.end(old.sid, now=NOW)
    for seen in (old, replace(old, ended_at=NOW)):
        _, session = start(stores, office, replaces=seen)
        assert session.sid != old.sid


def test_a_shared_mailbox_has_several_sessions_at_once(stores: SqlStores, office: User) -> None:
    cookies = [start(stores, office)[0] for _ in range(3)]
    assert all(find(stores, cookie) for cookie in cookies)
