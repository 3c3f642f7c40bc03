"""What a theme decides of every page, compiled once: styles, script, logo, footer, sidebar."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from idp.theming.catalogues import Catalogue
from idp.theming.frame import HelpRows
from idp.theming.script import compile_script
from idp.theming.static import Asset, Manifest, StaticFile, read_static, script_asset
from idp.theming.style import FIRST, compile_style, csp_hash, font_face
from idp.theming.theme_file import HELP_ROWS, Declared
from idp.theming.tokens import tokens_of

# A field of the answer may be called "submit" and hide the form's own method.
_SUBMIT = "HTMLFormElement.prototype.submit.call(document.forms[0])"
SUBMIT_HASH = csp_hash(_SUBMIT)  # what a Content-Security-Policy must allow, whatever the theme


@dataclass(frozen=True, slots=True)
class Look:
    """The look in one language, as templates meet it as `look`."""

    first: Markup  # the style of the login page
    style: Markup  # of every other page
    submit: Markup  # the one inline script
    tokens: Mapping[str, str]  # colours by day
    night: Mapping[str, str]
    script: str
    logo: str
    footer: str
    sidebar: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks of a theme, and what its pages fetch and are allowed to show."""

    by_locale: Mapping[str, Look]
    files: Manifest
    assets: Mapping[str, Asset]
    style_hashes: tuple[str, ...]
    has_fonts: bool


def compile_looks(
    chain: tuple[Declared, ...],
    catalogues: Mapping[str, Catalogue],
    support: HelpRows,
    base: str,
) -> Looks:
    """Compile what a chain of themes, ours first, declares; `base` is the path of the issuer.

    Raise ThemeRefused with the place of what cannot be used.
    """
    check_languages(chain)
    folders = tuple(declared.folder for declared in chain)
    tokens, files = tokens_of(chain), read_static(folders)
    face = _face(chain, files, base)
    first, style = (face + compile_style(folders, tokens, *only) for only in ((FIRST,), ()))
    logo, sidebar = _logo(chain, files, base), _sidebar(chain, support)
    scripts = _scripts(folders, catalogues)
    by_locale = {
        locale: Look(
            first=_inline(first),
            style=_inline(style),
            submit=_inline(_SUBMIT),
            tokens=tokens.light,
            night=tokens.dark,
            script=base + scripts[locale][0],
            logo=logo,
            footer=_footer(chain, locale),
            sidebar=sidebar,
        )
        for locale in catalogues
    }
    return Looks(
        by_locale,
        files,
        {**files.assets, **dict(scripts.values())},
        (csp_hash(first), csp_hash(style)),
        bool(face),
    )


def check_languages(chain: tuple[Declared, ...]) -> None:
    """Refuse words in a language that nobody would ever be shown."""
    spoken = {path.name for path in (chain[-1].folder / "locale").glob("*")}
    for declared in chain:
        for key in ("name", "footer"):
            for locale in getattr(declared.file, key).keys() - spoken:
                raise declared.refused((key, locale), f"no theme has words in {locale!r}")


def names_of(chain: tuple[Declared, ...], locale: str) -> tuple[str, ...]:
    """Return the name of each theme of a chain in one language, "" where it has its parent's."""
    return tuple(declared.file.name.get(locale, "") for declared in chain)


def _scripts(
    folders: tuple[Path, ...], catalogues: Mapping[str, Catalogue]
) -> dict[str, tuple[str, Asset]]:
    """Return the address and the file of each language's script."""
    return {
        locale: script_asset(folders[0].name, locale, compile_script(folders, words))
        for locale, words in catalogues.items()
    }


def _face(chain: tuple[Declared, ...], files: Manifest, base: str) -> str:
    declared = next((one for one in chain if one.file.fonts), None)
    if declared is None or declared.file.fonts is None or declared.file.fonts.file is None:
        return ""
    file = _file(declared, ("fonts", "file"), declared.file.fonts.file, files)
    if file.path.suffix != ".woff2":
        raise declared.refused(("fonts", "file"), "must be a woff2 file")
    return font_face(declared.file.fonts.families[0], base + file.address)


def _logo(chain: tuple[Declared, ...], files: Manifest, base: str) -> str:
    declared = next((one for one in chain if one.file.logo), None)
    if declared is None or declared.file.logo is None:
        return ""
    file = _file(declared, ("logo",), declared.file.logo, files)
    if not file.is_picture:
        raise declared.refused(("logo",), "must be a picture: .svg, .png, .jpg or .webp")
    return file.inline or base + file.address


def _file(declared: Declared, key: tuple[str, ...], name: str, files: Manifest) -> StaticFile:
    try:
        return files.require(name)
    except LookupError as error:
        raise declared.refused(key, str(error.args[0])) from error


def _footer(chain: tuple[Declared, ...], locale: str) -> str:
    return next((f for one in chain if (f := one.file.footer.get(locale, ""))), "")


def _sidebar(chain: tuple[Declared, ...], support: HelpRows) -> tuple[str, ...]:
    told = (one.file.sidebar for one in chain)
    rows = next((rows for rows in told if rows is not None), HELP_ROWS)
    return tuple(row for row in rows if getattr(support, row))


def _inline(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - written by us, its tokens checked by tokens.py
