"""The pretended language: as long as a long translation, and never without its brackets."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from idp.theming import WordsMissing
from idp.theming.catalogues import load_catalogue, own_sentences
from idp.theming.states import LETTERS, STATES
from tests.theming.reading import Reader, read
from tests.theming.samples import LOCALES, ROOT, load_stretched

CHAIN = (ROOT / "portal", ROOT / "base")
# What is wider than its box and not shown, or wider than the button that it stands in.
CUT = """[...document.querySelectorAll("body *")]
  .filter(e => e.tagName != "INPUT" && !e.classList.contains("skip"))
  .filter(e => e.tagName == "BUTTON" || e.classList.contains("btn")
    || getComputedStyle(e).overflowX != "visible" || getComputedStyle(e).overflowY != "visible")
  .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .filter(e => getComputedStyle(e).display != "inline")
  .map(e => e.outerHTML.slice(0, 90))"""

OPEN = "document.querySelectorAll('details').forEach(e => e.open = true)"


@pytest.fixture(scope="module", params=LOCALES)
def pair(request):
    plain = load_catalogue(CHAIN, request.param)
    return plain, plain.stretched()


@pytest.fixture(scope="module")
def theme():
    return load_stretched()


def test_every_sentence_stands_in_brackets_and_is_two_fifths_longer(pair):
    plain, stretched = pair
    for key in own_sentences(ROOT / "base", plain.locale):
        facts = dict.fromkeys(plain.names(key), 2)  # each one figure long
        short, long = plain.plain(key, facts), stretched.plain(key, facts)
        words = len(short) - len(facts)
        assert long[0] + long[-1] == "[]"
        assert _bare(stretched.html(key, facts)) == long
        assert 1.4 * words - 1 <= len(long) - len(facts) <= 1.4 * words + 5, (key, long)


def _bare(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


def test_the_facts_stay_as_they_are(pair):
    _, stretched = pair
    assert "a@b.bd" in stretched.plain("already.h1", {"email": "a@b.bd"})
    assert "12" in load_catalogue(CHAIN, "en").stretched().plain("err.rate", {"n": 12})
    with pytest.raises(WordsMissing, match="needs email"):
        stretched.plain("already.h1", {})


def test_plural_forms_stay_apart():
    stretched = load_catalogue(CHAIN, "en").stretched()
    one, two = (stretched.plain("err.rate", {"n": n}) for n in (1, 2))
    assert "1 míñúté." in one
    assert "2 míñútéš." in two


def outside_brackets(page: Reader, locale: str) -> Iterator[str]:
    """Return the words of a page that no catalogue has said; facts stand in their own language.

    A sentence that has lost its end is one, too: whatever follows would seem to be said.
    """
    depth = 0
    for lang, text in page.said:
        for character in text:
            depth += (character == "[") - (character == "]")
            if not depth and lang == locale and character.isalpha():
                yield text
                break
    if depth:
        yield f"{depth} brackets are open"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_word_of_a_page_comes_from_the_catalogue(theme, state):
    assert not list(outside_brackets(read(theme.page(state.page, state.frame("bn"))), "bn"))


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)
def test_every_word_of_a_letter_comes_from_the_catalogue(theme, letter):
    sent = theme.letter(letter.kind, "bn", letter.facts("bn"))
    assert not list(outside_brackets(read(sent.html), "bn"))
    assert sent.subject[0] + sent.subject[-1] == "[]"


def test_a_word_outside_the_catalogue_would_be_seen():
    page = read('<html lang="bn"><p>[ক <b>খ</b>] গ <i lang="en">d</i></p></html>')
    assert list(outside_brackets(page, "bn")) == ["] গ"]


@pytest.fixture
def browser(chromium):
    return chromium


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_long_is_cut_or_scrolls_sideways(browser, theme, locale, width):
    tab = browser.new_page(java_script_enabled=False, viewport={"width": width, "height": 700})
    wide, cut = [], {}
    for state in STATES:
        tab.set_content(theme.page(state.page_in(locale), state.frame(locale)))
        tab.evaluate(OPEN)
        if tab.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(state.name)
        if found := tab.evaluate(CUT):
            cut[state.name] = found
    tab.close()
    assert not wide
    assert not cut


@pytest.mark.browser
def test_what_is_cut_would_be_seen(browser):
    tab = browser.new_page()
    tab.set_content(
        "<div style='width:50px;overflow:hidden;white-space:nowrap'>[long and longer]</div>"
    )
    assert len(tab.evaluate(CUT)) == 1
    tab.set_content("<button style='width:50px;padding:0'>[longandlonger]</button>")
    assert len(tab.evaluate(CUT)) == 1
    tab.set_content("<button>[long and longer]</button>")
    assert not tab.evaluate(CUT)
    tab.close()
