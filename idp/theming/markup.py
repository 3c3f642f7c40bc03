"""What the HTML and the pictures of a theme may not hold: what runs, and what leads elsewhere.

What a theme's author has written is judged, and what comes of it: in the one the values are not
known yet, in the other the branches that no state takes are missing.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from typing_extensions import override

from idp.theming.refused import ThemeRefused
from idp.theming.written import is_put_together, written

Kind: TypeAlias = Literal["picture", "page", "letter"]
Attributes: TypeAlias = list[tuple[str, str | None]]

_IDLE = re.compile(r"[\x00-\x20]")  # what a browser passes over in an address
_MARKS = re.compile(r"\{[{%][^}]*\}+")  # of `written`

# -- what no page and no letter has ---------------------------------------------------------------

_NEVER = {"applet", "base", "embed", "frame", "iframe", "object", "script"}
_RUNS = ("javascript:", "vbscript:", "data:text/html")
# They send a form otherwise, or bring a header or a page of their own: no value of them is right,
# so a template has not even the word, which a macro could put into a tag.
_NEEDLESS = ("formaction", "formenctype", "formmethod", "formtarget", "http-equiv", "srcdoc")
_WORDS = re.compile(rf"\b(?:{'|'.join(_NEEDLESS)})\b", re.IGNORECASE)
# Browsers and the parser below differ in where these begin or end. `<!-->` is good in
# `<!--[if !mso]><!-->`, by which a letter speaks to all mail programs but one.
_ODD_COMMENT = re.compile(
    r"(?<!<!--\[if !mso\]>)<!---?>|--\s+>|--!>|<!\[(?!if|endif)", re.IGNORECASE
)
_TAG_OF_JINJA = re.compile(r"<\{")  # to the parser below it is text
_OPENS = re.compile(r"<[a-z!/?]", re.IGNORECASE)
# In `<!--[if !mso]><!-- -->`: the end of the comment closes both.
_CONDITION = re.compile(r"\[if [^\]<>]*\]><!--\s*", re.IGNORECASE)

# -- what is fetched, and where forms go ----------------------------------------------------------

_FETCHED = {
    *("src", "srcset", "imagesrcset", "poster", "background", "action", "formaction"),
    *("ping", "data", "manifest"),
}
_FILES = {"src", "srcset", "poster"}  # of a page: in static/, or in the page itself
_LINKS = {"href", "xlink:href"}
_FETCHING = {"link", "image", "use", "feimage"}  # of these, href is no link but a part of the page
_ELSEWHERE = re.compile(r"https?:|[/\\]{2}|.*url\([\"']?(?:https?:|//)", re.IGNORECASE)
# `\\` would spell `url` in another way, `<` end the style.
_FETCHING_STYLE = re.compile(r"url\(|image\(|image-set\(|@import|[\\<]", re.IGNORECASE)
# Where the forms of our own pages are sent, written without blanks.
_SENT = {"{{frame.action}}", "{{frame.language_action}}", "{{view.uri}}", "{{view.check}}"}

# -- what an author is told -----------------------------------------------------------------------

_RULES = "browsers pass over a style of a page's own: rules belong into style.css"
_WRITTEN_OUT = (
    "names of tags and attributes are written out, or chosen by {% if … %} name{% endif %}; "
    "values stand in quotes, which are closed"
)
_NOT_CLOSED = "a tag or a comment is not closed: browsers would lose what follows"
_FETCHES = "a letter fetches nothing: whoever answers would know of the letter, or what it says"
_FORM = 'a form is sent elsewhere than our own are: write action="{{ frame.action }}"'
_NO_FORM = "this page sends no form: put it in {% if frame.action %}"
# `no-referrer` takes the origin from what forms send, and we refuse those; `unsafe-url` tells all.
_REFERRER = "who is told of a page is ours to say: a theme has no referrer policy of its own"


class Fault(NamedTuple):
    """What is wrong, the line, and what it is about: a value, or a whole tag."""

    line: int
    what: str
    about: str


def check_markup(path: Path, source: str, kind: Kind = "picture") -> None:
    """Raise ThemeRefused, with every line, for what would run or lead a page elsewhere.

    `source` is a template, except of a picture. A policy of the browser
    (docs/decisions/004-csp.md) forbids most of it on pages anyway, and their author is told here;
    nothing but this judges where a form is sent, and what a letter fetches.
    """
    if kind == "picture":
        found = _scan(source, kind).faults
    else:
        html = written(source)
        found = [*_scan(html, kind, is_source=True).faults, *_find_in_text(html)]
    if found:
        raise ThemeRefused.joined([ThemeRefused(path, one.line, one.what) for one in found])


def find_wrong(html: str, kind: Kind, original: str = "") -> list[str]:
    """Return what is wrong with a rendered page or letter and not with the original."""
    kept = {(one.what, one.about) for one in _scan(original, kind).faults}
    found = _scan(html, kind).faults
    return list(dict.fromkeys(one.what for one in found if (one.what, one.about) not in kept))


def links_of(letter: str) -> list[str]:
    """Return the addresses of the links of a rendered letter, and of all that it fetches."""
    return _scan(letter, "letter").addresses


def _find_in_text(html: str) -> Iterator[Fault]:
    """Yield what no template has, whatever stands around it."""
    for found in _WORDS.finditer(html):
        yield Fault(_line_of(found), _has_none(found[0]), "")
    for found in _ODD_COMMENT.finditer(html):
        yield Fault(_line_of(found), "a comment is <!-- … -->", "")
    for found in _TAG_OF_JINJA.finditer(html):
        yield Fault(_line_of(found), _WRITTEN_OUT, "")


def _line_of(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1


def _has_none(name: str) -> str:
    return f"a theme has no {name.lower()}"


def _scan(html: str, kind: Kind, *, is_source: bool = False) -> "_Scan":
    scan = _Scan(html, kind, is_source=is_source)
    try:
        scan.feed(html)
        scan.close()
    except AssertionError:  # the parser's word for a declaration that HTML has not
        scan.faults.append(Fault(scan.getpos()[0], "is no HTML", ""))
    return scan


class _Scan(HTMLParser):
    """Collects what is wrong, and every address, of a template, a page, a letter or a picture."""

    def __init__(self, html: str, kind: Kind, *, is_source: bool) -> None:
        super().__init__()
        self._lines = html.split("\n")
        self._kind, self._is_source = kind, is_source
        self.faults: list[Fault] = []
        self.addresses: list[str] = []

    def _fault(self, what: str, about: str) -> None:
        self.faults.append(Fault(self.getpos()[0], what, about))

    @override
    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        text = self.get_starttag_text() or ""
        if self._is_source and is_put_together((tag, *(name for name, _ in attrs)), text):
            self._fault(_WRITTEN_OUT, "")
        tag = self._bare(tag)
        if tag in _NEVER:
            self._fault(f"a theme has no <{tag}> of its own", text)
            return
        bare = [(self._bare(name), _IDLE.sub("", value or "")) for name, value in attrs]
        if tag == "form" and self._kind != "picture":
            self._judge_form([value for name, value in bare if name == "action"])
            bare = [one for one in bare if one[0] != "action"]
        for name, address in bare:
            self._judge_attribute(tag, name, address)

    def _bare(self, name: str) -> str:
        return _MARKS.sub("", name) if self._is_source else name

    def _judge_form(self, actions: list[str]) -> None:
        if self._kind == "letter":
            self._fault("a letter has no form", "")
        elif not self._is_source:
            action = actions[0] if actions else ""  # of two alike, browsers take the first
            self._fault(_FORM if action else _NO_FORM, action)
        elif not actions or not _SENT.issuperset(actions):  # the first may be chosen by an `if`
            self._fault(_FORM, "")

    def _judge_attribute(self, tag: str, name: str, address: str) -> None:
        if name in _LINKS or name in _FETCHED:
            self.addresses.append(address)
        # Of a template, `_find_in_text` tells of these.
        if name in _NEEDLESS and self._kind != "picture" and not self._is_source:
            self._fault(_has_none(name), address)
        found = list(_wrong(self._kind, tag, name, address.lower()))
        if not found and self._kind == "page" and self._is_source and name in _FILES:
            found += _lost_file(name, address)
        for what in found:
            self._fault(what, address)

    @override
    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self._judge_style(data)
        elif not self.cdata_elem and self._kind != "picture" and self._stands_open():
            self._fault(_NOT_CLOSED, data)

    def _judge_style(self, style: str) -> None:
        if self._kind == "page" and self._is_source and _MARKS.sub("", style).strip():
            self._fault(_RULES, "")
        if self._kind == "letter" and _FETCHING_STYLE.search(style):
            self._fault(_FETCHES, "")

    def _stands_open(self) -> bool:
        """Answer whether a tag or a comment begins here: to the parser it is text without an end.

        The text itself does not tell: there, `&lt;` has become `<`.
        """
        line, column = self.getpos()
        return _OPENS.match(self._lines[line - 1], column) is not None

    @override
    def handle_comment(self, data: str) -> None:
        """Judge a comment as well: for some mail programs it is none."""
        if self._kind == "picture" or _CONDITION.fullmatch(data):
            return
        above = self.getpos()[0] - 1
        # What the end of the comment cuts, like `<![endif]`, is closed.
        inside = _scan(f"{data}>", self._kind, is_source=self._is_source).faults
        self.faults += [one._replace(line=one.line + above) for one in inside]

    @override
    def close(self) -> None:
        super().close()
        if self.cdata_elem and self._kind != "picture":
            self._fault(_NOT_CLOSED, self.cdata_elem)


def _lost_file(name: str, address: str) -> Iterator[str]:
    """Yield what to write for an address that leads to no file of the theme: only we know it."""
    if not (_MARKS.search(address) or address.lower().startswith("data:")):
        file = "…" if name == "srcset" else address.rpartition("/")[2]
        yield f'write {name}="{{{{ static("{file}") }}}}"'


def _wrong(kind: Kind, tag: str, name: str, address: str) -> Iterator[str]:
    """Yield what is wrong with an attribute, whose value has no blanks and no capitals."""
    if re.fullmatch("on[a-z]+", name):
        yield "an attribute on…= runs a script, which a theme has not"
    if address.startswith(_RUNS):
        yield "an address like javascript: runs a script, which a theme has not"
    is_part = name in _FETCHED or (name in _LINKS and tag in _FETCHING)
    if kind == "letter":
        if is_part or (name == "style" and _FETCHING_STYLE.search(address)):
            yield _FETCHES
    elif (is_part or name == "style") and _ELSEWHERE.match(address):
        yield "leads to another host: put the file into static/"
    if kind == "page" and (name == "style" or (name == "rel" and "stylesheet" in address)):
        yield _RULES
    is_meta = (tag, name, address) == ("meta", "name", "referrer")
    if kind == "page" and (is_meta or name == "referrerpolicy"):
        yield _REFERRER
