"""Every page in every state and language: words, weight, structure, and hostile values.

`python -m tests.house.test_pages` writes the tables of docs/pages.md.
"""

import gzip
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.theming import Frame, Theme
from idp.theming.states import LETTERS, STATES, State
from tests.theming.reading import Reader, read
from tests.theming.samples import LOCALES, load

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "pages.md"
BUDGET = 4096  # bytes of the login page, compressed: one round trip's first answer
HEAVY = 6144  # of any page; the first round trip of a new connection carries 14 KB
LETTER = 15 * 1024  # of a letter's HTML as it is sent: mail programs cut long ones
REQUESTS = 2  # the page and its script
MARK = "<!-- the tables are written by `python -m tests.house.test_pages` -->\n"
THEME = load()
THEMES = {"base": load("base"), "portal": THEME, "ministry": load("ministry")}
HOSTILE = """"'><script>alert(1)</script>{{7*7}}{% raw %}</textarea><!--&lt;${1}"""
every_page = pytest.mark.parametrize("locale", LOCALES)
every_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
every_theme = pytest.mark.parametrize("theme", THEMES)
every_letter = pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)


def render(state: State, locale: str, theme: Theme = THEME) -> str:
    return theme.page(state.page_in(locale), state.frame(locale))


def weight(html: str) -> int:
    return len(gzip.compress(html.encode(), 6, mtime=0))


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


@every_page
@every_state
def test_a_page_is_whole_and_its_parts_refer_to_each_other(state, locale):
    page = read(render(state, locale))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    named = [name for name in _references(page) if name not in ids]
    assert not named
    assert page.one("html").lang == locale
    assert page.one("h1").text
    assert page.has("main", id="main")
    assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}
    title, heading = page.one("title").text, folded(page.one("h1").text)
    error, brand = (
        ("ত্রুটি: ", "জাতীয় তথ্য বাতায়ন") if locale == "bn" else ("Error: ", "Bangladesh National Portal")
    )
    assert folded(title) == folded(f"{error if state.page.errors else ''}{heading} – {brand}")


def _references(page: Reader) -> Iterator[str]:
    for element in page.elements:
        yield from element.attributes.get("aria-describedby", "").split()
        if element.tag == "label":
            yield element.attributes["for"]
        if element.attributes.get("href", "").startswith("#"):
            yield element.attributes["href"][1:]


@every_page
@every_state
def test_a_page_fetches_no_more_than_its_script_and_needs_none(state, locale):
    html = render(state, locale)
    page = read(html)
    assert page.all("link") == [page.one("link", rel="icon", href="data:,")]
    assert not [e for e in page.elements if "style" in e.attributes]
    assert not [e for e in page.elements for name in e.attributes if name.startswith("on")]
    assert "@import" not in html
    assert requests(page) <= REQUESTS
    inline = [e for e in page.all("script") if "src" not in e.attributes]
    assert len(inline) == (state.page.name == "form_post")
    fetched = [e for e in page.all("script") if "src" in e.attributes]
    assert all("defer" in e.attributes and e.attributes["src"].startswith("/") for e in fetched)


def requests(page: Reader) -> int:
    """Count what a browser asks for to show a page: the page, and all that it refers to."""
    sources = [e.attributes["src"] for e in page.elements if "src" in e.attributes]
    drawn = re.findall(r"url\(([^)]*)\)", page.one("style").text)
    return 1 + len([address for address in (*sources, *drawn) if "data:" not in address[:6]])


@every_page
@every_state
def test_every_form_posts_with_the_hidden_fields_and_leaves_checks_to_us(state, locale):
    if state.page.name == "form_post":
        return
    page, frame = read(render(state, locale)), state.frame(locale)
    forms = page.all("form")
    assert all(form.attributes["method"] == "post" for form in forms)
    for name, value in frame.hidden.items():
        assert len(page.all("input", type="hidden", name=name, value=value)) == len(forms)
    checked = [form for form in forms if "novalidate" not in form.attributes]
    assert len(checked) == len(page.all("button", name="language"))  # it has no fields


@every_state
def test_no_english_is_left_in_bengali_pages(state):
    page = read(render(state, "bn"))
    assert not foreign_in_bengali(page)
    assert not [text for text in spoken_attributes(page, "bn") if re.search("[A-Za-z0-9]", text)]


@every_state
def test_no_bengali_is_left_in_english_pages(state):
    page = read(render(state, "en"))
    assert not [text for lang, text in page.said if lang == "en" and re.search("[ঀ-৿]", text)]
    assert not [text for text in spoken_attributes(page, "en") if re.search("[ঀ-৿]", text)]


@every_letter
def test_every_foreign_word_of_a_letter_is_marked(letter):
    bn, en = (read(THEME.letter(letter.kind, to, letter.facts(to)).html) for to in LOCALES)
    assert not foreign_in_bengali(bn)
    assert not [text for lang, text in en.said if lang == "en" and re.search("[ঀ-৿]", text)]


# Phones, codes and addresses are as they are typed; a range of figures is an example.
TYPED = re.compile(r"\b01\d{9}\b|\b\d{6}\b|\d+\.\d+\.\d+\.[\d•]+|0–9")


def foreign_in_bengali(page: Reader) -> list[str]:
    """Return texts said to be Bengali that hold Latin letters or figures."""
    title = folded(page.one("title").text)
    said = [text for lang, text in page.said if lang == "bn" and folded(text) != title]
    said.append(re.sub(r"\S+@\S+", "", title))  # nothing can be marked in a title
    return [text for text in said if re.search("[A-Za-z0-9]", TYPED.sub("", text))]


def spoken_attributes(page: Reader, locale: str) -> list[str]:
    """Return the attributes that are read out, as far as they are in a language."""
    names = ("alt", "title", "aria-label", "placeholder")
    ours = [e for e in page.elements if e.lang == locale]
    return [e.attributes[name] for e in ours for name in names if name in e.attributes]


def test_the_words_of_the_guide_stand_on_the_pages_as_printed():
    rows = [line.split("\t") for line in (HERE / "guide.tsv").read_text("utf-8").splitlines()[1:]]
    pages = [read(render(state, "bn")) for state in STATES]
    pages += [read(THEME.letter(one.kind, "bn", one.facts("bn")).html) for one in LETTERS]
    texts = {folded(e.text) for page in pages for e in page.elements}
    missing = [key for key, words in rows if folded(words) not in texts]
    assert len(rows) >= 26
    assert not missing


def test_a_changed_letter_of_the_guide_would_be_seen():
    texts = {folded(e.text) for e in read(render(STATES[0], "bn")).elements}
    assert folded("ইউজার আইডি") in texts
    assert folded("ইউজার আইডী") not in texts


@every_page
@every_state
def test_hostile_values_are_shown_and_never_obeyed(state, locale):
    calm = [
        element.tag for element in read(render(state, locale)).elements if element.tag != "span"
    ]
    given = state.page_in(locale)
    page = replace(
        given,
        view=_spoil(given.view),
        errors=tuple(replace(error, facts=_spoil(error.facts)) for error in given.errors),
        notice=given.notice and replace(given.notice, facts=_spoil(given.notice.facts)),
    )
    html = THEME.page(page, _hostile_frame(state.frame(locale)))
    spoiled = read(html)
    assert [element.tag for element in spoiled.elements if element.tag != "span"] == calm
    assert not [e for e in spoiled.elements for name in e.attributes if name.startswith("on")]
    shown = {value for e in spoiled.elements for value in (e.text, *e.attributes.values())}
    assert any(HOSTILE in value for value in shown)


def _spoil(view: Mapping[str, Any]) -> dict[str, Any]:
    """Put the hostile text wherever a person or a client can bring in a value."""
    kept = ("title", "body", "next")  # catalogue keys, ours
    return {
        name: _spoil(value)
        if isinstance(value, dict)
        else f"https://x/{HOSTILE}"
        if name == "return_to" and value
        else HOSTILE
        if isinstance(value, str) and value and name not in kept
        else value
        for name, value in view.items()
    }


def _hostile_frame(frame: Frame) -> Frame:
    return replace(
        frame,
        action=frame.action and HOSTILE,
        hidden=dict.fromkeys(frame.hidden, HOSTILE),
        client=frame.client and HOSTILE,
        client_home=frame.client_home and f"https://x/{HOSTILE}",
        reference=HOSTILE,
        developer={HOSTILE + name: HOSTILE for name in frame.developer},
        language_action=frame.language_action and HOSTILE,
    )


@every_theme
@every_page
@pytest.mark.parametrize(
    "state", [s for s in STATES if s.page.name == "login"], ids=lambda state: state.name
)
def test_the_login_page_fits_its_first_round_trip(state, locale, theme):
    assert len(state.frame(locale).hidden["conversation"]) == 1200
    assert weight(render(state, locale, THEMES[theme])) <= BUDGET


@every_theme
@every_page
@every_state
def test_no_page_is_heavy(state, locale, theme):
    assert weight(render(state, locale, THEMES[theme])) <= HEAVY


@every_page
@every_letter
def test_no_letter_is_heavy(letter, locale):
    assert len(THEME.letter(letter.kind, locale, letter.facts(locale)).html.encode()) <= LETTER


def tables() -> str:
    """Return the tables of docs/pages.md: pages by gzip -6, letters as they are sent."""
    rows = ["| Page | State | bn | en | Requests |", "|---|---|---:|---:|---:|"]
    for state in STATES:
        told = state.name.removeprefix(state.page.name).strip(" ,") or "the page"
        sizes = " | ".join(str(weight(render(state, locale))) for locale in LOCALES)
        fetched = requests(read(render(state, "bn")))
        rows.append(f"| {state.page.name} | {told} | {sizes} | {fetched} |")
    rows += ["", "| Letter | HTML bn | HTML en | Text bn | Text en |", "|---|---:|---:|---:|---:|"]
    for one in LETTERS:
        sent = [THEME.letter(one.kind, locale, one.facts(locale)) for locale in LOCALES]
        parts = [*(letter.html for letter in sent), *(letter.text for letter in sent)]
        sizes = " | ".join(str(len(part.encode())) for part in parts)
        rows.append(f"| {one.name} | {sizes} |")
    return "\n".join(rows) + "\n"


def test_the_tables_of_the_pages_are_current():
    assert DOCS.read_text("utf-8").partition(MARK)[2] == tables()


if __name__ == "__main__":
    DOCS.write_text(DOCS.read_text("utf-8").partition(MARK)[0] + MARK + tables(), "utf-8")
