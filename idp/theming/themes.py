"""Themes: pages and letters in their words and their look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateNotFound, UndefinedError
from markupsafe import Markup

from idp.model.letter import RenderedLetter
from idp.model.page import Facts, Message, Page
from idp.theming.catalogues import Catalogue
from idp.theming.frame import Frame, HelpRows, web_address
from idp.theming.look import Looks, compile_looks
from idp.theming.refused import WordsMissing
from idp.theming.skeleton import HIDDEN, Key, Skeleton, hollow, skeleton_key
from idp.theming.states import FIELDS
from idp.theming.static import Asset
from idp.theming.templates import Templates
from idp.theming.theme_file import Declared

_BOXES = {  # all others are "info"
    "dev.check.good": "success",
    "first.resent": "success",
    "login.timeout": "warning",
    "otp.resent": "success",
    "reset.timeout": "warning",
    "sent.flash": "success",
    "sent.resent": "success",
    "upd.done": "success",
    "upd.warn": "warning",
}
# Of the letters whose sentences are named otherwise than their kind.
_SUBJECTS = {"new_device": "mail.newdev.subject", "paused": "mail.locked.subject"}
_KEPT = 512  # fresh login pages, one a client and language


@dataclass(frozen=True, slots=True)
class Shown:
    """An error or a notice as a template meets it."""

    text: Markup
    field: str = ""  # id of the field that it is about, if this page has it
    kind: str = ""  # of a notice: info, warning, success


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Pages of some templates, and what each is given beside its own facts, by language."""

    pages: Mapping[str, Template]
    fixed: Mapping[str, Mapping[str, Any]]


class Theme:
    """One theme with its parents, compiled. Made once, read by many threads."""

    def __init__(
        self,
        chain: tuple[Declared, ...],
        catalogues: Mapping[str, Catalogue],
        support: HelpRows,
        base: str = "",
        templates: Templates | None = None,
        looks: Looks | None = None,
    ) -> None:
        """Compile a chain, ours first; `base` is the path of the issuer. Raise ThemeRefused.

        `templates` and `looks` take the place of the chain's own; its own templates are judged.
        """
        folders = tuple(declared.folder for declared in chain)
        self.chain = chain
        self.name, self.folders = folders[0].name, folders
        self.looks = looks or compile_looks(chain, catalogues, support, base)
        self.locales = tuple(catalogues)
        self._base = base
        self._catalogues = dict(catalogues)
        self._templates = templates or Templates(folders)
        if not templates:
            self._templates.check(catalogues[self.locales[0]], self.looks.files)
        self._support = support
        self._kept: dict[Key, Skeleton] = {}
        self._drawn = self._draw()

    @property
    def assets(self) -> Mapping[str, Asset]:
        """What its pages fetch, by address without the path of the issuer."""
        return self.looks.assets

    @property
    def style_hashes(self) -> tuple[str, ...]:
        return self.looks.style_hashes

    @property
    def has_fonts(self) -> bool:
        return self.looks.has_fonts

    def spoken(self, locale: str) -> str:
        """Return the language to speak: a reload may have taken the one that was chosen."""
        return locale if locale in self._catalogues else self.locales[0]

    def page(self, page: Page, frame: Frame) -> str:
        """Render a page as a whole HTML document."""
        hidden = _hidden(frame.hidden)
        key = skeleton_key(page, frame)
        if key is None:
            return self._render(page, frame, hidden)
        kept = self._kept.get(key)
        if kept is None:
            kept = Skeleton(self._render(page, hollow(frame), HIDDEN))
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = kept
        return kept.fill(hidden, frame.reference)

    @property
    def has_pages(self) -> bool:
        """Answer whether its templates change what the base makes of a page."""
        return self._templates.has_pages

    def in_pages_of_the_base(self) -> "Theme":
        """Return a theme with the words and the look of this one, and the base's templates."""
        templates = Templates(self.folders[-1:])
        return Theme(self.chain, self._catalogues, self._support, self._base, templates, self.looks)

    def stretched(self) -> "Theme":
        """Return this theme as a longer language would fill it."""
        longer = {locale: words.stretched() for locale, words in self._catalogues.items()}
        return Theme(self.chain, longer, self._support, self._base, self._templates)

    def place_of(self, template: str, block: str = "") -> tuple[Path, int]:
        """Return where the chain most probably changes a block of a template."""
        return self._templates.place_of(template, block)

    def _render(self, page: Page, frame: Frame, hidden: Markup) -> str:
        words = self._catalogues[frame.locale]
        fields = FIELDS[page.name]
        errors = [_shown(words, error, fields) for error in page.errors]
        return self._drawn.pages[page.name].render(
            self._drawn.fixed[frame.locale],
            frame=frame,
            view=page.view,
            errors=errors,
            wrong={name: _about(errors, name) for name in fields},
            notice=_notice(words, page.notice),
            hidden=hidden,
            client_home=web_address(frame.client_home),
        )

    def letter(self, kind: str, locale: str, facts: Facts) -> RenderedLetter:
        """Render a letter by its kind: `mail/<kind>.txt.j2` and `mail/<kind>.html.j2`.

        Raise WordsMissing for an unknown kind or a missing fact.
        """
        try:
            return self._letter(kind, locale, facts)
        except (TemplateNotFound, UndefinedError) as error:
            raise WordsMissing(f"letter {kind!r}: {error}") from error

    def _letter(self, kind: str, locale: str, facts: Facts) -> RenderedLetter:
        words, look = self._catalogues[locale], self.looks.by_locale[locale]
        known = {"locale": locale, "facts": facts, "support": self._support}
        text = self._templates.find(f"mail/{kind}.txt.j2")
        html = self._templates.find(f"mail/{kind}.html.j2")
        return RenderedLetter(
            subject=words.plain(_SUBJECTS.get(kind, f"mail.{kind}.subject"), {}),
            text=text.render(known, say=_plain(words)).strip() + "\n",
            html=html.render(
                known,
                say=_html(words),
                plain=_plain(words),
                tokens=look.tokens,
                night=look.night,
            ),
            brand=words.plain("brand", {}),
        )

    def _static(self, name: str) -> str:
        """Return the address of a static file. Raise LookupError for an unknown one."""
        return self._base + self.looks.files.require(name).address

    def _draw(self) -> _Drawn:
        """Make all pages ready; each sidebar is rendered once, here."""
        aside = self._templates.find("aside.html")
        return _Drawn(
            {name: self._templates.find(f"{name}.html") for name in FIELDS},
            {locale: self._surroundings(locale, aside) for locale in self.locales},
        )

    def _surroundings(self, locale: str, aside: Template) -> dict[str, Any]:
        """Gather what every page of a language shares."""
        words, look = self._catalogues[locale], self.looks.by_locale[locale]
        others = [other for other in self.locales if other != locale]
        fixed: dict[str, Any] = {
            "say": _html(words),
            "plain": _plain(words),
            "foreign": words.foreign,
            "web_address": web_address,
            "locale": locale,
            "other_locale": others[0] if others else "",
            "support": self._support,
            "look": look,
            "static": self._static,
        }
        # It is our own template, escaped there.
        return {**fixed, "aside": Markup(aside.render(fixed))}  # noqa: S704


class Themes:
    """The themes of an installation: the default one, and those that clients have of their own."""

    def __init__(self, default: Theme, by_client: Mapping[str, Theme]) -> None:
        self.default = default
        self._by_client = dict(by_client)

    def of(self, client_id: str) -> Theme:
        """Return the theme of a client; the default one if it has none, or nobody knows it."""
        return self._by_client.get(client_id, self.default)

    @property
    def all(self) -> tuple[Theme, ...]:
        """Each theme once, the default one first."""
        return tuple(dict.fromkeys((self.default, *self._by_client.values())))

    @property
    def style_hashes(self) -> tuple[str, ...]:
        """Return what a Content-Security-Policy must allow: the styles of each theme, once."""
        return tuple(dict.fromkeys(hash_ for theme in self.all for hash_ in theme.style_hashes))

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Return what all pages fetch, by address without the path of the issuer."""
        return {address: asset for theme in self.all for address, asset in theme.assets.items()}

    @property
    def has_fonts(self) -> bool:
        """Answer whether a page of any theme fetches a font."""
        return any(theme.has_fonts for theme in self.all)


def _shown(words: Catalogue, message: Message, fields: Sequence[str]) -> Shown:
    field = message.field if message.field in fields else ""
    return Shown(words.html(message.key, message.facts), field=field or "")


def _about(errors: Sequence[Shown], field: str) -> Markup:
    """Return all that is wrong with a field, a line each."""
    return Markup("<br>").join(error.text for error in errors if error.field == field)


def _notice(words: Catalogue, message: Message | None) -> Shown | None:
    if message is None:
        return None
    kind = _BOXES.get(message.key, "info")
    return Shown(words.html(message.key, message.facts), kind=kind)


def _hidden(fields: Mapping[str, str]) -> Markup:
    """Return the hidden inputs that every form of a page carries."""
    return Markup().join(
        Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
        for name, value in fields.items()
    )


def _html(words: Catalogue) -> Callable[..., Markup]:
    def say(key: str, facts: Facts | None = None, /, **more: str | int) -> Markup:
        return words.html(key, {**facts, **more} if facts else more)

    return say


def _plain(words: Catalogue) -> Callable[..., str]:
    def plain(key: str, facts: Facts | None = None, /, **more: str | int) -> str:
        return words.plain(key, {**facts, **more} if facts else more)

    return plain
