"""The style sheet, compiled with its tokens at load, since old browsers know no variables."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp.theming.refused import ThemeRefused, hinted, line_of
from idp.theming.tokens import Tokens

FIRST = ("style.css",)  # what the login page needs
SHEETS = (*FIRST, "later.css")

# Browsers end a line at each of these, and so do the lines that we tell.
_LINE_END = re.compile(r"\r\n?|\f")
# What stands in quotes or in url() is text, whatever it holds: patterns with this in front pass
# over it.
_QUOTED = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?i:\burl)\([^"'()\\\n]*\))"""
_TEXTS = re.compile(f"({_QUOTED})")
# A comment may run over lines and hold quotes; one that begins in quotes is none.
_COMMENT = re.compile(rf"{_QUOTED}|(/\*.*?\*/)", re.DOTALL)
# Editors begin a sheet with it; in a page it means nothing, and would be a torn rule.
_CHARSET = re.compile(r"""\s*@charset\s+(["'])([^"'\n]*)\1\s*;""", re.IGNORECASE)
_TOKEN = re.compile(rf"{_QUOTED}|\$([\w-]+)")
# What asks another address, which may stand in quotes, so this one looks into them.
_FETCH = re.compile(r"@import|image-set\(|url\((?!\s*[\"']?(?:data:|#))", re.IGNORECASE)
# A <style> ends here, in quotes as well; with blanks for the parser of markup.py, which would then
# judge another page than browsers show.
_END = re.compile(r"</\s*style", re.IGNORECASE)
# What opens, closes or ends something; a quote or comment that stands here is not closed.
_SIGN = re.compile(rf"{_QUOTED}|([][(){{}};\"'\\]|/\*)")
_CLOSED_BY: Final = {"(": ")", "[": "]", "{": "}"}
_DECLARATION = re.compile(rf"(?:{_QUOTED}|[^;])+")
_SIX_DIGITS = re.compile(r"#(\w)\1(\w)\2(\w)\3\b")  # #aabbcc, which #abc says as well


def compile_style(themes: tuple[Path, ...], tokens: Tokens, names: tuple[str, ...] = SHEETS) -> str:
    """Join the chain's style sheets of these names, base first, and put the tokens in.

    Rules that use a colour are repeated with the night's colours under `prefers-color-scheme`.
    Raise ThemeRefused with the place of what would spoil the sheets behind it.
    """
    files = (theme / name for theme in reversed(themes) for name in names)
    sheets = [_read(path) for path in files if path.is_file()]
    for sheet in sheets:
        _check_lines(sheet, {*tokens.sizes, *tokens.light})
    blocks = [block for sheet in sheets for block in _blocks(sheet)]
    for block in blocks:
        _check_block(block, tokens)
    source = "".join(sheet.text for sheet in sheets)
    light = _fill(source, {**tokens.sizes, **tokens.light})
    night = _fill(_coloured(blocks, tokens), {**tokens.sizes, **tokens.dark})
    return _minify(f"{light}@media (prefers-color-scheme:dark){{{night}}}")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A style sheet without its comments and its charset."""

    path: Path
    text: str

    def refused(self, at: int, what: str) -> ThemeRefused:
        """Return the refusal of what stands at a character of the text."""
        return ThemeRefused(self.path, self.text.count("\n", 0, at) + 1, what)


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands at the top of a style sheet: a rule, or something that begins with @."""

    sheet: _Sheet
    start: int
    opened: int  # where its brace stands
    closed: int

    @property
    def head(self) -> str:
        return self.sheet.text[self.start : self.opened].strip()

    @property
    def body(self) -> str:
        return self.sheet.text[self.opened + 1 : self.closed]


def _read(path: Path) -> _Sheet:
    try:  # a byte order mark would join the first selector
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ThemeRefused(path, line_of(error), "is not UTF-8") from error
    sheet = _Sheet(path, _COMMENT.sub(_blank, _LINE_END.sub("\n", text)))
    return _without_charset(sheet)


def _blank(found: re.Match[str]) -> str:
    """Keep what stands beside a comment apart, and on its line."""
    return " " + "\n" * found[1].count("\n") if found[1] else found[0]


def _without_charset(sheet: _Sheet) -> _Sheet:
    found = _CHARSET.match(sheet.text)
    if found is None:
        return sheet
    if found[2].lower() != "utf-8":
        raise sheet.refused(found.start(1), f"@charset is {found[2]}, but style sheets are UTF-8")
    return _Sheet(sheet.path, "\n" * found[0].count("\n") + sheet.text[found.end() :])


def _check_lines(sheet: _Sheet, known: set[str]) -> None:
    found = [
        ThemeRefused(sheet.path, number, what)
        for number, line in enumerate(sheet.text.split("\n"), 1)
        for what in _faults(line, known)
    ]
    if found:
        raise ThemeRefused.joined(found)


def _faults(line: str, known: set[str]) -> Iterator[str]:
    for name in sorted(_tokens_in(line) - known):
        yield hinted(f"no token {name!r}", name, known)
    if _FETCH.search(line):
        yield "a style sheet fetches nothing: url(data:…) is all that it may hold"
    if _END.search(line):
        yield "</style would end the style sheet in its page"
    # Outside of quotes it means nothing, and a token or the next line could make </style of it.
    elif "</" in _TEXTS.sub("", line):
        yield "</ may stand in quotes only"


def _tokens_in(css: str) -> set[str]:
    return {name for name in _TOKEN.findall(css) if name}


def _blocks(sheet: _Sheet) -> Iterator[_Block]:
    """Yield the blocks at the top of a sheet.

    Raise ThemeRefused at what is not closed or not opened: browsers skip what follows it, and
    what follows are other sheets and the night.
    """
    open_: list[re.Match[str]] = []
    end = 0
    for found in _SIGN.finditer(sheet.text):
        sign = found[1]
        last = open_[-1][1] if open_ else ""
        if sign in _CLOSED_BY:
            open_.append(found)
        elif sign and sign == _CLOSED_BY.get(last):
            opened = open_.pop().start()
            if sign == "}" and not open_:
                yield _Block(sheet, end, opened, found.start())
                end = found.end()
        elif sign and not (sign == ";" and last == "{"):
            raise _torn(sheet, found, open_)
    if open_:
        raise sheet.refused(open_[-1].start(), f"{open_[-1][1]} is not closed")
    if rest := sheet.text[end:].lstrip():
        raise sheet.refused(len(sheet.text) - len(rest), "what stands here has no braces")


def _torn(sheet: _Sheet, found: re.Match[str], open_: list[re.Match[str]]) -> ThemeRefused:
    sign = found[1]
    if sign == "\\":  # it would hide from us what a browser reads
        return sheet.refused(found.start(), f"{sign} may stand in quotes only")
    if sign not in {*_CLOSED_BY.values(), ";"}:
        return sheet.refused(found.start(), f"{sign} is not closed")
    if open_ and open_[-1][1] != "{":
        return sheet.refused(open_[-1].start(), f"{open_[-1][1]} is not closed")
    return sheet.refused(found.start(), f"{sign} ends nothing")


def _check_block(block: _Block, tokens: Tokens) -> None:
    """Refuse what the night could not repeat."""
    sheet = block.sheet
    for found in _SIGN.finditer(block.body):
        if found[1] == "{" and not block.head.startswith("@"):
            raise sheet.refused(block.opened + 1 + found.start(), "rules may not stand in a rule")
    if block.head.startswith("@"):
        for found in _TOKEN.finditer(sheet.text, block.start, block.closed):
            if found[1] in tokens.light:
                what = f"${found[1]} may not stand inside @: the night could not change it"
                raise sheet.refused(found.start(), what)


def _coloured(blocks: Sequence[_Block], tokens: Tokens) -> str:
    """Only the declarations that name a colour which the night changes."""
    changed = {name for name, value in tokens.light.items() if tokens.dark[name] != value}
    rules = []
    for block in blocks:
        declarations = _DECLARATION.findall(block.body)
        kept = [one for one in declarations if changed & _tokens_in(one)]
        if kept:
            rules.append(f"{block.head}{{{';'.join(kept)}}}")
    return "".join(rules)


def _fill(source: str, values: Mapping[str, str]) -> str:
    short = {name: _SIX_DIGITS.sub(r"#\1\2\3", value) for name, value in values.items()}
    return _TOKEN.sub(lambda found: short[found[1]] if found[1] else found[0], source)


def _minify(css: str) -> str:
    pieces = enumerate(_TEXTS.split(css))
    return "".join(piece if at % 2 else _squeezed(piece) for at, piece in pieces).strip()


def _squeezed(css: str) -> str:
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", css)  # not +, which calc() wants apart
    return re.sub(r":\s+", ":", css).replace(";}", "}")


def font_face(family: str, address: str) -> str:
    """Return the rule that fetches a font of a theme; a page never waits for it."""
    return (
        f'@font-face{{font-family:"{family}";src:url("{address}") format("woff2");'
        "font-display:optional}"
    )


def csp_hash(inline: str) -> str:
    """Return the source expression that allows exactly this inline text (CSP Level 3, 6.7.3.3)."""
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
