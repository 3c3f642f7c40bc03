"""The themes of an installation as their files say now: read anew whenever a file has changed."""

import threading
from dataclasses import dataclass, replace

from idp.settings import Settings
from idp.theming import Theme, load_themes
from idp.theming.folders import Folders, Stamp
from idp.theming.static import Asset
from idp.theming.tokens import PAIRS, Tokens, contrast, tokens_of
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
            return self._kept(name, is_long=is_long)

    def asset(self, address: str) -> Asset | None:
        """Return what a page of a theme that was taken fetches under an address."""
        return self._assets.get(address)

    def _kept(self, name: str, *, is_long: bool) -> Shown:
        key = (name, is_long)
        if key not in self._loaded:
            self._loaded[key] = shown = self._stretch(name) if is_long else self._load(name)
            self._assets.update(shown.theme.assets)
        return self._loaded[key]

    def _stretch(self, name: str) -> Shown:
        real = self._kept(name, is_long=False)
        return replace(real, theme=real.theme.stretched())

    def _load(self, name: str) -> Shown:
        settings = self.settings
        theme = load_themes(
            self.folders,
            name,
            locales=settings.theme.locales,
            support=settings.support,
            default=settings.theme.name,
        )
        return Shown(name, theme, _pairs_of(tokens_of(theme.chain)))


def _pairs_of(tokens: Tokens) -> tuple[Pair, ...]:
    """Return every pair of colours that is judged, with its contrast."""
    return tuple(
        Pair(scheme, ink, ground, contrast(colours[ink], colours[ground]), least)
        for scheme, colours in (("light", tokens.light), ("dark", tokens.dark))
        for ink, ground, least in PAIRS
    )
