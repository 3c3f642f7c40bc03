from dataclasses import replace

import pytest
from markupsafe import Markup

from idp.model.page import Message, Page
from idp.theming import Frame
from idp.theming import themes as themes_module
from idp.theming.skeleton import Skeleton, skeleton_key
from tests.theming.samples import load

FRESH = Page("login", {"user_id": ""})
FRAME = Frame(
    action="/signin",
    hidden={"form_token": "one"},
    locale="bn",
    client="ব্যাকঅফিস",
    reference="7F3K-21",
)


@pytest.fixture
def theme():
    return load()


def test_a_kept_page_is_the_rendered_one(theme):
    kept = [theme.page(FRESH, FRAME) for _ in range(2)]
    rendered = theme._render(
        FRESH, FRAME, Markup('<input type="hidden" name="form_token" value="one">')
    )
    assert kept == [rendered, rendered]


def test_token_and_reference_are_fresh_in_every_answer(theme):
    first = theme.page(FRESH, FRAME)
    second = theme.page(FRESH, replace(FRAME, hidden={"form_token": "two"}, reference="9ZZZ-99"))
    assert second == first.replace('value="one"', 'value="two"').replace("7F3K-21", "9ZZZ-99")
    assert "two" not in first


@pytest.mark.parametrize(
    "change",
    [
        {"locale": "en"},
        {"client": "অন্য সেবা"},
        {"action": "/other"},
        {"language_action": "/language"},
        {"client_home": "https://x/"},
        {"reference": ""},
    ],
)
def test_what_else_differs_makes_another_page(change):
    assert skeleton_key(FRESH, replace(FRAME, **change)) != skeleton_key(FRESH, FRAME)


@pytest.mark.parametrize(
    "page",
    [
        Page("login", {"user_id": "office@example.gov.bd"}),
        Page("login", {"user_id": ""}, errors=(Message("err.login"),)),
        Page("login", {"user_id": ""}, notice=Message("login.reauth")),
        Page("expired", {"email": "", "has_ended": False}),
    ],
)
def test_a_page_that_holds_anything_of_a_person_is_never_kept(theme, page):
    assert skeleton_key(page, FRAME) is None
    before = dict(theme._kept)
    theme.page(page, FRAME)
    assert theme._kept == before


def test_a_hole_is_filled_with_escaped_text_and_never_filled_twice():
    skeleton = Skeleton("a\x02hidden\x03b\x02reference\x03c")
    assert skeleton.fill(Markup("<i>"), "<b>\x02hidden\x03") == "a<i>b&lt;b&gt;\x02hidden\x03c"


def test_only_so_many_pages_are_kept(theme, monkeypatch):
    monkeypatch.setattr(themes_module, "_KEPT", 3)
    theme._kept.clear()
    for number in range(10):
        theme.page(FRESH, replace(FRAME, client=f"client {number}"))
        assert len(theme._kept) <= 3


def test_a_page_whose_switch_leads_back_somewhere_is_not_kept():
    leading = replace(FRAME, language_action="/language", language_hidden={"return": "/login?a"})
    assert skeleton_key(FRESH, leading) is None
