"""A change of password: what goes with it, what stays, and who loses when two come at once."""

import pytest

from idp.accounts.credentials import UPDATE_PASSWORD, change_password
from idp.model.action_token import ActionToken
from idp.model.errors import AlreadySpent
from idp.model.tokens import digest, new_id
from idp.model.user import User
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, authentication_session, stored_user, user_session


@pytest.fixture(name="owner")
def _owner(stores: SqlStores) -> User:
    return stored_user(stores)


def changed(
    stores: SqlStores, user: User, *hashes: str, history: int = 5, goes_on: str = ""
) -> User:
    """Change the password once for each hash; return the user as it is then."""
    for tagged_hash in hashes:
        with stores.write() as work:
            change_password(work, user, tagged_hash, history=history, now=NOW, goes_on=goes_on)
        user = found(stores, user)
    return user


def found(stores: SqlStores, user: User) -> User:
    with stores.read() as work:
        again = work.users.find(user.id)
    assert again is not None
    return again


def recent(stores: SqlStores, user: User) -> list[str]:
    with stores.read() as work:
        return list(work.credentials.recent_hashes(user.id, most=50))


def talking(stores: SqlStores, user: User) -> str:
    """Store a conversation in which the user has been proven; return its id."""
    session = authentication_session(user_id=user.id)
    with stores.write() as work:
        work.authentication_sessions.add(session)
    return session.id


def is_open(stores: SqlStores, session_id: str) -> bool:
    with stores.read() as work:
        session = work.authentication_sessions.find(session_id)
    assert session is not None
    return session.taken_at is None


def link(stores: SqlStores, user: User) -> ActionToken:
    token = ActionToken(
        id=new_id(),
        user_id=user.id,
        credential_version=user.credential_version,
        user_typed=user.email,
        client_id="backoffice",
        request=None,
        browser_digest=digest("browser key"),
        reference="7F3K-2Q",
        created_at=NOW,
        expires_at=NOW + 1800,
    )
    with stores.write() as work:
        work.action_tokens.add(token)
    return token


@pytest.mark.parametrize(
    ("history", "kept"),
    [(5, "7 6 5 4 3"), (2, "7 6"), (1, "7"), (0, "7")],
)
def test_as_many_passwords_are_kept_as_may_not_come_back(
    stores: SqlStores, owner: User, history: int, kept: str
) -> None:
    changed(stores, owner, *"1234567", history=history)
    assert recent(stores, owner) == kept.split()


def test_a_history_that_was_made_shorter_is_forgotten(stores: SqlStores, owner: User) -> None:
    owner = changed(stores, owner, *"1234")
    changed(stores, owner, "5", history=2)
    assert recent(stores, owner) == ["5", "4"]


def test_who_was_faster_wins_and_the_loser_changes_nothing(stores: SqlStores, owner: User) -> None:
    changed(stores, owner, "first")
    conversation = talking(stores, owner)
    with pytest.raises(AlreadySpent), stores.write() as work:
        change_password(work, owner, "second", history=5, now=NOW)
    assert recent(stores, owner) == ["first"]
    assert is_open(stores, conversation)


def test_a_mailbox_that_was_changed_meanwhile_makes_the_change_void(
    stores: SqlStores, owner: User
) -> None:
    with stores.write() as work:
        work.users.set_email(owner.id, "new@b.bd", "new@b.bd", now=NOW)
    with pytest.raises(AlreadySpent), stores.write() as work:
        change_password(work, owner, "late", history=5, now=NOW)
    assert recent(stores, owner) == []


def test_open_links_become_worthless(stores: SqlStores, owner: User) -> None:
    token = link(stores, owner)
    changed(stores, owner, "new")
    with pytest.raises(AlreadySpent), stores.write() as work:
        work.action_tokens.spend(token.id, now=NOW)


def test_logins_that_the_old_password_began_end_and_the_one_that_goes_on_stays(
    stores: SqlStores, owner: User
) -> None:
    goes_on, ends = talking(stores, owner), talking(stores, owner)
    strangers = talking(stores, stored_user(stores))
    changed(stores, owner, "new", goes_on=goes_on)
    assert [is_open(stores, one) for one in (goes_on, ends, strangers)] == [True, False, True]
    changed(stores, found(stores, owner), "newer")
    assert not is_open(stores, goes_on)


def test_the_demand_for_a_new_password_is_met_and_nobody_elses(
    stores: SqlStores, owner: User
) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        for user in (owner, other):
            work.required_actions.require(user.id, UPDATE_PASSWORD, now=NOW)
    changed(stores, owner, "new")
    with stores.read() as work:
        assert work.required_actions.of_user(owner.id) == ()
        assert work.required_actions.of_user(other.id) == (UPDATE_PASSWORD,)


def test_sessions_stay(stores: SqlStores, owner: User) -> None:
    with stores.write() as work:
        work.user_sessions.add(user_session(owner, digest=digest("cookie")))
    changed(stores, owner, "new")
    with stores.read() as work:
        assert work.user_sessions.find(digest("cookie")) is not None
