"""All that is wrong with a refused theme: its parts are judged apart, to be mended at once."""

from collections.abc import Iterator, Sequence
from functools import partial

from idp.theming.catalogues import Catalogue, load_catalogue
from idp.theming.folders import Folders, find_chain
from idp.theming.look import check_languages, names_of
from idp.theming.refused import ThemeRefused, collect
from idp.theming.static import Manifest, read_static
from idp.theming.style import compile_style
from idp.theming.templates import Templates
from idp.theming.theme_file import Declared, read_what_is_right
from idp.theming.tokens import tokens_of


def judge_parts(
    folders: Folders, name: str, default: str, locales: Sequence[str]
) -> list[ThemeRefused]:
    """Judge each part of a theme as far as the others let it; nothing is told of a lost parent."""
    try:
        chain = find_chain(folders, name, default, read_what_is_right)
        words = load_catalogue((chain[-1].folder,), locales[0])
    except ThemeRefused:
        return []
    return list(_judge(chain, words, locales))


def _judge(
    chain: tuple[Declared, ...], words: Catalogue, locales: Sequence[str]
) -> Iterator[ThemeRefused]:
    paths = tuple(declared.folder for declared in chain)
    yield from collect(
        [
            partial(check_languages, chain),
            partial(tokens_of, chain),
            partial(compile_style, paths, tokens_of(chain[-1:])),
        ]
    )
    files: Manifest | None = None
    try:
        files = read_static(paths)
    except ThemeRefused as refused:
        yield from refused.all
    yield from collect(
        partial(load_catalogue, paths, locale, names_of(chain, locale)) for locale in locales
    )
    # No theme adds a sentence: the base's are all that a template may name.
    yield from collect([partial(Templates(paths).check, words, files)])
