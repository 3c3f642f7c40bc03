"""Migrations, run by the program itself: `upgrade` and the question whether one is due."""

from pathlib import Path
from typing import Final, Literal, TypeAlias

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, select, text

from idp.model.errors import SettingsRefused, StoreUnavailable
from idp.stores.sql.engine import open_engine, reading_options
from idp.stores.sql.tables import credentials, signing_keys
from idp.stores.sql.work import store_errors

SchemaAge: TypeAlias = Literal["none", "older", "current", "newer"]
NEWER: Final = "The database belongs to a newer version of this program: install that one."
_SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
_LOCK = 7_079_615  # the advisory lock of whoever migrates this database


def upgrade(target: str | Engine) -> None:
    """Bring a database, by address or engine, to the newest schema. Two at once are safe.

    Everything happens in one transaction. Raises StoreUnavailable.
    """
    engine = open_engine(target) if isinstance(target, str) else target
    try:
        with store_errors(), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsRefused(NEWER) from error
    finally:
        if isinstance(target, str):
            engine.dispose()


def is_current(engine: Engine) -> bool:
    """Tell whether the schema is the newest. Raises StoreUnavailable."""
    return schema_age(engine) == "current"


def schema_age(engine: Engine) -> SchemaAge:
    """Tell how the database's schema stands to this program. Raises StoreUnavailable."""
    scripts = ScriptDirectory.from_config(_config())
    reader = engine.execution_options(**reading_options(engine))
    with store_errors(), reader.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return "none"
    if revision == scripts.get_current_head():
        return "current"
    known = {script.revision for script in scripts.walk_revisions()}
    return "older" if revision in known else "newer"


def has_rows(engine: Engine, table: Literal["credentials", "signing_keys"]) -> bool:
    """Tell whether a table holds anything, in whichever schema. Raises StoreUnavailable."""
    if schema_age(engine) == "none":
        return False
    key = credentials.c.user_id if table == "credentials" else signing_keys.c.kid
    reader = engine.execution_options(**reading_options(engine))
    with store_errors(), reader.connect() as connection:
        return connection.execute(select(key).limit(1)).first() is not None


def check_current(engine: Engine) -> None:
    """Raise SettingsRefused unless the schema is this program's, StoreUnavailable without one."""
    age = schema_age(engine)
    if age == "none":
        raise StoreUnavailable("it has no tables")
    if age == "older":
        raise SettingsRefused("The database has an older schema: run idp db upgrade.")
    if age == "newer":
        raise SettingsRefused(NEWER)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
