"""Themes are loaded: found, compiled, tried, or refused with every place that is wrong."""

import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from jinja2 import TemplateError

from idp.theming.catalogues import load_catalogue
from idp.theming.folders import BASE, Folders, find_chain
from idp.theming.frame import HelpRows, Support
from idp.theming.look import names_of
from idp.theming.parts import judge_parts
from idp.theming.refused import ThemeRefused, WordsMissing, check_all
from idp.theming.theme_file import Declared
from idp.theming.themes import Theme, Themes
from idp.theming.trial import try_all

# What rendering an author's template may raise: it divides, formats, calls
# itself, hands a filter what that cannot read.
_FAULTS = (
    TemplateError,
    WordsMissing,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    ValueError,
    RecursionError,
)


def load_all(
    root: Path | Folders,
    default: str,
    by_client: Mapping[str, str],
    *,
    locales: Sequence[str],
    support: Support,
    base: str = "",
) -> Themes:
    """Load the default theme and the clients' (name of a theme by client_id), each name once.

    Raise ThemeRefused (`file:line: …`) with all that cannot be used of any of them.
    """
    loaded: dict[str, Theme] = {}

    def load(name: str) -> None:
        loaded[name] = load_themes(
            root, name, locales=locales, support=support, default=default, base=base
        )

    check_all(partial(load, name) for name in dict.fromkeys((default, *by_client.values())))
    return Themes(loaded[default], {client: loaded[name] for client, name in by_client.items()})


def load_themes(
    root: Path | Folders,
    name: str,
    *,
    locales: Sequence[str],
    support: Support,
    default: str = BASE,
    base: str = "",
) -> Theme:
    """Load a theme and its parents, and try every state of every page and letter once.

    A theme without a parent stands on the `default` one; `base` is the path of the issuer, which
    stands in front of every address. Raise ThemeRefused (`file:line: …`) if any part of it cannot
    be used.
    """
    folders = root if isinstance(root, Folders) else Folders(root)
    try:
        return _load(find_chain(folders, name, default), folders, locales, support, base=base)
    except ThemeRefused as refused:
        found = list(refused.all)
        with suppress(*_FAULTS):  # it is told by the next load, which gets as far
            found += judge_parts(folders, name, default, locales)
        raise ThemeRefused.joined(found) from refused


def _load(
    chain: tuple[Declared, ...],
    folders: Folders,
    locales: Sequence[str],
    support: Support,
    *,
    base: str,
) -> Theme:
    paths = tuple(declared.folder for declared in chain)
    try:
        catalogues = {
            locale: load_catalogue(paths, locale, names_of(chain, locale)) for locale in locales
        }
        theme = Theme(chain, catalogues, HelpRows.of(support), base)
        try_all(theme)
    except _FAULTS as error:
        raise ThemeRefused(*_place(error, folders), str(error)) from error
    return theme


def _place(error: BaseException, folders: Folders) -> tuple[Path, int]:
    """Find the innermost line of a theme in a traceback; Jinja puts template lines there."""
    roots = tuple(str(root) for root in folders.all)
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    lines = [(Path(f.filename), f.lineno or 1) for f in frames if f.filename.startswith(roots)]
    return lines[-1] if lines else (folders.all[-1], 1)
