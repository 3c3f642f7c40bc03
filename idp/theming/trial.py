"""A theme is tried before it is used: all its pages and letters, in every state and language.

A theme may change how they look and speak, and never takes away what they work by: that is judged
beside the same theme with no templates but the base's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from markupsafe import escape

from idp.theming.essentials import block_of, find_lost
from idp.theming.refused import ThemeRefused
from idp.theming.states import LETTERS, STATES
from idp.theming.themes import Theme

Place: TypeAlias = tuple[Path, int]

# What a letter of a kind is sent for: the fact that both its parts show, and its name.
_BROUGHT = {
    "code": ("code", "the code"),
    "reset": ("url", "the link"),
    "welcome": ("url", "the link"),
}


def try_all(theme: Theme) -> None:
    """Render everything that there is, so that nobody else is the first to see a fault.

    Raise ThemeRefused with the places where a page loses what it works by, or a letter what it
    brings; and whatever a template or a sentence raises.
    """
    found: dict[Place, ThemeRefused] = {}
    for place, what in (*_try_letters(theme), *_try_pages(theme)):
        found.setdefault(place, ThemeRefused(*place, what))
    if found:
        raise ThemeRefused.joined(list(found.values()))


def _try_letters(theme: Theme) -> Iterator[tuple[Place, str]]:
    for locale in theme.locales:
        for state in LETTERS:
            facts = state.facts(locale)
            letter = theme.letter(state.kind, locale, facts)
            if state.kind not in _BROUGHT:
                continue
            name, told = _BROUGHT[state.kind]
            value = str(facts[name])
            for part, text, wanted in (
                ("txt", letter.text, value),
                ("html", letter.html, escape(value)),
            ):
                if wanted not in text:
                    place = theme.place_of(f"mail/{state.kind}.{part}.j2")
                    yield place, f"in the state “{state.name}” the letter loses {told}"


def _try_pages(theme: Theme) -> Iterator[tuple[Place, str]]:
    original = theme.in_pages_of_the_base() if theme.has_pages else None
    for locale in theme.locales:
        for state in STATES:
            page, frame = state.page_in(locale), state.frame(locale)
            html = theme.page(page, frame)
            if original is None:
                continue
            if lost := find_lost(html, original.page(page, frame)):
                told = ", ".join(dict.fromkeys(need.told for need in lost))
                place = theme.place_of(f"{page.name}.html", block_of(lost))
                yield place, f"in the state “{state.name}” the page loses {told}"
