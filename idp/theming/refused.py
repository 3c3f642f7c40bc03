"""Why a theme is refused, and where."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from idp.model.errors import ProbeshError
from idp.settings.diagnostics import did_you_mean


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
        """Return one refusal for mistakes that were found together, each once."""
        first, *also = {str(one): one for one in refusals}.values()
        return cls(first.path, first.line, first.what, also)

    @property
    def all(self) -> tuple["ThemeRefused", ...]:
        """Every mistake that was found together, this one first."""
        return (self, *self.also)


def hinted(what: str, word: str, known: Iterable[str]) -> str:
    """Return what is wrong with a word, and which known one was probably meant."""
    hint = did_you_mean(word, sorted(known))
    return f"{what}. {hint}" if hint else what


def line_of(error: UnicodeDecodeError) -> int:
    """Return the line, from 1, of the first octet of a file that is no UTF-8."""
    return error.object.count(b"\n", 0, error.start) + 1


def collect(parts: Iterable[Callable[[], object]]) -> list[ThemeRefused]:
    """Judge each part, and return all that is wrong with any of them."""
    found: list[ThemeRefused] = []
    for part in parts:
        try:
            part()
        except ThemeRefused as refused:
            found += refused.all
    return found


def check_all(parts: Iterable[Callable[[], object]]) -> None:
    """Judge each part. Raise ThemeRefused with all that is wrong with any of them."""
    if found := collect(parts):
        raise ThemeRefused.joined(found)


class WordsMissing(ProbeshError):
    """A sentence was asked for that no catalogue has, or without one of its facts."""
