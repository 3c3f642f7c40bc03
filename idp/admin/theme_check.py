"""What is told about a theme that can be used: contrast, weight, own sentences, warnings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from idp.admin.gallery.copies import weigh
from idp.admin.gallery.exhibits import PAGES
from idp.admin.theme_shelf import Pair, Shelf, Shown
from idp.theming.catalogues import load_catalogue
from idp.theming.look import names_of
from idp.theming.theme_file import Declared

_LOGIN = tuple(exhibit for exhibit in PAGES if exhibit.page == "login")
_WORDS = "LC_MESSAGES/messages.po"


@dataclass(frozen=True, slots=True)
class Heaviest:
    """The login page in the state in which it weighs most, its sealed request included."""

    gzip: int  # bytes after gzip -6, weighed as in the gallery and in docs/pages.md
    state: str


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one theme; all mappings are by language."""

    name: str
    folder: Path
    lowest: Pair
    pairs: tuple[Pair, ...]
    login: Mapping[str, Heaviest]
    changed: Mapping[str, tuple[str, ...]]  # sentences that differ from the parent's
    untranslated: Mapping[str, tuple[str, ...]]  # changed in another language only
    warnings: tuple[str, ...]  # `file:line: what was probably not meant`

    def facts(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "theme": self.name,
            "folder": str(self.folder),
            "login_gzip": {language: one.gzip for language, one in self.login.items()},
            "login_state": {language: one.state for language, one in self.login.items()},
            "warnings": list(self.warnings),
            "changed": {language: list(keys) for language, keys in self.changed.items()},
            "untranslated": {language: list(keys) for language, keys in self.untranslated.items()},
            "contrast": [
                {
                    "scheme": pair.scheme,
                    "ink": pair.ink,
                    "ground": pair.ground,
                    "ratio": round(pair.ratio, 2),
                    "least": pair.least,
                }
                for pair in self.pairs
            ],
        }


def report_on(shelf: Shelf, name: str) -> Report:
    """Judge a theme as start, reload and `idp config check` do. Raises ThemeRefused."""
    shown = shelf.take(name)
    chain = shelf.chain(name)
    folder = chain[0].folder
    changed = {language: tuple(_own_lines(folder, language)) for language in shelf.languages}
    everything = [key for keys in changed.values() for key in keys]
    return Report(
        name,
        folder,
        shown.lowest,
        shown.pairs,
        login={language: _login(shown, language) for language in shelf.languages},
        changed=changed,
        untranslated={
            language: tuple(dict.fromkeys(key for key in everything if key not in keys))
            for language, keys in changed.items()
        },
        warnings=tuple(_warnings(chain, shelf.languages)),
    )


def _login(shown: Shown, language: str) -> Heaviest:
    weights = (
        Heaviest(weigh(exhibit.html(shown.theme, language)).gzip, exhibit.state)
        for exhibit in _LOGIN
    )
    return max(weights, key=lambda one: one.gzip)


def _own_lines(folder: Path, language: str) -> dict[str, int]:
    """Return the sentences that a theme says itself, each with its line."""
    path = folder / "locale" / language / _WORDS
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return {e.id if isinstance(e.id, str) else e.id[0]: e.lineno or 1 for e in entries if e.id}


def _warnings(chain: tuple[Declared, ...], languages: Sequence[str]) -> Iterator[str]:
    folder = chain[0].folder
    for path in sorted((folder / "locale").glob("*")):
        if path.name not in languages and not path.name.startswith("."):
            yield f"{path}: nobody is offered pages in {path.name!r} (theme.locales)."
    for language in languages:
        path = folder / "locale" / language / _WORDS
        for line, key, facts in _left_out(chain, language):
            yield f"{path}:{line}: {key!r} leaves out {facts}, which the parent's sentence says."


def _left_out(chain: tuple[Declared, ...], language: str) -> Iterator[tuple[int, str, str]]:
    """Yield each sentence that says less than the parent's: its line, its key and the facts."""
    ours = _own_lines(chain[0].folder, language)
    if not ours or len(chain) == 1:
        return
    own, parent = (
        load_catalogue(tuple(d.folder for d in part), language, names_of(part, language))
        for part in (chain, chain[1:])
    )
    for key, line in ours.items():
        if lost := sorted(parent.names(key) - own.names(key)):
            yield line, key, ", ".join(f"{{{name}}}" for name in lost)
