"""Where each key of a TOML document stands, which `tomllib` does not tell.

The text is known to be valid TOML, so this scanner only follows its shape and never judges it.
"""

import re
import tomllib
from bisect import bisect_right
from typing import NamedTuple

from idp.settings.diagnostics import KeyPath

_TRIVIA = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # up to two quotes may touch the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
# A date and its time may be parted by a blank; every other bare value ends at one.
_BARE_VALUE = re.compile(r"(?:\d{4}-\d\d-\d\d (?=\d\d:))?[^,\]}\s#]+")


class Place(NamedTuple):
    """A line and a column, both from 1; a column counts code points."""

    line: int
    column: int


class LineIndex:
    """The place of every key and array element of one valid TOML text."""

    def __init__(self, text: str) -> None:
        scanner = _Scanner(text.replace("\r\n", "\n"))
        scanner.document()
        self.places: dict[KeyPath, Place] = {
            path: scanner.place(offset) for path, offset in scanner.offsets.items()
        }

    def place_of(self, path: KeyPath) -> Place:
        """Return the place of `path`, or of its nearest ancestor that is written in the text."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


class _Scanner:
    """Follows tables, keys and values, and notes where each path is written first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.offsets: dict[KeyPath, int] = {}
        self._last: dict[KeyPath, int] = {}  # array of tables -> index of its newest table
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_TRIVIA)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._key_and_value(table)
            self._skip(_TRIVIA)

    def _header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 2 if is_array else 1
        path: KeyPath = ()
        for key, offset in self._dotted_key():
            path = self._enter(path)
            path = (*path, key)
            self.offsets.setdefault(path, offset)
        self.at += 2 if is_array else 1
        if not is_array:
            return path
        self._last[path] = self._last.get(path, -1) + 1
        path = self._enter(path)
        self.offsets[path] = start
        return path

    def _enter(self, path: KeyPath) -> KeyPath:
        # A name that stands for an array of tables means its newest table (TOML, Array of Tables).
        return (*path, self._last[path]) if path in self._last else path

    def _key_and_value(self, table: KeyPath) -> None:
        path = table
        for key, offset in self._dotted_key():
            path = (*path, key)
            self.offsets.setdefault(path, offset)
        self.at += 1  # the equals sign
        self._skip(_BLANKS)
        self._value(path)

    def _dotted_key(self) -> list[tuple[str, int]]:
        keys = []
        while True:
            self._skip(_BLANKS)
            offset = self.at
            keys.append((self._key(), offset))
            self._skip(_BLANKS)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _key(self) -> str:
        if self.text[self.at] not in "\"'":
            return self._skip(_BARE_KEY)
        quoted = self._skip(_STRING)
        return str(tomllib.loads(f"key = {quoted}")["key"])

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._items(path, "]")
        elif opening == "{":
            self._items(path, "}")
        else:
            self._skip(_STRING if opening in "\"'" else _BARE_VALUE)

    def _items(self, path: KeyPath, closing: str) -> None:
        self.at += 1
        self._skip(_TRIVIA)
        number = 0
        while self.text[self.at] != closing:
            if closing == "]":
                self.offsets[(*path, number)] = self.at
                self._value((*path, number))
            else:
                self._key_and_value(path)
            number += 1
            self._skip(_TRIVIA)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_TRIVIA)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at {self.place(self.at)}")
        self.at = match.end()
        return match.group()
