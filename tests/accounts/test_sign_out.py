"""Signing out: which sessions and grants end, and which clients are promised a notice."""

import pytest

from idp.accounts.sign_out import KIND, Cause, SignOut
from idp.model.letter import Letter
from idp.model.tokens import digest
from idp.model.user import User
from idp.settings.clients import Client
from idp.settings.values import LocalText
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, stored_grant, stored_user, user_session

CAUSE = Cause(reference="7F3K-2Q", batch="this log-out")
DAY = 86_400


@pytest.fixture(name="sign_out")
def _sign_out() -> SignOut:
    return SignOut(frozenset({"backoffice", "ministry"}))


@pytest.fixture(name="owner")
def _owner(stores: SqlStores) -> User:
    return stored_user(stores)


def logged_in(stores: SqlStores, user: User, cookie: str, *clients: str) -> str:
    """Store a session of a cookie, with a grant for each of the clients; return its sid."""
    session = user_session(user, sid=f"sid of {cookie}", digest=digest(cookie))
    with stores.write() as work:
        work.user_sessions.add(session)
    for client_id in clients:
        stored_grant(stores, user, sid=session.sid, client_id=client_id)
    return session.sid


def is_logged_in(stores: SqlStores, cookie: str) -> bool:
    with stores.read() as work:
        return work.user_sessions.find(digest(cookie)) is not None


def notices(stores: SqlStores) -> list[Letter]:
    with stores.write() as work:
        found = work.outbox.lease("notice", now=NOW, lease=60, most=50)
    return sorted(found, key=lambda letter: (letter.facts["sid"], letter.to))


def test_ending_a_session_promises_each_of_its_clients_one_notice(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    sid = logged_in(stores, owner, "a", "ministry", "backoffice", "backoffice", "silent")
    logged_in(stores, owner, "b", "backoffice")
    with stores.write() as work:
        sign_out.end(work, sid, CAUSE, now=NOW)
    assert not is_logged_in(stores, "a")
    assert is_logged_in(stores, "b")
    assert [letter.to for letter in notices(stores)] == ["backoffice", "ministry"]


def test_a_notice_says_whose_session_it_was_and_nothing_secret(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    sid = logged_in(stores, owner, "a", "backoffice")
    with stores.write() as work:
        sign_out.end(work, sid, CAUSE, now=NOW)
    (letter,) = notices(stores)
    assert (letter.kind, letter.lane, letter.locale) == (KIND, "notice", "")
    assert letter.facts == {"sid": sid, "sub": owner.id}
    assert (letter.reference, letter.batch) == ("7F3K-2Q", "this log-out")
    assert (letter.created_at, letter.expires_at) == (NOW, NOW + DAY)
    with stores.read() as work:
        assert [one.id for one in work.outbox.undelivered("this log-out")] == [letter.id]


def test_ending_a_session_twice_promises_nothing_more(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    sid = logged_in(stores, owner, "a", "backoffice")
    for _ in range(2):
        with stores.write() as work:
            sign_out.end(work, sid, CAUSE, now=NOW)
            sign_out.end_all(work, owner.id, CAUSE, now=NOW)
    assert len(notices(stores)) == 1


def test_all_sessions_of_one_user_end_and_nobody_elses(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    first = logged_in(stores, owner, "a", "backoffice")
    second = logged_in(stores, owner, "b", "backoffice", "ministry")
    logged_in(stores, stored_user(stores), "c", "backoffice")
    with stores.write() as work:
        sign_out.end_all(work, owner.id, CAUSE, now=NOW)
    assert [is_logged_in(stores, cookie) for cookie in "abc"] == [False, False, True]
    assert [(letter.facts["sid"], letter.to) for letter in notices(stores)] == [
        (first, "backoffice"),
        (second, "backoffice"),
        (second, "ministry"),
    ]


def test_the_session_of_a_kept_cookie_stays_with_its_grants(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    kept_sid = logged_in(stores, owner, "kept", "ministry")
    grant = stored_grant(stores, owner, sid=kept_sid)
    ended_sid = logged_in(stores, owner, "other", "backoffice")
    with stores.write() as work:
        sign_out.end_all(work, owner.id, CAUSE, now=NOW, keep="kept")
    assert [is_logged_in(stores, cookie) for cookie in ("kept", "other")] == [True, False]
    assert [letter.facts["sid"] for letter in notices(stores)] == [ended_sid]
    with stores.read() as work:
        assert work.grants.find_live(grant.id) is not None


@pytest.mark.parametrize("keep", ["", "unknown", "a stranger's"])
def test_a_cookie_that_is_no_live_session_of_the_user_keeps_nothing(
    stores: SqlStores, sign_out: SignOut, owner: User, keep: str
) -> None:
    logged_in(stores, owner, "a", "backoffice")
    logged_in(stores, stored_user(stores), "a stranger's")
    with stores.write() as work:
        sign_out.end_all(work, owner.id, CAUSE, now=NOW, keep=keep)
    assert not is_logged_in(stores, "a")
    assert len(notices(stores)) == 1


def test_a_session_without_a_grant_needs_no_notice(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    logged_in(stores, owner, "a")
    with stores.write() as work:
        sign_out.end_all(work, owner.id, Cause(), now=NOW)
    assert notices(stores) == []


def test_only_clients_that_are_on_and_say_where_to_are_told() -> None:
    name, owner = LocalText(bn="ক", en="A"), "ops@example.gov.bd"
    uri = "https://a.example/out"
    clients = [
        Client(client_id="told", name=name, owner=owner, backchannel_logout_uri=uri),
        Client(client_id="mute", name=name, owner=owner),
        Client(client_id="off", name=name, owner=owner, backchannel_logout_uri=uri, enabled=False),
    ]
    assert SignOut.of(clients).notified == {"told"}


def test_a_client_that_handed_its_grant_back_is_told_too_and_once(
    stores: SqlStores, sign_out: SignOut, owner: User
) -> None:
    sid = logged_in(stores, owner, "a", "backoffice")
    revoked = [stored_grant(stores, owner, sid=sid, client_id="ministry") for _ in range(2)]
    with stores.write() as work:
        work.grants.end(revoked[0].id, now=NOW - 9)
    for _ in range(2):
        with stores.write() as work:
            sign_out.end(work, sid, CAUSE, now=NOW)
            sign_out.end_all(work, owner.id, CAUSE, now=NOW)
    assert [letter.to for letter in notices(stores)] == ["backoffice", "ministry"]
