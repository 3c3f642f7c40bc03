"""Every page in every state and language: words, weight, structure, and hostile values.

`python -m tests.house.test_pages` writes the table of docs/pages.md.
"""

import gzip
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.model.page import Facts
from idp.theming import Frame
from idp.theming.pages import FIELDS, STATES, State
from tests.theming.reading import Reader, read
from tests.theming.samples import LOCALES, load

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "pages.md"
BUDGET = 4096  # bytes of the login page, compressed: one round trip's first answer
HEAVY = 5120  # of any page; the first round trip of a new connection carries 14 KB
MARK = "<!-- the table is written by `python -m tests.house.test_pages` -->\n"
THEME = load()
HOSTILE = """"'><script>alert(1)</script>{{7*7}}{% raw %}</textarea><!--&lt;${1}"""
RESET: Facts = {
    "email": "office@example.gov.bd",
    "url": "https://sso.example.gov.bd/reset/x",
    "minutes": 30,
    "time": "রাত ৯:০৪",
    "host": "sso.example.gov.bd",
}
every_page = pytest.mark.parametrize("locale", LOCALES)
every_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)


def render(state: State, locale: str) -> str:
    return THEME.page(state.page, state.frame(locale))


def weight(html: str) -> int:
    return len(gzip.compress(html.encode(), 6, mtime=0))


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def test_the_list_names_every_state_once_and_every_page():
    assert len({state.name for state in STATES}) == len(STATES)
    assert {state.page.name for state in STATES} == FIELDS.keys()


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
def test_a_page_fetches_nothing_and_needs_no_script(state, locale):
    html = render(state, locale)
    page = read(html)
    assert page.all("link") == [page.one("link", rel="icon", href="data:,")]
    assert not [e for e in page.elements if "src" in e.attributes or "style" in e.attributes]
    assert not [e for e in page.elements for name in e.attributes if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert len(page.all("script")) == (state.page.name == "form_post")


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
    main = [form for form in forms if form.attributes["action"] == frame.action]
    assert all("novalidate" in form.attributes for form in main)


@every_state
def test_no_english_is_left_in_bengali_pages(state):
    said = [text for lang, text in read(render(state, "bn")).said if lang == "bn"]
    without_addresses = [re.sub(r"\S+@\S+|A–Z|a–z|0–9", "", text) for text in said]
    assert not [text for text in without_addresses if re.search("[A-Za-z]", text)]
    assert not [text for text in without_addresses if re.search("[0-9]", _no_phones(text))]


def _no_phones(text: str) -> str:
    return re.sub(r"\b01\d{9}\b", "", text)


@every_state
def test_no_bengali_is_left_in_english_pages(state):
    said = [text for lang, text in read(render(state, "en")).said if lang == "en"]
    assert not [text for text in said if re.search("[\u0980-\u09ff]", text)]


def test_the_words_of_the_guide_stand_on_the_pages_as_printed():
    rows = [line.split("\t") for line in (HERE / "guide.tsv").read_text("utf-8").splitlines()[1:]]
    pages = [read(render(state, "bn")) for state in STATES]
    pages.append(read(THEME.letter("reset", "bn", RESET).html))
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
    page = replace(
        state.page,
        view=_spoil(state.page.view),
        errors=tuple(replace(error, facts=_spoil(error.facts)) for error in state.page.errors),
        notice=state.page.notice
        and replace(state.page.notice, facts=_spoil(state.page.notice.facts)),
    )
    html = THEME.page(page, _hostile_frame(state.frame(locale)))
    spoiled = read(html)
    assert [element.tag for element in spoiled.elements if element.tag != "span"] == calm
    assert not [e for e in spoiled.elements for name in e.attributes if name.startswith("on")]
    shown = {value for e in spoiled.elements for value in (e.text, *e.attributes.values())}
    assert any(HOSTILE in value for value in shown)


def _spoil(view: Mapping[str, Any]) -> dict[str, Any]:
    """Put the hostile text wherever a person or a client can bring in a value."""
    kept = ("title", "body")  # catalogue keys, ours
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
        action=HOSTILE,
        hidden=dict.fromkeys(frame.hidden, HOSTILE),
        client=frame.client and HOSTILE,
        client_home=frame.client_home and f"https://x/{HOSTILE}",
        reference=HOSTILE,
        developer={HOSTILE + name: HOSTILE for name in frame.developer},
        language_action=frame.language_action and HOSTILE,
    )


@pytest.mark.parametrize(
    "name", ["fresh", "client named", "user carried", "timeout", "reauth", "cancelled"]
)
def test_the_login_page_fits_its_first_round_trip(name):
    state = next(state for state in STATES if state.name == f"login {name}")
    assert len(state.frame("bn").hidden["conversation"]) == 1200
    assert weight(render(state, "bn")) <= BUDGET


@every_page
@every_state
def test_no_page_is_heavy(state, locale):
    assert weight(render(state, locale)) <= HEAVY


def table() -> str:
    """Return the table of docs/pages.md: pages, states, bytes after gzip -6."""
    rows = ["| Page | State | bn | en |", "|---|---|---:|---:|"]
    for state in STATES:
        told = state.name.removeprefix(state.page.name).strip(" ,") or "the page"
        sizes = " | ".join(str(weight(render(state, locale))) for locale in LOCALES)
        rows.append(f"| {state.page.name} | {told} | {sizes} |")
    return "\n".join(rows) + "\n"


def test_the_table_of_the_pages_is_current():
    assert DOCS.read_text("utf-8").partition(MARK)[2] == table()


if __name__ == "__main__":
    DOCS.write_text(DOCS.read_text("utf-8").partition(MARK)[0] + MARK + table(), "utf-8")
