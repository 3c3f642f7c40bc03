"""How the pages are laid out in a real browser, without script; tests/look judges every state."""

import pytest
from playwright.sync_api import Page as Tab

from idp.theming.states import STATES
from tests.theming.samples import load

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(chromium):
    page = chromium.new_page(java_script_enabled=False, viewport={"width": 320, "height": 700})
    yield page
    page.close()


@pytest.fixture(scope="module")
def theme():
    return load()


def show(tab: Tab, theme, state, locale: str) -> None:
    tab.set_content(theme.page(state.page_in(locale), state.frame(locale)))


def test_a_checkbox_is_large_and_its_words_can_be_hit_too(tab, theme):
    show(tab, theme, next(state for state in STATES if state.name == "update fresh"), "bn")
    box = tab.locator("input[type=checkbox]")
    assert box.is_checked()
    assert min(box.bounding_box()[side] for side in ("width", "height")) >= 24
    tab.get_by_text("অন্য সেশন থেকে লগআউট করুন").click()
    assert not box.is_checked()


@pytest.mark.parametrize(("width", "is_beside"), [(320, False), (1280, True)])
def test_cancel_stands_beside_submit_or_below_it(tab, theme, width, is_beside):
    tab.set_viewport_size({"width": width, "height": 900})
    show(tab, theme, next(state for state in STATES if state.name == "update fresh"), "bn")
    submit, cancel = (
        tab.locator(f"[value={name}]").bounding_box() for name in ("submit", "cancel")
    )
    tab.set_viewport_size({"width": 320, "height": 700})
    assert submit["width"] == cancel["width"]
    assert (submit["y"] == cancel["y"]) == is_beside
    assert submit["x"] < cancel["x"] if is_beside else submit["y"] < cancel["y"]


def test_the_name_for_password_managers_is_seen_and_reached_by_nobody(tab, theme):
    show(tab, theme, next(state for state in STATES if state.name == "update fresh"), "bn")
    name = tab.locator("input[autocomplete=username]").bounding_box()
    assert name["x"] + name["width"] < 0


def test_the_error_summary_has_the_focus_without_any_script(tab, theme, tmp_path):
    state = next(state for state in STATES if state.name == "login wrong pair")
    path = tmp_path / "page.html"
    path.write_text(theme.page(state.page, state.frame("bn")), "utf-8")
    tab.goto(path.as_uri())
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "alert"


def test_focus_is_drawn_three_pixels_wide(tab, theme):
    show(tab, theme, STATES[0], "bn")
    tab.focus("#userid")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_the_night_changes_ground_and_ink(tab, theme):
    show(tab, theme, STATES[0], "bn")
    look = (
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    day = tab.evaluate(look)
    tab.emulate_media(color_scheme="dark")
    night = tab.evaluate(look)
    tab.emulate_media(color_scheme="light")
    assert (day[0], night[0]) == ("rgb(243, 246, 244)", "rgb(15, 22, 20)")
    assert day[1] != night[1]


def test_at_desktop_width_help_stands_beside_the_card(tab, theme):
    tab.set_viewport_size({"width": 1280, "height": 900})
    show(tab, theme, STATES[0], "bn")
    card, help_ = (tab.locator(name).bounding_box() for name in ("main", "aside"))
    tab.set_viewport_size({"width": 320, "height": 700})
    assert card
    assert help_
    assert card["width"] == 480
    assert help_["x"] >= card["x"] + card["width"]
