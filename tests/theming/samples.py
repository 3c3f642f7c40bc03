"""A theme with help rows, and a folder of themes that a test may spoil."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from idp.model.page import Message
from idp.theming import Theme, load_themes
from idp.theming.theme_file import read_theme_file
from idp.theming.tokens import Tokens, tokens_of

ROOT = Path(__file__).parents[2] / "themes"
LOCALES = ("bn", "en")


@dataclass(frozen=True)
class Hours:
    bn: str = "কর্ম দিবসে (সকাল ৯:০০টা - রাত ৮:০০টা পর্যন্ত)"
    en: str = "on working days (9:00 am to 8:00 pm)"


@dataclass(frozen=True)
class Help:
    phones: tuple[str, ...] = ("01555090301", "01555090302", "01555090303")
    hours: Hours | None = field(default_factory=Hours)
    ticket: str | None = "https://pms.portal.gov.bd"
    manual: str | None = "https://example.gov.bd/manual"
    domain_form: str | None = "https://pms.portal.gov.bd/office/outauth_new_office"
    email: str | None = "support@example.gov.bd"


NO_HELP = Help((), None, "", None, "", None)


@dataclass
class Spoiled:
    """A copy of the themes with a theme `mine` on top of `portal`."""

    root: Path
    mine: Path = field(init=False)

    def __post_init__(self) -> None:
        shutil.copytree(ROOT, self.root, dirs_exist_ok=True)
        self.mine = self.root / "mine"
        self.write("theme.toml", 'parent = "portal"\n')

    def write(self, name: str, text: str) -> Path:
        path = self.mine / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def words(self, locale: str, entries: str) -> Path:
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        return self.write(f"locale/{locale}/LC_MESSAGES/messages.po", head + entries)

    def load(self, name: str = "mine") -> Theme:
        return load_themes(self.root, name, locales=LOCALES, support=Help())


def read_tokens(themes: tuple[Path, ...]) -> Tokens:
    return tokens_of(tuple(map(read_theme_file, themes)))


def load(name: str = "portal", support: Help | None = None) -> Theme:
    return load_themes(ROOT, name, locales=LOCALES, support=support or Help())


def load_stretched(name: str = "portal") -> Theme:
    """Load a theme in the pretended language: bracketed, and 40 % longer."""
    return load(name).stretched()


def say(theme: Theme, locale: str, message: Message) -> str:
    """Say one sentence of a theme as plain text."""
    return theme._catalogues[locale].plain(message.key, message.facts)
