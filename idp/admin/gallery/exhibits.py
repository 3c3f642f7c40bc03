"""What the gallery shows: each state of a page, each letter, under one name for its address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from idp.model.letter import RenderedLetter
from idp.theming import Theme
from idp.theming.states import LETTERS, STATES, LetterState, State

_WHOLE: Final = "the page"  # the state of a page that has one only
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class PageExhibit:
    """One page in one state."""

    page: str
    state: str
    slug: str
    fixture: State

    def html(self, theme: Theme, locale: str) -> str:
        """Render it as the server would."""
        return theme.page(self.fixture.page_in(locale), self.fixture.frame(locale))

    def detached(self, theme: Theme, locale: str) -> str:
        """Render it for a folder: its forms go nowhere, since nobody would answer them."""
        frame = self.fixture.frame(locale)
        action, language_action = frame.action and "#", frame.language_action and "#"
        nowhere = replace(frame, action=action, language_action=language_action)
        return theme.page(self.fixture.page_in(locale), nowhere)


@dataclass(frozen=True, slots=True)
class LetterExhibit:
    """One letter in one state."""

    page: str
    state: str
    slug: str
    fixture: LetterState

    def letter(self, theme: Theme, locale: str) -> RenderedLetter:
        """Render it as the courier would."""
        return theme.letter(self.fixture.kind, locale, self.fixture.facts(locale))

    def html(self, theme: Theme, locale: str) -> str:
        return self.letter(theme, locale).html

    def detached(self, theme: Theme, locale: str) -> str:
        return self.html(theme, locale)


Exhibit = PageExhibit | LetterExhibit


def _page(state: State) -> PageExhibit:
    name = state.page.name
    told = state.name.removeprefix(name).strip(" ,") or _WHOLE
    return PageExhibit(name, told, _slug(state.name), state)


def _letter(state: LetterState) -> LetterExhibit:
    told = state.name.removeprefix(state.kind.replace("_", " ")).strip(" ,")
    page = f"mail.{state.kind}"
    return LetterExhibit(page, told or "the letter", _slug(f"{page} {told}"), state)


def _slug(name: str) -> str:
    return _NO_LETTERS.sub("-", name.lower()).strip("-")


PAGES: Final = tuple(map(_page, STATES))
MAILS: Final = tuple(map(_letter, LETTERS))
EXHIBITS: Final[tuple[Exhibit, ...]] = (*PAGES, *MAILS)
BY_SLUG: Final[Mapping[str, Exhibit]] = {exhibit.slug: exhibit for exhibit in EXHIBITS}
