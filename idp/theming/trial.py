"""A theme is tried before it is used: all its pages and letters, in every state and language.

A theme may change how they look and speak, and never takes away what they work by: that is judged
beside the same theme with no templates but the base's.
"""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TypeAlias

from markupsafe import escape

from idp.model.letter import RenderedLetter
from idp.model.page import Facts
from idp.theming.essentials import block_of, find_lost
from idp.theming.look import Look
from idp.theming.markup import find_wrong, links_of
from idp.theming.refused import ThemeRefused
from idp.theming.states import LETTERS, STATES
from idp.theming.themes import Theme

Place: TypeAlias = tuple[Path, int]
Told: TypeAlias = tuple[str, str]  # a block, and what is wrong in it

# What a letter of a kind is sent for: the fact that both its parts show, and its name.
_BROUGHT = {
    "code": ("code", "the code"),
    "reset": ("url", "the link"),
    "welcome": ("url", "the link"),
}
# What a mail program makes a link of, wherever it stands, and what may follow it in a sentence.
_PLAIN_LINK = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_AFTER = ".,:;!?)।"
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style", re.DOTALL | re.IGNORECASE)


def try_all(theme: Theme) -> None:
    """Render everything that there is, so that nobody else is the first to see a fault.

    Raise ThemeRefused with the places where a page loses what it works by or sends its forms
    elsewhere, and where a letter loses what it brings or takes it away; and whatever a template or
    a sentence raises.
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
            for part, what in _faults_of_letter(state.kind, letter, facts):
                place = theme.place_of(f"mail/{state.kind}.{part}.j2")
                yield place, f"in the state “{state.name}” {what}"


def _faults_of_letter(kind: str, letter: RenderedLetter, facts: Facts) -> Iterator[Told]:
    """Yield the part of a letter that has a fault, and the fault."""
    yield from (("html", what) for what in find_wrong(letter.html, "letter"))
    if kind not in _BROUGHT:
        return
    name, told = _BROUGHT[kind]
    value = str(facts[name])
    secret = value.rpartition("/")[2]
    in_html = [*links_of(letter.html), *_plain_links(unescape(letter.html))]
    for part, shown, wanted, links in (
        ("txt", letter.text, value, _plain_links(letter.text)),
        ("html", letter.html, escape(value), in_html),
    ):
        if wanted not in shown:
            yield part, f"the letter loses {told}"
        if any(secret in link and link != value for link in links):
            yield part, f"the letter has a link elsewhere that holds {told}"


def _plain_links(text: str) -> list[str]:
    return [link.rstrip(_AFTER) for link in _PLAIN_LINK.findall(text)]


def _try_pages(theme: Theme) -> Iterator[tuple[Place, str]]:
    original = theme.in_pages_of_the_base() if theme.has_pages else None
    for locale in theme.locales:
        look = theme.looks.by_locale[locale]
        for state in STATES:
            page, frame = state.page_in(locale), state.frame(locale)
            html = theme.page(page, frame)
            if original is None:
                continue
            for block, what in _faults_of_page(html, original.page(page, frame), look):
                place = theme.place_of(f"{page.name}.html", block)
                yield place, f"in the state “{state.name}” {what}"


def _faults_of_page(html: str, original: str, look: Look) -> Iterator[Told]:
    """Yield the block in which a fault of a page is to be looked for, and the fault."""
    if html == original:
        return
    if lost := find_lost(html, original):
        told = ", ".join(dict.fromkeys(need.told for need in lost))
        yield block_of(lost), f"the page loses {told}"
    yield from (("main", what) for what in find_wrong(html, "page", original))
    if what := _wrong_style(_SHEET.findall(html), look):
        yield "style", what


def _wrong_style(sheets: list[str], look: Look) -> str:
    """Return what is wrong with the styles of a page, or nothing."""
    ours = [[look.first], [look.style]]
    if sheets in ours:
        return ""
    if [sheet.strip() for sheet in sheets] in ours:  # browsers know ours by every character
        return "write {% block style %}{{ look.first }}{% endblock %} in one line"
    return "the page has another style than ours: rules belong into style.css"
