"""A realm export of Keycloak, read as a stream: its users never stand in memory together."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import ijson
from ijson.common import ObjectBuilder

from idp.admin.files import FileRefused
from idp.admin.keycloak.proposal import one_line

_MASK: Final = "**********"
_MOST_EVENTS: Final = 4_000_000  # of a realm without its users: thousands of clients have a tenth
_OPENING: Final = frozenset({"start_map", "start_array"})
_CLOSING: Final = frozenset({"end_map", "end_array"})
_MARK: Final = b"\xef\xbb\xbf"
_SEPARATE: Final = "users"
_SECOND_FACTORS: Final = frozenset({"otp", "totp", "hotp", "webauthn"})  # types of credentials
SECOND_FACTOR_ACTIONS: Final = frozenset({"CONFIGURE_TOTP", "webauthn-register"})

Event: TypeAlias = tuple[str, Any]


class ExportRefused(FileRefused):
    """A file is no export that can be taken over; the message says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))  # it may quote the file


class _Odd(Exception):
    """The shape of a file is not that of an export; what follows the name of the file."""


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm without its users: everything else that its export holds."""

    facts: dict[str, Any] = field(repr=False)
    user_count: int
    has_second_factor: bool = False  # somebody has an authenticator app or passkey, or must

    @property
    def name(self) -> str:
        return str(self.facts["realm"])


@dataclass
class Export:
    """The files of one realm: `kc.sh export --users same_file`, or a folder's realm and users.

    They are gone through twice, the realm first: users need its roles, wherever these stand.
    `position` is in bytes, over all files.
    """

    paths: Sequence[Path]
    position: int = 0

    def __post_init__(self) -> None:
        """Raise FileRefused for what is no file."""
        self.size = 0
        for path in self.paths:
            with _opened(path) as octets:
                self.size += os.fstat(octets.fileno()).st_size

    def realm(self) -> Realm:
        """Return all but the users. Raises FileRefused, ExportRefused for a masked value."""
        facts: dict[str, Any] = {}
        users = _Tally()
        for path in self.paths:
            _merge(facts, self._realm_of(path, users), path)
        if not isinstance(facts.get("realm"), str) or not facts["realm"]:
            raise ExportRefused(
                f'{self.paths[0]} is no realm export of Keycloak: it has no key "realm".'
            )
        if "clients" not in facts and "roles" not in facts:
            message = f"{self.paths[0]} holds users only: name the file of the realm as well."
            raise ExportRefused(message)
        return Realm(facts, users.count, users.has_second_factor)

    def users(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield every user with its number, from 1. Raises FileRefused, ExportRefused."""
        self.position = 0
        number = 0
        for path in self.paths:
            before = self.position
            with _opened(path) as octets, _sentences(path):
                for user in _users_in(octets):
                    number += 1
                    if number % 500 == 0:
                        self.position = before + octets.tell()
                    if not isinstance(user, dict):
                        raise ExportRefused(f"{path}: user {number} is no object.")
                    check_unmasked({"credentials": user.get("credentials")}, f"user {number}")
                    yield number, user
                self.position = before + octets.tell()

    def _realm_of(self, path: Path, users: "_Tally") -> dict[str, Any]:
        with _opened(path) as octets, _sentences(path):
            facts = _read_realm(octets, users)
        check_unmasked(facts, str(path))
        return facts


def check_unmasked(value: Any, place: str) -> None:
    """Raise ExportRefused when a value is a row of asterisks, as the admin console writes them."""
    masked = _masked(value, "")
    if masked is not None:
        raise ExportRefused(
            f"{place} holds a masked value at {masked}: this is an export of the admin console, "
            "whose secrets are gone; export with kc.sh export --users same_file instead."
        )


def _masked(value: Any, path: str) -> str | None:
    if isinstance(value, str):
        return path if _MASK in value else None
    if isinstance(value, dict):
        found = (_masked(one, f"{path}.{key}".lstrip(".")) for key, one in value.items())
    elif isinstance(value, list):
        found = (_masked(one, f"{path}[{number}]") for number, one in enumerate(value))
    else:
        return None
    return next((place for place in found if place is not None), None)


def _merge(facts: dict[str, Any], found: dict[str, Any], path: Path) -> None:
    """Join what several files tell; all must tell it of one realm."""
    if facts and found.get("realm") != facts.get("realm"):
        raise ExportRefused(f"{path} is of another realm than the files before it.")
    for key, value in found.items():
        if key in facts and facts[key] != value:
            raise ExportRefused(f'{path} and a file before it both hold "{key}": name each once.')
        facts[key] = value


@dataclass
class _Tally:
    """What is known of users before they are read one by one."""

    count: int = 0
    has_second_factor: bool = False

    def see(self, key: str, value: Any) -> None:
        """Look at one value of a user, wherever in it: a mistake only proposes more safety."""
        if key == "type":
            self.has_second_factor |= value in _SECOND_FACTORS
        elif key == "requiredActions":
            self.has_second_factor |= value in SECOND_FACTOR_ACTIONS


def _read_realm(octets: BinaryIO, users: _Tally) -> dict[str, Any]:
    events = _events(octets)
    first = next(events, ("", None))
    if first[0] == "start_array":
        raise _Odd(
            "holds a list, perhaps of several realms: export one with kc.sh export --realm NAME."
        )
    if first[0] != "start_map":
        raise _Odd("is no realm export of Keycloak: it does not begin with {.")
    facts: dict[str, Any] = {}
    for event, key in events:
        if event != "map_key":
            break
        if key == _SEPARATE:
            _count(events, users)
        else:
            facts[key] = _build(events)
    next(events, None)  # to the end: what follows the object would be a mistake
    return facts


def _users_in(octets: BinaryIO) -> Iterator[Any]:
    # The parser builds them itself, four times as fast as from its events.
    _skip_mark(octets)
    users: Iterator[Any] = ijson.items(octets, f"{_SEPARATE}.item", use_float=True)
    return users


def _build(events: Iterator[Event]) -> Any:
    """Build one value. Raises _Odd for one that is larger than any of a realm."""
    builder = ObjectBuilder()
    depth = count = 0
    while not count or depth:
        event, value = next(events)
        builder.event(event, value)
        depth += (event in _OPENING) - (event in _CLOSING)
        count += 1
        if count > _MOST_EVENTS:
            raise _Odd(
                "is no realm export of Keycloak: one of its values is larger than any there."
            )
    return builder.value


def _count(events: Iterator[Event], users: _Tally) -> None:
    """Go over a list without keeping it; count the objects that stand directly in it."""
    if next(events)[0] != "start_array":
        raise _Odd('is no realm export of Keycloak: its "users" are no list.')
    depth = 1
    key = ""
    while depth:
        event, value = next(events)
        if event == "map_key":
            key = value
        elif event == "string":
            users.see(key, value)
        users.count += depth == 1 and event == "start_map"
        depth += (event in _OPENING) - (event in _CLOSING)


def _skip_mark(octets: BinaryIO) -> None:
    if octets.read(len(_MARK)) != _MARK:
        octets.seek(0)


def _events(octets: BinaryIO) -> Iterator[Event]:
    _skip_mark(octets)
    events: Iterator[Event] = ijson.basic_parse(octets, use_float=True)
    return events


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turn what a parser or a disk says about a file into one sentence that names it."""
    try:
        yield
    except _Odd as error:
        raise ExportRefused(f"{path} {error}") from error
    except ijson.JSONError as error:
        is_empty = not path.stat().st_size
        what = "is empty" if is_empty else "is no JSON, or it was cut off"
        raise ExportRefused(f"{path} {what}.") from error
    except UnicodeDecodeError as error:
        raise ExportRefused(f"{path} is no JSON in UTF-8.") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _opened(path: Path) -> BinaryIO:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ExportRefused(f"{path} is no file.")
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> FileRefused:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return FileRefused(f"{path} cannot be read: {reason}.")
