"""A new theme: a few commented lines to begin with."""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from idp.admin.folders import create_folder
from idp.admin.theme_shelf import Shelf
from idp.model.errors import ProbeshError
from idp.settings.values import ThemeName
from idp.theming.theme_file import THEME_FILE
from idp.theming.tokens import tokens_of

_TOML: Final = """\
# The theme "{name}". What is not said here comes from its parent.
# Look at it: idp theme preview {name}      Judge it: idp theme check {name}
parent = "{parent}"

# The name in the header, in titles of pages and in mails.
# name = {{ bn = "স্বাস্থ্য মন্ত্রণালয়", en = "Ministry of Health" }}

# A picture in the folder static/ beside this file: SVG or PNG.
# logo = "logo.svg"

# One line at the foot of every page.
# footer = {{ bn = "স্বাস্থ্য মন্ত্রণালয়, ঢাকা", en = "Ministry of Health, Dhaka" }}

# Colours by day: buttons, links and what has the focus; then the page behind the card.
[tokens.light]
action = "{action}"
page = "{page}"

# The same by night, for those whose device asks for it.
[tokens.dark]
action = "{dark_action}"
page = "{dark_page}"
"""
_WORDS: Final = """\
# Sentences of the theme "{name}" that differ from its parent's. The others need not be here:
# every key stands in themes/base/locale/{locale}/LC_MESSAGES/messages.po of the program.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

# Take the marks away from these two lines to change the words of the button.
# msgid "login.submit"
# msgstr "{example}"
"""
_NAME: Final[TypeAdapter[str]] = TypeAdapter(ThemeName)
_EXAMPLES: Final = {"bn": "লগইন করুন"}


class ThemeNotMade(ProbeshError):
    """A new theme cannot have this name or this parent; the message is one sentence."""


def new_theme(shelf: Shelf, name: str, parent: str) -> Path:
    """Make a theme in the installation's folder and return its own.

    Raises ThemeNotMade, ThemeRefused (of the parent) or FileRefused.
    """
    _check_name(shelf, name)
    if parent not in shelf.names:
        raise ThemeNotMade(f'There is no theme "{parent}"; there are {", ".join(shelf.names)}.')
    tokens = tokens_of(shelf.take(parent).theme.chain)
    told = _TOML.format(
        name=name,
        parent=parent,
        action=tokens.light["action"],
        page=tokens.light["page"],
        dark_action=tokens.dark["action"],
        dark_page=tokens.dark["page"],
    )
    files = {THEME_FILE: told.encode()}
    for locale in shelf.languages:
        example = _EXAMPLES.get(locale, "Continue")
        text = _WORDS.format(name=name, locale=locale, example=example)
        files[f"locale/{locale}/LC_MESSAGES/messages.po"] = text.encode()
    folder = shelf.settings.theme.folder / name
    create_folder(folder, files)
    return folder


def _check_name(shelf: Shelf, name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise ThemeNotMade(
            "A theme's name has small Latin letters, digits, - and _, begins with a letter"
            " and is not longer than 41 characters."
        ) from error
    if name in shelf.names:
        raise ThemeNotMade(f'There is a theme "{name}" already.')
