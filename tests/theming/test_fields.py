"""Fields and forms as password managers, keyboards of phones and readers of pages find them."""

import re

import pytest

from idp.theming.states import STATES
from tests.theming.reading import Reader, read
from tests.theming.samples import LOCALES, load

THEME = load()
BARE = load("base")
SCRIPTED = {"login", "password", "code", "first", "reset", "sent", "update"}
# What password managers go by: the fields of each page in their order, each with its purpose.
FIELDS = {
    "login": [("userid", "username"), ("password", "current-password")],
    "password": [("userid", "username"), ("password", "current-password")],
    "code": [("code", "one-time-code")],
    "first": [("code", "one-time-code")],
    "reset": [("userid", "username")],
    "update": [
        ("", "username"),
        ("new_password", "new-password"),
        ("confirm_password", "new-password"),
        ("logout_others", ""),
    ],
}
every_locale = pytest.mark.parametrize("locale", LOCALES)
every_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)


def shown(state, locale: str = "bn") -> Reader:
    return read(THEME.page(state.page_in(locale), state.frame(locale)))


def inputs(page: Reader) -> list[dict[str, str]]:
    return [e.attributes for e in page.all("input") if e.attributes.get("type") != "hidden"]


@every_locale
@pytest.mark.parametrize(
    "state", [s for s in STATES if s.page.name in FIELDS], ids=lambda state: state.name
)
def test_password_managers_find_the_same_fields_in_every_state(state, locale):
    found = [(i.get("name", ""), i.get("autocomplete", "")) for i in inputs(shown(state, locale))]
    assert found == FIELDS[state.page.name]
    assert all(i.get("id") == i["name"] for i in inputs(shown(state, locale)) if "name" in i)


@pytest.mark.parametrize(
    "state", [s for s in STATES if s.page.name in {"code", "first"}], ids=lambda state: state.name
)
def test_a_code_may_be_pasted_in_any_form(state):
    code = shown(state).one("input", id="code").attributes
    assert code["inputmode"] == "numeric"
    assert code["type"] == "text"
    assert not {"maxlength", "pattern", "minlength", "value"} & code.keys()


@every_state
def test_no_password_is_ever_sent_back_and_no_paste_is_hindered(state):
    for field in inputs(shown(state)):
        assert not (field["type"] == "password" and "value" in field)
        assert not {"maxlength", "pattern", "required", "onpaste"} & field.keys()


@every_locale
@every_state
def test_the_script_is_fetched_where_it_has_something_to_do(state, locale):
    found = [e.attributes for e in shown(state, locale).all("script") if "src" in e.attributes]
    address = THEME.looks.by_locale[locale].script
    assert found == ([{"src": address, "defer": ""}] if state.page.name in SCRIPTED else [])
    assert address in THEME.assets


@every_locale
@pytest.mark.parametrize(
    "state", [s for s in STATES if s.page.errors], ids=lambda state: state.name
)
def test_errors_begin_with_a_focused_summary_of_links_to_their_fields(state, locale):
    page = shown(state, locale)
    summary = page.one("div", role="alert", tabindex="-1").attributes
    assert "autofocus" in summary
    at = page.elements.index(page.one("div", role="alert", tabindex="-1"))
    assert page.elements[at + 1].tag == "h2"
    assert page.elements[at + 2].tag == "ul"
    about = [error.field for error in state.page.errors if error.field]
    links = [
        e.attributes["href"] for e in page.all("a") if re.match("#(?!main)", e.attributes["href"])
    ]
    assert links == [f"#{field}" for field in about]
    for field in about:
        described = page.one("input", id=field).attributes
        assert described["aria-invalid"] == "true"
        assert f"{field}-error" in described["aria-describedby"].split()


@every_state
def test_an_error_stands_between_hint_and_field(state):
    tags = [e.attributes.get("id", "") for e in shown(state).elements]
    for error in state.page.errors:
        if f"{error.field}-error" in tags:
            at = tags.index(f"{error.field}-error")
            assert at < tags.index(error.field)
            assert f"{error.field}-hint" not in tags[at:]


@every_locale
def test_each_rule_carries_what_the_script_judges_by(locale):
    state = next(state for state in STATES if state.name == "update fresh")
    rules = [
        {name: value for name, value in e.attributes.items() if name.startswith("data-")}
        for e in shown(state, locale).all("li")
        if "data-least" in e.attributes
    ]
    assert rules == [
        {"data-least": "8"},
        {"data-least": "1", "data-span": "AZ"},
        {"data-least": "1", "data-span": "az"},
        {"data-least": "1", "data-categories": "Nd"},
        {"data-least": "1", "data-categories": "P S"},
    ]


@pytest.mark.parametrize(
    ("name", "ready"),
    [("code fresh", "এখন আবার কোড পাঠাতে পারবেন।"), ("sent fresh", "এখন আবার ইমেইল পাঠাতে পারবেন।")],
)
def test_a_wait_says_how_long_and_what_follows_it(name, ready):
    state = next(state for state in STATES if state.name == name)
    wait = [e.attributes for e in shown(state).all("p") if "data-wait" in e.attributes]
    assert wait == [
        {"class": "soft", "data-wait": str(state.page.view["wait"]), "data-ready": ready}
    ]


def test_a_code_that_is_dead_is_not_said_to_work_for_no_minutes():
    state = next(state for state in STATES if state.name == "code too late")
    page = shown(state)
    assert page.one("p", id="code-hint").text == "কোডটির মেয়াদ শেষ হয়েছে। আবার কোড পাঠান।"
    assert page.one("input", id="code").attributes["aria-describedby"] == "code-hint"


@every_locale
@every_state
def test_headings_come_in_order_and_landmarks_once(state, locale):
    page = shown(state, locale)
    assert len(page.all("h1")) == 1
    assert not page.all("h3")
    for landmark in ("header", "main", "aside"):
        assert len(page.all(landmark)) == 1
    assert len(page.all("footer")) <= 1


@every_locale
@every_state
def test_the_language_can_be_switched_on_every_page_that_waits_for_a_person(state, locale):
    page, frame = shown(state, locale), state.frame(locale)
    switch = page.all("button", name="language")
    if state.page.name == "form_post":
        assert switch == []
        return
    other = "en" if locale == "bn" else "bn"
    assert [e.attributes["value"] for e in switch] == [other]
    assert switch[0].lang == other
    for name, value in frame.language_hidden.items():
        assert page.has("input", type="hidden", name=name, value=value)


def test_a_theme_without_a_logo_has_the_mark():
    state = STATES[0]
    page = read(BARE.page(state.page, state.frame("en")))
    assert page.has("i")
    assert not page.has("img")
