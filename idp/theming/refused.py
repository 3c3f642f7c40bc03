"""Why a theme is refused, and where."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from idp.model.errors import ProbeshError


class ThemeRefused(ProbeshError):
    """A theme cannot be used; the message is `file:line: what is wrong`."""

    def __init__(
        self, path: Path, line: int, what: str, also: Iterable["ThemeRefused"] = ()
    ) -> None:
        super().__init__(f"{path}:{line}: {what}")
        self.also = tuple(also)
        self.path = path
        self.line = line
        self.what = what

    @classmethod
    def joined(cls, refusals: Sequence["ThemeRefused"]) -> "ThemeRefused":
        """Return one refusal for mistakes that were found together."""
        first, *also = refusals
        return cls(first.path, first.line, first.what, also)

    @property
    def all(self) -> tuple["ThemeRefused", ...]:
        """Every mistake that was found together, this one first."""
        return (self, *self.also)


class WordsMissing(ProbeshError):
    """A sentence was asked for that no catalogue has, or without one of its facts."""
