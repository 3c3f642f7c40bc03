"""Migrations: the schema they make is the one that the statements know; two at once are safe."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from idp.model.errors import StoreUnavailable
from idp.stores.sql import open_engine
from idp.stores.sql.migrate import is_current, upgrade
from idp.stores.sql.tables import metadata


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
        (due,) = (i for i in inspect(connection).get_indexes("outbox") if "due" in str(i["name"]))
    assert "closed_at IS NULL" in str(due["dialect_options"][f"{engine.dialect.name}_where"])
    engine.dispose()


def test_a_database_is_current_after_its_upgrade_and_not_before(bare_url: str) -> None:
    engine = open_engine(bare_url)
    assert not is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    upgrade(engine)
    assert is_current(engine)
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
