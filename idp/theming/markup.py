"""What the HTML and the pictures of a theme may not hold: what runs, and what leads elsewhere."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from typing_extensions import override

from idp.theming.refused import ThemeRefused

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_INK = re.compile(r"[^\n]")
_IDLE = re.compile(r"[\x00-\x20]")  # what a browser passes over in an address
_NEVER = {"applet", "base", "embed", "frame", "iframe", "object", "script"}
_RUNS = ("javascript:", "vbscript:", "data:text/html")
_FETCHED = {"src", "srcset", "poster", "background", "action", "formaction"}
_LINKS = {"href", "xlink:href"}
_FETCHING = {"link", "image", "use", "feimage"}  # of these, href is no link but a part of the page
_ELSEWHERE = re.compile(r"(?:https?:)?//|.*url\([\"']?(?:https?:)?//", re.IGNORECASE)

Attributes = list[tuple[str, str | None]]


def check_markup(path: Path, source: str) -> None:
    """Raise ThemeRefused, with every line, for what would run or lead a page elsewhere.

    A policy of the browser (docs/decisions/004-csp.md) forbids it anyway: here its author is told.
    """
    scan = _Scan(path)
    scan.feed(_JINJA.sub(lambda found: _INK.sub(" ", found[0]), source))
    scan.close()
    if scan.found:
        raise ThemeRefused.joined(scan.found)


class _Scan(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.found: list[ThemeRefused] = []

    @override
    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        line = self.getpos()[0]
        self.found += [ThemeRefused(self._path, line, what) for what in _wrong(tag, attrs)]


def _wrong(tag: str, attrs: Attributes) -> Iterator[str]:
    if tag in _NEVER:
        yield f"a theme has no <{tag}> of its own"
    for name, value in attrs:
        address = _IDLE.sub("", value or "")
        yield from (what for judge, what in _JUDGES if judge(tag, name, address.lower()))


def _is_handler(_tag: str, name: str, _address: str) -> bool:
    return re.fullmatch("on[a-z]+", name) is not None


def _is_run(_tag: str, _name: str, address: str) -> bool:
    return address.startswith(_RUNS)


def _is_elsewhere(tag: str, name: str, address: str) -> bool:
    is_part = name in _FETCHED or name == "style" or (name in _LINKS and tag in _FETCHING)
    return is_part and _ELSEWHERE.match(address) is not None


_JUDGES: tuple[tuple[Callable[[str, str, str], bool], str], ...] = (
    (_is_handler, "an attribute on…= runs a script, which a theme has not"),
    (_is_run, "an address like javascript: runs a script, which a theme has not"),
    (_is_elsewhere, "leads to another host: put the file into static/"),
)
