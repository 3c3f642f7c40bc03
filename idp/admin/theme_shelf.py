"""The themes of an installation as their files say now: read anew whenever a file has changed."""

import threading
from dataclasses import dataclass

from idp.settings import Settings
from idp.theming import Theme, load_themes
from idp.theming.catalogues import load_catalogue
from idp.theming.folders import Folders, Stamp, find_chain
from idp.theming.frame import HelpRows
from idp.theming.look import names_of
from idp.theming.static import Asset
from idp.theming.style import PAIRS, Tokens, contrast, tokens_of
from idp.theming.theme_file import Declared
from idp.verdict import THEMES


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that must be told apart, in one scheme."""

    scheme: str  # light or dark
    ink: str
    ground: str
    ratio: float
    least: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A theme that can be used, with what is known about its colours."""

    name: str
    theme: Theme
    pairs: tuple[Pair, ...]

    @property
    def lowest(self) -> Pair:
        return min(self.pairs, key=lambda pair: pair.ratio)


class Shelf:
    """All themes by their names. Many threads may take from it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folders = Folders(THEMES, settings.theme.folder)
        self._lock = threading.Lock()
        self._seen: Stamp = ()
        self._loaded: dict[tuple[str, bool], Shown] = {}
        self._assets: dict[str, Asset] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all themes: the program's own, then the installation's, by the alphabet."""
        return self.folders.names

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.settings.theme.locales)

    def take(self, name: str, *, is_long: bool = False) -> Shown:
        """Return a theme as its files are now; `is_long`: with sentences 40 % longer than they are.

        Raises ThemeRefused.
        """
        with self._lock:
            now = self.folders.stamp
            if now != self._seen:
                self._loaded.clear()
                self._seen = now
            key = (name, is_long)
            if key not in self._loaded:
                self._loaded[key] = self._load(name, is_long=is_long)
                self._assets.update(self._loaded[key].theme.assets)
            return self._loaded[key]

    def asset(self, address: str) -> Asset | None:
        """Return what a page of a theme that was taken fetches under an address."""
        return self._assets.get(address)

    def _load(self, name: str, *, is_long: bool) -> Shown:
        settings = self.settings
        theme = load_themes(
            self.folders,
            name,
            locales=settings.theme.locales,
            support=settings.support,
            default=settings.theme.name,
        )
        chain = self.chain(name)
        pairs = _pairs_of(tokens_of(chain))
        return Shown(name, _stretched(chain, settings) if is_long else theme, pairs)

    def chain(self, name: str) -> tuple[Declared, ...]:
        """Return a theme and all that stand behind it. Raises ThemeRefused."""
        return find_chain(self.folders, name, self.settings.theme.name)


def _pairs_of(tokens: Tokens) -> tuple[Pair, ...]:
    """Return every pair of colours that is judged, with its contrast."""
    return tuple(
        Pair(scheme, ink, ground, contrast(colours[ink], colours[ground]), least)
        for scheme, colours in (("light", tokens.light), ("dark", tokens.dark))
        for ink, ground, least in PAIRS
    )


def _stretched(chain: tuple[Declared, ...], settings: Settings) -> Theme:
    """Return the theme as a longer language would fill it."""
    folders = tuple(declared.folder for declared in chain)
    catalogues = {
        locale: load_catalogue(folders, locale, names_of(chain, locale)).stretched()
        for locale in settings.theme.locales
    }
    return Theme(chain, catalogues, HelpRows.of(settings.support))
