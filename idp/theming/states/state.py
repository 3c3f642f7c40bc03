"""What a state is: one page or one letter with the facts that it shows in one situation."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from idp.model.page import Facts, Page
from idp.theming.frame import Frame

# The pages, each with the fields that an error can be about.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "login": ("userid", "password"),
    "code": ("code",),
    "first": ("code",),
    "password": ("password",),
    "reset": ("userid",),
    "sent": (),
    "update": ("new_password", "confirm_password"),
    "link": (),
    "done": (),
    "cancelled": (),
    "logout": (),
    "logged_out": (),
    "already": (),
    "forbidden": (),
    "start": (),
    "expired": (),
    "error": (),
    "mismatch": (),
    "developers": ("url",),
    "request_check": ("url",),
    "form_post": (),
}
CLIENT = {"bn": "ব্যাকঅফিস", "en": "Back office"}
HOME = "https://backoffice.example.gov.bd/"
USER = "office@example.gov.bd"
MASKED = "o•••••@example.gov.bd"
TIMEZONE = "Asia/Dhaka"
NO_TEXT: Mapping[str, str] = {}


def noise(length: int) -> str:
    """Text that compresses as badly as a sealed request does."""
    blocks = (hashlib.sha256(bytes([n])).digest() for n in range(length // 40 + 1))
    return base64.urlsafe_b64encode(b"".join(blocks)).decode()[:length]


_SEALED = {"form_token": noise(91), "conversation": noise(1400)[100:1300]}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One page in one state."""

    name: str
    page: Page
    english: Page | None = None  # where a fact is told in the language of the page
    client: Mapping[str, str] = field(default_factory=lambda: NO_TEXT)  # by language
    client_home: str = ""
    developer: Mapping[str, str] = field(default_factory=lambda: NO_TEXT)
    in_conversation: bool = True
    is_stored: bool = False  # its request waits in the database: the page carries no seal

    def page_in(self, locale: str) -> Page:
        """Return the fixture of the page."""
        return self.english if self.english and locale == "en" else self.page

    def frame(self, locale: str) -> Frame:
        """Return the fixture of what surrounds the page."""
        return Frame(
            action="/signin" if self.in_conversation else "",
            hidden=self._hidden if self.in_conversation else {},
            locale=locale,
            client=self.client.get(locale, ""),
            client_home=self.client_home,
            reference="7F3K-21",
            developer=self.developer,
            language_action="/signin" if self.in_conversation else "/language",
            language_hidden={} if self.in_conversation else {"return": "/login"},
        )

    @property
    def _hidden(self) -> Mapping[str, str]:
        return {"form_token": _SEALED["form_token"]} if self.is_stored else _SEALED


@dataclass(frozen=True, slots=True)
class LetterState:
    """One letter in one state; `facts(locale)` returns what it says."""

    name: str
    kind: str  # the name of its templates
    facts: Callable[[str], Facts]
