"""Migrations: the schema they make is the one that the statements know; two at once are safe."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from idp.model.errors import SettingsRefused, StoreUnavailable
from idp.stores.ports import SigningKey
from idp.stores.sql import SqlStores, open_engine
from idp.stores.sql.migrate import _config, check_current, is_current, schema_age, upgrade
from idp.stores.sql.statements import dump
from idp.stores.sql.tables import metadata
from tests.contract.builders import NOW, ODD, authentication_session, letter


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database without any table, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare 100%.db"
    url: str = request.getfixturevalue("bare_postgresql_url")
    return url


def test_the_migrated_schema_is_that_of_the_models(bare_url: str) -> None:
    upgrade(bare_url)
    engine = open_engine(bare_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        indexes = {i["name"]: i for i in inspect(connection).get_indexes("outbox")}
        defaults = [c["name"] for c in inspect(connection).get_columns("outbox") if c["default"]]
    where = f"{engine.dialect.name}_where"
    assert indexes["ix_outbox_due"]["column_names"] == ["lane", "due_at"]
    assert "closed_at IS NULL" in str(indexes["ix_outbox_due"]["dialect_options"][where])
    assert "batch" in str(indexes["ix_outbox_batch"]["dialect_options"][where])
    assert defaults == []
    engine.dispose()


def test_conversations_and_letters_of_the_first_schema_are_kept(bare_url: str) -> None:
    engine = open_engine(bare_url)
    migrate(engine, "0001")
    session, promised = authentication_session(), letter()
    assert session.request is not None
    with engine.begin() as connection:
        for number, asked in enumerate((session.request.as_dict(), {"scope": [], "state": ODD})):
            connection.execute(
                text(
                    "INSERT INTO authentication_sessions VALUES (:id, 'r', :digest, :request,"
                    " 'browser', 'bn', :now, :now, :typed, 1, 'u', '[]', '{}', 4, NULL)"
                ),
                {
                    "id": f"session {number}",
                    "digest": session.browser_digest,
                    "request": dump(asked),
                    "now": NOW,
                    "typed": dump(ODD),
                },
            )
        connection.execute(
            text(
                "INSERT INTO outbox VALUES (:id, 'code', 'a@b.c', 'bn', 'r', '{}', :now, :now, 2,"
                " :now, NULL, :delivered, '')"
            ),
            {"id": promised.id, "now": NOW, "delivered": False},
        )
    upgrade(engine)
    assert is_current(engine)
    with SqlStores(engine).write() as work:
        found = work.authentication_sessions.find("session 0")
        assert found is not None
        assert (found.request, found.client_id) == (session.request, "backoffice")
        assert (found.user_typed, found.actions, found.version) == (ODD, (), 4)
        (leased,) = work.outbox.lease("mail", now=NOW, lease=9, most=9)
        assert (leased.id, leased.batch, leased.attempts) == (promised.id, "", 3)
    with engine.connect() as connection:
        clients = connection.execute(text("SELECT id, client_id FROM authentication_sessions"))
        assert sorted(map(tuple, clients)) == [("session 0", "backoffice"), ("session 1", "")]
    engine.dispose()


def test_the_newest_schema_can_be_left_and_made_again(bare_url: str) -> None:
    engine = open_engine(bare_url)
    upgrade(engine)
    with SqlStores(engine).write() as work:
        work.outbox.add(letter())
        work.outbox.add(letter(lane="notice"))
        work.authentication_sessions.add(authentication_session())
        work.authentication_sessions.add(authentication_session(request=None))
    migrate(engine, "0001", back=True)
    assert not is_current(engine)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for table in ("outbox", "authentication_sessions"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1  # noqa: S608 - two names from this line
    engine.dispose()


def test_a_database_is_current_after_its_upgrade_and_not_before(bare_url: str) -> None:
    engine = open_engine(bare_url)
    assert not is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    engine.dispose()


def test_a_signing_key_of_an_older_schema_signs_since_it_was_made(bare_url: str) -> None:
    engine = open_engine(bare_url)
    migrate(engine, "0002")
    old = "INSERT INTO signing_keys (kid, alg, sealed, created_at) VALUES ('k', 'ES256', :s, :now)"
    with engine.begin() as connection:
        connection.execute(text(old), {"s": b"sealed", "now": NOW})
    upgrade(engine)
    with SqlStores(engine).read() as view:
        assert view.signing_keys.all() == [SigningKey("k", "ES256", b"sealed", NOW, NOW)]
    migrate(engine, "0002", back=True)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT kid, created_at, retired_at FROM signing_keys"))
        assert [tuple(row) for row in kept] == [("k", NOW, None)]
    engine.dispose()


def test_the_age_of_a_schema_is_told_before_anything_is_read(bare_url: str) -> None:
    engine = open_engine(bare_url)
    assert schema_age(engine) == "none"
    with pytest.raises(StoreUnavailable, match="it has no tables"):
        check_current(engine)
    migrate(engine, "0001")
    assert schema_age(engine) == "older"
    with pytest.raises(SettingsRefused, match="run idp db upgrade"):
        check_current(engine)
    upgrade(engine)
    check_current(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert schema_age(engine) == "newer"
    for refuses in (check_current, upgrade):
        with pytest.raises(SettingsRefused, match="newer version of this program: install"):
            refuses(engine)
    engine.dispose()


def test_four_upgrades_at_once_are_one(bare_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, [bare_url] * 4))
    engine = open_engine(bare_url)
    assert is_current(engine)
    engine.dispose()


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/folder.db"
    with pytest.raises(StoreUnavailable):
        upgrade(url)
    with pytest.raises(StoreUnavailable):
        is_current(open_engine(url))


def migrate(engine: Engine, revision: str, *, back: bool = False) -> None:
    """Bring a database to an older schema, from below or from above."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(config, revision)
