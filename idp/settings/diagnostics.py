"""Mistakes in the configuration: what is wrong, where it stands, what was probably meant."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from typing_extensions import override

from idp.model.errors import SettingsRefused

Key = str | int
KeyPath = tuple[Key, ...]
NEAR = 0.65  # how alike two words must be for a misspelling


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. `line` and `column` start at 1 and count code points; 0 means the whole file."""

    file: str
    line: int
    column: int
    code: str  # E0xx the file itself, E1xx a value, E2xx values that contradict each other
    path: str
    message: str
    hint: str = ""

    def facts(self) -> dict[str, str | int]:
        """Return its parts, for programs."""
        return asdict(self)

    @override
    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        subject = f"{self.path} " if self.path else ""
        hint = f". {self.hint}" if self.hint else ""
        return f"{place} {self.code} {subject}{self.message}{hint}"


# What each code means, for the documents; a warning begins with W.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "E001": "a file of the configuration cannot be read",
        "E002": "a file is not TOML, or holds nothing",
        "E101": "a key that does not exist, or not in this table",
        "E102": "a key that must be there is missing",
        "E103": "a value of the wrong type",
        "E104": "a value that the key cannot have",
        "E105": "an environment variable that is not set and has no default",
        "E106": "a file of a secret that cannot be read, is empty or is open to others",
        "E201": "values that contradict each other, the mode, or what this installation has",
        "E202": "a client that is declared twice",
        "E203": "a key that stands under its old and its present name",
        "E301": "a theme that cannot be used",
        "W001": "a key under its old name, which the next major version will not know",
    }
)


class MistakesFound(SettingsRefused):
    """All mistakes of all files, in the order in which a reader meets them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake that knows its key but not yet its file and line."""

    path: KeyPath
    code: str
    message: str
    hint: str = ""


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it: `clients[0].redirect_uris[1]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a hint that names the nearest known word, or nothing when none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=NEAR)
    return f'Did you mean "{near[0]}"?' if near else ""
