"""Files of users: CSV, JSON and JSON Lines, told apart by their names."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.files import FileRefused, writing_private
from idp.admin.user_columns import UserFileRefused
from idp.admin.user_csv import CsvWriter, read_csv
from idp.admin.user_json import JsonWriter, read_json
from idp.stores.ports import StoredUser

_READERS: Final = {".csv": read_csv, ".json": read_json, ".jsonl": read_json}


@dataclass
class UserFile:
    """A file of users to read, as often as it is gone through; `position` is in bytes."""

    path: Path
    position: int = 0

    def __post_init__(self) -> None:
        """Raise FileRefused for what is no file of users by its name or kind."""
        _check_name(self.path)
        with _opened(self.path) as octets:
            self.size = os.fstat(octets.fileno()).st_size

    def __iter__(self) -> Iterator[UserRecord | RecordFault]:
        """Read it from its beginning. Raises FileRefused."""
        self.position = 0
        with _opened(self.path) as octets:
            try:
                for number, record in enumerate(_READERS[self.path.suffix.lower()](octets)):
                    if number % 1000 == 0:
                        self.position = octets.tell()
                    yield record
            except UserFileRefused as error:
                raise FileRefused(f"{self.path}: {error}") from error
            except OSError as error:
                raise _unreadable(self.path, error) from error


def write_users(path: Path, pages: Iterable[Sequence[StoredUser]], *, hashes: bool) -> None:
    """Write users into a file that is the caller's alone, whole or not at all.

    Raises FileRefused, also where a symbolic link or a file of somebody else is.
    """
    _check_name(path)
    with writing_private(path) as octets:
        writer = _writer(path, octets, hashes=hashes)
        for page in pages:
            writer.write(page)
        writer.finish()


class _Writer(Protocol):
    def write(self, users: Sequence[StoredUser]) -> None: ...
    def finish(self) -> None: ...


def _writer(path: Path, octets: BinaryIO, *, hashes: bool) -> _Writer:
    if path.suffix.lower() == ".csv":
        return CsvWriter(octets, hashes=hashes)
    return JsonWriter(octets, hashes=hashes, lines=path.suffix.lower() == ".jsonl")


def _check_name(path: Path) -> None:
    if path.suffix.lower() not in _READERS:
        names = ", ".join(_READERS)
        raise FileRefused(f"{path}: the name must end with one of {names}.")


def _opened(path: Path) -> BinaryIO:
    try:
        # Looked at first: opening a pipe would wait for whoever writes into it.
        is_ordinary = stat.S_ISREG(path.stat().st_mode) or path.is_dir()
        octets = path.open("rb") if is_ordinary else None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if octets is None:
        raise FileRefused(f"{path} is no ordinary file; it has to be read twice.")
    return octets


def _unreadable(path: Path, error: OSError | ValueError) -> FileRefused:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return FileRefused(f"{path} cannot be read: {reason}.")
