"""Passwords with their history, and what is demanded at the next login."""

from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.user import User
from idp.stores.ports import StoredUser
from idp.stores.sql import SqlStores
from idp.stores.sql.credentials import _NEXT_FOREIGN
from idp.stores.sql.prepared import prepare
from tests.contract.builders import NOW, ODD, stored_user, user


@pytest.fixture
def owner(stores: SqlStores) -> User:
    return stored_user(stores)


def set_passwords(stores: SqlStores, owner: User, *hashes: str, keep: int) -> None:
    """Set these one after another, all in one second."""
    for tagged_hash in hashes:
        with stores.write() as work:
            found = work.users.find(owner.id)
            assert found is not None
            version = found.credential_version
            work.credentials.set_password(
                owner.id, tagged_hash, version=version, keep=keep, now=NOW
            )


def recent(stores: SqlStores, owner: User, most: int = 99) -> list[str]:
    with stores.read() as view:
        return list(view.credentials.recent_hashes(owner.id, most=most))


@pytest.mark.parametrize("text", ["", "nobody", "a\x00b", "\ud800", ODD, "' OR 1=1 --", "%"])
def test_nobody_has_a_password_whatever_was_typed(stores: SqlStores, text: str) -> None:
    set_passwords(stores, stored_user(stores), "hash", keep=4)
    with stores.write() as work:
        assert work.credentials.password_hash(text) is None
        assert list(work.credentials.recent_hashes(text, most=5)) == []
        assert not work.credentials.holds_version(text, 1)
        assert work.required_actions.of_user(text) == ()


def test_a_user_without_password_has_no_hash(stores: SqlStores, owner: User) -> None:
    with stores.read() as view:
        assert view.credentials.password_hash(owner.id) is None
    assert recent(stores, owner) == []


def test_setting_a_password_raises_the_credential_version_of_this_user_alone(
    stores: SqlStores, owner: User
) -> None:
    other = stored_user(stores)
    for number in (1, 2):
        with stores.write() as work:
            work.credentials.set_password(
                owner.id, f"hash {number}", version=number, keep=4, now=NOW + number
            )
    with stores.read() as view:
        assert view.credentials.password_hash(owner.id) == "hash 2"
        assert view.credentials.password_hash(other.id) is None
        assert view.users.find(owner.id) == replace(owner, credential_version=3, updated_at=NOW + 2)
        assert view.users.find(other.id) == other


@pytest.mark.parametrize("version", [1, 3, 0, -1, 2**40])
def test_a_password_is_not_set_over_another_version(
    stores: SqlStores, owner: User, version: int
) -> None:
    set_passwords(stores, owner, "first", keep=4)  # the version is 2 now
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.credentials.set_password(owner.id, "late", version=version, keep=4, now=NOW)
        assert work.credentials.holds_version(owner.id, 2)
    assert recent(stores, owner) == ["first"]


def test_nobody_gets_no_password(stores: SqlStores) -> None:
    with stores.write() as work, pytest.raises(AlreadySpent):
        work.credentials.set_password("nobody", "hash", version=1, keep=4, now=NOW)


def test_passwords_of_one_second_come_back_newest_first(stores: SqlStores, owner: User) -> None:
    hashes = [f"hash {number:02}" for number in (3, 9, 1, 8, 2, 7, 5, 10, 4, 6, 11)]
    other = stored_user(stores)
    set_passwords(stores, owner, *hashes, keep=50)
    set_passwords(stores, other, "others", "others too", keep=50)
    assert recent(stores, owner) == hashes[::-1]
    assert recent(stores, owner, most=3) == hashes[:-4:-1]
    assert recent(stores, owner, most=1) == hashes[-1:]
    assert recent(stores, owner, most=0) == []
    assert recent(stores, other) == ["others too", "others"]


@pytest.mark.parametrize("keep", [0, 1, 4])
def test_the_history_keeps_so_many_and_the_newest(
    stores: SqlStores, owner: User, keep: int
) -> None:
    other = stored_user(stores)
    set_passwords(stores, other, "1", "2", "3", keep=9)
    set_passwords(stores, owner, *"abcdefg", keep=keep)
    assert recent(stores, owner) == list("gfedcba")[: keep + 1]
    assert recent(stores, other) == ["3", "2", "1"]


def test_a_shorter_history_forgets_at_the_next_change(stores: SqlStores, owner: User) -> None:
    set_passwords(stores, owner, *"abcde", keep=9)
    set_passwords(stores, owner, "f", keep=2)
    assert recent(stores, owner) == ["f", "e", "d"]


def test_a_change_of_mailbox_in_between_leaves_the_order_alone(
    stores: SqlStores, owner: User
) -> None:
    set_passwords(stores, owner, "a", "b", keep=9)
    with stores.write() as work:
        work.users.set_email(owner.id, "n@x.gov.bd", "n@x.gov.bd", now=NOW)
    set_passwords(stores, owner, "c", keep=9)
    assert recent(stores, owner) == ["c", "b", "a"]


def test_a_unit_of_work_that_fails_sets_no_password(stores: SqlStores, owner: User) -> None:
    set_passwords(stores, owner, "first", keep=4)
    with pytest.raises(ZeroDivisionError), stores.write() as work:  # noqa: PT012 - the unit fails at its end
        work.credentials.set_password(owner.id, "second", version=2, keep=4, now=NOW)
        raise ZeroDivisionError
    assert recent(stores, owner) == ["first"]
    with stores.read() as view:
        assert view.credentials.holds_version(owner.id, 2)


def test_a_rehash_changes_only_the_hash_that_it_was_made_from(
    stores: SqlStores, owner: User
) -> None:
    set_passwords(stores, owner, "replaced", "old", keep=4)
    with stores.write() as work:
        work.credentials.rehash(owner.id, "stale", old="older")
        assert work.credentials.password_hash(owner.id) == "old"
        work.credentials.rehash(owner.id, "new", old="old")
        assert work.credentials.password_hash(owner.id) == "new"
        assert work.credentials.holds_version(owner.id, 3)
    assert recent(stores, owner) == ["new", "replaced"]


def test_a_version_holds_until_password_or_mailbox_change(stores: SqlStores, owner: User) -> None:
    with stores.write() as work:
        assert work.credentials.holds_version(owner.id, 1)
        assert not work.credentials.holds_version(owner.id, 2)
        work.credentials.set_password(owner.id, "hash", version=1, keep=4, now=NOW)
        assert not work.credentials.holds_version(owner.id, 1)
        assert work.credentials.holds_version(owner.id, 2)
        work.users.set_email(owner.id, "n@x.gov.bd", "n@x.gov.bd", now=NOW)
        assert not work.credentials.holds_version(owner.id, 2)
        work.users.verify_email(owner.id)
        assert work.credentials.holds_version(owner.id, 3)


def test_no_version_of_a_disabled_user_holds(stores: SqlStores) -> None:
    disabled = stored_user(stores, enabled=False)
    with stores.write() as work:
        assert not work.credentials.holds_version(disabled.id, 1)
        work.users.set_enabled(disabled.id, enabled=True, now=NOW)
        assert work.credentials.holds_version(disabled.id, 2)


@pytest.mark.parametrize("enabled", [False, True])
def test_no_earlier_version_holds_after_an_account_was_switched(
    stores: SqlStores, owner: User, enabled: bool
) -> None:
    with stores.write() as work:
        work.users.set_enabled(owner.id, enabled=enabled, now=NOW)
        assert not work.credentials.holds_version(owner.id, 1)
        assert work.credentials.holds_version(owner.id, 2) is enabled


def test_history_and_demands_go_with_their_user(stores: SqlStores, owner: User) -> None:
    set_passwords(stores, owner, "a", "b", keep=4)
    with stores.write() as work:
        work.required_actions.require(owner.id, "update_password", now=NOW)
    with stores.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM users")
    with stores.write() as work:
        work.users.add(user(id=owner.id))
        assert list(work.credentials.recent_hashes(owner.id, most=9)) == []
        assert work.required_actions.of_user(owner.id) == ()


def test_demands_are_made_once_and_met_once(stores: SqlStores, owner: User) -> None:
    other = stored_user(stores)
    with stores.write() as work:
        work.required_actions.require(owner.id, "update_password", now=NOW + 5)
        work.required_actions.require(owner.id, "accept_terms", now=NOW + 6)
        work.required_actions.require(owner.id, "update_password", now=NOW + 7)
        work.required_actions.require(other.id, "update_password", now=NOW)
        assert work.required_actions.of_user(owner.id) == ("update_password", "accept_terms")
        work.required_actions.clear(owner.id, "update_password")
        work.required_actions.clear(owner.id, "update_password")
        assert work.required_actions.of_user(owner.id) == ("accept_terms",)
        assert work.required_actions.of_user(other.id) == ("update_password",)


def test_demands_of_one_second_have_an_order(stores: SqlStores, owner: User) -> None:
    with stores.write() as work:
        for action in ("c", "a", "b"):
            work.required_actions.require(owner.id, action, now=NOW)
        assert work.required_actions.of_user(owner.id) == ("a", "b", "c")


OURS = "probesh1:1:$2b$04$" + "a" * 53


def test_hashes_of_other_schemes_are_found_in_the_order_of_their_bytes(stores: SqlStores) -> None:
    # By a language's rules "$" and "+" would not count and "a" stood before "B".
    foreign = ["keycloak:$B+", "keycloak:$B/", "keycloak:$a", "keycloak:a$", "other"]
    for tagged in (OURS, *foreign[::-1], OURS):
        set_passwords(stores, stored_user(stores), tagged, keep=4)
    found: list[str] = []
    with stores.read() as view:
        while (after := view.credentials.next_foreign(found[-1] if found else "")) is not None:
            found.append(after)
    assert found == foreign


def test_no_hash_of_another_scheme_is_found_once_all_are_ours(
    stores: SqlStores, owner: User
) -> None:
    set_passwords(stores, owner, "keycloak:$x", keep=4)
    set_passwords(stores, stored_user(stores), OURS, keep=4)
    with stores.write() as work:
        assert work.credentials.next_foreign("") == "keycloak:$x"
        work.credentials.rehash(owner.id, OURS, old="keycloak:$x")
        assert work.credentials.next_foreign("") is None


def test_replaced_hashes_of_other_schemes_do_not_count(stores: SqlStores, owner: User) -> None:
    set_passwords(stores, owner, "keycloak:$x", OURS, keep=4)
    with stores.read() as view:
        assert view.credentials.next_foreign("") is None


def test_looking_for_other_schemes_reads_the_index_alone(stores: SqlStores) -> None:
    with stores.write() as work:
        added = [
            StoredUser(user(), f"keycloak:$x{number:04}" if number < 3 else OURS, ())
            for number in range(2000)
        ]
        work.user_batches.add(added, now=NOW)
    is_sqlite = stores.engine.dialect.name == "sqlite"
    statement = _NEXT_FOREIGN.sqlite if is_sqlite else _NEXT_FOREIGN.postgresql
    prepared = prepare(statement, stores.engine.dialect, ("after",))
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    explained = replace(prepared, text=explain + prepared.text, outward=())
    with stores.engine.connect() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("ANALYZE credentials")
        plan = " ".join(map(str, explained.execute(connection, {"after": "keycloak:"})))
    assert "ix_credentials_foreign" in plan
    assert "SCAN credentials" not in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_new_user_may_bring_earlier_passwords_newest_first(stores: SqlStores) -> None:
    newcomer, other = user(), user()
    with stores.write() as work:
        added = [StoredUser(newcomer, "now", (), ("older", "oldest")), StoredUser(other, None, ())]
        work.user_batches.add(added, now=NOW)
    assert recent(stores, newcomer) == ["now", "older", "oldest"]
    assert recent(stores, other) == []
    set_passwords(stores, newcomer, "new", keep=2)
    assert recent(stores, newcomer) == ["new", "now", "older"]
