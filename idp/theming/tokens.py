"""Tokens: what a theme decides of the look, judged for contrast by day and by night."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from idp.settings.diagnostics import KeyPath
from idp.theming.refused import ThemeRefused, hinted
from idp.theming.theme_file import LETTERS, Declared

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SIGNS = f"[{LETTERS} .,%#-]"  # nothing that could end a declaration
_VALUE = re.compile(f'(?:{_SIGNS}|"{_SIGNS}*")+')
_TEXT, _EDGE = 4.5, 3.0  # WCAG 2.2: 1.4.3 for text, 1.4.11 for the edges of fields
COLOURS = ("light", "dark")
GROUPS = ("sizes", *COLOURS)
_GENERIC = {"sans-serif", "serif", "monospace", "system-ui"}
_LINEAR = 0.04045  # sRGB: below it a channel is linear
# Which inks are read on which grounds, and how much they must differ.
PAIRS = (
    *((ink, ground, _TEXT) for ink in ("ink", "soft-ink", "action", "error")
      for ground in ("page", "card")),
    *((ink, f"{kind}-tint", _TEXT) for kind in ("error", "warning", "success", "info")
      for ink in ("ink", kind)),
    ("on-action", "action", _TEXT),
    ("field-border", "card", _EDGE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a theme decides of the look: sizes, then the colours by day and by night."""

    sizes: Mapping[str, str]
    light: Mapping[str, str]
    dark: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A token as a theme of the chain tells it; the higher its level, the nearer to the base."""

    level: int
    declared: Declared
    place: KeyPath

    def refused(self, what: str) -> ThemeRefused:
        return self.declared.refused(self.place, what)


def tokens_of(chain: tuple[Declared, ...]) -> Tokens:
    """Return the tokens of a chain, ours first. Raise ThemeRefused with the place of a wrong one.

    A contrast that is too low is told where the nearest theme set one of its two colours.
    """
    values: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    told: dict[KeyPath, _Told] = {}
    found: list[ThemeRefused] = []
    for level, declared in reversed(tuple(enumerate(chain))):
        for (group, name), value, place in _tokens(declared):
            try:
                if level < len(chain) - 1:  # the base alone names new ones
                    _check_known(declared, place, name, values[group])
                _check_value(declared, place, value, is_colour=group in COLOURS)
            except ThemeRefused as refused:
                found += refused.all
                continue
            values[group][name] = value
            told[group, name] = _Told(level, declared, place)
    tokens = Tokens(**values)
    found += _too_near(tokens, told)
    if found:
        raise ThemeRefused.joined(found)
    return tokens


def _tokens(declared: Declared) -> Iterator[tuple[tuple[str, str], str, KeyPath]]:
    """Yield the tokens of one theme, each with where it is written."""
    for group in GROUPS:
        for name, value in getattr(declared.file.tokens, group).items():
            yield (group, name), value, ("tokens", group, name)
    if fonts := declared.file.fonts:
        yield ("sizes", "font"), ",".join(map(_face, fonts.families)), ("fonts", "families")


def _face(family: str) -> str:
    return family if family in _GENERIC else f'"{family}"'


def _check_known(declared: Declared, place: KeyPath, name: str, known: Mapping[str, str]) -> None:
    if name not in known:
        raise declared.refused(place, hinted(f"no token {name!r}", name, known))


def _check_value(declared: Declared, place: KeyPath, value: str, *, is_colour: bool) -> None:
    if not (_COLOUR if is_colour else _VALUE).fullmatch(value):
        kind = "a colour like #006a4e" if is_colour else "a size or a list of fonts"
        raise declared.refused(place, f"must be {kind}")


def _too_near(tokens: Tokens, told: Mapping[KeyPath, _Told]) -> Iterator[ThemeRefused]:
    for scheme in COLOURS:
        colours = getattr(tokens, scheme)
        for ink, ground, least in PAIRS:
            ratio = contrast(colours[ink], colours[ground])
            if ratio < least:
                what = f"{scheme}: {ink} on {ground} has contrast {ratio:.2f}, needs {least}"
                pair = (told[scheme, ink], told[scheme, ground])
                yield min(pair, key=lambda one: one.level).refused(what)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours `#rrggbb` (WCAG 2.2, contrast ratio)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= _LINEAR else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
