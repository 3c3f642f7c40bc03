"""What a page costs on the line: the document and one script, nothing that blocks, no complaint."""

import pytest

from idp.theming.states import STATES
from tests.look.conftest import Visitor
from tests.look.stand import THEMES
from tests.theming.samples import LOCALES

BLOCKING = """performance.getEntriesByType("resource")
  .filter(entry => entry.renderBlockingStatus !== "non-blocking").map(entry => entry.name)"""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", THEMES)
def test_a_page_is_two_requests_at_most_and_the_browser_has_no_complaint(
    visitor: Visitor, theme: str
):
    asked: list[str] = []
    said: list[str] = []
    tab = visitor.tab
    hear_request = lambda request: asked.append(f"{request.resource_type} {request.url}")  # noqa: E731
    hear_console = lambda message: said.append(f"{message.type}: {message.text}")  # noqa: E731
    hear_error = lambda error: said.append(str(error))  # noqa: E731
    tab.on("request", hear_request)
    tab.on("console", hear_console)
    tab.on("pageerror", hear_error)
    try:
        for n, state in enumerate(STATES):
            asked.clear()
            visitor.show(state.name, LOCALES[n % 2], theme=theme)
            ours = [one for one in asked if visitor.stand.origin in one]
            kinds = [one.partition(" ")[0] for one in ours]
            assert kinds in (["document"], ["document", "script"]), (state.name, asked)
            assert tab.evaluate(BLOCKING) == [], state.name
            assert tab.evaluate("document.fonts.size") == 0
            assert said == [], state.name
    finally:
        tab.remove_listener("request", hear_request)
        tab.remove_listener("console", hear_console)
        tab.remove_listener("pageerror", hear_error)
