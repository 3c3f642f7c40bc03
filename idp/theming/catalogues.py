"""Sentences: gettext catalogues whose msgid is our key, with strictly checked `{fact}`s."""

import gettext
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Any, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as PoMessage
from babel.messages.pofile import PoFileError, PoFileParser
from markupsafe import Markup, escape
from typing_extensions import override

from idp.model.page import Facts, Message
from idp.theming.digits import bengali_digits
from idp.theming.pseudo import Part, stretch
from idp.theming.refused import ThemeRefused, WordsMissing, collect, hinted, line_of

_COUNTS = ("n", "s")  # facts that a plural form may depend on
_BRAND = "brand"  # the sentence that is a theme's name
_UTF_8 = {"utf-8", "utf8"}
_DATES = re.compile(r"^(?:POT-Creation|PO-Revision)-Date:.*\n?", re.MULTILINE | re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-z]")
_BENGALI = re.compile(r"[\u0980-\u09ff]")
# Words of the other language within a sentence: an address, a name, a range of letters.
_LATIN_WORDS = re.compile(r"([A-Za-z](?:[\w@./:+–-]*[A-Za-z0-9])?)", re.ASCII)

# A line that holds a text, but not one in quotes.
_OPEN = re.compile(r'\s*(?:msg\w+(?:\[\d+\])?\s*)?"(?!(?:[^"\\]|\\.)*"\s*$)')

Fact = str | int | tuple[Message, ...]
Show = Callable[[Fact], str]


_Said: TypeAlias = "tuple[dict[str, Sentence], Callable[[int], int], list[ThemeRefused]]"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One entry: its plural forms (most have one), cut at their placeholders."""

    forms: tuple[tuple[Part, ...], ...]
    names: frozenset[str]
    line: int


class Catalogue:
    """All sentences of one language, after every theme of the chain has had its say."""

    def __init__(
        self, locale: str, sentences: Mapping[str, Sentence], plural: Callable[[int], int]
    ) -> None:
        self.locale = locale
        self._sentences = dict(sentences)
        self._plural = plural
        self._still = {
            key: Markup("".join(self._worded(words) for words, _ in sentence.forms[0]))  # noqa: S704 - escaped there
            for key, sentence in sentences.items()
            if not sentence.names
        }

    def __contains__(self, key: object) -> bool:
        return key in self._sentences

    def stretched(self) -> "Catalogue":
        """Return the same sentences bracketed and 40 % longer: a language to try pages with."""
        longer = {
            key: replace(s, forms=tuple(stretch(form, self.locale) for form in s.forms))
            for key, s in self._sentences.items()
        }
        return Catalogue(self.locale, longer, self._plural)

    def names(self, key: str) -> frozenset[str]:
        """Return the facts that a sentence needs."""
        return self._sentence(key).names

    def plain(self, key: str, facts: Facts) -> str:
        """Say a sentence as plain text. Raise WordsMissing for an unknown key or a missing fact."""
        return self._fill(key, facts, str, self._figure)

    def html(self, key: str, facts: Facts) -> Markup:
        """Say a sentence as HTML: facts are escaped, foreign ones marked with their language."""
        still = self._still.get(key)
        if still is not None:
            return still
        return Markup(self._fill(key, facts, self._worded, self._span))  # noqa: S704 - escaped part by part

    def _sentence(self, key: str) -> Sentence:
        try:
            return self._sentences[key]
        except KeyError:
            raise WordsMissing(f"no sentence {key!r} in {self.locale}") from None

    def _fill(self, key: str, facts: Facts, words: Callable[[str], str], show: Show) -> str:
        sentence = self._sentence(key)
        missing = sentence.names - facts.keys()
        if missing:
            raise WordsMissing(f"{key!r} needs {', '.join(sorted(missing))}")
        return "".join(
            words(literal) + (show(facts[name]) if name else "")
            for literal, name in self._form(sentence, facts)
        )

    def _form(self, sentence: Sentence, facts: Facts) -> tuple[Part, ...]:
        if len(sentence.forms) == 1:
            return sentence.forms[0]
        count = next(facts[name] for name in _COUNTS if name in sentence.names)
        number = len(count) if isinstance(count, tuple) else int(count)
        return sentence.forms[self._plural(number)]

    def _figure(self, value: Fact) -> str:
        """Write a count in the language's digits; what somebody typed stays as typed."""
        if isinstance(value, tuple):
            return ", ".join(self.plain(item.key, item.facts) for item in value)
        if isinstance(value, int) and self.locale == "bn":
            return bengali_digits(value)
        return str(value)

    def _worded(self, literal: str) -> str:
        """Return words of ours as HTML, foreign ones among them marked (WCAG 3.1.2).

        A sentence that is foreign as a whole is marked by the element that it stands in.
        """
        if self.locale != "bn" or not _BENGALI.search(literal):
            return _escaped(literal)
        pieces = enumerate(map(_escaped, _LATIN_WORDS.split(literal)))
        return "".join(f'<span lang="en">{text}</span>' if at % 2 else text for at, text in pieces)

    def _span(self, value: Fact) -> str:
        if isinstance(value, tuple):
            return ", ".join(self.html(item.key, item.facts) for item in value)
        shown = _escaped(self._figure(value))
        foreign = self.foreign(shown)
        return f'<span lang="{foreign}">{shown}</span>' if foreign else shown

    def foreign(self, text: str) -> str:
        """Return the language of a text that is not in ours, or "" (WCAG 3.1.2)."""
        if self.locale == "bn" and _LATIN.search(text) and not _BENGALI.search(text):
            return "en"
        if self.locale != "bn" and _BENGALI.search(text):
            return "bn"
        return ""


def _escaped(text: str) -> str:
    return str(escape(text))  # plain again: Markup would escape what is joined to it


def words_file(theme: Path, locale: str) -> Path:
    """Return where a theme says its own sentences of a language, if it has any."""
    return theme / "locale" / locale / "LC_MESSAGES/messages.po"


def own_sentences(theme: Path, locale: str) -> dict[str, Sentence]:
    """Return the sentences that a theme says itself, by key. Raise ThemeRefused."""
    path = words_file(theme, locale)
    if not path.is_file():
        return {}
    sentences, _, found = _read(path, locale)
    if found:
        raise ThemeRefused.joined(found)
    return sentences


def load_catalogue(themes: tuple[Path, ...], locale: str, names: Sequence[str] = ()) -> Catalogue:
    """Read one language of a chain of themes, ours first, the base last.

    `names`, one a theme or "", each replace the parent's name in every sentence that says it.
    Raise ThemeRefused if a file cannot be read, or an overlay has a key or fact the base has not.
    """
    *overlays, base = (words_file(theme, locale) for theme in themes)
    if not base.is_file():
        raise ThemeRefused(base, 1, f"the base theme has no words for {locale}")
    sentences, plural, found = _read(base, locale)
    for level, path in reversed(tuple(enumerate(overlays))):
        if names and names[level]:
            sentences = _renamed(sentences, names[level])
        if path.is_file():
            said, _, wrong = _read(path, locale)
            overrides = (
                partial(_check_override, path, key, sentence, sentences)
                for key, sentence in said.items()
            )
            found += [*wrong, *collect(overrides)]
            sentences.update(said)
    if found:
        raise ThemeRefused.joined(found)
    return Catalogue(locale, sentences, plural)


def _renamed(sentences: Mapping[str, Sentence], name: str) -> dict[str, Sentence]:
    """Return the sentences with another name wherever they say the present one."""
    present = sentences[_BRAND].forms[0][0][0]
    return {
        key: replace(
            sentence,
            forms=tuple(
                tuple((words.replace(present, name), fact) for words, fact in form)
                for form in sentence.forms
            ),
        )
        for key, sentence in sentences.items()
    }


def _check_override(
    path: Path, key: str, sentence: Sentence, sentences: Mapping[str, Sentence]
) -> None:
    if key not in sentences:
        what = hinted(f"the base theme has no sentence {key!r}", key, sentences)
        raise ThemeRefused(path, sentence.line, what)
    if key == _BRAND:  # the others, which say it too, would keep the parent's
        what = f"{key!r} is the theme's name: say it by `name` in theme.toml"
        raise ThemeRefused(path, sentence.line, what)
    if strange := sentence.names - sentences[key].names:
        raise ThemeRefused(
            path, sentence.line, f"{key!r} is given no fact {', '.join(sorted(strange))}"
        )


def _read(path: Path, locale: str) -> _Said:
    """Return the sentences of a file, how it counts, and which sentences are wrong."""
    catalog, count = _parse(path, locale)
    sentences: dict[str, Sentence] = {}
    found: list[ThemeRefused] = []
    for entry in catalog:
        if entry.id:
            try:
                sentences[_key(entry)] = _sentence(path, entry)
            except ThemeRefused as refused:
                found += refused.all
    return sentences, count, found


class _Undated(Catalog):
    """Entries of a file whose dates are left out: Babel refuses those that nobody filled in."""

    @override
    def __setitem__(self, key: Any, message: PoMessage) -> None:
        if key == "":  # the header
            message.string = _DATES.sub("", str(message.string))
        super().__setitem__(key, message)


def _parse(path: Path, locale: str) -> tuple[Catalog, Callable[[int], int]]:
    """Return the entries of a file, and how it counts. Raise ThemeRefused with the place."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ThemeRefused(path, line_of(error), "not UTF-8") from error
    _check_quotes(path, text)
    catalog = _Undated(locale=locale)
    parser = PoFileParser(catalog, abort_invalid=True)
    try:
        parser.parse(io.StringIO(text))
    except PoFileError as error:
        what = str(error).removesuffix(f" on {error.lineno}")  # which counts from 0
        raise ThemeRefused(path, error.lineno + 1, what) from error
    except ValueError as error:  # of a header, or of `msgstr[x]`
        raise ThemeRefused(path, parser.offset + 1, f"cannot be read: {error}") from error
    if catalog.charset not in _UTF_8:
        what = f"charset={catalog.charset}, but words are UTF-8"
        raise ThemeRefused(path, _line_with("charset=", text), what)
    try:
        return catalog, gettext.c2py(catalog.plural_expr)
    except ValueError as error:
        raise ThemeRefused(path, _line_with("Plural-Forms:", text), str(error)) from error


def _line_with(words: str, text: str) -> int:
    return text.partition(words)[0].count("\n") + 1 if words in text else 1


def _check_quotes(path: Path, text: str) -> None:
    """Refuse texts whose quotes do not close: gettext's reader would cut off their last letter."""
    lines = enumerate(text.splitlines(), 1)
    what = "the quotes of this line do not close, or something stands behind them"
    open_ = [ThemeRefused(path, number, what) for number, line in lines if _OPEN.match(line)]
    if open_:
        raise ThemeRefused.joined(open_)


def _key(entry: PoMessage) -> str:
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def _sentence(path: Path, entry: PoMessage) -> Sentence:
    line = entry.lineno or 1
    texts = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
    if not texts or not all(texts):
        raise ThemeRefused(path, line, f"{_key(entry)!r} is empty")
    if any("<" in text for text in texts):
        raise ThemeRefused(path, line, f"{_key(entry)!r} holds a <: a sentence is text, not HTML")
    forms = tuple(_cut(path, line, text) for text in texts)
    names = frozenset(name for form in forms for _, name in form if name)
    if len(forms) > 1 and not names.intersection(_COUNTS):
        raise ThemeRefused(path, line, f"{_key(entry)!r} has plural forms but no count")
    return Sentence(forms, names, line)


def _cut(path: Path, line: int, text: str) -> tuple[Part, ...]:
    """Cut a text at its placeholders. Only `{name}` is one: `{a.b}` would reach into objects."""
    try:
        pieces = list(Formatter().parse(text))
    except ValueError as error:
        raise ThemeRefused(path, line, f"{error}: {text!r}") from error
    for _, name, form, conversion in pieces:
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ThemeRefused(path, line, f"only {{name}} may stand in braces: {text!r}")
    parts: list[Part] = []
    for literal, name, _, _ in pieces:
        # What ends in {{ or }} is a piece of its own: only a fact may end a part.
        before = parts.pop()[0] if parts and parts[-1][1] is None else ""
        parts.append((before + literal, name))
    return tuple(parts)
