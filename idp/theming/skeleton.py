"""Pages kept ready: a fresh login page is rendered once a client, then its holes are filled."""

import re
from dataclasses import replace
from typing import Final

from markupsafe import Markup, escape

from idp.model.page import Page
from idp.theming.frame import Frame

# Control characters, which no value of a page may hold, around the name of what is missing.
HIDDEN: Final = Markup("\x02hidden\x03")
_REFERENCE = "\x02reference\x03"
_HOLE = re.compile("\x02(hidden|reference)\x03")
_FRESH = {"user_id": ""}

Key = tuple[str, str, str, str, str, bool]


class Skeleton:
    """A rendered page without what differs from one answer to the next."""

    def __init__(self, html: str) -> None:
        self._parts = _HOLE.split(html)  # text, name of a hole, text, …

    def fill(self, hidden: Markup, reference: str) -> str:
        parts = self._parts.copy()
        values = {"hidden": str(hidden), "reference": str(escape(reference))}
        for at in range(1, len(parts), 2):
            parts[at] = values[parts[at]]
        return "".join(parts)


def skeleton_key(page: Page, frame: Frame) -> Key | None:
    """Return what a kept page depends on; None if it holds anything of a person."""
    is_fresh = page.name == "login" and page.view == _FRESH and not page.errors
    if not is_fresh or page.notice or frame.developer or frame.language_hidden:
        return None
    return (
        frame.locale,
        frame.action,
        frame.language_action,
        frame.client,
        frame.client_home,
        bool(frame.reference),
    )


def hollow(frame: Frame) -> Frame:
    """Return the frame with its reference taken out."""
    return replace(frame, hidden={}, reference=frame.reference and _REFERENCE)
