"""What the probes find, and what is left of a page on paper."""

import pytest

from idp.theming.states import STATES
from tests.look.conftest import SPACING, Visitor
from tests.theming.samples import LOCALES

PAPER = [state.name for state in STATES if state.name.startswith(("done", "error"))]

pytestmark = pytest.mark.browser
in_each_language = pytest.mark.parametrize("locale", LOCALES)


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
    assert visitor.probe("controlsSeen") == []
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
    assert visitor.probe(probe) == []
    tab.evaluate(fault)
    assert visitor.probe(probe) != []


def test_spacing_reaches_the_page_in_spite_of_its_policy(visitor: Visitor):
    tab = visitor.show("login fresh")
    before = tab.locator("h1").evaluate("e => getComputedStyle(e).letterSpacing")
    tab.evaluate(SPACING)
    assert before == "normal"
    assert tab.locator("h1").evaluate("e => parseFloat(getComputedStyle(e).letterSpacing)") > 2
