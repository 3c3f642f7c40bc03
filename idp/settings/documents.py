"""TOML files on their way in: read, parsed, with a place for every key."""

import glob
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from idp.settings.diagnostics import Finding, KeyPath, Mistake, dotted
from idp.settings.line_index import LineIndex, Place

# What files are about to hold, by absolute path: judged as if it stood there already.
Drafts: TypeAlias = Mapping[Path, bytes]
NO_DRAFTS: Drafts = MappingProxyType({})

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_WILD = re.compile(r"[*?\[]")
_LIMIT = 4 * 1_048_576  # bytes: some ten thousand clients; a wrong name may be a huge file
_SEARCHED = 16_384  # characters
_DEPTH = 32  # tables in tables; the deepest key that there is lies at six


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the configuration as it was read; `name` is what mistakes call it."""

    name: str
    tables: dict[str, Any] = field(repr=False)
    lines: LineIndex = field(repr=False)
    written: Mapping[KeyPath, KeyPath] = field(default_factory=dict)  # a path -> its old name

    def locate(self, finding: Finding) -> Mistake:
        """Return the finding with the place of its key, or of the nearest table around it."""
        written = self.as_written(finding.path)
        place = self.lines.place_of(written)
        return Mistake(
            self.name, *place, finding.code, dotted(written), finding.message, finding.hint
        )

    def find_place(self, path: KeyPath) -> Place | None:
        """Return the place of a key if the file writes it."""
        return self.lines.places.get(self.as_written(path))

    def as_written(self, path: KeyPath) -> KeyPath:
        """Return the path as the file spells it, which may be an old name."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.written:
                return (*self.written[path[:length]], *path[length:])
        return path


def read_document(file: Path, drafts: Drafts = NO_DRAFTS) -> Document | Mistake:
    """Return the parsed file, or the one mistake that kept it from being parsed."""
    name = str(file)
    try:
        octets = drafts.get(file.absolute()) or _read(file)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Mistake(name, 0, 0, "E001", "", f"cannot be read: {reason}")
    if len(octets) > _LIMIT:
        return Mistake(name, 0, 0, "E001", "", "is larger than 4 MiB: it is no configuration file")
    try:
        text = octets.decode("utf-8-sig")  # some editors put a mark in front, which is no TOML
    except UnicodeDecodeError as error:
        place = _end_of(error.object[: error.start].decode())
        return Mistake(name, *place, "E002", "", "is not UTF-8 from here on")
    return _parsed(name, text)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_LIMIT + 1)


def _parsed(name: str, text: str) -> Document | Mistake:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _syntax_mistake(name, text, str(error))
    except RecursionError:
        return Mistake(name, 1, 1, "E002", "", "is nested too deeply")
    except ValueError:  # a number of thousands of digits
        return Mistake(name, 1, 1, "E002", "", "holds a number that is too long")
    if _is_deep(tables):
        return Mistake(name, 1, 1, "E002", "", "is nested too deeply")
    return Document(name, tables, LineIndex(text))


def _is_deep(tables: dict[str, Any]) -> bool:
    layer: list[Any] = [tables]
    for _ in range(_DEPTH):
        inner = (value.values() if isinstance(value, dict) else value for value in layer)
        layer = [one for values in inner for one in values if isinstance(one, dict | list)]
    return bool(layer)


def _syntax_mistake(name: str, text: str, message: str) -> Mistake:
    where = _AT.search(message)
    place = _end_of(_until_open(text))
    if where is not None:
        message = message[: where.start()]
        if where["line"]:
            place = Place(int(where["line"]), int(where["column"]))
    return Mistake(name, *place, "E002", "", f"is not TOML: {message}")


def _until_open(text: str) -> str:
    """Return a text up to the line that opens what is never closed, its line break left out.

    That line stands behind the longest part of the text that is whole. A long text is not searched.
    """
    lines = text.split("\n") if len(text) <= _SEARCHED else []
    for count in range(len(lines) - 1, -1, -1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except ValueError:
            continue
        return "\n".join(lines[: count + 1])
    return text


def _end_of(text: str) -> Place:
    """Return the place after the last letter of `text`."""
    before, _, last = text.rpartition("\n")
    return Place(before.count("\n") + 2 if "\n" in text else 1, len(last) + 1)


def included_files(base: Path, pattern: str, drafts: Drafts = NO_DRAFTS) -> Iterator[Path]:
    """Yield the files that a pattern of `include` names, sorted; relative ones are under `base`."""
    anchor = Path(pattern).anchor
    relative = pattern.removeprefix(anchor)
    if relative:
        root = Path(anchor) if anchor else base
        new = (_seen_from(root, draft) for draft in drafts if _would_match(root, relative, draft))
        yield from sorted({*root.glob(relative), *new})


def unlistable_folder(base: Path, pattern: str) -> tuple[Path, OSError] | None:
    """Return the folder in front of a pattern's first wildcard and why it cannot be listed.

    A glob takes such a folder for an empty one. None: it can be listed, or nothing is wild.
    """
    parts = Path(pattern).parts
    wild = next((number for number, part in enumerate(parts) if _WILD.search(part)), None)
    if wild is None:
        return None
    folder = base.joinpath(*parts[:wild])
    try:
        with os.scandir(folder):
            return None
    except OSError as error:
        return folder, error


def _would_match(root: Path, relative: str, file: Path) -> bool:
    """Answer whether a glob would find an absolute path, if a file stood there."""
    inner = Path(glob.escape(str(root.absolute()))) / relative
    return file.match(os.path.normpath(inner))


def _seen_from(root: Path, file: Path) -> Path:
    absolute = root.absolute()
    return root / file.relative_to(absolute) if file.is_relative_to(absolute) else file
