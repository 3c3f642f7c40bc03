"""Users in CSV (RFC 4180): a header row names the columns, UTF-8 with or without its mark."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO, Final, TypeAlias

from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.user_columns import (
    COLUMNS,
    FIELD_OF,
    UserFileRefused,
    ValueRefused,
    check_columns,
)
from idp.stores.ports import StoredUser

_LONGEST_CELL: Final = 131_072  # characters; also what an open quote can swallow
_NO_TEXT: Final = re.compile(r"[\ud800-\udfff]")  # what surrogateescape made of a stray byte
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
# What a spreadsheet would run as a formula, and the same behind apostrophes: each gets one more on
# writing, which reading takes off, so a name that really begins like that comes back as it was.
_LIVE: Final = re.compile(r"'*[=+\-@\t\r]")
_Reader: TypeAlias = Callable[[str], Any]
_Column: TypeAlias = tuple[str, _Reader | None]  # the field, and what makes its value of a cell


def read_csv(octets: BinaryIO) -> Iterator[UserRecord | RecordFault]:
    """Read users line by line. Raises UserFileRefused for what is no CSV of users at all.

    Where a quote is wrong the reading ends with a fault of that line, so that those before it are
    told, too.
    """
    _check_encoding(octets)
    csv.field_size_limit(_LONGEST_CELL)
    with TextIOWrapper(octets, "utf-8-sig", errors="surrogateescape", newline="") as text:
        rows = csv.reader(text, strict=True)
        columns = _header(rows)
        line = rows.line_num + 1
        try:
            for row in rows:
                if row:
                    yield _record(f"line {line}", columns, row)
                line = rows.line_num + 1
        except csv.Error as error:
            told = f"This is no CSV from line {line} on ({error}); nothing from here on was read."
            yield RecordFault(f"line {line}", told)


def _check_encoding(octets: BinaryIO) -> None:
    """Raise UserFileRefused for UTF-16, which spreadsheets call Unicode text."""
    mark = octets.read(len(codecs.BOM_UTF16))
    octets.seek(0)
    if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise UserFileRefused("This is UTF-16 (Unicode text): save it as CSV UTF-8.")


def _header(rows: Iterator[list[str]]) -> list[_Column]:
    """Read what the first line names. Raises UserFileRefused."""
    try:
        return _columns(next(rows, []))
    except csv.Error as error:
        raise UserFileRefused(f"This is no CSV from line 1 on: {error}.") from error


class CsvWriter:
    """Writes users as lines that `read_csv` reads back."""

    def __init__(self, octets: BinaryIO, *, hashes: bool) -> None:
        self._names = [name for name in COLUMNS if hashes or name != "hash"]
        self._text = TextIOWrapper(octets, "utf-8", newline="")
        self._rows = csv.writer(self._text)
        self._rows.writerow(self._names)

    def write(self, users: Sequence[StoredUser]) -> None:
        self._rows.writerows([_cells(one, self._names) for one in users])

    def finish(self) -> None:
        self._text.flush()
        self._text.detach()


def _columns(cells: Sequence[str]) -> list[_Column]:
    """Return the columns that a header row names. Raises UserFileRefused."""
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise UserFileRefused("The first line is empty; it must name the columns.")
    if len(names) == 1 and re.search("[;\t]", names[0]):
        raise UserFileRefused("The columns must be separated by commas.")
    if "email" not in names:
        raise UserFileRefused('The first line must name the columns, "email" among them.')
    try:
        check_columns(names, "column")
    except ValueRefused as error:
        raise UserFileRefused(str(error)) from error
    if len(set(names)) < len(names):
        raise UserFileRefused("A column is there twice.")
    return [(FIELD_OF[name], _READERS.get(name)) for name in names]


def _record(place: str, columns: Sequence[_Column], row: list[str]) -> UserRecord | RecordFault:
    if len(row) != len(columns):
        return RecordFault(place, f"There are {len(row)} cells under {len(columns)} columns.")
    values: dict[str, Any] = {}
    try:
        for (field, read), cell in zip(columns, row, strict=True):
            if not cell.isascii() and _NO_TEXT.search(cell):
                return RecordFault(place, f"The {field} is not UTF-8.")
            text = _awake(cell)
            values[field] = text if read is None else read(text)
    except ValueRefused as error:
        return RecordFault(place, str(error))
    return UserRecord(place=place, **values)


# An empty cell of these empties nothing: it leaves what is stored as it is.


def _unless_empty(cell: str) -> str | None:
    return cell or None


def _flag(cell: str) -> bool | None:
    if not cell:
        return None
    flag = _FLAGS.get(cell.strip().lower())
    if flag is None:
        raise ValueRefused("The columns enabled and email_verified must be true or false.")
    return flag


def _seconds(cell: str) -> int | None:
    if cell and _WHOLE.fullmatch(cell) is None:
        raise ValueRefused("The column created_at must be in seconds since 1970.")
    return int(cell) if cell else None


def _object(cell: str) -> dict[str, Any] | None:
    if not cell:
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueRefused("The columns attributes and roles must be JSON objects.")
    return value


def _actions(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


_READERS: Final[Mapping[str, _Reader]] = {
    "id": _unless_empty,
    "hash": _unless_empty,
    "enabled": _flag,
    "email_verified": _flag,
    "required_actions": _actions,
    "attributes": _object,
    "roles": _object,
    "created_at": _seconds,
}


def _cells(one: StoredUser, names: Sequence[str]) -> list[str]:
    user = one.user
    cells = {
        "hash": one.tagged_hash or "",
        "enabled": "true" if user.enabled else "false",
        "email_verified": "true" if user.email_verified else "false",
        "required_actions": ";".join(one.actions),
    }
    return [_dormant(cells[name] if name in cells else str(getattr(user, name))) for name in names]


def _dormant(text: str) -> str:
    return f"'{text}" if _LIVE.match(text) else text


def _awake(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell) else cell
