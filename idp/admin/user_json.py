"""Users in JSON: an array of objects, read as a stream, or an object a line (JSON Lines)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

import ijson

from idp.accounts.user_record import RecordFault, UserRecord
from idp.admin.user_columns import (
    COLUMNS,
    FIELD_OF,
    FLAGS,
    TEXTS,
    UserFileRefused,
    ValueRefused,
    check_columns,
)
from idp.stores.ports import StoredUser

_MARK: Final = b"\xef\xbb\xbf"
_LONGEST_LINE: Final = 1_048_576  # bytes of one user
_BLANKS: Final = b" \t\r\n"
_CHUNK: Final = 1_048_576  # bytes
_LONGEST_ESCAPE: Final = 6  # bytes
# The quick parser makes "?" of half a character; the slow one keeps it, so that it can be refused.
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_EXACT: Final = ijson.get_backend("python")


def read_json(octets: BinaryIO) -> Iterator[UserRecord | RecordFault]:
    """Read users of an array or of lines. Raises UserFileRefused when there is no going on."""
    begin = len(_MARK) if octets.read(len(_MARK)) == _MARK else 0
    octets.seek(begin)
    first = _first_sign(octets)
    octets.seek(begin)
    match first:
        case b"[":
            is_exact = _holds_surrogates(octets)
            octets.seek(begin)
            yield from _of_array(octets, _EXACT if is_exact else ijson)
        case b"{":
            yield from _of_lines(octets)
        case b"":
            raise UserFileRefused("The file is empty.")
        case _:
            raise UserFileRefused("This is no JSON: it must be an array of objects, or lines.")


class JsonWriter:
    """Writes users as an array, or as lines, which `read_json` reads back."""

    def __init__(self, octets: BinaryIO, *, hashes: bool, lines: bool) -> None:
        self._octets = octets
        self._names = [name for name in COLUMNS if hashes or name != "hash"]
        self._between, self._end = (b"\n", b"\n") if lines else (b",\n", b"\n]\n")
        self._next = b"" if lines else b"[\n"

    def write(self, users: Sequence[StoredUser]) -> None:
        for one in users:
            self._octets.write(self._next + user_json(one, self._names).encode())
            self._next = self._between

    def finish(self) -> None:
        is_empty = self._next != self._between
        if is_empty and self._next:
            self._octets.write(b"[]\n")
        elif not is_empty:
            self._octets.write(self._end)


def user_json(one: StoredUser, names: Sequence[str]) -> str:
    """Return a user as one line of JSON with the members `names`."""
    facts = user_facts(one)
    # Escapes keep any text that is stored, also that which is not well-formed.
    return json.dumps({name: facts[name] for name in names})


def user_facts(one: StoredUser) -> dict[str, Any]:
    """Return everything of a user under the names of COLUMNS, the password's hash included."""
    user = one.user
    return {
        **{name: getattr(user, name) for name in COLUMNS if name in _OF_USER},
        "hash": one.tagged_hash,
        "required_actions": list(one.actions),
        "attributes": json.loads(user.attributes),
        "roles": json.loads(user.roles),
    }


_OF_USER: Final = frozenset({*TEXTS, *FLAGS, "created_at"}) - {"hash"}


def _first_sign(octets: BinaryIO) -> bytes:
    while sign := octets.read(1):
        if sign not in _BLANKS:
            return sign
    return b""


def _holds_surrogates(octets: BinaryIO) -> bool:
    before = b""
    while chunk := octets.read(_CHUNK):
        if _SURROGATE.search(before + chunk):
            return True
        before = chunk[-_LONGEST_ESCAPE:]
    return False


def _of_array(octets: BinaryIO, parser: Any) -> Iterator[UserRecord | RecordFault]:
    number = 0
    try:
        for number, value in enumerate(parser.items(octets, "item"), 1):
            yield _record(f"user {number}", value)
    except (ijson.JSONError, ValueError) as error:
        raise UserFileRefused(f"This is no JSON behind user {number}.") from error


def _of_lines(octets: BinaryIO) -> Iterator[UserRecord | RecordFault]:
    number = 0
    while line := octets.readline(_LONGEST_LINE):
        number += 1
        if len(line) >= _LONGEST_LINE:
            raise UserFileRefused(f"Line {number} is longer than a user can be.")
        if line.strip(_BLANKS):
            yield _of_line(f"line {number}", line)


def _of_line(place: str, line: bytes) -> UserRecord | RecordFault:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        return RecordFault(place, "This line is no JSON.")
    return _record(place, value)


def _record(place: str, value: object) -> UserRecord | RecordFault:
    if not isinstance(value, dict):
        return RecordFault(place, "This is no JSON object.")
    try:
        check_columns(value, "member")
        return UserRecord(place=place, **_fields(value))
    except ValueRefused as error:
        return RecordFault(place, str(error))


def _fields(value: Mapping[str, Any]) -> dict[str, Any]:
    if value.get("email") is None:
        raise ValueRefused("The email is missing.")
    if value.get("id", "") is None:  # an identity that got lost on its way is nobody's
        raise ValueRefused("The id must be a text.")
    for name, member in value.items():
        if member is not None and not _fits(name, member):
            raise ValueRefused(f"The {name} must be {_FORM_OF.get(name, 'a text')}.")
    fields = {FIELD_OF[name]: member for name, member in value.items()}
    actions = fields.get("required_actions")
    return fields | ({} if actions is None else {"required_actions": tuple(actions)})


_FORM_OF: Final = {
    "enabled": "true or false",
    "email_verified": "true or false",
    "required_actions": "a list of texts",
    "attributes": "an object",
    "roles": "an object",
    "created_at": "a number of seconds",
}


def _fits(name: str, member: object) -> bool:
    if name in FLAGS:
        return isinstance(member, bool)
    match name:
        case "required_actions":
            return isinstance(member, list) and all(isinstance(one, str) for one in member)
        case "attributes" | "roles":
            return isinstance(member, dict)
        case "created_at":
            return type(member) is int
        case _:
            return isinstance(member, str)
