"""Letters in Chromium: a code is selected by a double click and survives any copying."""

from collections.abc import Iterator
from html import escape

import pytest
from playwright.sync_api import Browser, Page

from idp.flow.codes import read_code
from idp.theming import Theme
from idp.theming.states import LETTERS, STATES, LetterState
from tests.theming.samples import LOCALES, load

CODES = [letter for letter in LETTERS if letter.kind == "code"]
CODE_PAGE = next(state for state in STATES if state.page.name == "code")

every_language = pytest.mark.parametrize("locale", LOCALES)
every_code = pytest.mark.parametrize("letter", CODES, ids=lambda letter: letter.name)


@pytest.fixture(scope="module")
def theme() -> Theme:
    return load()


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 360, "height": 640})
    yield page
    page.close()


def show(tab: Page, theme: Theme, letter: LetterState, locale: str, part: str = "html") -> str:
    """Show a letter as a mail program does; return its code."""
    facts = letter.facts(locale)
    rendered = theme.letter(letter.kind, locale, facts)
    as_text = f"<meta charset=utf-8><pre>{escape(rendered.text)}</pre>"
    tab.set_content(rendered.html if part == "html" else as_text)
    return str(facts.get("code", ""))


def pasted(tab: Page, theme: Theme, locale: str) -> str:
    """Paste what was copied into the field of our own page; return what stands in it."""
    tab.set_content(theme.page(CODE_PAGE.page, CODE_PAGE.frame(locale)))
    tab.focus("#code")
    tab.keyboard.press("Control+V")
    return tab.input_value("#code")


@every_language
@every_code
def test_a_double_click_selects_the_six_digits_and_nothing_else(
    tab: Page, theme: Theme, letter: LetterState, locale: str
):
    code = show(tab, theme, letter, locale)
    tab.get_by_text(code, exact=True).dblclick(position={"x": 30, "y": 20})
    assert tab.evaluate("getSelection().toString()") == code
    tab.keyboard.press("Control+C")
    assert pasted(tab, theme, locale).strip() == code


@every_language
@every_code
@pytest.mark.parametrize("part", ["html", "text"])
def test_the_whole_letter_selected_and_pasted_is_read_as_the_code(
    tab: Page, theme: Theme, letter: LetterState, locale: str, part: str
):
    code = show(tab, theme, letter, locale, part)
    tab.keyboard.press("Control+A")
    tab.keyboard.press("Control+C")
    text = pasted(tab, theme, locale)
    assert len(text) > 100
    assert read_code(text) == code


@every_language
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 700])
def test_no_letter_is_wider_than_its_window(
    tab: Page, theme: Theme, width: int, scheme: str, locale: str
):
    tab.set_viewport_size({"width": width, "height": 640})
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for letter in LETTERS:
        show(tab, theme, letter, locale)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, letter.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_day_and_by_night(tab: Page, theme: Theme, scheme: str):
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for letter in LETTERS:
        show(tab, theme, letter, "bn")
        assert tab.evaluate(LOWEST_CONTRAST) >= 4.5, letter.name
        assert tab.evaluate("getComputedStyle(document.body).colorScheme") == "light dark"


LOWEST_CONTRAST = """(() => {
  const channels = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
  const linear = c => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = text => {
    const [r, g, b] = channels(text).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : colour;
  };
  const inked = [...document.querySelectorAll("td, p, a, span")].filter(e => e.innerText.trim());
  return Math.min(...inked.map(e => {
    const pair = [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  }));
})()"""
