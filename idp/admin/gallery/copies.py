"""Copies of a page for looking at: by day or night, in forced colours; and what a page weighs."""

import gzip
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_FORCED = re.compile(r"\(\s*forced-colors\s*:\s*active\s*\)")
_META = re.compile(r'(<meta name="color-scheme" content=")[^"]*(")')
_PROPERTY = re.compile(r"(\bcolor-scheme:\s*)light dark\b")
_POSTS_ITSELF = re.compile(r"<script>[^<]*</script>")  # the one inline script there is
_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')]+)")
_ALWAYS, _NEVER = "(min-width:0)", "(max-width:0)"
_LEVEL = 6  # of gzip, as nginx and the weight table of docs/pages.md have it

# What Windows' "Night sky" does to a page, as far as a style sheet can say it.
_CONTRAST: Final = """\
<style>*{color:#fff!important;background:#000!important;border-color:#fff!important;\
box-shadow:none!important;text-shadow:none!important}\
a,a *{color:#ff0!important}button,button *,[type=submit]{color:#0ff!important;\
border-color:#0ff!important}:disabled{color:#0f0!important}\
:focus{outline-color:#0ff!important}</style>"""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a page costs on the line."""

    bytes: int
    gzip: int  # bytes after gzip -6
    requests: int  # the page's own included

    def facts(self) -> dict[str, int]:
        return {"bytes": self.bytes, "gzip": self.gzip, "requests": self.requests}


def weigh(html: str) -> Weight:
    """Weigh a page."""
    octets = html.encode()
    compressed = gzip.compress(octets, _LEVEL, mtime=0)
    return Weight(len(octets), len(compressed), 1 + len(fetched_by(html)))


def fetched_by(html: str) -> frozenset[str]:
    """Return the addresses that a browser fetches for a page by itself; `data:` needs none."""
    found = _Fetched()
    found.feed(html)
    found.close()
    wanted = {*found.addresses, *_ADDRESS.findall(html)}
    return frozenset(one for one in wanted if one and not one.startswith(("data:", "#")))


class _Fetched(HTMLParser):
    """Collects what a page links as its own parts."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.addresses.add(values.get("src") or "")
        if tag == "link" and values.get("rel") != "canonical":
            self.addresses.add(values.get("href") or "")


def that_stays(html: str) -> str:
    """Return a copy that stays where it is: the page form_post posts itself to its client."""
    return _POSTS_ITSELF.sub("", html)


def in_scheme(html: str, scheme: str) -> str:
    """Return a copy that is as at `light` or `dark`, whatever the browser prefers."""

    def decide(found: re.Match[str]) -> str:
        return _ALWAYS if found[1] == scheme else _NEVER

    told = _META.sub(rf"\g<1>{scheme}\2", _SCHEME.sub(decide, html))
    return _PROPERTY.sub(rf"\g<1>{scheme}", told)


def in_forced_colours(html: str) -> str:
    """Return a copy that shows nearly what a forced palette leaves of a page.

    Nearly: a real one also repaints pictures' backplates and form controls by itself.
    """
    told = _FORCED.sub(_ALWAYS, html)
    head, end, rest = told.partition("</head>")
    return f"{head}{_CONTRAST}{end}{rest}" if end else _CONTRAST + told
