"""A page as a browser and a person meet it: read by html.parser, which forgives nothing here."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from typing_extensions import override

_VOID = {"meta", "link", "input", "br", "img", "hr"}
_BLOCKS = {"p", "div", "form", "ul", "dl", "section", "h1", "h2", "details", "main", "aside"}
_SILENT = {"style", "script"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    lang: str
    text: str = ""  # its own and its children's


@dataclass
class Reader(HTMLParser):
    """Collects elements, and text by its language; a wrong nesting is an AssertionError."""

    elements: list[Element] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)  # (language, text)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), f"an attribute twice in <{tag}>"
        in_paragraph = any(element.tag == "p" for element in self.open)
        assert not (in_paragraph and tag in _BLOCKS), f"<{tag}> inside <p>"
        lang = attributes.get("lang") or (self.open[-1].lang if self.open else "")
        element = Element(tag, attributes, lang)
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    @override
    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if self.open and self.open[-1].tag not in _SILENT and data.strip():
            self.said.append((self.open[-1].lang, " ".join(data.split())))

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = attributes.items()
        return [e for e in self.elements if e.tag == tag and wanted <= e.attributes.items()]

    def has(self, tag: str, **attributes: str) -> bool:
        return bool(self.all(tag, **attributes))

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    @property
    def body(self) -> str:
        return " ".join(self.one("body").text.split())


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, f"never closed: {[element.tag for element in reader.open]}"
    return reader
