"""The one engine factory: how this program opens SQLite and PostgreSQL, and with which patience."""

import os
import sqlite3
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from idp.stores.sql.write_lock import WriteLock, WriteLockTimeoutError, write_lock_of

READS_ONLY = "probesh_reads_only"  # execution option: this connection writes nothing
_IDLE = 30.0  # seconds after which a PostgreSQL connection is asked whether it still lives
_POSTGRESQL_OPTIONS = (
    "-c statement_timeout=3000 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=10000"
)
_BEGIN = "BEGIN IMMEDIATE"
_SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """Open a database: `sqlite:///path`, `sqlite://` (memory) or `postgresql://…`.

    Nothing is connected yet. Raises ValueError for an address of another kind.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("a database address begins with sqlite:/// or postgresql://") from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed.set(drivername="postgresql+psycopg"), pool_size)
    raise ValueError("a database address begins with sqlite:/// or postgresql://")


def reading_options(engine: Engine) -> dict[str, Any]:
    """Return the execution options of a connection that only reads: no transaction, no lock."""
    if engine.dialect.name == "sqlite":
        # pysqlite opens no transaction before a SELECT; a setting a checkout would cost more.
        return {READS_ONLY: True}
    return {"isolation_level": "AUTOCOMMIT"}


def _open_postgresql(url: URL, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=1,
        connect_args={
            "options": _POSTGRESQL_OPTIONS,
            "connect_timeout": 2,
            "tcp_user_timeout": 5000,
        },
    )

    # Not `pool_pre_ping`: a ping before every request doubles the round trips of a read.
    @event.listens_for(engine, "checkin")
    def _note_time(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping_if_idle(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - entry.info.get("idle_since", time.monotonic()) <= _IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return engine


def _open_sqlite(url: URL, pool_size: int) -> Engine:
    if url.database in {None, "", ":memory:"}:
        # One connection, lent to one thread after another: it is the database.
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=5,
            connect_args={"check_same_thread": False},
        )
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(url, pool_size=pool_size, max_overflow=15, pool_timeout=5)
    event.listen(engine, "do_connect", _create_private)
    event.listen(engine, "connect", _set_pragmas)
    _queue_writers(engine, write_lock_of(Path(str(url.database)).resolve()))
    return engine


def _set_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _create_private(
    _dialect: object, _entry: ConnectionPoolEntry | None, arguments: Any, _options: object
) -> None:
    """Create a new database file for this user alone; SQLite follows the umask otherwise.

    Without opening it: a process that closes a file loses all its locks of it (POSIX fcntl), and
    whoever closes the database next, `idp config diff` say, would take itself for the last one and
    delete the write-ahead log that is still in use.
    """
    with suppress(OSError):  # it is there; or SQLite will say better what is wrong with it
        os.mknod(arguments[0], stat.S_IFREG | 0o600)


def _begin_immediate(connection: Connection) -> None:
    if not connection.get_execution_options().get(READS_ONLY):
        _begin(connection)


def _begin(connection: Connection) -> None:
    # On the driver's connection: SQLAlchemy's own way to it costs as much as a statement.
    try:
        cast("sqlite3.Connection", connection.connection.dbapi_connection).execute(_BEGIN)
    except sqlite3.OperationalError as error:
        raise OperationalError(_BEGIN, None, error) from error


def _queue_writers(engine: Engine, lock: WriteLock) -> None:
    """Let one connection write at a time; it holds the turn until it is back in the pool.

    The event of a commit comes before the commit, the check-in after it.
    """

    @event.listens_for(engine, "begin")
    def _take_turn(connection: Connection) -> None:
        if connection.get_execution_options().get(READS_ONLY):
            return
        held = _record_info(connection)
        if "write_lock" not in held:
            try:
                lock.acquire()
            except WriteLockTimeoutError as error:
                raise OperationalError(_BEGIN, None, error) from error
            held["write_lock"] = lock
        _begin(connection)

    @event.listens_for(engine, "checkin")
    def _give_turn(_connection: object, entry: ConnectionPoolEntry) -> None:
        held: WriteLock | None = (entry.record_info or {}).pop("write_lock", None)
        if held is not None:
            held.release()


def _record_info(connection: Connection) -> dict[Any, Any]:
    """Return the pool entry's notes, which outlive an invalidated connection."""
    info = connection.connection.record_info
    if info is None:
        raise RuntimeError("a detached connection cannot wait for its turn to write")
    return info
