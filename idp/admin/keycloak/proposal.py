"""Proposed TOML, written so that every value says where it came from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from idp.admin.client_files import toml_value


@dataclass
class Table:
    """Lines of one table: keys, each with what is said about it; plain comments between them."""

    heading: str = ""  # like "[session]"; "": the top
    lines: list[str] = field(default_factory=list)

    def put(self, key: str, value: Any, why: str = "") -> None:
        """Write a key; `why` stands behind it."""
        self.raw(key, toml_value(value), why)

    def raw(self, key: str, written: str, why: str = "") -> None:
        """Write a key whose value is TOML already."""
        self.lines.append(f"{key} = {written}" + (f"  # {one_line(why)}" if why else ""))

    def note(self, text: str) -> None:
        """Write a comment of its own; what was typed elsewhere cannot break out of it."""
        self.lines.append(f"# {one_line(text)}")

    @override
    def __str__(self) -> str:
        return "\n".join([*([self.heading] if self.heading else []), *self.lines]) + "\n"


def joined(tables: Iterable[Table]) -> str:
    return "\n".join(map(str, tables))


def commented_out(text: str) -> str:
    """Return every line as a comment."""
    return "".join(
        line if line.startswith("#") or not line.strip() else f"# {line}"
        for line in text.splitlines(keepends=True)
    )


def one_line(text: str) -> str:
    """Return a text on one line without what TOML's comments may not hold."""
    return "".join(sign if sign == "\t" or sign.isprintable() else " " for sign in text)
