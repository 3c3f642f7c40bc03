"""People who are logged in, and the browsers that are known."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.sessions import UserSession
from idp.model.tokens import digest
from idp.model.user import User
from idp.stores.ports import EndedGrant
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, stored_grant, stored_user, user_session


@pytest.fixture
def owner(stores: SqlStores) -> User:
    return stored_user(stores)


@pytest.fixture
def session(stores: SqlStores, owner: User) -> UserSession:
    made = user_session(owner)
    with stores.write() as work:
        work.user_sessions.add(made)
    return made


def test_a_session_is_found_by_its_digest(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    with stores.read() as view:
        assert view.user_sessions.find(session.digest) == session
        assert view.user_sessions.find_with_user(session.digest) == (session, owner)
        assert view.user_sessions.find(digest("other")) is None
        assert view.user_sessions.find_with_user(digest("other")) is None


def test_a_digest_belongs_to_one_session(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.user_sessions.add(user_session(owner, digest=session.digest))


def test_renewing_moves_the_digest_and_the_old_one_is_void(
    stores: SqlStores, session: UserSession
) -> None:
    renewed = replace(
        session,
        digest=digest("new"),
        amr=("pwd",),
        auth_time=NOW + 50,
        last_seen_at=NOW + 50,
        expires_at=NOW + 99,
    )
    with stores.write() as work:
        work.user_sessions.renew(renewed, old_digest=session.digest)
        assert work.user_sessions.find(session.digest) is None
        assert work.user_sessions.find(renewed.digest) == renewed
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.user_sessions.renew(replace(renewed, digest=digest("b")), old_digest=session.digest)


def test_a_session_that_ended_is_not_renewed(stores: SqlStores, session: UserSession) -> None:
    with stores.write() as work:
        work.user_sessions.end(session.sid, now=NOW)
        with pytest.raises(AlreadySpent):
            work.user_sessions.renew(session, old_digest=session.digest)


def test_a_session_is_not_renewed_for_another_user(stores: SqlStores, session: UserSession) -> None:
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.user_sessions.renew(replace(session, user_id="x"), old_digest=session.digest)


def test_touching_moves_the_last_sight_forward_only(
    stores: SqlStores, session: UserSession
) -> None:
    with stores.write() as work:
        work.user_sessions.touch(session.sid, now=NOW + 60)
        work.user_sessions.touch(session.sid, now=NOW + 30)
        assert work.user_sessions.find(session.digest) == replace(session, last_seen_at=NOW + 60)


def test_ending_a_session_ends_its_grants_and_no_others(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    inside = stored_grant(stores, owner, sid=session.sid)
    outside = stored_grant(stores, owner, sid="another")
    with stores.write() as work:
        ended = work.user_sessions.end(session.sid, now=NOW)
    assert list(ended) == [EndedGrant(session.sid, "backoffice", owner.id)]
    with stores.read() as view:
        assert view.user_sessions.find(session.digest) is None
        assert view.user_sessions.find_with_user(session.digest) is None
        assert view.grants.find_live(inside.id) is None
        assert view.grants.find_live(outside.id) == (outside, owner)


def test_a_session_tells_every_grant_that_was_given_in_it_and_once(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    stored_grant(stores, owner, sid=session.sid)
    stored_grant(stores, owner, sid=session.sid, client_id="ministry")
    revoked = stored_grant(stores, owner, sid=session.sid, client_id="third")
    stored_grant(stores, owner, sid="another", client_id="fourth")
    with stores.write() as work:
        work.grants.end(revoked.id, now=NOW - 9)
        ended = work.user_sessions.end(session.sid, now=NOW)
        assert _clients(ended) == ["backoffice", "ministry", "third"]
        assert list(work.user_sessions.end(session.sid, now=NOW)) == []
        assert list(work.user_sessions.end("unknown", now=NOW)) == []
        assert _clients(work.user_sessions.end_all_of_user(owner.id, now=NOW)) == ["fourth"]


def _clients(ended: Iterable[EndedGrant]) -> list[str]:
    return sorted(grant.client_id for grant in ended)


def test_all_sessions_of_a_user_tell_revoked_grants_too_and_once(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    kept, gone = user_session(owner), user_session(owner)
    for number, sid in enumerate((session.sid, kept.sid, gone.sid)):
        revoked = stored_grant(stores, owner, sid=sid, client_id=f"client {number}")
        with stores.write() as work:
            work.grants.end(revoked.id, now=NOW - 9)
    with stores.write() as work:
        work.user_sessions.add(kept)
        work.user_sessions.add(gone)
        assert _clients(work.user_sessions.end(gone.sid, now=NOW)) == ["client 2"]
        told = [
            _clients(work.user_sessions.end_all_of_user(owner.id, now=NOW, keep=keep))
            for keep in (kept.digest, kept.digest, None, None)
        ]
    assert told == [["client 0"], [], ["client 1"], []]


def test_a_grant_that_ends_in_a_session_that_has_ended_is_told_alone(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    stored_grant(stores, owner, sid=session.sid)
    with stores.write() as work:
        work.user_sessions.end(session.sid, now=NOW)
    stored_grant(stores, owner, sid=session.sid, client_id="late")
    with stores.write() as work:
        assert _clients(work.user_sessions.end(session.sid, now=NOW)) == ["late"]


def test_all_sessions_of_a_user_end_but_the_one_that_is_kept(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    kept = user_session(owner)
    stays = stored_grant(stores, owner, sid=kept.sid)
    goes = stored_grant(stores, owner, sid=session.sid, client_id="ministry")
    with stores.write() as work:
        work.user_sessions.add(kept)
        ended = work.user_sessions.end_all_of_user(owner.id, now=NOW, keep=kept.digest)
        assert list(ended) == [EndedGrant(session.sid, "ministry", owner.id)]
        assert work.user_sessions.find(kept.digest) == kept
        assert work.user_sessions.find(session.digest) is None
        assert work.grants.find_live(stays.id) == (stays, owner)
        assert work.grants.find_live(goes.id) is None


@pytest.mark.parametrize("whose", ["unknown", "another's", "ended"])
def test_a_kept_session_must_be_the_users_own_and_live(
    stores: SqlStores, owner: User, session: UserSession, whose: str
) -> None:
    grant = stored_grant(stores, owner, sid=session.sid)
    strangers = user_session(stored_user(stores))
    mixed = stored_grant(stores, owner, sid=strangers.sid)  # of no session of his own
    keep = {"unknown": digest("?"), "another's": strangers.digest, "ended": session.digest}[whose]
    with stores.write() as work:
        if whose == "ended":  # in a unit of work of which the grant knew nothing
            work._connection.exec_driver_sql("UPDATE user_sessions SET ended_at = 1")
        work.user_sessions.add(strangers)
        ended = work.user_sessions.end_all_of_user(owner.id, now=NOW, keep=keep)
        assert {each.sid for each in ended} == {session.sid, mixed.sid}
        assert work.user_sessions.find(session.digest) is None
        assert work.grants.find_live(grant.id) is None
        assert work.user_sessions.find(strangers.digest) == strangers


def test_all_sessions_of_a_user_end_and_nobody_elses(
    stores: SqlStores, owner: User, session: UserSession
) -> None:
    other = stored_user(stores)
    others = user_session(other)
    grant, others_grant = stored_grant(stores, owner), stored_grant(stores, other, sid=others.sid)
    with stores.write() as work:
        work.user_sessions.add(others)
        ended = work.user_sessions.end_all_of_user(owner.id, now=NOW)
    assert list(ended) == [EndedGrant(grant.sid, "backoffice", owner.id)]
    with stores.read() as view:
        assert view.user_sessions.find(session.digest) is None
        assert view.grants.find_live(grant.id) is None
        assert view.user_sessions.find_with_user(others.digest) == (others, other)
        assert view.grants.find_live(others_grant.id) == (others_grant, other)


def test_a_disabled_user_has_no_session_with_user(stores: SqlStores) -> None:
    disabled = stored_user(stores, enabled=False)
    made = user_session(disabled)
    with stores.write() as work:
        work.user_sessions.add(made)
        assert work.user_sessions.find_with_user(made.digest) is None


def test_a_browser_is_known_to_its_user_since_it_was_last_seen(
    stores: SqlStores, owner: User
) -> None:
    key, other = digest("browser"), stored_user(stores)
    with stores.write() as work:
        work.known_browsers.remember(owner.id, key, keep=10, now=NOW)
        assert work.known_browsers.is_known(owner.id, key, not_before=NOW)
        assert not work.known_browsers.is_known(owner.id, key, not_before=NOW + 1)
        assert not work.known_browsers.is_known(other.id, key, not_before=0)
        work.known_browsers.remember(owner.id, key, keep=10, now=NOW + 1)
        assert work.known_browsers.is_known(owner.id, key, not_before=NOW + 1)


def test_the_oldest_browsers_are_forgotten_and_never_the_new_one(
    stores: SqlStores, owner: User
) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        work.known_browsers.remember(other.id, digest("0"), keep=2, now=NOW)
        for number in range(4):  # all in the same second
            work.known_browsers.remember(owner.id, digest(str(number)), keep=2, now=NOW)
        work.known_browsers.remember(owner.id, digest("last"), keep=2, now=NOW - 9)
        known = [
            name
            for name in ("0", "1", "2", "3", "last")
            if work.known_browsers.is_known(owner.id, digest(name), not_before=0)
        ]
        assert len(known) == 2
        assert "last" in known
        assert work.known_browsers.is_known(other.id, digest("0"), not_before=0)


@pytest.mark.parametrize("keep", [None, "here", "unknown", "others"])
def test_all_browsers_of_a_user_are_forgotten_but_the_one_that_is_kept(
    stores: SqlStores, owner: User, keep: str | None
) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        for name in ("here", "there"):
            work.known_browsers.remember(owner.id, digest(name), keep=9, now=NOW)
        work.known_browsers.remember(other.id, digest("others"), keep=9, now=NOW)
        work.known_browsers.forget_all(owner.id, keep=digest(keep) if keep else None)
        known = [
            name
            for name in ("here", "there", "others")
            if work.known_browsers.is_known(owner.id, digest(name), not_before=0)
        ]
        assert known == (["here"] if keep == "here" else [])
        assert work.known_browsers.is_known(other.id, digest("others"), not_before=0)


def test_a_user_has_a_browser_as_long_as_one_is_remembered(stores: SqlStores, owner: User) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        assert not work.known_browsers.has_any(owner.id)
        work.known_browsers.remember(owner.id, digest("here"), keep=9, now=NOW)
        assert work.known_browsers.has_any(owner.id)
        assert not work.known_browsers.has_any(other.id)
        work.known_browsers.forget_all(owner.id)
        assert not work.known_browsers.has_any(owner.id)


def test_a_session_that_has_ended_still_tells_that_there_was_one(
    stores: SqlStores, owner: User
) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        assert not work.user_sessions.has_any_of_user(owner.id)
        work.user_sessions.add(user_session(owner))
        work.user_sessions.end_all_of_user(owner.id, now=NOW)
        assert work.user_sessions.count_of_user(owner.id, now=NOW) == 0
        assert work.user_sessions.has_any_of_user(owner.id)
        assert not work.user_sessions.has_any_of_user(other.id)
