"""How many statements the hot paths cost, and which text a look-up may carry."""

import pytest

from idp.model.tokens import digest
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.statements import dump, is_storable, load
from tests.contract.builders import NOW, ODD, stored_grant, stored_user, user_session
from tests.statements import counted


def most(stores: SqlStores) -> int:
    """Return how many statements a claim may cost: SQLite's RETURNING knows one table only."""
    return 1 if stores.engine.dialect.name == "postgresql" else 2


def test_a_code_is_claimed_in_one_statement_or_two_on_sqlite(stores: SqlStores) -> None:
    grant = stored_grant(stores, stored_user(stores))
    with counted() as statements, stores.write() as work:
        work.grants.claim_code(digest(grant.id), client_id="backoffice", now=NOW)
    assert len(statements) == most(stores)


def test_a_refresh_token_is_rotated_in_one_statement_or_two_on_sqlite(stores: SqlStores) -> None:
    grant = stored_grant(stores, stored_user(stores))
    with stores.write() as work:
        work.refresh_tokens.add(digest("r"), grant.id, expires_at=NOW + 9, now=NOW)
    with counted() as statements, stores.write() as work:
        work.refresh_tokens.rotate(digest("r"), client_id="backoffice", now=NOW)
    assert len(statements) == most(stores)


def test_a_session_and_its_user_are_one_statement(stores: SqlStores) -> None:
    session = user_session(stored_user(stores))
    with stores.write() as work:
        work.user_sessions.add(session)
    with counted() as statements, stores.read() as view:
        view.user_sessions.find_with_user(session.digest)
    assert len(statements) == 1


@pytest.mark.parametrize(
    "look_up",
    [
        "SELECT id FROM grants WHERE code_digest = 'x'",
        "SELECT id FROM users WHERE email_canonical = 'x'",
        "SELECT id FROM action_tokens WHERE user_id = 'x'",
        "SELECT id FROM authentication_sessions WHERE user_id = 'x'",
        "SELECT id FROM authentication_sessions WHERE browser_digest = x'00'",
    ],
)
def test_hot_look_ups_use_an_index(sqlite_url: str, look_up: str) -> None:
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {look_up}").all())
    engine.dispose()
    assert "USING" in plan
    assert "SCAN" not in plan


def test_couriers_and_the_logged_out_page_find_their_letters_by_an_index(sqlite_url: str) -> None:
    stores = SqlStores(open_engine(sqlite_url))
    with counted() as statements, stores.write() as work:
        work.outbox.lease("notice", now=NOW, lease=60, most=1)
        work.outbox.undelivered("batch")
        plans = [
            str(
                work._connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?")
                ).all()
            )
            for sql in statements
        ]
    stores.engine.dispose()
    assert "ix_outbox_due (lane=? AND due_at<?)" in plans[0]
    assert "ix_outbox_batch (batch=?)" in plans[1]
    assert not any("SCAN outbox" in plan for plan in plans)


@pytest.mark.parametrize("text", ["", "a", "নদী", "😀", "\x01", "\ufeff"])
def test_ordinary_text_is_storable(text: str) -> None:
    assert is_storable(text)
    assert is_storable("a", text)


@pytest.mark.parametrize("text", ["\x00", "a\x00", "\ud800", "ক\udfff", ODD])
def test_text_that_no_row_can_hold_is_not(text: str) -> None:
    assert not is_storable(text)
    assert not is_storable("a", text)


@pytest.mark.parametrize("value", [None, "", ODD, ["a", "খ"], {"a": 1}])
def test_json_carries_any_text_as_ascii(value: object) -> None:
    assert dump(value).isascii()
    assert "\x00" not in dump(value)
    assert load(dump(value)) == value
