"""Statements compiled once a process and sent by the driver's own cursor.

SQLAlchemy writes the SQL, keeps the pool and the transactions; its execution of one statement costs
ten times what SQLite's does (docs/performance.md), so the sending and reading are done here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement

Values: TypeAlias = tuple[Any, ...]
Convert: TypeAlias = Callable[[Any], Any]

_MOST = 512  # statements; this program has about a hundred for each database


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a statement gave back, all of them read."""

    rows: Sequence[Values]

    def __iter__(self) -> Iterator[Values]:
        return iter(self.rows)

    def first(self) -> Values | None:
        return self.rows[0] if self.rows else None

    def one_or_none(self) -> Values | None:
        """Return the only row. Raises ValueError if there are more."""
        if len(self.rows) > 1:
            raise ValueError("one row was expected")
        return self.first()

    def scalar(self) -> Any:
        return self.rows[0][0] if self.rows else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """One statement in one database's words, with what turns values to and fro."""

    text: str
    order: tuple[str, ...] | None  # of positional parameters; None: they are named
    constants: Mapping[str, Any]
    inward: tuple[tuple[str, Convert], ...]
    outward: tuple[tuple[int, Convert], ...]

    def execute(self, connection: Connection, parameters: Mapping[str, Any]) -> Rows:
        """Send the statement within the connection's transaction; raises what SQLAlchemy would."""
        arguments = self._arguments(parameters)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.text, arguments)
            # To the end: SQLite commits nothing while a RETURNING is still being read.
            rows = cursor.fetchall() if cursor.description else ()
        except connection.dialect.loaded_dbapi.Error as error:
            raise _explained(error, connection, cursor, self.text) from error
        finally:
            cursor.close()
        return Rows([self._converted(row) for row in rows] if self.outward else rows)

    def _arguments(self, parameters: Mapping[str, Any]) -> Values | dict[str, Any]:
        values = {**self.constants, **parameters}
        for name, convert in self.inward:
            values[name] = convert(values[name])
        return values if self.order is None else tuple([values[name] for name in self.order])

    def _converted(self, row: Values) -> Values:
        values = list(row)
        for index, convert in self.outward:
            values[index] = convert(values[index])
        return tuple(values)


@lru_cache(maxsize=_MOST)
def prepare(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> Prepared:
    """Compile a statement that will be given parameters of these `names`.

    Raises ValueError for one whose text depends on its values, like IN with a list.
    """
    if not isinstance(statement, ClauseElement):
        raise TypeError("this is no statement of SQLAlchemy's expression language")
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    if "POSTCOMPILE" in compiled.string:
        raise ValueError("the text of this statement depends on its values")
    types = {name: bind.type for bind, name in compiled.bind_names.items()}
    inward = ((n, t.dialect_impl(dialect).bind_processor(dialect)) for n, t in types.items())
    columns = getattr(statement, "exported_columns", ())
    impls = (column.type.dialect_impl(dialect) for column in columns)
    outward = enumerate(impl.result_processor(dialect, None) for impl in impls)
    return Prepared(
        text=compiled.string,
        order=tuple(compiled.positiontup) if compiled.positional else None,
        constants={name: value for name, value in compiled.params.items() if name not in names},
        inward=tuple((name, convert) for name, convert in inward if convert),
        outward=tuple((index, convert) for index, convert in outward if convert),
    )


def _explained(error: Any, connection: Connection, cursor: DBAPICursor, text: str) -> BaseException:
    """Return SQLAlchemy's name for a driver's error; a connection that is lost is given up."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    if is_lost:
        connection.invalidate(error)
        connection.engine.dispose()  # a server that went took every pooled connection with it
    # Without the parameters: they may hold what no log may.
    named: BaseException = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return named
