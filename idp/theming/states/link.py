"""A mailed link that does not work, for each of its reasons."""

from collections.abc import Mapping

from idp.model.page import Page
from idp.theming.states.state import State


def _link(
    name: str,
    title: str,
    body: str,
    facts: Mapping[str, str | int] | None = None,
    *,
    go_on: str = "link.new",
) -> State:
    view = {"title": title, "body": body, "facts": facts or {}, "next": go_on}
    page = Page("link", view, status=400)
    return State(name=f"link {name}", page=page)


STATES = (
    _link("expired", "link.expired.title", "link.expired.body", {"n": 30}),
    _link("expired, invitation", "link.expired.title", "link.expired.hours", {"n": 24}),
    _link("used", "link.used.title", "link.used.body"),
    _link("invalid", "link.invalid.title", "link.invalid.body"),
    _link("foreign", "link.invalid.title", "link.foreign"),
    _link("dead", "link.dead.title", "link.dead"),
    _link("dead, disabled", "link.dead.title", "err.disabled", go_on="already.switch"),
)
