"""What an administrator asks of a database: can it be written to, and what time is it there."""

import time

from sqlalchemy import Engine, insert, text

from idp.stores.sql.engine import reading_options
from idp.stores.sql.tables import counters
from idp.stores.sql.work import store_errors

_PROBE = b"doctor"
_TIME = text("SELECT extract(epoch FROM clock_timestamp())")


def check_writable(engine: Engine) -> None:
    """Write a row and take it back, so that nothing stays. Raises StoreUnavailable."""
    row = {"key": _PROBE, "failures": 0, "resets_at": 0, "blocked_until": 0}
    with store_errors(), engine.connect() as connection, connection.begin() as transaction:
        connection.execute(insert(counters).values(row))
        transaction.rollback()


def clock_ahead(engine: Engine, now: float | None = None) -> float:
    """Return by how many seconds this machine's clock is ahead of the database's.

    SQLite has this machine's. Raises StoreUnavailable.
    """
    if engine.dialect.name == "sqlite":
        return 0.0
    reader = engine.execution_options(**reading_options(engine))
    with store_errors(), reader.connect() as connection:
        connection.execute(_TIME)  # the first one pays for the connection
        asked = time.monotonic()
        theirs = float(connection.execute(_TIME).scalar_one())
        took = time.monotonic() - asked
    ours = time.time() if now is None else now  # noqa: TID251 - two clocks are compared
    return ours - took / 2 - theirs
