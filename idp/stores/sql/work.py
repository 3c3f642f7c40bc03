"""The unit of work over one connection, and the two ways to open one on the engine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from idp.model.errors import StoreUnavailable
from idp.stores.sql.action_tokens import SqlActionTokens
from idp.stores.sql.browsers import SqlKnownBrowsers
from idp.stores.sql.challenges import SqlChallenges
from idp.stores.sql.counters import SqlCounters
from idp.stores.sql.credentials import SqlCredentials, SqlRequiredActions
from idp.stores.sql.engine import reading_options
from idp.stores.sql.generations import SqlGenerations, SqlReach, SqlServingProcesses
from idp.stores.sql.grants import SqlGrants, SqlRefreshTokens
from idp.stores.sql.keys import SqlSigningKeys
from idp.stores.sql.outbox import SqlOutbox
from idp.stores.sql.purge import CHUNK, DELETIONS
from idp.stores.sql.secret_uses import SqlClientSecretUses
from idp.stores.sql.sessions import SqlAuthenticationSessions, SqlUserSessions
from idp.stores.sql.user_batches import SqlUserBatches
from idp.stores.sql.users import SqlUsers

# What SQLite's result codes mean to an administrator; other reasons are told by their class.
_SQLITE_REASONS: Final = {
    "SQLITE_FULL": "its disk is full",
    "SQLITE_IOERR": "its disk is full or fails",
    "SQLITE_NOTADB": "the file is no SQLite database",
    "SQLITE_CORRUPT": "the file is damaged",
}
_BREATH = 0.005  # seconds between two bites of a purge, for the other writers


class SqlWork:
    """See `ports.Work`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def users(self) -> SqlUsers:
        return SqlUsers(self._connection)

    @property
    def user_batches(self) -> SqlUserBatches:
        return SqlUserBatches(self._connection)

    @property
    def credentials(self) -> SqlCredentials:
        return SqlCredentials(self._connection)

    @property
    def required_actions(self) -> SqlRequiredActions:
        return SqlRequiredActions(self._connection)

    @property
    def action_tokens(self) -> SqlActionTokens:
        return SqlActionTokens(self._connection)

    @property
    def authentication_sessions(self) -> SqlAuthenticationSessions:
        return SqlAuthenticationSessions(self._connection)

    @property
    def challenges(self) -> SqlChallenges:
        return SqlChallenges(self._connection)

    @property
    def counters(self) -> SqlCounters:
        return SqlCounters(self._connection)

    @property
    def user_sessions(self) -> SqlUserSessions:
        return SqlUserSessions(self._connection)

    @property
    def known_browsers(self) -> SqlKnownBrowsers:
        return SqlKnownBrowsers(self._connection)

    @property
    def grants(self) -> SqlGrants:
        return SqlGrants(self._connection)

    @property
    def refresh_tokens(self) -> SqlRefreshTokens:
        return SqlRefreshTokens(self._connection)

    @property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._connection)

    @property
    def signing_keys(self) -> SqlSigningKeys:
        return SqlSigningKeys(self._connection)

    @property
    def client_secret_uses(self) -> SqlClientSecretUses:
        return SqlClientSecretUses(self._connection)

    @property
    def generations(self) -> SqlGenerations:
        return SqlGenerations(self._connection)

    @property
    def serving_processes(self) -> SqlServingProcesses:
        return SqlServingProcesses(self._connection)

    @property
    def reach(self) -> SqlReach:
        return SqlReach(self._connection)


class SqlStores:
    """See `ports.Stores`: units of work on connections of the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(**reading_options(engine))

    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        with store_errors(), self._reader.connect() as connection:
            yield SqlWork(connection)

    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        with store_errors(), self.engine.begin() as connection:
            yield SqlWork(connection)

    def purge(self, *, now: int) -> int:
        """Delete what nobody can need any more, each bite in its own unit of work."""
        total = 0
        for deletion in DELETIONS:
            deleted = CHUNK
            while deleted >= CHUNK:
                with store_errors(), self.engine.begin() as connection:
                    deleted = connection.execute(deletion, {"now": now}).rowcount
                total += deleted
                if deleted >= CHUNK:
                    time.sleep(_BREATH)
        return total


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn a database that does not answer into StoreUnavailable."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        raise StoreUnavailable(_reason(error)) from error
    except DBAPIError as error:
        if not (error.connection_invalidated or _is_no_store_of_ours(error)):
            raise
        raise StoreUnavailable(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Return why, in words if SQLite tells; its codes have endings, like SQLITE_IOERR_WRITE."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorname", None) or ""
    found = (reason for prefix, reason in _SQLITE_REASONS.items() if code.startswith(prefix))
    return next(found, type(error).__name__)


def _is_no_store_of_ours(error: DBAPIError) -> bool:
    """Tell whether the database has no schema, forbids it, or (SQLite) is no database at all."""
    return type(error) is DatabaseError or getattr(error.orig, "sqlstate", "") in {
        "42P01",  # no such table
        "42703",  # no such column
        "42501",  # no right to it
    }
