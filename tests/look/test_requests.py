"""What a page costs on the line: the document and one script, nothing that blocks, no complaint."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, Request

from tests.look.conftest import LEAVES, Visitor
from tests.look.stand import BY_NAME, THEMES
from tests.theming.samples import LOCALES

BLOCKING = """performance.getEntriesByType("resource")
  .filter(entry => entry.renderBlockingStatus !== "non-blocking").map(entry => entry.name)"""

pytestmark = pytest.mark.browser


class Ears:
    """What a tab asks for and complains of."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.said: list[str] = []

    def hear_request(self, request: Request) -> None:
        self.asked.append(request)

    def hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(f"{message.type}: {message.text}")

    def hear_error(self, error: Error) -> None:
        self.said.append(str(error))

    def kinds(self, origin: str) -> list[str]:
        return [one.resource_type for one in self.asked if one.url.startswith(origin)]


@pytest.fixture
def ears(visitor: Visitor) -> Iterator[Ears]:
    tab, ears = visitor.tab, Ears()
    hearing = (
        ("request", ears.hear_request),
        ("console", ears.hear_console),
        ("pageerror", ears.hear_error),
    )
    for event, hear in hearing:
        tab.on(event, hear)  # type: ignore[call-overload] # one overload an event
    yield ears
    for event, hear in hearing:
        tab.remove_listener(event, hear)


@pytest.mark.parametrize("turn", range(2))
def test_a_page_is_two_requests_at_most_and_the_browser_has_no_complaint(
    visitor: Visitor, ears: Ears, turn: int
):
    for n, name in enumerate(name for name in BY_NAME if name != LEAVES):
        if n % 2 != turn:
            continue
        ears.asked.clear()
        tab = visitor.show(name, LOCALES[n // 2 % 2], theme=THEMES[n % 3])
        kinds = ears.kinds(visitor.stand.origin)
        assert kinds in (["document"], ["document", "script"]), (name, kinds)
        assert len(ears.asked) == len(kinds), name
        assert tab.evaluate(BLOCKING) == [], name
        assert tab.evaluate("document.fonts.size") == 0
        assert ears.said == [], name


def test_the_page_that_leaves_is_one_request_and_its_policy_lets_it_go(
    visitor: Visitor, ears: Ears
):
    tab: Page = visitor.tab
    with tab.expect_request("https://backoffice.example.gov.bd/**") as leaving:
        tab.goto(visitor.stand.address(LEAVES, "bn", "portal"), wait_until="commit")
    assert leaving.value.method == "POST"
    assert ears.kinds(visitor.stand.origin) == ["document"]
    assert ears.said == []
    tab.goto("about:blank")


def test_the_judge_hears_what_a_policy_stops(visitor: Visitor, ears: Ears):
    tab = visitor.show("login fresh")
    tab.evaluate("document.body.appendChild(document.createElement('style')).textContent = 'p{}'")
    tab.wait_for_timeout(100)
    assert "Content Security Policy" in " ".join(ears.said)
