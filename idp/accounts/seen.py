"""What a long file has named already, and where: exact, in a few megabytes however long it is."""

import sqlite3
from types import TracebackType
from typing import Final, Self

_CACHE: Final = "PRAGMA cache_size=-16384"  # KiB in memory; what is more goes to a temporary file
_TABLE: Final = """
    CREATE TABLE seen (kind TEXT, value TEXT, place TEXT, PRIMARY KEY (kind, value)) WITHOUT ROWID
"""
_NOTE: Final = "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_PLACE: Final = "SELECT place FROM seen WHERE kind = ? AND value = ?"


class Seen:
    """Values of some kinds, each with the place where it was met first."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for setup in (_CACHE, "PRAGMA synchronous=OFF", "PRAGMA journal_mode=OFF", _TABLE):
            self._database.execute(setup)
        self._database.execute("BEGIN")
        self._execute = self._database.execute

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def note(self, kind: str, value: str, place: str) -> str | None:
        """Remember a value; return the place where it was met before, None if it is new."""
        if self._execute(_NOTE, (kind, value, place)).rowcount:
            return None
        return self.place_of(kind, value)

    def place_of(self, kind: str, value: str) -> str | None:
        """Return where a value was met first; None: nowhere."""
        found = self._execute(_PLACE, (kind, value)).fetchone()
        return None if found is None else str(found[0])
