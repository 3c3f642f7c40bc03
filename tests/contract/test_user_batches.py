"""Many users at once, on both databases."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from idp.model.errors import AlreadySpent
from idp.stores.ports import StoredUser, UserFilter
from idp.stores.sql import SqlStores, open_engine
from tests.contract.builders import NOW, stored_user, user

HASH = "probesh1:1:$2b$12$" + "a" * 53
EVERYBODY = UserFilter()


def batch(number: int) -> list[StoredUser]:
    return [
        StoredUser(
            user(email=f"a{n:04}@example.gov.bd", attributes='{"a":"b"}', locale="bn"),
            HASH if n % 2 else None,
            ("update_password",) if n % 3 == 0 else (),
        )
        for n in range(number)
    ]


def stored_batch(stores: SqlStores, number: int) -> list[StoredUser]:
    added = batch(number)
    with stores.write() as work:
        work.user_batches.add(added, now=NOW)
    return added


def emails_of(stores: SqlStores, wanted: UserFilter, after: str = "", most: int = 99) -> list[str]:
    with stores.read() as work:
        page = work.user_batches.page(wanted, after=after, most=most)
    return [one.user.email for one in page]


def test_users_come_back_as_they_were_added_by_id_or_address(stores: SqlStores) -> None:
    added = stored_batch(stores, 7)
    ids = [one.user.id for one in added[:3]]
    emails = [one.user.email_canonical for one in added[2:]]
    with stores.read() as work:
        found = work.user_batches.find(ids, emails)
        assert work.user_batches.find([], []) == []
        assert work.user_batches.find(["nobody"], ["nobody@example.gov.bd"]) == []
    assert sorted(found, key=lambda one: one.user.email) == added


def test_a_thousand_are_found_and_held(stores: SqlStores) -> None:
    added = stored_batch(stores, 1000)
    ids, emails = [o.user.id for o in added], [o.user.email_canonical for o in added]
    with stores.write() as work:
        assert len(work.user_batches.find(ids, emails, hold=True)) == 1000


def test_looking_up_a_batch_is_planned_anew_each_time(postgresql_url: str) -> None:
    """A plan from when the table was empty reads the whole table once there are many."""
    stores = SqlStores(open_engine(postgresql_url, pool_size=1))
    stored_batch(stores, 3)
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%ANY%'")
    with stores.read() as work:
        for _ in range(10):
            assert len(work.user_batches.find([], ["a0001@example.gov.bd"])) == 1
            work.users.find("somebody")
        assert work._connection.execute(prepared).scalar_one() == 0
        driver: Any = work._connection.connection.dbapi_connection
        assert driver.prepare_threshold == 5  # as psycopg sets it
    stores.engine.dispose()


def test_an_added_password_and_action_are_the_user_s(stores: SqlStores) -> None:
    added = stored_batch(stores, 4)
    with stores.read() as work:
        for one in added:
            assert work.users.find(one.user.id) == one.user
            assert work.credentials.password_hash(one.user.id) == one.tagged_hash
            assert work.required_actions.of_user(one.user.id) == one.actions


@pytest.mark.parametrize("taken", ["id", "email_canonical"])
def test_nobody_of_a_batch_is_added_when_one_is_there(stores: SqlStores, taken: str) -> None:
    known = stored_user(stores, email="known@example.gov.bd")
    added = batch(3)
    clash = replace(added[1].user, **{taken: getattr(known, taken)})
    with pytest.raises(AlreadySpent), stores.write() as work:
        work.user_batches.add([added[0], replace(added[1], user=clash), added[2]], now=NOW)
    assert emails_of(stores, EVERYBODY) == [known.email]


def test_describing_leaves_what_has_consequences(stores: SqlStores) -> None:
    added = stored_batch(stores, 2)
    first, second = (one.user for one in added)
    told = replace(
        first,
        name_bn="ক",
        name_en="K",
        office="খ",
        locale="en",
        email_verified=True,
        attributes="{}",
        roles='{"realm":["a"]}',
        updated_at=NOW + 5,
    )
    loud = replace(told, email="x@y.bd", email_canonical="x@y.bd", enabled=False)
    with stores.write() as work:
        work.user_batches.describe([replace(loud, credential_version=9, created_at=1)])
        work.user_batches.describe([])
    with stores.read() as work:
        assert work.users.find(first.id) == told
        assert work.users.find(second.id) == second


def test_pages_follow_each_other_in_the_order_of_addresses(stores: SqlStores) -> None:
    added = stored_batch(stores, 5)
    emails = [one.user.email for one in added]
    assert emails_of(stores, EVERYBODY, most=2) == emails[:2]
    assert emails_of(stores, EVERYBODY, after=emails[1], most=2) == emails[2:4]
    assert emails_of(stores, EVERYBODY, after=emails[4]) == []


def test_users_are_found_by_a_part_of_address_name_or_office(stores: SqlStores) -> None:
    stored_user(stores, email="one@x.gov.bd", name_bn="নদী রক্ষা", name_en="River Board")
    stored_user(stores, email="two@y.gov.bd", office="100%_sure", enabled=False)
    assert emails_of(stores, UserFilter(search="RIVER")) == ["one@x.gov.bd"]
    assert emails_of(stores, UserFilter(search="নদী")) == ["one@x.gov.bd"]
    assert emails_of(stores, UserFilter(search="Y.gov")) == ["two@y.gov.bd"]
    assert emails_of(stores, UserFilter(search="0%_s")) == ["two@y.gov.bd"]
    assert emails_of(stores, UserFilter(search="0_%s")) == []
    assert emails_of(stores, UserFilter(enabled=False)) == ["two@y.gov.bd"]
    assert emails_of(stores, UserFilter(enabled=True, search="gov")) == ["one@x.gov.bd"]


def test_no_stored_user_shows_a_hash() -> None:
    assert HASH not in repr(batch(2))
