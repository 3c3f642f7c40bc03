"""The three secrets of an installation, each a file of versions outside the database.

A line is `version:base64` of 256 random bits; the highest version makes new things. The pepper
lives as long as the password hashes made with it, the key-encryption key as long as the signing
keys sealed with it, the form key for days.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from idp.model.errors import SettingsRefused
from idp.model.keyring import Keyring

_NAMES = ("pepper", "key_encryption_key", "form_key")
_KEY_BYTES = 32
_VERSION = re.compile(r"[1-9][0-9]{0,8}")  # what the tag of a password hash can name
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keyrings of this installation; all its nodes hold the same."""

    pepper: Keyring = field(repr=False)
    key_encryption_key: Keyring = field(repr=False)
    form_key: Keyring = field(repr=False)


def make_secrets(directory: Path) -> list[str]:
    """Make the files that are missing and return their names; what exists is never changed.

    Raises SettingsRefused when the directory or a file in it cannot be written.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return [name for name in _NAMES if _make(directory, name)]
    except OSError as error:
        message = f"Secrets cannot be written to {directory}: {error.strerror}."
        raise SettingsRefused(message) from error


def has_secrets(directory: Path) -> bool:
    """Answer whether `idp init` has made any of them."""
    return any(os.path.lexists(directory / name) for name in _NAMES)


def missing_secrets(directory: Path) -> list[str]:
    """Return the names of the files that are not there."""
    return [name for name in _NAMES if not os.path.lexists(directory / name)]


def load_secrets(directory: Path) -> Secrets:
    """Return the keyrings in `directory`.

    Raises SettingsRefused, one sentence, when a file is missing, garbled or open to others.
    """
    return Secrets(*(_load(directory / name) for name in _NAMES))


def _make(directory: Path, name: str) -> bool:
    """Make one file, whole or not at all; answer False when it was there before."""
    draft = directory / f".{name}.{secrets.token_hex(8)}"
    line = f"1:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        (directory / name).hardlink_to(draft)  # fails when the name is taken, unlike a rename
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _load(file: Path) -> Keyring:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii")
    except FileNotFoundError as error:
        message = (
            f"The secret {file} is missing: restore it from the backup, or run idp init for a "
            "new installation."
        )
        raise SettingsRefused(message) from error
    except OSError as error:
        raise SettingsRefused(f"The secret {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _garbled(file, 1) from error
    if mode & _OPEN_TO_OTHERS:
        raise SettingsRefused(f"The secret {file} is open to other users: run chmod 600 {file}.")
    return Keyring(_versions(file, text))


def _versions(file: Path, text: str) -> dict[int, bytes]:
    versions: dict[int, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        version, _, encoded = line.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise _garbled(file, number) from error
        is_new = _VERSION.fullmatch(version) and int(version) not in versions
        if not is_new or len(key) != _KEY_BYTES:
            raise _garbled(file, number)
        versions[int(version)] = key
    if not versions:
        raise _garbled(file, 1)
    return versions


def _garbled(file: Path, line: int) -> SettingsRefused:
    # The line is named and never shown.
    message = f"The secret {file} is garbled in line {line}: a line is version:base64 of 32 bytes."
    return SettingsRefused(message)
