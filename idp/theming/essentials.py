"""What a page works by, whatever a theme makes of it: its forms, one heading, its main part."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import NamedTuple

from typing_extensions import override

# Whatever the parser below looks at, or would pass over: pages alike in it need no parsing.
_TOLD = re.compile(
    r"<!--|-->|</?(?:form|input|button|select|textarea|h1|main|template|title|script|style"
    r'|noscript|xmp|iframe)\b[^>]*>|\sid="main"'
)
_CONTROLS = {"input", "button", "select", "textarea"}
_FIXED = {"hidden", "checkbox", "radio", "submit"}  # inputs whose value is ours, not a person's
_LANGUAGE = "language"


class Need(NamedTuple):
    """One thing that the server or a reader counts on."""

    kind: str  # form, hidden, button, field, h1, main
    name: str = ""
    value: str = ""
    form: str = ""  # method and address of the form that it is in

    @property
    def told(self) -> str:
        """Return it as a part of a sentence."""
        if self.kind in {"h1", "main"}:
            return {"h1": "its one <h1>", "main": 'its id="main"'}[self.kind]
        if self.kind == "form":
            return f"the form “{self.form}”"
        value = f"={self.value}" if self.kind == "button" and self.value else ""
        return f"the {self.kind.replace('hidden', 'hidden field')} {self.name}{value}".strip()


def find_lost(html: str, original: str) -> list[Need]:
    """Return what the original page works by and this one has not."""
    if _TOLD.findall(html) == _TOLD.findall(original):
        return []
    needed, found = _read(original), _read(html)
    lost = sorted(needed.needs - found.needs)
    return lost if found.headings == needed.headings else [Need("h1"), *lost]


def block_of(lost: list[Need]) -> str:
    """Return the block in which all this is to be looked for."""
    if any(need.kind == "main" for need in lost):
        return ""
    switches = {need.form for need in lost if need.name == _LANGUAGE}
    return _LANGUAGE if all(need.form in switches for need in lost) else "main"


class _Needs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.needs: Counter[Need] = Counter()  # two forms may be sent to one address
        self.headings = 0
        self._form = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.headings += tag == "h1"
        if values.get("id") == "main":
            self.needs[Need("main")] += 1
        if tag == "form":
            self._form = f"{values.get('method', 'get').lower()} {values.get('action', '')}"
            self.needs[Need("form", form=self._form)] += 1
        elif tag in _CONTROLS:
            self.needs[self._control(tag, values)] += 1

    def _control(self, tag: str, values: dict[str, str]) -> Need:
        kind = values.get("type", "")
        is_ours = tag == "button" or kind in _FIXED
        name = {"hidden": "hidden", "submit": "button"}.get(kind, tag)
        return Need(
            name if name in {"hidden", "button"} else "field",
            values.get("name", ""),
            values.get("value", "") if is_ours else "",
            self._form,
        )

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""


def _read(html: str) -> _Needs:
    needs = _Needs()
    needs.feed(html)
    needs.close()
    return needs
