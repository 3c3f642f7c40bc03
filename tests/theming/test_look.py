"""The pages in a real browser, without script: nothing scrolls sideways, everything can be hit."""

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from idp.theming.pages import STATES
from tests.theming.samples import LOCALES, load

SMALL = """[...document.querySelectorAll("a,button,summary,input:not([type=hidden])")]
  .filter(e => !e.classList.contains("skip") && e.getBoundingClientRect().height < 44)
  .map(e => e.outerHTML)"""  # WCAG 2.2, 2.5.5

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser.new_page(java_script_enabled=False, viewport={"width": 320, "height": 700})
        browser.close()


@pytest.fixture(scope="module")
def theme():
    return load()


def show(tab: Tab, theme, state, locale: str) -> None:
    tab.set_content(theme.page(state.page, state.frame(locale)))


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_scrolls_sideways_on_a_small_phone(tab, theme, locale):
    wide = []
    for state in STATES:
        show(tab, theme, state, locale)
        if tab.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(state.name)
    assert not wide


@pytest.mark.parametrize("locale", LOCALES)
def test_every_target_can_be_hit_by_a_thumb(tab, theme, locale):
    small = []
    for state in STATES:
        show(tab, theme, state, locale)
        small += tab.evaluate(SMALL)
    assert not small


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
