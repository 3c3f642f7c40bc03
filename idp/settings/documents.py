"""TOML files on their way in: read, parsed, with a place for every key."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idp.settings.diagnostics import Finding, Mistake, dotted
from idp.settings.line_index import LineIndex, Place

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the configuration as it was read; `name` is what mistakes call it."""

    name: str
    tables: dict[str, Any] = field(repr=False)
    lines: LineIndex = field(repr=False)

    def locate(self, finding: Finding) -> Mistake:
        """Return the finding with the place of its key, or of the nearest table around it."""
        place = self.lines.place_of(finding.path)
        path = dotted(finding.path)
        return Mistake(self.name, *place, finding.code, path, finding.message, finding.hint)


def read_document(file: Path) -> Document | Mistake:
    """Return the parsed file, or the one mistake that kept it from being parsed."""
    name = str(file)
    try:
        octets = file.read_bytes()
    except OSError as error:
        return Mistake(name, 0, 0, "E001", "", f"cannot be read: {error.strerror}")
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        place = _end_of(octets[: error.start].decode())
        return Mistake(name, *place, "E002", "", "is not UTF-8 from here on")
    try:
        return Document(name, tomllib.loads(text), LineIndex(text))
    except tomllib.TOMLDecodeError as error:
        return _syntax_mistake(name, text, str(error))


def _syntax_mistake(name: str, text: str, message: str) -> Mistake:
    where = _AT.search(message)
    place = _end_of(text)
    if where is not None:
        message = message[: where.start()]
        if where["line"]:
            place = Place(int(where["line"]), int(where["column"]))
    return Mistake(name, *place, "E002", "", f"is not TOML: {message}")


def _end_of(text: str) -> Place:
    """Return the place after the last letter of `text`."""
    before, _, last = text.rpartition("\n")
    return Place(before.count("\n") + 2 if "\n" in text else 1, len(last) + 1)


def included_files(base: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that a pattern of `include` names, sorted; relative ones are under `base`."""
    anchor = Path(pattern).anchor
    relative = pattern.removeprefix(anchor)
    if relative:
        yield from sorted((Path(anchor) if anchor else base).glob(relative))
