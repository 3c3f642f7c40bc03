"""What a person must know of a move: grouped, counted, with a few examples of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from typing_extensions import override

from idp.admin.keycloak.proposal import one_line

Area: TypeAlias = Literal["settings", "clients", "users", "roles", "realm"]

_EXAMPLES: Final = 5
_ALL: Final = 500  # where every example is a name of Keycloak's, not somebody's


@dataclass
class Finding:
    """One kind of thing, how often it was met, and examples of it."""

    area: Area
    what: str
    count: int = 0
    examples: list[str] = field(default_factory=list)
    has_more: bool = False  # than the examples tell

    def facts(self) -> dict[str, Any]:
        return {
            "area": self.area,
            "what": self.what,
            "count": self.count,
            "examples": self.examples,
        }

    @override
    def __str__(self) -> str:
        counted = f" ({self.count})" if self.count > 1 else ""
        named = ", ".join(self.examples)
        more = ", …" if self.has_more else ""
        return f"{self.what}{counted}{': ' if named else '.'}{named}{more}"


@dataclass
class Findings:
    """All findings of one move, in the order in which they were first met."""

    _by_kind: dict[tuple[Area, str], Finding] = field(default_factory=dict)

    def add(self, area: Area, what: str, example: str = "", *, name_all: bool = False) -> None:
        """Count one more; `name_all` keeps every example, not only the first few.

        What an export wrote never reaches a terminal as control characters.
        """
        what, example = one_line(what), one_line(example)
        found = self._by_kind.setdefault((area, what), Finding(area, what))
        found.count += 1
        most = _ALL if name_all else _EXAMPLES
        if example in {"", *found.examples}:
            return
        if len(found.examples) < most:
            found.examples.append(example)
        else:
            found.has_more = True

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._by_kind.values())

    def of(self, area: Area) -> list[Finding]:
        return [found for found in self if found.area == area]
