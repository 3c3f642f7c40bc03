"""Client tables in TOML files: found, written new, changed in place with comments and layout kept.

Whatever was edited is read again and compared with what was meant before it is handed out.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable
from typing_extensions import override

from idp.admin.files import FileRefused
from idp.settings.diagnostics import KeyPath
from idp.settings.line_index import LineIndex

_EXPIRES = re.compile(r"([ \t]*)expires[ \t]*=[ \t]*[0-9-]+")
_WORD = re.compile(r"(=[ \t]*)(?:true|false)")
# tomlkit drops the blank between a date and the brace after it.
_TIGHT = re.compile(r'(\{ (?:[^{}\n"]|"[^"\n]*")*[0-9]{4}-[0-9]{2}-[0-9]{2})\}')


class EditRefused(FileRefused):
    """A client is written in a way that the program does not change; the message says what to do.

    Nothing was changed.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is declared; `octets` are what its file held when it was found."""

    file: Path
    index: int  # among the clients of its file
    line: int
    octets: bytes = field(repr=False)

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class SecretChanges:
    """What happens to a client's secrets, by their number; `ends` are last days."""

    removed: frozenset[int]
    ends: Mapping[int, dt.date]
    added: str  # a hash; "": none


def to_toml(client: Mapping[str, Any], comment: str) -> str:
    """Return a client's table as an administrator would write it; empty values are left out."""
    lines = [f"# {comment}", "[[clients]]"]
    lines += [f"{key} = {toml_value(value)}" for key, value in client.items() if value]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """Return a value in TOML: tables in one line, long lists with a line for each element."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return _toml_list([toml_value(one) for one in value])
    return str(tomlkit.item(value).as_string())


def _toml_list(written: Sequence[str]) -> str:
    line = f"[{', '.join(written)}]"
    if len(line) <= 80:  # noqa: PLR2004 - columns
        return line
    return "[\n" + "".join(f"  {one},\n" for one in written) + "]"


def appended(octets: bytes, table: str) -> bytes:
    """Return the file with a client's table at its end, in the file's own line ends."""
    text = octets.decode()
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return (text + _with_ends_of(text, gap + table)).encode()


def with_secrets(place: Place, changes: SecretChanges) -> bytes:
    """Return the file with the secrets of the client there changed. Raises EditRefused."""

    def change(client: dict[str, Any]) -> None:
        kept = [dict(one) for one in client["secrets"]]
        for number, last_day in changes.ends.items():
            kept[number]["expires"] = last_day
        kept = [one for number, one in enumerate(kept) if number not in changes.removed]
        client["secrets"] = [*kept, *([{"hash": changes.added}] if changes.added else [])]

    def edit(text: str) -> str:
        document = tomlkit.parse(text)
        secrets = _client(document, place)["secrets"]
        if isinstance(secrets, AoT):
            return _with_secret_tables(text, ("clients", place.index, "secrets"), changes)
        for number, last_day in changes.ends.items():
            _end(secrets, number, last_day)
        # Before the old ones go: an array that was empty in between forgets its layout.
        if changes.added:
            secrets.append(tomlkit.parse(f'added = {{ hash = "{changes.added}" }}')["added"])
        for number in sorted(changes.removed, reverse=True):
            del secrets[number]
        return _TIGHT.sub(r"\1 }", tomlkit.dumps(document))

    wanted = f'{{ hash = "{changes.added}" }}' if changes.added else "without the old ones"
    return _edited(place, edit, change, f"secrets: {wanted}")


def with_enabled(place: Place, enabled: bool) -> bytes:
    """Return the file with the client there switched on or off. Raises EditRefused."""
    word = "true" if enabled else "false"

    def change(client: dict[str, Any]) -> None:
        client["enabled"] = enabled

    def edit(text: str) -> str:
        document = tomlkit.parse(text)
        client = _client(document, place)
        if isinstance(client.get("enabled"), Mapping):
            raise EditRefused(f"{place} takes enabled by a reference: change it where that leads.")
        path = ("clients", place.index)
        if not isinstance(client, InlineTable):
            if "enabled" in client:
                return _with_word(text, (*path, "enabled"), word)
            return _with_line_after(text, (*path, "client_id"), f"enabled = {word}")
        client["enabled"] = enabled
        return tomlkit.dumps(document)

    return _edited(place, edit, change, f"enabled = {word}")


def _end(secrets: Any, number: int, last_day: dt.date) -> None:
    if "expires" in secrets[number]:
        secrets[number]["expires"] = last_day
    else:  # tomlkit's own way to add a key leaves no blank after the comma
        written = secrets[number].as_string().removesuffix("}").rstrip()
        ended = tomlkit.parse(f"ended = {written}, expires = {last_day} }}")
        secrets[number] = ended["ended"]


def _client(document: tomlkit.TOMLDocument, place: Place) -> Any:
    clients: Any = document["clients"]
    return clients[place.index]


def _edited(
    place: Place,
    edit: Callable[[str], str],
    change: Callable[[dict[str, Any]], None],
    wanted: str,
) -> bytes:
    """Edit the file and compare what it then means with what `change` says it must mean."""
    text = place.octets.decode("utf-8-sig")
    meant = tomllib.loads(text)
    change(meant["clients"][place.index])
    try:
        new = _with_ends_of(text, edit(_with_line_feeds(text)))
        if tomllib.loads(new) == meant:
            return new.encode()
    except (TOMLKitError, tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
        pass  # whatever an editor of others stumbles over ends in the sentence below
    raise EditRefused(
        f"{place} is written in a way that idp does not change by itself; nothing was changed. "
        f"Write it by hand: {wanted}"
    )


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n") if _has_crlf(text) else text


def _with_ends_of(text: str, new: str) -> str:
    return new.replace("\n", "\r\n") if _has_crlf(text) else new


def _has_crlf(text: str) -> bool:
    """Answer whether every line ends as on Windows."""
    return "\r\n" in text and text.count("\n") == text.count("\r\n")


# -- tables of their own lines: tomlkit takes what stands above the next table for their end -----


def _with_line_after(text: str, path: KeyPath, new: str) -> str:
    lines = _lines(text)
    at = LineIndex(text).places[path].line
    lines.insert(at, _like(lines[at - 1], new))
    return "".join(lines)


def _with_word(text: str, path: KeyPath, word: str) -> str:
    lines, place = _lines(text), LineIndex(text).places[path]
    line, start = lines[place.line - 1], place.column - 1
    lines[place.line - 1] = line[:start] + _WORD.sub(rf"\g<1>{word}", line[start:], count=1)
    return "".join(lines)


def _with_secret_tables(text: str, path: KeyPath, changes: SecretChanges) -> str:
    lines, spans = _lines(text), _spans(text, path)
    first, end = spans[-1]
    header = lines[first]
    new = ("[[clients.secrets]]", f'hash = "{changes.added}"')
    lines[end:end] = [_like(header, line) for line in new if changes.added]
    for number, (first, end) in reversed(list(enumerate(spans))):
        if number in changes.removed:
            del lines[first:end]
        elif number in changes.ends:
            lines[first:end] = _ending(lines[first:end], f"expires = {changes.ends[number]}")
    return "".join(lines)


def _spans(text: str, path: KeyPath) -> list[tuple[int, int]]:
    """Return the lines of each table of an array, from its header to its last key."""
    lines_of: dict[KeyPath, list[int]] = {}
    for key, place in LineIndex(text).places.items():
        if key[: len(path)] == path and len(key) > len(path):
            lines_of.setdefault(key[: len(path) + 1], []).append(place.line)
    return [(min(lines) - 1, max(lines)) for lines in lines_of.values()]


def _ending(lines: list[str], new: str) -> list[str]:
    if any(_EXPIRES.match(line) for line in lines):
        return [_EXPIRES.sub(rf"\g<1>{new}", line) for line in lines]
    return [*lines, _like(lines[0], new)]


def _lines(text: str) -> list[str]:
    # Not splitlines(): TOML and its line index know fewer ends of lines than Python.
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]


def _like(line: str, new: str) -> str:
    """Return `new` with the indentation and the end of another line."""
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    end = "\r\n" if line.endswith("\r\n") else "\n"
    return indentation + new + end
