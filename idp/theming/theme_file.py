"""`theme.toml`: what a theme may say of itself, judged as strictly as the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationError

from idp.settings.diagnostics import Finding, KeyPath, Mistake
from idp.settings.documents import Document, read_document
from idp.settings.explain import explain
from idp.settings.values import Section, Text, ThemeName, matching
from idp.theming.refused import ThemeRefused

THEME_FILE = "theme.toml"
LETTERS = r"\w\u0980-\u09ff"  # of a pattern: \w alone has no vowel signs of Bengali
_LONGEST_LINE = 200  # characters of a footer; a name is much shorter

HelpRow: TypeAlias = Literal["manual", "ticket", "domain_form", "phones", "email"]
HELP_ROWS: tuple[HelpRow, ...] = ("manual", "ticket", "domain_form", "phones", "email")


def _check_line(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_LINE:
        raise ValueError(f"must be one line of 1 to {_LONGEST_LINE} characters")
    return text


def _check_once(rows: Sequence[str]) -> Sequence[str]:
    if len(set(rows)) < len(rows):
        raise ValueError("must name each row once")
    return rows


Language: TypeAlias = Annotated[str, matching(r"[a-z]{2,3}", 'a language like "bn"')]
Line: TypeAlias = Annotated[Text, AfterValidator(_check_line)]
FileName: TypeAlias = Annotated[
    Text, matching(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a file in static/")
]
Family: TypeAlias = Annotated[
    Text, matching(rf"[{LETTERS}][{LETTERS} -]{{0,60}}", "the name of a font")
]
Rows: TypeAlias = Annotated[tuple[HelpRow, ...], AfterValidator(_check_once)]


class Fonts(Section):
    """The faces of all text."""

    families: Annotated[tuple[Family, ...], Field(min_length=1)] = Field(
        description="Names of fonts, the first one that a machine has is used; "
        '"sans-serif" comes last.',
        examples=[["Noto Sans Bengali", "sans-serif"]],
    )
    file: FileName | None = Field(
        default=None,
        description="A woff2 file in static/ that is the first of them; whoever has not got it at "
        "once reads on in the next one.",
        examples=["noto-sans-bengali.woff2"],
    )


class TokenTables(Section):
    """What the style sheet calls by name."""

    sizes: dict[str, Text] = Field(default={}, description="Sizes, and the list of fonts.")
    light: dict[str, Text] = Field(default={}, description="Colours by day.")
    dark: dict[str, Text] = Field(default={}, description="Colours by night.")


class ThemeFile(Section):
    """The keys of `theme.toml`; what is left out is the parent's."""

    parent: ThemeName | None = Field(
        default=None,
        description="The theme that this one changes. Left out: the installation's own theme "
        "(`theme.name`); of that one, base.",
        examples=["portal"],
    )
    name: dict[Language, Line] = Field(
        default={},
        description="Who speaks, by language: it replaces the parent's name in every sentence "
        "that says it.",
        examples=[{"bn": "অর্থ মন্ত্রণালয়", "en": "Ministry of Finance"}],
    )
    logo: FileName | None = Field(
        default=None,
        description="A picture in static/, shown before the name; up to 1 KiB it travels in the "
        "page itself.",
        examples=["logo.svg"],
    )
    footer: dict[Language, Line] = Field(
        default={},
        description="One line at the foot of every page, by language.",
        examples=[{"bn": "অর্থ বিভাগ, বাংলাদেশ সচিবালয়", "en": "Finance Division"}],
    )
    fonts: Fonts | None = Field(default=None, description="The fonts of all text.")
    sidebar: Rows | None = Field(
        default=None,
        description="Which rows of help stand beside a page, in which order.",
        examples=[["phones", "email"]],
    )
    tokens: TokenTables = Field(default=TokenTables(), description="Colours and sizes.")


@dataclass(frozen=True, slots=True)
class Declared:
    """One theme's file, with the place of everything that it says."""

    path: Path
    file: ThemeFile
    document: Document = field(repr=False)

    @property
    def folder(self) -> Path:
        return self.path.parent

    def refused(self, path: KeyPath, what: str) -> ThemeRefused:
        """Return the refusal of a key, at its place or that of the table around it."""
        return ThemeRefused(self.path, self.document.lines.place_of(path).line, what)


def read_theme_file(folder: Path) -> Declared:
    """Read the `theme.toml` of a theme. Raise ThemeRefused with every mistake."""
    path = folder / THEME_FILE
    document, tables = _read(path)
    try:
        return Declared(path, ThemeFile.model_validate(tables), document)
    except ValidationError as error:
        found = _mistakes(document, list(explain(error, ThemeFile)))
        raise ThemeRefused.joined([_refusal(path, mistake) for mistake in found]) from error


def read_what_is_right(folder: Path) -> Declared:
    """Read a `theme.toml` without its wrong keys: what else is wrong with a theme is judged so.

    Raise ThemeRefused if it is no TOML.
    """
    path = folder / THEME_FILE
    document, tables = _read(path)
    try:
        file = ThemeFile.model_validate(tables)
    except ValidationError as error:
        wrong = {finding.path[0] for finding in explain(error, ThemeFile)}
        file = ThemeFile.model_validate({k: v for k, v in tables.items() if k not in wrong})
    return Declared(path, file, document)


def _read(path: Path) -> tuple[Document, dict[str, object]]:
    document = read_document(path)
    if isinstance(document, Mistake):
        raise _refusal(path, document)
    return document, {key: _frozen(value) for key, value in document.tables.items()}


def _mistakes(document: Document, found: Sequence[Finding]) -> list[Mistake]:
    """Return the mistakes in their order; a list with a wrong element is not told to be empty."""
    outer = {finding.path[:-1] for finding in found}
    return sorted(document.locate(finding) for finding in found if finding.path not in outer)


def _frozen(value: object) -> object:
    """Return lists as tuples, which a strict model wants."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return value


def _refusal(path: Path, mistake: Mistake) -> ThemeRefused:
    hint = f". {mistake.hint}" if mistake.hint else ""
    subject = f"{mistake.path} " if mistake.path else ""
    return ThemeRefused(path, mistake.line or 1, f"{subject}{mistake.message}{hint}")
