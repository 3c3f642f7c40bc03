"""Users, on both databases."""

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


@pytest.mark.parametrize("enabled", [False, True])
def test_opening_or_closing_an_account_kills_its_links_and_changes_nothing_else(
    stores: SqlStores, enabled: bool
) -> None:
    stored, other = stored_user(stores, enabled=not enabled), stored_user(stores)
    session = user_session(stored)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.users.set_enabled(stored.id, enabled=enabled, now=NOW + 9)
        assert work.users.find(stored.id) == replace(
            stored, enabled=enabled, credential_version=2, updated_at=NOW + 9
        )
        assert work.users.find(other.id) == other
        assert work.user_sessions.find(session.digest) == session


def test_a_closed_account_is_dead_though_its_session_and_grant_are_there(
    stores: SqlStores,
) -> None:
    stored = stored_user(stores)
    grant, session = stored_grant(stores, stored), user_session(stored)
    with stores.write() as work:
        work.user_sessions.add(session)
        work.users.set_enabled(stored.id, enabled=False, now=NOW)
        assert work.user_sessions.find_with_user(session.digest) is None
        assert work.grants.find_live(grant.id) is None
        assert work.grants.claim_code(digest(grant.id), client_id="backoffice", now=NOW) is None


def test_another_mailbox_is_unproven_and_raises_the_credential_version(stores: SqlStores) -> None:
    stored, other = stored_user(stores, email_verified=True), stored_user(stores)
    with stores.write() as work:
        work.users.set_email(stored.id, "New@X.gov.bd", "new@x.gov.bd", now=NOW + 4)
        assert work.users.find_by_email("new@x.gov.bd") == replace(
            stored,
            email="New@X.gov.bd",
            email_canonical="new@x.gov.bd",
            email_verified=False,
            credential_version=2,
            updated_at=NOW + 4,
        )
        assert work.users.find_by_email(stored.email_canonical) is None
        assert work.users.find(other.id) == other


def test_a_mailbox_that_is_taken_is_refused_and_the_unit_of_work_goes_on(
    stores: SqlStores,
) -> None:
    stored, other = stored_user(stores), stored_user(stores)
    added = user()
    with stores.write() as work:
        work.users.add(added)
        with pytest.raises(AlreadySpent):
            work.users.set_email(stored.id, "x", other.email_canonical, now=NOW)
        with pytest.raises(AlreadySpent):
            work.users.set_email(stored.id, "x", added.email_canonical, now=NOW)
        work.users.set_enabled(added.id, enabled=False, now=NOW)
    with stores.read() as view:
        assert view.users.find(stored.id) == stored
        assert view.users.find_by_email(other.email_canonical) == other
        assert view.users.find(added.id) == replace(
            added, enabled=False, credential_version=2, updated_at=NOW
        )


def test_the_mailbox_that_one_has_may_be_written_differently(stores: SqlStores) -> None:
    stored = stored_user(stores, email="a@x.gov.bd")
    with stores.write() as work:
        work.users.set_email(stored.id, "A@x.gov.bd", "a@x.gov.bd", now=NOW)
        found = work.users.find_by_email("a@x.gov.bd")
    assert found == replace(stored, email="A@x.gov.bd", credential_version=2, updated_at=NOW)


def test_a_proven_mailbox_is_noted_of_this_user_alone(stores: SqlStores) -> None:
    stored, other = stored_user(stores), stored_user(stores)
    with stores.write() as work:
        work.users.verify_email(stored.id)
        work.users.verify_email(stored.id)
        assert work.users.find(stored.id) == replace(stored, email_verified=True)
        assert work.users.find(other.id) == other
