"""Folders that commands write: whole or not at all, beside the place and then moved into it."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from idp.admin.files import FileRefused


def create_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder that is not there yet, or is empty; the files by their paths inside it.

    Raises FileRefused; then nothing was written.
    """
    with _sentences(folder), _draft(folder, files) as draft:
        _check_empty(folder)
        draft.rename(folder)


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder in place of the one that is there, all of which goes.

    Raises FileRefused; then the old one is as it was.
    """
    with _sentences(folder), _draft(folder, files) as draft:
        old = _beside(folder)
        folder.rename(old)
        try:
            draft.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def place_of(folder: Path) -> Path:
    """Return where a folder really stands, symbolic links followed. Raises FileRefused."""
    with _sentences(folder):
        return Path(os.path.realpath(folder))  # Path.resolve() fails on a loop of links


def is_empty(folder: Path) -> bool:
    """Tell whether a new folder may take this place. Raises FileRefused if it cannot be read."""
    with _sentences(folder):
        return not folder.exists() or (folder.is_dir() and next(folder.iterdir(), None) is None)


def _check_empty(folder: Path) -> None:
    if not is_empty(folder):
        raise FileRefused(f"{folder} is there already and not empty; nothing was written.")


@contextmanager
def _draft(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write the files into a new folder beside the place; it is gone afterwards, unless moved."""
    made = _make_parents(folder)
    draft = _beside(folder)
    try:
        draft.mkdir()
        for name, octets in files.items():
            file = draft / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(octets)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        for parent in made:
            with suppress(OSError):  # it holds what was made
                parent.rmdir()


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above and return them, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{secrets.token_hex(8)}~")  # short: the place may have a long name


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    if "\0" in str(folder):
        raise FileRefused(f"{str(folder)!r} is no name of a folder.")
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{folder} cannot be written: {reason}; nothing was changed."
        raise FileRefused(message) from error
