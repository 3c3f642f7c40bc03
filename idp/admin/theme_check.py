"""What is told about a theme that can be used: contrast, sentences of its own, its weight."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from idp.admin.gallery.copies import weigh
from idp.admin.gallery.exhibits import BY_SLUG
from idp.admin.theme_shelf import Pair, Shelf, Shown

_LOGIN = "login-fresh"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one theme; all mappings are by language."""

    name: str
    folder: Path
    lowest: Pair
    pairs: tuple[Pair, ...]
    login: Mapping[str, int]  # bytes of the login page after gzip -6
    changed: Mapping[str, tuple[str, ...]]  # sentences that differ from the parent's
    untranslated: Mapping[str, tuple[str, ...]]  # changed in another language only

    def facts(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "theme": self.name,
            "folder": str(self.folder),
            "login_gzip": dict(self.login),
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
    folder = shelf.chain(name)[0].folder
    changed = {language: _own_keys(folder, language) for language in shelf.languages}
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
    )


def _login(shown: Shown, language: str) -> int:
    return weigh(BY_SLUG[_LOGIN].html(shown.theme, language)).gzip


def _own_keys(folder: Path, language: str) -> tuple[str, ...]:
    """Return the sentences that a theme says itself."""
    path = folder / "locale" / language / "LC_MESSAGES/messages.po"
    if not path.is_file():
        return ()
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return tuple(e.id if isinstance(e.id, str) else e.id[0] for e in entries if e.id)
