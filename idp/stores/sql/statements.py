"""What the statements of all nouns share: upserts for both databases, JSON text, safe look-ups."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from idp.model.request import AuthorizationRequest
from idp.stores.sql.prepared import Rows, prepare


@dataclass(frozen=True, slots=True)
class Both:
    """One statement in the words of each database."""

    sqlite: Executable
    postgresql: Executable


def in_both(build: Callable[[Callable[[Table], Any]], Executable]) -> Both:
    """Build a statement from each database's own INSERT, which knows ON CONFLICT."""
    return Both(sqlite=build(sqlite.insert), postgresql=build(postgresql.insert))


def insert_once(table: Table) -> Both:
    """Insert a row and return 1, or nothing when a unique key is taken.

    Not an IntegrityError: on PostgreSQL that would abort the whole unit of work.
    """
    key = next(iter(table.primary_key.columns))
    return in_both(lambda insert: insert(table).on_conflict_do_nothing().returning(key))


def is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def run(
    connection: Connection, statement: Executable | Both, parameters: Mapping[str, Any]
) -> Rows:
    """Execute one statement, prepared when it was first met."""
    if isinstance(statement, Both):
        statement = statement.postgresql if is_postgresql(connection) else statement.sqlite
    return prepare(statement, connection.dialect, tuple(parameters)).execute(connection, parameters)


def is_storable(*texts: str) -> bool:
    """Tell whether a database could hold these texts: NUL and lone surrogates name no row."""
    return all("\x00" not in text and (text.isascii() or _is_utf8(text)) for text in texts)


def dump(value: object) -> str:
    """Return compact ASCII JSON: any text survives in it, in every database."""
    return json.dumps(value, separators=(",", ":"))


def load(text: str) -> Any:
    return json.loads(text)


def load_tuple(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def dump_request(request: AuthorizationRequest | None) -> str:
    return dump(None if request is None else request.as_dict())


def load_request(text: str) -> AuthorizationRequest | None:
    fields = load(text)
    return None if fields is None else AuthorizationRequest.from_dict(fields)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
