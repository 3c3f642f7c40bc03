"""Prepared statements: the same rows, values and errors as SQLAlchemy's own execution."""

import pytest
from sqlalchemy import Engine, LargeBinary, bindparam, insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from idp.model.tokens import digest
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.prepared import Rows, prepare
from idp.stores.sql.statements import run
from idp.stores.sql.tables import credentials, user_sessions, users
from tests.contract.builders import stored_user, user_session

BY_ID = select(users.c.id, users.c.enabled, users.c.created_at).where(
    users.c.id == bindparam("of_id")
)


def test_values_arrive_as_the_columns_say(stores: SqlStores) -> None:
    user = stored_user(stores)
    session = user_session(user)
    with stores.write() as work:
        work.user_sessions.add(session)
    with stores.engine.connect() as connection:
        enabled = run(connection, BY_ID, {"of_id": user.id}).one_or_none()
        stored = run(connection, select(user_sessions.c.digest), {}).scalar()
    assert enabled == (user.id, True, user.created_at)
    assert enabled[1] is True
    assert stored == session.digest
    assert isinstance(stored, bytes)


def test_what_sqlalchemy_reads_is_what_was_written(stores: SqlStores) -> None:
    user = stored_user(stores)
    with stores.engine.connect() as connection:
        theirs = connection.execute(BY_ID, {"of_id": user.id}).one()
        ours = run(connection, BY_ID, {"of_id": user.id}).one_or_none()
    assert tuple(theirs) == ours


def test_constants_of_a_statement_are_sent_with_it(stores: SqlStores) -> None:
    user = stored_user(stores)
    off = (
        update(users)
        .where(users.c.id == bindparam("of_id"))
        .values(enabled=False, created_at=users.c.created_at + literal(5))
        .returning(users.c.created_at, literal(digest("x"), LargeBinary))
    )
    with stores.engine.begin() as connection:
        assert run(connection, off, {"of_id": user.id}).first() == (
            user.created_at + 5,
            digest("x"),
        )
    with stores.engine.connect() as connection:
        found = run(connection, BY_ID, {"of_id": user.id}).one_or_none()
    assert found == (user.id, False, user.created_at + 5)


def test_a_statement_is_compiled_once(engine: Engine) -> None:
    assert prepare(BY_ID, engine.dialect, ("of_id",)) is prepare(BY_ID, engine.dialect, ("of_id",))


def test_a_text_that_depends_on_values_is_refused(engine: Engine) -> None:
    listed = select(users.c.id).where(users.c.id.in_(["a", "b"]))
    with pytest.raises(ValueError, match="depends on its values"):
        prepare(listed, engine.dialect, ())


def test_a_violated_key_has_sqlalchemys_name_and_shows_no_value(engine: Engine) -> None:
    values = {"user_id": "nobody", "tagged_hash": "a-canary", "updated_at": 1}
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        run(connection, insert(credentials), values)
    assert not refused.value.connection_invalidated
    assert refused.value.params is None


def test_a_connection_that_is_lost_is_given_up(postgresql_url: str) -> None:
    engine, other = open_engine(postgresql_url), open_engine(postgresql_url)
    with engine.connect() as connection:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with other.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": process})
        with pytest.raises(OperationalError) as lost:
            run(connection, BY_ID, {"of_id": "x"})
        assert lost.value.connection_invalidated
        assert connection.invalidated
    with engine.connect() as connection:
        assert run(connection, BY_ID, {"of_id": "x"}).first() is None
    engine.dispose()
    other.dispose()


def test_one_row_is_one_row() -> None:
    assert Rows([]).one_or_none() is None
    assert Rows([]).scalar() is None
    assert Rows([(1, 2)]).one_or_none() == (1, 2)
    assert Rows([(1, 2)]).scalar() == 1
    assert list(Rows([(1,), (2,)])) == [(1,), (2,)]
    with pytest.raises(ValueError, match="one row"):
        Rows([(1,), (2,)]).one_or_none()
