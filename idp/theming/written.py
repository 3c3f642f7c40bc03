"""The HTML that a template has written out: each thing of Jinja is a mark on its own line.

A mark tells only what the judges of `markup.py` must know: whether a plain name stands there,
something else of which nothing is known, or a choice between what is written around it.
"""

import re
from collections.abc import Iterable
from typing import Final

from jinja2 import Environment

# Blanks are taken away as in templates.py: what touches there touches here.
_LEXER: Final = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - renders nothing
_BLANK = {"whitespace", "comment_begin", "comment", "comment_end", "raw_begin", "raw_end"}

# -- things of Jinja, as they are without blanks --------------------------------------------------

_NAMED = re.compile(r"\{\{[\w.]+\}\}")  # the value of a name, and nothing made of it
_SILENT = re.compile(r"\{%(?:if|elif|else|endif|for|endfor|set)")  # shows nothing of its own
# {{ " checked" if … }} and {{ "checked" if … else "" }}: names without a value, since Jinja escapes
# quotes. No second `else`, bracket or filter: what is shown is one of the two, as it stands.
_NAME = r"""["'](| ?[a-z-]+)["']"""
_CHOSEN = re.compile(rf"\{{\{{{_NAME}if(?:(?!else)[^{{}}|()])+(?:else{_NAME})?\}}\}}")
# The macro of parts.html, called with calls at most one deep: say("userid.hint"). A parenthesis
# in a string would be taken for one of these.
_PLAIN = r"""[^()"'\\]|"[^()"\\]*"|'[^()'\\]*'"""
_CALLED = re.compile(rf"\{{\{{described\((?:{_PLAIN}|\((?:{_PLAIN})*\))*\)\}}\}}")

# -- marks, and what may stand between them -------------------------------------------------------

_VALUE, _CHOICE = "{{}}", "{%%}"
_DESCRIBED = "{{described}}"  # nothing else makes attributes
# A name is chosen as a whole or not at all. One with a quote in it, or the beginning of a tag, is
# no name: a quote or a tag before it was not closed.
_WHOLE = re.compile(r"(?:\{%%\})*[^{}<\"']*(?:\{%%\})*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_UNQUOTED = re.compile(r"=\s*[^\s\"]*\{")  # a value of Jinja's, where a blank in it would end it


def written(source: str) -> str:
    """Return a template with a mark for each thing of Jinja, every line where it was.

    A mark is `{{frame.action}}` for a plain value, `{{}}` for any other, `{%%}` for what chooses.
    Raise TemplateSyntaxError for what Jinja cannot read.
    """
    html, inside = "", ""
    for line, kind, text in _LEXER.lex(source):
        if kind == "data":
            html += _gap(html, text, line - 1 - html.count("\n")) + text
        elif kind in {"variable_begin", "block_begin"}:
            inside = text[:2]
        elif kind in {"variable_end", "block_end"}:
            html += _mark(inside + text.strip().lstrip("-+"))
        elif kind not in _BLANK:
            inside += text
    return html


def _gap(html: str, text: str, lines: int) -> str:
    """Return the lines that Jinja takes away, marked where a name could go on behind them."""
    ends_name = text[0].isspace() or text[0] == ">"
    touches = lines and html and not html[-1].isspace() and not ends_name
    return (_VALUE if touches else "") + "\n" * lines


def _mark(jinja: str) -> str:
    if _NAMED.fullmatch(jinja):
        return jinja
    if _CALLED.fullmatch(jinja):
        return _DESCRIBED
    if chosen := _CHOSEN.fullmatch(jinja):
        return _CHOICE + chosen[1] + _CHOICE + (chosen[2] or "") + _CHOICE
    return _CHOICE if _SILENT.match(jinja) else _VALUE


def is_put_together(names: Iterable[str], text: str) -> bool:
    """Answer whether Jinja makes a name of a tag of `written`, or a value without quotes.

    `names` are those of the tag and its attributes, `text` is the tag as it stands. A tag with a
    quote that is not closed counts as well: its names are pieces of what follows.
    """
    is_whole = all(name == _DESCRIBED or _WHOLE.fullmatch(name) for name in names)
    return not is_whole or _UNQUOTED.search(_QUOTED.sub('""', text)) is not None
