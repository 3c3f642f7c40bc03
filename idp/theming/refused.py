"""Why a theme is refused, and where."""

from pathlib import Path

from idp.model.errors import ProbeshError


class ThemeRefused(ProbeshError):
    """A theme cannot be used; the message is `file:line: what is wrong`."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path}:{line}: {what}")
        self.path = path
        self.line = line
        self.what = what


class WordsMissing(ProbeshError):
    """A sentence was asked for that no catalogue has, or without one of its facts."""
