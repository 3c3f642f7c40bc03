"""Files that commands write: whole or not at all, beside the place and then moved into it."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from idp.model.errors import ProbeshError

_READ_LIMIT = 8 * 1024 * 1024  # bytes; a file of the configuration has thousands
_PERMISSIONS = 0o777


class FileRefused(ProbeshError):
    """A file cannot be read or written; the message is one sentence that names it."""


class FileChanged(FileRefused):
    """Somebody else changed the file since it was read."""


def read_whole(file: Path, limit: int = _READ_LIMIT) -> bytes:
    """Return the bytes of a file. Raises FileRefused, also for more than `limit` bytes."""
    try:
        with file.open("rb") as opened:
            octets = opened.read(limit + 1)
    except (OSError, ValueError) as error:
        raise FileRefused(f"{file} cannot be read: {_reason(error)}.") from error
    if len(octets) > limit:
        raise FileRefused(f"{file} is larger than {limit // 1024 // 1024} MiB.")
    return octets


def create_whole(file: Path, octets: bytes, *, mode: int = 0o600, like: Path | None = None) -> None:
    """Write a file that is not there yet; `like`: with the mode and owner of that file.

    Raises FileRefused, also when the file exists: then it is not touched.
    """
    with _sentences(file), _draft(file) as (draft, opened):
        _dress(opened.fileno(), like.stat() if like is not None else None, mode)
        _finish(opened, octets)
        file.hardlink_to(draft)  # fails when the name is taken, unlike a rename
        _sync_folder(file.parent)


def replace_whole(file: Path, octets: bytes, *, was: bytes | None = None) -> None:
    """Give a file that is there other bytes; mode, owner and a symbolic link to it stay.

    Raises FileChanged when it no longer holds the bytes `was`, FileRefused for all else.
    """
    with writing_whole(file, was=was) as opened:
        opened.write(octets)


@contextmanager
def writing_private(file: Path) -> Iterator[BinaryIO]:
    """Give a file to write to that takes the place of `file` when the block ends well.

    It is the caller's alone (mode 0600), whoever made the file that was there. Raises FileRefused,
    also where a symbolic link or a file of somebody else is: neither is touched.
    """
    with _sentences(file):
        _check_own(file)
        with _draft(file) as (draft, opened):
            yield opened
            _finish(opened)
            draft.replace(file)  # a link that was put there meanwhile is replaced, not followed
            _sync_folder(file.parent)


@contextmanager
def writing_whole(file: Path, *, mode: int = 0o600, was: bytes | None = None) -> Iterator[BinaryIO]:
    """Give a file to write to that takes the place of `file` when the block ends well.

    `mode` is that of a new file; see `replace_whole` for the rest. An exception in the block
    leaves `file` as it was.
    """
    with _sentences(file), _draft(_place_of(file)) as (draft, opened):
        place = _place_of(file)
        _dress(opened.fileno(), place.stat() if place.exists() else None, mode)
        yield opened
        _finish(opened)
        with _locked(place.parent):
            if was is not None and place.read_bytes() != was:
                message = f"{file} was changed meanwhile by somebody else; run the command again."
                raise FileChanged(message)
            draft.replace(place)
        _sync_folder(place.parent)


def make_folder(folder: Path, mode: int = 0o755) -> bool:
    """Make a folder unless it is there, which is answered False. Raises FileRefused."""
    with _sentences(folder):
        if folder.is_dir():
            return False
        if folder.exists():
            raise FileRefused(f"{folder} is no folder; nothing was written.")
        folder.mkdir(mode=mode, parents=True)
    return True


def _place_of(file: Path) -> Path:
    """Return where a file really stands. Raises FileRefused for what is no file: a device."""
    place = Path(os.path.realpath(file))
    if place.exists() and not place.is_file():
        raise FileRefused(f"{file} is no file; nothing was written.")
    return place


def _check_own(file: Path) -> None:
    """Refuse a place where anything but an ordinary file of the caller is."""
    if not os.path.lexists(file):
        return
    there = file.lstat()
    if stat.S_ISLNK(there.st_mode):
        raise FileRefused(f"{file} is a symbolic link; nothing was written.")
    if not stat.S_ISREG(there.st_mode):
        raise FileRefused(f"{file} is no file; nothing was written.")
    if there.st_uid != os.geteuid():
        raise FileRefused(f"{file} belongs to another user; nothing was written.")


@contextmanager
def _draft(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a new file beside `file`; it is gone afterwards, unless it was moved."""
    draft = file.with_name(f".{secrets.token_hex(8)}~")  # short: the place may have a long name
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield draft, opened
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _dress(descriptor: int, like: os.stat_result | None, mode: int) -> None:
    """Give a draft its mode and, as far as we may, its owner, before anything stands in it."""
    if like is not None:
        mode = stat.S_IMODE(like.st_mode) & _PERMISSIONS
        with suppress(PermissionError):  # only root gives files away
            os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, mode)


def _finish(opened: BinaryIO, octets: bytes = b"") -> None:
    opened.write(octets)
    opened.flush()
    os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    # Not every file system can; the file itself is safe by then.
    with suppress(OSError), _opened_folder(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other commands from looking and moving between our look and our move."""
    with _opened_folder(folder) as descriptor:
        with suppress(OSError):  # NFS has no locks for folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _sentences(file: Path) -> Iterator[None]:
    if "\0" in str(file):
        raise FileRefused(f"{str(file)!r} is no name of a file.")
    try:
        yield
    except FileExistsError as error:
        raise FileRefused(f"{file} exists already; nothing was written.") from error
    except OSError as error:
        message = f"{file} cannot be written: {_reason(error)}; nothing was changed."
        raise FileRefused(message) from error


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
