"""Every state in Chromium: narrow, zoomed, spaced out, in forced colours, unmoving, on paper."""

import pytest

from idp.theming.states import STATES
from tests.look.conftest import SPACING, Visitor
from tests.theming.samples import LOCALES

NAMES = tuple(state.name for state in STATES)
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"
PAPER = [name for name in NAMES if name.startswith(("done", "error"))]

pytestmark = pytest.mark.browser
in_each_language = pytest.mark.parametrize("locale", LOCALES)


def told(visitor: Visitor, locale: str, layout: str, *probes: str, before: str = "") -> list[str]:
    """Return what the probes find, each with its state."""
    faults = []
    for name in NAMES:
        tab = visitor.show(name, locale, layout)
        if before:
            tab.evaluate(before)
        for probe in probes:
            faults += [f"{name}: {probe}: {one}" for one in tab.evaluate(f"probe.{probe}()")]
    return faults


@in_each_language
def test_at_400_percent_nothing_scrolls_sideways_and_everything_can_be_hit(visitor, locale):
    assert told(visitor, locale, "narrow", "sideways", "clipped", "small") == []


@in_each_language
def test_with_text_spaced_out_nothing_is_cut(visitor, locale):
    assert told(visitor, locale, "spaced", "sideways", "clipped") == []


@in_each_language
def test_with_text_twice_as_large_nothing_is_cut(visitor, locale):
    assert told(visitor, locale, "zoomed", "sideways", "clipped", before=LARGE_TEXT) == []


@pytest.mark.parametrize("layout", ["phone", "desktop"])
def test_the_focus_is_seen_everywhere_and_goes_as_the_eye_does(visitor, layout):
    assert told(visitor, "bn", layout, "disordered", "unfocused", "small") == []


def test_without_colours_there_are_borders_and_without_motion_nothing_moves(visitor):
    for name in NAMES:
        tab = visitor.show(name, scheme="forced", reduced_motion="reduce")
        assert tab.evaluate("matchMedia('(forced-colors: active)').matches")
        assert tab.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
        assert tab.evaluate("probe.borderless().concat(probe.moving())") == [], name


@in_each_language
@pytest.mark.parametrize("name", PAPER)
def test_on_paper_stand_the_message_the_reference_and_the_phones_and_no_button(
    visitor, name, locale
):
    tab = visitor.show(name, locale, "desktop")
    message = tab.locator("main p").first.inner_text()
    tab.emulate_media(media="print")
    paper = " ".join(tab.evaluate("document.body.innerText").split())
    assert " ".join(message.split()) in paper
    for phone in ("01555090301", "01555090302", "01555090303"):
        assert phone in paper
    if not name.startswith("done"):
        assert "7F3K-21" in paper
    assert tab.evaluate("probe.controlsSeen()") == []
    assert tab.pdf(format="A4").count(b"/Type /Page\n") == 1


@pytest.mark.parametrize(
    ("probe", "fault"),
    [
        ("sideways", "document.querySelector('main').style.width = '400px'"),
        ("clipped", "document.querySelector('h1').style.cssText = 'height:10px;overflow:hidden'"),
        ("clipped", "document.querySelector('.btn').style.cssText = 'min-height:0;height:9px'"),
        ("small", "document.querySelector('.btn').style.cssText = 'min-height:0;padding:0'"),
        ("unfocused", "document.querySelector('#userid').style.outline = 'none'"),
        ("unfocused", "document.querySelector('#userid').style.outlineColor = 'white'"),
        ("unfocused", "document.querySelector('header').style.cssText = 'position:fixed;inset:0'"),
        ("disordered", "document.querySelector('.btn').tabIndex = 3"),
        ("disordered", "document.querySelector('.btn').style.cssText = 'position:absolute;top:0'"),
        ("moving", "document.querySelector('.btn').style.transition = 'color 1s'"),
        ("borderless", "document.querySelector('.btn').style.border = '0'"),
    ],
)  # fmt: skip
def test_the_judge_finds_a_planted_fault(visitor: Visitor, probe: str, fault: str):
    tab = visitor.show("login fresh")
    assert tab.evaluate(f"probe.{probe}()") == []
    tab.evaluate(fault)
    assert tab.evaluate(f"probe.{probe}()") != []


def test_spacing_reaches_the_page_in_spite_of_its_policy(visitor: Visitor):
    tab = visitor.show("login fresh")
    before = tab.locator("h1").evaluate("e => getComputedStyle(e).letterSpacing")
    tab.evaluate(SPACING)
    assert before == "normal"
    assert tab.locator("h1").evaluate("e => parseFloat(getComputedStyle(e).letterSpacing)") > 2
