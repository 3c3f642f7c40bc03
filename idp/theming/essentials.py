"""What a page works by, whatever a theme makes of it: its forms, one heading, its main part."""

from collections import Counter
from collections.abc import Collection
from html.parser import HTMLParser
from typing import NamedTuple

from typing_extensions import override

# Inside these nothing works, or nothing is seen: they are text, or wait to be opened or copied.
_BURIES = {
    *("audio", "canvas", "details", "dialog", "iframe", "math", "noembed", "noframes", "noscript"),
    *("object", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title"),
    *("video", "xmp"),
}
_OFF = {"disabled", "hidden", "inert"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
_CONTROLS = {"input", "button", "select", "textarea"}
_FIXED = {"hidden", "checkbox", "radio", "submit"}  # inputs whose value is ours, not a person's
# What decides how a form is sent, and what can be put into a field.
_HOW = {"accept-charset", "enctype", "form", "maxlength", "readonly", "rel", "target", "type"}
_USUAL = {
    "form": {"enctype": "application/x-www-form-urlencoded"},
    "input": {"type": "text"},
    "button": {"type": "submit"},
}
_LANGUAGE = "language"


class Need(NamedTuple):
    """One thing that the server or a reader counts on."""

    kind: str  # form, hidden, button, field, h1, main
    name: str = ""
    value: str = ""
    form: str = ""  # method and address of the form that it is in
    how: str = ""  # the attributes that decide how it works

    @property
    def told(self) -> str:
        """Return it as a part of a sentence."""
        if self.kind in {"h1", "main"}:
            return {"h1": "its one <h1>", "main": 'its id="main"'}[self.kind]
        if self.kind == "form":
            return f"the form “{self.form}”{self._with}"
        value = f"={self.value}" if self.kind == "button" and self.value else ""
        kind = self.kind.replace("hidden", "hidden field")
        return f"the {kind} {self.name}{value}".strip() + self._with

    @property
    def _with(self) -> str:
        return f" with {self.how}" if self.how else ""


def find_lost(html: str, original: str) -> list[Need]:
    """Return what the original page works by and this one has not.

    `how` of what is lost is empty, except where only that differs. What a tag or a comment hides
    that is never closed is not missed here: `markup.find_wrong` tells of it.
    """
    needed, found = _read(original), _read(html)
    lost = sorted(_told_shortly(need, +found.needs) for need in needed.needs - found.needs)
    return lost if found.headings == needed.headings else [Need("h1"), *lost]


def _told_shortly(lost: Need, found: Collection[Need]) -> Need:
    bare = lost._replace(how="")
    is_changed = lost not in found and any(need._replace(how="") == bare for need in found)
    return lost if is_changed else bare


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
        self._buried: list[str] = []  # what buries all that follows, and its like inside it

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}  # the first one counts
        is_off = not values.keys().isdisjoint(_OFF)
        is_there = not self._buried and not is_off
        if tag == "form" and not self._form:  # a form inside a form is none
            self._form = f"{values.get('method', 'get').lower()} {values.get('action', '')}"
            self.needs[Need("form", form=self._form, how=_how(tag, values))] += is_there
        if is_there:
            self._count(tag, values)
        if tag in self._buried[:1] or (not self._buried and (tag in _BURIES or is_off)):
            self._buried += [tag] if tag not in _VOID else []

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over the slash, as browsers do: `<div hidden/>` is not closed by it."""
        self.handle_starttag(tag, attrs)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in self._buried[:1] and tag != "plaintext":
            self._buried.pop()
        if tag == "form":
            self._form = ""

    def _count(self, tag: str, values: dict[str, str]) -> None:
        self.headings += tag == "h1"
        if values.get("id") == "main":
            self.needs[Need("main")] += 1
        if tag in _CONTROLS:
            self.needs[self._control(tag, values)] += 1

    def _control(self, tag: str, values: dict[str, str]) -> Need:
        kind = values.get("type", "").lower()
        is_ours = tag == "button" or kind in _FIXED
        name = {"hidden": "hidden", "submit": "button"}.get(kind, tag)
        return Need(
            name if name in {"hidden", "button"} else "field",
            values.get("name", ""),
            values.get("value", "") if is_ours else "",
            self._form,
            _how(tag, values),
        )


def _how(tag: str, values: dict[str, str]) -> str:
    told = {**_USUAL.get(tag, {}), **values}
    return " ".join(f"{name}={told[name].lower()}" for name in sorted(_HOW & told.keys()))


def _read(html: str) -> _Needs:
    needs = _Needs()
    needs.feed(html)
    needs.close()
    return needs
