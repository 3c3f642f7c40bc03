"""Users and credentials, on both databases."""

from dataclasses import replace

import pytest

from idp.model.errors import AlreadySpent
from idp.model.tokens import digest
from idp.stores.sql import SqlStores
from tests.contract.builders import NOW, ODD, stored_grant, stored_user, user, user_session


def test_a_user_comes_back_as_it_was_stored(stores: SqlStores) -> None:
    stored = stored_user(
        stores,
        email="Office@Example.gov.bd",
        email_verified=True,
        name_bn="নদী রক্ষা কমিশন",
        name_en="River Commission",
        office="ঢাকা",
        credential_version=3,
        updated_at=NOW,
    )
    with stores.read() as view:
        assert view.users.find(stored.id) == stored
        assert view.users.find_by_email("office@example.gov.bd") == stored


def test_flags_of_a_user_are_booleans(stores: SqlStores) -> None:
    stored = stored_user(stores, enabled=False, email_verified=True)
    with stores.read() as view:
        found = view.users.find(stored.id)
    assert found is not None
    assert (found.enabled, found.email_verified) == (False, True)
    assert type(found.enabled) is bool


@pytest.mark.parametrize("text", ["", "nobody", "a\x00b", "\ud800", ODD, "' OR 1=1 --", "%"])
def test_an_unknown_user_is_not_found_whatever_was_typed(stores: SqlStores, text: str) -> None:
    stored_user(stores)
    with stores.write() as work:
        assert work.users.find(text) is None
        assert work.users.find_by_email(text) is None
        assert work.credentials.password_hash(text) is None


def test_a_canonical_address_is_given_once_and_the_unit_of_work_goes_on(stores: SqlStores) -> None:
    first = stored_user(stores, email="a@example.gov.bd")
    with stores.write() as work:
        with pytest.raises(AlreadySpent):
            work.users.add(user(email="A@example.gov.bd"))
        with pytest.raises(AlreadySpent):
            work.users.add(replace(user(), id=first.id))
        other = user()
        work.users.add(other)
    with stores.read() as view:
        assert view.users.find(other.id) == other
        assert view.users.find_by_email("a@example.gov.bd") == first


def test_a_user_without_password_has_no_hash(stores: SqlStores) -> None:
    stored = stored_user(stores)
    with stores.read() as view:
        assert view.credentials.password_hash(stored.id) is None


def test_setting_a_password_raises_the_credential_version_of_this_user_alone(
    stores: SqlStores,
) -> None:
    stored, other = stored_user(stores), stored_user(stores)
    for number in (1, 2):
        with stores.write() as work:
            work.credentials.set_password(stored.id, f"hash {number}", now=NOW + number)
    with stores.read() as view:
        assert view.credentials.password_hash(stored.id) == "hash 2"
        assert view.users.find(stored.id) == replace(
            stored, credential_version=3, updated_at=NOW + 2
        )
        assert view.users.find(other.id) == other


def test_a_rehash_changes_only_the_hash_that_it_was_made_from(stores: SqlStores) -> None:
    stored = stored_user(stores)
    with stores.write() as work:
        work.credentials.set_password(stored.id, "old", now=NOW)
        work.credentials.rehash(stored.id, "stale", old="older")
        assert work.credentials.password_hash(stored.id) == "old"
        work.credentials.rehash(stored.id, "new", old="old")
        assert work.credentials.password_hash(stored.id) == "new"
        found = work.users.find(stored.id)
    assert found is not None
    assert found.credential_version == 2


def test_closing_an_account_ends_its_sessions_and_grants(stores: SqlStores) -> None:
    stored, other = stored_user(stores), stored_user(stores)
    grant, others_grant = stored_grant(stores, stored), stored_grant(stores, other)
    session, others_session = user_session(stored), user_session(other)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.user_sessions.add(others_session)
        work.users.set_enabled(stored.id, enabled=False, now=NOW + 9)
    with stores.write() as work:
        assert work.users.find(stored.id) == replace(stored, enabled=False, updated_at=NOW + 9)
        assert work.user_sessions.find(session.digest) is None
        assert work.grants.claim_code(digest(grant.id), client_id="backoffice", now=NOW) is None
        assert work.user_sessions.find(others_session.digest) == others_session
        assert work.grants.find_live(others_grant.id) == (others_grant, other)


def test_an_account_that_is_opened_again_keeps_its_old_sessions_closed(stores: SqlStores) -> None:
    stored = stored_user(stores)
    grant, session = stored_grant(stores, stored), user_session(stored)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.users.set_enabled(stored.id, enabled=False, now=NOW)
        work.users.set_enabled(stored.id, enabled=True, now=NOW)
        assert work.user_sessions.find(session.digest) is None
        assert work.grants.find_live(grant.id) is None
