"""How a visitor wants to see the gallery: its switches, as they stand in an address."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlencode

# Every switch but theme and language: its choices, the first is what holds if nothing is said.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "width": ("360", "320", "768", "1280"),
    "colours": ("light", "dark", "forced"),
    "script": ("on", "off"),
    "words": ("real", "long"),
}


class NoSuchChoice(LookupError):
    """A switch, or one of its choices, that the gallery has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """One choice of each switch."""

    theme: str
    language: str
    width: str = CHOICES["width"][0]
    colours: str = CHOICES["colours"][0]
    script: str = CHOICES["script"][0]
    words: str = CHOICES["words"][0]

    @property
    def query(self) -> str:
        return urlencode(asdict(self))


@dataclass(frozen=True, slots=True)
class Panel:
    """All switches with their choices."""

    themes: Sequence[str]
    languages: Sequence[str]
    default_theme: str

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        return {"theme": self.themes, "language": self.languages, **CHOICES}

    def read(self, query: Mapping[str, str]) -> Switches:
        """Read the switches of an address. Raises NoSuchChoice."""
        for name, value in query.items():
            if value not in self.choices.get(name, ()):
                raise NoSuchChoice(name)
        start = {"theme": self.default_theme, "language": self.languages[0]}
        return Switches(**{**start, **query})
